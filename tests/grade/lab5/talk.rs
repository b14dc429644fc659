//! What two say to each other.

use super::called::{address, bob, calls, expect_line, lets_in};
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::played::{Peer, Played, Secrets};
use crate::driver::story::step;

pub fn both_talk_at_any_time(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    for (how, id) in [("QUIT", 3), ("the end of the stream", 4)] {
        let (name, secrets) = (dice.word(), Secrets::new(dice));
        let friend = Peer::new(&name, address(6001), id);
        step(format!("{name} is announced, and calls"));
        server.is_told_of_call(&friend, "tcp", &secrets);
        let mut wire = calls(&bob, &friend, &secrets.ticket);
        lets_in(&bob, &server, &friend, &mut wire, &secrets);
        step("both talk at once; the lines are cut anywhere, and some are empty");
        let (theirs, ours): (Vec<String>, Vec<String>) =
            (0..8).map(|_| (dice.text(), dice.text())).unzip();
        let lines: String = theirs.iter().map(|text| format!("{text}\r\n\r\n\n")).collect();
        for text in &ours {
            bob.types(&format!("/msg {text}"));
        }
        wire.sends_in_pieces(lines, dice, 12);
        let mut shown = Vec::new();
        let head = format!("{name} (direct): ");
        bob.waits(&format!("all that {name} says"), |line| {
            shown.extend(line.strip_prefix(&head).map(str::to_owned));
            (shown.len() == theirs.len()).then_some(())
        });
        if shown != theirs {
            crate::driver::story::fail(format!(
                "{name} has said {theirs:?}, and bob reads {shown:?}"
            ));
        }
        ours.iter().for_each(|text| expect_line(&mut wire, text));
        step("a line of one blank is not empty");
        wire.sends(" \r\n");
        bob.sees_line(&format!("{head} "));
        step("bytes that are not UTF-8 do no harm");
        wire.sends(b"caf\xe9 and more\r\n");
        bob.sees_line(&format!("{head}caf\u{fffd} and more"));
        step(format!("{name} ends the chat: {how}"));
        if how == "QUIT" {
            wire.sends("QUIT\r\n\r\nnot this\r\n");
        } else {
            wire.ends();
        }
        bob.sees_line_without(&["not this"], &format!("{name} ended the chat"));
        step("what bob types now goes nowhere");
        bob.types("/msg is somebody there?");
        bob.sees_line("no direct chat: use /chat or /query first");
    }
}

pub fn a_text_that_begins_with_quit_is_not_the_end(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let (name, secrets) = (dice.word(), Secrets::new(dice));
    let friend = Peer::new(&name, address(6001), 3);
    server.is_told_of_call(&friend, "tcp", &secrets);
    let mut wire = calls(&bob, &friend, &secrets.ticket);
    lets_in(&bob, &server, &friend, &mut wire, &secrets);
    step(format!("from {name}, who is verified, only QUIT alone is the end"));
    for text in ["QUITTING time", "QUIT now", " QUIT", "quit"] {
        wire.sends(format!("{text}\r\n"));
        bob.sees_line_without(&["ended the chat"], &format!("{name} (direct): {text}"));
    }
    step("bob's client puts a space before it, lest it is taken for the end");
    for (text, line) in [("QUITTING time", " QUITTING time"), ("QUIT", " QUIT"), ("quit", "quit")] {
        bob.types(&format!("/msg {text}"));
        bob.sees_line(&format!("Sent to {name} (ID 3): {text}"));
        expect_line(&mut wire, line);
    }
    wire.sends("QUIT\r\n");
    bob.sees_line(&format!("{name} ended the chat"));

    step("from a program that knows no tickets all that begins with QUIT is the end");
    let name = dice.word();
    let other = Peer::new(&name, address(6002), 0);
    let mut wire = bob.is_called_by(&name);
    wire.sends(other.chat(&[]) + "hello\r\nQUITTING\r\nnot this\r\n");
    bob.sees_line(&format!("{name}? (direct): hello"));
    bob.sees_line_without(&["QUITTING", "not this"], &format!("{name}? ended the chat"));
}

pub fn the_server_dies_and_twenty_more_messages_arrive(dice: &mut Dice) {
    let played = Played::open();
    let alice = Client::start("alice", played.address());
    let mut alices = played.welcomes(1, &[]);
    alice.sees_line("Other clients' IDs: none");
    let bob = Client::start("bob", played.address());
    let mut bobs = played.welcomes(2, &[&alices.me]);
    bob.sees_line("Other clients' IDs: 1 (alice)");
    alices.hears_of(&bobs.me);
    alice.sees_line(&format!("bob joined (ID 2, {})", bob.address()));

    step("alice calls bob, and the server introduces them");
    alice.types("/chat bob");
    let secrets = Secrets::new(dice);
    bobs.is_told_of_call(&alices.me, "tcp", &secrets);
    alices.is_introduced_to(&bobs.me, "tcp", &secrets);
    bob.sees_line(&format!("Incoming chat request from alice {} (verified)", alice.address()));
    talk(&alice, &bob, dice);

    step("the server is gone");
    alices.wire.vanishes();
    bobs.wire.vanishes();
    drop(played);
    step("twenty more messages arrive, ten each way");
    for _ in 0..10 {
        talk(&alice, &bob, dice);
    }
}

/// A message each way.
fn talk(alice: &Client, bob: &Client, dice: &mut Dice) {
    let names = [("alice", 1, alice), ("bob", 2, bob)];
    for (from, to) in [(0, 1), (1, 0)] {
        let (text, (name, _, speaker), (other, id, listener)) =
            (dice.text(), names[from], names[to]);
        speaker.types(&format!("/msg {text}"));
        speaker.sees_line(&format!("Sent to {other} (ID {id}): {text}"));
        listener.sees_line(&format!("{name} (direct): {text}"));
    }
}

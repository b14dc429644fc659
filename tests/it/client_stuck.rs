//! Nothing waits behind somebody who takes nothing: not the other chats, not the room, not what the client itself can
//! answer. And a script that hangs up says first what it has to say.

use std::time::Duration;

use p2p_chat::client::shutdown::{Haste, Outstanding, Shutdown};

use crate::driver::played::Guest;
use crate::support::{Block, Client, Played, Program, Wire, alice_alone, alice_and_bob};

/// A CHAT without a ticket.
const CHAT: &str = "CHAT\r\nclientID: deaf\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n";

/// Somebody who calls alice and reads nothing, and is told more than its socket takes and alice keeps.
#[track_caller]
fn deaf_caller(alice: &Client) -> Wire {
    let mut deaf = alice.is_called_by("deaf");
    deaf.sends(CHAT);
    alice.sees("Incoming chat request from deaf? ");
    let text = "x".repeat(1900);
    for _ in 0..130 {
        alice.types_bytes(format!("/msg {text}\n").repeat(20).as_bytes());
    }
    deaf
}

#[test]
fn a_peer_that_reads_nothing_holds_up_neither_the_room_nor_another_chat_nor_hanging_up() {
    let (_server, alice, bob) = alice_and_bob(&["--rate", "0"]);
    let since = std::time::Instant::now();
    let deaf = deaf_caller(&alice);
    alice.says(&bob, "the room goes on");
    alice.types("/chat bob");
    alice.tells(&bob, "so does this chat");
    alice.asks_line("/hangup deaf?", "you ended the chat with deaf?");
    // A write to somebody who takes nothing fails after 30 s.
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    // What it has not taken is told, and makes the end an end that has failed.
    alice.types("/quit");
    alice.sees("not delivered to deaf?: xxx");
    alice.exits(1);
    drop(deaf);
}

#[test]
fn lines_for_a_peer_that_reads_nothing_are_refused_when_too_many_wait() {
    let (_server, alice) = alice_alone(&[]);
    let _deaf = deaf_caller(&alice);
    alice.types_bytes("/msg one more\n".repeat(600).as_bytes());
    alice.sees_line("not sent, 256 lines are waiting: /msg one more");
    alice.answers();
}

#[test]
fn what_concerns_the_client_alone_is_answered_while_the_server_is_silent() {
    let room = Played::open();
    let alice = Client::start("alice", room.address());
    let Guest { mut wire, .. } = room.welcomes(1, &[]);
    alice.sees("Other clients' IDs: ");
    alice.types_bytes(b"/info\n/info\n/peers\n/id\nto all\n");
    wire.gets("INFO");
    wire.gets("SAY").has_exactly(&[("Text", "to all")]);
    alice.sees_without("does not answer", "no direct chats");
    alice.sees_without("does not answer", "you are alice");
}

/// A script of bob's that ends a chat with alice, who must have heard all of it.
#[track_caller]
fn hangs_up_last(lines: &str, way: &str) -> Program {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::with_args(&["bob", "0", &server.address().to_string()]);
    bob.types_bytes(lines.as_bytes());
    bob.ends_input();
    for text in ["one", "two"] {
        alice.sees_line(&format!("bob ({way}): {text}"));
    }
    bob.exits(0);
    bob.sees("you ended the chat with alice");
    assert!(!bob.output().contains("not "), "{}", bob.output());
    bob
}

#[test]
fn a_script_that_hangs_up_says_first_what_it_has_to_say() {
    for end in ["/hangup\n", "/hangup alice\n", "/hangup\n/quit\n"] {
        hangs_up_last(&format!("/chat alice\n/msg one\n/msg two\n{end}"), "direct");
    }
}

#[test]
fn a_script_that_hangs_up_over_udp_waits_for_its_acknowledgements() {
    hangs_up_last("/query alice\n/msg one\n/msg two\n/hangup\n", "udp");
}

#[test]
fn a_script_that_quits_says_first_what_it_has_to_say() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::with_args(&["bob", "0", &server.address().to_string()]);
    bob.types_bytes(b"/chat alice\n/msg one\n/msg two\n/quit\n");
    alice.sees_line("bob (direct): one");
    alice.sees_line("bob (direct): two");
    bob.exits(0);
}

#[test]
fn a_private_text_behind_a_call_waits_for_it_and_does_not_become_public() {
    let (server, alice) = alice_alone(&[]);
    let carol = Client::joined("carol", &server);
    let bob = Client::with_args(&["bob", "0", &server.address().to_string()]);
    bob.types_bytes(b"/chat alice\n/to alice\nin private\n/room\nin public\n");
    alice.sees_line("bob (direct): in private");
    carol.sees_without("in private", " bob: in public");
    bob.ends_input();
    bob.exits(0);
}

#[test]
fn texts_that_a_server_never_sends_back_are_bounded() {
    let room = Played::open();
    let alice = Client::start("alice", room.address());
    let Guest { mut wire, .. } = room.welcomes(1, &[]);
    alice.sees("Other clients' IDs: ");
    let lines: String = (1..=300).map(|number| format!("text {number}\n")).collect();
    alice.types_bytes(lines.as_bytes());
    for number in 1..=256 {
        wire.gets("SAY").has_exactly(&[("Text", &format!("text {number}"))]);
    }
    // The next one waits until one comes back, and what is said to the server meanwhile is not held up.
    wire.hears_nothing();
    let headers = [("Seq", "1"), ("Time", "2026-11-20 12:35:01"), ("ID", "1")];
    let said = [&headers[..], &[("clientID", "alice"), ("Text", "text 1")]].concat();
    wire.sends(Block::text("SAID", &said));
    wire.gets("SAY").has_exactly(&[("Text", "text 257")]);
    wire.hears_nothing();
}

#[test]
fn to_quit_again_prolongs_nothing() {
    let rest = Outstanding { to_do: 0, unconfirmed: 1, by_udp: 0, files: 0 };
    let (start, mut shutdown) = (std::time::Instant::now(), Shutdown::default());
    shutdown.quit(start, rest, Haste::User);
    let end = shutdown.deadline(start, true, None).unwrap();
    for step in 1..10 {
        let now = start + (end - start) * step / 10;
        shutdown.quit(now, rest, Haste::User);
        shutdown.goes_forward(now);
        assert!(!shutdown.is_due(now, rest), "{shutdown:?}");
        assert_eq!(shutdown.deadline(now, true, None), Some(end));
    }
    assert!(shutdown.is_due(end, rest));
    shutdown.close(end);
    shutdown.quit(end, rest, Haste::User);
    assert!(matches!(shutdown, Shutdown::Closing(_)), "{shutdown:?}");
}

#[test]
fn a_text_to_a_caller_who_is_dropped_before_it_is_judged_is_told() {
    let (_server, alice) = alice_alone(&[]);
    let mut caller = alice.is_called_by("caller");
    let ticket = "0123456789abcdef0123456789abcdef";
    caller.asks("CHAT", &[("clientID", "bob"), ("Port", "6202"), ("Ticket", ticket)]);
    // Its ticket is waited for; nobody is told of it before that, unless one asks.
    while !alice.output().contains("tcp (calls us)") {
        alice.asks("/peers", "");
    }
    alice.asks_line("/peer bob?", "/msg now goes to bob?");
    alice.types_bytes(b"/msg for bob\n/id\n");
    alice.sees("you are alice");
    // It says more than is kept.
    caller.sends("la la la\r\n".repeat(200));
    alice.sees_line("not delivered to bob?: for bob");
    alice.answers();
}

//! Things that happen at once: whoever comes first, the room stays in order.

use std::io::Write;
use std::thread;
use std::time::Instant;

use crate::support::{Block, DEADLINE, Dice, Server, Wire};

/// Joins as alice with her token, on the entry that is still there or on a new one.
#[track_caller]
fn comes_back(server: &Server, token: &str) -> (Wire, Block) {
    let mut wire = server.connect("wire");
    wire.asks("JOIN", &[("clientID", "alice"), ("Token", token)]);
    let mut answer = wire.block("a block");
    if answer.kind == "ERROR" {
        // The old connection was found to be gone just before.
        answer.has(&[("For", "JOIN"), ("Code", "not-registered")]);
        wire.registers("alice", 20_001);
        wire.asks("JOIN", &[("clientID", "alice"), ("Token", token)]);
        answer = wire.gets("JOINACK");
    }
    (wire, answer)
}

#[test]
fn a_loss_and_a_return_at_once_are_in_order() {
    let server = Server::start(&["--rate", "0"]);
    let mut bob = server.joined("bob", 20_002);
    let mut alice = server.registered("alice", 20_001);
    let token = alice.joins("alice").get("Token").to_owned();
    bob.gets("JOINED");
    for round in 0..100 {
        let leaving = thread::Builder::new().name("leaving".to_owned());
        let leaving = leaving.spawn(move || drop(alice)).unwrap();
        let (new, joined) = comes_back(&server, &token);
        joined.has(&[("ID", "2"), ("Token", &token)]);
        leaving.join().unwrap();
        alice = new;
        alice.says(&format!("round {round}"));
        // What the room has heard until then: nothing, or that she has left and come back.
        let mut here = true;
        let said = loop {
            let block = bob.block("a block");
            match block.kind.as_str() {
                "JOINED" => assert!(!std::mem::replace(&mut here, true), "twice here: {block}"),
                "LEFT" => assert!(std::mem::take(&mut here), "twice gone: {block}"),
                _ => break block,
            }
        };
        said.has(&[("ID", "2"), ("Text", &format!("round {round}"))]);
        assert!(here, "she speaks and is not there");
    }
    let mut lines = bob.lists();
    lines.sort();
    assert_eq!(lines, ["alice 127.0.0.1:20001 2", "bob 127.0.0.1:20002 1"]);
}

#[test]
fn ten_who_take_over_at_once_leave_one() {
    let server = Server::start(&["--rate", "0"]);
    let mut bob = server.joined("bob", 20_002);
    let mut alice = server.registered("alice", 20_001);
    let token = alice.joins("alice").get("Token").to_owned();
    bob.gets("JOINED");
    for round in 0..10 {
        let mut heirs: Vec<Wire> = thread::scope(|scope| {
            let heir = || {
                let mut wire = server.connect("wire");
                wire.asks("JOIN", &[("clientID", "alice"), ("Token", &token)]);
                // It may have been taken over itself before it was greeted.
                let answer = wire.block("a block");
                assert!(["JOINACK", "BYE"].contains(&&*answer.kind), "{answer}");
                (answer.kind == "JOINACK").then_some(wire)
            };
            let running: Vec<_> = (0..10).map(|_| scope.spawn(heir)).collect();
            running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        // Nine are told so sooner or later, and only one still has a voice.
        let since = Instant::now();
        while heirs.len() > 1 {
            assert!(since.elapsed() < DEADLINE, "{} are alice", heirs.len());
            heirs = heirs.into_iter().filter_map(stays).collect();
        }
        alice = heirs.pop().unwrap();
        alice.says(&format!("round {round}"));
        bob.gets("SAID").has(&[("ID", "2"), ("Text", &format!("round {round}"))]);
        bob.hears_nothing();
    }
}

/// Gives back a connection unless it was taken over.
fn stays(mut wire: Wire) -> Option<Wire> {
    let _ = wire.stream().write_all(b"PING\r\nToken: me\r\n\r\n");
    loop {
        let block = wire.block("a block");
        match block.kind.as_str() {
            "PONG" => return Some(wire),
            "BYE" => {
                block.has_exactly(&[("Reason", "replaced")]);
                return None;
            }
            _ => {}
        }
    }
}

#[test]
fn who_was_taken_over_says_nothing_once_the_new_one_is_greeted() {
    let server = Server::start(&["--rate", "0"]);
    let mut bob = server.joined("bob", 20_002);
    let mut alice = server.registered("alice", 20_001);
    let token = alice.joins("alice").get("Token").to_owned();
    bob.gets("JOINED");
    for _ in 0..300 {
        let (mut new, _) = comes_back(&server, &token);
        let _ = alice.stream().write_all(b"SAY\r\nText: from the past\r\n\r\n");
        new.says("from the present");
        bob.gets("SAID").has(&[("Text", "from the present")]);
        alice = new;
    }
}

#[test]
fn who_joins_in_a_storm_has_every_message_once() {
    const MESSAGES: u64 = 3_000;
    let server = Server::start(&["--rate", "0"]);
    let mut dice = Dice::thrown();
    let mut speaker = server.joined("speaker", 20_002);
    thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 1..=MESSAGES {
                speaker.says(&format!("message {seq}"));
                speaker.skips_to("SAID");
            }
        });
        for round in 0..60 {
            let mut guest = server.registered("guest", 20_003);
            let joined = guest.obtains("JOIN", &[("clientID", "guest")]);
            let last = joined.number("Seq");
            for seq in last.saturating_sub(19).max(1)..=(last + dice.below(20) as u64).min(MESSAGES)
            {
                let said = guest.skips_to("SAID");
                let (number, text) = (seq.to_string(), format!("message {seq}"));
                said.has(&[("Seq", &number), ("Text", &text)]);
                assert_eq!(said.find("Replay").is_some(), seq <= last, "round {round}: {said}");
            }
            guest.asks("QUIT", &[]);
            // Its end is waited for, so that the name is free.
            while guest.stream().peek(&mut [0]).is_ok_and(|count| count > 0) {
                let _ = std::io::Read::read(&mut guest.stream(), &mut [0; 4096]);
            }
        }
    });
}

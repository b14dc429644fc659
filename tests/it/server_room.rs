//! The room: coming, speaking, telling one, and leaving.

use crate::support::{Block, Server, alice_joined, begins_like, connected, two_joined};

/// Demands that a block has a time and nothing else as its Time.
#[track_caller]
fn is_stamped(block: &Block) {
    let time = block.get("Time");
    assert!(time.len() == 19 && begins_like(time, "0000-00-00 00:00:00"), "{block}");
}

/// Demands that this is the next of the room's messages, of this sender and text.
#[track_caller]
fn said(block: &Block, seq: u64, id: &str, name: &str, text: &str) {
    let seq = seq.to_string();
    block.has_exactly(&[
        ("Seq", &seq),
        ("Time", "*"),
        ("ID", id),
        ("clientID", name),
        ("Text", text),
    ]);
    is_stamped(block);
}

#[test]
fn who_joins_learns_who_is_there() {
    let server = Server::start(&[]);
    let mut alice = server.registered("alice", 20_001);
    let first = alice.joins("alice");
    assert_eq!(
        first.names(),
        ["clientID", "ID", "Token", "Seq", "Missed", "Log", "Ping", "Message"]
    );
    first.has(&[("clientID", "alice"), ("ID", "1"), ("Seq", "0"), ("Missed", "0")]);
    assert!(!first.get("Message").is_empty(), "{first}");
    assert_eq!(first.others(), [""; 0]);
    server.connect("somebody").registers("lurker", 20_009);
    let mut bob = server.registered("bob", 20_002);
    let second = bob.joins("bob");
    assert_eq!(
        second.others(),
        ["alice 127.0.0.1:20001 1"],
        "only who has joined, without oneself"
    );
    assert_ne!(first.get("Token"), second.get("Token"));
}

#[test]
fn everyone_hears_of_arrivals() {
    let (server, mut alice) = alice_joined(&[]);
    let mut bob = server.joined("bob", 20_002);
    let expected = [("ID", "2"), ("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20002")];
    alice.gets("JOINED").has_exactly(&expected);
    bob.speaks("nobody told me that I am here");
    alice.gets("SAID");
}

#[test]
fn a_connection_may_join_what_another_registered() {
    let server = Server::start(&[]);
    server.connect("somebody").registers("alice", 20_001);
    let mut alice = server.connect("alice");
    alice.joins("ALICE").has(&[("ID", "1"), ("clientID", "alice")]);
    assert_eq!(alice.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn joining_records_the_port_that_this_connection_registered() {
    let server = Server::start(&[]);
    let mut alice = server.registered("alice", 20_001);
    server.connect("somebody").registers("alice", 20_002);
    alice.joins("alice");
    assert_eq!(alice.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn everyone_hears_what_is_said_and_so_does_the_speaker() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    alice.says("hello bob");
    said(&alice.gets("SAID"), 1, "1", "alice", "hello bob");
    said(&bob.gets("SAID"), 1, "1", "alice", "hello bob");
    bob.says("hello alice");
    said(&alice.gets("SAID"), 2, "2", "bob", "hello alice");
    said(&bob.gets("SAID"), 2, "2", "bob", "hello alice");
    bob.says("bye");
    said(&alice.gets("SAID"), 3, "2", "bob", "bye");
}

#[test]
fn who_has_not_joined_hears_nothing() {
    let server = Server::start(&[]);
    let mut lurker = server.registered("lurker", 20_009);
    let mut alice = server.joined("alice", 20_001);
    alice.speaks("in the room");
    lurker.hears_nothing();
    let ack = lurker.joins("lurker");
    ack.has(&[("Seq", "1")]);
}

#[test]
fn telling_reaches_one_and_nobody_else() {
    let (server, mut alice) = alice_joined(&[]);
    let mut bob = server.joined("bob", 20_002);
    let mut carol = server.joined("carol", 20_003);
    alice.gets("JOINED");
    alice.gets("JOINED");
    bob.gets("JOINED");
    for peer in ["bob", "BOB", "2"] {
        alice.obtains("TELL", &[("Peer", peer), ("Text", "between us")]);
        let told = bob.gets("TOLD");
        told.has_exactly(&[
            ("Time", "*"),
            ("ID", "1"),
            ("clientID", "alice"),
            ("Text", "between us"),
        ]);
        is_stamped(&told);
    }
    alice.says("to all");
    // What was told took no number of the room's, and carol heard none of it.
    said(&carol.gets("SAID"), 1, "1", "alice", "to all");
    said(&bob.gets("SAID"), 1, "1", "alice", "to all");
}

#[test]
fn ping_is_answered_with_its_token() {
    let (_server, mut wire) = connected(&[]);
    for token in ["1", "PING", "a: b", "é 🦀", "Token: x"] {
        wire.asks("PING", &[("X", "y"), ("token", token), ("Token", "second")]);
        wire.gets("PONG").has_exactly(&[("Token", token)]);
    }
    wire.asks("PING", &[]);
    wire.gets("PONG");
}

#[test]
fn quitting_hangs_up_and_the_others_hear_of_it() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    bob.asks("QUIT", &[]).is_closed();
    alice.gets("LEFT").has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", "quit")]);
    assert_eq!(alice.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn quitting_without_having_joined_leaves_the_entry() {
    let (server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001);
    wire.asks("QUIT", &[]).is_closed();
    let mut other = server.connect("other");
    assert_eq!(other.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn a_connection_that_ends_is_gone() {
    let (server, mut alice, bob) = two_joined(&[]);
    drop(bob);
    alice.gets("LEFT").has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", "gone")]);
    let mut half = server.joined("carol", 20_003);
    alice.gets("JOINED");
    half.sends("SAY\r\nText: half of").ends();
    alice.gets("LEFT").has(&[("clientID", "carol"), ("Reason", "gone")]);
}

#[test]
fn joinack_comes_before_anything_else() {
    let (server, mut alice) = alice_joined(&["--rate", "0"]);
    let tell =
        "TELL\r\nPeer: bob\r\nText: first!\r\n\r\nBRIDGE\r\nclientID: alice\r\nPeer: bob\r\n\r\n";
    for _ in 0..100 {
        let mut bob = server.registered("bob", 20_002);
        bob.asks("JOIN", &[("clientID", "bob")]);
        // Alice tries to get a word in while bob is on his way.
        while alice.sends(tell).skips_to("BRIDGEACK").find("Ticket").is_none() {}
        bob.gets("JOINACK");
        bob.asks("QUIT", &[]);
        while alice.skips_to("LEFT").get("clientID") != "bob" {}
    }
}

#[test]
fn what_is_said_to_all_and_then_to_one_arrives_in_this_order() {
    let (_server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    for round in 0..50 {
        let (first, second) = (format!("first {round}"), format!("second {round}"));
        alice.sends(format!(
            "SAY\r\nText: {first}\r\n\r\nTELL\r\nPeer: bob\r\nText: {second}\r\n\r\n"
        ));
        bob.gets("SAID").has(&[("Text", &first)]);
        bob.gets("TOLD").has(&[("Text", &second)]);
        alice.gets("SAID");
        alice.gets("TELLACK");
    }
}

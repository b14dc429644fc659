//! A long replay, told in pieces: the next one after the PONG to a PING, and everything else after the last.

use std::fs;

use crate::support::{Block, Folder, Server, Wire};

/// The most bytes of one piece.
const PIECE: usize = 64 * 1024;
/// A text that makes a message of about 1,100 bytes: 59 of them are a piece.
const LENGTH: usize = 1_000;

/// A server whose log has so many long messages of ann.
fn server_with(messages: u64, flags: &[&str]) -> Server {
    let folder = Folder::fresh();
    let line = |seq| format!("[2026-11-20 12:35:01] [ann]: {}\n", text(seq));
    fs::write(folder.file("server.log"), (1..=messages).map(line).collect::<String>()).unwrap();
    Server::start_in(folder, 0, flags)
}

/// The text of a message.
fn text(seq: u64) -> String {
    format!("{seq:0>LENGTH$}")
}

/// Joins after message `since`.
#[track_caller]
fn joins_after(server: &Server, name: &str, since: u64) -> Wire {
    let mut wire = server.registered(name, 20_009);
    wire.obtains("JOIN", &[("clientID", name), ("Since", &since.to_string())]);
    wire
}

/// Reads replayed messages from number `first` on, until something else comes. Gives it, and the number of the message
/// after them.
#[track_caller]
fn reads_piece(wire: &mut Wire, first: u64) -> (Block, u64) {
    let (mut seq, mut bytes) = (first, 0);
    loop {
        let block = wire.block("SAID, or what follows");
        if block.kind != "SAID" || block.find("Replay").is_none() {
            assert!(bytes <= PIECE, "a piece of {bytes} bytes");
            return (block, seq);
        }
        block.has(&[("Seq", &seq.to_string()), ("Replay", "yes")]);
        (seq, bytes) = (seq + 1, bytes + block.length());
    }
}

/// Answers a PING.
fn answers(wire: &mut Wire, ping: &Block) {
    assert_eq!(ping.kind, "PING");
    wire.asks("PONG", &[("Token", ping.get("Token"))]);
}

/// Reads a replay to its end, from number `first` on, after the PING of a piece. Gives the number of pieces and the
/// first block behind the last one, which is none of them and no PING.
#[track_caller]
fn reads_on(wire: &mut Wire, ping: Block, first: u64) -> (u32, Block, u64) {
    let (mut next, mut seq, mut pieces) = (ping, first, 0);
    while next.kind == "PING" {
        answers(wire, &next);
        (next, seq) = reads_piece(wire, seq);
        pieces += 1;
    }
    (pieces, next, seq)
}

#[test]
fn a_long_replay_waits_after_each_piece_for_a_pong() {
    let server = server_with(300, &[]);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, next) = reads_piece(&mut bob, 1);
    ping.has_exactly(&[("Token", "*")]);
    assert!((40..=61).contains(&next), "the second piece begins at {next}");
    let mut carol = server.joined("carol", 20_003);
    let (pieces, joined, next) = reads_on(&mut bob, ping, next);
    joined.has(&[("clientID", "carol")]);
    assert_eq!((pieces, next), (4, 301));
    for _ in 0..20 {
        carol.gets("SAID");
    }
    carol.speaks("new").has(&[("Seq", "301")]);
    assert_eq!(bob.gets("SAID").has(&[("Seq", "301")]).find("Replay"), None);
    bob.hears_nothing();
}

#[test]
fn a_replay_of_one_piece_is_told_at_once() {
    let server = server_with(50, &[]);
    let mut bob = joins_after(&server, "bob", 0);
    bob.asks("PING", &[("Token", "after it")]);
    let (pong, next) = reads_piece(&mut bob, 1);
    assert_eq!((pong.kind.as_str(), next), ("PONG", 51));
}

#[test]
fn what_happens_meanwhile_comes_after_the_replay_in_its_order() {
    let server = server_with(200, &["--rate", "0"]);
    let mut alice = server.joined("alice", 20_001);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, next) = reads_piece(&mut bob, 1);
    alice.skips_to("JOINED");
    alice.speaks("one").has(&[("Seq", "201")]);
    alice.obtains("TELL", &[("Peer", "bob"), ("Text", "psst")]);
    let mut carol = server.joined("carol", 20_003);
    alice.gets("JOINED");
    carol.asks("QUIT", &[]);
    alice.gets("LEFT");
    bob.says("two").asks("PING", &[("Token", "three")]);
    bob.asks("HISTORY", &[("Last", "1")]);
    alice.gets("SAID").has(&[("Seq", "202"), ("Text", "two")]);
    let (_, one, next) = reads_on(&mut bob, ping, next);
    one.has(&[("Seq", "201"), ("Text", "one")]);
    assert_eq!(next, 201);
    bob.gets("TOLD").has(&[("Text", "psst")]);
    bob.gets("JOINED").has(&[("clientID", "carol")]);
    bob.gets("LEFT").has(&[("clientID", "carol")]);
    bob.gets("SAID").has(&[("Seq", "202"), ("Text", "two")]);
    bob.gets("PONG").has(&[("Token", "three")]);
    bob.gets("SAID").has(&[("Seq", "202"), ("Replay", "yes")]);
    bob.gets("HISTORYACK");
    bob.hears_nothing();
}

#[test]
fn only_the_right_pong_brings_the_next_piece_and_only_once() {
    let server = server_with(200, &[]);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, next) = reads_piece(&mut bob, 1);
    for wrong in ["", "x", "0123456789abcdef0123456789abcdef"] {
        bob.asks("PONG", &[("Token", wrong)]);
    }
    answers(&mut bob, &ping);
    answers(&mut bob, &ping);
    let (second, next) = reads_piece(&mut bob, next);
    answers(&mut bob, &ping);
    let (pieces, joined, next) = {
        server.joined("carol", 20_003).gets("SAID");
        reads_on(&mut bob, second, next)
    };
    assert_eq!((pieces, joined.kind.as_str(), next), (2, "JOINED", 201));
}

#[test]
fn what_waits_for_the_end_of_a_replay_counts_towards_the_backlog() {
    let server = server_with(300, &["--rate", "0", "--backlog", "100000"]);
    let mut alice = server.joined("alice", 20_001);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, _) = reads_piece(&mut bob, 1);
    alice.skips_to("JOINED");
    // 200 KB: a socket takes that, but bob has not read the replay yet.
    for seq in 301..500 {
        alice.says(&text(seq));
    }
    alice.skips_to("LEFT").has(&[("clientID", "bob"), ("Reason", "slow")]);
    assert!(bob.is_over() && ping.kind == "PING");
}

#[test]
fn messages_that_are_too_old_meanwhile_end_a_replay() {
    let server = server_with(300, &["--rate", "0", "--backlog", "100000000"]);
    let mut alice = server.joined("alice", 20_001);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, _) = reads_piece(&mut bob, 1);
    alice.skips_to("JOINED");
    for _ in 0..10 {
        alice.sends("SAY\r\nText: x\r\n\r\n".repeat(1_200));
        for _ in 0..1_200 {
            alice.gets("SAID");
        }
    }
    answers(&mut bob, &ping);
    alice.gets("LEFT").has(&[("clientID", "bob"), ("Reason", "slow")]);
}

#[test]
fn who_leaves_in_the_middle_of_a_replay_is_just_gone() {
    let server = server_with(300, &[]);
    let mut alice = server.joined("alice", 20_001);
    let mut bob = joins_after(&server, "bob", 0);
    let (ping, _) = reads_piece(&mut bob, 1);
    answers(&mut bob, &ping);
    bob.asks("QUIT", &[]);
    assert!(bob.rest().iter().all(|block| block.kind == "SAID" || block.kind == "PING"));
    alice.skips_to("LEFT").has(&[("clientID", "bob"), ("Reason", "quit")]);
    let mut carol = joins_after(&server, "carol", 0);
    reads_piece(&mut carol, 1);
    server.types("/kick carol");
    carol.gets("BYE").has(&[("Reason", "kicked")]);
    carol.is_closed();
}

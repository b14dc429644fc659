//! Keepalive: a silent member is asked, a dead one is dropped, and a connection without valid requests is closed.

use std::io::Write;
use std::time::Instant;

use crate::support::{Block, DEADLINE, Server, Wire, alice_joined, connected, two_joined};

/// Answers the server's PINGs until something else than an arrival comes, and gives that.
#[track_caller]
fn awake(wire: &mut Wire) -> Block {
    loop {
        let block = wire.block("a block");
        match block.kind.as_str() {
            "PING" => answer(wire, &block),
            "JOINED" => {}
            _ => return block,
        }
    }
}

/// Answers a PING.
#[track_caller]
fn answer(wire: &mut Wire, ping: &Block) {
    wire.asks("PONG", &[("Token", ping.get("Token"))]);
}

#[test]
fn the_silent_are_asked_and_then_dropped() {
    let (server, mut alice) = alice_joined(&["--ping", "1"]);
    let mut bob = server.joined("bob", 20_002);
    let left = awake(&mut alice);
    assert_eq!(left.kind, "LEFT", "{left}");
    left.has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", "timeout")]);
    bob.gets("PING");
    bob.gets("BYE").has_exactly(&[("Reason", "timeout")]);
    bob.is_closed();
}

#[test]
fn who_answers_stays() {
    let (_server, mut alice) = alice_joined(&["--ping", "1"]);
    let mut tokens = Vec::new();
    for _ in 0..4 {
        let ping = alice.gets("PING");
        tokens.push(ping.get("Token").to_owned());
        answer(&mut alice, &ping);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 4, "a PING has a token of its own: {tokens:?}");
    alice.speaks("still here");
}

#[test]
fn who_speaks_by_itself_need_not_be_asked() {
    let (_server, mut alice, mut bob) = two_joined(&["--ping", "2", "--rate", "0"]);
    // Alice's round trips never stop, so it is bob who is asked.
    loop {
        alice.obtains("TELL", &[("Peer", "bob"), ("Text", "tick")]);
        if bob.block("a block").kind == "PING" {
            return;
        }
    }
}

#[test]
fn the_patience_with_newcomers_does_not_outlast_their_coming() {
    // A client that joins late was under another limit until then.
    let (_server, mut alice) = alice_joined(&["--ping", "1", "--register-timeout", "60"]);
    let since = Instant::now();
    let ping = alice.gets("PING");
    assert!(since.elapsed().as_secs() < 10, "asked only after {:?}", since.elapsed());
    answer(&mut alice, &ping);
    alice.gets("PING");
}

#[test]
fn who_says_nothing_valid_is_hung_up_on() {
    let (server, wire) = connected(&["--register-timeout", "1", "--rate", "0"]);
    let since = Instant::now();
    while wire.stream().write_all(b"HELLO\r\n\r\n").is_ok() {
        assert!(since.elapsed() < DEADLINE, "the server answers nonsense without an end");
        // Each answer sets the pace; the last may be the end of the connection.
        let mut one = [0; 1024];
        if std::io::Read::read(&mut wire.stream(), &mut one).unwrap_or(0) == 0 {
            break;
        }
    }
    server.connect("somebody").hears_nothing();
}

#[test]
fn who_never_registers_is_hung_up_on() {
    let server = Server::start(&["--register-timeout", "1"]);
    let mut silent = server.connect("silent");
    let mut drip = server.connect("drip");
    drip.sends("REGISTER\r\nclientID: drip\r\n");
    let mut alice = server.joined("alice", 20_001);
    silent.is_closed();
    drip.is_closed();
    alice.hears_nothing();
}

#[test]
fn who_drips_bytes_gains_no_time_by_it() {
    let server = Server::start(&["--register-timeout", "1", "--rate", "0"]);
    let drip = server.connect("drip");
    let mut alice = server.joined("alice", 20_001);
    // Byte after byte until the server has had enough; one that counts from the last byte never has. Alice's
    // round trips set the pace.
    let since = Instant::now();
    while drip.stream().write_all(b"x").is_ok() {
        assert!(since.elapsed() < DEADLINE, "the server takes bytes without an end");
        alice.hears_nothing();
    }
}

#[test]
fn who_was_only_refused_is_asked_and_can_answer() {
    let (_server, mut alice) = alice_joined(&["--ping", "2", "--rate", "0"]);
    // Another server's PINGs set the pace: one a second.
    let clocks = Server::start(&["--ping", "1"]);
    let mut clock = clocks.joined("clock", 20_001);
    // Longer than the limit for silence and the limit after a PING together.
    for _ in 0..3 {
        let tick = clock.gets("PING");
        answer(&mut clock, &tick);
        alice.asks("TELL", &[("Peer", "nobody"), ("Text", "x")]);
        let mut block = alice.block("a block");
        if block.kind == "PING" {
            // So slow is this machine just now.
            answer(&mut alice, &block);
            block = alice.block("a block");
        }
        block.has(&[("For", "TELL"), ("Code", "no-such-client")]);
    }
    for _ in 0..2 {
        let ping = alice.gets("PING");
        answer(&mut alice, &ping);
    }
    alice.speaks("still here");
}

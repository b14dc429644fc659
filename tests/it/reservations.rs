//! Names that are kept: who is thrown out by others has its name back, and nobody else has it meanwhile.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use p2p_chat::server::directory::reservations::{KEPT_FOR, Reservations};
use p2p_chat::wire::{Entry, Secret};

use crate::support::{Block, DEADLINE, Server, Wire};

#[test]
fn a_name_is_kept_for_its_token_and_for_a_while() {
    let (now, token) = (Instant::now(), Secret::random());
    let address: SocketAddr = "127.0.0.1:5557".parse().unwrap();
    let entry = Entry { name: "Bob".parse().unwrap(), address, id: 2 };
    let mut names = Reservations::default();
    names.keep(&entry, token, now, Duration::from_secs(3600));
    let (bob, eve) = ("bob".parse().unwrap(), "eve".parse().unwrap());
    let almost = now + Duration::from_millis(59_999);
    for (when, left) in [(now, "61 s"), (now + Duration::from_millis(500), "60 s"), (almost, "1 s")]
    {
        assert_eq!(names.check(&bob, Some(token), when), Ok(Some(&entry)));
        assert_eq!(names.check(&eve, None, when), Ok(None));
        for other in [None, Some(Secret::random())] {
            let refusal = names.check(&bob, other, when).unwrap_err();
            assert_eq!(refusal.code, "name-taken");
            assert!(refusal.message.contains(left), "{}", refusal.message);
        }
    }
    for token in [None, Some(token)] {
        assert_eq!(names.check(&bob, token, now + KEPT_FOR), Ok(None));
    }
    names.sweep(almost);
    assert!(names.check(&bob, None, now).is_err());
    names.sweep(now + KEPT_FOR);
    assert_eq!(names.check(&bob, None, now), Ok(None));
}

/// Waits for a block, and answers the server's PINGs meanwhile.
#[track_caller]
fn awake(alice: &mut Wire, kind: &str) -> Block {
    let since = Instant::now();
    loop {
        let block = alice.block(kind);
        assert!(since.elapsed() < DEADLINE, "no {kind} in time");
        if block.kind != "PING" {
            assert_eq!(block.kind, kind, "{block}");
            return block;
        }
        alice.asks("PONG", &[("Token", block.get("Token"))]);
    }
}

/// Waits until bob has left for this reason.
#[track_caller]
fn hears_that_bob_has_left(alice: &mut Wire, reason: &str) {
    let left = awake(alice, "LEFT");
    left.has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", reason)]);
}

/// Bob has lost his place: nobody else can take it, and he can with his Token, without REGISTER, on another connection.
fn only_bob_comes_back(server: &Server, alice: &mut Wire, token: &str) -> Wire {
    let mut eve = server.connect("eve");
    for name in ["bob", "BOB"] {
        eve.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", "20003")]);
        let refusal = eve.refuses("REGISTER", "name-taken");
        assert!(refusal.get("Message").contains(" s more"), "{refusal}");
        eve.asks("JOIN", &[("clientID", name)]).refuses("JOIN", "name-taken");
        let wrong = "0123456789abcdef0123456789abcdef";
        eve.asks("JOIN", &[("clientID", name), ("Token", wrong)]).refuses("JOIN", "name-taken");
    }
    assert_eq!(eve.lists(), ["alice 127.0.0.1:20001 1"]);
    let mut bob = server.connect("bob");
    let back = bob.obtains("JOIN", &[("clientID", "bob"), ("Token", token)]);
    back.has(&[("ID", "2"), ("Token", token), ("clientID", "bob")]);
    let joined = awake(alice, "JOINED");
    joined.has(&[("ID", "2"), ("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20002")]);
    bob
}

/// A server with these flags, alice, and bob with what he has got for JOIN.
fn alice_and_bob_joined(flags: &[&str]) -> (Server, Wire, Wire, Block) {
    let server = Server::start(flags);
    let mut alice = server.joined("alice", 20_001);
    let mut bob = server.registered("bob", 20_002);
    let joined = bob.joins("bob");
    alice.gets("JOINED");
    (server, alice, bob, joined)
}

#[test]
fn who_is_thrown_out_by_a_flood_keeps_the_name() {
    let (server, mut alice, _bob, joined) =
        alice_and_bob_joined(&["--rate", "0", "--backlog", "65536"]);
    let mut mallory = server.joined("mallory", 20_004);
    alice.gets("JOINED");
    // As much as the buffers of the connection hold, and more.
    let flood = format!("TELL\r\nPeer: bob\r\nText: {}\r\n\r\n", "x".repeat(2000)).repeat(100);
    let left = loop {
        mallory.sends(&flood);
        let blocks: Vec<Block> =
            (0..100).map(|_| mallory.block("TELLACK, ERROR or LEFT")).collect();
        if let Some(left) = blocks.into_iter().find(|block| block.kind == "LEFT") {
            break left;
        }
    };
    left.has(&[("clientID", "bob"), ("Reason", "slow")]);
    mallory.asks("QUIT", &[]);
    hears_that_bob_has_left(&mut alice, "slow");
    alice.gets("LEFT").has(&[("clientID", "mallory")]);
    let mut bob = only_bob_comes_back(&server, &mut alice, joined.get("Token"));
    // A member that goes by itself leaves its name to all.
    bob.asks("QUIT", &[]).is_closed();
    alice.gets("LEFT").has(&[("clientID", "bob"), ("Reason", "quit")]);
    server.registered("bob", 20_003);
}

#[test]
fn who_was_silent_keeps_the_name() {
    let (server, mut alice, bob, joined) = alice_and_bob_joined(&["--ping", "1"]);
    hears_that_bob_has_left(&mut alice, "timeout");
    drop(bob);
    let bob = only_bob_comes_back(&server, &mut alice, joined.get("Token"));
    // Its connection ends: that frees the name at once, as ever.
    drop(bob);
    hears_that_bob_has_left(&mut alice, "gone");
    server.registered("bob", 20_003);
}

#[test]
fn a_name_is_kept_no_longer_than_an_entry_lasts() {
    let flags = ["--ping", "1", "--expires", "1"];
    let (server, mut alice, _bob, _) = alice_and_bob_joined(&flags);
    hears_that_bob_has_left(&mut alice, "timeout");
    server.connect("eve").registers_in_the_end("bob", 20_003);
}

#[cfg(unix)]
#[test]
fn a_client_that_stood_still_comes_back_by_itself() {
    use crate::support::Client;
    use crate::support::process::signal;

    let server = Server::start(&["--ping", "1"]);
    let mut alice = server.joined("alice", 20_001);
    let bob = Client::joined("bob", &server);
    alice.gets("JOINED");
    signal(bob.pid(), "STOP");
    hears_that_bob_has_left(&mut alice, "timeout");
    let mut eve = server.connect("eve");
    eve.asks("REGISTER", &[("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20003")]);
    eve.refuses("REGISTER", "name-taken");
    signal(bob.pid(), "CONT");
    let port = bob.address().port().to_string();
    let joined = awake(&mut alice, "JOINED");
    joined.has(&[("ID", "2"), ("clientID", "bob"), ("Port", &port)]);
    bob.sees("lost the server");
    bob.sees("Welcome to the chat, bob!");
    bob.types("here I am again");
    awake(&mut alice, "SAID").has(&[("ID", "2"), ("Text", "here I am again")]);
}

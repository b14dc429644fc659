//! Introductions: who asks for somebody in the room gets a ticket, and the other one is told.

use std::collections::HashSet;

use crate::support::{Block, Server, Wire, two_joined};

/// Whether a text is a secret: 32 hexadecimal digits in lower case.
fn is_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Alice (ID 1) and bob (ID 2) in the room, with nothing on its way to them.
fn two(server: &Server) -> (Wire, Wire) {
    let mut alice = server.joined("alice", 20_001);
    let bob = server.joined("bob", 20_002);
    alice.gets("JOINED");
    (alice, bob)
}

/// Demands that both blocks carry the same two good secrets, and gives them.
#[track_caller]
fn secrets(answer: &Block, call: &Block) -> [String; 2] {
    ["Ticket", "Answer"].map(|name| {
        assert_eq!(answer.get(name), call.get(name), "{name} in\n{answer}\nand\n{call}");
        assert!(is_secret(answer.get(name)), "{name} in\n{answer}");
        answer.get(name).to_owned()
    })
}

#[test]
fn an_introduction_gives_both_the_same_two_secrets() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    let answer = alice.obtains("BRIDGE", &[("clientID", "alice"), ("Peer", "bob")]);
    answer.has_exactly(&[
        ("clientID", "bob"),
        ("IP", "127.0.0.1"),
        ("Port", "20002"),
        ("ID", "2"),
        ("Via", "tcp"),
        ("Ticket", "*"),
        ("Answer", "*"),
    ]);
    let call = bob.gets("CALL");
    call.has_exactly(&[
        ("ID", "1"),
        ("clientID", "alice"),
        ("IP", "127.0.0.1"),
        ("Port", "20001"),
        ("Via", "tcp"),
        ("Ticket", "*"),
        ("Answer", "*"),
    ]);
    let [ticket, answer] = secrets(&answer, &call);
    assert_ne!(ticket, answer);
}

/// Joins under a name, with these further headers, and gives JOINACK.
#[track_caller]
fn joins(server: &Server, name: &str, port: u16, more: &[(&str, &str)]) -> (Wire, Block) {
    let mut wire = server.connect(name);
    wire.registers(name, port);
    wire.asks("JOIN", &[&[("clientID", name)], more].concat());
    let ack = wire.gets("JOINACK");
    (wire, ack)
}

#[test]
fn each_of_two_is_told_whether_the_other_can_be_called_by_tls() {
    let (tls, other) = ([("Secure", "tls")], [("Secure", "ssl")]);
    for (at_alice, at_bob) in [(&tls[..], &tls[..]), (&tls, &other), (&[], &tls), (&other, &[])] {
        let server = Server::start(&[]);
        let can = |headers: &[_]| (headers == tls).then_some("tls");
        let (mut alice, ack) = joins(&server, "alice", 20_001, at_alice);
        assert_eq!(ack.find("Secure"), can(at_alice), "{ack}");
        let (mut bob, ack) = joins(&server, "bob", 20_002, at_bob);
        assert_eq!(ack.find("Secure"), can(at_bob), "{ack}");
        alice.gets("JOINED");
        for via in ["tcp", "udp"] {
            alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "bob"), ("Via", via)]);
            let (answer, call) = (alice.gets("BRIDGEACK"), bob.gets("CALL"));
            assert_eq!(answer.find("Secure"), can(at_bob), "{answer}");
            assert_eq!(call.find("Secure"), can(at_alice), "{call}");
        }
    }
}

#[test]
fn who_comes_back_says_anew_whether_it_can_be_called_by_tls() {
    let server = Server::start(&[]);
    let (_bob, ack) = joins(&server, "bob", 20_002, &[("Secure", "tls")]);
    let mut alice = server.joined("alice", 20_001);
    let mut again = server.connect("bob again");
    again.asks("JOIN", &[("clientID", "bob"), ("Token", ack.get("Token"))]);
    assert_eq!(again.gets("JOINACK").find("Secure"), None);
    alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "bob")]);
    assert_eq!(alice.gets("BRIDGEACK").find("Secure"), None);
    again.gets("CALL");
}

#[test]
fn who_has_not_joined_is_told_nothing_of_tls() {
    let server = Server::start(&[]);
    let (_bob, _) = joins(&server, "bob", 20_002, &[("Secure", "tls")]);
    let mut alice = server.connect("alice");
    alice.registers("alice", 20_001);
    let answer = alice.obtains("BRIDGE", &[("clientID", "alice")]);
    answer.has_exactly(&[("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20002")]);
}

#[test]
fn every_introduction_has_secrets_of_its_own() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    let mut seen = HashSet::new();
    for (via, peer) in [("tcp", "bob"), ("udp", "BOB"), ("tcp", "2"), ("udp", "2")] {
        alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", peer), ("Via", via)]);
        let (answer, call) = (alice.gets("BRIDGEACK"), bob.gets("CALL"));
        answer.has(&[("Via", via), ("clientID", "bob")]);
        call.has(&[("Via", via)]);
        for secret in secrets(&answer, &call) {
            assert!(seen.insert(secret), "a secret was given twice");
        }
    }
}

#[test]
fn bridge_without_a_peer_introduces_too() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    let answer = bob.obtains("BRIDGE", &[("clientID", "BOB")]);
    answer.has(&[("clientID", "alice"), ("ID", "1"), ("Via", "tcp")]);
    secrets(&answer, &alice.gets("CALL"));
}

#[test]
fn the_secrets_are_on_their_way_to_the_peer_before_they_are_given_out() {
    let (_server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    for _ in 0..50 {
        alice.obtains("BRIDGE", &[("clientID", "alice"), ("Peer", "bob")]);
        // Nothing else is said to bob, so the PONG to a PING from now on stands behind the CALL.
        bob.asks("PING", &[("Token", "after")]);
        bob.gets("CALL");
        bob.gets("PONG");
    }
}

#[test]
fn there_is_no_ticket_for_who_has_not_joined() {
    let server = Server::start(&[]);
    let (_, mut bob) = two(&server);
    let mut lurker = server.registered("lurker", 20_003);
    lurker.asks("BRIDGE", &[("clientID", "lurker"), ("Peer", "bob"), ("Via", "udp")]);
    let expected = [("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20002")];
    lurker.gets("BRIDGEACK").has_exactly(&expected);
    // Nor on another connection in the name of one who has.
    lurker.obtains("BRIDGE", &[("clientID", "bob"), ("Peer", "lurker")]).has_exactly(&[
        ("clientID", "lurker"),
        ("IP", "*"),
        ("Port", "20003"),
    ]);
    bob.says("nobody called");
    let next = bob.block("a block");
    assert!(["LEFT", "SAID"].contains(&next.kind.as_str()), "{next}");
}

#[test]
fn there_is_no_ticket_to_who_has_not_joined() {
    let (server, mut alice, _bob) = two_joined(&[]);
    let mut lurker = server.registered("lurker", 20_003);
    let answer = alice.obtains("BRIDGE", &[("clientID", "alice"), ("Peer", "lurker")]);
    answer.has(&[("clientID", "lurker"), ("IP", "127.0.0.1"), ("Port", "20003")]);
    assert_eq!((answer.find("Ticket"), answer.find("Answer")), (None, None), "{answer}");
    lurker.hears_nothing();
}

#[test]
fn who_has_joined_asks_in_its_own_name() {
    let (_server, mut alice, mut bob) = two_joined(&[]);
    alice.asks("BRIDGE", &[("clientID", "bob"), ("Peer", "alice")]);
    alice.refuses("BRIDGE", "not-registered");
    alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "ALICE")]);
    alice.refuses("BRIDGE", "self");
    alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "carol")]);
    alice.refuses("BRIDGE", "no-such-client");
    alice.hears_nothing();
    bob.hears_nothing();
}

#[test]
fn what_was_said_before_an_introduction_is_heard_before_it() {
    let (_server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    for round in 0..50 {
        let text = format!("I shall call you {round}");
        alice.sends(format!(
            "SAY\r\nText: {text}\r\n\r\nBRIDGE\r\nclientID: alice\r\nPeer: bob\r\n\r\n"
        ));
        bob.gets("SAID").has(&[("Text", &text)]);
        bob.gets("CALL");
        alice.gets("SAID").has(&[("Text", &text)]);
        alice.gets("BRIDGEACK");
    }
}

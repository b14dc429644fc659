//! Coming back: a token takes over a connection that still stands, and an ID after a loss.

use std::io::Write;

use crate::support::{Block, Server, Wire};

/// Two in the room, the second with its JOINACK.
fn two(server: &Server) -> (Wire, Wire, Block) {
    let mut bob = server.joined("bob", 20_002);
    let mut alice = server.registered("alice", 20_001);
    let joined = alice.joins("alice");
    bob.gets("JOINED").has(&[("clientID", "alice"), ("ID", "2")]);
    (bob, alice, joined)
}

/// Joins with a token on a new connection.
#[track_caller]
fn comes_back(server: &Server, token: &str) -> (Wire, Block) {
    let mut alice = server.connect("alice");
    let joined = alice.obtains("JOIN", &[("clientID", "alice"), ("Token", token)]);
    (alice, joined)
}

#[test]
fn a_token_takes_over_the_old_connection() {
    let server = Server::start(&[]);
    let (mut bob, mut old, first) = two(&server);
    let token = first.get("Token");
    let (mut new, second) = comes_back(&server, token);
    second.has(&[("clientID", "alice"), ("ID", "2"), ("Token", token)]);
    assert_eq!(second.others(), ["bob 127.0.0.1:20002 1"]);
    old.gets("BYE").has_exactly(&[("Reason", "replaced")]);
    old.is_closed();
    drop(old);
    // The room has heard nothing of it: the next that it hears is what alice says, twice.
    for text in ["back again", "and still here"] {
        new.speaks(text).has(&[("Text", text), ("ID", "2")]);
        bob.gets("SAID").has(&[("Text", text), ("ID", "2"), ("clientID", "alice")]);
    }
    assert_eq!(new.lists(), ["bob 127.0.0.1:20002 1", "alice 127.0.0.1:20001 2"]);
}

#[test]
fn the_old_connection_cannot_speak_any_more() {
    let server = Server::start(&["--rate", "0"]);
    let (mut bob, mut old, first) = two(&server);
    let (mut new, _) = comes_back(&server, first.get("Token"));
    old.gets("BYE");
    let past = "TELL\r\nPeer: bob\r\nText: from the past\r\n\r\nSAY\r\nText: from the past\r\n\r\n";
    // It is hung up on already, perhaps so far that it cannot even send this.
    let _ = old.stream().write_all(past.as_bytes());
    old.is_closed();
    for _ in 0..50 {
        new.says("from the present");
        new.skips_to("SAID").has(&[("Text", "from the present")]);
        bob.gets("SAID").has(&[("Text", "from the present")]);
    }
}

#[test]
fn a_token_takes_over_again_and_again() {
    let server = Server::start(&[]);
    let (mut bob, mut old, first) = two(&server);
    for round in 0..5 {
        let (mut new, joined) = comes_back(&server, first.get("Token"));
        joined.has(&[("ID", "2"), ("Token", first.get("Token"))]);
        old.gets("BYE");
        drop(old);
        let text = format!("round {round}");
        new.says(&text);
        new.skips_to("SAID");
        bob.gets("SAID").has(&[("Text", &text)]);
        // The newcomer's replay of earlier rounds is behind it; from here on only BYE may come.
        new = settled(new);
        old = new;
    }
}

/// The same connection after everything that was on its way to it.
#[track_caller]
fn settled(mut wire: Wire) -> Wire {
    wire.asks("PING", &[("Token", "settled")]);
    wire.skips_to("PONG");
    wire
}

#[test]
fn a_token_gives_the_old_id_back_after_a_loss() {
    let server = Server::start(&[]);
    let (mut bob, old, first) = two(&server);
    drop(old);
    bob.gets("LEFT").has(&[("ID", "2"), ("clientID", "alice"), ("Reason", "gone")]);
    let mut new = server.registered("alice", 20_011);
    new.obtains("JOIN", &[("clientID", "alice"), ("Token", first.get("Token"))])
        .has(&[("ID", "2")]);
    let expected = [("ID", "2"), ("clientID", "alice"), ("IP", "127.0.0.1"), ("Port", "20011")];
    bob.gets("JOINED").has_exactly(&expected);
    bob.obtains("BRIDGE", &[("clientID", "bob"), ("Peer", "2")]).has(&[
        ("clientID", "alice"),
        ("ID", "2"),
        ("Port", "20011"),
    ]);
    let mut lines = bob.lists();
    lines.sort();
    assert_eq!(lines, ["alice 127.0.0.1:20011 2", "bob 127.0.0.1:20002 1"]);
}

#[test]
fn a_name_without_its_token_is_a_new_client() {
    let server = Server::start(&[]);
    let (mut bob, old, _) = two(&server);
    drop(old);
    bob.gets("LEFT");
    let mut new = server.registered("alice", 20_001);
    let wrong = "0123456789abcdef0123456789abcdef";
    new.obtains("JOIN", &[("clientID", "alice"), ("Token", wrong)]).has(&[("ID", "3")]);
    bob.gets("JOINED").has(&[("ID", "3"), ("clientID", "alice")]);
}

#[test]
fn a_wrong_token_takes_nothing_over() {
    let server = Server::start(&[]);
    let (mut bob, mut alice, first) = two(&server);
    let right = first.get("Token");
    let wrong: String = right.chars().rev().collect();
    for token in [wrong.as_str(), "", "x", &right[1..], "é"] {
        let mut eve = server.connect("eve");
        eve.asks("JOIN", &[("clientID", "alice"), ("Token", token)]);
        eve.refuses("JOIN", "name-taken");
        // Bob's name does not open with alice's token either.
        eve.asks("JOIN", &[("clientID", "bob"), ("Token", right)]);
        eve.refuses("JOIN", "name-taken");
    }
    alice.speaks("it is me");
    bob.gets("SAID").has(&[("Text", "it is me")]);
}

#[test]
fn who_quits_or_is_kicked_has_no_way_back() {
    let server = Server::start(&[]);
    let (mut bob, mut alice, first) = two(&server);
    alice.asks("QUIT", &[]).is_closed();
    bob.gets("LEFT").has(&[("Reason", "quit")]);
    let mut again = server.connect("again");
    again.registers("alice", 20_001).has(&[("ID", "3")]);
    let second = again.obtains("JOIN", &[("clientID", "alice"), ("Token", first.get("Token"))]);
    second.has(&[("ID", "3")]);
    bob.gets("JOINED");
    server.types("/kick alice 0");
    bob.gets("LEFT").has(&[("Reason", "kicked")]);
    let mut third = server.registered("alice", 20_001);
    third
        .obtains("JOIN", &[("clientID", "alice"), ("Token", second.get("Token"))])
        .has(&[("ID", "4")]);
}

#[test]
fn who_has_come_back_and_then_quits_has_no_way_back_either() {
    let server = Server::start(&[]);
    let (mut bob, old, first) = two(&server);
    let token = first.get("Token");
    drop(old);
    bob.gets("LEFT").has(&[("Reason", "gone")]);
    let mut back = server.registered("alice", 20_001);
    back.obtains("JOIN", &[("clientID", "alice"), ("Token", token)]).has(&[("ID", "2")]);
    back.asks("QUIT", &[]).is_closed();
    let mut again = server.registered("alice", 20_001);
    let joined = again.obtains("JOIN", &[("clientID", "alice"), ("Token", token)]);
    assert_ne!((joined.get("ID"), joined.get("Token")), ("2", token), "{joined}");
}

#[test]
fn a_token_outlives_somebody_elses_use_of_the_name() {
    let server = Server::start(&[]);
    let (mut bob, old, first) = two(&server);
    drop(old);
    bob.gets("LEFT").has(&[("ID", "2"), ("Reason", "gone")]);
    let mut intruder = server.registered("alice", 20_003);
    let id = intruder.joins("alice").get("ID").to_owned();
    assert_ne!(id, "2");
    bob.gets("JOINED").has(&[("ID", &id), ("clientID", "alice")]);
    intruder.asks("QUIT", &[]).is_closed();
    bob.gets("LEFT").has(&[("ID", &id), ("Reason", "quit")]);
    let mut back = server.registered("alice", 20_001);
    back.obtains("JOIN", &[("clientID", "alice"), ("Token", first.get("Token"))])
        .has(&[("ID", "2"), ("Token", first.get("Token"))]);
    bob.gets("JOINED").has(&[("ID", "2"), ("clientID", "alice"), ("Port", "20001")]);
}

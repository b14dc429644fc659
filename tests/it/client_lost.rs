//! A server that says nothing any more: the client notices, says so, comes back, and has missed nothing.

use crate::support::{Block, Client, Lane, Played, Server, alice_joined};

#[test]
fn joinack_says_how_often_the_server_asks() {
    for (flags, seconds) in [(&[][..], "30"), (&["--ping", "7"], "7")] {
        let server = Server::start(flags);
        let mut alice = server.connect("alice");
        alice.registers("alice", 20_001);
        alice.obtains("JOIN", &[("clientID", "alice")]).has(&[("Ping", seconds)]);
    }
}

#[test]
fn regack_of_who_has_not_joined_stays_as_it_was() {
    let (server, _alice) = alice_joined(&[]);
    let mut bob = server.connect("bob");
    let ack = bob.registers("bob", 20_002);
    assert_eq!(ack.find("Ping"), None, "{ack}");
}

/// A network that goes without a word, on which nobody speaks: the client finds out, and reads what it has missed.
#[test]
fn a_network_that_goes_in_silence_is_noticed_by_both_sides() {
    let server = Server::start(&["--ping", "2"]);
    let network = Lane::to(server.address());
    let alice = Client::start("alice", network.address());
    alice.sees("Other clients' IDs: none");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined (ID 2, ");
    bob.says(&alice, "before");
    network.freezes();
    alice.types("into the void");
    bob.sees("alice left (timeout)");
    bob.types("you have missed this");
    let line = alice.sees("lost the server");
    assert!(line.ends_with(": no word from it for 5 seconds; trying again"), "{line}");
    alice.sees(" bob: you have missed this");
    alice.sees_line("not delivered: into the void");
    alice.says(&bob, "here again");
    alice.asks("/id", "you are alice (ID 1)");
}

#[test]
fn a_request_without_an_answer_is_a_lost_server() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    alice.types("/tell bob can you hear me?");
    guest.wire.gets("TELL");
    // It is still there, but it does not answer.
    guest.wire.sends("PING\r\nToken: x\r\n\r\n").gets("PONG");
    let line = alice.sees("lost the server");
    assert!(line.ends_with(": no answer for 10 seconds; trying again"), "{line}");
    alice.sees_line("not confirmed to bob: can you hear me?");
    guest.wire.is_closed();
    let (guest, join) = server.registers(1);
    join.has(&[("Token", crate::driver::played::TOKEN), ("Since", "0")]);
    drop(guest);
}

#[test]
fn what_is_said_is_a_request_too() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    alice.types("hello?");
    guest.wire.gets("SAY");
    alice.sees("no answer for 10 seconds");
    let (mut guest, _) = server.registers(1);
    guest.wire.sends(guest.me.joinack(&[], 0));
    alice.sees_line("not delivered: hello?");
    assert!(!alice.output().contains("not connected"), "{}", alice.output());
}

#[test]
fn an_error_answers_the_request_that_it_names_and_no_other() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    alice.types("/info");
    guest.wire.gets("INFO");
    let late = [("For", "TELL"), ("Code", "no-such-client"), ("Message", "nobody of that name")];
    guest.wire.sends(Block::text("ERROR", &late));
    alice.sees_line("the server says: nobody of that name");
    guest.wire.sends("INFOACK\r\nalice 127.0.0.1:5556 1\r\n\r\n");
    alice.sees_line("1 registered:");
    alice.sees_line("alice 127.0.0.1:5556 1");
    // What answers nothing that was asked is not taken for the next answer, either.
    guest.wire.sends("INFOACK\r\nghost 127.0.0.1:5557 2\r\n\r\n");
    alice.types("/bridge");
    guest.wire.gets("BRIDGE");
    guest.wire.sends("BRIDGEACK\r\nclientID: \r\nIP: \r\nPort: \r\n\r\n");
    alice.sees_without("ghost", "nobody else is registered");
}

#[test]
fn a_full_queue_is_not_said_to_be_no_connection() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    // The server asks and asks, and does not read the answers.
    let token = "x".repeat(4_000);
    assert_eq!(guest.wire.floods(&format!("PING\r\nToken: {token}\r\n\r\n"), 6_000), 6_000);
    alice.answers();
    alice.asks_line("/info", "the server is too slow; nothing was sent");
}

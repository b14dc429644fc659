//! Back in the room, or not: what a client makes of a server that was lost, and of one that sends it away.

#[cfg(unix)]
use crate::support::process;
use std::fs::OpenOptions;
use std::io::Write;

use crate::support::{
    Client, Played, Server, alice_alone, alice_and_bob, alice_calls_bob, all_see,
};

#[test]
fn a_call_after_the_return_is_verified_again() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let _server = server.starts_again();
    for client in [&alice, &bob] {
        client.sees("lost the server");
        client.sees("Other clients' IDs: ");
    }
    alice.types("/hangup");
    bob.sees_line("alice ended the chat");
    bob.asks("/info", &format!("alice {}", alice.address()));
    bob.types("/chat alice");
    bob.types("/msg hello again");
    alice.sees(&format!(
        "Incoming chat request from bob {} (verified, encrypted; compare ",
        bob.address()
    ));
    alice.sees_line("bob (direct): hello again");
}

#[cfg(unix)]
#[test]
fn what_the_server_never_heard_is_shown_as_not_delivered() {
    let (server, alice, bob) = alice_and_bob(&[]);
    alice.says(&bob, "this is heard");
    process::signal(server.pid(), "STOP");
    alice.types("this is not");
    // Said before the loss: the client answers only after it has taken the line above.
    alice.asks("/id", "you are alice");
    let _server = server.starts_again();
    alice.sees("not delivered: this is not");
    bob.sees("Other clients' IDs: ");
    alice.types("and this is again");
    bob.sees_without("this is not", " alice: and this is again");
    assert!(!alice.output().contains("not delivered: this is heard"), "{}", alice.output());
}

#[cfg(unix)]
#[test]
fn who_comes_back_late_misses_nothing_and_sees_nothing_twice() {
    let (server, alice, bob) = alice_and_bob(&[]);
    alice.says(&bob, "before");
    process::signal(bob.pid(), "STOP");
    let _server = server.starts_again();
    alice.sees("lost the server");
    alice.sees("Other clients' IDs: ");
    for number in 0..5 {
        alice.asks(&format!("missed {number}"), &format!(" alice: missed {number}"));
    }
    process::signal(bob.pid(), "CONT");
    for number in 0..5 {
        bob.sees_without("before", &format!(" alice: missed {number}"));
    }
    alice.types("after");
    bob.sees_without("missed", " alice: after");
}

#[test]
fn who_is_kicked_is_told_and_stays_away_and_goes_on_talking() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    server.types("/kick alice 0");
    alice.sees("kicked");
    bob.sees_line("alice left (kicked)");
    alice.asks("to all", "not connected");
    alice.types("/msg but to you");
    bob.sees_without("joined", "alice (direct): but to you");
    bob.types("/msg I hear you");
    alice.sees("bob (direct): I hear you");
    // Only when she says so does she come back.
    alice.asks("/register", "Your ID: ");
    bob.sees("alice joined (ID ");
}

#[test]
fn a_server_that_ends_in_order_says_so_and_is_waited_for() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    server.types("/quit");
    all_see([&alice, &bob], "the server");
    server.exits(0);
    alice.tells(&bob, "still here");
    let _server = server.starts_again();
    all_see([&alice, &bob], "Other clients' IDs: ");
}

#[test]
fn who_is_known_from_before_is_called_without_the_server() {
    let (server, alice, bob) = alice_and_bob(&[]);
    server.kill();
    alice.sees("the server");
    bob.sees("the server");
    alice.types("/chat bob");
    alice.types("/msg the server is dead");
    bob.sees_line(&format!(
        "Incoming chat request from alice? {} (unverified, not encrypted)",
        alice.address()
    ));
    bob.sees_line("alice? (direct): the server is dead");
}

#[test]
fn a_name_that_was_lost_meanwhile_does_not_cost_the_direct_chat() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    server.kill();
    alice.sees("the server");
    bob.sees("the server");
    let server = server.starts_again();
    let mut thief = server.connect("thief");
    thief.asks("REGISTER", &[("clientID", "alice"), ("Port", "20001")]);
    // The first one has the name: it is the thief unless this machine is very busy.
    if thief.block("a block").kind == "REGACK" {
        thief.joins("alice");
        alice.sees("taken");
    }
    bob.tells(&alice, "still you");
    alice.tells(&bob, "still me");
}

#[test]
fn who_is_not_let_in_yet_waits_on_the_same_connection() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let (mut guest, _) = server.registers(1);
    alice.sees("the server has not let you in yet; waiting");
    guest.wire.sends(guest.me.joinack(&[], 0));
    alice.sees("Your ID: 1");
    alice.types("in at last");
    guest.wire.gets("SAY").has(&[("Text", "in at last")]);
}

#[test]
fn a_name_that_the_own_lost_connection_still_has_is_asked_for_again() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    drop(server.registers(1));
    alice.sees("cannot reach the server");
    // The server has not missed that connection yet, and has given her no token.
    let mut wire = server.accepts("the server (played)");
    wire.gets("REGISTER");
    wire.sends("ERROR\r\nFor: REGISTER\r\nCode: name-taken\r\nMessage: taken\r\n\r\n");
    drop(wire);
    server.welcomes(1, &[]);
    alice.sees_without("taken", "Your ID: 1");
}

#[test]
fn a_long_replay_is_shown_whole_and_once_and_then_what_was_said_meanwhile() {
    const MISSED: usize = 300;
    let (server, alice) = alice_alone(&[]);
    alice.asks("before", " alice: before");
    let port = server.port();
    let folder = server.crashes();
    // A thousand bytes each: five pieces.
    let line = |seq| format!("[2026-11-20 12:35:01] [ann]: {seq:0>1000}\n");
    let mut log = OpenOptions::new().append(true).open(folder.file("server.log")).unwrap();
    log.write_all((1..=MISSED).map(line).collect::<String>().as_bytes()).unwrap();
    let server = Server::start_in(folder, port, &[]);
    let bob = Client::joined("bob", &server);
    bob.types("after");
    alice.sees("Other clients' IDs: ");
    for seq in 1..=MISSED {
        alice.sees_without(" bob: after", &format!(" ann: {seq:0>1000}"));
    }
    bob.types("long after");
    alice.sees(" bob: long after");
    let shown = alice.output().matches(" ann: ").count();
    assert_eq!(shown, MISSED);
}

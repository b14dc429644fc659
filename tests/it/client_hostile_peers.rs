//! Our client with peers that mean it no good: it keeps answering its user, in little memory.

use std::io::Write;

#[cfg(target_os = "linux")]
use crate::support::process;
use crate::support::{Wire, alice_and_bob};

/// A friend's CHAT without a ticket.
#[cfg(target_os = "linux")]
const CHAT: &str = "CHAT\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n";

#[test]
fn twenty_callers_who_say_nothing_keep_nobody_waiting() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let mut silent: Vec<Wire> = (0..20).map(|_| alice.is_called_by("somebody")).collect();
    // So many are not kept waiting for a word: the oldest have to go.
    silent[0].is_closed();
    alice.answers();
    bob.types("/chat alice");
    bob.types("/msg past all of them");
    alice.sees_without("request from 127", "bob (direct): past all of them");
    // After a second each that was kept is somebody whose name is not known, and keeps nobody waiting.
    alice.sees("Incoming chat request from 127.0.0.1:");
    bob.tells(&alice, "still here");
    alice.tells(&bob, "me too");
    drop(silent);
    alice.sees(" ended the chat");
    alice.answers();
}

#[test]
fn callers_beyond_the_limit_are_let_go_and_the_chats_that_stand_go_on() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    bob.types("/chat alice");
    bob.tells(&alice, "first");
    // With bob there are 64.
    let mut callers = Vec::new();
    for number in 1..64 {
        let mut caller = alice.is_called_by("caller");
        caller.sends(format!("I am number {number}\r\n"));
        alice.sees(&format!("(direct): I am number {number}"));
        callers.push(caller);
    }
    for _ in 0..5 {
        alice.is_called_by("somebody").is_closed();
    }
    bob.tells(&alice, "second");
    alice.answers();
    drop(callers);
    // When they are gone there is room again.
    let mut tries = 0;
    loop {
        let mut caller = alice.is_called_by("caller");
        let _ = caller.stream().write_all(b"CHAT\r\nclientID: carol\r\n\r\nhi\r\nQUIT\r\n\r\n");
        caller.is_closed();
        alice.answers();
        if alice.output().contains("carol? (direct): hi") {
            break;
        }
        tries += 1;
        assert!(tries < 10_000, "nobody is let in any more");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_floods_does_not_keep_the_user_from_typing() {
    use std::thread;

    let (_server, alice, bob) = alice_and_bob(&["--rate", "0"]);
    let wire = alice.is_called_by("wire");
    let memory = process::Memory::of(alice.pid());
    let flood = thread::Builder::new().name("flood".to_owned()).spawn(move || {
        let _ = wire.stream().write_all(CHAT.as_bytes());
        wire.floods(&"la la la\r\n".repeat(1000), 100)
    });
    alice.sees("bob? (direct): la la la");
    for round in 0..10 {
        alice.answers();
        alice.types(&format!("round {round}"));
        bob.sees(&format!(" alice: round {round}"));
    }
    assert_eq!(flood.unwrap().join().unwrap(), 100);
    alice.sees("bob? ended the chat");
    memory.has_grown_by_less_than(8);
}

#[cfg(target_os = "linux")]
#[test]
fn what_peers_send_without_an_end_of_line_costs_no_memory() {
    use crate::support::alice_alone;

    let (_server, alice) = alice_alone(&[]);
    let memory = process::Memory::of(alice.pid());
    let (blank, full) = ("\r\n".repeat(32 * 1024), "x".repeat(64 * 1024));
    let header = "X-Header: 1\r\n".repeat(5 * 1024);
    let beginnings = [
        (CHAT, &full, 1024),
        ("", &full, 1024),
        ("CHAT\r\nclientID: ", &full, 1024),
        ("CHAT\r\n", &header, 16),
        (CHAT, &blank, 16),
        ("", &blank, 16),
    ];
    for (beginning, piece, times) in beginnings {
        let wire = alice.is_called_by("wire");
        let _ = wire.stream().write_all(beginning.as_bytes());
        wire.floods(piece, times);
        alice.answers();
    }
    memory.has_grown_by_less_than(8);
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_never_reads_does_not_keep_the_user_from_typing() {
    let (_server, alice, bob) = alice_and_bob(&["--rate", "0"]);
    let mut deaf = alice.is_called_by("deaf");
    deaf.sends(CHAT);
    alice.sees("Incoming chat request from bob");
    let memory = process::Memory::of(alice.pid());
    // More than its socket takes, and then the user has changed her mind.
    let text = "x".repeat(1900);
    for _ in 0..100 {
        alice.types_bytes(format!("/msg {text}\n").repeat(20).as_bytes());
    }
    bob.says(&alice, "are you there?");
    memory.has_grown_by_less_than(8);
}

#[test]
fn a_crowd_of_liars_at_the_door_is_outlived() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let secret = "0123456789abcdef0123456789abcdef";
    let lies = [
        format!(
            "CHAT\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 1\r\nTicket: {secret}\r\n\r\nhi\r\n"
        ),
        format!("CHAT\r\nclientID: bob\r\nAnswer: {secret}\r\n\r\nhi\r\n"),
        format!("CHAT\r\nclientID: alice\r\nTicket: {secret}\r\nTicket: x\r\n\r\nhi\r\n"),
        "CHAT\r\nclientID: bob\r\nTicket: \r\n\r\nhi\r\n".to_owned(),
        "CHAT\r\nclientID: bob (verified)\r\n\r\nhi\r\n".to_owned(),
        "REGISTER\r\nclientID: bob\r\n\r\nQUIT\r\n\r\n".to_owned(),
        "BYE\r\nReason: kicked\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n".to_owned(),
        "CHAT\r\n".to_owned(),
    ];
    let crowd: Vec<Wire> = lies
        .iter()
        .map(|lie| {
            let mut wire = alice.is_called_by("wire");
            wire.sends(lie);
            wire
        })
        .collect();
    bob.types("/chat alice");
    bob.tells(&alice, "it is really me");
    alice.answers();
    drop(crowd);
    alice.answers();
    let output = alice.output();
    let verified = output
        .lines()
        .filter(|line| line.starts_with("Inc") && line.contains(" (verified, encrypted; compare "));
    assert_eq!(verified.count(), 1, "{output}");
}

//! Output that nobody takes stops nobody: the room and the chats go on, and what was not shown is counted.

#[cfg(target_os = "linux")]
use crate::support::Server;
#[cfg(target_os = "linux")]
use crate::support::Terminal;
use crate::support::{Block, Client, OutputMode, Played, alice_calls_bob};

/// Much more, if it is said often, than a pipe and the client keep for somebody who does not read.
const ROUNDS: usize = 400;

#[test]
fn output_that_nobody_takes_stops_neither_the_room_nor_the_chats() {
    let (_server, alice, bob) = alice_calls_bob(&["--rate", "0"]);
    alice.has_output(OutputMode::Paused);
    let text = "x".repeat(1900);
    for round in 0..ROUNDS {
        bob.types(&text);
        if round % 50 == 0 {
            alice.types(&format!("here I am {round}"));
            bob.sees(&format!(" alice: here I am {round}"));
        }
    }
    alice.types("/msg directly");
    bob.sees_line("alice (direct): directly");
    alice.has_output(OutputMode::Read);
    alice.sees(" lines were not shown: nobody took the output)");
    alice.answers();
}

#[test]
fn a_server_that_asks_is_answered_while_nobody_takes_the_output() {
    let room = Played::open();
    let alice = Client::start("alice", room.address());
    let mut wire = room.welcomes(1, &[]).wire;
    alice.sees("Other clients' IDs: ");
    alice.has_output(OutputMode::Paused);
    let text = "x".repeat(1900);
    for seq in 1..=ROUNDS {
        let number = seq.to_string();
        let headers = [("Seq", number.as_str()), ("Time", "2026-11-20 12:35:01"), ("ID", "2")];
        let said = [&headers[..], &[("clientID", "bob"), ("Text", &text)]].concat();
        wire.sends(Block::text("SAID", &said));
        if seq % 50 == 0 {
            wire.asks("PING", &[("Token", &number)]);
            wire.gets("PONG").has_exactly(&[("Token", &number)]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_is_paused_stops_nobody_and_is_whole_again() {
    let server = Server::start(&["--rate", "0"]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    alice.has_output(OutputMode::Paused);
    let text = "x".repeat(1900);
    for _ in 0..ROUNDS {
        bob.types(&text);
    }
    // Nobody carries her keys either, but she answers calls.
    bob.asks("/chat alice", "is open (verified, encrypted; compare ");
    alice.has_output(OutputMode::Read);
    alice.sees(" lines were not shown: ");
    alice.presses("half a line").shows(&["[room; /msg: bob] > half a line"], 31);
}

#[test]
fn what_a_healthy_reader_takes_is_shown_whole() {
    let (_server, alice, bob) = alice_calls_bob(&["--rate", "0"]);
    let caller = alice.is_called_by("caller");
    // More than the client keeps, as fast as it can come.
    let flood: String = (0..20_000).map(|number| format!("line number {number}\r\n")).collect();
    assert_eq!(caller.floods(&flood, 1), 1);
    for number in 0..20_000 {
        let line = alice.sees("(direct): line number ");
        assert!(line.ends_with(&format!(" {number}")), "{line} instead of {number}");
    }
    bob.says(&alice, "that was all");
}

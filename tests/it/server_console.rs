//! The server's terminal: what it prints, what may be typed, and how it is started and ended.

use std::io::Write;
use std::net::TcpListener;

use assert_cmd::Command;
use predicates::prelude::*;

use crate::driver::program::Around;
use crate::support::process::lasting_server;
use crate::support::{
    Folder, OutputMode, Program, Server, Wire, alice_joined, connected, two_joined,
};

/// The server's program.
const SERVER: &str = env!("CARGO_BIN_EXE_server");

#[test]
fn info_lists_the_clients() {
    let (server, _alice, _bob) = two_joined(&[]);
    server.asks("/info", "alice 127.0.0.1:20001");
    server.sees("bob 127.0.0.1:20002");
}

#[test]
fn a_kicked_client_is_told_and_so_are_the_others() {
    let (server, mut alice, mut bob) = two_joined(&[]);
    server.types("/kick BOB");
    bob.gets("BYE").has_exactly(&[("Reason", "kicked")]);
    bob.is_closed();
    alice.gets("LEFT").has_exactly(&[("ID", "2"), ("clientID", "bob"), ("Reason", "kicked")]);
    assert_eq!(alice.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn a_kicked_client_can_do_nothing_more() {
    let (server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    server.types("/kick bob");
    bob.skips_to("BYE");
    let more = "TELL\r\nPeer: alice\r\nText: revenge\r\n\r\nSAY\r\nText: revenge\r\n\r\n";
    // He is hung up on already, perhaps so far that he cannot even send this.
    let _ = bob.stream().write_all(more.as_bytes());
    bob.is_closed();
    alice.gets("LEFT");
    for _ in 0..50 {
        alice.speaks("peace").has(&[("Text", "peace")]);
    }
}

#[test]
fn kicking_nobody_and_nonsense_harm_nothing() {
    let (server, mut alice, mut bob) = two_joined(&[]);
    for line in
        ["/kick carol", "/kick", "/kick 99", "/nonsense", "hello", "", "   ", "/info", "\u{1b}[2J"]
    {
        server.types(line);
    }
    server.types_bytes(b"\xff\xfe\n/kick \xff\n");
    server.types("/info");
    // Both lists are seen, the one after the bad bytes, too.
    server.sees("bob 127.0.0.1:20002");
    server.sees("bob 127.0.0.1:20002");
    alice.speaks("all here");
    bob.gets("SAID");
}

#[test]
fn quit_says_goodbye_to_all_and_ends() {
    let (server, mut alice, mut bob) = two_joined(&[]);
    server.types("/quit");
    for wire in [&mut alice, &mut bob] {
        wire.gets("BYE").has_exactly(&[("Reason", "shutdown")]);
        wire.is_closed();
    }
    server.exits(0);
}

#[test]
fn quit_does_not_wait_for_who_says_nothing() {
    let server = Server::start(&[]);
    let _silent = server.connect("_silent");
    let mut half = server.connect("half");
    half.sends("REGISTER\r\nclientID: al");
    server.quits();
}

#[test]
fn the_end_of_the_input_closes_the_console_only() {
    let folder = Folder::fresh();
    let (server, address) = lasting_server(None, &folder);
    server.ends_input();
    let mut alice = Wire::connect("alice", address);
    alice.registers("alice", 20_001);
    alice.joins("alice");
    alice.speaks("still running");
    server.sees("still running");
}

#[test]
fn the_end_of_the_input_ends_the_server_if_that_is_wanted() {
    // The harness sets the variable.
    let (server, mut alice) = alice_joined(&[]);
    server.ends_input();
    alice.gets("BYE").has_exactly(&[("Reason", "shutdown")]);
    server.exits(0);
    let folder = Folder::fresh();
    let around = Around { variables: &[("CHAT_UNTIL_EOF", String::new())], shell: None };
    let arguments = ["--port", "0", "--until-eof"];
    let server = Program::start_within("server", "server", &arguments, &folder, around);
    server.sees("Server listening on 127.0.0.1:");
    server.ends_input();
    server.exits(0);
}

#[test]
fn a_line_that_is_too_long_is_no_command_and_what_follows_is_one() {
    let (server, mut alice) = alice_joined(&[]);
    server.types(&format!("/kick alice{}\n/info", " ".repeat(100_000)));
    server.sees_line("the line is too long");
    server.sees("alice 127.0.0.1:20001");
    alice.speaks("still here");
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_without_end_costs_neither_memory_nor_time() {
    use crate::support::process::Memory;

    let folder = Folder::fresh();
    let script = "ulimit -v 4000000; exec \"$0\" \"$@\" < /dev/zero";
    let (server, address) = lasting_server(Some(script), &folder);
    let memory = Memory::of(server.pid());
    server.sees_line("the line is too long");
    let mut alice = Wire::connect("alice", address);
    alice.registers("alice", 20_001);
    alice.joins("alice");
    for _ in 0..50 {
        alice.speaks("x");
    }
    memory.has_grown_by_less_than(16);
}

#[test]
fn stdout_has_a_line_for_each_registration() {
    let (server, mut wire) = connected(&[]);
    wire.registers("student1", 2000);
    server.sees_line("REGISTER: student1 from 127.0.0.1:2000 received");
    wire.registers("student1", 2500);
    server.sees_line("REGISTER: student1 from 127.0.0.1:2500 received");
}

#[test]
fn stdout_has_a_line_for_each_introduction() {
    let (server, mut wire) = connected(&[]);
    wire.registers("student1", 2500);
    wire.registers("student2", 2000);
    wire.obtains("BRIDGE", &[("clientID", "student2")]);
    server.sees_line("BRIDGE: student2 127.0.0.1:2000 student1 127.0.0.1:2500");
}

#[test]
fn stdout_has_a_line_for_each_message_with_the_address_it_came_from() {
    let (server, mut alice, mut bob) = two_joined(&[]);
    alice.speaks("Hello");
    server.sees_line(&format!("Received from {} (ID 1): Hello", alice.local()));
    bob.says("tab\there, \"quotes\" and 🦀");
    let expected =
        format!("Received from {} (ID 2): tab\\u{{9}}here, \"quotes\" and 🦀", bob.local());
    server.sees_line(&expected);
}

#[test]
fn what_would_turn_the_terminal_over_is_escaped() {
    let (server, mut alice) = alice_joined(&[]);
    alice.says("\u{1b}]0;owned\u{7}");
    alice.refuses("SAY", "bad-text");
    let marks = ["202a", "202e", "2066", "2069", "200b", "200e", "200f", "2028", "2029", "feff"];
    for mark in marks {
        let letter = char::from_u32(u32::from_str_radix(mark, 16).unwrap()).unwrap();
        alice.speaks(&format!("a{letter}b")).has(&[("Text", &format!("a{letter}b"))]);
        server.sees(&format!("(ID 1): a\\u{{{mark}}}b"));
    }
    // Joiners make families and words; they turn nothing over.
    alice.says("👨\u{200d}👩");
    server.sees("(ID 1): 👨\u{200d}👩");
    assert!(!server.output().contains("owned"), "{}", server.output());
}

#[test]
fn the_port_may_be_given_alone() {
    let folder = Folder::fresh();
    let program = Program::start("server 0", SERVER, &["0"], &folder);
    program.sees("Server listening on 127.0.0.1:");
    program.quits();
}

#[test]
fn bad_arguments_are_answered_with_the_usage() {
    let folder = Folder::fresh();
    let bad: [&[&str]; 27] = [
        &["--nonsense"],
        &["--port"],
        &["--port", "x"],
        &["--port", "65536"],
        &["-1"],
        &["here"],
        &["0", "0"],
        &["--port", "0", "--max-clients", "12001"],
        &["--port", "0", "--max-clients", "many"],
        &["--port", "0", "--relays", "6001"],
        &["--port", "0", "--relays", "-1"],
        &["--port", "0", "--rate", "-3"],
        &["--port", "0", "--rate-address", "-3"],
        &["--port", "0", "--ping", "x"],
        &["+0"],
        &["--port", "+5"],
        &["--port", ""],
        &["--port", "0", "--rate", "+3"],
        &["--port", "0", "--backlog", "+1000000"],
        &["--port", "0", "--host", ""],
        &["--port", "0", "--host", "[::1"],
        &["--port", "0", "--host", "::1]"],
        &["--port", "0", "--host", "[[::1]]"],
        &["--port", "0", "--host", "[127.0.0.1]"],
        &["--port", "0", "--host", "127.0.0.1:5555"],
        &["--port", "0", "--host", "local host"],
        &["--port", "0", "--until-eof=1"],
    ];
    for arguments in bad {
        let run = Command::new(SERVER).current_dir(folder.path()).args(arguments).assert();
        let usage = predicate::str::contains("usage").or(predicate::str::contains("Usage"));
        run.code(2).stdout("").stderr(usage.and(predicate::str::contains("panicked").not()));
    }
}

#[test]
fn a_taken_port_is_said_in_one_sentence() {
    let folder = Folder::fresh();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let run = Command::new(SERVER).current_dir(folder.path()).args(["--port", &port]).assert();
    let sentence = predicate::str::contains(format!("cannot bind {address}: "));
    let one = predicate::function(|text: &str| text.lines().count() == 1);
    run.code(1)
        .stdout("")
        .stderr(sentence.and(one).and(predicate::str::contains("panicked").not()));
}

#[test]
fn a_paused_terminal_stops_nobody() {
    let (server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    server.has_output(OutputMode::Paused);
    // Over a megabyte, where a pipe holds 64 KiB and the server keeps 256 more.
    let text = "x".repeat(1900);
    for _ in 0..600 {
        alice.speaks(&text);
        bob.gets("SAID");
    }
    server.has_output(OutputMode::Read);
    // What is printed while the terminal catches up may be dropped, so it is said until it is seen.
    for round in 0.. {
        alice.speaks(&format!("back {round}"));
        bob.gets("SAID");
        if server.output().contains("): back ") {
            break;
        }
        assert!(round < 100_000, "nothing is printed any more");
    }
}

#[test]
fn a_terminal_that_is_gone_stops_nobody() {
    let (server, mut alice, mut bob) = two_joined(&["--rate", "0"]);
    server.has_output(OutputMode::Closed);
    for number in 0..200 {
        alice.speaks(&format!("message {number}"));
        bob.gets("SAID");
    }
    server.types("/quit");
    bob.gets("BYE");
    server.exits(0);
}

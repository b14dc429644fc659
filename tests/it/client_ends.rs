//! How a client ends: /quit, the end of its input, and the end of whoever read its output.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::support::process;
use crate::support::{Client, Played, Program, Server, alice_alone, alice_calls_bob, free_port};

/// How long a client may take to end when nothing holds it: far less than any of its patience.
const QUICK: Duration = Duration::from_secs(8);

/// Demands that a client ends well and soon.
#[track_caller]
fn ends_quickly(client: &Client) {
    let since = Instant::now();
    client.exits(0);
    assert!(since.elapsed() < QUICK, "it took {:?}", since.elapsed());
}

/// A client in a script: all that it is given is typed at once, and that is the end of its input.
fn script(name: &str, server: &Server, input: &[u8]) -> Program {
    let client = Client::with_args(&[name, "0", &server.address().to_string()]);
    client.types_bytes(input);
    client.ends_input();
    client
}

#[test]
fn quit_in_the_middle_of_a_chat_ends_at_once_and_is_told() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.types("/quit");
    ends_quickly(&alice);
    bob.sees("alice ended the chat");
    carol.sees_line("alice left (quit)");
}

#[test]
fn the_last_words_before_quit_arrive() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.types_bytes(b"to all\n/msg to bob\n/quit\n/msg too late\ntoo late\n");
    bob.sees_line("alice (direct): to bob");
    bob.sees_without("too late", "alice ended the chat");
    carol.sees(" alice: to all");
    carol.sees_without("too late", "alice left (quit)");
    ends_quickly(&alice);
}

#[test]
fn leaving_is_not_taken_for_a_loss() {
    let server = Server::start(&[]);
    for _ in 0..20 {
        let alice = Client::joined("alice", &server);
        alice.quits();
        server.sees("alice left (quit)");
        assert!(!alice.output().contains("trying again"), "{}", alice.output());
    }
}

#[test]
fn leaving_is_no_loss_while_a_peer_keeps_its_connection() {
    let server = Server::start(&[]);
    let theirs = Played::open();
    let alice = Client::joined("alice", &server);
    alice.types(&format!("/chat {}", theirs.address()));
    let mut wire = theirs.accepts("the other side");
    wire.gets("CHAT");
    alice.sees("is open");
    alice.types("/quit");
    // The server hangs up long before this one does.
    server.sees("alice left (quit)");
    ends_quickly(&alice);
    assert!(!alice.output().contains("the server"), "{}", alice.output());
    assert_eq!(wire.line(), "QUIT");
}

#[test]
fn the_end_of_the_input_is_a_quit() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.ends_input();
    ends_quickly(&alice);
    bob.sees("alice ended the chat");
    carol.sees_line("alice left (quit)");
}

#[test]
fn a_script_of_a_thousand_lines_is_said_in_order() {
    let (server, alice) = alice_alone(&["--rate", "0"]);
    let lines: Vec<String> = (0..1_000).map(|number| format!("line {number}\n")).collect();
    let bob = script("bob", &server, lines.concat().as_bytes());
    for number in 0..1_000 {
        let line = alice.sees(" bob: ");
        assert!(line.ends_with(&format!(" bob: line {number}")), "{line} instead of {number}");
    }
    alice.sees_line("bob left (quit)");
    bob.exits(0);
    assert!(!bob.output().contains("not delivered"), "{}", bob.output());
}

#[test]
fn a_script_of_a_thousand_lines_to_a_peer_is_said_in_order() {
    let (server, alice) = alice_alone(&[]);
    let lines: Vec<String> = (0..1_000).map(|number| format!("/msg line {number}\n")).collect();
    let bob = script("bob", &server, format!("/chat alice\n{}", lines.concat()).as_bytes());
    alice.sees("Incoming chat request from bob ");
    for number in 0..1_000 {
        let line = alice.sees("bob (direct): ");
        assert_eq!(line, format!("bob (direct): line {number}"));
    }
    bob.exits(0);
    alice.sees("bob ended the chat");
}

#[test]
fn a_script_calls_and_speaks_and_ends() {
    let (server, alice) = alice_alone(&[]);
    let bob = script("bob", &server, b"to all\n/chat alice\n/msg one\n/msg two\nto all again");
    let mut heard: Vec<String> = (0..4).map(|_| alice.sees(": ")).collect();
    heard.retain(|line| !line.starts_with("Incoming"));
    let direct: Vec<&String> = heard.iter().filter(|line| line.contains("(direct)")).collect();
    assert_eq!(direct, ["bob (direct): one", "bob (direct): two"], "{heard:?}");
    assert!(heard.iter().any(|line| line.ends_with(" bob: to all")), "{heard:?}");
    assert!(heard.iter().any(|line| line.ends_with(" bob: to all again")), "{heard:?}");
    bob.exits(0);
}

#[test]
fn a_script_to_a_listener_of_somebody_else_waits_and_is_sent() {
    let server = Server::start(&[]);
    let theirs = Played::open();
    let bob = script(
        "bob",
        &server,
        format!("/chat {}\n/msg one\n/msg two\n", theirs.address()).as_bytes(),
    );
    let mut wire = theirs.accepts("the other side");
    wire.gets("CHAT");
    wire.gets_bytes("one\r\ntwo\r\nQUIT\r\n\r\n");
    wire.is_closed();
    bob.exits(0);
}

#[test]
fn a_script_whose_call_fails_says_what_was_not_delivered() {
    let server = Server::start(&[]);
    let theirs = Played::open();
    let _bob = server.joined("bob", theirs.port());
    let alice = script("alice", &server, b"/chat bob\n/msg one\n/msg two\n/id\n");
    let mut call = theirs.accepts("the other side");
    call.gets("CHAT");
    alice.sees("you are alice");
    call.ends();
    for text in ["one", "two"] {
        let line = alice.sees(&format!(": {text}"));
        assert!(line.starts_with("not delivered to bob"), "{line}");
    }
    alice.exits(1);
}

#[test]
fn a_script_without_a_server_says_what_was_not_said() {
    let bob = Client::with_args(&["bob", "0", &format!("127.0.0.1:{}", free_port())]);
    bob.types_bytes(b"is anybody there?\n");
    bob.ends_input();
    bob.exits(1);
    assert!(bob.output().contains("is anybody there?"), "{}", bob.output());
    assert_eq!(bob.errors(), "");
}

#[test]
fn the_end_of_its_output_ends_it_without_a_word() {
    let server = Server::start(&[]);
    let mut alice = Piped::start(&server);
    let mut lines = BufReader::new(alice.0.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with("alice running on "), "{first}");
    // `client | head -1`: the reader is gone while the client goes on.
    drop(lines);
    let _bob = Client::joined("bob", &server);
    let mut errors = String::new();
    alice.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(errors, "");
    let status = alice.0.wait().unwrap();
    assert!(status.code().is_some(), "{status}");
}

/// A client whose output the test holds itself.
struct Piped(Child);

impl Piped {
    fn start(server: &Server) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
        command.args(["alice", "0", &server.address().to_string()]).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        // It has ended already if all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn quit_does_not_wait_for_a_server_that_stands_still() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    process::signal(server.pid(), "STOP");
    alice.types_bytes(b"anybody?\n/msg the server stands still\n/quit\n");
    bob.sees_line("alice (direct): the server stands still");
    bob.sees_line("alice ended the chat");
    let since = Instant::now();
    let (lines, code) = alice.ends();
    assert!(since.elapsed() < QUICK, "it took {:?}", since.elapsed());
    // The server may have answered just before it stood still.
    let unconfirmed = lines.iter().any(|line| line == "not confirmed: anybody?");
    assert_eq!(code, i32::from(unconfirmed), "{lines:?}");
    bob.types("/quit");
    ends_quickly(&bob);
}

#[cfg(unix)]
#[test]
fn quit_does_not_wait_for_a_peer_that_stands_still() {
    use crate::support::alice_and_bob;

    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.types("/chat bob");
    alice.tells(&bob, "hi");
    process::signal(bob.pid(), "STOP");
    // Small enough to fit into the socket: it is sent, and nobody reads it.
    for number in 0..20 {
        alice.types(&format!("/msg number {number}"));
    }
    alice.says(&carol, "the room goes on");
    alice.types("/quit");
    ends_quickly(&alice);
    carol.sees_line("alice left (quit)");
}

//! Our client calls somebody else's: it waits between CHAT and its first line, and expects no CHAT back.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::support::{Client, Played, Server, Wire, alice_alone};

/// Two pieces that come this far apart are two: a client that does not wait never does that.
const APART: Duration = Duration::from_millis(200);

/// A client in the room, somebody else's listener, and the connection after it has called there.
#[track_caller]
fn calls(first: &str) -> (Server, Client, Played, Wire) {
    let (server, alice) = alice_alone(&[]);
    let theirs = Played::open();
    let call = format!("/chat {}\n/msg {first}\n", theirs.address());
    alice.types_bytes(call.as_bytes());
    let wire = theirs.accepts("the other side");
    (server, alice, theirs, wire)
}

#[test]
fn the_first_segment_holds_chat_and_the_text_comes_later() {
    // A busy machine may wake the reader when both are there: then that call shows nothing, and the next one may.
    for _ in 0..5 {
        let (_server, alice, _theirs, mut wire) = calls("first line");
        let mut bytes = [0; 4096];
        let count = wire.stream().read(&mut bytes).unwrap();
        let since = Instant::now();
        let expected =
            format!("CHAT\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: {}\r\n\r\n", alice.port());
        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
        assert!(text.starts_with(&expected), "{text:?}");
        if text == expected {
            assert_eq!(wire.line(), "first line");
            if since.elapsed() > APART {
                return;
            }
        }
    }
    panic!("the first line never came later than CHAT");
}

#[test]
fn lines_go_both_ways_without_a_chat_coming_back() {
    let (_server, alice, theirs, mut wire) = calls("Hello Alice");
    wire.gets("CHAT").has(&[("clientID", "alice")]);
    assert_eq!(wire.line(), "Hello Alice");
    let label = theirs.address();
    for round in 0..10 {
        wire.sends(format!("theirs {round}\r\n"));
        alice.sees_line(&format!("{label} (direct): theirs {round}"));
        alice.types(&format!("/msg ours {round}"));
        assert_eq!(wire.line(), format!("ours {round}"));
    }
    wire.sends("QUIT\r\n\r\n");
    alice.sees_line(&format!("{label} ended the chat"));
    wire.is_closed();
}

#[test]
fn our_end_is_quit_and_a_blank_line() {
    for command in ["/hangup", "/quit"] {
        let (_server, alice, _theirs, mut wire) = calls("bye");
        wire.gets("CHAT");
        wire.gets_bytes("bye\r\n");
        alice.types(command);
        wire.gets_bytes("QUIT\r\n\r\n");
        wire.is_closed();
    }
}

#[test]
fn a_listener_that_speaks_first_without_an_end_of_line_is_heard() {
    let (_server, alice, theirs, mut wire) = calls("hi");
    wire.sends("who is it?");
    alice.sees_line(&format!("{} (direct): who is it?", theirs.address()));
    wire.gets("CHAT");
    assert_eq!(wire.line(), "hi");
    wire.sends("ah");
    alice.sees_line(&format!("{} (direct): ah", theirs.address()));
    wire.sends("QUIT");
    alice.sees_line(&format!("{} ended the chat", theirs.address()));
}

#[test]
fn a_text_that_begins_with_quit_gets_a_space() {
    let (_server, alice, _theirs, mut wire) = calls("QUIT smoking");
    wire.gets("CHAT");
    wire.gets_bytes(" QUIT smoking\r\n");
    for (text, line) in [
        ("QUIT", " QUIT\r\n"),
        ("QUITTER", " QUITTER\r\n"),
        ("quit", "quit\r\n"),
        (" QUIT", " QUIT\r\n"),
    ] {
        alice.types(&format!("/msg {text}"));
        wire.gets_bytes(line);
    }
}

#[test]
fn a_text_that_looks_like_a_block_stays_a_line() {
    let (_server, alice, theirs, mut wire) = calls("CHAT");
    wire.gets("CHAT");
    wire.gets_bytes("CHAT\r\n");
    for text in ["clientID: eve", "GET / HTTP/1.1", "/msg", "BYE"] {
        alice.types(&format!("/msg {text}"));
        assert_eq!(wire.line(), text);
        wire.sends(format!("{text}\r\n"));
        alice.sees_line(&format!("{} (direct): {text}", theirs.address()));
    }
}

#[test]
fn a_listener_that_hangs_up_at_once_ends_the_chat() {
    let (_server, alice, theirs, mut wire) = calls("hi");
    wire.gets("CHAT");
    drop(wire);
    alice.sees(&format!("{} ended the chat", theirs.address()));
    alice.asks("/peers", "no direct chats");
    alice.asks_line("/msg and now?", "no direct chat: use /chat or /query first");
}

#[test]
fn nobody_is_connected_to_without_being_called() {
    let (server, alice) = alice_alone(&[]);
    let theirs = Played::open();
    let mut bob = server.joined("bob", theirs.port());
    alice.sees("bob joined");
    alice.asks("/bridge bob", "bob is at");
    alice.asks("/info", &format!("bob {}", theirs.address()));
    alice.asks("/peers", "no direct chats");
    bob.skips_to("CALL");
    alice.quits();
    assert!(!theirs.is_called(), "a connection without a word");
}

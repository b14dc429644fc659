//! Texts: whole, in order, as long as they may be, and told of when they did not arrive.

use crate::support::{Client, Played, Server, alice_alone, alice_and_bob, alice_calls_bob};

/// A text of exactly `bytes` bytes, most of its characters of more than one.
fn long(bytes: usize) -> String {
    let mut text = "añ😀ж漢".repeat(bytes / 12);
    text.push_str(&"x".repeat(bytes - text.len()));
    text
}

#[test]
fn unknown_commands_are_sent_nowhere() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    for line in
        ["/unknown", "/unknown text", "/MSG text", "/msgtext", "/", "/ text", "/say", "/msg"]
    {
        alice.types(line);
        let word = line.split(' ').next().unwrap();
        alice.sees(word);
    }
    alice.types("/msg directly");
    bob.sees_without("text", "alice (direct): directly");
    alice.types("to all");
    bob.sees_without("text", " alice: to all");
}

#[test]
fn two_slashes_send_one() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for text in ["/x", "/quit", "/", "/msg secret", "//x"] {
        alice.asks(&format!("/{text}"), &format!(" alice: {text}"));
        let line = bob.sees(&format!(" alice: {text}"));
        assert!(line.ends_with(&format!(" alice: {text}")), "{line}");
    }
}

#[test]
fn empty_lines_are_nothing() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types_bytes(b"\n\r\n   \nnot empty\r\n");
    let line = bob.sees_next();
    assert!(line.ends_with(" alice: not empty"), "{line:?}");
}

#[test]
fn three_fast_messages_stay_three() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    alice.types_bytes(b"/msg one\n/msg two\n/msg three\none\ntwo\nthree\n");
    // They come on two connections, so only the order within each is certain.
    let mut heard: Vec<String> = (0..6).map(|_| bob.sees("alice")).collect();
    heard.sort_by_key(|line| !line.contains("(direct)"));
    for (line, text) in heard.iter().zip(["one", "two", "three", "one", "two", "three"]) {
        assert!(line.ends_with(&format!(": {text}")), "{heard:?}");
    }
}

#[test]
fn two_thousand_bytes_arrive_whole() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let text = long(2_000);
    alice.types(&format!("/msg {text}"));
    bob.sees_line(&format!("alice (direct): {text}"));
    alice.types(&text);
    let line = bob.sees(" alice: ");
    assert!(line.ends_with(&format!(" alice: {text}")), "{line}");
}

#[test]
fn two_thousand_and_one_bytes_are_refused_with_a_sentence() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let text = long(2_001);
    for line in [text.clone(), format!("/msg {text}"), format!("/tell bob {text}")] {
        alice.asks(&line, "2000");
    }
    // Not even the terminal's own line is without a limit.
    alice.asks(&long(100_000), "4096");
    alice.types("/msg short");
    bob.sees_without("ж", "alice (direct): short");
    alice.types("short, too");
    bob.sees_without("ж", " alice: short, too");
}

#[test]
fn what_cannot_be_text_is_refused_with_a_sentence() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    for line in ["red \u{1b}[31m", "/msg red \u{1b}[31m", "bell \u{7}", "next\u{85}line"] {
        alice.asks(line, "control characters");
    }
    alice.types("/msg plain");
    bob.sees_without("red", "alice (direct): plain");
}

#[test]
fn what_is_typed_before_the_call_stands_is_kept_and_in_order() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let texts: Vec<String> = (0..50).map(|number| format!("/msg number {number}\n")).collect();
    alice.types_bytes(format!("/chat bob\n{}", texts.concat()).as_bytes());
    bob.sees("Incoming chat request from alice ");
    for number in 0..50 {
        assert_eq!(bob.sees_next(), format!("alice (direct): number {number}"));
    }
}

#[test]
fn what_is_typed_to_a_call_that_fails_is_said_to_be_undelivered() {
    let server = Server::start(&[]);
    let (alice, carol) = (Client::joined("alice", &server), Client::joined("carol", &server));
    let listener = Played::open();
    let _bob = server.joined("bob", listener.port());
    alice.types_bytes(b"/chat bob\n/msg one\n/msg two\n/id\n");
    let mut call = listener.accepts("the other side");
    call.gets("CHAT");
    alice.sees("you are alice");
    call.ends();
    for text in ["one", "two"] {
        let line = alice.sees(&format!(": {text}"));
        assert!(line.starts_with("not delivered to bob"), "{line}");
    }
    assert!(!alice.output().contains("Sent to"), "{}", alice.output());
    call.is_closed();
    alice.types("to all");
    carol.sees_without(": one", " alice: to all");
}

#[test]
fn a_text_is_called_sent_only_when_it_was() {
    let (_server, alice) = alice_alone(&[]);
    let mute = Played::open();
    alice.types(&format!("/chat {}", mute.address()));
    alice.types("/msg to the mute");
    let mut wire = mute.accepts("the other side");
    wire.gets("CHAT");
    assert_eq!(wire.line(), "to the mute");
    alice.sees(&format!("Sent to {}: to the mute", mute.address()));
    drop(wire);
    alice.sees(&format!("{} ended the chat", mute.address()));
}

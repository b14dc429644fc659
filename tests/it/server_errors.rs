//! Every ERROR code where it belongs, the order of the checks, and that the connection survives each.

use crate::support::{Wire, alice_joined, connected};

/// How far the connection has come, as alice (ID 1), before it asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Nothing,
    Register,
    /// Bob (ID 2) has only registered, carol (ID 3) has joined.
    Join,
}
use After::{Join, Nothing, Register};

/// Sends a request that must be refused, and shows that the connection goes on.
#[track_caller]
fn refused(wire: &mut Wire, request: impl AsRef<[u8]>, (kind, code): (&str, &str)) {
    wire.sends(request).refuses(kind, code);
    wire.hears_nothing();
}

/// Demands that these requests are all refused so. `*` stands for the TYPE of each.
fn all_refused<T: AsRef<[u8]>>(after: After, (kind, code): (&str, &str), requests: &[T]) {
    let (server, mut wire) = connected(&[]);
    if after != Nothing {
        wire.registers("alice", 20_001);
    }
    let mut _carol = None;
    if after == Join {
        wire.joins("alice");
        server.registered("bob", 20_002);
        _carol = Some(server.joined("carol", 20_003));
        wire.gets("JOINED");
    }
    for request in requests {
        let text = String::from_utf8_lossy(request.as_ref());
        let kind = if kind == "*" { text.lines().next().unwrap_or_default() } else { kind };
        refused(&mut wire, request, (kind, code));
    }
}

/// A REGISTER with this name and port.
fn register(name: &str, port: &str) -> String {
    format!("REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\n\r\n")
}

/// A line that is too long.
fn long() -> String {
    "x".repeat(5000)
}

/// A value that fits into a line of a request, but not behind more words in a line of the answer.
fn longest() -> String {
    "x".repeat(4084)
}

/// Texts that nobody may say.
const BAD_TEXTS: [&str; 8] =
    ["", "\u{1b}[2J", "bell\u{7}", "a\rb", "\u{7f}", "\u{80}", "\u{9b}31m", "back\u{8}space"];

table! { all_refused:
    a_type_that_is_none_is_malformed(Nothing, ("", "malformed"),
        &["ping", "PING!", "Token: 1", "PING PONG", "ABCDEFGHIJKLMNOPQ", "PÏNG", " PING"]
            .map(|line| format!("{line}\r\nToken: no\r\n\r\n")));
    an_unknown_type_says_so(Nothing, ("*", "unknown-type"),
        &["HELLO", "HELLO\r\nText: x", "X\r\nText: x", "ABCDEFGHIJKLMNOP\r\nText: x", "SAID\r\nText: x",
            "REGACK\r\nText: x", "CHAT\r\nText: x"].map(|lines| format!("{lines}\r\n\r\n")));
    bytes_that_are_no_text_are_malformed(Join, ("PING", "malformed"), &[
        &b"PING\r\nToken: \xff\r\n\r\n"[..], b"PING\r\nX: \xc3\r\nToken: no\r\n\r\n",
        b"PING\r\nToken: a\0b\r\n\r\n", b"PING\r\nToken: a\rb\r\n\r\n", b"PING\r\nX: \xed\xa0\x80\r\n\r\n",
    ]);
    bytes_that_are_no_type_are_malformed(Join, ("", "malformed"), &[b"P\xffNG\r\nToken: no\r\n\r\n"]);
    bytes_that_are_no_text_are_a_bad_text_in_a_text(Join, ("SAY", "bad-text"), &[
        &b"SAY\r\nText: caf\xe9\r\n\r\n"[..], b"SAY\r\nText: a\0b\r\n\r\n", b"SAY\r\nText: a\rb\r\n\r\n",
    ]);
    a_refusal_of_a_long_peer_keeps_to_the_limits_itself(Join, ("*", "no-such-client"), &[
        format!("TELL\r\nPeer: {}\r\nText: x\r\n\r\n", longest()),
        format!("BRIDGE\r\nclientID: alice\r\nPeer: {}\r\n\r\n", longest()),
    ]);
    a_refusal_of_a_long_header_keeps_to_the_limits_itself(Join, ("", "malformed"),
        &[format!("ping\r\nX-{}: 1\r\n\r\n", longest())]);
    a_missing_header_is_malformed(Nothing, ("*", "malformed"), &[
        "REGISTER\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n", "REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\n\r\n",
        "REGISTER\r\n\r\n", "BRIDGE\r\n\r\n", "JOIN\r\n\r\n",
    ]);
    a_missing_header_in_the_room_is_malformed(Join, ("*", "malformed"), &[
        "SAY\r\n\r\n", "SAY\r\nTexts: x\r\n\r\n", "TELL\r\nText: x\r\n\r\n", "TELL\r\nPeer: alice\r\n\r\n",
    ]);
    an_ill_formed_header_is_malformed(Join, ("BRIDGE", "malformed"),
        &["BRIDGE\r\nclientID: alice\r\nPeer: carol\r\nVia: pigeon\r\n\r\n"]);
    bad_names_are_refused(Nothing, ("REGISTER", "bad-name"),
        &["", "1", "42", "al ice", "a/b", "a:b", "é", "a\tb", "<b>", "a,b", "alice@home"]
            .map(|name| register(name, "20001")));
    reserved_names_are_refused(Nothing, ("REGISTER", "bad-name"),
        &["server", "Server", "SERVER", "you", "YOU", "me", "Me"].map(|name| register(name, "20001")));
    reserved_names_cannot_join_or_ask(Nothing, ("*", "bad-name"), &[
        "JOIN\r\nclientID: server\r\n\r\n", "JOIN\r\nclientID: YOU\r\n\r\n", "BRIDGE\r\nclientID: me\r\n\r\n",
    ]);
    bad_ports_are_refused(Nothing, ("REGISTER", "bad-port"),
        &["", "0", "80", "1023", "65536", "99999999999999999999", "-1", "http", "20001x", "2 0001"]
            .map(|port| register("alice", port)));
    bad_texts_to_all_are_refused(Join, ("SAY", "bad-text"),
        &BAD_TEXTS.map(|text| format!("SAY\r\nText: {text}\r\n\r\n")));
    bad_texts_to_one_are_refused(Join, ("TELL", "bad-text"),
        &BAD_TEXTS.map(|text| format!("TELL\r\nPeer: alice\r\nText: {text}\r\n\r\n")));
    who_has_not_joined_cannot_speak(Register, ("*", "not-joined"),
        &["SAY\r\nText: x\r\n\r\n", "TELL\r\nPeer: alice\r\nText: x\r\n\r\n"]);
    who_is_not_registered_cannot_join_or_ask(Nothing, ("*", "not-registered"),
        &["JOIN\r\nclientID: alice\r\n\r\n", "BRIDGE\r\nclientID: alice\r\n\r\n"]);
    who_is_registered_cannot_join_or_ask_for_another(Register, ("*", "not-registered"),
        &["JOIN\r\nclientID: bob\r\n\r\n", "BRIDGE\r\nclientID: bob\r\nPeer: alice\r\n\r\n"]);
    a_connection_joins_once(Join, ("JOIN", "already-joined"),
        &["JOIN\r\nclientID: alice\r\n\r\n", "JOIN\r\nclientID: bob\r\n\r\n"]);
    bridging_to_nobody_says_so(Register, ("BRIDGE", "no-such-client"),
        &["bob", "17", "0", "99999999999999999999999"]
            .map(|peer| format!("BRIDGE\r\nclientID: alice\r\nPeer: {peer}\r\n\r\n")));
    bridging_to_oneself_says_so(Register, ("BRIDGE", "self"),
        &["ALICE", "1"].map(|peer| format!("BRIDGE\r\nclientID: alice\r\nPeer: {peer}\r\n\r\n")));
    telling_somebody_who_is_not_in_the_room_fails(Join, ("TELL", "no-such-client"),
        &["bob", "2", "dave", "4"].map(|peer| format!("TELL\r\nPeer: {peer}\r\nText: x\r\n\r\n")));
    the_length_of_a_line_is_checked_before_the_type_and_the_state(Nothing, ("*", "too-long"),
        &[format!("HELLO\r\nX: {}\r\n\r\n", long()), format!("SAY\r\nText: {}\r\n\r\n", long())]);
    the_bytes_of_a_line_are_checked_before_the_type_and_the_state(Nothing, ("*", "malformed"),
        &["HELLO\r\nX: a\rb\r\n\r\n", "SAY\r\nX: \0\r\n\r\n"]);
    the_state_is_checked_before_the_headers(Nothing, ("*", "not-joined"), &[
        "SAY\r\n\r\n", "SAY\r\nText: \r\n\r\n", &format!("SAY\r\nText: {}\r\n\r\n", "x".repeat(2001)),
        "TELL\r\n\r\n",
    ]);
    the_state_in_the_room_is_checked_before_the_headers(Join, ("JOIN", "already-joined"),
        &["JOIN\r\n\r\n", "JOIN\r\nclientID: 7\r\n\r\n"]);
}

#[test]
fn good_names_and_ports_are_taken_and_the_port_of_the_server_is_not() {
    let (server, mut wire) = connected(&[]);
    for name in ["a", "A-z_0.9", "1a", "-", "...", "007x", "server2", "m", "youth"] {
        wire.registers(name, 20_001).has(&[("clientID", name)]);
    }
    let own = register("alice", &server.port().to_string());
    refused(&mut wire, own, ("REGISTER", "bad-port"));
    wire.registers("alice", 1024);
    wire.registers("bob", 65535);
}

#[test]
fn good_texts_are_said_as_they_are() {
    let (_server, mut alice) = alice_joined(&[]);
    let odd = ["tab\there", "\u{202e}turned", "\u{ad}\u{200b}\u{feff}", " ", "  two before"];
    for text in odd.into_iter().chain(["Text: x", "\\u{1b}"]) {
        alice.speaks(text).has(&[("Text", text)]);
    }
}

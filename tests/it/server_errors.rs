//! Every ERROR code where it belongs, the order of the checks, and that the connection survives each.

use crate::stage::{Server, Wire, alice_joined, connected, two_joined};

/// Sends a request that must be refused, and shows that the connection goes on.
#[track_caller]
fn refused(wire: &mut Wire, request: &str, (kind, code): (&str, &str)) {
    wire.sends(request);
    wire.refuses(kind, code);
    wire.hears_nothing();
}

/// A request to register.
fn register(name: &str, port: &str) -> String {
    format!("REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\n\r\n")
}

#[test]
fn a_type_that_is_none_is_malformed() {
    let (_server, mut wire) = connected(&[]);
    for line in ["ping", "PING!", "Token: 1", "PING PONG", "ABCDEFGHIJKLMNOPQ", "PÏNG", " PING"] {
        refused(&mut wire, &format!("{line}\r\nToken: no\r\n\r\n"), ("", "malformed"));
    }
}

#[test]
fn an_unknown_type_says_so() {
    let (_server, mut wire) = connected(&[]);
    for kind in ["HELLO", "X", "ABCDEFGHIJKLMNOP", "SAID", "REGACK", "CHAT"] {
        refused(&mut wire, &format!("{kind}\r\nText: x\r\n\r\n"), (kind, "unknown-type"));
    }
}

#[test]
fn bytes_that_are_no_text_are_malformed() {
    let server = Server::start(&[]);
    let mut wire = server.joined("alice", 20_001);
    let bad: [&[u8]; 5] = [
        b"PING\r\nToken: \xff\r\n\r\n",
        b"PING\r\nX: \xc3\r\nToken: no\r\n\r\n",
        b"PING\r\nToken: a\0b\r\n\r\n",
        b"PING\r\nToken: a\rb\r\n\r\n",
        b"PING\r\nX: \xed\xa0\x80\r\n\r\n",
    ];
    for bytes in bad {
        wire.sends(bytes);
        wire.refuses("PING", "malformed");
        wire.hears_nothing();
    }
    wire.sends(b"P\xffNG\r\nToken: no\r\n\r\n");
    wire.refuses("", "malformed");
    wire.hears_nothing();
}

#[test]
fn bytes_that_are_no_text_are_a_bad_text_in_a_text() {
    let (_server, mut alice) = alice_joined(&[]);
    let bad: [&[u8]; 3] = [b"caf\xe9", b"a\0b", b"a\rb"];
    for bytes in bad {
        alice.sends([b"SAY\r\nText: ", bytes, b"\r\n\r\n"].concat());
        alice.refuses("SAY", "bad-text");
        alice.hears_nothing();
    }
}

#[test]
fn a_refusal_keeps_to_the_limits_itself() {
    let (_server, mut alice) = alice_joined(&[]);
    // 4,090 bytes fit into a line of a request, but not behind more words in a line of the answer.
    let long = "x".repeat(4084);
    alice.sends(format!("TELL\r\nPeer: {long}\r\nText: x\r\n\r\n"));
    alice.refuses("TELL", "no-such-client");
    alice.sends(format!("BRIDGE\r\nclientID: alice\r\nPeer: {long}\r\n\r\n"));
    alice.refuses("BRIDGE", "no-such-client");
    alice.sends(format!("ping\r\nX-{long}: 1\r\n\r\n"));
    alice.refuses("", "malformed");
    alice.hears_nothing();
}

#[test]
fn a_missing_header_is_malformed() {
    let (server, mut wire) = connected(&[]);
    refused(
        &mut wire,
        "REGISTER\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n",
        ("REGISTER", "malformed"),
    );
    refused(
        &mut wire,
        "REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\n\r\n",
        ("REGISTER", "malformed"),
    );
    refused(&mut wire, "REGISTER\r\n\r\n", ("REGISTER", "malformed"));
    refused(&mut wire, "BRIDGE\r\n\r\n", ("BRIDGE", "malformed"));
    refused(&mut wire, "JOIN\r\n\r\n", ("JOIN", "malformed"));
    let mut alice = server.joined("alice", 20_001);
    refused(&mut alice, "SAY\r\n\r\n", ("SAY", "malformed"));
    refused(&mut alice, "SAY\r\nTexts: x\r\n\r\n", ("SAY", "malformed"));
    refused(&mut alice, "TELL\r\nText: x\r\n\r\n", ("TELL", "malformed"));
    refused(&mut alice, "TELL\r\nPeer: alice\r\n\r\n", ("TELL", "malformed"));
}

#[test]
fn an_ill_formed_header_is_malformed() {
    let (_server, mut alice, _bob) = two_joined(&[]);
    let bridge = "BRIDGE\r\nclientID: alice\r\nPeer: bob\r\nVia: pigeon\r\n\r\n";
    refused(&mut alice, bridge, ("BRIDGE", "malformed"));
}

#[test]
fn bad_names_are_refused() {
    let (_server, mut wire) = connected(&[]);
    for name in ["", "1", "42", "al ice", "a/b", "a:b", "é", "a\tb", "<b>", "a,b", "alice@home"] {
        refused(&mut wire, &register(name, "20001"), ("REGISTER", "bad-name"));
    }
    for name in ["a", "A-z_0.9", "1a", "-", "...", "007x"] {
        wire.registers(name, 20_001).has(&[("clientID", name)]);
    }
}

#[test]
fn bad_ports_are_refused() {
    let (server, mut wire) = connected(&[]);
    let own = server.port().to_string();
    for port in [
        "",
        "0",
        "80",
        "1023",
        "65536",
        "99999999999999999999",
        "-1",
        "http",
        "20001x",
        "2 0001",
        &own,
    ] {
        refused(&mut wire, &register("alice", port), ("REGISTER", "bad-port"));
    }
    wire.registers("alice", 1024);
    wire.registers("bob", 65535);
}

#[test]
fn bad_texts_are_refused() {
    let (_server, mut alice) = alice_joined(&[]);
    for text in
        ["", "\u{1b}[2J", "bell\u{7}", "a\rb", "\u{7f}", "\u{80}", "\u{9b}31m", "back\u{8}space"]
    {
        refused(&mut alice, &format!("SAY\r\nText: {text}\r\n\r\n"), ("SAY", "bad-text"));
        refused(
            &mut alice,
            &format!("TELL\r\nPeer: alice\r\nText: {text}\r\n\r\n"),
            ("TELL", "bad-text"),
        );
    }
    for text in [
        "tab\there",
        "\u{202e}turned",
        "\u{ad}\u{200b}\u{feff}",
        " ",
        "  two before",
        "Text: x",
        "\\u{1b}",
    ] {
        alice.says(text);
        alice.gets("SAID").has(&[("Text", text)]);
    }
}

#[test]
fn who_has_not_joined_cannot_speak() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001);
    refused(&mut wire, "SAY\r\nText: x\r\n\r\n", ("SAY", "not-joined"));
    refused(&mut wire, "TELL\r\nPeer: alice\r\nText: x\r\n\r\n", ("TELL", "not-joined"));
}

#[test]
fn who_is_not_registered_cannot_join_or_ask() {
    let (_server, mut wire) = connected(&[]);
    refused(&mut wire, "JOIN\r\nclientID: alice\r\n\r\n", ("JOIN", "not-registered"));
    refused(&mut wire, "BRIDGE\r\nclientID: alice\r\n\r\n", ("BRIDGE", "not-registered"));
    wire.registers("alice", 20_001);
    refused(&mut wire, "JOIN\r\nclientID: bob\r\n\r\n", ("JOIN", "not-registered"));
    refused(
        &mut wire,
        "BRIDGE\r\nclientID: bob\r\nPeer: alice\r\n\r\n",
        ("BRIDGE", "not-registered"),
    );
}

#[test]
fn a_connection_joins_once() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001);
    wire.registers("bob", 20_002);
    wire.joins("alice");
    refused(&mut wire, "JOIN\r\nclientID: alice\r\n\r\n", ("JOIN", "already-joined"));
    refused(&mut wire, "JOIN\r\nclientID: bob\r\n\r\n", ("JOIN", "already-joined"));
}

#[test]
fn bridging_to_nobody_and_to_oneself_says_which() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001);
    let ask = |peer: &str| format!("BRIDGE\r\nclientID: alice\r\nPeer: {peer}\r\n\r\n");
    refused(&mut wire, &ask("bob"), ("BRIDGE", "no-such-client"));
    refused(&mut wire, &ask("17"), ("BRIDGE", "no-such-client"));
    refused(&mut wire, &ask("0"), ("BRIDGE", "no-such-client"));
    refused(&mut wire, &ask("99999999999999999999999"), ("BRIDGE", "no-such-client"));
    refused(&mut wire, &ask("ALICE"), ("BRIDGE", "self"));
    refused(&mut wire, &ask("1"), ("BRIDGE", "self"));
}

#[test]
fn telling_somebody_who_is_not_in_the_room_fails() {
    let (server, mut alice) = alice_joined(&[]);
    server.connect("somebody").registers("bob", 20_002);
    for peer in ["bob", "2", "carol", "3"] {
        let request = format!("TELL\r\nPeer: {peer}\r\nText: x\r\n\r\n");
        refused(&mut alice, &request, ("TELL", "no-such-client"));
    }
}

#[test]
fn framing_is_checked_before_the_type_and_the_type_before_the_state() {
    let (_server, mut wire) = connected(&[]);
    let long = "x".repeat(5000);
    refused(&mut wire, &format!("HELLO\r\nX: {long}\r\n\r\n"), ("HELLO", "too-long"));
    refused(&mut wire, &format!("SAY\r\nText: {long}\r\n\r\n"), ("SAY", "too-long"));
    refused(&mut wire, "HELLO\r\nX: a\rb\r\n\r\n", ("HELLO", "malformed"));
    refused(&mut wire, "SAY\r\nX: \0\r\n\r\n", ("SAY", "malformed"));
    refused(&mut wire, "HELLO\r\n\r\n", ("HELLO", "unknown-type"));
}

#[test]
fn the_state_is_checked_before_the_headers() {
    let (server, mut wire) = connected(&[]);
    let long = "x".repeat(2001);
    refused(&mut wire, "SAY\r\n\r\n", ("SAY", "not-joined"));
    refused(&mut wire, "SAY\r\nText: \r\n\r\n", ("SAY", "not-joined"));
    refused(&mut wire, &format!("SAY\r\nText: {long}\r\n\r\n"), ("SAY", "not-joined"));
    refused(&mut wire, "TELL\r\n\r\n", ("TELL", "not-joined"));
    let mut alice = server.joined("alice", 20_001);
    refused(&mut alice, "JOIN\r\n\r\n", ("JOIN", "already-joined"));
    refused(&mut alice, "JOIN\r\nclientID: 7\r\n\r\n", ("JOIN", "already-joined"));
}

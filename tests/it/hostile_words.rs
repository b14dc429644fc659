//! Claims, closing words, and limits of what is remembered: what somebody says is not what is so.

use std::io::Write;

use crate::support::{Server, Wire, alice_joined, connected, two_joined};

#[test]
fn a_full_server_is_understood_by_who_has_spoken_first() {
    let server = Server::start(&["--max-clients", "1"]);
    let mut first = server.connect("first");
    first.hears_nothing();
    for _ in 0..5 {
        let mut wire = server.connect("wire");
        // All this is unread when the server hangs up, and must not take back what it has said.
        wire.stream().write_all(&b"PING\r\nToken: hello\r\n\r\n".repeat(1000)).unwrap();
        wire.refuses("", "server-full");
        wire.is_closed();
    }
}

#[test]
fn the_last_words_reach_who_was_still_talking() {
    let (server, mut alice, mut bob) = two_joined(&["--rate", "1"]);
    // More than the server reads at once, of which it executes five.
    bob.sends("SAY\r\nText: flood\r\n\r\n".repeat(20_000));
    alice.gets("SAID");
    server.types("/kick bob");
    alice.skips_to("LEFT").has(&[("clientID", "bob"), ("Reason", "kicked")]);
    bob.skips_to("BYE").has_exactly(&[("Reason", "kicked")]);
    bob.is_closed();
    alice.speaks("the next").has(&[("Text", "the next")]);
}

#[test]
fn what_was_wrong_is_told_to_who_has_not_stopped_sending() {
    let (server, mut wire) = connected(&["--register-timeout", "1"]);
    let flood = "x".repeat(3 << 20);
    let _ = wire.stream().write_all(format!("PING\r\nX: {flood}").as_bytes());
    wire.refuses("PING", "too-long");
    wire.is_closed();
    let mut late = server.connect("late");
    late.sends("NONSENSE\r\n\r\nREGIS");
    late.refuses("NONSENSE", "unknown-type");
    late.is_closed();
}

#[test]
fn the_end_of_the_server_reaches_who_was_still_talking() {
    let (server, mut alice) = alice_joined(&["--rate", "1"]);
    alice.sends("SAY\r\nText: flood\r\n\r\n".repeat(20_000));
    alice.gets("SAID");
    server.types("/quit");
    alice.skips_to("BYE").has_exactly(&[("Reason", "shutdown")]);
    alice.is_closed();
    server.exits(0);
}

#[test]
fn names_that_only_look_alike_are_refused() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001);
    for name in [
        "\u{430}lice",
        "al\u{131}ce",
        "alic\u{435}",
        "\u{ff41}lice",
        "alice\u{200b}",
        "ali\u{301}ce",
        "a\u{202e}ecil",
        "alice\u{a0}",
        "alice.\u{feff}",
        "\u{661}",
    ] {
        let headers = [("clientID", name), ("IP", ""), ("Port", "20002")];
        wire.asks("REGISTER", &headers);
        wire.refuses("REGISTER", "bad-name");
    }
    // White space around a value is none of the name; the name is alice's then.
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20001 1"]);
}

/// Everything under 127 is this machine on Linux, so there can be a bystander at another address.
#[cfg(target_os = "linux")]
#[test]
fn nobody_connects_to_an_address_that_was_only_claimed() {
    use crate::support::{Client, Played};

    let server = Server::start(&[]);
    let eve = Played::open();
    let bystander = std::net::TcpListener::bind(("127.0.0.2", eve.port())).unwrap();
    bystander.set_nonblocking(true).unwrap();
    let port = eve.port().to_string();
    let mut wire = server.connect("wire");
    wire.asks("REGISTER", &[("clientID", "eve"), ("IP", "127.0.0.2"), ("Port", &port)]);
    wire.gets("REGACK").has(&[("IP", "127.0.0.1")]);
    wire.joins("eve");
    let alice = Client::joined("alice", &server);
    wire.skips_to("JOINED");
    for command in ["/bridge eve", "/chat eve"] {
        alice.types(command);
        wire.gets("CALL");
    }
    eve.accepts("the other side").gets("CHAT").has(&[("clientID", "alice")]);
    // Nor to one that a caller claims: what alice says goes back on the caller's own connection.
    let mut caller = alice.is_called_by("caller");
    caller
        .sends(format!("CHAT\r\nclientID: mallory\r\nIP: 127.0.0.2\r\nPort: {port}\r\n\r\nhi\r\n"));
    alice.sees("mallory? (direct): hi");
    alice.types("/peer mallory");
    alice.types("/msg to the caller");
    assert_eq!(caller.line(), "to the caller");
    let visit = bystander.accept();
    assert_eq!(visit.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// A room in which so many messages were said.
#[track_caller]
fn after(messages: u64) -> (Server, Wire) {
    let (server, mut alice) = alice_joined(&["--rate", "0"]);
    alice.speaks_often(messages);
    (server, alice)
}

/// Reads these messages out of what was said before.
#[track_caller]
fn is_told(wire: &mut Wire, seqs: impl IntoIterator<Item = u64>) {
    for seq in seqs {
        let (text, seq) = (format!("message {seq}"), seq.to_string());
        wire.gets_told().has(&[("Seq", &seq), ("Text", &text), ("Replay", "yes")]);
    }
}

#[test]
fn history_has_two_hundred_at_a_time_and_a_thousand_at_all() {
    let (server, mut alice) = after(1_100);
    let asked = [
        (vec![("Last", "199")], 902, 1_100_u64),
        (vec![("Last", "201")], 901, 1_100),
        (vec![("Last", "18446744073709551615")], 901, 1_100),
        (vec![("Last", "1"), ("Before", "18446744073709551615")], 1_100, 1_100),
        (vec![("Before", "1101"), ("Last", "2")], 1_099, 1_100),
        (vec![("Before", "103"), ("Last", "10")], 101, 102),
        (vec![("Before", "101")], 1, 0),
        (vec![("Before", "0")], 1, 0),
        (vec![("Last", "0")], 1, 0),
    ];
    for (headers, first, last) in asked {
        alice.asks("HISTORY", &headers);
        is_told(&mut alice, first..=last);
        let (count, none) = (last + 1 - first, last < first);
        let (first, last) = if none { (0, 0) } else { (first, last) };
        alice.gets("HISTORYACK").has_exactly(&[
            ("Count", &count.to_string()),
            ("First", &first.to_string()),
            ("Last", &last.to_string()),
        ]);
    }
    // The same after a restart, from the log; and who asks for more is told how much there is not.
    let server = server.starts_again();
    let mut bob = server.registered("bob", 20_002);
    bob.obtains("JOIN", &[("clientID", "bob"), ("Since", "50")])
        .has(&[("Seq", "1100"), ("Missed", "50")]);
    is_told(&mut bob, 101..=1_100);
    bob.hears_nothing();
}

/// Somebody joins who has seen more than there is, and is given nothing.
#[track_caller]
fn has_seen(server: &Server, since: &str) {
    let mut bob = server.registered("bob", 20_002);
    bob.obtains("JOIN", &[("clientID", "bob"), ("Since", since)])
        .has(&[("Seq", "3"), ("Missed", "0")]);
    bob.hears_nothing().asks("QUIT", &[]).is_closed();
}

#[test]
fn numbers_that_nobody_has_reached_harm_nobody() {
    let (server, mut alice) = after(3);
    for since in ["4", "9223372036854775807", "18446744073709551614"] {
        has_seen(&server, since);
    }
    for number in ["18446744073709551616", "99999999999999999999", "-1", "0x10", ""] {
        alice.asks("HISTORY", &[("Before", number)]);
        alice.skips_to("ERROR").has(&[("For", "HISTORY"), ("Code", "malformed")]);
        for kind in ["BRIDGE", "TELL"] {
            alice.asks(kind, &[("clientID", "alice"), ("Peer", number), ("Text", "x")]);
            alice.skips_to("ERROR").has(&[("For", kind)]);
        }
    }
}

#[test]
fn the_last_number_that_there_is_harms_nobody() {
    let (server, mut alice) = after(3);
    has_seen(&server, &u64::MAX.to_string());
    alice.says("still here");
    alice.skips_to("SAID").has(&[("Seq", "4")]);
}

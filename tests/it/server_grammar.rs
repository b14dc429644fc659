//! The grammar from the outside: blocks cut anywhere, line ends, headers in any order, and browsers.

use crate::support::{Dice, Server, alice_joined, connected};

/// A conversation in requests, and what it is answered with; written so that a careless reader trips.
fn conversation() -> (String, String) {
    let requests = [
        "REGISTER\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n",
        "\r\n\r\nPING\nToken: PING\n\n",
        "PING\r\ntoken:no-space\r\nX-Unknown: Token: no\r\nToken: second\r\n\r\n",
        "INFO\r\nRequesting clients\r\n\r\n",
        "BRIDGE\r\nX: y\r\nCLIENTID: alice\r\n\r\n",
    ];
    let answers = [
        "REGACK\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 20001\r\nStatus: registered\r\nID: 1\r\n",
        "Expires: 3600\r\nRoom: yes\r\n\r\n",
        "PONG\r\nToken: PING\r\n\r\nPONG\r\nToken: no-space\r\n\r\n",
        "INFOACK\r\nAlice 127.0.0.1:20001 1\r\n\r\n",
        "BRIDGEACK\r\nclientID: \r\nIP: \r\nPort: \r\n\r\n",
    ];
    (requests.concat(), answers.concat())
}

#[test]
fn several_blocks_may_come_in_one_piece() {
    let server = Server::start(&[]);
    let (requests, answers) = conversation();
    let mut wire = server.connect("wire");
    wire.sends(&requests).gets_bytes(&answers);
    wire.hears_nothing();
}

#[test]
fn a_block_may_come_in_as_many_pieces_as_it_has_bytes() {
    let server = Server::start(&[]);
    let (requests, answers) = conversation();
    let mut wire = server.connect("wire");
    for byte in requests.as_bytes() {
        wire.sends([*byte]);
    }
    wire.gets_bytes(&answers);
    wire.hears_nothing();
}

#[test]
fn blocks_may_be_cut_and_merged_anywhere() {
    let mut dice = Dice::thrown();
    let (requests, answers) = conversation();
    for longest in [3, 20, 60, 200] {
        let (_server, mut wire) = connected(&[]);
        for piece in dice.cuts(requests.as_bytes(), longest) {
            wire.sends(piece);
        }
        wire.gets_bytes(&answers);
        wire.hears_nothing();
    }
}

#[test]
fn a_cut_text_arrives_whole() {
    let mut dice = Dice::thrown();
    let (_server, mut alice) = alice_joined(&["--rate", "0"]);
    let texts: Vec<String> =
        (0..30).map(|n| format!("{n}: \"é語🦀\" a:b  {}", "ß".repeat(n * 9))).collect();
    let all: Vec<String> =
        texts.iter().map(|text| format!("SAY\r\nText: {text}\r\n\r\n")).collect();
    let all = all.concat();
    for piece in dice.cuts(all.as_bytes(), 40) {
        alice.sends(piece);
    }
    for text in &texts {
        alice.gets("SAID").has(&[("Text", text)]);
    }
}

#[test]
fn lines_may_end_in_crlf_or_lf() {
    let (_server, mut wire) = connected(&[]);
    for (number, block) in
        ["PING\nToken: 0\n\n", "PING\r\nToken: 1\n\r\n", "PING\nToken: 2\r\n\n"].iter().enumerate()
    {
        wire.sends(block);
        wire.gets("PONG").has_exactly(&[("Token", &number.to_string())]);
    }
}

#[test]
fn headers_come_in_any_order_and_case_with_strangers_among_them() {
    let (_server, mut wire) = connected(&[]);
    wire.sends(
        "REGISTER\r\nport: 20001\r\nX-Colour: red\r\nIp:127.0.0.1\r\nCLIENTid: alice\r\n\r\n",
    );
    wire.gets("REGACK").has(&[("clientID", "alice"), ("Port", "20001"), ("ID", "1")]);
    wire.sends(
        "REGISTER\r\nPort:20002\r\nport: 20003\r\nclientID:bob\r\nclientID: eve\r\nIP:\r\n\r\n",
    );
    wire.gets("REGACK").has(&[("clientID", "bob"), ("Port", "20002"), ("ID", "2")]);
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20001 1", "bob 127.0.0.1:20002 2"]);
}

#[test]
fn other_lines_are_no_reason_to_refuse() {
    let (_server, mut wire) = connected(&[]);
    wire.sends("PING\r\nhello there\r\n: nothing\r\nToken: yes\r\nno header: at all\r\n\r\n");
    wire.gets("PONG").has_exactly(&[("Token", "yes")]);
}

#[test]
fn requests_are_answered_in_the_order_in_which_they_were_sent() {
    let server = Server::start(&["--rate", "0"]);
    let mut alice = server.connect("alice");
    alice.sends(concat!(
        "REGISTER\r\nclientID: alice\r\nIP: \r\nPort: 20001\r\n\r\n",
        "SAY\r\nText: too early\r\n\r\n",
        "JOIN\r\nclientID: alice\r\n\r\n",
        "PING\r\nToken: 1\r\n\r\n",
        "SAY\r\nText: one\r\n\r\n",
        "PING\r\nToken: 2\r\n\r\n",
        "SAY\r\nText: two\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "INFO\r\n\r\n",
        "SAY\r\nText: three\r\n\r\n",
    ));
    alice.gets("REGACK");
    alice.refuses("SAY", "not-joined");
    alice.gets("JOINACK");
    alice.gets("PONG").has_exactly(&[("Token", "1")]);
    alice.gets("SAID").has(&[("Text", "one")]);
    alice.gets("PONG").has_exactly(&[("Token", "2")]);
    alice.gets("SAID").has(&[("Text", "two")]);
    alice.refuses("NONSENSE", "unknown-type");
    assert_eq!(alice.gets("INFOACK").lines, ["alice 127.0.0.1:20001 1"]);
    alice.gets("SAID").has(&[("Text", "three")]);
}

#[test]
fn a_browser_is_hung_up_on_and_nothing_is_executed() {
    let server = Server::start(&[]);
    let smuggled = "REGISTER\r\nclientID: eve\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n";
    for first in [
        "GET / HTTP/1.1",
        "GET /x HTTP/1.0",
        "PRI * HTTP/2.0",
        "POST /chat?x=y HTTP/1.1",
        "REGISTER HTTP/1.1",
    ] {
        let mut browser = server.connect("browser");
        browser.sends(format!("{first}\r\nHost: 127.0.0.1:5555\r\n\r\n{smuggled}"));
        browser.is_closed();
    }
    let mut wire = server.connect("wire");
    assert_eq!(wire.lists(), [""; 0]);
}

#[test]
fn a_browser_is_known_by_its_first_line_alone() {
    let server = Server::start(&[]);
    let mut browser = server.connect("browser");
    browser.sends("GET / HTTP/1.1\r\n");
    browser.is_closed();
}

#[test]
fn only_a_first_line_makes_a_browser() {
    let (_server, mut alice) = alice_joined(&[]);
    alice.speaks("GET / HTTP/1.1").has(&[("Text", "GET / HTTP/1.1")]);
    alice.sends("PING\r\nGET / HTTP/1.1\r\nToken: 1\r\n\r\n");
    alice.gets("PONG");
    alice.sends(format!("SAY\r\nText: {} HTTP/1.1\r\n\r\n", "x".repeat(5000)));
    alice.refuses("SAY", "too-long");
    alice.hears_nothing();
}

#[test]
fn half_a_block_is_not_executed() {
    let server = Server::start(&[]);
    let mut half = server.connect("half");
    half.sends("REGISTER\r\nclientID: eve\r\nIP: 127.0.0.1\r\nPort: 20001\r\n").ends();
    half.is_closed();
    let mut wire = server.connect("wire");
    assert_eq!(wire.lists(), [""; 0]);
}

#[test]
fn what_was_asked_before_the_end_of_the_stream_is_answered() {
    let (_server, mut wire) = connected(&[]);
    wire.sends("REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\nINFO\r\n\r\n")
        .ends();
    wire.gets("REGACK");
    assert_eq!(wire.gets("INFOACK").lines, ["alice 127.0.0.1:20001 1"]);
    wire.is_closed();
}

#[test]
fn what_was_said_before_the_end_of_the_stream_is_answered_too() {
    for (last, end) in [("", true), ("QUIT\r\n\r\n", false)] {
        let (_server, mut wire) = connected(&[]);
        wire.sends(format!(
            "REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n\
             JOIN\r\nclientID: alice\r\n\r\nSAY\r\nText: hello and goodbye\r\n\r\n{last}"
        ));
        if end {
            wire.ends();
        }
        wire.gets("REGACK");
        wire.gets("JOINACK");
        wire.skips_to("SAID");
        wire.is_closed();
    }
}

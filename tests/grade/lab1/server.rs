//! The server reads requests, however they come.

use std::thread;
use std::time::Duration;

use crate::driver::block::Block;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::step;

/// A PING that a program which only swaps letters cannot answer, with its token.
fn ping(dice: &mut Dice) -> (String, String) {
    let token = dice.word();
    (Block::text("PING", &[("Colour", "blue"), ("Token", &token)]), token)
}

pub fn a_request_in_pieces_is_one_request(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let mut alice = server.connect("alice");

    step("alice sends a PING byte by byte; its Colour means nothing to anybody");
    let (request, token) = ping(dice);
    alice.sends_in_pieces(request, dice, 1);
    alice.gets("PONG").has_exactly(&[("Token", &token)]);

    step("half a request, a pause in the middle of its Token, the other half");
    let (request, token) = ping(dice);
    let half = request.len() - 5 - dice.below(10);
    alice.sends(&request[..half]);
    thread::sleep(Duration::from_millis(250));
    alice.sends(&request[half..]);
    alice.gets("PONG").has_exactly(&[("Token", &token)]);

    step("something that is no request of this protocol, in pieces");
    alice.sends_in_pieces(Block::text("WHISTLE", &[("Tune", "ode")]), dice, 5);
    alice.refuses("WHISTLE", "unknown-type");

    step("twenty more in pieces of up to 9 bytes, one after the other");
    for _ in 0..20 {
        let (request, token) = ping(dice);
        alice.sends_in_pieces(request, dice, 9);
        alice.gets("PONG").has_exactly(&[("Token", &token)]);
    }

    step("one more, and half of another, and the stream ends: half a request is none");
    let (request, token) = ping(dice);
    alice.sends(request + "PING\r\nToken: half\r\n").ends();
    alice.gets("PONG").has_exactly(&[("Token", &token)]);
    alice.is_closed();

    step(
        "a CR in place of the blank line, and the stream ends: that line has no end, so it is none",
    );
    let (request, token) = ping(dice);
    let mut bob = server.connect("bob");
    bob.sends(request + "PING\r\nToken: half\r\n\r").ends();
    bob.gets("PONG").has_exactly(&[("Token", &token)]);
    bob.is_closed();
}

/// A request in one of its many shapes, and the answer to it: a PONG with this token, or an ERROR.
fn request(dice: &mut Dice) -> (String, Result<String, &'static str>) {
    let token = dice.word();
    match dice.below(7) {
        0 => (Block::text("WHISTLE", &[("Token", &token)]), Err("WHISTLE")),
        1 => ("HUM\n\n".to_owned(), Err("HUM")),
        2 => (format!("PING\r\nColour: red\r\ntOKEN:{token}\r\nShape: \r\n\r\n"), Ok(token)),
        3 => (format!("PING\nToken: {token}\nToken: another\n\n"), Ok(token)),
        4 => (format!("\r\n\n\r\nPING\r\nToken: {token}\n\r\n"), Ok(token)),
        5 => (format!("PING\nno header\nTokens: no\r\nTOKEN: {token}\r\n\n"), Ok(token)),
        _ => (Block::text("PING", &[("Token", &token)]), Ok(token)),
    }
}

pub fn many_requests_in_one_piece_are_many(dice: &mut Dice) {
    let server = Server::start(&[]);
    for (who, longest) in [("alice", 1 << 20), ("bob", 700), ("carol", 60)] {
        let mut wire = server.connect(who);
        step(format!("{who} sends 60 requests at once, cut at most every {longest} bytes"));
        let requests: Vec<_> = (0..60).map(|_| request(dice)).collect();
        let all: String = requests.iter().map(|(text, _)| text.as_str()).collect();
        wire.sends_in_pieces(all, dice, longest);
        step(format!("{who} reads 60 answers, in the same order"));
        for (_, answer) in requests {
            match answer {
                Ok(token) => drop(wire.gets("PONG").has_exactly(&[("Token", &token)])),
                Err(kind) => drop(wire.refuses(kind, "unknown-type")),
            }
        }
        wire.hears_nothing_else(dice);
    }
}

pub fn a_header_is_found_by_its_name(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut alice = server.connect("alice");
    let (one, two) = (dice.word(), dice.word());
    let cases = [
        ("the name in other letters", format!("tOkEn: {one}"), one.clone()),
        ("no space after the colon", format!("Token:{one}"), one.clone()),
        ("two spaces: none of them is of the value", format!("Token:  {one}"), one.clone()),
        ("a value with colons in it", format!("Token: {one}: {two}"), format!("{one}: {two}")),
        ("an empty value", "Token: ".to_owned(), String::new()),
        ("a blank behind the value is not of the value", format!("Token: {one} "), one.clone()),
        ("twice: the first counts", format!("Token: {one}\r\ntoken: {two}"), one.clone()),
        ("twice, the first is empty", format!("Token: \r\nToken: {two}"), String::new()),
        ("a blank before the colon", format!("Token : {two}\r\nToken: {one}"), one.clone()),
        ("longer and shorter names before it", names_alike(&one, &two), one.clone()),
        ("a line before it that is no header", format!("Token {two}\r\nToken: {one}"), one.clone()),
    ];
    for (what, lines, expected) in cases {
        step(what);
        alice.sends(format!("PING\r\n{lines}\r\n\r\n"));
        alice.gets("PONG").has_exactly(&[("Token", &expected)]);
    }
    step("none at all: then the answer has none");
    alice.sends("PING\r\nTokens: 7\r\n\r\n");
    alice.gets("PONG").has_exactly(&[]);
}

fn names_alike(right: &str, wrong: &str) -> String {
    format!("Tokens: {wrong}\r\nX-Token: {wrong}\r\nTok: {wrong}\r\nToken: {right}")
}

pub fn a_bad_block_is_refused_and_the_next_one_is_read(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut alice = server.connect("alice");
    let cases: [(&str, &[u8], &str, &str); 9] = [
        ("a TYPE in small letters", b"ping\r\nToken: a\r\n\r\n", "", "malformed"),
        ("a TYPE of 17 letters", b"PINGPINGPINGPINGP\r\n\r\n", "", "malformed"),
        ("a TYPE with a blank after it", b"PING \r\n\r\n", "", "malformed"),
        ("bytes that are not UTF-8", b"PING\r\nColour: \xff\r\n\r\n", "PING", "malformed"),
        ("a NUL", b"PING\r\nColour: \0\r\nToken: a\r\n\r\n", "PING", "malformed"),
        ("a CR in the middle of a line", b"PING\r\nColour: a\rb\r\n\r\n", "PING", "malformed"),
        ("two CRs before an LF", b"PING\r\nColour: a\r\r\n\r\n", "PING", "malformed"),
        (
            "a TYPE that nobody knows",
            b"PINGPINGPINGPING\r\n\r\n",
            "PINGPINGPINGPING",
            "unknown-type",
        ),
        ("an answer is no request", b"PONGS\r\nToken: a\r\n\r\n", "PONGS", "unknown-type"),
    ];
    for (what, bytes, kind, code) in cases {
        step(format!("{what}: `{code}`, and the PING after it is answered"));
        alice.sends(bytes);
        alice.refuses(kind, code);
        alice.hears_nothing_else(dice);
    }
    step("all of them at once");
    for (_, bytes, ..) in cases {
        alice.sends(bytes);
    }
    for (_, _, kind, code) in cases {
        alice.refuses(kind, code);
    }
    alice.hears_nothing_else(dice);

    step("17 lines of a bad block: it is too long now, and its end tells nothing more");
    for (head, kind) in [("ping\r\n", ""), ("PING\r\nColour: \0\r\n", "PING")] {
        alice.sends(format!("{head}{}\r\n", "Shape: round\r\n".repeat(17)));
        alice.refuses(kind, "too-long");
        alice.hears_nothing_else(dice);
    }
    for bytes in ["ping\r\nToken: a\r\n", "PING\r\nColour: \0\r\nToken: a\r\n"] {
        step("a bad block is told of at its end: the stream ends before, and nothing is told");
        let mut bob = server.connect("bob");
        bob.sends(bytes).ends();
        bob.is_closed();
    }
}

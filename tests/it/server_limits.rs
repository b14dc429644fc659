//! The table of limits: each at its value, one below and one above, and the connection lives.

use std::io::Write;

use crate::support::{Server, alice_joined, connected};

/// A line with its EOL.
const LINE: usize = 4096;
/// Lines between the type and the blank line.
const LINES: usize = 16;
/// Bytes of one message's text.
const TEXT: usize = 2000;
/// Letters of a name.
const NAME: usize = 32;
/// Bytes skipped for one block.
const SKIP: usize = 1024 * 1024;

/// A header line of exactly this many bytes, its EOL among them.
fn padding(length: usize, end: &str) -> String {
    let mark = "X-Padding: ";
    format!("{mark}{}{end}", "x".repeat(length - mark.len() - end.len()))
}

/// So many header lines.
fn lines(count: usize) -> String {
    "X-Line: 1\r\n".repeat(count)
}

/// Sends PINGs with these further lines, of which those that fit are answered and the others refused, once each.
fn measured(pings: &[(String, bool)]) {
    let (_server, mut wire) = connected(&[]);
    for (number, (more, fits)) in pings.iter().enumerate() {
        wire.sends(format!("PING\r\nToken: {number}\r\n{more}\r\n"));
        if *fits {
            wire.gets("PONG").has_exactly(&[("Token", &number.to_string())]);
        } else {
            wire.refuses("PING", "too-long");
        }
        wire.hears_nothing();
    }
}

/// Sends the beginning of a block, which is refused before its end comes; the connection goes on after that.
fn refused_before_its_end(kind: &str, beginning: &str, end: &str) {
    let (_server, mut wire) = connected(&[]);
    wire.sends(beginning).refuses(kind, "too-long");
    wire.sends(end).hears_nothing();
}

table! { measured:
    a_line_has_up_to_4096_bytes_with_its_end(&[
        (padding(LINE - 1, "\r\n"), true), (padding(LINE, "\r\n"), true), (padding(LINE + 1, "\r\n"), false),
    ]);
    a_line_that_ends_in_lf_has_up_to_4096_bytes_too(&[
        (padding(LINE - 1, "\n"), true), (padding(LINE, "\n"), true), (padding(LINE + 1, "\n"), false),
    ]);
    a_block_has_up_to_16_lines(&[(lines(LINES - 2), true), (lines(LINES - 1), true), (lines(LINES), false)]);
    one_block_is_refused_once(&[(padding(LINE + 100, "\r\n").repeat(3) + &lines(40), false)]);
}

table! { refused_before_its_end:
    a_type_has_the_limit_of_a_line_too("", &"A".repeat(LINE + 1), "AAAA\r\nToken: no\r\n\r\n");
    a_line_that_is_too_long_is_refused_before_it_ends("PING",
        &format!("PING\r\nToken: no\r\nX-Padding: {}", "x".repeat(LINE)), "xxx\r\nToken: still no\r\n\r\n");
    a_block_that_is_too_long_is_refused_before_it_ends("PING",
        &format!("PING\r\n{}", lines(LINES + 1)), "X-Line: 18\r\nX-Line: 19\r\n\r\n");
    the_server_skips_most_of_a_mebibyte("PING",
        &format!("PING\r\nX-Padding: {}", "x".repeat(LINE)), &format!("{}\r\n\r\n", "x".repeat(SKIP - 4 * LINE)));
}

#[test]
fn lines_of_other_text_count_as_well() {
    let (_server, mut wire) = connected(&[]);
    wire.sends(format!("INFO\r\n{}\r\n", "Requesting clients\r\n".repeat(LINES)));
    wire.gets("INFOACK");
    wire.sends(format!("INFO\r\n{}\r\n", "Requesting clients\r\n".repeat(LINES + 1)));
    wire.refuses("INFO", "too-long");
    wire.hears_nothing();
}

#[test]
fn the_server_hangs_up_beyond_a_skipped_mebibyte() {
    let server = Server::start(&[]);
    for more in ["x".repeat(1000), lines(100)] {
        let mut wire = server.connect("wire");
        wire.sends(format!("PING\r\nX-Padding: {}", "x".repeat(LINE)));
        wire.refuses("PING", "too-long");
        let flood = more.repeat((SKIP + 4 * LINE) / more.len() + 1);
        // The server may hang up in the middle of it, which is what is asked for.
        let _ = wire.stream().write_all(flood.as_bytes());
        wire.is_closed();
    }
    server.connect("somebody").hears_nothing();
}

#[test]
fn a_text_has_up_to_2000_bytes() {
    let (_server, mut alice) = alice_joined(&[]);
    for length in [TEXT - 1, TEXT] {
        let text = "x".repeat(length);
        alice.speaks(&text).has(&[("Text", &text)]);
    }
    alice.says(&"x".repeat(TEXT + 1));
    alice.refuses("SAY", "too-long");
    alice.asks("TELL", &[("Peer", "bob"), ("Text", &"x".repeat(TEXT + 1))]);
    let error = alice.gets("ERROR");
    assert!(["too-long", "no-such-client"].contains(&error.get("Code")), "{error}");
    alice.hears_nothing();
}

#[test]
fn the_limit_of_a_text_is_in_bytes_and_cuts_no_letter() {
    let (_server, mut alice) = alice_joined(&[]);
    // Of two, three and four bytes; each fills 2,000 but for what one more would break.
    for letter in ["ä", "語", "🦀"] {
        let text = letter.repeat(TEXT / letter.len()) + &"x".repeat(TEXT % letter.len());
        assert_eq!(text.len(), TEXT);
        alice.speaks(&text).has(&[("Text", &text)]);
        alice.says(&(text + letter));
        alice.refuses("SAY", "too-long");
    }
}

#[test]
fn a_name_has_up_to_32_letters() {
    let (_server, mut wire) = connected(&[]);
    for length in [1, NAME - 1, NAME] {
        let name = "n".repeat(length);
        wire.registers(&name, 20_001).has(&[("clientID", &name)]);
    }
    let name = "n".repeat(NAME + 1);
    wire.asks("REGISTER", &[("clientID", &name), ("IP", "127.0.0.1"), ("Port", "20001")]);
    wire.refuses("REGISTER", "bad-name");
    wire.hears_nothing();
}

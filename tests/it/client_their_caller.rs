//! Somebody else's client calls ours, in every way in which the assignments' programs do it.

use crate::support::{Client, Wire, alice_alone};

/// Their CHAT, as the assignment's page has it.
macro_rules! chat {
    () => {
        "CHAT\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n"
    };
}
const CHAT: &str = chat!();

/// What our client says then.
const INCOMING: &str = "Incoming chat request from Bob? 127.0.0.1:6202 (unverified, not encrypted)";

/// The line that says that somebody calls.
const RINGS: &str = "(rings)";
/// The line that says that it was the end.
const ENDS: &str = "(ends)";

/// Calls with these first bytes, and waits until the call is announced with this line.
#[track_caller]
fn rings(alice: &Client, first: &str, announced: &str) -> Wire {
    let mut bob = alice.is_called_by("bob");
    bob.sends(first);
    alice.sees_line(announced);
    bob
}

/// Ends the chat and waits until that is told.
#[track_caller]
fn ends(alice: &Client, mut bob: Wire, goodbye: &str, label: &str) {
    bob.sends(goodbye);
    alice.sees_line(&format!("{label} ended the chat"));
    bob.is_closed();
}

/// Somebody calls and sends these pieces, known to alice by this label or else by its address. What she shows
/// after each of them is exactly this; before the end she answers.
fn shown_as(label: Option<&str>, pieces: &[(&[u8], &[&str])]) {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    let label = label.map_or_else(|| bob.local().to_string(), str::to_owned);
    let is_named = label == "Bob?";
    for (piece, lines) in pieces {
        if *lines == [ENDS] {
            alice.types("/msg fine");
            assert_eq!(bob.line(), "fine");
            assert_eq!(alice.sees_next(), format!("Sent to {label}: fine"));
        }
        bob.sends(piece);
        for line in *lines {
            let expected = match *line {
                RINGS if is_named => INCOMING.to_owned(),
                RINGS => format!("Incoming chat request from {label} (unverified, not encrypted)"),
                ENDS => format!("{label} ended the chat"),
                text => format!("{label} (direct): {text}"),
            };
            assert_eq!(alice.sees_next(), expected);
        }
    }
    if pieces.iter().any(|(_, lines)| lines.contains(&ENDS)) {
        bob.is_closed();
    }
}

/// A caller that has told its name.
const BOB: Option<&str> = Some("Bob?");

table! { shown_as:
    chat_in_lf_only(BOB, &[
        (b"CHAT\nclientID: Bob\nIP: 127.0.0.1\nPort: 6202\n\n", &[RINGS]), (b"Hello\n", &["Hello"]),
        (b"QUIT\n\n", &[ENDS]),
    ]);
    chat_in_another_order_and_with_unknown_headers(BOB, &[
        (b"CHAT\r\nPort:6202\r\nclientid:Bob\r\nMood: good\r\nIP:127.0.0.1\r\n\r\n", &[RINGS]),
        (b"Hello\n", &["Hello"]), (b"QUIT\n\n", &[ENDS]),
    ]);
    chat_with_two_names_is_of_the_first(BOB, &[
        (b"CHAT\r\nclientID: Bob\r\nclientID: Eve\r\nIP: 10.0.0.1\r\nPort: 6202\r\n\r\n", &[RINGS]),
        (b"Hello\n", &["Hello"]), (b"QUIT\n\n", &[ENDS]),
    ]);
    chat_and_text_in_one_segment(BOB, &[
        (concat!(chat!(), "one\r\ntwo\r\n").as_bytes(), &[RINGS, "one", "two"]), (b"QUIT\r\n\r\n", &[ENDS]),
    ]);
    chat_text_and_the_end_in_one_segment(BOB,
        &[(concat!(chat!(), "one\r\nQUIT\r\n\r\n").as_bytes(), &[RINGS, "one", ENDS])]);
    chat_in_pieces(BOB, &[
        (b"CH", &[]), (b"AT\r", &[]), (b"\nclientID: B", &[]),
        (b"ob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r", &[]), (b"\nhi\r\n", &[RINGS, "hi"]),
    ]);
    text_that_stops_is_a_line_for_those_who_end_none(BOB, &[
        (CHAT.as_bytes(), &[RINGS]), (b"Hello Alice", &["Hello Alice"]),
        (b"no end of line", &["no end of line"]), (b"Hello?", &["Hello?"]), (b"QUIT", &[ENDS]),
    ]);
    text_that_stops_is_a_line_behind_whole_ones_too(BOB, &[
        (CHAT.as_bytes(), &[RINGS]), (b"one\r\ntwo", &["one", "two"]), (b"three\r\nfour", &["three", "four"]),
        (b"QUIT", &[ENDS]),
    ]);
    quit_that_is_glued_to_a_text_ends_the_chat(BOB, &[
        (CHAT.as_bytes(), &[RINGS]), (b"one\r\ntwoQUIT\r\n\r\n", &["one", "two", ENDS]),
    ]);
    quit_inside_a_line_is_text(BOB, &[
        (CHAT.as_bytes(), &[RINGS]), (b"never QUIT\r\nnever\r\n", &["never QUIT", "never"]),
        (b"QUIT", &[ENDS]),
    ]);
    a_message_beside_an_address_is_text(BOB, &[
        (b"CHAT\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\nmessage: Hello\r\n\r\n", &[RINGS, "Hello"]),
        (b"QUIT\n\n", &[ENDS]),
    ]);
    text_in_the_segment_of_chat_that_stops_is_a_line(BOB, &[
        (concat!(chat!(), "Hello Alice").as_bytes(), &[RINGS, "Hello Alice"]), (b"QUIT", &[ENDS]),
    ]);
    text_that_stops_inside_a_character_waits_for_the_rest(None, &[
        (b"caf\xc3", &[RINGS, "caf"]), (b"\xa9 \xf0\x9f", &["\u{e9} "]), (b"\x98\x80", &["\u{1f600}"]),
    ]);
    who_says_no_chat_is_shown_by_its_address(None, &[
        (b"Hello, it is Bob\r\n", &[RINGS, "Hello, it is Bob"]), (b"QUIT\r\n\r\n", &[ENDS]),
    ]);
    who_says_no_chat_may_end_with_one_line(None, &[
        (b"Hello, it is Bob\r\n", &[RINGS, "Hello, it is Bob"]), (b"QUIT\r\n", &[ENDS]),
    ]);
    who_says_nothing_at_all_is_shown_by_its_address(None, &[(b"", &[RINGS]), (b"at last\r\n", &["at last"])]);
    the_lines_of_a_chat_that_names_nobody_are_what_it_says(None, &[
        (b"CHAT\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\nHello\r\n",
            &[RINGS, "CHAT", "IP: 127.0.0.1", "Port: 6202", "Hello"]),
        (b"QUIT\r\n\r\n", &[ENDS]),
    ]);
    a_host_that_is_no_address_costs_nobody_its_port(BOB, &[
        (b"CHAT\r\nclientID: Bob\r\nIP: localhost\r\nPort: 6202\r\n\r\n", &[RINGS]),
        (b"QUIT\r\n\r\n", &[ENDS]),
    ]);
}

#[test]
fn chat_and_then_lines_both_ways() {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = rings(&alice, CHAT, INCOMING);
    bob.sends("Hello Alice\r\n");
    alice.sees_line("Bob? (direct): Hello Alice");
    alice.types("/msg How are you Bob");
    // No CHAT comes back: this is the first that is sent.
    bob.gets_bytes("How are you Bob\r\n");
    alice.sees_line("Sent to Bob?: How are you Bob");
    bob.sends("fine\r\n\r\nand you?\n");
    alice.sees_line("Bob? (direct): fine");
    assert_eq!(alice.sees_next(), "Bob? (direct): and you?");
    ends(&alice, bob, "QUIT\r\n\r\n", "Bob?");
}

/// Somebody without an address says this in its first block, and alice is shown exactly these lines.
fn says_in_its_chat(block: &str, lines: &[&str]) {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    bob.sends(block);
    alice.sees_line(&format!(
        "Incoming chat request from Bob? {} (unverified, not encrypted)",
        bob.local()
    ));
    for line in lines {
        assert_eq!(alice.sees_next(), format!("Bob? (direct): {line}"));
    }
    ends(&alice, bob, "QUIT\r\n\r\n", "Bob?");
}

table! { says_in_its_chat:
    content_in_the_first_block_is_text("CHAT\r\nclientID: Bob\r\ncontent: Hello\r\n\r\n", &["Hello"]);
    message_in_the_first_block_is_text(
        "CHAT\nclientID: Bob\nMessage:  two words \n\nnext\n", &["two words", "next"]);
    any_line_of_a_block_without_an_address_is_text(
        "CHAT\r\nclientID: Bob\r\nHello Alice\r\nPS: bye\r\n\r\n", &["Hello Alice", "PS: bye"]);
    a_name_alone_is_no_text("CHAT\r\nclientID: Bob\r\n\r\nfirst\r\n", &["first"]);
}

#[test]
fn a_chat_that_makes_no_sense_is_shown_by_its_address() {
    let (_server, alice) = alice_alone(&[]);
    for chat in [
        "CHAT\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n",
        "CHAT\r\nclientID: 12345\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n",
        "CHAT\r\nclientID: \u{1b}[2J\r\n\r\n",
        "CHAT\r\n\r\n",
    ] {
        let mut bob = alice.is_called_by("bob");
        let label = bob.local().to_string();
        bob.sends(format!("{chat}Hello\r\n"));
        alice.sees(&format!("Incoming chat request from {label} "));
        alice.sees_line(&format!("{label} (direct): Hello"));
    }
    assert!(!alice.output().contains('\u{1b}'), "{:?}", alice.output());
}

#[test]
fn every_way_to_say_goodbye() {
    let (_server, alice) = alice_alone(&[]);
    for goodbye in ["QUIT\r\n\r\n", "QUIT\n\n", "QUIT\r\n", "QUIT", "QUIT  \r\n\r\n", "QUITQUIT"] {
        let bob = rings(&alice, &format!("{CHAT}hi\r\n"), INCOMING);
        alice.sees_line("Bob? (direct): hi");
        let mut bob = bob;
        bob.sends(goodbye).ends();
        alice.sees_line("Bob? ended the chat");
    }
    let mut bob = rings(&alice, CHAT, INCOMING);
    bob.ends();
    alice.sees_line("Bob? ended the chat");
    assert!(!alice.output().contains("QUIT"), "{}", alice.output());
}

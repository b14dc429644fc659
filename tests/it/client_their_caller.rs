//! Somebody else's client calls ours, in every way in which the assignments' programs do it.

use crate::stage::{Client, Server, Wire, alice_alone};

/// A client that waits to be called.
#[track_caller]
fn alice() -> (Server, Client) {
    let (server, alice) = alice_alone(&[]);
    (server, alice)
}

/// Their CHAT, as the assignment's page has it.
const CHAT: &str = "CHAT\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n";
/// What our client says then.
const INCOMING: &str = "Incoming chat request from Bob? 127.0.0.1:6202 (unverified)";

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

#[test]
fn chat_and_then_lines_both_ways() {
    let (_server, alice) = alice();
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

#[test]
fn chat_in_lf_only_in_other_orders_and_with_unknown_headers() {
    let (_server, alice) = alice();
    for chat in [
        "CHAT\nclientID: Bob\nIP: 127.0.0.1\nPort: 6202\n\n",
        "CHAT\r\nPort:6202\r\nclientid:Bob\r\nMood: good\r\nIP:127.0.0.1\r\n\r\n",
        "CHAT\r\nclientID: Bob\r\nclientID: Eve\r\nIP: 10.0.0.1\r\nPort: 6202\r\n\r\n",
    ] {
        let mut bob = rings(&alice, chat, INCOMING);
        bob.sends("Hello\n");
        alice.sees_line("Bob? (direct): Hello");
        ends(&alice, bob, "QUIT\n\n", "Bob?");
    }
}

#[test]
fn chat_and_text_in_one_segment() {
    let (_server, alice) = alice();
    let bob = rings(&alice, &format!("{CHAT}one\r\ntwo\r\n"), INCOMING);
    assert_eq!(alice.sees_next(), "Bob? (direct): one");
    assert_eq!(alice.sees_next(), "Bob? (direct): two");
    ends(&alice, bob, "QUIT\r\n\r\n", "Bob?");
}

#[test]
fn chat_text_and_the_end_in_one_segment() {
    let (_server, alice) = alice();
    let mut bob = rings(&alice, &format!("{CHAT}one\r\nQUIT\r\n\r\n"), INCOMING);
    assert_eq!(alice.sees_next(), "Bob? (direct): one");
    assert_eq!(alice.sees_next(), "Bob? ended the chat");
    bob.is_closed();
}

#[test]
fn chat_in_two_halves() {
    let (_server, alice) = alice();
    let mut bob = alice.is_called_by("bob");
    for piece in
        ["CH", "AT\r", "\nclientID: B", "ob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r", "\nhi\r\n"]
    {
        bob.sends(piece);
    }
    alice.sees_line(INCOMING);
    alice.sees_line("Bob? (direct): hi");
}

#[test]
fn text_that_stops_is_a_line_for_those_who_end_none() {
    let (_server, alice) = alice();
    let mut bob = rings(&alice, CHAT, INCOMING);
    for text in ["Hello Alice", "no end of line", "at all"] {
        bob.sends(text);
        alice.sees_line(&format!("Bob? (direct): {text}"));
    }
    ends(&alice, bob, "QUIT", "Bob?");
}

#[test]
fn text_in_the_segment_of_chat_that_stops_is_a_line() {
    let (_server, alice) = alice();
    let bob = rings(&alice, &format!("{CHAT}Hello Alice"), INCOMING);
    alice.sees_line("Bob? (direct): Hello Alice");
    ends(&alice, bob, "QUIT", "Bob?");
}

#[test]
fn text_that_stops_inside_a_character_waits_for_the_rest() {
    let (_server, alice) = alice();
    let mut bob = alice.is_called_by("bob");
    let label = bob.local().to_string();
    let text = "caf\u{e9} \u{1f600}".as_bytes();
    bob.sends(&text[..4]);
    alice.sees_line(&format!("Incoming chat request from {label} (unverified)"));
    alice.sees_line(&format!("{label} (direct): caf"));
    bob.sends(&text[4..8]);
    alice.sees_line(&format!("{label} (direct): \u{e9} "));
    bob.sends(&text[8..]);
    alice.sees_line(&format!("{label} (direct): \u{1f600}"));
    assert!(!alice.output().contains('\u{fffd}'), "{}", alice.output());
}

#[test]
fn who_has_ended_a_line_is_waited_for() {
    let (_server, alice) = alice();
    let mut bob = rings(&alice, CHAT, INCOMING);
    bob.sends("a whole line\r\nand ha");
    alice.sees_line("Bob? (direct): a whole line");
    // Another who ends none calls and is heard, which takes longer than the stop of a text.
    let mut eve = alice.is_called_by("eve");
    eve.sends("eve");
    alice.sees(" (direct): eve");
    bob.sends("lf a line\r\n");
    alice.sees_line("Bob? (direct): and half a line");
}

#[test]
fn who_says_no_chat_is_shown_by_its_address() {
    let (_server, alice) = alice();
    for goodbye in ["QUIT\r\n\r\n", "QUIT\r\n"] {
        let mut bob = alice.is_called_by("bob");
        let label = bob.local().to_string();
        bob.sends("Hello, it is Bob\r\n");
        alice.sees_line(&format!("Incoming chat request from {label} (unverified)"));
        alice.sees_line(&format!("{label} (direct): Hello, it is Bob"));
        alice.types("/msg Hello Bob");
        bob.gets_bytes("Hello Bob\r\n");
        alice.sees_line(&format!("Sent to {label}: Hello Bob"));
        ends(&alice, bob, goodbye, &label);
    }
}

#[test]
fn who_says_nothing_at_all_is_shown_by_its_address() {
    let (_server, alice) = alice();
    let mut bob = alice.is_called_by("bob");
    let label = bob.local().to_string();
    alice.sees_line(&format!("Incoming chat request from {label} (unverified)"));
    bob.sends("at last\r\n");
    alice.sees_line(&format!("{label} (direct): at last"));
}

#[test]
fn a_chat_that_makes_no_sense_is_shown_by_its_address() {
    let (_server, alice) = alice();
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
fn the_lines_of_a_chat_that_names_nobody_are_what_it_says() {
    let (_server, alice) = alice();
    let mut bob = alice.is_called_by("bob");
    let label = bob.local().to_string();
    bob.sends("CHAT\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\nHello\r\n");
    alice.sees_line(&format!("Incoming chat request from {label} (unverified)"));
    for text in ["CHAT", "IP: 127.0.0.1", "Port: 6202", "Hello"] {
        assert_eq!(alice.sees_next(), format!("{label} (direct): {text}"));
    }
    ends(&alice, bob, "QUIT\r\n\r\n", &label);
}

#[test]
fn a_host_that_is_no_address_costs_nobody_its_port() {
    let (_server, alice) = alice();
    let chat = "CHAT\r\nclientID: Bob\r\nIP: localhost\r\nPort: 6202\r\n\r\n";
    let bob = rings(&alice, chat, INCOMING);
    ends(&alice, bob, "QUIT\r\n\r\n", "Bob?");
}

#[test]
fn whole_lines_of_chat_and_then_text_that_ends_none() {
    let (_server, alice) = alice();
    let mut bob = rings(&alice, CHAT, INCOMING);
    for text in ["Hello Alice", "How are you?", "Hello?"] {
        bob.sends(text);
        assert_eq!(alice.sees_next(), format!("Bob? (direct): {text}"));
    }
    alice.types("/msg fine");
    assert_eq!(bob.line(), "fine");
    ends(&alice, bob, "QUIT", "Bob?");
}

#[test]
fn every_way_to_say_goodbye() {
    let (_server, alice) = alice();
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

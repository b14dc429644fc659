//! What a client does with what comes by UDP: an ACK for every copy, each message once, in order, and what is missing.

use std::time::Duration;

use crate::support::{Client, Friend, Way, a_friend};

/// 2^63: so much may be missing, and it must cost nothing.
const HUGE: u64 = 1 << 63;

/// Alice and bob, who has queried her; she has not queried him, so that all that she sends are ACKs.
#[track_caller]
fn bob_speaks() -> (Client, Friend) {
    let (alice, mut bob) = a_friend(&[]);
    bob.queries(&alice);
    (alice, bob)
}

/// Demands that these are the next lines of alice, up to whom nothing else is said meanwhile.
#[track_caller]
fn shows(alice: &Client, lines: &[&str]) {
    alice.sees_line(lines[0]);
    for line in &lines[1..] {
        assert_eq!(alice.sees_next(), *line);
    }
}

/// Demands that a message comes through: so those that were sent before it have been read.
#[track_caller]
fn goes_on(alice: &Client, bob: &mut Friend, seq: u64) {
    bob.tells(seq, seq, "and on", seq);
    alice.sees_line("bob (udp): and on");
}

/// A MSG that is as short as the grammar allows.
fn terse(way: &Way, seq: u64, first: u64) -> String {
    let Way { name, ticket, .. } = way;
    format!("MSG\nclientID:{name}\nTicket:{ticket}\nSeq:{seq}\nFirst:{first}\nText:x\n\n")
}

#[test]
fn every_copy_is_acknowledged_and_shown_once() {
    let (alice, mut bob) = bob_speaks();
    for (seq, text) in (1..).zip(["hi", "how are you?", "  spaces  ", "a: b", "äöü 🦀"]) {
        for _ in 0..3 {
            bob.tells(seq, seq, text, seq);
        }
        alice.sees_line(&format!("bob (udp): {text}"));
    }
    bob.tells(1, 1, "hi", 5);
    goes_on(&alice, &mut bob, 6);
    assert_eq!(alice.output().matches("bob (udp): ").count(), 6, "{}", alice.output());
    assert!(!alice.output().contains("did not arrive"), "{}", alice.output());
}

#[test]
fn a_copy_with_another_text_changes_nothing() {
    let (alice, mut bob) = bob_speaks();
    bob.tells(2, 1, "two", 0);
    bob.tells(2, 1, "another two", 0);
    bob.tells(1, 1, "one", 2);
    shows(&alice, &["bob (udp): one", "bob (udp): two"]);
    bob.tells(1, 1, "another one", 2);
    goes_on(&alice, &mut bob, 3);
    assert!(!alice.output().contains("another"), "{}", alice.output());
}

/// A line that alice shows.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// Bob's text with this number.
    Says(u64),
    /// So many of his are missing.
    Lost(u64),
}
use Line::{Lost, Says};

/// Bob sends messages with these numbers and this First, and each has its ACK with this Upto. Alice shows these
/// lines, in this order, and no others.
fn shown_as(sent: &[(u64, u64, u64)], lines: &[Line]) {
    let (alice, mut bob) = bob_speaks();
    for &(seq, first, upto) in sent {
        bob.tells(seq, first, &format!("number {seq}"), upto);
    }
    let shown = lines.iter().map(|line| match line {
        Says(seq) => format!("bob (udp): number {seq}"),
        Lost(1) => "1 message from bob did not arrive".to_owned(),
        Lost(count) => format!("{count} messages from bob did not arrive"),
    });
    let shown: Vec<String> = shown.collect();
    shows(&alice, &shown.iter().map(String::as_str).collect::<Vec<_>>());
    let next = sent.iter().map(|(seq, ..)| seq + 1).max().unwrap_or(1);
    bob.tells(next, next, "and on", next);
    assert_eq!(alice.sees_next(), "bob (udp): and on");
}

table! { shown_as:
    what_comes_in_any_order_is_shown_in_its_own(
        &[(3, 1, 0), (2, 1, 0), (5, 1, 0), (3, 1, 0), (1, 1, 3), (2, 1, 3), (4, 1, 5), (5, 1, 5)],
        &[Says(1), Says(2), Says(3), Says(4), Says(5)]);
    what_is_missing_is_said_where_it_is_missing(
        &[(1, 1, 1), (3, 3, 3), (7, 7, 7)], &[Says(1), Lost(1), Says(3), Lost(3), Says(7)]);
    what_comes_too_late_is_acknowledged_and_not_shown(
        &[(7, 7, 7), (5, 5, 7), (8, 8, 8)], &[Lost(6), Says(7), Says(8)]);
    what_was_held_is_shown_around_what_is_missing(
        &[(2, 1, 0), (4, 1, 0), (7, 1, 0), (8, 6, 5), (6, 6, 8)],
        &[Lost(1), Says(2), Lost(1), Says(4), Lost(1), Says(6), Says(7), Says(8)]);
    a_copy_with_a_higher_first_sets_free_what_was_held(
        &[(2, 1, 0), (3, 1, 0), (3, 3, 3)], &[Lost(1), Says(2), Says(3)]);
    a_lower_first_takes_nothing_back(
        &[(4, 4, 4), (6, 1, 4), (5, 2, 6)], &[Lost(3), Says(4), Says(5), Says(6)]);
    a_huge_gap_costs_nothing(
        &[(1, 1, 1), (3, 1, 1), (HUGE, HUGE, HUGE)], &[Says(1), Lost(1), Says(3), Lost(HUGE - 4), Says(HUGE)]);
}

#[test]
fn sixty_three_ahead_is_taken_and_sixty_four_is_not_answered() {
    let (alice, mut bob) = bob_speaks();
    for seq in [65, 66, 128, 1000, HUGE, u64::MAX] {
        bob.says(seq, 1, "too far");
    }
    bob.tells(64, 1, "number 64", 0);
    for seq in 1..=63 {
        bob.tells(seq, 1, &format!("number {seq}"), if seq == 63 { 64 } else { seq });
    }
    for seq in 1..=64 {
        shows(&alice, &[&format!("bob (udp): number {seq}")]);
    }
    bob.says(129, 1, "too far");
    bob.tells(128, 1, "number 128", 64);
    // Given up: what is 63 behind First is no more than 63 ahead.
    bob.tells(163, 100, "number 163", 99);
    bob.says(164, 100, "too far");
    goes_on(&alice, &mut bob, 165);
    assert!(!alice.output().contains("too far"), "{}", alice.output());
}

#[test]
fn the_last_numbers_there_are_are_borne() {
    let (alice, bob) = bob_speaks();
    let last = u64::MAX;
    for (seq, first) in [(last - 1, last - 1), (last, last), (last, last), (last, 1), (1, 1)] {
        bob.says(seq, first, "is that all?");
    }
    bob.sends(&bob.own().msg(1, 1, "more").replace("Seq: 1", "Seq: 18446744073709551616"));
    // Whether it answers these or not: it answers its user, and others.
    let mut carol = bob.another("carol", &alice);
    carol.queries(&alice);
    carol.tells(1, 1, "hi", 1);
    alice.sees_line("carol (udp): hi");
    alice.asks("/id", "you are alice");
}

#[test]
fn an_ack_is_never_longer_than_its_message() {
    let (alice, mut carol) = a_friend(&[]);
    let mut b = carol.another("b", &alice);
    carol.queries(&alice);
    b.queries(&alice);
    let rounds = [(1, 1), (1, 1), (10, 9), (9, 9), (99, 99), (1, 1), (HUGE, HUGE), (1, 1)];
    for (round, (seq, first)) in (1..).zip(rounds) {
        let msg = terse(b.own(), seq, first);
        b.sends(&msg);
        // Once this has its ACK, the one above has had its own, if any.
        carol.tells(round, round, "hi", round);
        let ack = b.within(Duration::from_millis(1));
        // What could only be answered by more may be left without an answer.
        assert!(ack.is_some() || round == 8, "MSG {seq} with First {first} was not acknowledged");
        let length = ack.map_or(0, |ack| ack.length());
        assert!(length <= msg.len(), "{length} bytes answer {} of {msg:?}", msg.len());
    }
}

#[test]
fn all_that_the_grammar_allows_is_understood() {
    let (alice, mut bob) = bob_speaks();
    let ticket = bob.own().ticket.clone();
    let forms = [
        format!("MSG\nclientID:bob\nTicket:{ticket}\nSeq:1\nFirst:1\nText:form 1\n\n"),
        format!(
            "MSG\r\nText: form 2\r\nFirst: 1\r\nSeq: 2\r\nTicket: {ticket}\r\nclientID: bob\r\n\r\n"
        ),
        format!(
            "MSG\r\nCLIENTid: bob\r\ntICKET: {ticket}\r\nseq: 3\r\nfirst: 1\r\ntext: form 3\r\n\r\n"
        ),
        format!(
            "MSG\r\nclientID: BOB\r\nTicket: {ticket}\r\nSeq: 4\r\nFirst: 1\r\nText: form 4\r\n\r\n"
        ),
        format!(
            "MSG\r\nX: 1\r\nclientID: bob\r\nTicket: {ticket}\r\nSeq: 5\r\nSeq: 9\r\nFirst: 1\r\nText: form 5\r\nText: no\r\nsome words\r\n\r\n"
        ),
    ];
    for (seq, form) in (1..).zip(forms) {
        bob.sends(&form);
        bob.is_acked(seq, seq);
        alice.sees_line(&format!("bob (udp): form {seq}"));
    }
}

#[test]
fn what_a_peer_says_does_not_rule_the_terminal() {
    let (alice, mut bob) = bob_speaks();
    bob.tells(1, 1, "left\u{202e}right\u{200b}\tand tabs", 1);
    alice.sees_line("bob (udp): left\\u{202e}right\\u{200b}\\u{9}and tabs");
    goes_on(&alice, &mut bob, 2);
    assert!(!alice.output().contains(['\u{200b}', '\u{202e}', '\t']), "{}", alice.output());
}

#[test]
fn a_conversation_begins_anew_with_each_query() {
    let (alice, mut bob) = bob_speaks();
    for round in 1..=5 {
        for seq in 1..=3 {
            let text = format!("number {seq} of round {round}");
            bob.tells(seq, seq, &text, seq);
            alice.sees_line(&format!("bob (udp): {text}"));
        }
        bob.queries(&alice);
    }
    assert!(!alice.output().contains("did not arrive"), "{}", alice.output());
    alice.types_bytes(b"/peers\n/id\n");
    alice.sees("you are alice");
    assert_eq!(
        alice.output().matches(" udp (verified, not encrypted)").count(),
        1,
        "{}",
        alice.output()
    );
}

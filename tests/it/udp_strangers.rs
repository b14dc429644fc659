//! Datagrams that have no business here: dropped, counted and left without an answer.

use std::time::Duration;

use crate::support::{Client, Datagrams, Friend, Way, a_friend, friends};

/// A ticket that the server never made.
const MADE_UP: &str = "0123456789abcdef0123456789abcdef";

/// Demands that bob's next message has its ACK next: so nothing before it was answered. Nor was it shown.
#[track_caller]
fn next_is_the_ack(alice: &Client, bob: &mut Friend, seq: u64) {
    bob.tells(seq, 1, "a good one", seq);
    alice.sees_without("bad", "bob (udp): a good one");
}

/// Demands that `/peers` has counted so many. To be asked after something that was sent behind them.
#[track_caller]
fn counted(alice: &Client, count: usize) {
    alice.types_bytes(b"/peers\n/id\n");
    match count {
        0 => drop(alice.sees_without("stranger", "you are alice")),
        1 => alice.sees_line("1 datagram from a stranger was dropped"),
        _ => alice.sees_line(&format!("{count} datagrams from strangers were dropped")),
    }
}

/// MSGs of this way that are wrong in one thing each.
fn ill_formed(way: &Way) -> Vec<String> {
    let good = way.msg(1, 1, "bad");
    let mut bad = vec![
        way.msg(0, 0, "bad"),
        way.msg(0, 1, "bad"),
        way.msg(1, 0, "bad"),
        way.msg(1, 2, "bad"),
        good.clone() + &good,
        good.clone() + "x",
        good.clone() + "\r\n",
        good.trim_end().to_owned(),
        good.trim_end().to_owned() + "\r\n",
        good.replace("MSG", "msg"),
        good.replace("MSG", "MSGS"),
        good.replace("MSG", "CHAT"),
        good.replace("Seq: 1", "Seq: one"),
        good.replace("Seq: 1", "Seq: -1"),
        good.replace("Seq: 1", "Seq: "),
        good.replace("Seq: 1", "Seq: 18446744073709551616"),
        good.replace("First: 1", "First: 1.0"),
        good.replace("clientID: bob", "clientID: "),
        good.replace("clientID: bob", "clientID: b o b"),
        good.replace(&way.ticket, ""),
        good.replace(&way.ticket, &way.ticket[1..]),
        good.replace(&way.ticket, &format!("{}0", way.ticket)),
    ];
    for name in ["clientID", "Ticket", "Seq", "First", "Text"] {
        bad.push(good.replace(name, "Other"));
    }
    bad
}

/// Alice and bob are friends; so many datagrams are sent that must be dropped and counted, without an answer.
fn dropped(sends: impl FnOnce(&Client, &mut Friend) -> usize) {
    let (alice, mut bob) = friends(&[]);
    let count = sends(&alice, &mut bob);
    next_is_the_ack(&alice, &mut bob, 1);
    counted(&alice, count);
}

table! { dropped:
    ill_formed_datagrams_are_dropped_and_counted(|_, bob| {
        ill_formed(bob.own()).iter().map(|text| bob.sends(text)).count()
    });
    texts_that_nobody_may_say_are_dropped_and_counted(|_, bob| {
        let bad = ["", "bad\0", "bad\u{1b}[2J", "bad\u{7f}", "bad\u{85}"];
        bad.iter().map(|text| bob.says(1, 1, text)).count()
    });
    bytes_that_are_no_text_and_no_bytes_at_all_are_dropped(|alice, bob| {
        let mut latin = bob.own().msg(1, 1, "bad!").into_bytes();
        let place = latin.iter().position(|&byte| byte == b'!').unwrap();
        latin[place] = 0xe9;
        let cut = &bob.own().msg(1, 1, "bad").into_bytes()[..60];
        let noise: Vec<u8> = (0..=255).collect();
        let all: [&[u8]; 7] = [b"", &latin, cut, &noise, b"\r\n\r\n", b"\0", b"\n"];
        all.iter().map(|bytes| bob.socket().sends(alice.address(), bytes)).count()
    });
    a_ticket_opens_only_for_its_name(|alice, bob| {
        let mut carol = bob.another("carol", alice);
        carol.queries(alice);
        let swapped = [
            Way { name: "carol".to_owned(), ..bob.own().clone() },
            Way { name: "bob".to_owned(), ..carol.own().clone() },
            // The other direction's ticket, an answer, and what alice is called.
            Way { name: "bob".to_owned(), ..bob.alices().clone() },
            Way { ticket: bob.own().answer.clone(), ..bob.own().clone() },
            bob.alices().clone(),
        ];
        for way in &swapped {
            bob.sends(&way.msg(1, 1, "bad"));
            carol.sends(&way.msg(1, 1, "bad"));
        }
        carol.tells(1, 1, "from carol", 1);
        alice.sees_without("bad", "carol (udp): from carol");
        2 * swapped.len()
    });
    a_ticket_by_tcp_is_none_by_udp(|alice, bob| {
        bob.room().asks("BRIDGE", &[("clientID", "bob"), ("Peer", "alice"), ("Via", "tcp")]);
        let way = Way::of("bob", &bob.room().skips_to("BRIDGEACK"));
        // Alice has had the CALL when she has had what was said after it.
        bob.room().says("to all");
        alice.sees(" bob: to all");
        bob.sends(&way.msg(1, 1, "bad"));
        1
    });
    a_ticket_ends_when_a_newer_one_is_given(|alice, bob| {
        let old = bob.own().clone();
        bob.tells(1, 1, "not yet bad", 1);
        alice.sees_line("bob (udp): not yet bad");
        bob.queries(alice);
        // A recording of what was said, and more of it.
        bob.sends(&old.msg(1, 1, "not yet bad"));
        bob.sends(&old.msg(2, 1, "bad"));
        2
    });
}

#[test]
fn a_datagram_that_is_too_large_is_dropped() {
    let (alice, mut bob) = friends(&[]);
    let way = bob.own().clone();
    // A header that is not known fills it up.
    let sized = |seq: u64, size: usize| {
        let start = way.msg(seq, 1, "bad");
        let start = start.strip_suffix("\r\n").unwrap();
        format!("{start}X: {}\r\n\r\n", "x".repeat(size - start.len() - 7))
    };
    // The most that macOS sends in a datagram are 9,216 bytes.
    let most = if cfg!(target_os = "macos") { 9_216 } else { 60_000 };
    for size in [1201, 1202, 1500, 9000, most] {
        assert_eq!(sized(1, size).len(), size);
        bob.sends(&sized(1, size));
    }
    let largest = sized(1, 1200).replace("Text: bad", "Text: top");
    bob.sends(&largest);
    bob.is_acked(1, 1);
    alice.sees_line("bob (udp): top");
    next_is_the_ack(&alice, &mut bob, 2);
    counted(&alice, 5);
}

#[test]
fn junk_from_anywhere_is_not_answered() {
    let (alice, mut bob) = friends(&[]);
    let stranger = Datagrams::open("stranger");
    let made_up = Way { ticket: MADE_UP.to_owned(), ..bob.own().clone() };
    let of_mallory = Way { name: "mallory".to_owned(), ..made_up.clone() };
    let junk = [
        made_up.msg(1, 1, "bad"),
        of_mallory.msg(1, 1, "bad"),
        "hello?".to_owned(),
        "PING\r\nToken: 1\r\n\r\n".to_owned(),
        "CHAT\r\nclientID: bob\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
    ];
    for text in &junk {
        stranger.sends(alice.address(), text);
    }
    // The first thing that the stranger's socket is sent is the ACK of what is no junk.
    stranger.sends(alice.address(), bob.own().msg(1, 1, "a good one"));
    let (next, _) = stranger.next();
    bob.own().is_ack(&next, 1, 1);
    alice.sees_without("bad", "bob (udp): a good one");
    counted(&alice, junk.len());
    bob.tells(2, 1, "from home", 2);
}

#[test]
fn a_newer_ticket_of_one_direction_leaves_the_other() {
    let (alice, mut bob) = friends(&[]);
    bob.is_told(&alice, 1, "one");
    bob.queries(&alice);
    alice.types("/msg two");
    bob.takes(2, 2, "two");
    bob.tells(1, 1, "hi", 1);
    alice.sees_line("Delivered to bob (udp): two");
}

#[test]
fn who_was_never_queried_by_anybody_is_a_stranger() {
    let (alice, mut bob) = a_friend(&[]);
    let lonely =
        Way { name: "bob".to_owned(), ticket: MADE_UP.to_owned(), answer: MADE_UP.to_owned() };
    bob.sends(&lonely.msg(1, 1, "bad"));
    bob.sends(&lonely.ack(1, 1));
    bob.queries(&alice);
    bob.tells(1, 1, "a good one", 1);
    alice.sees_without("bad", "bob (udp): a good one");
    alice.asks("/peers", " from strangers were dropped");
}

#[test]
fn being_queried_lets_nobody_speak() {
    let (alice, mut bob) = a_friend(&[]);
    bob.is_queried(&alice);
    // He has the secrets of her direction, and none of his own.
    let way = Way { name: "bob".to_owned(), ..bob.alices().clone() };
    bob.sends(&way.msg(1, 1, "bad"));
    bob.sends(&bob.alices().msg(1, 1, "bad"));
    bob.queries(&alice);
    next_is_the_ack(&alice, &mut bob, 1);
    counted(&alice, 2);
}

#[test]
fn a_flood_of_junk_does_not_keep_the_user_from_typing() {
    let (alice, mut bob) = friends(&[]);
    let stranger = Datagrams::open("stranger");
    let junk = "x".repeat(1200);
    for round in 1..=20 {
        for _ in 0..500 {
            stranger.sends(alice.address(), &junk);
        }
        alice.types(&format!("/msg round {round}"));
        let (mut acked, mut heard) = (false, false);
        // The socket was full, perhaps: what bob says in vain he says again.
        while !(acked && heard) {
            bob.says(round, round, &format!("round {round} is over"));
            while let Some(block) = bob.within(Duration::from_millis(100)) {
                acked |= block.kind == "ACK" && block.number("Seq") == round;
                if block.kind == "MSG" {
                    let seq = block.number("Seq");
                    bob.acks(seq, seq);
                    heard |= seq == round;
                }
            }
        }
        alice.sees_line(&format!("bob (udp): round {round} is over"));
    }
    alice.asks("/peers", " from strangers were dropped");
}

#[test]
fn a_quiet_day_counts_nobody() {
    let (alice, mut bob) = friends(&[]);
    next_is_the_ack(&alice, &mut bob, 1);
    bob.is_told(&alice, 1, "hi");
    counted(&alice, 0);
}

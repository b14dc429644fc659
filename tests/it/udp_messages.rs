//! What a client sends by UDP: the form of a MSG, copies until its ACK, the window, and what is given up.

use std::time::{Duration, Instant};

use crate::support::{Block, Client, Friend, Server, a_friend, friends, query_each_other};

/// Alice and bob, whom she has queried, and who has nothing to say himself.
#[track_caller]
fn alice_speaks(flags: &[&str]) -> (Client, Friend) {
    let (alice, mut bob) = a_friend(flags);
    bob.is_queried(&alice);
    (alice, bob)
}

/// Lets alice say `from`, …, `to`, all at once.
#[track_caller]
fn counts(alice: &Client, from: u64, to: u64) {
    let lines: Vec<String> = (from..=to).map(|number| format!("/msg {number}\n")).collect();
    alice.types_bytes(lines.concat().as_bytes());
}

/// Lets alice say 1, …, `to`, all at once; bob hears them up to `heard`.
#[track_caller]
fn bob_hears_to(alice: &Client, bob: &mut Friend, to: u64, heard: u64) {
    counts(alice, 1, to);
    for seq in 1..=heard {
        bob.hears(seq, 1, &seq.to_string());
    }
}

/// Shows that a text was not confirmed: it comes again.
#[track_caller]
fn is_not_confirmed(alice: &Client, bob: &mut Friend, seq: u64) {
    // What was on its way before is none of this; of the copies from now on the second is new.
    bob.socket().forgets();
    bob.hears_again(seq);
    bob.hears_again(seq);
    assert!(!alice.output().contains("Delivered"), "{}", alice.output());
}

#[test]
fn a_message_has_its_headers_in_order_and_is_delivered_when_acknowledged() {
    let (alice, mut bob) = alice_speaks(&[]);
    for (seq, text) in (1..).zip(["hi", "how are you?", "  spaces  ", "a: b", "äöü 🦀"]) {
        alice.asks_line(&format!("/msg {text}"), &format!("Sent to bob (ID 2): {text}"));
        bob.hears(seq, seq, text);
        assert!(!alice.output().contains(&format!("(udp): {text}")), "{}", alice.output());
        bob.acks(seq, seq);
        alice.sees_line(&format!("Delivered to bob (udp): {text}"));
    }
}

#[test]
fn what_is_not_acknowledged_comes_again_with_growing_pauses() {
    let (alice, mut bob) = alice_speaks(&[]);
    let since = Instant::now();
    alice.types("/msg hello?");
    bob.hears(1, 1, "hello?");
    for _ in 0..3 {
        let copy = bob.hears_again(1);
        bob.alices().is_msg(&copy, 1, 1, "hello?");
    }
    // 200, 400 and 800 ms, and a little for how clocks round.
    assert!(since.elapsed() > Duration::from_millis(1350), "{:?}", since.elapsed());
    bob.acks(1, 1);
    alice.sees_line("Delivered to bob (udp): hello?");
    // Said once, whatever was sent.
    assert_eq!(alice.output().matches("Sent to bob").count(), 1, "{}", alice.output());
    // And after its ACK it does not come any more: the next is the next.
    bob.socket().forgets();
    alice.types("/msg good");
    bob.hears_next(2, 2, "good");
}

#[test]
fn at_most_64_are_under_way_and_an_ack_lets_the_next_out() {
    let (alice, mut bob) = alice_speaks(&[]);
    bob_hears_to(&alice, &mut bob, 66, 64);
    // Copies come, but nothing new.
    for _ in 0..3 {
        let copy = bob.hears_again(64);
        bob.alices().is_msg(&copy, 64, 1, "64");
    }
    assert!(!alice.output().contains("Sent to bob (ID 2): 65"), "{}", alice.output());
    bob.acks(1, 1);
    bob.hears(65, 2, "65");
    alice.sees_line("Sent to bob (ID 2): 65");
    bob.acks(2, 2);
    bob.hears(66, 3, "66");
    bob.acks(66, 66);
    alice.sees_line("Delivered to bob (udp): 66");
    assert_eq!(alice.output().matches("Delivered").count(), 66, "{}", alice.output());
}

/// Where a fifth of all datagrams is lost, on both ways, this happens to one message of 165.
#[test]
fn a_message_that_is_lost_five_times_costs_a_script_no_line() {
    let (alice, mut bob) = alice_speaks(&[]);
    counts(&alice, 1, 600);
    for seq in 1..=64 {
        bob.hears(seq, 1, &seq.to_string());
    }
    (0..5).for_each(|_| drop(bob.hears_again(1))); // the last one after three seconds
    bob.acks(64, 64);
    for number in 65..=600 {
        let block = bob.next();
        block.has(&[("Seq", &number.to_string()), ("Text", &number.to_string())]);
        bob.acks(number, number);
    }
    alice.sees_line("Delivered to bob (udp): 600");
    assert!(!alice.output().contains("not sent"), "{}", alice.output());
}

#[test]
fn the_window_is_counted_from_the_oldest() {
    let (alice, mut bob) = alice_speaks(&[]);
    bob_hears_to(&alice, &mut bob, 65, 64);
    // All but the first have arrived. Its receiver would drop the 65th, so it is not sent.
    for seq in 2..=64 {
        bob.acks(seq, 0);
    }
    alice.sees_line("Delivered to bob (udp): 64");
    bob.socket().forgets();
    for _ in 0..2 {
        bob.hears_next(1, 1, "1");
    }
    bob.acks(1, 64);
    bob.hears(65, 65, "65");
}

#[test]
fn upto_acknowledges_all_that_came_before() {
    let (alice, mut bob) = alice_speaks(&[]);
    bob_hears_to(&alice, &mut bob, 10, 10);
    bob.acks(7, 7);
    for number in 1..=7 {
        alice.sees(&format!("Delivered to bob (udp): {number}"));
    }
    bob.socket().forgets();
    let copy = bob.any();
    assert!((8..=10).contains(&copy.number("Seq")), "{copy}");
    copy.has(&[("First", "8")]);
    // One alone, with others missing before it.
    bob.acks(10, 7);
    alice.sees_line("Delivered to bob (udp): 10");
    bob.acks(9, 10);
    alice.sees_line("Delivered to bob (udp): 8");
    alice.sees_line("Delivered to bob (udp): 9");
    assert_eq!(alice.output().matches("Delivered").count(), 10, "{}", alice.output());
}

#[test]
fn acks_of_what_was_never_sent_confirm_nothing() {
    let (alice, mut bob) = friends(&[]);
    bob.acks(1, 1);
    // Once this has its ACK, the one above has been read.
    bob.tells(1, 1, "hello", 1);
    alice.types("/msg first");
    bob.hears(1, 1, "first");
    for (seq, upto) in [(2, 0), (0, 0), (64, 0), (u64::MAX, 0)] {
        bob.acks(seq, upto);
    }
    is_not_confirmed(&alice, &mut bob, 1);
    bob.acks(1, 1);
    alice.sees_line("Delivered to bob (udp): first");
    bob.acks(1, u64::MAX);
    bob.acks(u64::MAX, u64::MAX);
    bob.tells(2, 2, "hello again", 2);
    alice.types("/msg second");
    bob.hears(2, 2, "second");
    bob.hears_again(2);
    assert!(!alice.output().contains("(udp): second"), "{}", alice.output());
    bob.acks(2, 2);
    alice.sees_line("Delivered to bob (udp): second");
}

#[test]
fn an_ack_with_another_answer_confirms_nothing() {
    let (alice, mut bob) = alice_speaks(&[]);
    bob.queries(&alice);
    alice.types("/msg hi");
    bob.hears(1, 1, "hi");
    let (true_way, other_way) = (bob.alices().clone(), bob.own().clone());
    let wrong = [
        true_way.ticket.clone(),
        true_way.answer.chars().rev().collect(),
        true_way.answer.to_uppercase(),
        true_way.answer[1..].to_owned(),
        other_way.answer,
        other_way.ticket,
        String::new(),
    ];
    for answer in wrong.into_iter().filter(|answer| *answer != true_way.answer) {
        bob.sends(&format!("ACK\r\nAnswer: {answer}\r\nSeq: 1\r\nUpto: 1\r\n\r\n"));
    }
    bob.sends("ACK\r\nSeq: 1\r\nUpto: 1\r\n\r\n");
    is_not_confirmed(&alice, &mut bob, 1);
    bob.acks(1, 1);
    alice.sees_line("Delivered to bob (udp): hi");
}

#[test]
fn an_ill_formed_ack_confirms_nothing() {
    let (alice, mut bob) = alice_speaks(&[]);
    alice.types("/msg hi");
    bob.hears(1, 1, "hi");
    let answer = bob.alices().answer.clone();
    for rest in
        ["Seq: x\r\nUpto: 1\r\n\r\n", "Seq: 1\r\n\r\n", "Upto: 1\r\n\r\n", "Seq: 1\r\nUpto: 1\r\n"]
    {
        bob.sends(&format!("ACK\r\nAnswer: {answer}\r\n{rest}"));
    }
    bob.sends(&(bob.alices().ack(1, 1) + "more"));
    is_not_confirmed(&alice, &mut bob, 1);
    // Lone line feeds, no spaces, any case and further headers are all well-formed.
    bob.sends(&format!("ACK\nupto:1\nX:y\nSEQ:1\nanswer:{answer}\n\n"));
    alice.sees_line("Delivered to bob (udp): hi");
}

#[test]
fn a_text_of_1000_bytes_goes_and_one_more_is_refused() {
    let (alice, mut bob) = alice_speaks(&[]);
    let long = "é".repeat(500);
    for text in ["x".repeat(1001), format!("{long}x"), "é".repeat(600)] {
        alice.asks(
            &format!("/msg {text}"),
            "not sent: a text over UDP must have at most 1000 bytes",
        );
    }
    alice.types(&format!("/msg {long}"));
    bob.takes(1, 1, &long);
    alice.sees_line(&format!("Delivered to bob (udp): {long}"));
}

#[test]
fn a_silent_peer_is_given_up_honestly_and_the_conversation_goes_on() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "1"]);
    let since = Instant::now();
    alice.asks_line("/msg hello?", "Sent to bob (ID 2): hello?");
    alice.sees_line("not delivered to bob: hello?");
    assert!(since.elapsed() > Duration::from_millis(950), "{:?}", since.elapsed());
    bob.hears(1, 1, "hello?");
    bob.socket().forgets();
    alice.types("/msg anybody?");
    bob.hears_next(2, 2, "anybody?");
    bob.acks(2, 2);
    alice.sees_line("Delivered to bob (udp): anybody?");
    assert_eq!(alice.output().matches("not delivered").count(), 1, "{}", alice.output());
    alice.asks("/peers", ", acknowledged 1, lost 1; received 0");
}

#[test]
fn the_ack_of_what_was_given_up_comes_too_late() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "1"]);
    alice.types("/msg hello?");
    bob.hears(1, 1, "hello?");
    alice.sees_line("not delivered to bob: hello?");
    bob.acks(1, 1);
    bob.is_told(&alice, 2, "anybody?");
    assert_eq!(alice.output().matches("Delivered").count(), 1, "{}", alice.output());
}

#[test]
fn first_is_the_oldest_that_is_still_tried() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "2"]);
    bob_hears_to(&alice, &mut bob, 3, 3);
    bob.acks(2, 0);
    alice.sees_line("Delivered to bob (udp): 2");
    bob.socket().forgets();
    // The second has arrived; the first has not, and is still tried.
    bob.hears_again(3).has(&[("First", "1")]);
    alice.sees_line("not delivered to bob: 1");
    alice.sees_line("not delivered to bob: 3");
    alice.types("/msg 4");
    let next = bob.next();
    // The second may be sent once more, for bob may wait for the first.
    assert!((2..=4).contains(&next.number("First")), "{next}");
    bob.alices().is_msg(&next, 4, next.number("First"), "4");
    bob.acks(4, 4);
    alice.sees_line("Delivered to bob (udp): 4");
}

/// Lets bob hold the second and third of three, while the first is given up.
#[track_caller]
fn holds_two(alice: &Client, bob: &mut Friend) {
    bob_hears_to(alice, bob, 3, 3);
    bob.acks(2, 0);
    bob.acks(3, 0);
    alice.sees_line("Delivered to bob (udp): 3");
    alice.sees_line("not delivered to bob: 1");
}

/// Waits for a copy of the third that tells bob not to wait for the first.
#[track_caller]
fn is_set_free(bob: &mut Friend) {
    let copy = later(bob);
    bob.alices().is_msg(&copy, 3, copy.number("First"), "3");
    assert!((2..=3).contains(&copy.number("First")), "{copy}");
}

/// The first MSG with a First above 1.
#[track_caller]
fn later(bob: &mut Friend) -> Block {
    loop {
        let block = bob.any();
        if block.number("First") > 1 {
            return block;
        }
    }
}

#[test]
fn what_the_receiver_holds_behind_something_given_up_is_set_free() {
    let (alice, mut bob) = friends(&["--give-up", "2"]);
    holds_two(&alice, &mut bob);
    // Nothing else is said that could tell bob that he waits in vain.
    is_set_free(&mut bob);
    bob.acks(3, 3);
    // Once this has its ACK, the one above has been read.
    bob.tells(1, 1, "hello", 1);
    bob.socket().forgets();
    alice.types("/msg 4");
    bob.hears_next(4, 4, "4");
    bob.acks(4, 4);
    alice.sees_line("Delivered to bob (udp): 4");
    assert_eq!(alice.output().matches("Delivered to bob (udp): 3").count(), 1);
}

#[test]
fn what_sets_free_is_itself_sent_until_it_has_come() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "2"]);
    holds_two(&alice, &mut bob);
    for _ in 0..3 {
        is_set_free(&mut bob);
    }
    bob.acks(3, 3);
    alice.types("/msg 4");
    let next = bob.next();
    bob.alices().is_msg(&next, 4, next.number("First"), "4");
}

#[test]
fn an_ack_that_knows_nothing_of_what_sets_free_does_not_end_it() {
    let (alice, mut bob) = friends(&["--give-up", "2"]);
    holds_two(&alice, &mut bob);
    is_set_free(&mut bob);
    // A late double of the ACK from before: it is still true that bob waits for the first.
    bob.acks(3, 0);
    bob.tells(1, 1, "hello", 1);
    bob.socket().forgets();
    is_set_free(&mut bob);
}

#[test]
fn an_ack_that_crosses_the_giving_up_leaves_nobody_waiting() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "2"]);
    counts(&alice, 1, 1);
    bob.hears(1, 1, "1");
    bob.hears_again(1);
    bob.hears_again(1);
    counts(&alice, 2, 2);
    bob.hears(2, 1, "2");
    alice.sees_line("not delivered to bob: 1");
    // Bob has had one copy of the second, which told him to wait for the first; that is what his ACK says.
    bob.acks(2, 0);
    alice.sees_line("Delivered to bob (udp): 2");
    bob.socket().forgets();
    let copy = later(&mut bob);
    bob.alices().is_msg(&copy, 2, 2, "2");
}

#[test]
fn a_port_on_which_nobody_listens_is_as_silence() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "1"]);
    let port = bob.socket().port();
    bob.is_told(&alice, 1, "one");
    // The system tells alice's socket that nobody is there; that is no reason to stop.
    bob.closes();
    alice.asks_line("/msg two", "not delivered to bob: two");
    bob.opens(port);
    bob.is_told(&alice, 3, "three");
    assert_eq!(alice.errors(), "");
}

#[test]
fn two_with_nothing_getting_through_both_hear_of_it() {
    let server = Server::start(&[]);
    let flags = ["--lossy", "100", "--give-up", "1"];
    let alice = Client::joined_with("alice", &server, &flags);
    let bob = Client::joined_with("bob", &server, &flags);
    alice.sees("bob joined");
    query_each_other(&alice, &bob);
    for (client, who) in [(&alice, "bob"), (&bob, "alice")] {
        client.types_bytes(b"/msg one\n/msg two\n");
        client.sees_line(&format!("not delivered to {who}: one"));
        client.sees_line(&format!("not delivered to {who}: two"));
    }
    alice.types("still in the room");
    for client in [&alice, &bob] {
        client.sees(" alice: still in the room");
        assert!(!client.output().contains("(udp):"), "{}", client.output());
    }
}

#[test]
fn after_a_failure_a_query_asks_the_server_again() {
    let (alice, mut bob) = alice_speaks(&["--give-up", "1"]);
    alice.asks_line("/query bob", "this conversation is already open: /msg goes there");
    alice.asks_line("/msg hello?", "not delivered to bob: hello?");
    let old = bob.alices().ticket.clone();
    bob.is_queried(&alice);
    assert_ne!(bob.alices().ticket, old);
    bob.socket().forgets();
    bob.is_told(&alice, 1, "here I am");
    alice.asks_line("/query bob", "this conversation is already open: /msg goes there");
    alice.types("/msg the same");
    bob.takes(2, 2, "the same");
}

#[test]
fn silence_of_one_is_no_silence_of_others() {
    let (alice, mut bob) = friends(&["--give-up", "1"]);
    let mut carol = bob.another("carol", &alice);
    alice.types("/msg to bob");
    bob.hears(1, 1, "to bob");
    carol.is_queried(&alice);
    carol.is_told(&alice, 1, "to carol");
    alice.sees_line("not delivered to bob: to bob");
    alice.types("/msg to carol again");
    carol.takes(2, 2, "to carol again");
}

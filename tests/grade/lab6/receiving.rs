//! Your client receives datagrams.

use std::collections::BTreeSet;

use super::post::{Post, bob};
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::played::{Played, Secrets};
use crate::driver::story::{fail, step};

pub fn every_copy_is_acknowledged_and_shown_once(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.queries(&bob, &mut server);
    let head = format!("{} (udp): ", ann.me.name);
    for seq in 1..=5 {
        let text = dice.text();
        let copies = 1 + dice.below(4);
        step(format!("message {seq} comes {copies} times, and before it one with a false Ticket"));
        ann.sends_with(&Secrets::new(dice).ticket, seq, seq, "not this");
        for _ in 0..copies {
            ann.sends(seq, seq, &text);
        }
        step("each copy of the true one is acknowledged, the false one is not");
        (0..copies).for_each(|_| ann.is_acknowledged(seq, seq));
        bob.sees_line_without(&[&head, "not this"], &format!("{head}{text}"));
    }
    step("an old copy comes again, long after: acknowledged, not shown");
    ann.sends(2, 2, "whatever");
    ann.is_acknowledged(2, 5);
    ann.sends(6, 6, "the last one");
    ann.is_acknowledged(6, 6);
    bob.sees_line_without(&[&head], &format!("{head}the last one"));
}

pub fn messages_are_shown_in_order_however_they_come(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.queries(&bob, &mut server);
    let texts: Vec<String> = (0..60).map(|_| dice.text()).collect();
    let mut order: Vec<u64> = (1..=60).collect();
    let twice: Vec<u64> = order.iter().copied().filter(|seq| seq % 3 == 0).collect();
    order.extend(twice);
    dice.shuffle(&mut order);
    step("sixty messages, in any order, a third of them twice; all of them are still tried");
    let mut arrived = BTreeSet::new();
    for seq in order {
        ann.sends(seq, 1, &texts[usize::try_from(seq).unwrap() - 1]);
        arrived.insert(seq);
        let upto = (1..=60).take_while(|seq| arrived.contains(seq)).last().unwrap_or(0);
        ann.is_acknowledged(seq, upto);
    }
    step("bob reads them once each, and in order");
    let (head, mut shown) = (format!("{} (udp): ", ann.me.name), Vec::new());
    ann.sends(61, 61, "the end");
    ann.is_acknowledged(61, 61);
    bob.waits("the message after them", |line| {
        shown.extend(line.strip_prefix(&head).map(str::to_owned));
        (line == format!("{head}the end")).then_some(())
    });
    shown.pop();
    if let Some(place) = (0..60).find(|place| shown.get(*place) != texts.get(*place)) {
        fail(format!(
            "message {} is {:?} and is shown as {:?}",
            place + 1,
            texts[place],
            shown.get(place)
        ));
    }
    if shown.len() > 60 {
        fail(format!("{} messages are shown, and sixty were sent", shown.len()));
    }
}

pub fn what_was_given_up_is_not_waited_for(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.queries(&bob, &mut server);
    let name = ann.me.name.clone();
    let news = ["(udp): ", "did not arrive"];
    let shows =
        |number: u64| bob.sees_line_without(&news, &format!("{name} (udp): number {number}"));
    let sends = |seq: u64, first: u64| ann.sends(seq, first, &format!("number {seq}"));

    step("messages 1 and 2, then 4 and 5: they wait for the third");
    for (seq, upto) in [(1, 1), (2, 2), (4, 2), (5, 2)] {
        sends(seq, seq.min(3));
        ann.is_acknowledged(seq, upto);
    }
    (1..=2).for_each(shows);
    step("the third was given up: First is 4 now");
    sends(6, 4);
    ann.is_acknowledged(6, 6);
    bob.sees_line_without(&news, &format!("1 message from {name} did not arrive"));
    (4..=6).for_each(shows);
    step("the third comes after all: too late, but acknowledged");
    sends(3, 3);
    ann.is_acknowledged(3, 6);
    step("7, 8 and 10 are missing; 9 has come");
    sends(9, 7);
    ann.is_acknowledged(9, 6);
    sends(11, 11);
    ann.is_acknowledged(11, 11);
    bob.sees_line_without(&news, &format!("2 messages from {name} did not arrive"));
    shows(9);
    bob.sees_line_without(&news, &format!("1 message from {name} did not arrive"));
    shows(11);
    what_is_too_far_ahead_is_dropped(&bob, &ann);
    first_is_heeded_whatever_it_comes_with(&bob, &ann);
    the_highest_numbers_do_no_harm(&bob, &ann);
}

/// Up to 11 all has come.
fn what_is_too_far_ahead_is_dropped(bob: &Client, ann: &Post) {
    let sends = |seq: u64, first: u64| ann.sends(seq, first, &format!("number {seq}"));
    step("63 ahead of what is next is kept; 64 ahead is dropped without an answer");
    sends(12 + 64, 12);
    sends(12 + 63, 12);
    ann.is_acknowledged_without(12 + 64, 12 + 63, 11);
    sends(12 + 64, 12);
    sends(12, 12);
    ann.is_acknowledged_without(12 + 64, 12, 12);
    let head = format!("{} (udp): number", ann.me.name);
    bob.sees_line_without(&[&head, "did not arrive"], &format!("{head} 12"));
}

/// Up to 12 all has come, and 75.
fn first_is_heeded_whatever_it_comes_with(bob: &Client, ann: &Post) {
    let name = &ann.me.name;
    let (head, tail) = (format!("{name} (udp): number"), format!("from {name} did not arrive"));
    let sees = |line: String| bob.sees_line_without(&[&head, &tail], &line);
    let sends = |seq: u64, first: u64, upto: u64| {
        ann.sends(seq, first, &format!("number {seq}"));
        ann.is_acknowledged(seq, upto);
    };
    step("13 and 14 are missing; 15 waits, and it is a copy of 15 whose First gives them up");
    sends(15, 13, 12);
    sends(15, 15, 15);
    sees(format!("2 messages {tail}"));
    sees(format!("{head} 15"));
    step("200 with First 200: 64 ahead is counted from there, so it is kept");
    sends(200, 200, 200);
    sees(format!("59 messages {tail}"));
    sees(format!("{head} 75"));
    sees(format!("124 messages {tail}"));
    sees(format!("{head} 200"));
}

/// Up to 200 all has come or was given up.
fn the_highest_numbers_do_no_harm(bob: &Client, ann: &Post) {
    let (name, highest) = (&ann.me.name, u64::MAX - 1);
    let (head, tail) = (format!("{name} (udp): "), format!("from {name} did not arrive"));
    step(format!("{highest} with First {highest}: a sum of these would be too large for a u64"));
    ann.sends(highest, highest, "the highest");
    ann.is_acknowledged(highest, highest);
    bob.sees_line_without(&[&head, &tail], &format!("{} messages {tail}", highest - 201));
    bob.sees_line_without(&[&head, &tail], &format!("{head}the highest"));
}

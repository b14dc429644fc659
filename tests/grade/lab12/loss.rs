//! What a loss does to the window.

use super::sender::Sender;
use crate::driver::dice::Dice;
use crate::driver::story::{instead, step};

/// The window in the beginning.
const WINDOW: u64 = 64;
/// A new message may go out a few ACKs sooner or later: the window grows meanwhile, and one goes out in each timeout.
const TOLERANCE: usize = 3;

pub fn a_loss_halves_the_window_once(dice: &mut Dice) {
    let mut sender = Sender::start("your sender");
    many_losses_are_one(&mut sender);
    another_loss_halves_again(&mut sender);
    it_is_halved_and_not_emptied(&mut sender, dice);
}

/// Acknowledges what is in flight, in order, up to this number, all at this time. Gives how many were in flight when
/// the first new message went out.
#[track_caller]
fn drains(sender: &mut Sender, at: u64, last: u64) -> usize {
    let mut found = None;
    while let Some(first) = sender.in_flight.first().copied().filter(|first| *first <= last) {
        let before = sender.in_flight.len() - 1;
        let emitted = sender.acknowledges(at, first, first);
        if !emitted.new.is_empty() && found.is_none() {
            found = Some(before);
        }
    }
    found.unwrap_or(0)
}

/// Fails unless new messages go out when about half of these are in flight.
#[track_caller]
fn must_be_half(sender: &Sender, in_flight: usize, found: usize) {
    let half = in_flight / 2;
    if found.abs_diff(half) > TOLERANCE {
        let expected =
            format!("the first new message when about {half} are in flight, half of {in_flight}");
        let came = match found {
            0 => "none until nothing was in flight".to_owned(),
            _ => format!("it goes out when {found} are in flight"),
        };
        sender.fails(instead(expected, came));
    }
}

fn many_losses_are_one(sender: &mut Sender) {
    step("the user says 400 texts: 64 go out; 100 ms later comes the ACK of 1");
    let begun = sender.says(0, 400);
    if begun.new.len() as u64 != WINDOW {
        sender.fails(instead("sends 1-64", begun.line));
    }
    sender.acknowledges(100, 1, 1);
    step("no other comes in time, so all the others are sent again: that is one loss");
    let copies = sender.waits(100, 320);
    let in_flight = sender.in_flight.len();
    if copies.again.len() < 60 {
        sender.fails(instead("copies of all that is in flight, at 300 ms at the latest", {
            format!("copies of {:?}", copies.again)
        }));
    }
    step(format!(
        "{in_flight} are in flight; ACKs come of 30, and not of 2: its window is not over"
    ));
    (10..40).for_each(|seq| drop(sender.acknowledges(320, seq, 1)));
    step(
        "more copies of the others belong to the same loss; at 650 ms their ACKs come, one by one",
    );
    sender.waits(320, 650);
    let last = sender.in_flight.last().copied().unwrap_or(0);
    let found = drains(sender, 650, last);
    must_be_half(sender, in_flight, found);
}

/// All in flight was sent after the first loss.
fn another_loss_halves_again(sender: &mut Sender) {
    step("100 ms later comes the ACK of the first new one, and no other: that is another loss");
    let first = sender.in_flight.first().copied().unwrap_or(0);
    sender.acknowledges(750, first, first);
    let before = sender.in_flight.len();
    let copies = sender.waits(750, 1_800);
    let in_flight = sender.in_flight.len();
    if copies.again.len() + 4 < before {
        sender.fails(instead("copies of all that is in flight, in a second", {
            format!("copies of {:?}", copies.again)
        }));
    }
    step(format!("{in_flight} are in flight; their ACKs come, one by one"));
    let last = sender.in_flight.last().copied().unwrap_or(0);
    let found = drains(sender, 1_800, last);
    must_be_half(sender, in_flight, found);
}

/// One message of eleven is lost, while ACKs of others come: the window is 2 then, and not 1.
fn it_is_halved_and_not_emptied(sender: &mut Sender, dice: &mut Dice) {
    let rest = 3 + dice.below(4) as u64;
    step("a new beginning: ten texts, and after 100 ms the ACKs of all but the first; then a text");
    sender.begins();
    sender.says(0, 10);
    (2..=10).for_each(|seq| drop(sender.acknowledges(100, seq, 0)));
    let next = sender.says(150, 1);
    sender.acknowledges(195, 11, 0);
    if next.new != [11] {
        sender.fails(instead("sends 11", next.line));
    }
    let copy = sender.at(201, "");
    if copy.again != [1] {
        sender.fails(instead("again 1: it was lost", copy.line));
    }
    step(format!(
        "only 1 is in flight, and the window is 2, the least: of {rest} texts one goes out"
    ));
    let new = sender.says(205, rest);
    if new.new != [12] {
        sender.fails(instead("sends 12", new.line));
    }
}

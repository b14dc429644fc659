//! How the window grows.

use super::sender::Sender;
use crate::driver::dice::Dice;
use crate::driver::story::{instead, step};

/// After so many ms a message is given up.
const GIVE_UP: u64 = 30_000;
/// A round trip, in ms.
const ROUND_TRIP: u64 = 60;

pub fn after_silence_the_window_begins_at_one(dice: &mut Dice) {
    let mut sender = Sender::start("your sender");
    one_in_each_timeout(&mut sender, dice);
    it_doubles_and_then_grows_by_one(&mut sender, dice);
}

/// Nothing comes back, and nothing is known: each timeout is 200 ms.
fn one_in_each_timeout(sender: &mut Sender, dice: &mut Dice) {
    let count = 8 + dice.below(8) as u64;
    step(format!("{count} texts go out, and nothing comes back: the window is 1 after 200 ms"));
    sender.says(0, count);
    sender.waits(0, 2_000);
    step("ten more texts after 2 s: one goes out at once, and one in each timeout of 200 ms");
    let mut all = sender.says(2_000, 10).new;
    for at in [2_100, 2_198, 2_201, 2_300, 2_398, 2_402, 2_500] {
        all.extend(sender.at(at, "").new);
        let expected = count + 1 + (at - 2_000) / 200;
        if all.last().copied().unwrap_or(0) != expected {
            let came = format!("{} is the highest", all.last().copied().unwrap_or(count));
            sender.fails(instead(format!("{expected} is the highest at {at} ms"), came));
        }
    }
}

/// A long silence, and then the network is back.
fn it_doubles_and_then_grows_by_one(sender: &mut Sender, dice: &mut Dice) {
    let count = 36 + 4 * dice.below(4) as u64;
    step(format!("a new beginning: {count} texts go out, and nothing comes back for 30 s"));
    sender.begins();
    sender.says(0, count);
    let mut due = sender.waits(0, GIVE_UP - 100);
    step("one more text goes out then, and all before it are given up");
    let one = sender.says(GIVE_UP - 100, 1);
    due.lost.extend(sender.waits(GIVE_UP - 100, GIVE_UP + 1).lost);
    due.lost.extend(sender.at(GIVE_UP + 10, "").lost);
    let last = count + 1;
    if one.new != [last] || due.lost.len() as u64 != count {
        let expected = format!("sends {last}, and then lost 1-{count}");
        sender.fails(instead(expected, format!("{}; lost {:?}", one.line, due.lost)));
    }
    step("400 texts: the window is 1, and one is in flight");
    let early = sender.says(GIVE_UP + 50, 400);
    if !early.new.is_empty() {
        sender.fails(instead("nothing new before an ACK", early.line));
    }
    step(format!("an ACK: the network is back, and every ACK takes {ROUND_TRIP} ms from now on"));
    rounds(sender, count / 2);
}

/// Each round trip what is in flight is acknowledged, all of it. The window must double up to the threshold, and then
/// grow by one.
fn rounds(sender: &mut Sender, threshold: u64) {
    let (mut at, mut expected) = (GIVE_UP + 60, 1);
    for round in 1..=9 {
        let flying: Vec<u64> = sender.in_flight.iter().copied().collect();
        if (flying.len() as u64).abs_diff(expected) > u64::from(expected >= threshold) {
            let phase = if expected < threshold {
                format!("slow start doubles it up to {threshold}")
            } else {
                "congestion avoidance adds one in a round trip".to_owned()
            };
            let expected = format!("{expected} in flight in round trip {round}: {phase}");
            sender.fails(instead(expected, flying.len()));
        }
        flying.iter().for_each(|seq| drop(sender.acknowledges(at, *seq, *seq)));
        expected = if expected < threshold { (2 * expected).min(threshold) } else { expected + 1 };
        at += ROUND_TRIP;
    }
}

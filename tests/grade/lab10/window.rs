//! The window against replays. It is the one check that calls a function of yours, and no program: of datagrams that
//! are sealed one by one a program shows too little.

use std::collections::HashSet;

use p2p_chat::tls::ReplayWindow;

use crate::driver::by_hand;
use crate::driver::dice::Dice;
use crate::driver::story::{self, step};

/// How many numbers are told apart: the highest, and those below it.
const WINDOW: u64 = 64;
/// What can be done in place of a play.
const BY_HAND: &str = "this story is about a type and not about a program: play it in a test of your own,\n\
    or with paper and pencil (src/tls/replay_window.rs)";

/// Your window beside one that remembers everything.
#[derive(Default)]
struct Both {
    yours: ReplayWindow,
    came: HashSet<u64>,
    highest: u64,
}

impl Both {
    /// Whether this number may come; yours must say the same.
    #[track_caller]
    fn asks(&self, number: u64) -> bool {
        let is_old = self.highest >= WINDOW && number <= self.highest - WINDOW;
        let expected = !is_old && !self.came.contains(&number);
        let says = self.yours.may_come(number);
        story::told("may_come", "<-", format!("{number}: {says}").as_bytes());
        if says != expected {
            let why = format!("{expected}, for {number} after {}", self.highest);
            story::fail(story::instead(why, says));
        }
        says
    }

    /// A datagram with this number comes and opens, if it may come.
    #[track_caller]
    fn comes(&mut self, number: u64) {
        if self.asks(number) {
            story::told("note", "->", number.to_string().as_bytes());
            self.yours.note(number);
            self.came.insert(number);
            self.highest = self.highest.max(number);
        }
    }
}

pub fn each_number_is_taken_once(dice: &mut Dice) {
    by_hand::cannot(BY_HAND);
    for first in [0, 1, 1000, u64::MAX] {
        step(format!("the first number is {first}; it comes twice"));
        let mut both = Both::default();
        both.comes(first);
        both.comes(first);
    }
    step("numbers overtake each other, and then all come once more");
    let mut both = Both::default();
    [10, 12, 11, 9, 0, 10, 12, 11, 9, 0].into_iter().for_each(|number| both.comes(number));
    for leap in [1, 2, WINDOW - 1, WINDOW, WINDOW + 1, 1 << 40] {
        let before = both.highest;
        step(format!("a leap of {leap}, from {before}; then come both edges of the window"));
        both.comes(before + leap);
        let edge = (before + leap).saturating_sub(WINDOW - 1);
        for number in [before, before + 1, edge.saturating_sub(1), edge, edge, before + leap] {
            both.comes(number);
        }
    }
    step("a number far ahead is asked for and does not open: it moves nothing");
    both.asks(u64::MAX);
    both.comes(both.highest + 1);
    step("2,000 numbers, most of them near the highest one; some do not open");
    for _ in 0..2000 {
        let near = both.highest.saturating_sub(70) + dice.below(140) as u64;
        let number = if dice.below(100) == 0 { near + 200 } else { near };
        if dice.below(5) == 0 {
            both.asks(number);
        } else {
            both.comes(number);
        }
    }
}

//! The window against replays. Of datagrams that are sealed one by one a whole program shows too little, so the window
//! is asked alone.

use std::collections::HashSet;

use crate::driver::dice::Dice;
use crate::driver::part::Part;
use crate::driver::story::step;

/// How many numbers are told apart: the highest, and those below it.
const WINDOW: u64 = 64;

/// Your window beside one that remembers everything.
#[derive(Debug)]
struct Both {
    yours: Part,
    came: HashSet<u64>,
    highest: u64,
}

impl Both {
    fn new() -> Self {
        Self { yours: Part::start("the window", &["window"]), came: HashSet::new(), highest: 0 }
    }

    /// All is forgotten.
    #[track_caller]
    fn begins(&mut self) {
        self.yours.answers("new", "new", "which forgets all");
        (self.came, self.highest) = (HashSet::new(), 0);
    }

    /// Whether this number may come; yours must say the same.
    #[track_caller]
    fn asks(&self, number: u64) -> bool {
        let is_old = self.highest >= WINDOW && number <= self.highest - WINDOW;
        let expected = !is_old && !self.came.contains(&number);
        let why = if self.came.contains(&number) {
            format!("for it has come; the highest is {}", self.highest)
        } else {
            format!("for it has not come; the highest is {}", self.highest)
        };
        self.yours.answers(&format!("may {number}"), if expected { "yes" } else { "no" }, &why);
        expected
    }

    /// A datagram with this number comes and opens, if it may come.
    #[track_caller]
    fn comes(&mut self, number: u64) {
        if self.asks(number) {
            self.yours.answers(&format!("note {number}"), "noted", "for it has opened");
            self.came.insert(number);
            self.highest = self.highest.max(number);
        }
    }
}

pub fn each_number_is_taken_once(dice: &mut Dice) {
    let mut both = Both::new();
    for first in [0, 1, 1000, u64::MAX] {
        step(format!("the first number is {first}; it comes twice"));
        both.begins();
        both.comes(first);
        both.comes(first);
    }
    step("numbers overtake each other, and then all come once more");
    both.begins();
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

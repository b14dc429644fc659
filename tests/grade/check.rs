//! The table of labs and checks.

use crate::driver::dice::Dice;
use crate::{lab1, lab2, lab3, lab4, lab5, lab6, lab7, lab8, lab9};

/// One thing that must be so.
#[derive(Debug)]
pub struct Check {
    /// `lab4::a_member_that_never_reads_delays_nobody`.
    pub name: &'static str,
    /// The same as a sentence, with the numbers.
    pub says: &'static str,
    /// What it is worth.
    pub points: u32,
    /// The page and section that demand it.
    pub rule: &'static str,
    /// The checks that must be green before this one makes sense.
    pub needs: &'static [&'static str],
    /// The story.
    pub run: fn(&mut Dice),
}

/// A lab of LAB.md.
#[derive(Debug)]
pub struct Lab {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub title: &'static str,
    /// The labs without which its programs cannot even talk: of each, the first check must be green.
    pub needs: &'static [u32],
    /// Its checks, the easiest first.
    pub checks: &'static [Check],
}

/// All labs, in their order.
pub const LABS: [Lab; 9] = [
    Lab { number: 1, title: "framing", needs: &[], checks: lab1::CHECKS },
    Lab { number: 2, title: "registry", needs: &[1], checks: lab2::CHECKS },
    Lab { number: 3, title: "discovery", needs: &[1, 2], checks: lab3::CHECKS },
    Lab { number: 4, title: "fan-out", needs: &[1, 2], checks: lab4::CHECKS },
    Lab { number: 5, title: "direct TCP", needs: &[1], checks: lab5::CHECKS },
    Lab { number: 6, title: "UDP", needs: &[1], checks: lab6::CHECKS },
    Lab { number: 7, title: "the log", needs: &[1, 2, 4], checks: lab7::CHECKS },
    Lab { number: 8, title: "robustness", needs: &[1, 2], checks: lab8::CHECKS },
    Lab { number: 9, title: "measuring", needs: &[1], checks: lab9::CHECKS },
];

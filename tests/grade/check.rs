//! The table of labs and checks.

use crate::dice::Dice;
use crate::lab1;

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
pub const LABS: [Lab; 1] = [
    Lab { number: 1, title: "framing", needs: &[], checks: lab1::CHECKS },
];

impl Lab {
    /// What all its checks are worth.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|check| check.points).sum()
    }
}

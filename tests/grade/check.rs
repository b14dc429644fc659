//! The table of labs and checks.

use crate::driver::dice::Dice;
use crate::{lab0, lab1, lab2, lab3, lab4, lab5, lab6, lab7, lab8, lab9, lab10, lab11, lab12};

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
pub const LABS: [Lab; 13] = [
    lab(0, "sockets by hand", &[], lab0::CHECKS),
    lab(1, "framing", &[0], lab1::CHECKS),
    lab(2, "registry", &[1], lab2::CHECKS),
    lab(3, "discovery", &[1, 2], lab3::CHECKS),
    lab(4, "fan-out", &[1, 2], lab4::CHECKS),
    lab(5, "direct TCP", &[1], lab5::CHECKS),
    lab(6, "UDP", &[1], lab6::CHECKS),
    lab(7, "the log", &[1, 2, 4], lab7::CHECKS),
    lab(8, "robustness", &[1, 2], lab8::CHECKS),
    lab(9, "measuring", &[1], lab9::CHECKS),
    lab(10, "the secure channel", &[1, 2], lab10::CHECKS),
    lab(11, "through the wall", &[1, 6], lab11::CHECKS),
    lab(12, "congestion", &[1, 6], lab12::CHECKS),
];

/// A row of the table.
const fn lab(
    number: u32,
    title: &'static str,
    needs: &'static [u32],
    checks: &'static [Check],
) -> Lab {
    Lab { number, title, needs, checks }
}

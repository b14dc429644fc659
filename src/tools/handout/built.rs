//! What is to blame when a hand-in is not built, or not judged: the hand-in, or the machine.
//!
//! The compiler fails on a machine without space or memory, too. That says nothing about the hand-in, and must cost no
//! points: the hand-in gets no verdict, and is graded once more.

use super::isolation::Outcome;
use super::mark::LABS;
use super::score::TOO_BUSY;
use super::tree::Solution;
use crate::client::ui::json::Object;

/// The exit code of cargo when something does not compile.
const DOES_NOT_COMPILE: i32 = 101;
/// What the system, the linker, cargo or the compiler say when the machine has failed them.
const FAILURES: [&str; 10] = [
    "No space left",
    "not enough space",
    "quota exceeded",
    "(signal: 9",
    "signal 9",
    "temporarily unavailable",
    "Too many open files",
    "annot allocate memory",
    "memory exhausted",
    "memory allocation of",
];

/// What came of building a hand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// Its programs are there.
    Well,
    /// It does not compile.
    Not,
    /// The machine could not tell, and why.
    Unknown(&'static str),
}

impl Built {
    /// Reads what cargo has said.
    ///
    /// The compiler quotes lines of the hand-in behind a `|`, and they may say anything. So they are not read.
    pub fn of(build: &Outcome) -> Built {
        let fails = |line: &str| FAILURES.iter().any(|failure| line.contains(failure));
        match build.code {
            _ if build.is_late => Built::Unknown("compiling takes too long"),
            Some(0) => Built::Well,
            Some(DOES_NOT_COMPILE)
                if !build.errors.lines().any(|line| !line.contains('|') && fails(line)) =>
            {
                Built::Not
            }
            _ => Built::Unknown("the machine could not compile it"),
        }
    }
}

/// The line of a report for a lab on which there is no verdict, or for all labs, and why.
pub fn no_verdict(solution: &Solution, lab: Option<u32>, why: &str) -> String {
    let points: u32 =
        LABS.filter(|it| lab.is_none_or(|lab| lab == *it)).map(|it| solution.points(it)).sum();
    let line = Object::empty()
        .text("check", lab.map_or("all".to_owned(), |lab| format!("lab{lab}::all")))
        .json("points", 0)
        .json("of", points)
        .text("verdict", "not checked")
        .text("why", format!("{TOO_BUSY}: {why}"));
    line.end() + "\n"
}

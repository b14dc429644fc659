//! The grader: plain `cargo test` runs it and prints your points. You may read all of it; you need not.
//!
//! Each check is a function that reads like a story: somebody connects, somebody says something, somebody
//! hears it. They are in `lab0/` to `lab12/`, in the order of LAB.md. What they are told with is in [`driver`].
//! The first check that fails tells you its story, and a command of [`script`] that plays it once more.
//!
//! No check concludes from silence. To show that something does not come, it sends something after it that
//! must come, and looks what comes next. And none asks only what is not: the stranger is not verified, *and*
//! the friend is. So a program that does nothing has no points.
//!
//! Where some labs were handed out solved, `given.txt` beside this file has their numbers; the table then says
//! what was given.
//!
//! `cargo test lab4` runs one lab, `cargo test -- --hint NAME` helps with a check,
//! `cargo test -- --watch lab4` runs it again whenever you have changed something, LAB.md tells the rest.

#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::needless_for_each,
    reason = "stories are short: what reads well counts, and what cannot go on in the grader is its own mistake"
)]

mod arguments;
mod chart;
mod check;
#[allow(dead_code, reason = "the authors' own tests are told with it, too")]
mod driver;
mod hints;
mod lab0;
mod lab1;
mod lab2;
mod lab3;
mod lab4;
mod lab5;
mod lab6;
mod lab7;
mod lab8;
mod lab9;
mod lab10;
mod lab11;
mod lab12;
mod report;
mod run;
mod script;
mod table;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::grade(&check::LABS)
}

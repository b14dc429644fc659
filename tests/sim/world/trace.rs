//! The trace of a run: one line a step, with time, host, thread and what it did; and a number that stands for all.
//!
//! The number is computed in every run, the lines only if somebody wants them. Neither contains anything that is not
//! decided by the seed.

use std::fs::File;
use std::io::{BufWriter, Write};

/// Where the steps go.
pub struct Trace {
    sum: u64,
    lines: Option<BufWriter<File>>,
}

impl Trace {
    /// A trace whose lines go to a file, if there is one.
    pub fn new(file: Option<File>) -> Trace {
        Trace { sum: 0xcbf2_9ce4_8422_2325, lines: file.map(BufWriter::new) }
    }

    /// Counts a number into the sum (FNV-1a).
    pub fn count(&mut self, number: u64) {
        self.sum = (self.sum ^ number).wrapping_mul(0x0100_0000_01b3);
    }

    /// The number that stands for the run so far.
    pub fn sum(&self) -> u64 {
        self.sum ^ (self.sum >> 32)
    }

    /// Whether somebody wants the lines.
    pub fn is_wanted(&self) -> bool {
        self.lines.is_some()
    }

    /// Adds a line.
    pub fn line(&mut self, now: u64, host: &str, thread: &str, what: &str) {
        if let Some(lines) = &mut self.lines {
            let (seconds, micros) = (now / 1_000_000_000, now / 1_000 % 1_000_000);
            // A trace that cannot be written is short.
            let _ = writeln!(lines, "{seconds:>4}.{micros:06}  {host:<8} {thread:<14} {what}");
        }
    }

    /// Writes what is left.
    pub fn flush(&mut self) {
        if let Some(lines) = &mut self.lines {
            let _ = lines.flush();
        }
    }
}

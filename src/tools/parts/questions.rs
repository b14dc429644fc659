//! One line asked, one line answered: how a part of the chat is spoken to.
//!
//! ```
//! # use p2p_chat::tools::parts::{questions, window::Window};
//! let mut said = Vec::new();
//! questions::answer(&b"may 7\nnote 7\nmay 7\nwhy?\n"[..], &mut said, &mut Window::default()).expect("a Vec");
//! assert_eq!(said, b"yes\nnoted\nno\nwhat? may N, note N, new\n");
//! ```

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use crate::cli::Failure;

/// A part that can be asked.
pub trait Answers {
    /// The questions that it knows, as a person types them.
    const QUESTIONS: &'static str;

    /// Answers a question, given as its words, on one line. `None`: this is no question.
    fn answer(&mut self, question: &[&str]) -> Option<String>;
}

/// The clock of a part that is asked: what the asker says is the time.
#[derive(Debug)]
pub struct AskersClock(Instant);

impl Default for AskersClock {
    fn default() -> AskersClock {
        AskersClock(Instant::now())
    }
}

impl AskersClock {
    /// The time so many ms after the beginning, as the machine that is asked knows times.
    pub fn at(&self, passed: u64) -> Instant {
        self.0 + Duration::from_millis(passed)
    }

    /// The time of a question. `None`: this is none.
    pub fn time(&self, milliseconds: &str) -> Option<Instant> {
        // 49 days: no question makes the sum too large.
        Some(self.at(milliseconds.parse::<u32>().ok()?.into()))
    }

    /// A time as the asker knows it, in whole ms: not before it.
    pub fn told(&self, time: Instant) -> u128 {
        time.saturating_duration_since(self.0).as_nanos().div_ceil(1_000_000)
    }
}

/// Answers questions until there are no more. A line that is no question gets the list of all questions; an empty line
/// gets no answer.
///
/// # Errors
/// When a line cannot be read, or an answer cannot be written.
pub fn answer<A: Answers>(
    input: impl BufRead,
    output: &mut impl Write,
    part: &mut A,
) -> Result<(), Failure> {
    for line in input.lines() {
        let line = line.map_err(|error| Failure::cannot("read", "the input", &error))?;
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let said = part.answer(&words).unwrap_or_else(|| format!("what? {}", A::QUESTIONS));
        writeln!(output, "{said}")
            .and_then(|()| output.flush())
            .map_err(|error| Failure::cannot("write", "the output", &error))?;
    }
    Ok(())
}

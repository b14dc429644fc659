//! The messages of a run: each text holds its speaker, its number and its time.
//!
//! The receiver needs no other source to judge a message, and the times need no second clock: all members live in one
//! process.

use std::fmt::Write as _;

/// One message of a run. Its text is `load RUN SPEAKER NUMBER MICROS xxxx…`, and that of a speaker's last message
/// `load RUN SPEAKER NUMBER end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMessage {
    /// The speaker, counted from 0.
    pub speaker: usize,
    /// The number of the message among this speaker's, counted from 1.
    pub number: u64,
    /// When it was sent, in microseconds since the run began. `None` for a speaker's last message, which only marks
    /// the end: a receiver then knows what was lost before, and waits for nothing more of this speaker.
    pub said: Option<u64>,
}

/// The fewest bytes of a text: its words with the longest numbers that there can be.
pub const MIN_SIZE: usize = 56;

impl TestMessage {
    /// Appends the SAY block of this message, with a text of `size` bytes. It appends to one string for a whole
    /// write: making a block of each would cost the load generator more than the server.
    pub fn write(&self, run: &str, size: usize, to: &mut String) {
        to.push_str("SAY\r\nText: ");
        let start = to.len();
        let _ = write!(to, "load {run} {} {} ", self.speaker, self.number); // a String takes all
        let _ = match self.said {
            Some(said) => write!(to, "{said} "),
            None => write!(to, "end"),
        };
        if self.said.is_some() {
            let rest = size.saturating_sub(to.len() - start);
            to.extend(std::iter::repeat_n('x', rest));
        }
        to.push_str("\r\n\r\n");
    }

    /// Parses a text. Returns `None` for a text of another program, or of another run: a person may be in the room
    /// and say something.
    pub fn parse(text: &[u8], run: &str) -> Option<TestMessage> {
        let mut words = text.split(|byte| *byte == b' ');
        if words.next()? != b"load" || words.next()? != run.as_bytes() {
            return None;
        }
        let speaker = number(words.next()?)?.try_into().ok()?;
        let own = number(words.next()?)?;
        let said = match words.next()? {
            b"end" => None,
            said => Some(number(said)?),
        };
        Some(TestMessage { speaker, number: own, said })
    }
}

/// Parses a number of ASCII digits, without allocating.
fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

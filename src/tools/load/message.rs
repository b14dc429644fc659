//! What the speakers say: a text that tells who said it, as which one, and when.

use std::fmt::Write as _;

/// One message of a run, as its text tells it: `load RUN SPEAKER NUMBER MICROS xxxx…`, and a speaker's
/// last one `load RUN SPEAKER NUMBER end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMessage {
    /// Which speaker, from 0 up.
    pub speaker: usize,
    /// Which one of this speaker's messages, from 1 up.
    pub number: u64,
    /// When it was said, in microseconds since the run began; `None` for the last one, which only marks
    /// the end: who has heard it knows what was lost before it, and waits for nothing.
    pub said: Option<u64>,
}

/// The least bytes of a text: its words with the longest numbers there can be.
pub const MIN_SIZE: usize = 56;

impl TestMessage {
    /// Appends the SAY block that says this, with a text of `size` bytes.
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

    /// Reads a text; `None` for what somebody else said, or said in another run.
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

/// The number that some digits are.
fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

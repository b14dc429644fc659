//! The lines of a person at a keyboard, or of the file, pipe or device that stands in the person's place.
//!
//! `BufRead::lines` has no limit: a program that is started with `< /dev/zero` would remember one line until it has all
//! memory.

use std::io::{BufRead, Read};

/// The most bytes of a line, its end included.
const MOST: u64 = 4_096;
/// Some editors begin a file with U+FEFF, the byte order mark. It is none of the first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// How much more of a line is skipped. An input whose line goes on beyond that has no lines: it counts as ended.
const SKIPPED: u64 = 1 << 20;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedLine {
    /// A line without its end.
    Whole(Vec<u8>),
    /// A line that is too long. Nothing of it is kept.
    TooLong,
}

/// The lines of an input. An error of the input counts as its end.
///
/// ```
/// use p2p_chat::typed::{TypedLine, TypedLines};
///
/// let long = "x".repeat(5_000);
/// let typed = format!("one\r\n{long}\ntwo");
/// let mut lines = TypedLines::new(typed.as_bytes());
/// assert_eq!(lines.next(), Some(TypedLine::Whole(b"one".to_vec())));
/// assert_eq!(lines.next(), Some(TypedLine::TooLong));
/// assert_eq!(lines.next(), Some(TypedLine::Whole(b"two".to_vec())));
/// assert_eq!(lines.next(), None);
/// ```
#[derive(Debug)]
pub struct TypedLines<R> {
    input: R,
    /// Whether the rest of a line that is too long is still to be read.
    skipping: bool,
    /// Whether nothing was read yet.
    fresh: bool,
}

impl<R: BufRead> TypedLines<R> {
    /// Reads the lines of an input.
    pub fn new(input: R) -> TypedLines<R> {
        TypedLines { input, skipping: false, fresh: true }
    }

    /// Skips the rest of a line. Returns whether the line has an end.
    fn skip(&mut self) -> bool {
        let mut rest = self.input.by_ref().take(SKIPPED);
        rest.skip_until(b'\n').is_ok() && rest.limit() > 0
    }
}

impl<R: BufRead> Iterator for TypedLines<R> {
    type Item = TypedLine;

    fn next(&mut self) -> Option<TypedLine> {
        if self.skipping && !self.skip() {
            return None;
        }
        let mut line = Vec::new();
        self.input.by_ref().take(MOST).read_until(b'\n', &mut line).ok()?;
        let whole = line.last() == Some(&b'\n');
        self.skipping = !whole && line.len() as u64 == MOST;
        let is_first = std::mem::take(&mut self.fresh);
        if self.skipping {
            return Some(TypedLine::TooLong);
        }
        if whole {
            line.pop();
            line.pop_if(|end| *end == b'\r');
        }
        if is_first && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        (whole || !line.is_empty()).then_some(TypedLine::Whole(line))
    }
}

//! The block: a TYPE, lines, a blank line. Everything that travels is one.
//!
//! Here is the block itself, as a value. [`framing`](super::framing) finds blocks in a stream of bytes.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::str::FromStr;

use super::line::MAX_LINE;

/// The most lines of a request between its TYPE and its blank line (PROTOCOL, limits).
pub const MAX_REQUEST_LINES: usize = 16;
/// The most lines of an answer: enough for one line per client and to spare.
pub const MAX_ANSWER_LINES: usize = 20_000;
/// The most letters of a TYPE.
const MAX_KIND: usize = 16;

/// One block. It keeps the text that stands on the wire: writing it is one write, and showing it shows what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The TYPE and the lines, each ended by CRLF, without the blank line.
    text: String,
}

impl Block {
    /// Makes a block of TYPE `kind` without lines.
    pub fn new(kind: &str) -> Block {
        debug_assert!(is_kind(kind), "BUG: {kind:?} is no TYPE");
        Block { text: format!("{kind}\r\n") }
    }

    /// Adds a header. A value cannot break the framing: an end of line or a NUL in it becomes a space.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Block {
        let start = self.text.len();
        write!(self.text, "{name}: {value}").expect("BUG: a String takes all writes");
        self.end_line(start)
    }

    /// Adds a header if there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Display>) -> Block {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a line that is no header.
    #[must_use]
    pub fn with_line(mut self, line: impl Display) -> Block {
        let start = self.text.len();
        write!(self.text, "{line}").expect("BUG: a String takes all writes");
        self.end_line(start)
    }

    /// Ends the line that begins at `start`, and replaces what would end it earlier.
    fn end_line(mut self, start: usize) -> Block {
        if self.text[start..].contains(['\r', '\n', '\0']) {
            let clean = self.text[start..].replace(['\r', '\n', '\0'], " ");
            self.text.replace_range(start.., &clean);
        }
        self.text.push_str("\r\n");
        self
    }

    /// Makes a block of its lines with their ends, which the parser has checked.
    pub(super) fn from_checked(text: String) -> Block {
        Block { text }
    }

    /// The block's TYPE.
    pub fn kind(&self) -> &str {
        self.text.lines().next().unwrap_or("")
    }

    /// The lines between the TYPE and the blank line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().skip(1)
    }

    /// The value of the first header of that name, without the blanks around it. The case of the name's letters does
    /// not matter. Text is what a person wrote: only the one space after its colon is taken off.
    // LAB 1: find a header by its name
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_text = name.eq_ignore_ascii_case("Text");
        self.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            let value = if is_text {
                value.strip_prefix(' ').unwrap_or(value)
            } else {
                value.trim_matches([' ', '\t'])
            };
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The value of a header, parsed. Returns `None` if the header is missing or its value is ill-formed.
    pub fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.header(name)?.parse().ok()
    }

    /// Writes the block and its blank line in one write.
    ///
    /// # Errors
    /// `InvalidInput` for a block that the other side would have to refuse: a line of more than [`MAX_LINE`] bytes,
    /// or more than [`MAX_ANSWER_LINES`] lines. Otherwise any error of the writer.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let too_long = self.text.lines().any(|line| line.len() + 2 > MAX_LINE);
        if too_long || self.lines().nth(MAX_ANSWER_LINES).is_some() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("this {} is too long to be sent", self.kind()),
            ));
        }
        to.write_all(self.to_string().as_bytes())
    }
}

/// The block as it stands on the wire, with its blank line.
impl Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}\r\n", self.text)
    }
}

/// Whether a line can be a block's TYPE: 1 to 16 letters A to Z.
pub fn is_kind(line: &str) -> bool {
    (1..=MAX_KIND).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_uppercase())
}

//! The grammar of everything that travels: a TYPE, lines, a blank line. Here is the block itself, as a
//! value; [`reader`](super::framing) finds blocks in a stream.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::str::FromStr;

use super::line::MAX_LINE;

/// The most lines of a request between its TYPE and its blank line (PROTOCOL, limits).
pub const MAX_REQUEST_LINES: usize = 16;
/// The same for an answer: enough for one line per client and to spare.
pub const MAX_ANSWER_LINES: usize = 20_000;
/// The most letters of a TYPE.
const MAX_KIND: usize = 16;

/// One block. It is kept as the text that stands on the wire, so that writing it is one write and
/// showing it shows what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The TYPE and the lines, each ended by CRLF, without the blank line.
    text: String,
}

impl Block {
    /// A block with no lines yet. `kind` is its TYPE.
    pub fn new(kind: &str) -> Block {
        debug_assert!(is_kind(kind), "BUG: {kind:?} is no TYPE");
        Block { text: format!("{kind}\r\n") }
    }

    /// The same block with one more header. A value cannot break the framing: an end of line or a NUL
    /// in it is written as a space.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Block {
        let start = self.text.len();
        write!(self.text, "{name}: {value}").expect("BUG: a String takes all writes");
        self.end_line(start)
    }

    /// The same block with one more header if there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Display>) -> Block {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same block with one more line that is no header.
    #[must_use]
    pub fn with_line(mut self, line: impl Display) -> Block {
        let start = self.text.len();
        write!(self.text, "{line}").expect("BUG: a String takes all writes");
        self.end_line(start)
    }

    /// Ends the line that began at `start`, which must not hold an end of line itself.
    fn end_line(mut self, start: usize) -> Block {
        if self.text[start..].contains(['\r', '\n', '\0']) {
            let clean = self.text[start..].replace(['\r', '\n', '\0'], " ");
            self.text.replace_range(start.., &clean);
        }
        self.text.push_str("\r\n");
        self
    }

    /// The block of a TYPE line and the lines after it, as a reader has checked them.
    pub(super) fn from_checked(text: String) -> Block {
        Block { text }
    }

    /// Its TYPE.
    pub fn kind(&self) -> &str {
        self.text.lines().next().unwrap_or("")
    }

    /// The lines between its TYPE and its blank line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().skip(1)
    }

    /// The value of the first header of that name, whatever the case of its letters.
    // LAB 1: find a header by its name
    pub fn header(&self, name: &str) -> Option<&str> {
        self.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            let value = value.strip_prefix(' ').unwrap_or(value);
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The value of a header as what it means; `None` if it is missing or ill-formed.
    pub fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.header(name)?.parse().ok()
    }

    /// Writes the block, its blank line too, in one write.
    ///
    /// # Errors
    /// `InvalidInput` when the other side would have to refuse it: a line of more than [`MAX_LINE`]
    /// bytes or more than [`MAX_ANSWER_LINES`] lines. Else whatever the writer gives.
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

/// The block as it stands on the wire, its blank line too.
impl Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}\r\n", self.text)
    }
}

/// Whether a line can be the first one of a block: 1 to 16 of A-Z.
pub fn is_kind(line: &str) -> bool {
    (1..=MAX_KIND).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_uppercase())
}

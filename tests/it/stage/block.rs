//! Blocks as PROTOCOL.md has them, a second time, from code that shares nothing with ours.
//!
//! It is as strict in reading as the protocol is in writing: lines end in CRLF, a header has one space after its
//! colon, a block has at most as many lines as the contract says.

use std::fmt;

/// One block: its type and its lines in order, without their ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// `REGACK`, `SAID`, …
    pub kind: String,
    /// Headers and other lines, as they came.
    pub lines: Vec<String>,
}

impl Block {
    /// Reads the text of a whole block, without its blank line.
    pub fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n").map(str::to_owned);
        let kind = lines.next().unwrap();
        Self { kind, lines: lines.collect() }
    }

    /// Whether its type and its sizes are what the grammar allows in an answer.
    pub fn is_well_formed(&self) -> bool {
        (1..=16).contains(&self.kind.len())
            && self.kind.bytes().all(|byte| byte.is_ascii_uppercase())
            && self.lines.len() <= 20_000
            && self.lines.iter().all(|line| line.len() <= 4094)
    }

    /// Reads the text of a datagram, which is one block and nothing more.
    #[track_caller]
    pub fn datagram(text: &str) -> Self {
        let body = text.strip_suffix("\r\n\r\n");
        Self::parse(body.unwrap_or_else(|| panic!("a datagram without a blank line: {text:?}")))
    }

    /// How many bytes it has on the wire.
    pub fn length(&self) -> usize {
        let lines = self.lines.iter().map(|line| line.len() + 2);
        self.kind.len() + 2 + lines.sum::<usize>() + 2
    }

    /// The headers, in order: what has a name of letters, digits and dashes before the first colon.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        self.lines.iter().filter_map(|line| header(line)).collect()
    }

    /// The headers' names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.headers().into_iter().map(|(name, _)| name).collect()
    }

    /// The lines that are no headers, in order.
    pub fn others(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| header(line).is_none()).map(String::as_str).collect()
    }

    /// The value of a header, if the block has it.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.headers().into_iter().find(|(next, _)| *next == name).map(|(_, value)| value)
    }

    /// The value of a header that must be there.
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} in this block:\n{self}"))
    }

    /// The number in a header that must be there.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap_or_else(|_| panic!("{name} is no number:\n{self}"))
    }

    /// Demands these headers, in this order, and no others; `*` stands for any value but none.
    #[track_caller]
    pub fn has_exactly(&self, expected: &[(&str, &str)]) -> &Self {
        let headers = self.headers();
        let same = headers.len() == expected.len()
            && headers.iter().zip(expected).all(|(have, want)| {
                have.0 == want.0 && (have.1 == want.1 || (want.1 == "*" && !have.1.is_empty()))
            });
        assert!(same, "expected the headers {expected:?}, got\n{self}");
        self
    }

    /// Demands these headers among others, in any order.
    #[track_caller]
    pub fn has(&self, expected: &[(&str, &str)]) -> &Self {
        for (name, value) in expected {
            assert_eq!(self.get(name), *value, "the {name} of this block:\n{self}");
        }
        self
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "    {}", self.kind)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n    {}", line.escape_debug()))
    }
}

/// A header line's name and value; `None` for any other line, and for one that writes no space after the colon.
fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(": ")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!name.is_empty() && name.bytes().all(fits)).then_some((name, value))
}

//! Blocks as PROTOCOL.md has them, from code that shares nothing with yours.
//!
//! It is as strict in reading as the protocol is in writing: lines end in CRLF, and a header has one space
//! after its colon.

use std::fmt;

use crate::driver::story;

/// One block: its type and its lines in order, without their ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// `REGACK`, `SAID`, …
    pub kind: String,
    /// Headers and other lines, as they came.
    pub lines: Vec<String>,
}

impl Block {
    /// Reads a whole block, without its blank line; or says what the grammar has against it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        if text.replace("\r\n", "").contains(['\r', '\n']) {
            return Err("one of its lines does not end in CRLF".to_owned());
        }
        let mut lines = text.split("\r\n").map(str::to_owned);
        let kind = lines.next().unwrap_or_default();
        let block = Self { kind, lines: lines.collect() };
        let is_kind = (1..=16).contains(&block.kind.len())
            && block.kind.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_kind {
            return Err(format!("its first line is no TYPE: {:?}", block.kind));
        }
        if block.lines.iter().any(|line| line.len() > 4094) {
            return Err("one of its lines has more than 4,096 bytes".to_owned());
        }
        if block.lines.len() > 20_000 {
            return Err("it has more than 20,000 lines".to_owned());
        }
        Ok(block)
    }

    /// Reads a datagram, which is one block and nothing more.
    pub fn datagram(bytes: &[u8]) -> Result<Self, String> {
        match bytes.strip_suffix(b"\r\n\r\n") {
            Some(body) if bytes.len() <= 1200 => Self::parse(body),
            _ => Err("a datagram is one whole block of at most 1,200 bytes".to_owned()),
        }
    }

    /// How many bytes it has on the wire.
    pub fn length(&self) -> usize {
        let lines = self.lines.iter().map(|line| line.len() + 2);
        self.kind.len() + 2 + lines.sum::<usize>() + 2
    }

    /// The text of a block with these headers, its blank line too.
    pub fn text(kind: &str, headers: &[(&str, &str)]) -> String {
        let lines: String =
            headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
        format!("{kind}\r\n{lines}\r\n")
    }

    /// The same as it is shown in a failure.
    pub fn wanted(kind: &str, headers: &[(&str, &str)]) -> String {
        indented(Self::text(kind, headers).trim_end())
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
        let Some(value) = self.find(name) else {
            story::fail(story::instead(format!("a line `{name}: …`, in {}", self.kind), self))
        };
        value
    }

    /// The number in a header that must be there.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let Ok(number) = self.get(name).parse() else {
            story::fail(story::instead(format!("a number in `{name}`, in {}", self.kind), self))
        };
        number
    }

    /// Demands these headers, in this order, and no others; `*` stands for any value but none.
    #[track_caller]
    pub fn has_exactly(&self, expected: &[(&str, &str)]) -> &Self {
        let headers = self.headers();
        let same = headers.len() == expected.len()
            && headers.iter().zip(expected).all(|(have, want)| {
                have.0 == want.0 && (have.1 == want.1 || (want.1 == "*" && !have.1.is_empty()))
            });
        if !same {
            story::fail(story::instead(Self::wanted(&self.kind, expected), self));
        }
        self
    }

    /// Demands these headers among others, in any order.
    #[track_caller]
    pub fn has(&self, expected: &[(&str, &str)]) -> &Self {
        for (name, value) in expected {
            if self.get(name) != *value {
                story::fail(story::instead(format!("`{name}: {value}`, in {}", self.kind), self));
            }
        }
        self
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> =
            self.lines.iter().map(|line| format!("\n    {}", line.escape_debug())).collect();
        write!(f, "    {}{}", self.kind, lines.concat())
    }
}

/// The same lines, moved to the right.
pub fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

/// A header line's name and value; `None` for any other line, and for one without a space after the colon.
fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(": ")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!name.is_empty() && name.bytes().all(fits)).then_some((name, value))
}

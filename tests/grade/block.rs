//! Blocks as PROTOCOL.md has them, from code that shares nothing with yours.
//!
//! It is as strict in reading as the protocol is in writing: lines end in CRLF, and a header has one space
//! after its colon.

use std::fmt;

use crate::story;

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
        Ok(block)
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

    /// The lines that are no headers, in order.
    pub fn others(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| header(line).is_none()).map(String::as_str).collect()
    }

    /// The value of a header, if the block has it.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.headers().into_iter().find(|(next, _)| *next == name).map(|(_, value)| value)
    }

    /// The value of a header that must be there.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| {
            story::fail(story::instead(format!("a line `{name}: …`, in {}", self.kind), self))
        })
    }

    /// The number in a header that must be there.
    pub fn number(&self, name: &str) -> u64 {
        let parsed = self.get(name).parse();
        parsed.unwrap_or_else(|_| {
            story::fail(story::instead(format!("a number in `{name}`, in {}", self.kind), self))
        })
    }

    /// Demands these headers, in this order, and no others; `*` stands for any value but none.
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

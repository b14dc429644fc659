//! Writing JSON (RFC 8259), as far as it is needed: objects of texts, numbers, flags and lists.
//!
//! The page's script reads it. Nothing in this program does.

use std::fmt::{Display, Write};

/// A JSON object that is being written: its text so far, without the closing brace.
///
/// Each method takes the object and returns it, so that an object is one expression, in the order of its members.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// Begins an object with the member `kind`, by which the page tells events apart.
    pub fn new(kind: &str) -> Object {
        Object(String::from("{")).text("kind", kind)
    }

    /// Begins an object without members.
    pub fn empty() -> Object {
        Object(String::from("{"))
    }

    /// Adds a member that is a text.
    #[must_use]
    pub fn text(self, name: &str, text: impl Display) -> Object {
        let text = quoted(&text.to_string());
        self.json(name, text)
    }

    /// Adds a member that is a number, a flag, or any other value that is JSON already.
    #[must_use]
    pub fn json(mut self, name: &str, value: impl Display) -> Object {
        let comma = if self.0.len() > 1 { "," } else { "" };
        write!(self.0, "{comma}{}:{value}", quoted(name)).expect("BUG: a String takes all writes");
        self
    }

    /// Ends the object and returns its text.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Writes a list of values that are JSON already.
pub fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

/// Writes a text as a JSON string. It also escapes what HTML or JavaScript could take for something else: `<`, and
/// the line separators that JSON allows in a string and older JavaScript does not.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '<' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' | '\u{7f}' => {
                write!(quoted, "\\u{:04x}", u32::from(c)).expect("BUG: a String takes all writes");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

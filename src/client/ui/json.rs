//! Writing JSON, as far as it is needed: objects of texts, numbers, flags and lists.

use std::fmt::{Display, Write};

/// An object in the making.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// An object of a kind: its first member.
    pub fn new(kind: &str) -> Object {
        Object(String::from("{")).text("kind", kind)
    }

    /// An object with nothing in it yet.
    pub fn empty() -> Object {
        Object(String::from("{"))
    }

    /// The same object with a text.
    #[must_use]
    pub fn text(self, name: &str, text: impl Display) -> Object {
        let text = quoted(&text.to_string());
        self.json(name, text)
    }

    /// The same object with a number, a flag, or anything else that is written as JSON.
    #[must_use]
    pub fn json(mut self, name: &str, value: impl Display) -> Object {
        let comma = if self.0.len() > 1 { "," } else { "" };
        write!(self.0, "{comma}{}:{value}", quoted(name)).expect("BUG: a String takes all writes");
        self
    }

    /// The whole object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A list of values that are written as JSON.
pub fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

/// A text as a JSON string. What HTML or JavaScript could take for something else is escaped, too.
fn quoted(text: &str) -> String {
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

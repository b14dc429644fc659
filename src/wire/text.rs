//! Texts: what a message may hold, and how text from others is shown.
//!
//! A terminal obeys control sequences from any source. So no byte from the network reaches a terminal or a log except
//! through [`escape`].

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The most bytes that one message may have (PROTOCOL, limits).
pub const MAX_TEXT: usize = 2_000;

/// The text of one message: not empty, at most [`MAX_TEXT`] bytes, no control character but TAB. It fits into a
/// header, because it cannot contain an end of line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

/// Why something is no [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadText {
    /// It is empty.
    Empty,
    /// It has more than [`MAX_TEXT`] bytes.
    TooLong,
    /// It has a control character (Unicode Cc) other than TAB.
    Control,
}

impl Text {
    /// Checks and copies a text.
    ///
    /// # Errors
    /// When the text is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Text, BadText> {
        if text.is_empty() {
            Err(BadText::Empty)
        } else if text.len() > MAX_TEXT {
            Err(BadText::TooLong)
        } else if !is_plain(text) && text.chars().any(|c| c.is_control() && c != '\t') {
            Err(BadText::Control)
        } else {
            Ok(Text(text.to_owned()))
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            BadText::Empty => f.write_str("the text is empty"),
            BadText::TooLong => write!(f, "a text must have at most {MAX_TEXT} bytes"),
            BadText::Control => {
                f.write_str("a text must have no control characters other than TAB")
            }
        }
    }
}

/// Escapes a text for a terminal or a log. A character that could move the cursor, hide or reorder letters, or
/// start a new line becomes `\u{…}`. Everything else (quotes, emoji, joiners) stays as it is.
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_treacherous(c) {
            write!(escaped, "\\u{{{:x}}}", u32::from(c)).expect("BUG: a String takes all writes");
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether a text has only visible ASCII, as most texts have. The compiler checks many bytes at a time, so this is a
/// fast path around decoding characters.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a character must not reach a terminal: control characters, and invisible ones that reorder text or split
/// lines (the bidirectional controls of Unicode Annex 9 among them).
fn is_treacherous(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{200E}'
            | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

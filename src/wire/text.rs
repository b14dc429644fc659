//! Texts: what a message may hold, and how text from others is shown.
//!
//! A terminal obeys control sequences from any source. So no byte from the network reaches a terminal or a log except
//! through [`escape`].

use std::borrow::Cow;
use std::fmt;

use crate::wire::invisible::{is_invisible, judged};

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

/// Escapes a text for a terminal or a log. A character that [shows as nothing](super::invisible), could move the cursor
/// or reorder letters, or starts a new line becomes `\u{…}`. Everything else (quotes, emoji with their joiners) stays
/// as it is.
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for (_, c, must_be_escaped) in judged(text) {
        if must_be_escaped {
            escaped.push_str(&code(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// A character as its code, `\u{…}`.
pub fn code(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}

/// Whether a text has only visible ASCII, as most texts have. The compiler checks many bytes at a time, so this is a
/// fast path around decoding characters.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

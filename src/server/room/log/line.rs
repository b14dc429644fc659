//! A line of the log, to and from text, without I/O.
//!
//! Texts are escaped as on screens, with `\` as `\\`, so no text can look like another line, or like one of the marks
//! for what is missing.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::SystemTime;

use crate::clock;
use crate::wire::{Name, Text, text};

/// The end of a line that a crash has cut short; it never counts.
pub const TORN: &[u8] = b" \\torn";
/// Stands in place of messages that could not be written, before their number.
pub const LOST: &str = "\\lost ";
/// The bytes of a line's stamp: `[2026-11-20 12:34:56] `.
pub const STAMP: usize = 22;
/// What a time looks like, with 0 for any digit.
const LIKE_STAMP: &str = "0000-00-00 00:00:00";

/// A message as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedMessage {
    /// When it was said, UTC.
    pub time: String,
    /// The sender's name.
    pub name: Name,
    /// The text, no longer escaped.
    pub text: Text,
}

impl LoggedMessage {
    /// Parses the line of a message, without its end. Returns `None` for any other line, and for one that no client
    /// can have said: anybody may edit a log, and what is read from it goes to all members.
    pub fn parse(line: &str) -> Option<LoggedMessage> {
        let (time, rest) = (line.get(1..STAMP - 2)?, line.get(STAMP..)?);
        let (name, text) = rest.strip_prefix('[')?.split_once("]: ")?;
        Some(LoggedMessage {
            time: Some(time).filter(|time| is_stamp(time))?.to_owned(),
            name: name.parse().ok()?,
            text: Text::parse(&unescape(text)?).ok()?,
        })
    }
}

/// Whether a text looks like a [`stamp`](clock::stamp).
fn is_stamp(time: &str) -> bool {
    let fits =
        |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    time.len() == LIKE_STAMP.len() && time.bytes().zip(LIKE_STAMP.bytes()).all(fits)
}

/// The beginning of a message's line, up to its text.
pub fn message_head(time: &str, name: &Name) -> String {
    format!("[{time}] [{name}]: ")
}

/// Escapes a text for the log.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text::escape(text);
    }
    Cow::Owned(text::escape(&text.replace('\\', "\\\\")).into_owned())
}

/// Formats the line of an event that is no message, with its end and the current time.
pub fn line(event: impl Display) -> String {
    format!("[{}] {event}\n", clock::stamp(SystemTime::now()))
}

/// Undoes [`escape`]. Returns `None` for a text that it never writes.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = if let Some(rest) = after.strip_prefix('\\') {
            plain.push('\\');
            rest
        } else {
            let (code, rest) = after.strip_prefix("u{")?.split_once('}')?;
            plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest
        };
    }
    plain.push_str(rest);
    Some(plain)
}

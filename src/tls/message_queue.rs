//! Handshake messages out of records (RFC 8446, section 5.1): one may lie in several records, several in one.

use super::alert::Alert;
use super::record::MAX_CONTENT;

/// The bytes of handshake messages that were not taken yet.
#[derive(Debug, Default)]
pub(super) struct MessageQueue(Vec<u8>);

impl MessageQueue {
    /// Whether no message has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a record's content. There must be some.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<(), Alert> {
        self.0.extend_from_slice(content);
        if content.is_empty() { Err(Alert::UNEXPECTED_MESSAGE) } else { Ok(()) }
    }

    /// Takes the next message, if it is whole: its type, its length in three bytes, its body.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Alert> {
        let &[_, high, middle, low, ..] = &self.0[..] else { return Ok(None) };
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if length > MAX_CONTENT {
            return Err(Alert::ILLEGAL_PARAMETER);
        }
        let whole = self.0.len() >= 4 + length;
        Ok(whole.then(|| self.0.drain(..4 + length).collect()))
    }
}

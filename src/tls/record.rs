//! Records (RFC 8446, sections 5.1 to 5.4): the pieces in which everything travels.
//!
//! ```text
//! in the clear:  | type | 3 3 | length |  content                    |
//! protected:     |  23  | 3 3 | length | (content, type, zeros), tag |     (...) is encrypted
//! ```
//!
//! A protected record hides its true type, and, if zeros are added, its length. Each has a number that does not travel:
//! both sides count. So a record that was changed, left out, repeated or moved does not open.

use std::fmt;

use super::alert::Alert;
use super::chacha20poly1305::{open, seal};
use super::key_schedule::{Bytes32, expand_label, next_secret};
use super::poly1305::TAG;

/// The bytes before a record's content: type, an old version, length.
pub const HEADER: usize = 5;
/// The longest content of a record (5.1).
pub const MAX_CONTENT: usize = 1 << 14;
/// The longest body of a protected record (5.2).
pub const MAX_PROTECTED: usize = MAX_CONTENT + 256;

/// The type `change_cipher_spec`: a relic that says nothing, but still travels.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
/// The type of alerts.
pub const ALERT: u8 = 21;
/// The type of handshake messages.
pub const HANDSHAKE: u8 = 22;
/// The type of data, and the type that all protected records show.
pub const DATA: u8 = 23;

impl fmt::Debug for TrafficKeys {
    /// Shows no secret, so that no log can hold one.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("TrafficKeys(…)")
    }
}

/// The header of a record.
fn header(kind: u8, length: usize) -> [u8; HEADER] {
    let [.., high, low] = length.to_be_bytes();
    [kind, 3, 3, high, low]
}

/// Appends a record in the clear. The content has at most [`MAX_CONTENT`] bytes.
pub fn in_the_clear(kind: u8, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header(kind, content.len()));
    out.extend_from_slice(content);
}

/// The keys of one direction, and the number of its next record.
pub struct TrafficKeys {
    /// What the keys are made from, and those after a KeyUpdate.
    secret: Bytes32,
    key: [u8; 32],
    iv: [u8; 12],
    number: u64,
}

impl TrafficKeys {
    /// The keys from a secret (7.3). Numbers begin at 0.
    pub fn new(secret: Bytes32) -> TrafficKeys {
        let (key, iv) = (expand_label(&secret, "key", &[]), expand_label(&secret, "iv", &[]));
        TrafficKeys { secret, key, iv, number: 0 }
    }

    /// Goes on with the next keys (7.2). An attacker who learns them cannot compute the ones before.
    pub fn update(&mut self) {
        *self = TrafficKeys::new(next_secret(&self.secret));
    }

    /// How many records had these keys.
    pub fn count(&self) -> u64 {
        self.number
    }

    /// The nonce of the next record: its number, mixed into the IV (5.3). No number comes twice: there are not 2^64.
    // LAB 10: give each record a nonce of its own => self.iv
    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        self.number = self.number.wrapping_add(1);
        nonce
    }

    /// Appends a protected record (5.2). The content has at most [`MAX_CONTENT`] bytes.
    pub fn seal(&mut self, kind: u8, content: &[u8], out: &mut Vec<u8>) {
        let header = header(DATA, content.len() + 1 + TAG);
        out.extend_from_slice(&header);
        let start = out.len();
        out.extend_from_slice(content);
        out.push(kind);
        let nonce = self.nonce();
        let tag = seal(&self.key, &nonce, &header, &mut out[start..]);
        out.extend_from_slice(&tag);
    }

    /// Opens the body of a protected record where it is. Returns its true type, and the length of its content.
    ///
    /// # Errors
    ///
    /// Fails with the alert for the other side: the record was changed or comes out of turn, is too long, or has no
    /// type.
    // LAB 10: open a record, find its true type => let nonce = self.nonce(); super::chacha20::apply(&self.key, 1, &nonce, body); let end = body.len() - TAG - 1; Ok((body[end], end))
    pub fn open(&mut self, header: &[u8; HEADER], body: &mut [u8]) -> Result<(u8, usize), Alert> {
        let length = body.len().checked_sub(TAG).ok_or(Alert::BAD_RECORD_MAC)?;
        let (inner, tag) = body.split_at_mut(length);
        let nonce = self.nonce();
        if !open(&self.key, &nonce, header, inner, tag) {
            return Err(Alert::BAD_RECORD_MAC);
        }
        if inner.len() > MAX_CONTENT + 1 {
            return Err(Alert::RECORD_OVERFLOW);
        }
        // The type is the last byte that is not zero (5.4).
        let end = inner.iter().rposition(|byte| *byte != 0).ok_or(Alert::UNEXPECTED_MESSAGE)?;
        Ok((inner[end], end))
    }
}

//! What everybody on the way sees of a record (RFC 8446, section 5.1): a type, a length, and bytes.
//!
//! It is for showing. A program notes it only while somebody looks.

use std::fmt;

use super::record::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, HEADER};

/// How many bytes are kept to be shown.
const SHOWN: usize = 12;

/// The beginning of a record as it travelled, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// The first bytes, header and all.
    first: Vec<u8>,
    /// How many bytes the record has.
    length: usize,
}

impl RecordHead {
    /// The head of a record with this header and body.
    pub fn new(header: &[u8; HEADER], body: &[u8]) -> RecordHead {
        let first = header.iter().chain(body).take(SHOWN).copied().collect();
        RecordHead { first, length: HEADER + body.len() }
    }

    /// Whether the record is of the handshake and in the clear.
    pub fn is_clear_handshake(&self) -> bool {
        self.first[0] == HANDSHAKE
    }

    /// The heads of whole records, one after another.
    pub fn of_all(mut records: &[u8]) -> Vec<RecordHead> {
        let mut heads = Vec::new();
        while let Some((header, rest)) = records.split_first_chunk::<HEADER>() {
            let length = usize::from(u16::from_be_bytes([header[3], header[4]])).min(rest.len());
            let (body, next) = rest.split_at(length);
            heads.push(RecordHead::new(header, body));
            records = next;
        }
        heads
    }
}

impl fmt::Display for RecordHead {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let kind = match self.first[0] {
            CHANGE_CIPHER_SPEC => "change cipher spec",
            ALERT => "alert",
            HANDSHAKE => "handshake",
            DATA => "application data",
            _ => "unknown",
        };
        let hex = self.first.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let more = if self.length > self.first.len() { " …" } else { "" };
        write!(f, "{kind}, {} bytes: {hex}{more}", self.length)
    }
}

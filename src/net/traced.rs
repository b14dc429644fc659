//! What went over a connection, for a person who looks on (`--explain`).

use crate::tls::RecordHead;

/// Bytes as the program knows them, and the records in which they travelled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traced {
    /// The bytes that were sealed, or opened; those of the socket if the connection is plain.
    pub bytes: Vec<u8>,
    /// The records since what was traced before: none if the bytes were in one that was shown already. `None` on a
    /// plain connection.
    pub records: Option<Vec<RecordHead>>,
}

/// Bytes of a plain connection.
impl From<Vec<u8>> for Traced {
    fn from(bytes: Vec<u8>) -> Traced {
        Traced { bytes, records: None }
    }
}

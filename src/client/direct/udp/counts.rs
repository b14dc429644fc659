//! What a conversation counts, for `/peers`.

use std::fmt;

/// Messages, and copies of them (`resent`, `duplicate`, `late`).
#[derive(Debug, Default)]
pub struct Counts {
    /// Messages whose first copy is sent.
    pub sent: u64,
    /// Further copies that were sent.
    pub resent: u64,
    /// Messages that the peer acknowledged.
    pub acknowledged: u64,
    /// Messages that were given up.
    pub lost: u64,
    /// Messages of the peer that were shown.
    pub received: u64,
    /// Copies that arrived after another copy.
    pub duplicate: u64,
    /// Messages that arrived after one with a higher number.
    pub late: u64,
    /// Messages of the peer that the peer gave up.
    pub missing: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Counts { sent, resent, acknowledged, lost, .. } = self;
        let Counts { received, duplicate, late, missing, .. } = self;
        write!(f, "sent {sent}, resent {resent}, acknowledged {acknowledged}, lost {lost}; ")?;
        write!(f, "received {received}, duplicate {duplicate}, late {late}, missing {missing}")
    }
}

//! The comparison code: six digits by which two people notice that somebody sits between them.
//!
//! The server knows the keys of all calls, so it could answer in the place of the called one and call that one itself.
//! Then there are two connections, with different secrets. Both ends make a number from the secret of their connection
//! and from a nonce of each side. If the numbers are equal, there is one connection.
//!
//! ```text
//! caller  ── CHAT Commit: SHA-256(A) ──►   called     A is chosen, and cannot be another one later
//!         ◄── CHAT Nonce: B ───────────               B is chosen without knowing A
//!         ── NONCE Nonce: A ───────────►              now both know the number
//! ```
//!
//! Without the commitment somebody between them could try many nonces until the numbers are equal: there are only a
//! million. With it there is one guess in a call (RFC 6189, 4.4.1.1).

use crate::tls::Exporter;
use crate::tls::sha256::{HASH, Sha256};
use crate::wire::{Checksum, Secret};

/// What the exporter's secret is for (RFC 8446, 7.5).
const LABEL: &str = "EXPERIMENTAL-p2p-chat-code";
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// How far two peers have come with their code.
#[derive(Debug)]
pub struct Comparison {
    /// The nonce of this side.
    own: Secret,
    /// The secret of the connection, once it is there.
    exported: Option<Exporter>,
    /// The hash of the caller's nonce, at the side of the called one.
    commitment: Option<Checksum>,
    /// The code, once both nonces are known.
    code: Option<String>,
}

impl Comparison {
    /// The side of the caller, before it calls.
    pub fn calling() -> Comparison {
        Comparison { own: Secret::random(), exported: None, commitment: None, code: None }
    }

    /// The side of the called one, after the caller has committed itself, or has not.
    pub fn called(exporter: Exporter, commitment: Option<Checksum>) -> Comparison {
        Comparison { exported: Some(exporter), commitment, ..Comparison::calling() }
    }

    /// Handles that the caller's connection is secure.
    pub fn connected(&mut self, exporter: Exporter) {
        self.exported = Some(exporter);
    }

    /// The nonce of this side.
    pub fn own(&self) -> Secret {
        self.own
    }

    /// What the caller says of its nonce before it tells it.
    pub fn commitment(&self) -> Checksum {
        commitment(self.own)
    }

    /// Handles the called one's nonce. Returns whether the code is known now.
    pub fn answered(&mut self, called: Secret) -> bool {
        self.code = self.make(self.own, called);
        self.code.is_some()
    }

    /// Handles the caller's nonce. Returns whether it is the one to which the caller has committed itself.
    pub fn revealed(&mut self, caller: Secret) -> bool {
        if self.commitment != Some(commitment(caller)) {
            return false;
        }
        self.code = self.make(caller, self.own);
        self.code.is_some()
    }

    /// The code, as it is shown: `482 913`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The code from the nonces of the caller and the called one.
    fn make(&self, a: Secret, b: Secret) -> Option<String> {
        let exported: [u8; HASH] = self.exported.as_ref()?.export(LABEL, &[]);
        Some(code(&exported, a, b))
    }
}

/// The hash of a nonce.
fn commitment(nonce: Secret) -> Checksum {
    Checksum(Sha256::of(&nonce.bytes()))
}

/// The code of a connection with this secret, from the nonces of the caller and the called one.
pub fn code(exported: &[u8; HASH], a: Secret, b: Secret) -> String {
    let parts = [&b"p2p-chat code "[..], exported, &a.bytes(), &b.bytes()];
    let number = Sha256::of(&parts.concat())
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
        % CODES;
    format!("{:03} {:03}", number / 1_000, number % 1_000)
}

/// What a line says of a chat with that comparison, whose peer is `verified` or not, as in `verified, encrypted;
/// compare 482 913`. Without one, `says_plain` says whether to tell that nothing is encrypted.
pub fn standing(verified: &str, comparison: Option<&Comparison>, says_plain: bool) -> String {
    match comparison.map(Comparison::code) {
        Some(Some(code)) => format!("{verified}, encrypted; compare {code}"),
        Some(None) => format!("{verified}, encrypted"),
        None if says_plain => format!("{verified}, not encrypted"),
        None => verified.to_owned(),
    }
}

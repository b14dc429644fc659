//! Secrets: the tickets that introduce peers to each other, and the tokens with which a client returns.
//!
//! A secret that is shown in the clear proves an identity only if both sides trust the server and nobody reads the
//! network. The secrets of an introduction can be keys instead (Secure): then nobody shows them to others.

use std::fmt;
use std::str::FromStr;

use crate::tls::random::random;

/// 128 random bits, on the wire 32 lower-case hex digits. `Debug` does not show them, so that no log can hold one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Secret(u128);

impl Secret {
    /// Makes a fresh secret.
    pub fn random() -> Secret {
        Secret::of(random())
    }

    /// The secret with these bytes.
    pub fn of(bytes: [u8; 16]) -> Secret {
        Secret(u128::from_be_bytes(bytes))
    }

    /// Its bytes, as they are in keys and hashes.
    pub fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl FromStr for Secret {
    type Err = ();

    fn from_str(text: &str) -> Result<Secret, ()> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let valid = text.len() == 32 && text.bytes().all(lower_hex);
        let number = if valid { u128::from_str_radix(text, 16) } else { return Err(()) };
        number.map(Secret).map_err(drop)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

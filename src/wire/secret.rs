//! Secrets: the tickets that introduce peers to each other and the tokens for coming back.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// 128 random bits, 32 lower-case hex digits on the wire. `Debug` does not show them: a secret is for its
/// wire only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Secret(u128);

impl Secret {
    /// A fresh one. std has no random numbers to offer, but the key of a thread's first `RandomState` comes
    /// from the operating system's random source, and each further one counts it up: what is trusted is
    /// that nobody can guess the outputs of its keyed hash, `SipHash`, without the key.
    pub fn random() -> Secret {
        let half = |salt: u8| u128::from(RandomState::new().hash_one(salt));
        Secret(half(0) << 64 | half(1))
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

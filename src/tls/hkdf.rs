//! HKDF with SHA-256 (RFC 5869, sections 2.2 and 2.3): keys from secrets.
//!
//! A secret that two sides share is seldom a good key: it may be long, or some of its bits may be likelier than others.
//! *Extract* presses it into 32 bytes that all look random. *Expand* makes as many keys from these as are wanted, each
//! for another purpose, and no key tells anything about another.

use super::sha256::{HASH, hmac};

/// Presses a secret into 32 bytes. The salt need not be secret.
pub fn extract(salt: &[u8], secret: &[u8]) -> [u8; HASH] {
    hmac(salt, secret)
}

/// Makes a key of `N` bytes from a secret. `info` says what the key is for.
pub fn expand<const N: usize>(secret: &[u8], info: &[u8]) -> [u8; N] {
    const { assert!(N <= 255 * HASH, "RFC 5869, 2.3") };
    let mut key = [0; N];
    let mut last = Vec::new();
    for (piece, number) in key.chunks_mut(HASH).zip(1..) {
        last = hmac(secret, &[&last, info, &[number]].concat()).to_vec();
        piece.copy_from_slice(&last[..piece.len()]);
    }
    key
}

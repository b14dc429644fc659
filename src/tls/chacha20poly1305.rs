//! ChaCha20-Poly1305 (RFC 8439, sections 2.6 and 2.8): texts that nobody can read or change.
//!
//! [`seal`] makes a text unreadable and returns its tag; [`open`] checks the tag and makes it readable again. The tag
//! also covers *additional data* that travel beside the text in the clear.
//!
//! A cipher alone is not enough: who flips a bit of the unreadable text flips the same bit of the text. So the tag is
//! checked first, and a text with a wrong tag is never decrypted.
//!
//! ```
//! use p2p_chat::tls::chacha20poly1305::{open, seal};
//!
//! let (key, nonce, mut text) = ([7; 32], [1; 12], *b"Hello, everyone!");
//! let tag = seal(&key, &nonce, b"number 1", &mut text);
//! assert!(!open(&key, &nonce, b"number 2", &mut text, &tag));
//! assert!(open(&key, &nonce, b"number 1", &mut text, &tag));
//! assert_eq!(&text, b"Hello, everyone!");
//! ```

use super::chacha20::{apply, blocks};
use super::poly1305::{Poly1305, TAG};
use super::sha256::same;

/// Encrypts a text where it is, and returns its tag. Two texts with one key must not have the same nonce.
pub fn seal(key: &[u8; 32], nonce: &[u8; 12], additional: &[u8], text: &mut [u8]) -> [u8; TAG] {
    apply(key, 1, nonce, text);
    tag(key, nonce, additional, text)
}

/// Decrypts a text where it is, if its tag is right. Otherwise it stays as it is, and the result is false.
#[must_use]
pub fn open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    additional: &[u8],
    text: &mut [u8],
    tag_sent: &[u8],
) -> bool {
    let right = same(&tag(key, nonce, additional, text), tag_sent);
    if right {
        apply(key, 1, nonce, text);
    }
    right
}

/// The tag of an encrypted text. Its key is the beginning of block 0 of the stream; the text's stream begins at 1.
fn tag(key: &[u8; 32], nonce: &[u8; 12], additional: &[u8], text: &[u8]) -> [u8; TAG] {
    let stream = blocks(key, 0, nonce);
    let mut tag = Poly1305::new(&stream.as_chunks().0[0]);
    tag.update_padded(additional);
    tag.update_padded(text);
    let lengths = [additional, text].map(|part| (part.len() as u64).to_le_bytes());
    tag.update(lengths.as_flattened());
    tag.finish()
}

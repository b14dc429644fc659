//! The key schedule (RFC 8446, sections 4.4.4, 7.1, 7.2 and 7.5): all keys of a connection, from two secrets.
//!
//! ```text
//! shared key ──► early secret ──────► proof that a client has the key (binder)
//!                     │
//! X25519 ──────► handshake secret ──► keys for the handshake, and for both Finished
//!                     │
//!                master secret ─────► keys for the data, and the exporter
//! ```
//!
//! Each key depends on a label, so that no two are the same, and on the *transcript*: the hash of all messages so
//! far. If anybody changes a message on the way, the two sides get different keys, and nothing opens.

use std::fmt;

use super::alert::Alert;
use super::hkdf::{expand, extract};
use super::sha256::{HASH, Sha256, hmac, same};

/// A secret or a hash.
pub type Bytes32 = [u8; HASH];

/// HKDF-Expand-Label (7.1): a key of `N` bytes from a secret, for the purpose that the label says.
///
/// The label has at most 249 bytes, the context at most 255.
// LAB 10: make a key for one purpose => expand(secret, label.as_bytes())
pub fn expand_label<const N: usize>(secret: &Bytes32, label: &str, context: &[u8]) -> [u8; N] {
    let [.., high, low] = N.to_be_bytes();
    let [.., label_length] = (6 + label.len()).to_be_bytes();
    let [.., context_length] = context.len().to_be_bytes();
    let label = [b"tls13 ", label.as_bytes()].concat();
    let info = [&[high, low, label_length], &label[..], &[context_length], context].concat();
    expand(secret, &info)
}

/// Derive-Secret (7.1): a secret for the purpose that the label says, after these messages.
pub fn derive_secret(secret: &Bytes32, label: &str, transcript: &Bytes32) -> Bytes32 {
    expand_label(secret, label, transcript)
}

/// The content of a Finished, or of a binder (4.4.4): it proves that its sender has the secret, and has seen the same
/// messages.
pub fn finished(secret: &Bytes32, transcript: &Bytes32) -> Bytes32 {
    hmac(&expand_label::<HASH>(secret, "finished", &[]), transcript)
}

/// Checks the content of the other side's Finished (4.4.4).
///
/// # Errors
///
/// Fails with the alert for the other side: the content has not the length of a hash, or its sender has another secret
/// or has seen other messages.
// LAB 10: check the other side's proof => Ok(())
pub fn check_finished(content: &[u8], secret: &Bytes32, transcript: &Bytes32) -> Result<(), Alert> {
    if content.len() != HASH {
        return Err(Alert::DECODE_ERROR);
    }
    let right = same(content, &finished(secret, transcript));
    if right { Ok(()) } else { Err(Alert::DECRYPT_ERROR) }
}

/// The secret of the records after a KeyUpdate (7.2).
pub fn next_secret(secret: &Bytes32) -> Bytes32 {
    expand_label(secret, "traffic upd", &[])
}

/// One step of the schedule (7.1): the secret below this one in the picture, with what comes in there.
// LAB 10: go one step down the schedule => extract(secret, input)
fn below(secret: &Bytes32, input: &[u8]) -> Bytes32 {
    extract(&derive_secret(secret, "derived", &Sha256::of(&[])), input)
}

/// The secret that follows from the shared key alone.
pub struct EarlySecret(Bytes32);

impl EarlySecret {
    /// From a shared key.
    pub fn new(key: &[u8]) -> EarlySecret {
        EarlySecret(extract(&[0; HASH], key))
    }

    /// The proof in a ClientHello; the transcript is that of the ClientHello before its binders (4.2.11.2).
    pub fn binder(&self, transcript: &Bytes32) -> Bytes32 {
        finished(&derive_secret(&self.0, "ext binder", &Sha256::of(&[])), transcript)
    }

    /// With the secret of X25519.
    pub fn handshake(&self, shared: &Bytes32) -> HandshakeSecret {
        HandshakeSecret(below(&self.0, shared))
    }
}

/// The secret of the handshake's records.
pub struct HandshakeSecret(Bytes32);

impl HandshakeSecret {
    /// The secrets of what the client and of what the server sends, after the ServerHello.
    pub fn traffic(&self, transcript: &Bytes32) -> [Bytes32; 2] {
        ["c hs traffic", "s hs traffic"].map(|label| derive_secret(&self.0, label, transcript))
    }

    /// The last one.
    pub fn master(&self) -> MasterSecret {
        MasterSecret(below(&self.0, &[0; HASH]))
    }
}

/// The secret of the data.
pub struct MasterSecret(Bytes32);

impl MasterSecret {
    /// The secrets of what the client and of what the server sends, after the server's Finished.
    pub fn traffic(&self, transcript: &Bytes32) -> [Bytes32; 2] {
        ["c ap traffic", "s ap traffic"].map(|label| derive_secret(&self.0, label, transcript))
    }

    /// The exporter, after the server's Finished.
    pub fn exporter(&self, transcript: &Bytes32) -> Exporter {
        Exporter(derive_secret(&self.0, "exp master", transcript))
    }
}

/// Makes further secrets that both sides of a connection share, and nobody else (7.5).
pub struct Exporter(Bytes32);

impl fmt::Debug for Exporter {
    /// Shows no secret, so that no log can hold one.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Exporter(…)")
    }
}

impl Exporter {
    /// A secret for the purpose that the label says.
    pub fn export<const N: usize>(&self, label: &str, context: &[u8]) -> [u8; N] {
        let secret = derive_secret(&self.0, label, &Sha256::of(&[]));
        expand_label(&secret, "exporter", &Sha256::of(context))
    }

    /// The secret that a key log shows.
    pub(super) fn secret(&self) -> &Bytes32 {
        &self.0
    }
}

//! TLS 1.3 with one key exchange and one cipher suite, in the standard library alone.
//!
//! For learning and for a class's room; not audited. For secrets that matter use an audited implementation.
//!
//! [`sha256`] is the hash (with HMAC), [`hkdf`] makes keys from secrets with it. [`x25519`] makes a secret that two sides
//! share, [`random`](mod@random) what nobody can foresee. [`chacha20poly1305`] encrypts: [`chacha20`] is its cipher and [`poly1305`] its proof.

pub mod sha256;
pub mod hkdf;
pub mod random;
pub mod x25519;
pub mod chacha20;
pub mod poly1305;
pub mod chacha20poly1305;

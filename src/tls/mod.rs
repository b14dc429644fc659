//! TLS 1.3 with one key exchange and one cipher suite, in the standard library alone.
//!
//! For learning and for a class's room; not audited. For secrets that matter use an audited implementation.
//!
//! [`sha256`] is the hash (with HMAC), [`hkdf`] makes keys from secrets with it.

pub mod sha256;
pub mod hkdf;

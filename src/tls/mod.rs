//! TLS 1.3 with one key exchange and one cipher suite, in the standard library alone.
//!
//! For learning and for a class's room; not audited. For secrets that matter use an audited implementation.
//!
//! The primitives: [`sha256`] is the hash (with HMAC), [`hkdf`] makes keys from secrets with it. [`x25519`] makes a
//! secret that two sides share, [`random`](mod@random) what nobody can foresee. [`chacha20poly1305`] encrypts:
//! [`chacha20`] is its cipher and [`poly1305`] its proof.
//!
//! The protocol: [`alert`] is what goes wrong. [`key_schedule`] makes all keys, and [`keylog`] shows them to Wireshark.
//! [`record`] is the envelope, [`record_head`] what others see of it; a [`Sealer`] closes envelopes and an [`Opener`]
//! opens them, one for each direction. `client_hello` and `server_hello` are what the two sides write to each other, in
//! the manner of `encoding`; in the [`handshake`] they make the keys, as [`client`] and as [`server`].
//!
//! Datagrams that are sealed one by one need a [`ReplayWindow`]; records have none, because both sides count them.
//!
//! What is secret decides nothing that takes time: no branch and no index depends on a key, on a private number, or on
//! where two proofs differ. That is so in this source. The compiler may undo it, and some old processors multiply
//! small numbers faster. Lengths are not secret, and the time that the padding of a record takes tells how long it is.
//! Keys stay in memory until something else is written there: to wipe them takes `unsafe`.
//!
//! ```
//! use p2p_chat::tls::{SharedKey, accept, connect};
//! use std::io::Write;
//! use std::net::{TcpListener, TcpStream};
//! use std::thread;
//!
//! let key = SharedKey { identity: b"class".to_vec(), key: b"sixteen bytes!!!".to_vec() };
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let client = TcpStream::connect(listener.local_addr()?)?;
//! let (server, _) = listener.accept()?;
//! let (mut bob, mut alice) = thread::scope(|scope| {
//!     let accepted = scope.spawn(|| accept((&[], &mut &server), &mut &server, &key, None));
//!     let connected = connect(&mut &client, &mut &client, &key, None)?;
//!     accepted.join().unwrap().map(|accepted| (accepted, connected))
//! })?;
//!
//! let mut records = Vec::new();
//! alice.sealer.seal(b"Hello, Bob!", &mut records);
//! (&client).write_all(&records)?;
//! bob.opener.fill(&mut &server)?;
//! assert_eq!(bob.opener.data(), b"Hello, Bob!");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! There are no certificates, no resumption, no data before the handshake is over, and no second try with another
//! group. A holder of the shared key may be the client and the server.

pub mod sha256;
pub mod hkdf;
pub mod random;
pub mod x25519;
pub mod chacha20;
pub mod poly1305;
pub mod chacha20poly1305;
pub mod alert;
pub mod key_schedule;
pub mod keylog;
pub mod record;
pub mod record_head;
pub mod sealer;
mod message_queue;
pub mod opener;
pub mod replay_window;
mod encoding;
mod client_hello;
mod server_hello;
pub mod handshake;
pub mod client;
pub mod server;

pub use alert::{Alert, TlsError};
pub use client::connect;
pub use handshake::{Secured, SharedKey};
pub use key_schedule::Exporter;
pub use keylog::KeyLog;
pub use opener::Opener;
pub use record_head::RecordHead;
pub use replay_window::ReplayWindow;
pub use sealer::Sealer;
pub use server::{Keyring, accept};

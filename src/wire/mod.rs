//! The wire: everything that travels, as values. No I/O but on the readers and writers it is given.
//!
#![doc = include_str!("PROTOCOL.md")]

pub mod line;
pub mod text;
pub mod name;
pub mod secret;
pub mod block;
pub mod http;
pub mod framing;
pub mod request;
pub mod entry;
pub mod response;
pub mod notification;
pub mod greeting;
pub mod datagram;

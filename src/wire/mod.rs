//! The wire: everything that travels, as values. No I/O but on the readers and writers it is given.
//!
#![doc = include_str!("PROTOCOL.md")]

pub mod answer;
pub mod block;
pub mod greeting;
pub mod line;
pub mod name;
pub mod reader;
pub mod request;
pub mod secret;
pub mod text;

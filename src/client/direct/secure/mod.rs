//! Direct chats that nobody else can read (PROTOCOL, "Secure"): the ticket of an introduction is their key.
//!
//! [`tickets`] is what the server has announced, for the threads of callers. [`leg`] makes a connection secure by TLS.
//! [`comparison`] makes the digits by which two people notice that somebody sits between them. [`sealed`] does the same
//! for datagrams, one by one.

pub mod comparison;
pub mod tickets;
pub mod leg;
pub mod sealed;

pub use comparison::Comparison;
pub use tickets::Tickets;

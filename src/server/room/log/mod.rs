//! The log, server.log: appended before anyone reads a message, read back at the start.
//!
//! It is a write-ahead log that people can read: one line for each event. It is also the store: the number of its
//! messages is the room's Seq. [`line`] says what a line looks like, [`recovery`] reads a log, [`journal`] appends to
//! it.

pub mod line;
pub mod recovery;
pub mod journal;

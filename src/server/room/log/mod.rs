//! The log, server.log: appended before anyone reads a message, read back at the start.
//!
//! It is a write-ahead log that people can read: one line for each event. It is also the store: the number of its
//! messages is the room's Seq. [`mod@line`] says what the line of an event looks like, [`remark`] what a line looks
//! like that begins with `#`, [`epochs`] what the starts of the server have to do with the numbers. [`recovery`] reads
//! a log. [`mod@file`] opens it, and notices what others do to it; [`journal`] appends to it, and [`recorder`] does
//! that on a thread of its own where a write may wait for ever.

pub mod line;
pub mod remark;
pub mod epochs;
pub mod recovery;
pub mod file;
pub mod journal;
pub mod recorder;

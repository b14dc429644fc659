//! The room: every message, once, in one order, to everyone, and into the log before anyone reads it.

pub mod journal;
pub mod history;
pub mod messages;
pub mod send_buffer;
pub mod outbox;
pub mod queue;
pub mod broadcaster;

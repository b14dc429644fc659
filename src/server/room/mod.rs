//! The room: every message, once, in one order, to everyone, and into the log before anyone reads it.
//!
//! Two threads carry a message. The sender's thread renders it ([`messages`]) and appends it to the batch that fills
//! ([`batch`], [`queue`]). The [`broadcaster`]'s thread takes the batch, appends it to the log ([`log`]), writes it to
//! every member ([`outbox`], [`sealed_buffer`], [`send_buffer`]) and keeps it for later members ([`history`]). A long
//! replay is told in [`pieces`].

pub mod log;
pub mod history;
pub mod messages;
pub mod send_buffer;
pub mod sealed_buffer;
pub mod pieces;
pub mod outbox;
pub mod batch;
pub mod queue;
pub mod broadcaster;

pub use batch::BatchId;
pub use log::journal;
pub use messages::MessageBatch;
pub use outbox::{LINGER, Outbox};
pub use queue::Room;

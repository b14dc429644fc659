//! What one client says in one go, in three renderings: for the members, for the log, for the terminal.
//!
//! The client's own thread renders its messages before it takes the room's lock. Under the lock bytes are only
//! copied.

use std::net::SocketAddr;

use crate::server::room::log::line;
use crate::wire::notification::said_tail_start;
use crate::wire::text::escape;
use crate::wire::{Name, SAID_TAIL_END, Text};

/// Messages of one client: finished blocks, except for their numbers, which only the room can give.
#[derive(Debug, Default)]
pub struct MessageBatch {
    /// For the members: the tails of SAID blocks.
    blocks: Rendering,
    /// Where each block ends.
    ends: Vec<usize>,
    /// For the log.
    log: Rendering,
    /// For the terminal.
    lines: Rendering,
}

/// Blocks or lines that begin alike, one after the other.
#[derive(Debug, Default)]
struct Rendering {
    /// What each of them begins with.
    head: Vec<u8>,
    /// All of them, finished.
    bytes: Vec<u8>,
}

impl Rendering {
    /// Forgets everything, and takes a new beginning. The memory stays.
    fn begin(&mut self, head: String) {
        self.head = head.into_bytes();
        self.bytes.clear();
    }

    /// Appends the beginning, a text and an end.
    fn push(&mut self, text: &str, end: &str) {
        for part in [&self.head, text.as_bytes(), end.as_bytes()] {
            self.bytes.extend_from_slice(part);
        }
    }
}

impl MessageBatch {
    /// Begins anew, with what all messages have in common: the time, the sender and its address.
    pub fn begin(&mut self, time: &str, id: u64, name: &Name, from: SocketAddr) {
        self.ends.clear();
        self.blocks.begin(said_tail_start(time, id, name));
        self.log.begin(line::message_head(time, name));
        self.lines.begin(format!("Received from {from} (ID {id}): "));
    }

    /// Adds a message.
    pub fn push(&mut self, text: &Text) {
        let text = text.as_str();
        self.blocks.push(text, SAID_TAIL_END);
        self.ends.push(self.blocks.bytes.len());
        self.log.push(&line::escape(text), "\n");
        self.lines.push(&escape(text), "\n");
    }

    /// Forgets all messages.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Whether there are no messages.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The tails of the SAID blocks: everything but the lines that hold a number.
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.blocks.bytes[*start..*end])
    }

    /// The messages as lines for the log.
    pub fn log(&self) -> &[u8] {
        &self.log.bytes
    }

    /// The messages as lines for the terminal.
    pub fn lines(&self) -> &[u8] {
        &self.lines.bytes
    }
}

//! What one client says in one go, in three renderings: for the members, for the log, for the terminal.

use std::net::SocketAddr;

use crate::server::room::journal;
use crate::wire::name::Name;
use crate::wire::notification::{SAID_TAIL_END, said_tail_start};
use crate::wire::text::{Text, escape};

/// Messages of one client: finished blocks but for their numbers, which only the room can give.
#[derive(Debug, Default)]
pub struct MessageBatch {
    blocks: Rendering,
    /// Where each block ends.
    ends: Vec<usize>,
    log: Rendering,
    lines: Rendering,
}

/// Lines that begin alike.
#[derive(Debug, Default)]
struct Rendering {
    head: Vec<u8>,
    bytes: Vec<u8>,
}

impl Rendering {
    fn begin(&mut self, head: String) {
        self.head = head.into_bytes();
        self.bytes.clear();
    }

    fn push(&mut self, text: &str, end: &str) {
        for part in [&self.head, text.as_bytes(), end.as_bytes()] {
            self.bytes.extend_from_slice(part);
        }
    }
}

impl MessageBatch {
    /// Begins anew: who says what follows, when, and from where.
    pub fn begin(&mut self, time: &str, id: u64, name: &Name, from: SocketAddr) {
        self.ends.clear();
        self.blocks.begin(said_tail_start(time, id, name));
        self.log.begin(journal::message_head(time, name));
        self.lines.begin(format!("Received from {from} (ID {id}): "));
    }

    /// Adds a message. Its text has been checked.
    pub fn push(&mut self, text: &Text) {
        let text = text.as_str();
        self.blocks.push(text, SAID_TAIL_END);
        self.ends.push(self.blocks.bytes.len());
        self.log.push(&journal::escape(text), "\n");
        self.lines.push(&escape(text), "\n");
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The SAID blocks, each without its first lines.
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.blocks.bytes[*start..*end])
    }

    /// The lines for the log.
    pub fn log(&self) -> &[u8] {
        &self.log.bytes
    }

    /// The lines to print.
    pub fn lines(&self) -> &[u8] {
        &self.lines.bytes
    }
}

//! A batch: what the room says at a time, as finished bytes in the order in which it is said.
//!
//! It is a value without a lock. The [`queue`](super::queue) holds the batch that fills, under its lock, and the
//! [`broadcaster`](super::broadcaster) the one that is being delivered, without any.

use std::ops::Range;
use std::sync::Arc;

use crate::server::room::messages::MessageBatch;
use crate::server::room::outbox::Outbox;
use crate::wire::notification::write_said_head;
use crate::wire::{Block, LastSeen, Welcome};

/// The number of a batch. Batch 0 was delivered before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchId(u64);

impl BatchId {
    /// The batch before this one. Before the first one is batch 0.
    pub(super) fn before(self) -> BatchId {
        BatchId(self.0.saturating_sub(1))
    }
}

/// What the broadcaster delivers at a time.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The number of the batch.
    pub(super) id: BatchId,
    /// What every member is to read, in the room's order.
    pub(super) bytes: Vec<u8>,
    /// What goes into the log before anybody reads it.
    pub(super) log: Vec<u8>,
    /// Where the messages' tails lie in `bytes`. The last one belongs to message `seq`.
    pub(super) tails: Vec<Range<usize>>,
    /// The number of the last message.
    pub(super) seq: u64,
    /// What single clients are to read.
    pub(super) unicasts: Vec<Unicast>,
    /// Clients that have just become slow or begun to close.
    pub(super) slow_consumers: Vec<Arc<Outbox>>,
}

/// Bytes for one client alone, at a certain place in the batch.
#[derive(Debug)]
pub(super) struct Unicast {
    pub(super) outbox: Arc<Outbox>,
    pub(super) kind: UnicastKind,
    /// How many of the batch's bytes lie before it.
    pub(super) place: usize,
    /// The number of the last message before it.
    pub(super) seq: u64,
}

/// What one client alone is told.
#[derive(Debug)]
pub(super) enum UnicastKind {
    /// For a newcomer: its welcome, the messages after those that it has seen, and the batch from here on.
    Greeting(Box<Welcome>, Option<LastSeen>),
    /// For a client that asks: the last `most` messages `before` one.
    History { before: Option<u64>, most: u64 },
    /// For a client that has read a piece of a replay: the next one.
    Piece,
}

impl Batch {
    /// The batch that fills first, in a room in which `seq` messages were said before.
    pub(super) fn first(seq: u64) -> Batch {
        Batch { id: BatchId(1), seq, ..Batch::default() }
    }

    /// Whether there is nothing to deliver.
    pub(super) fn is_empty(&self) -> bool {
        let nothing = self.bytes.is_empty() && self.log.is_empty();
        nothing && self.unicasts.is_empty() && self.slow_consumers.is_empty()
    }

    /// Appends what one client says, each message with the next number. Puts into `tails` where each block lies,
    /// without its head (the TYPE and `Seq`, which [`History`](super::history) writes anew). Appends the lines for
    /// the log to `log`.
    // LAB 4: give each message its number and append it
    pub(super) fn put(&mut self, messages: &MessageBatch) {
        for tail in messages.blocks() {
            self.seq += 1;
            write_said_head(&mut self.bytes, self.seq, false);
            let start = self.bytes.len();
            self.bytes.extend_from_slice(tail);
            self.tails.push(start..self.bytes.len());
        }
        self.log.extend_from_slice(messages.log());
    }

    /// Appends a notification to everyone, and lines for the log.
    pub(super) fn put_notice(&mut self, notice: Option<&Block>, log: &str) {
        if let Some(notice) = notice {
            self.bytes.extend_from_slice(notice.to_string().as_bytes());
        }
        self.log.extend_from_slice(log.as_bytes());
    }

    /// Gives its contents to `delivery` and goes on as the next batch, in the memory of the one delivered before.
    pub(super) fn hand_over(&mut self, delivery: &mut Batch) {
        delivery.bytes.clear();
        delivery.log.clear();
        delivery.tails.clear();
        std::mem::swap(self, delivery);
        (self.seq, self.id) = (delivery.seq, BatchId(delivery.id.0 + 1));
    }
}

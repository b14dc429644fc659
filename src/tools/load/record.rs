//! What one member receives: how long each message took, and in which order they arrived.
//!
//! SAID blocks are found and read by hand here, and not by a [`BlockReader`](crate::wire::framing::BlockReader):
//! there are a million of them a second, and reading them must cost the machine less than the server that is
//! measured. They must be written as the protocol says, with CRLF and one space after a colon.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::message::TestMessage;
use crate::tls::SharedKey;
use crate::tools::load::measure::Order;

/// What all threads of a run share. Only `heard` changes, and nothing depends on its exact value.
#[derive(Debug)]
pub struct Run {
    /// The run's name, which tells its messages from those of others.
    pub name: String,
    /// When the run began. All times are microseconds since then.
    pub epoch: Instant,
    /// How many members are speakers: the first ones.
    pub speakers: usize,
    /// The key by which members speak TLS; without one they do not.
    pub key: Option<SharedKey>,
    /// How many messages all members together have received.
    pub heard: AtomicU64,
}

impl Run {
    /// Converts an instant to microseconds since the run began.
    pub fn micros(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

/// What one member has received.
#[derive(Debug)]
pub struct Record {
    /// How many microseconds each message took.
    pub latencies: Vec<u32>,
    /// The order in which each speaker's messages arrived.
    pub orders: Vec<Order>,
    /// The order in which the room's numbers arrived, which the server gives.
    pub room: Order,
    /// A hash of everything received, in its order. Members that received the same have the same hash.
    pub fingerprint: u64,
    /// When the last message arrived.
    pub last: u64,
    /// How many speakers' last messages are still missing.
    pub open: usize,
    /// The server's reason for the end, or how the connection broke; `None` while all is well.
    pub broken: Option<String>,
    /// The room's last number before this member joined. Older messages are no part of the run.
    since: u64,
}

impl Record {
    /// Creates an empty record, for a room whose last number was `since`.
    pub fn new(speakers: usize, since: u64) -> Record {
        Record {
            latencies: Vec::new(),
            orders: vec![Order::new(1); speakers],
            room: Order::new(since.saturating_add(1)),
            fingerprint: 0,
            last: 0,
            open: speakers,
            broken: None,
            since,
        }
    }

    /// Notes a message of the room, received at `now`.
    ///
    /// Every message counts for the room's order. Only a message of this run counts for its speaker's order, and
    /// only one with a time for the latencies: the mark of a speaker's end has none.
    pub fn hear(&mut self, seq: u64, text: &[u8], run: &Run, now: u64) {
        if seq <= self.since {
            return; // a replay of what was said before the run
        }
        self.room.hear(seq);
        let Some(message) = TestMessage::parse(text, &run.name) else { return };
        let Some(order) = self.orders.get_mut(message.speaker) else { return };
        let fresh = message.number > order.highest();
        order.hear(message.number);
        for part in [seq, message.speaker as u64, message.number] {
            // As in FNV-1a: each step depends on all before it, so the order counts.
            self.fingerprint =
                (self.fingerprint ^ part).wrapping_mul(0x0100_0000_01b3).rotate_left(7);
        }
        match message.said {
            Some(said) => {
                let took = u32::try_from(now.saturating_sub(said)).unwrap_or(u32::MAX);
                self.latencies.push(took);
                self.last = now;
            }
            None if fresh => self.open = self.open.saturating_sub(1),
            None => {}
        }
    }

    /// The highest number of a speaker that has arrived, for the sliding window of the member that is this speaker.
    pub fn returned(&self, speaker: usize) -> u64 {
        self.orders.get(speaker).map_or(0, Order::highest)
    }
}

/// Returns the length of the first block with its blank line; `None` if a part of it is still missing.
pub fn block_length(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(end) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        start += end + 1;
        if bytes[start..].starts_with(b"\r\n") {
            return Some(start + 2);
        }
    }
    None
}

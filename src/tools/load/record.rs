//! What a member hears, noted down: how long each message took, and in which order they came.
//!
//! Blocks are found by hand here instead of through [`wire`](crate::wire): there are a million of them a
//! second, and they are to cost the machine less than the server that is measured. They must be written
//! as the protocol says, with CRLF and one space after a colon.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::message::TestMessage;
use crate::tools::load::measure::Order;

/// What all threads of a run know.
#[derive(Debug)]
pub struct Run {
    /// Its name, which tells its messages from those of others.
    pub name: String,
    /// When it began; all times are microseconds since.
    pub epoch: Instant,
    /// How many of its members speak: the first ones.
    pub speakers: usize,
    /// How many messages have been heard, by all together.
    pub heard: AtomicU64,
}

impl Run {
    /// An instant in microseconds since the run began.
    pub fn micros(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

/// What a member has heard.
#[derive(Debug)]
pub struct Record {
    /// The microseconds that each message took.
    pub latencies: Vec<u32>,
    /// What came of each speaker's.
    pub orders: Vec<Order>,
    /// What came of the room's numbers, which the server gives.
    pub room: Order,
    /// All that was heard, in its order, in one number: who heard the same has the same.
    pub print: u64,
    /// When the last message came.
    pub last: u64,
    /// How many speakers' last messages are still to come.
    pub open: usize,
    /// What the server said at the end, or how the connection broke; `None` while all is well.
    pub broken: Option<String>,
    /// The room's last number before this member joined: what is older is no part of the run.
    since: u64,
}

impl Record {
    /// Nothing has been heard yet, in a room whose last number was `since`.
    pub fn new(speakers: usize, since: u64) -> Record {
        Record {
            latencies: Vec::new(),
            orders: vec![Order::new(1); speakers],
            room: Order::new(since.saturating_add(1)),
            print: 0,
            last: 0,
            open: speakers,
            broken: None,
            since,
        }
    }

    /// A SAID block has come.
    pub fn hear(&mut self, seq: u64, text: &[u8], run: &Run, now: u64) {
        if seq <= self.since {
            return; // a replay
        }
        self.room.hear(seq);
        let Some(message) = TestMessage::parse(text, &run.name) else { return };
        let Some(order) = self.orders.get_mut(message.speaker) else { return };
        let fresh = message.number > order.highest();
        order.hear(message.number);
        for part in [seq, message.speaker as u64, message.number] {
            // FNV: each step depends on all before it, so the order counts.
            self.print = (self.print ^ part).wrapping_mul(0x0100_0000_01b3).rotate_left(7);
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

    /// The highest number of this speaker's that has been heard.
    pub fn returned(&self, speaker: usize) -> u64 {
        self.orders.get(speaker).map_or(0, Order::highest)
    }
}

/// The length of the first block, with its blank line, if all of it is there.
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

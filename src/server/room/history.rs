//! The history: the last messages, ready to be told again.
//!
//! Only the broadcaster touches it, so it needs no lock. After a restart it is filled from the log.

use std::collections::VecDeque;

use crate::server::room::log::epochs::Epochs;
use crate::server::room::log::line::LoggedMessage;
use crate::server::room::log::recovery::KEPT;
use crate::wire::notification::{said_tail_start, write_said_head};
use crate::wire::{LastSeen, SAID_TAIL_END, Secret};

/// How many messages a newcomer reads if it does not say which it has seen.
const NEWCOMER: u64 = 20;

/// The room's last messages, each as the tail of its SAID block, with its number.
#[derive(Debug, Default)]
pub struct History {
    kept: VecDeque<(u64, Vec<u8>)>,
    /// Which start of the server has given which numbers.
    epochs: Epochs,
}

/// Messages that are told again, as bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Their SAID blocks, the oldest first.
    pub bytes: Vec<u8>,
    /// How many messages they are.
    pub count: u64,
    /// The number of the first message; 0 if there is none.
    pub first: u64,
    /// The number of the last message; 0 if there is none.
    pub last: u64,
}

impl History {
    /// Creates the history from what the log has kept. The senders' IDs were those of an earlier run of the server,
    /// and no client has them now, so the messages are told with 0.
    pub fn new(kept: VecDeque<(u64, LoggedMessage)>, epochs: Epochs) -> History {
        let mut history = History { epochs, ..History::default() };
        for (seq, message) in kept {
            let start = said_tail_start(&message.time, 0, &message.name);
            history
                .push(seq, format!("{start}{}{SAID_TAIL_END}", message.text.as_str()).as_bytes());
        }
        history
    }

    /// Adds message `seq`, given as its block's tail. When the history is full, the oldest message makes room.
    pub fn push(&mut self, seq: u64, tail: &[u8]) {
        let full = self.kept.len() == KEPT;
        let oldest = if full { self.kept.pop_front() } else { None };
        // The oldest message's memory serves for the newest: a full history allocates nothing.
        let (_, mut memory) = oldest.unwrap_or_default();
        memory.clear();
        memory.extend_from_slice(tail);
        self.kept.push_back((seq, memory));
    }

    /// The epoch of the numbers that are given now.
    pub fn log(&self) -> Option<Secret> {
        self.epochs.current()
    }

    /// Returns after which number a client reads on that joins after message `seq`, and whether its number is known to
    /// be of this room. A number of an unknown epoch is of another room, and counts as none. Without an epoch it is
    /// taken as it is.
    pub fn resume(&self, last_seen: Option<&LastSeen>, seq: u64) -> (Option<u64>, bool) {
        match last_seen {
            Some(seen) if seen.log.is_some() => {
                let since = self.epochs.resume(seen, seq);
                (since, since.is_some())
            }
            seen => (seen.map(|seen| seen.seq), false),
        }
    }

    /// Returns what a client reads that joins after message `seq`, and how many older messages it has missed for
    /// good. With `since` that is everything after that message, otherwise the last few.
    pub fn for_newcomer(&self, since: Option<u64>, seq: u64) -> (Replay, u64) {
        let from = since.unwrap_or(seq.saturating_sub(NEWCOMER)).saturating_add(1);
        let oldest = self.kept.front().map_or(seq + 1, |(oldest, _)| *oldest);
        let missed = if since.is_some() { oldest.min(seq + 1).saturating_sub(from) } else { 0 };
        (self.replay(from, seq, KEPT as u64), missed)
    }

    /// Returns the last `most` of the messages from `from` up to `to`.
    pub fn replay(&self, from: u64, to: u64, most: u64) -> Replay {
        let wanted = |(seq, _): &&(u64, Vec<u8>)| (from..=to).contains(seq);
        let count = self.kept.iter().filter(wanted).count() as u64;
        let skipped = usize::try_from(count.saturating_sub(most)).unwrap_or(usize::MAX);
        let mut replay = Replay::default();
        for (seq, tail) in self.kept.iter().filter(wanted).skip(skipped) {
            write_said_head(&mut replay.bytes, *seq, true);
            replay.bytes.extend_from_slice(tail);
            replay.first = if replay.count == 0 { *seq } else { replay.first };
            (replay.count, replay.last) = (replay.count + 1, *seq);
        }
        replay
    }
}

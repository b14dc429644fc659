//! The last messages, ready to be told again.

use std::collections::VecDeque;

use crate::server::room::journal::{KEPT, LoggedMessage};
use crate::wire::notification::{SAID_TAIL_END, said_tail_start, write_said_head};

/// How many messages a newcomer is told that does not say what it has seen.
const NEWCOMER: u64 = 20;

/// The room's last messages, each as a finished block but for its first lines.
#[derive(Debug, Default)]
pub struct History {
    kept: VecDeque<(u64, Vec<u8>)>,
}

/// Some messages to be told again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Their SAID blocks, the oldest first.
    pub bytes: Vec<u8>,
    /// How many they are.
    pub count: u64,
    /// The numbers of the first and the last, or 0.
    pub first: u64,
    /// See `first`.
    pub last: u64,
}

impl History {
    /// What the log has kept. Whoever said it had an ID in another life of the server.
    pub fn new(kept: VecDeque<(u64, LoggedMessage)>) -> History {
        let mut history = History::default();
        for (seq, message) in kept {
            let start = said_tail_start(&message.time, 0, &message.name);
            history.push(seq, format!("{start}{}{SAID_TAIL_END}", message.text).as_bytes());
        }
        history
    }

    /// Remembers message `seq`, by its block's tail.
    pub fn push(&mut self, seq: u64, tail: &[u8]) {
        let full = self.kept.len() == KEPT;
        let oldest = if full { self.kept.pop_front() } else { None };
        let (_, mut memory) = oldest.unwrap_or_default();
        memory.clear();
        memory.extend_from_slice(tail);
        self.kept.push_back((seq, memory));
    }

    /// What somebody who joins after message `seq` has to hear, and how many older ones are missing. With
    /// `since` that is what came after it, else the last few.
    pub fn for_newcomer(&self, since: Option<u64>, seq: u64) -> (Replay, u64) {
        let from = since.unwrap_or(seq.saturating_sub(NEWCOMER)).saturating_add(1);
        let oldest = self.kept.front().map_or(seq + 1, |(oldest, _)| *oldest);
        let missed = if since.is_some() { oldest.min(seq + 1).saturating_sub(from) } else { 0 };
        (self.replay(from, seq, KEPT as u64), missed)
    }

    /// The last `most` messages of those from `from` up to `to`.
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

//! The history: the last messages, ready to be told again.
//!
//! Only the broadcaster touches it, so it needs no lock. After a restart it is filled from the log.

use std::collections::VecDeque;
use std::ops::Range;

use crate::server::room::log::epochs::Epochs;
use crate::server::room::log::line::LoggedMessage;
use crate::server::room::log::recovery::KEPT;
use crate::wire::notification::{said_tail_start, write_said_head};
use crate::wire::{LastSeen, SAID_TAIL_END, Secret};

/// How many messages a newcomer reads if it does not say which it has seen.
const NEWCOMER: u64 = 20;
/// How many messages are kept altogether. The older ones are only there for clients to whom a replay is told in
/// pieces: while they take the first pieces, the room goes on. These are more than the usual `--backlog` has room for,
/// so it is the backlog that ends a client's patience.
const HELD: usize = 12 * KEPT;
/// How many bytes of messages are kept altogether, but for the last [`KEPT`] messages. They are more than the longest
/// messages of a replay and the usual backlog together.
const HELD_BYTES: usize = 4 << 20;

/// The room's last messages, each as the tail of its SAID block, with its number.
#[derive(Debug, Default)]
pub struct History {
    kept: VecDeque<(u64, Vec<u8>)>,
    /// How many bytes they have.
    bytes: usize,
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
    /// The first of these messages that is not in `bytes`, if they were too many for one piece.
    pub rest: Option<u64>,
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
        let mut memory = Vec::new();
        self.bytes += tail.len();
        while self.kept.len() == HELD || (self.kept.len() > KEPT && self.bytes > HELD_BYTES) {
            // The oldest message's memory serves for the newest: a full history allocates nothing.
            (_, memory) = self.kept.pop_front().unwrap_or_default();
            self.bytes -= memory.len();
        }
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
    pub fn for_newcomer(&self, since: Option<u64>, seq: u64, piece: usize) -> (Replay, u64) {
        let from = since.unwrap_or(seq.saturating_sub(NEWCOMER)).saturating_add(1);
        let oldest = self.oldest().unwrap_or(seq + 1);
        let missed = if since.is_some() { oldest.min(seq + 1).saturating_sub(from) } else { 0 };
        (self.replay(from, seq, KEPT as u64, piece), missed)
    }

    /// Returns the last `most` of the messages from `from` up to `to`. The bytes are at most `piece`, but at least one
    /// message.
    pub fn replay(&self, from: u64, to: u64, most: u64, piece: usize) -> Replay {
        let from = self.place(from.max(self.oldest().unwrap_or(from)));
        let to = self.place(to.saturating_add(1));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.tell(from.max(to.saturating_sub(most))..to, piece)
    }

    /// Returns the next piece of a replay: the messages from `from` up to `to`. `None` if they are no longer kept.
    pub fn next_piece(&self, from: u64, to: u64, piece: usize) -> Option<Replay> {
        let start = self.place(from);
        let kept = self.kept.get(start).is_some_and(|(seq, _)| *seq == from);
        kept.then(|| self.tell(start..self.place(to.saturating_add(1)), piece))
    }

    /// The number of the oldest message that a replay may begin with.
    fn oldest(&self) -> Option<u64> {
        self.kept.get(self.kept.len().saturating_sub(KEPT)).map(|(seq, _)| *seq)
    }

    /// How many of the kept messages have a number below `seq`.
    fn place(&self, seq: u64) -> usize {
        self.kept.partition_point(|(number, _)| *number < seq)
    }

    /// Tells the messages at these places, as far as they fit into a piece.
    fn tell(&self, places: Range<usize>, piece: usize) -> Replay {
        let told = self.kept.range(places.start.min(places.end)..places.end);
        let mut replay = Replay { count: told.len() as u64, ..Replay::default() };
        replay.first = told.clone().next().map_or(0, |(seq, _)| *seq);
        replay.last = told.clone().next_back().map_or(0, |(seq, _)| *seq);
        for (seq, tail) in told {
            let length = replay.bytes.len();
            write_said_head(&mut replay.bytes, *seq, true);
            replay.bytes.extend_from_slice(tail);
            if length > 0 && replay.bytes.len() > piece {
                replay.bytes.truncate(length);
                replay.rest = Some(*seq);
                break;
            }
        }
        replay
    }
}

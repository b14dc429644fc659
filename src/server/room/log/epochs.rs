//! Epochs: which start of the server has given which numbers.
//!
//! A number of a message says little if a log may lose its end. On a full disk the server counts on in memory; after
//! its next start it gives the same numbers again, to other messages. So every start has a name of its own, its
//! *epoch*. A client that comes back says in which epoch it has seen its last number, and reads everything after the
//! place where that epoch ends in this log. Kafka's replicas find the place where their logs part by the epochs of
//! their leaders (KIP-101).

use std::collections::VecDeque;

use crate::server::room::log::remark::Remark;
use crate::wire::{LastSeen, Secret};

/// How many earlier epochs are known.
const KNOWN: usize = 4_096;

/// The epochs of a log.
#[derive(Debug, Clone, Default)]
pub struct Epochs {
    /// The earlier ones with the number at which each ends, the oldest first.
    past: VecDeque<(Secret, u64)>,
    /// The one that goes on; `None` for a log in which no start has named itself.
    current: Option<Secret>,
}

impl Epochs {
    /// Begins an epoch after message `seq`, and ends the one before. No epoch ends later than that: a log that goes on
    /// at a smaller number has lost the numbers above it. An epoch that has begun already goes on.
    pub fn begin(&mut self, log: Secret, seq: u64) {
        // The ends are in order, so the first that is small enough ends the search.
        let too_large = self.past.iter_mut().rev().take_while(|(_, end)| *end > seq);
        too_large.for_each(|(_, end)| *end = seq);
        let before = self.current.replace(log).filter(|before| *before != log);
        if let Some(before) = before {
            self.add(before, seq);
        }
    }

    /// Adds an earlier epoch that ended at message `seq`, unless it is known.
    pub fn add(&mut self, log: Secret, seq: u64) {
        self.current.take_if(|current| *current == log);
        if self.past.iter().any(|(past, _)| *past == log) {
            return;
        }
        let place = self.past.partition_point(|(_, end)| *end <= seq);
        self.past.insert(place, (log, seq));
        if self.past.len() > KNOWN {
            self.past.pop_front();
        }
    }

    /// The epoch that goes on.
    pub fn current(&self) -> Option<Secret> {
        self.current
    }

    /// Returns the number after which a client must read on: what it has seen last, or the end of the epoch in which
    /// it has seen that. The log is at message `seq`. Returns `None` for an epoch that this log does not know.
    pub fn resume(&self, last_seen: &LastSeen, seq: u64) -> Option<u64> {
        let log: Secret = last_seen.log.as_ref()?.parse().ok()?;
        let past = || self.past.iter().find(|(past, _)| *past == log).map(|(_, end)| *end);
        let end = if self.current == Some(log) { Some(seq) } else { past() };
        end.map(|end| last_seen.seq.min(end).min(seq))
    }

    /// The earlier epochs, as remarks.
    pub fn remarks(&self) -> impl Iterator<Item = Remark> {
        self.past.iter().map(|(log, seq)| Remark::Was { log: *log, seq: *seq })
    }
}

//! Datagrams that show no known ticket or answer: strangers', or such as come before their introduction.
//!
//! The server tells both clients of an introduction, and the one that hears of it first may send at once. Its datagram
//! can overtake the server's block, which travels on another socket. So the last ones whose key is not known are kept
//! for a moment, as a call waits for the CALL of its ticket.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::ui::Screen;
use crate::wire::datagram::SealedHead;

/// How long a datagram may wait for its introduction.
const WAIT: Duration = Duration::from_secs(2);
/// The most datagrams that wait.
const MAX_EARLY: usize = 16;

/// The strangers of a client.
#[derive(Debug, Default)]
pub struct Strangers {
    /// How many datagrams were dropped.
    dropped: u64,
    /// Those of them that wait, the oldest first.
    early: VecDeque<EarlyDatagram>,
}

/// A datagram that waits.
#[derive(Debug)]
struct EarlyDatagram {
    since: Instant,
    from: SocketAddr,
    bytes: Vec<u8>,
}

impl Strangers {
    /// Counts a datagram that is dropped.
    pub fn drop_one(&mut self) {
        self.dropped += 1;
    }

    /// Shows how many datagrams were dropped.
    pub fn list(&self, screen: &mut Screen) {
        match self.dropped {
            0 => {}
            1 => screen.line("1 datagram from a stranger was dropped"),
            many => screen.line(format_args!("{many} datagrams from strangers were dropped")),
        }
    }

    /// Keeps a datagram that nothing opens, if it is sealed. It is to be counted all the same.
    pub fn keep(&mut self, from: SocketAddr, bytes: &[u8], since: Instant) {
        if SealedHead::split(bytes).is_none() {
            return;
        }
        if self.early.len() >= MAX_EARLY {
            self.early.pop_front();
        }
        self.early.push_back(EarlyDatagram { since, from, bytes: bytes.to_vec() });
    }

    /// Takes what has come for the ticket with this identity: it is no stranger's.
    pub fn take(&mut self, identity: &str, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        self.early.retain(|early| now.duration_since(early.since) <= WAIT);
        let is_meant = |early: &EarlyDatagram| {
            SealedHead::split(&early.bytes).is_some_and(|(head, _)| head.identity == identity)
        };
        let all = std::mem::take(&mut self.early).into_iter();
        let (meant, others): (VecDeque<_>, VecDeque<_>) = all.partition(is_meant);
        self.early = others;
        self.dropped = self.dropped.saturating_sub(meant.len() as u64);
        meant.into_iter().map(|early| (early.from, early.bytes)).collect()
    }
}

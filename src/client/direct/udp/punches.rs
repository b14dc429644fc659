//! Punching: how two clients behind NATs find an address at which their datagrams arrive (PROTOCOL, "Punching").
//!
//! A NAT lets in what answers to something that went out. So both clients send PUNCH to every address at which the
//! other one may be, again and again: the first ones may be dropped, and yet they open the way for those of the other
//! side (Ford, Srisuresh and Kegel, 2005). This file knows no socket and no clock: the caller passes in the time and
//! what has come, and gets what to send.
//!
//! ```
//! # use p2p_chat::client::direct::udp::punches::{Punches, candidate_order};
//! # use p2p_chat::wire::Candidates;
//! # use std::time::{Duration, Instant};
//! let (listed, seen) = ("203.0.113.10:5556".parse().unwrap(), "203.0.113.10:40312".parse().unwrap());
//! let order = candidate_order(&Candidates { seen: Some(seen), local: None }, listed);
//! assert_eq!(order, [(seen, Duration::ZERO), (listed, Duration::ZERO)]);
//!
//! let now = Instant::now();
//! let mut punches = Punches::default();
//! order.into_iter().for_each(|(address, after)| punches.add(address, now + after));
//! let first = punches.due(now);
//! assert_eq!(first.len(), 2);
//! assert!(punches.accepts(seen, first[0].nonce)); // it repeats what was sent there
//! assert!(!punches.accepts(seen, first[1].nonce)); // it repeats what was sent elsewhere
//! assert_eq!(punches.deadline(), Some(now + Duration::from_millis(100)));
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::tls::random::random;
use crate::wire::{Candidates, PunchNonce};

/// The most addresses that are tried at a time. A server, a peer, and whoever repeats its datagrams from elsewhere name
/// them: so this bounds what they can make this client send.
pub const MAX_CANDIDATES: usize = 5;
/// When PUNCH goes to an address, from the first time on: more and more seldom, as nothing is known of the way. A
/// client that starts a little late still meets it.
pub const SCHEDULE: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_200),
    Duration::from_millis(4_800),
];
/// How long the address in one's own network is tried alone: the way through it is the shortest.
pub const HEAD_START: Duration = Duration::from_millis(200);
/// How long the answer to the last PUNCH may take.
const LAST_ANSWER: Duration = Duration::from_millis(400);

/// The addresses at which a peer may be, each once, and how long after the beginning each is tried first: Local at
/// once, then Seen, then the listed one. The last two wait for [`HEAD_START`] if there is a Local.
// LAB 11: put the candidates in order => vec![(listed, Duration::ZERO)]
pub fn candidate_order(candidates: &Candidates, listed: SocketAddr) -> Vec<(SocketAddr, Duration)> {
    let Candidates { seen, local } = *candidates;
    let wait = if local.is_some() { HEAD_START } else { Duration::ZERO };
    let local = local.map(|local| (local, Duration::ZERO));
    let others = [seen, Some(listed)].into_iter().flatten().map(|address| (address, wait));
    let mut order: Vec<(SocketAddr, Duration)> = Vec::new();
    for (address, after) in local.into_iter().chain(others) {
        if !order.iter().any(|(known, _)| *known == address) {
            order.push((address, after));
        }
    }
    order
}

/// A PUNCH to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Punch {
    /// Where to.
    pub to: SocketAddr,
    /// Its Nonce: the same each time PUNCH goes to that address, and another for each other one.
    pub nonce: PunchNonce,
    /// Which one it is of those to that address, from 1.
    pub count: usize,
}

/// One search for an address at which a peer is reached.
#[derive(Debug, Default)]
pub struct Punches {
    /// The addresses that are tried, in the order in which they were added.
    tried: Vec<Tried>,
}

/// One address that is tried.
#[derive(Debug)]
struct Tried {
    address: SocketAddr,
    /// What was sent there, and nowhere else.
    nonce: PunchNonce,
    /// When the first PUNCH is due.
    start: Instant,
    /// How many of the schedule are sent, or passed by while nobody looked.
    passed: usize,
}

impl Punches {
    /// Tries one more address from `start` on, unless it is tried already or there are too many.
    ///
    /// It gets a Nonce that nobody can guess, and that goes to no other address: by it [`Punches::accepts`] tells who
    /// has received what.
    // LAB 11: try one more address => let nonce = self.tried.first().map_or_else(|| PunchNonce(u64::from_be_bytes(random())), |first| first.nonce); self.tried.push(Tried { address, nonce, start, passed: 0 })
    pub fn add(&mut self, address: SocketAddr, start: Instant) {
        let is_known = self.tried.iter().any(|tried| tried.address == address);
        if !is_known && self.tried.len() < MAX_CANDIDATES {
            let nonce = PunchNonce(u64::from_be_bytes(random()));
            self.tried.push(Tried { address, nonce, start, passed: 0 });
        }
    }

    /// What is due at `now`: at most one PUNCH to each address, even if several were due since the last call.
    ///
    /// [`SCHEDULE`] counts from the start of each address. What was missed is not made up for: a program that has slept
    /// must not send a burst.
    // LAB 11: send what is due => let unsent = self.tried.iter_mut().filter(|tried| tried.passed == 0); unsent.map(|tried| { tried.passed = SCHEDULE.len(); Punch { to: tried.address, nonce: tried.nonce, count: 1 } }).collect()
    pub fn due(&mut self, now: Instant) -> Vec<Punch> {
        let mut punches = Vec::new();
        for tried in &mut self.tried {
            let passed = SCHEDULE.iter().filter(|after| tried.start + **after <= now).count();
            if passed > tried.passed {
                tried.passed = passed;
                let Tried { address: to, nonce, .. } = *tried;
                punches.push(Punch { to, nonce, count: passed });
            }
        }
        punches
    }

    /// Whether a PUNCHACK proves the address from which it comes: it must repeat the Nonce that was sent to that very
    /// address. Somebody else may have received it, but then the answer comes from elsewhere.
    // LAB 11: tell what an answer proves => true
    pub fn accepts(&self, from: SocketAddr, nonce: PunchNonce) -> bool {
        let is_it = |tried: &Tried| tried.address == from && tried.nonce == nonce;
        self.tried.iter().any(|tried| is_it(tried) && tried.passed > 0)
    }

    /// Whether that address is tried.
    pub fn tries(&self, address: SocketAddr) -> bool {
        self.tried.iter().any(|tried| tried.address == address)
    }

    /// When the next PUNCH is due, or, after the last one, when the search has failed. `None` if nothing is tried.
    pub fn deadline(&self) -> Option<Instant> {
        let next = self.tried.iter().filter_map(Tried::next).min();
        next.or_else(|| self.tried.iter().map(Tried::end).max())
    }

    /// Whether every address was tried to the end, without an answer.
    pub fn have_failed(&self, now: Instant) -> bool {
        self.tried.iter().all(|tried| tried.next().is_none() && tried.end() <= now)
    }
}

impl Tried {
    /// When the next PUNCH is due.
    fn next(&self) -> Option<Instant> {
        SCHEDULE.get(self.passed).map(|after| self.start + *after)
    }

    /// Until when an answer counts.
    fn end(&self) -> Instant {
        self.start + SCHEDULE[SCHEDULE.len() - 1] + LAST_ANSWER
    }
}

//! What each request costs, and how long one client must wait for it.
//!
//! Everything that costs others something is paced: what they are told, what is written for them, what is copied
//! under a lock. Two limits hold at once: the client's own ([`RateLimiter`]), and the one that it shares with all
//! other connections of its host ([`HostRate`]). A cost of 1 is one message to the room.
//!
//! A request waits before it is executed. What an answer costs in addition is known only afterwards, so the next
//! request waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::server::hosts::HostRate;
use crate::server::rate_limit::RateLimiter;
use crate::server::room::log::recovery::KEPT;
use crate::wire::{Request, Text};

/// A host's message counts as one for each so many bytes begun. Five seconds' worth of them, 2,500 with about 110
/// bytes of headers each, then stay below the 1 MiB that may wait for a member: no host can throw another client out
/// at one blow.
const BYTES: usize = 256;
/// An answer costs 1 more for each so many clients that it lists, which are about 4 KiB.
const LISTED: usize = 100;
/// An answer costs 1 for each so many old messages. A class that comes back together, each of whom has missed a
/// thousand, does not wait for it.
const REPLAYED: u64 = 50;

/// How fast one client may go on.
#[derive(Debug)]
pub struct Pace {
    /// The client's own limit.
    own: RateLimiter,
    /// The limit of all clients of its host, if there is one.
    host: Option<Arc<HostRate>>,
}

impl Pace {
    /// Creates the pace of a fresh connection from a host, which may ask for `rate` per second; 0 for no limit.
    pub fn new(rate: u32, host: Option<Arc<HostRate>>, now: Instant) -> Pace {
        Pace { own: RateLimiter::new(rate, now), host }
    }

    /// Counts a request. Returns how long it must wait.
    pub fn next(&mut self, request: &Request, now: Instant) -> Duration {
        match request {
            // Only the client itself has any of it. The end of a connection must never wait.
            Request::Ping { .. } | Request::Pong { .. } | Request::Quit => Duration::ZERO,
            Request::Say { text } | Request::Tell { text, .. } => self.spend(1, weight(text), now),
            // Two notices: that it is here, and in the end that it is gone.
            Request::Join { .. } | Request::Relay { .. } => self.spend(2, 2, now),
            Request::History { last, .. } => self.replay(*last, now),
            Request::Register { .. } | Request::Bridge { .. } | Request::Info => {
                self.spend(1, 1, now)
            }
        }
    }

    /// Counts that an answer has listed so many clients.
    pub fn list(&mut self, clients: usize, now: Instant) {
        let cost = u32::try_from(clients / LISTED).unwrap_or(u32::MAX);
        self.spend(cost, cost, now);
    }

    /// Counts so many messages that are told again, if there are as many. Returns how long the client must wait.
    pub fn replay(&mut self, messages: u64, now: Instant) -> Duration {
        let messages = messages.clamp(1, KEPT as u64);
        let cost = u32::try_from(messages.div_ceil(REPLAYED)).unwrap_or(u32::MAX);
        self.spend(cost, cost, now)
    }

    /// Counts that the member with this ID is told of a caller. Returns how long that must wait.
    pub fn call(&mut self, member: u64, now: Instant) -> Duration {
        self.host.as_ref().map_or(Duration::ZERO, |host| host.next_call(member, now))
    }

    /// Counts a cost for the client and one for its host. Returns how long the client must wait.
    fn spend(&mut self, own: u32, host: u32, now: Instant) -> Duration {
        let wait = self.own.next(own, now);
        self.host.as_ref().map_or(wait, |limit| wait.max(limit.next(host, now)))
    }
}

/// What a text costs its host.
fn weight(text: &Text) -> u32 {
    u32::try_from(text.as_str().len().div_ceil(BYTES)).unwrap_or(u32::MAX)
}

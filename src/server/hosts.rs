//! How fast the connections of one host may ask for things together.
//!
//! A host that opens fifty connections, or a new one after each burst, is still one. So each host has a limiter that
//! all its connections share, and that outlives them. What costs one member something has a limiter of its own, for
//! each pair of a host and a member.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::net::Host;
use crate::server::rate_limit::RateLimiter;
use crate::sync::lock;

/// The most hosts that are kept apart. Those for whom there is no room share one limiter.
const MOST_HOSTS: usize = 16_384;
/// How often those are looked for that can be forgotten.
const SWEEP: Duration = Duration::from_secs(1);
/// The same for the members that one host calls: when there are more than so many.
const FEW: usize = 64;
/// What one host may do once, while it may ask for so many other things: call a certain member, and have the room told
/// at once that a client comes, goes or moves. By default that is twice a second. A client keeps the last 256 CALLs of
/// a minute; the burst and a minute of calls are less, so a flood of them makes nobody forget a caller.
const PART: u32 = 250;
/// How large a part of its rate that may be at once: by default 100 of 500.
const PART_AT_ONCE: u32 = 5;

/// The rates of all hosts, shared by all sessions.
#[derive(Debug)]
pub struct HostRates {
    /// What one host may ask for in a second; 0 for no limit.
    rate: u32,
    known: Mutex<KnownHosts>,
}

/// The hosts that have connections, or have had too many requests lately.
#[derive(Debug)]
struct KnownHosts {
    hosts: HashMap<Host, Arc<HostRate>>,
    /// When idle hosts were last forgotten.
    swept: Instant,
}

/// The rate of one host, shared by its connections.
#[derive(Debug)]
pub struct HostRate {
    rate: u32,
    limits: Mutex<HostLimits>,
}

/// What is counted for one host.
#[derive(Debug)]
struct HostLimits {
    /// All its requests.
    requests: RateLimiter,
    /// Its arrivals, departures and changes of a port of which the room is told at once.
    notices: RateLimiter,
    /// Its CALLs to each member, by the member's ID.
    calls: HashMap<u64, RateLimiter>,
}

impl HostRates {
    /// Creates the rates of hosts, none of which may ask for more than `rate` per second; 0 for no limit.
    pub fn new(rate: u32) -> HostRates {
        let known = KnownHosts { hosts: HashMap::new(), swept: Instant::now() };
        HostRates { rate, known: Mutex::new(known) }
    }

    /// The rate of the host that has this address; `None` if there is no limit.
    ///
    /// A host is forgotten when it has no connection and its schedule lies in the past: a new limiter would do the
    /// same. So the table holds little more than the hosts that are connected.
    pub fn of(&self, address: IpAddr, now: Instant) -> Option<Arc<HostRate>> {
        if self.rate == 0 {
            return None;
        }
        let mut host = Host::from(address);
        let KnownHosts { hosts, swept } = &mut *lock(&self.known);
        if now.duration_since(*swept) >= SWEEP {
            *swept = now;
            // Only this table can share a host that no connection shares, and it is locked.
            hosts.retain(|_, rate| Arc::strong_count(rate) > 1 || !rate.is_idle(now));
        }
        if hosts.len() >= MOST_HOSTS && !hosts.contains_key(&host) {
            host = Host::from(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        }
        let rate = hosts.entry(host).or_insert_with(|| Arc::new(HostRate::new(self.rate, now)));
        Some(Arc::clone(rate))
    }

    /// How many hosts are known.
    pub fn len(&self) -> usize {
        lock(&self.known).hosts.len()
    }

    /// Whether no host is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl HostRate {
    /// Creates the rate of a host that has asked for nothing yet.
    fn new(rate: u32, now: Instant) -> HostRate {
        let requests = RateLimiter::new(rate, now);
        let notices = part_of(rate, now);
        let limits = HostLimits { requests, notices, calls: HashMap::new() };
        HostRate { rate, limits: Mutex::new(limits) }
    }

    /// Counts a request of this cost. Returns how long it must wait.
    pub fn next(&self, cost: u32, now: Instant) -> Duration {
        lock(&self.limits).requests.next(cost, now)
    }

    /// Counts a CALL to the member with this ID. Returns how long it must wait.
    pub fn next_call(&self, member: u64, now: Instant) -> Duration {
        let calls = &mut lock(&self.limits).calls;
        if calls.len() >= FEW && !calls.contains_key(&member) {
            calls.retain(|_, limiter| !limiter.is_idle(now));
        }
        let fresh = || part_of(self.rate, now);
        calls.entry(member).or_insert_with(fresh).next(1, now)
    }

    /// Counts a notice of one of its clients. Returns whether the room may be told at once.
    pub fn may_announce(&self, now: Instant) -> bool {
        lock(&self.limits).notices.admits(1, now)
    }

    /// Whether nothing that was counted makes any difference now.
    fn is_idle(&self, now: Instant) -> bool {
        let HostLimits { requests, notices, calls } = &*lock(&self.limits);
        let mut all = calls.values().chain([requests, notices]);
        all.all(|limiter| limiter.is_idle(now))
    }
}

/// A limiter for what a host of this rate may do seldom.
fn part_of(rate: u32, now: Instant) -> RateLimiter {
    let interval = Duration::from_secs(PART.into()).checked_div(rate);
    RateLimiter::every(interval, (rate / PART_AT_ONCE).max(1), now)
}

//! How fast somebody may ask for things: a state machine that is given the time.
//!
//! It is the generic cell rate algorithm (GCRA, ITU-T I.371) in its form as a virtual clock. Each request has a cost.
//! The next one is due so many intervals after it. A client that is ahead of this schedule by more than the burst must
//! wait; a client that is behind it gets no credit for its silence beyond the burst. A token bucket behaves in the same
//! way, but has to count fractions of tokens. Unlike GCRA in a network, this limiter refuses nothing: it delays.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use p2p_chat::server::rate_limit::RateLimiter;
//!
//! let now = Instant::now();
//! let mut limiter = RateLimiter::new(2, now); // 2 a second, 10 at once
//! assert_eq!(limiter.next(10, now), Duration::ZERO);
//! assert_eq!(limiter.next(1, now), Duration::from_millis(500));
//! assert_eq!(limiter.next(1, now + Duration::from_secs(60)), Duration::ZERO);
//! ```

use std::time::{Duration, Instant};

/// For how many seconds' worth a burst may be (GCRA's tolerance).
const BURST: u32 = 5;

/// One rate: so much a second, and five times as much at once.
#[derive(Debug)]
pub struct RateLimiter {
    /// The time for one unit of cost (GCRA's increment); `None` for no limit.
    interval: Option<Duration>,
    /// How far ahead of the schedule a request may be.
    tolerance: Duration,
    /// When the next request is due at an even rate (GCRA's theoretical arrival time).
    due: Instant,
}

impl RateLimiter {
    /// Creates a limiter for a cost of `rate` per second, 0 for no limit.
    pub fn new(rate: u32, now: Instant) -> RateLimiter {
        RateLimiter::every(
            Duration::from_secs(1).checked_div(rate),
            BURST.saturating_mul(rate),
            now,
        )
    }

    /// Creates a limiter for one request in each `interval`, and `burst` of them at once.
    pub fn every(interval: Option<Duration>, burst: u32, now: Instant) -> RateLimiter {
        let tolerance = interval.unwrap_or_default() * burst;
        RateLimiter { interval, tolerance, due: now }
    }

    /// Counts a request of this cost. Returns how long it must wait.
    pub fn next(&mut self, cost: u32, now: Instant) -> Duration {
        let Some(interval) = self.interval else { return Duration::ZERO };
        // A schedule that lies in the past starts anew: silence is not saved up.
        self.due = self.due.max(now) + interval * cost;
        self.due.duration_since(now).saturating_sub(self.tolerance)
    }

    /// Counts a request of this cost if it needs not wait. Returns whether it was counted.
    pub fn admits(&mut self, cost: u32, now: Instant) -> bool {
        let Some(interval) = self.interval else { return true };
        let due = self.due.max(now) + interval * cost;
        let admitted = due.duration_since(now) <= self.tolerance;
        if admitted {
            self.due = due;
        }
        admitted
    }

    /// Whether nothing that was counted makes any difference now: a new limiter would do the same.
    pub fn is_idle(&self, now: Instant) -> bool {
        self.due <= now
    }
}

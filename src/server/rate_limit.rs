//! How fast one client may send messages: a state machine that is given the time.
//!
//! It is the generic cell rate algorithm (GCRA, ITU-T I.371) in its form as a virtual clock. Each message is due one
//! interval after the one before it. A client that is ahead of this schedule by more than the burst must wait; one
//! that is behind it gets no credit for its silence beyond the burst. A token bucket behaves in the same way, but has
//! to count fractions of tokens. Unlike GCRA in a network, this limiter refuses nothing: it delays.

use std::time::{Duration, Instant};

/// How many seconds' worth of messages may come at once (GCRA's tolerance).
const BURST: u32 = 5;

/// One client's rate: so many messages a second, and five times as many at once.
#[derive(Debug)]
pub struct RateLimiter {
    /// The time for one message (GCRA's increment); `None` for no limit.
    interval: Option<Duration>,
    /// When the next message is due at an even rate (GCRA's theoretical arrival time).
    due: Instant,
}

impl RateLimiter {
    /// Creates a limiter for `rate` messages per second, 0 for no limit.
    pub fn new(rate: u32, now: Instant) -> RateLimiter {
        RateLimiter { interval: Duration::from_secs(1).checked_div(rate), due: now }
    }

    /// Counts one more message. Returns how long it must wait.
    pub fn next(&mut self, now: Instant) -> Duration {
        let Some(interval) = self.interval else { return Duration::ZERO };
        // A schedule that lies in the past starts anew: silence is not saved up.
        self.due = self.due.max(now) + interval;
        let ahead = self.due.duration_since(now);
        ahead.saturating_sub(Duration::from_secs(BURST.into()))
    }
}

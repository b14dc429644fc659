//! How fast one client may speak: a state machine that is given the time.

use std::time::{Duration, Instant};

/// How many seconds' worth of messages may come at once.
const BURST: u32 = 5;

/// One client's pace: so many messages a second, and five times that in a burst.
#[derive(Debug)]
pub struct RateLimiter {
    /// The time for one message; `None` for no limit.
    interval: Option<Duration>,
    /// When all messages so far would have come at an even pace.
    even: Instant,
}

impl RateLimiter {
    /// `rate` messages per second, 0 for no limit.
    pub fn new(rate: u32, now: Instant) -> RateLimiter {
        RateLimiter { interval: Duration::from_secs(1).checked_div(rate), even: now }
    }

    /// How long to wait before one more message.
    pub fn next(&mut self, now: Instant) -> Duration {
        let Some(interval) = self.interval else { return Duration::ZERO };
        let even = self.even.max(now);
        self.even = even + interval;
        let ahead = self.even.duration_since(now);
        ahead.saturating_sub(Duration::from_secs(BURST.into()))
    }
}

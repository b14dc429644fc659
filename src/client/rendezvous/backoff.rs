//! The pauses between attempts to reach the server: exponential backoff with jitter.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first pause, which is doubled each time up to the last one.
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(30);

/// The pauses to come.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff(FIRST)
    }
}

impl Backoff {
    /// The next pause, up to a quarter longer or shorter than its rule, so that the clients of a restarted server
    /// do not come back all at the same moment.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LAST);
        let random = RandomState::new().hash_one(()) % 512;
        pause * 3 / 4 + pause * u32::try_from(random).unwrap_or(0) / 1024
    }
}

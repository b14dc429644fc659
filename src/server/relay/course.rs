//! How fast a relay passes bytes on, and when it is over: rules that are given the time.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use p2p_chat::server::relay::course::{RelayCourse, rest};
//!
//! assert_eq!(rest(16 * 1024), Duration::from_secs(1));
//!
//! let (start, minute) = (Instant::now(), Duration::from_secs(60));
//! let mut course = RelayCourse::begin(start);
//! course.passed(0, 100, start + minute);
//! assert_eq!(course.left(start + minute), 10 * minute);
//! assert_eq!(course.left(start + 11 * minute), Duration::ZERO);
//! ```

use std::time::{Duration, Instant};

/// How many bytes are passed on in a second, each way. It carries what people type, and is too slow to be of use to
/// anybody who looks for a free tunnel.
const RATE: u32 = 16 * 1024;
/// A relay is over when nothing has moved for so long.
const SILENCE: Duration = Duration::from_secs(600);
/// The same when one of the two has said everything: then the other one hangs up, too, or is gone.
const HALF_CLOSED: Duration = Duration::from_secs(30);

/// How long a thread rests after it has passed on so many bytes.
pub fn rest(bytes: usize) -> Duration {
    Duration::from_secs(1) * u32::try_from(bytes).unwrap_or(u32::MAX) / RATE
}

/// What has come of one relay until now. Its two sides are 0, the one who has asked, and 1, the one who was called.
#[derive(Debug)]
pub struct RelayCourse {
    /// When both were there.
    begun: Instant,
    /// When something was last passed on.
    moved: Instant,
    /// How many bytes of each side were passed on.
    bytes: [u64; 2],
    /// Which side has said everything.
    ended: [bool; 2],
}

impl RelayCourse {
    /// Begins.
    pub fn begin(now: Instant) -> RelayCourse {
        RelayCourse { begun: now, moved: now, bytes: [0; 2], ended: [false; 2] }
    }

    /// Notes that bytes of one side were passed on.
    pub fn passed(&mut self, side: usize, bytes: usize, now: Instant) {
        self.moved = now;
        self.bytes[side] += bytes as u64;
    }

    /// Notes that one side has said everything. Returns whether both have.
    pub fn ends(&mut self, side: usize, now: Instant) -> bool {
        self.moved = now;
        self.ended[side] = true;
        self.ended == [true; 2]
    }

    /// How long it may still stay silent; zero when it is over.
    pub fn left(&self, now: Instant) -> Duration {
        let limit = if self.ended == [false; 2] { SILENCE } else { HALF_CLOSED };
        (self.moved + limit).saturating_duration_since(now)
    }

    /// How long it has lasted, and how many bytes were passed on, for a person.
    pub fn told(&self, now: Instant) -> String {
        let [there, back] = self.bytes;
        let seconds = now.saturating_duration_since(self.begun).as_secs();
        format!("{seconds} s, {there} bytes there and {back} back")
    }
}

//! How long the way to a peer and back takes. It is measured by what is sent anyway: an idle chat sends nothing for it.
//!
//! Over TCP it is the time that connecting takes: one segment there and one back, both handled by the operating
//! systems. Over UDP it is the time from a message to its acknowledgement, smoothed as in RFC 6298, 2. A message that
//! was sent twice does not count: nothing shows which copy is acknowledged (Karn's algorithm, RFC 6298, 3).
//!
//! ```
//! # use {p2p_chat::client::direct::round_trip::RoundTrip, std::time::{Duration, Instant}};
//! let (mut round_trip, start) = (RoundTrip::default(), Instant::now());
//! (1..=3).for_each(|seq| round_trip.sent(seq, start));
//! round_trip.sent_again(2);
//! for seq in 1..=2 {
//!     round_trip.acknowledged(seq, seq, start + Duration::from_millis(8 * seq));
//! }
//! assert_eq!(round_trip.to_string(), "round trip 8.00 ms");
//! round_trip.acknowledged(3, 3, start + Duration::from_millis(16));
//! assert_eq!(round_trip.to_string(), "round trip 9.00 ms");
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// What is known of the way to a peer and back.
#[derive(Debug, Default)]
pub struct RoundTrip {
    smoothed: Option<Duration>,
    /// The messages that were sent once and are not acknowledged, with their times. The window bounds them.
    under_way: BTreeMap<u64, Instant>,
}

impl RoundTrip {
    /// Notes that the way there and back took so long, once.
    pub fn took(&mut self, time: Duration) {
        self.smoothed = Some(self.smoothed.map_or(time, |smoothed| (smoothed * 7 + time) / 8));
    }

    /// Notes that a message was sent for the first time.
    pub fn sent(&mut self, seq: u64, now: Instant) {
        self.under_way.insert(seq, now);
    }

    /// Notes that a message was sent once more: its acknowledgement tells nothing.
    pub fn sent_again(&mut self, seq: u64) {
        self.under_way.remove(&seq);
    }

    /// Notes an acknowledgement of one message, and of all up to another one. Those were acknowledged before, by
    /// something that was lost.
    pub fn acknowledged(&mut self, seq: u64, upto: u64, now: Instant) {
        if let Some(sent) = self.under_way.remove(&seq) {
            self.took(now.duration_since(sent));
        }
        self.under_way.retain(|seq, _| *seq > upto);
    }

    /// Forgets what is under way: the numbers begin anew.
    pub fn forget(&mut self) {
        self.under_way.clear();
    }

    /// The time in milliseconds, if there is one.
    pub fn milliseconds(&self) -> Option<String> {
        let smoothed = self.smoothed?.as_secs_f64() * 1_000.0;
        Some(format!("{smoothed:.2}"))
    }
}

impl fmt::Display for RoundTrip {
    /// Writes nothing if nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let time = self.milliseconds();
        time.map_or(Ok(()), |time| write!(f, "round trip {time} ms"))
    }
}

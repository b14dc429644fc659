//! How long the way to a peer and back takes, and how long to wait for an answer (RFC 6298, 2). It is measured by what is
//! sent anyway: an idle chat sends nothing for it.
//!
//! Over TCP it is the time that connecting takes: one segment there and one back, both handled by the operating
//! systems. Over UDP it is the time from a message to its acknowledgement, as
//! [`congestion`](crate::client::direct::udp::congestion) measures it. Times vary, so both their mean and their
//! variation are smoothed: whoever waits for the mean alone waits too short half of the time.
//!
//! ```
//! # use {p2p_chat::client::direct::RoundTrip, std::time::Duration};
//! let mut round_trip = RoundTrip::default();
//! round_trip.took(Duration::from_millis(8));
//! assert_eq!(round_trip.timeout(), Some(Duration::from_millis(24)), "8 and 4 times its half");
//! round_trip.took(Duration::from_millis(16));
//! assert_eq!(round_trip.to_string(), "round trip 9.00 ms");
//! ```

use std::fmt;
use std::time::Duration;

/// What is known of the way to a peer and back.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoundTrip(Option<Estimate>);

/// What some measurements tell of all.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    /// The smoothed time: SRTT in the RFC.
    smoothed: Duration,
    /// How far the times are from it: RTTVAR.
    variation: Duration,
}

impl RoundTrip {
    /// Notes that the way there and back took so long, once. A new time counts an eighth, its distance a quarter.
    pub fn took(&mut self, time: Duration) {
        self.0 = Some(match self.0 {
            None => Estimate { smoothed: time, variation: time / 2 },
            Some(Estimate { smoothed, variation }) => Estimate {
                variation: (variation * 3 + smoothed.abs_diff(time)) / 4,
                smoothed: (smoothed * 7 + time) / 8,
            },
        });
    }

    /// After how long an answer is late, if anything is known: RTO in the RFC, without its limits.
    pub fn timeout(&self) -> Option<Duration> {
        self.0.map(|Estimate { smoothed, variation }| smoothed + variation * 4)
    }

    /// The time in milliseconds, if there is one.
    pub fn milliseconds(&self) -> Option<String> {
        let smoothed = self.0?.smoothed.as_secs_f64() * 1_000.0;
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

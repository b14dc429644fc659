//! How long the way to a peer and back takes, and how long to wait for an answer (RFC 6298, 2). It is measured by what
//! is sent anyway: an idle chat sends nothing for it.
//!
//! ```text
//! first time R     smoothed = R                                    variation = R / 2
//! each later R     variation = 3/4 variation + 1/4 |smoothed - R|  and then
//!                  smoothed  = 7/8 smoothed  + 1/8 R
//! timeout          smoothed + the larger of GRANULARITY and 4 variation
//! ```
//!
//! Over TCP it is the time that connecting takes: one segment there and one back, both handled by the operating
//! systems. Over UDP it is the time from a message to its acknowledgement, as
//! [`congestion`](crate::client::direct::udp::congestion) measures it. Times vary, so both their mean and their
//! variation are smoothed: whoever waits for the mean alone waits too short half of the time.
//!
//! ```
//! # use {p2p_chat::client::direct::RoundTrip, std::time::Duration};
//! let mut round_trip = RoundTrip::default();
//! round_trip.took(Duration::from_millis(80));
//! assert_eq!(round_trip.timeout(), Some(Duration::from_millis(240)), "80 and 4 times its half");
//! round_trip.took(Duration::from_millis(160));
//! assert_eq!(round_trip.to_string(), "round trip 90.00 ms");
//! ```

use std::fmt;
use std::time::Duration;

/// The granularity of clocks: G in the RFC. Each of the two programs may be woken too late, by some 15 ms or more.
pub const GRANULARITY: Duration = Duration::from_millis(50);

/// What is known of the way to a peer and back: nothing before the first time.
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
    /// Notes that the way there and back took so long, once. The first time is the mean, and half of it the variation.
    /// Of each later one the distance to the mean counts a quarter, and then the time itself an eighth: the variation
    /// is measured against the mean before it moves.
    // LAB 12: take one more time into the mean => self.0 = Some(Estimate { smoothed: time, variation: Duration::ZERO });
    pub fn took(&mut self, time: Duration) {
        self.0 = Some(match self.0 {
            None => Estimate { smoothed: time, variation: time / 2 },
            Some(Estimate { smoothed, variation }) => Estimate {
                variation: (variation * 3 + smoothed.abs_diff(time)) / 4,
                smoothed: (smoothed * 7 + time) / 8,
            },
        });
    }

    /// After how long an answer is late: the smoothed time plus the larger of [`GRANULARITY`] and 4 variations. This is
    /// RTO in the RFC, without its limits; `None` if nothing is known. Where all times are the same the variation is 0,
    /// but an answer may still come later by the granularity of the clocks.
    // LAB 12: tell when an answer is late => None
    pub fn timeout(&self) -> Option<Duration> {
        self.0.map(|Estimate { smoothed, variation }| smoothed + GRANULARITY.max(variation * 4))
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

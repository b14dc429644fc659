//! Clocks: one that counts from the beginning of the world, and each host's own, which may be wrong and jump.

use std::ops::{Add, AddAssign, Sub, SubAssign};

pub use std::time::Duration;

use crate::hosts;
use crate::turns;

/// When the world begins, in seconds since 1970: a quarter of an hour before a midnight in UTC.
const BEGINNING: u64 = 1_800_056_700;
const SECOND: u64 = 1_000_000_000;

/// A duration in nanoseconds.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4)
}

/// When that time will be over.
pub(crate) fn later(time: Duration) -> u64 {
    turns::turns().now.saturating_add(nanos(time))
}

/// A moment, by a clock that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// This moment.
    pub fn now() -> Instant {
        // Not 0: programs take a duration from it.
        Instant(turns::turns().now + 1_000_000 * SECOND)
    }

    /// How long ago it was.
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// How long before it another moment was; nothing if it is later.
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The same.
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }

    /// The same, or `None` if it is later.
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }

    /// A later moment.
    pub fn checked_add(&self, time: Duration) -> Option<Instant> {
        self.0.checked_add(nanos(time)).map(Instant)
    }

    /// An earlier moment.
    pub fn checked_sub(&self, time: Duration) -> Option<Instant> {
        self.0.checked_sub(nanos(time)).map(Instant)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, time: Duration) -> Instant {
        Instant(self.0 + nanos(time))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, time: Duration) -> Instant {
        Instant(self.0 - nanos(time))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, time: Duration) {
        *self = *self + time;
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, time: Duration) {
        *self = *self - time;
    }
}

/// A moment by the host's clock, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime(u64);

/// 1970-01-01.
pub const UNIX_EPOCH: SystemTime = SystemTime(0);

/// The other moment was later: by how much.
#[derive(Debug, Clone)]
pub struct SystemTimeError(Duration);

impl SystemTimeError {
    /// By how much it was later.
    pub fn duration(&self) -> Duration {
        self.0
    }
}

impl SystemTime {
    /// 1970-01-01.
    pub const UNIX_EPOCH: SystemTime = UNIX_EPOCH;

    /// What the host's clock shows.
    pub fn now() -> SystemTime {
        let ahead = hosts::hosts()[hosts::here()].clock;
        SystemTime((BEGINNING * SECOND + turns::turns().now).saturating_add_signed(ahead))
    }

    /// How long before it another moment was.
    ///
    /// # Errors
    /// When that was later.
    pub fn duration_since(&self, earlier: SystemTime) -> Result<Duration, SystemTimeError> {
        let apart = Duration::from_nanos(self.0.abs_diff(earlier.0));
        if self.0 >= earlier.0 { Ok(apart) } else { Err(SystemTimeError(apart)) }
    }

    /// How long ago it was.
    ///
    /// # Errors
    /// When it is to come.
    pub fn elapsed(&self) -> Result<Duration, SystemTimeError> {
        SystemTime::now().duration_since(*self)
    }
}

impl Add<Duration> for SystemTime {
    type Output = SystemTime;
    fn add(self, time: Duration) -> SystemTime {
        SystemTime(self.0 + nanos(time))
    }
}

impl Sub<Duration> for SystemTime {
    type Output = SystemTime;
    fn sub(self, time: Duration) -> SystemTime {
        SystemTime(self.0 - nanos(time))
    }
}

//! Times that tell right from wrong, and that no busy machine moves.
//!
//! A program that waits is never early, however busy the machine is: it can only be late. So what a right one does
//! after `least` comes then or later, and what a wrong one does after `most` never comes before that. Neither is
//! [stretched](super::machine): a stretched `most` would let the wrong one pass. On a busy machine there is room for
//! lateness between the two.
//!
//! What is late ends its check by [`story::late`] and never by [`story::fail`]. It is tried once more, and on a machine
//! that is busy then there is no verdict.

use std::time::{Duration, Instant};

use crate::driver::story::{self, fail, instead, late, lock};

/// Whether something that comes now is too early, in time, or so late that a wrong program may have done it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Came {
    /// Before `least`: no right program does that, on any machine.
    Early,
    /// Between the two.
    InTime,
    /// At `most` or later.
    Late,
}

/// When something has come that takes at least `least` from `begun` on if it is right, and at least `most` if it is
/// wrong. `begun` must not lie after the moment from which the program counts.
pub fn came(after: Duration, least: Duration, most: Duration) -> Came {
    if after < least {
        Came::Early
    } else if after < most {
        Came::InTime
    } else {
        Came::Late
    }
}

/// Demands that what has come now is [in time](Came::InTime).
#[track_caller]
pub fn comes_between(begun: Instant, least: Duration, most: Duration, what: &str) {
    let after = begun.elapsed();
    let [from, to, took] = [least, most, after].map(|time| time.as_millis());
    let words =
        instead(format!("{what} after {from} to {to} ms"), format!("{what} after {took} ms"));
    match came(after, least, most) {
        Came::Early => fail(words),
        Came::InTime => {}
        Came::Late => late(words),
    }
}

/// Demands that what has come now took less than `most`. Nothing can be too early here.
#[track_caller]
pub fn comes_before(begun: Instant, most: Duration, what: &str) {
    comes_between(begun, Duration::ZERO, most, what);
}

/// Plays a part of the story that must be over at `until`. A right program does what is demanded if it is asked before
/// that, and perhaps not any more afterwards: it hangs up on a silent connection, say, and here a busy machine has been
/// silent. So what is missing at `until` or later is [late](story::late), and no failure.
#[track_caller]
pub fn only_until<T>(until: Instant, part: impl FnOnce() -> T) -> T {
    let scene = story::scene();
    *lock(&scene.counts_until) = Some(until);
    let played = part();
    *lock(&scene.counts_until) = None;
    played
}

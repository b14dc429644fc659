//! How long a silent client is waited for: a state machine that is given the time.

use std::time::{Duration, Instant};

/// A connection that has not joined is closed after this long without a valid request.
const UNJOINED: Duration = Duration::from_secs(600);

/// What to do about a client that is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Wait for this long.
    Wait(Duration),
    /// Ask whether it is still there.
    Ping,
    /// Give it up.
    Drop,
}

/// The patience with one client.
#[derive(Debug)]
pub struct Keepalive {
    phase: Phase,
    /// When the clock was last set back.
    since: Instant,
    /// How long a new connection may take to its first valid request. Bytes do not extend it.
    register: Duration,
    /// After how long a silence somebody in the room is asked; after half of that more it is dropped.
    ping: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Known,
    Joined,
    Asked,
}

impl Keepalive {
    /// With a client that was accepted at `now`.
    pub fn new(now: Instant, register: Duration, ping: Duration) -> Keepalive {
        Keepalive { phase: Phase::New, since: now, register, ping }
    }

    /// It has sent a valid request; `joined` tells whether it is in the room now. Gives whether another
    /// limit applies from here on, because the stage has changed: then the next read waits otherwise.
    // LAB 8: note a sign of life => false
    pub fn heard(&mut self, now: Instant, joined: bool) -> bool {
        let phase = if joined { Phase::Joined } else { Phase::Known };
        self.since = now;
        std::mem::replace(&mut self.phase, phase) != phase
    }

    /// The time after which no byte will help: only valid requests do, for those who have not joined. In
    /// the room there is none.
    // LAB 8: tell when no byte helps any more => None
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::New => Some(self.since + self.register),
            Phase::Known => Some(self.since + UNJOINED),
            Phase::Joined | Phase::Asked => None,
        }
    }

    /// What to do now: wait for what is left of the stage's limit. When nothing is left, whoever is in the
    /// room is asked, and the clock is set back; everybody else is given up.
    // LAB 8: wait, ask, or give up => Next::Wait(Duration::from_millis(100))
    pub fn next(&mut self, now: Instant) -> Next {
        let limit = match self.phase {
            Phase::New => self.register,
            Phase::Known => UNJOINED,
            Phase::Joined => self.ping,
            Phase::Asked => self.ping / 2,
        };
        match (self.since + limit).checked_duration_since(now) {
            Some(left) if !left.is_zero() => Next::Wait(left),
            _ if self.phase == Phase::Joined => {
                (self.phase, self.since) = (Phase::Asked, now);
                Next::Ping
            }
            _ => Next::Drop,
        }
    }
}

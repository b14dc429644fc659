//! How long a silent client may stay: a state machine that is given the time.
//!
//! TCP alone never notices a peer that has vanished without a word. So the server asks a silent member with PING, as
//! RFC 1122 (4.2.3.6) describes it for TCP keep-alives, and drops a member that does not answer.
//!
//! The rule reads no clock, so an example needs no waiting:
//!
//! ```
//! use std::time::{Duration, Instant};
//! use p2p_chat::server::keepalive::{Keepalive, Next};
//!
//! let (start, second) = (Instant::now(), Duration::from_secs(1));
//! let mut keepalive = Keepalive::new(start, 10 * second, 30 * second);
//! assert_eq!(keepalive.next(start + second), Next::Wait(9 * second));
//!
//! keepalive.heard(start + 2 * second, true); // it has joined the room
//! assert_eq!(keepalive.next(start + 31 * second), Next::Wait(second));
//! assert_eq!(keepalive.next(start + 32 * second), Next::Ping);
//! assert_eq!(keepalive.next(start + 32 * second), Next::Wait(15 * second));
//! assert_eq!(keepalive.next(start + 47 * second), Next::Drop);
//! ```

use std::time::{Duration, Instant};

/// How long a connection that has not joined may stay without a valid request.
const UNJOINED: Duration = Duration::from_secs(600);

/// What to do about a client that is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Wait for this long, unless a request arrives before.
    Wait(Duration),
    /// Send PING, and ask again at once what to do next.
    Ping,
    /// End the connection.
    Drop,
}

/// The rule for one client.
#[derive(Debug)]
pub struct Keepalive {
    phase: Phase,
    /// When the phase's time began.
    since: Instant,
    /// How long a new connection may take to its first valid request. Bytes do not extend it.
    register: Duration,
    /// How long a member may be silent before it is asked. It has half of that to answer.
    ping: Duration,
}

/// What is known about the client. Each phase has its own time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It has sent no valid request yet.
    New,
    /// It has sent one, and is not in the room.
    Known,
    /// It is in the room.
    Joined,
    /// It is in the room, and has not answered PING yet.
    Asked,
}

impl Keepalive {
    /// Starts the rule for a client that was accepted at `now`.
    pub fn new(now: Instant, register: Duration, ping: Duration) -> Keepalive {
        Keepalive { phase: Phase::New, since: now, register, ping }
    }

    /// Notes a valid request; `joined` tells whether the client is in the room now. Returns whether the phase has
    /// changed: then another limit applies, and the next read must wait for another time.
    // LAB 8: note a sign of life => false
    pub fn heard(&mut self, now: Instant, joined: bool) -> bool {
        let phase = if joined { Phase::Joined } else { Phase::Known };
        self.since = now;
        std::mem::replace(&mut self.phase, phase) != phase
    }

    /// When the server drops a client that has not joined, unless a valid request arrives before: bytes alone do not
    /// extend this time. In the room there is no such time.
    // LAB 8: tell when no byte helps any more => None
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::New => Some(self.since + self.register),
            Phase::Known => Some(self.since + UNJOINED),
            Phase::Joined | Phase::Asked => None,
        }
    }

    /// What to do now: wait for what is left of the phase's limit. When nothing is left, a member is asked, and the
    /// clock starts anew; any other client is dropped.
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

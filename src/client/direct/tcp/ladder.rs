//! The ladder of a call: by which way a client tries to reach its peer, one after the other, until one leads there.
//!
//! ```text
//! direct    this client connects: to the peer's address in the network of both, then to the listed one
//!   │ nobody is there, or nobody who can prove to be the peer
//! back      the peer is asked to connect to this client
//!   │ it does not come
//! relay     both connect to the server, which passes bytes on
//!   │ the server does not, or the peer does not come
//! over      the user is told what has failed, in one sentence
//! ```
//!
//! It is a state machine over a given time, without sockets. Each way needs an introduction of its own, so the machine
//! says what to ask the server for, and is told when that is answered. If the peer climbs a ladder to this client at
//! the same time, that of the lower ID goes first: the other one [gives way](Ladder::gives_way).
//!
//! ```
//! use p2p_chat::client::direct::tcp::ladder::{Climb, Ladder};
//! use p2p_chat::wire::Via;
//! use std::time::{Duration, Instant};
//!
//! let start = Instant::now();
//! let mut ladder = Ladder::direct(1, start);
//! assert_eq!(ladder.fails("connection refused", start), Climb::Ask(Via::Back));
//! ladder.introduced(1, start); // the server has answered: the peer may come
//! assert_eq!(ladder.tick(start + Duration::from_secs(1)), Climb::Wait);
//! assert_eq!(ladder.tick(start + Duration::from_secs(3)), Climb::Ask(Via::Relay));
//! ladder.introduced(1, start);
//! assert!(matches!(ladder.fails("nobody comes", start), Climb::Over(_)));
//! ```

use std::time::{Duration, Instant};

use crate::wire::Via;

/// How long connecting to one address may take.
pub const CONNECT: Duration = Duration::from_millis(1_500);
/// How long the peer there may take to prove itself: it may wait for its CALL for two seconds.
pub const PROOF: Duration = Duration::from_secs(2);
/// How much longer a peer may take to come than it may take to connect.
const SLACK: Duration = Duration::from_millis(700);
/// How long a way through the server may take. The server itself waits ten seconds for the second client.
pub const RELAY: Duration = Duration::from_secs(12);

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Climb {
    /// The server must be asked for an introduction for this way.
    Ask(Via),
    /// Nothing yet.
    Wait,
    /// There is no further way: what has failed, for a person.
    Over(String),
}

/// How far a call has come.
#[derive(Debug)]
pub struct Ladder {
    /// The way that is being tried, or asked for.
    via: Via,
    /// What happens on it.
    stage: Rung,
    /// Until then the peer's own ladder goes first.
    gives_way: Option<Instant>,
    /// What has become of the ways before.
    failed: Vec<String>,
}

/// What happens on one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rung {
    /// The introduction is asked for.
    Asked,
    /// It is tried, until that time at the latest.
    Tried(Instant),
    /// It has failed, and the peer's ladder goes first until that time.
    GivesWay(Instant),
}

impl Ladder {
    /// A ladder whose first way needs to be asked for.
    pub fn asking() -> Ladder {
        Ladder { via: Via::Tcp, stage: Rung::Asked, gives_way: None, failed: Vec::new() }
    }

    /// A ladder whose first way is tried now, at so many addresses.
    pub fn direct(places: usize, now: Instant) -> Ladder {
        let mut ladder = Ladder::asking();
        ladder.introduced(places, now);
        ladder
    }

    /// The way that is being tried, or asked for.
    pub fn via(&self) -> Via {
        self.via
    }

    /// Whether the introduction for this way is asked for.
    pub fn awaits(&self, via: Via) -> bool {
        self.via == via && self.stage == Rung::Asked
    }

    /// Handles the introduction that was asked for: the way is tried from now on, at so many addresses.
    pub fn introduced(&mut self, places: usize, now: Instant) {
        self.stage = Rung::Tried(now + limit(self.via, places));
    }

    /// Handles that the way leads nowhere.
    pub fn fails(&mut self, why: &str, now: Instant) -> Climb {
        let what = match self.via {
            Via::Back => "it cannot reach you",
            Via::Relay => "through the server",
            _ => "directly",
        };
        self.failed.push(format!("{what}: {why}"));
        match self.gives_way.filter(|until| *until > now) {
            Some(until) => {
                self.stage = Rung::GivesWay(until);
                Climb::Wait
            }
            None => self.climb(),
        }
    }

    /// Goes on to the next way.
    fn climb(&mut self) -> Climb {
        (self.via, self.stage, self.gives_way) = match self.via {
            Via::Tcp | Via::Udp => (Via::Back, Rung::Asked, None),
            Via::Back => (Via::Relay, Rung::Asked, None),
            Via::Relay => {
                return Climb::Over(format!("no way leads there ({})", self.failed.join("; ")));
            }
        };
        Climb::Ask(self.via)
    }

    /// Handles that the peer, whose ID is lower, calls this client by a way: its ladder goes first, as long as that may
    /// take. Then this one goes on.
    pub fn gives_way(&mut self, via: Via, now: Instant) {
        let until = now + limit(via, 2) + SLACK;
        self.gives_way = Some(until);
        if let Rung::GivesWay(old) = &mut self.stage {
            *old = until;
        }
    }

    /// When [`Ladder::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Rung::Asked => None, // the server's answer has a limit of its own
            Rung::Tried(until) | Rung::GivesWay(until) => Some(until),
        }
    }

    /// Does what is due: the time of a way is over, or that of the peer's ladder.
    pub fn tick(&mut self, now: Instant) -> Climb {
        match self.stage {
            Rung::Tried(until) if until <= now => {
                let why = if self.via == Via::Back { "it does not come" } else { "no answer" };
                self.fails(why, now)
            }
            Rung::GivesWay(until) if until <= now => self.climb(),
            _ => Climb::Wait,
        }
    }
}

/// How long a way may take with so many addresses. The threads have limits of their own, which are shorter; but the
/// peer's threads are elsewhere.
fn limit(via: Via, places: usize) -> Duration {
    let connecting = CONNECT * u32::try_from(places).unwrap_or(u32::MAX).min(4);
    match via {
        Via::Relay => RELAY,
        Via::Back => connecting + SLACK,
        Via::Tcp | Via::Udp => connecting + PROOF,
    }
}

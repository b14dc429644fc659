//! Which address the server sees: a rule that is given the time, and reads no clock (PROTOCOL, "Through NATs").
//!
//! The server tells others where this client's datagrams come from. Behind a NAT that is another address than the
//! client's own, and a NAT forgets it, so the client asks again and again: its questions are what the server sees.
//!
//! ```
//! # use p2p_chat::client::rendezvous::reflex::Reflex;
//! # use p2p_chat::wire::Secret;
//! # use p2p_chat::wire::reflex::ReflexAnswer;
//! # use std::time::{Duration, Instant};
//! let (own, server) = ("192.168.1.5:5556".parse().unwrap(), "203.0.113.1:5555".parse().unwrap());
//! let (start, name) = (Instant::now(), "alice".parse().unwrap());
//! let mut reflex = Reflex::new((name, Secret::random()), (own, server), start);
//! assert_eq!(reflex.due(start).map(|question| question.number), Some(1));
//! assert_eq!(reflex.deadline(), Some(start + Duration::from_millis(200)));
//!
//! let answer = ReflexAnswer { number: 1, address: "203.0.113.10:40000".parse().unwrap() };
//! let bytes = answer.to_block().to_string().into_bytes();
//! assert!(!reflex.answered(own, &bytes, start)); // somebody else says so
//! assert!(reflex.answered(server, &bytes, start));
//! assert!(!reflex.answered(server, &bytes, start)); // it answers nothing any more
//! assert_eq!(reflex.deadline(), Some(start + Duration::from_secs(15)));
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::wire::reflex::{ReflexAnswer, ReflexQuestion};
use crate::wire::{Name, Secret};

/// When the questions are asked until one is answered.
const FIRST: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(600)];
/// How often a client behind a NAT asks. A NAT may forget after 20 s (Ford, Srisuresh and Kegel, 2005).
const AGAIN: Duration = Duration::from_secs(15);
/// How many questions may be open: an answer to an older one is not believed.
const MAX_OPEN: usize = 3;

/// The questions of a client that is in the room.
#[derive(Debug)]
pub struct Reflex {
    name: Name,
    secret: Secret,
    /// Where this client listens.
    own: SocketAddr,
    /// To whom the questions go. Nobody else is believed.
    pub server: SocketAddr,
    start: Instant,
    /// How many were asked: their numbers are 1, 2, 3, …
    asked: u64,
    /// Those without an answer.
    open: Vec<u64>,
    /// When the next one is due.
    next: Option<Instant>,
}

impl Reflex {
    /// The questions of a client with that name and secret, which joined at `start`.
    pub fn new(
        (name, secret): (Name, Secret),
        (own, server): (SocketAddr, SocketAddr),
        start: Instant,
    ) -> Reflex {
        Reflex { name, secret, own, server, start, asked: 0, open: Vec::new(), next: Some(start) }
    }

    /// The question that is due at `now`.
    pub fn due(&mut self, now: Instant) -> Option<ReflexQuestion> {
        self.next.filter(|next| *next <= now)?;
        self.asked += 1;
        self.open.push(self.asked);
        if self.open.len() > MAX_OPEN {
            self.open.remove(0);
        }
        let was_answered = self.asked > self.open.len() as u64;
        let first = usize::try_from(self.asked).ok().and_then(|asked| FIRST.get(asked));
        self.next = if was_answered { Some(now + AGAIN) } else { first.map(|at| self.start + *at) };
        Some(ReflexQuestion::new(&self.name, self.asked, self.secret))
    }

    /// When [`Reflex::due`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Handles a datagram. Returns whether it is the server's answer to an open question. If it shows this client's own
    /// address there is no NAT, and nothing more is asked.
    pub fn answered(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) -> bool {
        let is_server = from.ip() == self.server.ip() && from.port() == self.server.port();
        let Some(answer) = ReflexAnswer::parse(bytes).filter(|_| is_server) else { return false };
        let is_answered = self.open.contains(&answer.number);
        if is_answered {
            self.open.clear();
            self.next = Some(now + AGAIN).filter(|_| answer.address != self.own);
        }
        is_answered
    }
}

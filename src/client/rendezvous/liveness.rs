//! Whether the server is still there: a rule that is given the time, and reads no clock.
//!
//! TCP alone does not notice a server that froze, or a network that is gone, while this client says nothing. So a
//! client in the room expects words in time (PROTOCOL, "Ping"):
//!
//! - The server asks a silent client with PING, and JOINACK says after how many seconds. Two and a half times that
//!   without a word is loss. A server that does not say it may be silent for ever.
//! - A request must be answered. Ten seconds without an answer, and without another message before it, is loss. PING
//!   is no such message: it shows that the server is there, and not that it takes what this client sends.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use p2p_chat::client::rendezvous::liveness::{Liveness, Silence, Word};
//!
//! let (start, second) = (Instant::now(), Duration::from_secs(1));
//! let mut server = Liveness::new(start, Some(4 * second));
//! assert_eq!(server.deadline(), Some(start + 10 * second));
//! server.heard(start + 9 * second, Word::Ping, false);
//! assert_eq!(server.check(start + 18 * second), None);
//!
//! server.asked(start + 10 * second);
//! server.heard(start + 19 * second, Word::Ping, true);
//! assert_eq!(server.check(start + 20 * second), Some(Silence::Answer));
//! ```

use std::time::{Duration, Instant};

/// How long a request may be unanswered, with no other message before its answer.
pub const ANSWER: Duration = Duration::from_secs(10);
/// A check that comes this much too late: this client itself did not run, for instance because it was stopped by
/// Ctrl-Z. What arrived meanwhile is not read yet.
const ASLEEP: Duration = Duration::from_secs(1);
/// How long a client that did not run waits before it judges the server's silence.
const AWAKE: Duration = Duration::from_secs(5);

/// What the server has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// PING.
    Ping,
    /// An answer, or a message.
    Other,
}

/// What the server owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Any word at all: it has said nothing for this long.
    Word(Duration),
    /// The answer to a request.
    Answer,
}

/// The rule for one connection that has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// How long the server may be silent, if there is a limit.
    limit: Option<Duration>,
    /// When the last word came.
    heard: Instant,
    /// Since when an answer is due, if one is.
    owed: Option<Instant>,
}

impl Liveness {
    /// The rule for a client that joined at `now`, of which the server asks for a word after `ping` of silence.
    pub fn new(now: Instant, ping: Option<Duration>) -> Liveness {
        Liveness { limit: ping.map(|ping| ping * 5 / 2), heard: now, owed: None }
    }

    /// Notes a request, which must be answered.
    pub fn asked(&mut self, now: Instant) {
        self.owed.get_or_insert(now);
    }

    /// Notes that the server has sent something. `owes`: requests without an answer are left. The time for the next
    /// answer begins anew, because what came was sent before it.
    pub fn heard(&mut self, now: Instant, word: Word, owes: bool) {
        self.heard = now;
        self.owed = match word {
            _ if !owes => None,
            Word::Ping => self.owed,
            Word::Other => Some(now),
        };
    }

    /// When the server is lost, unless it says something before.
    pub fn deadline(&self) -> Option<Instant> {
        let word = self.limit.map(|limit| self.heard + limit);
        let answer = self.owed.map(|owed| owed + ANSWER);
        [word, answer].into_iter().flatten().min()
    }

    /// Why the server is lost, if it is. After a pause in which this client did not run, the server gets a little
    /// time more.
    pub fn check(&mut self, now: Instant) -> Option<Silence> {
        let late = now.checked_duration_since(self.deadline()?)?;
        if late >= ASLEEP {
            self.heard =
                self.limit.map_or(now, |limit| (now + AWAKE).checked_sub(limit).unwrap_or(now));
            self.owed = self.owed.and(Some(now));
            return None;
        }
        match (self.limit, self.owed) {
            (_, Some(owed)) if owed + ANSWER <= now => Some(Silence::Answer),
            (Some(limit), _) => Some(Silence::Word(limit)),
            (None, _) => None,
        }
    }
}

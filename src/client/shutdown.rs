//! How the client ends: what was typed is done and what was said arrives, but nothing waits for ever.
//!
//! ```text
//! Running --- the input is at its end --> InputEnded --- all is done ----------> Closing --> over
//!         --- /quit --------------------> Quitting ----- texts are confirmed --> Closing --> over
//! ```
//!
//! Each state but the first has a time limit. A script's end waits longer than that if something progresses; a user
//! wants the end. `/quit` also ends `InputEnded`, and a refused name leads from any state
//! to `Closing` if nobody can be asked for another. The state machine knows no socket and no clock: the loop tells it
//! the time and what is outstanding.

use std::time::{Duration, Instant};

/// How long `/quit` waits until texts are written and confirmed.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The same while texts over UDP are unacknowledged: they may have to be sent again.
const LAST_TRIES: Duration = Duration::from_secs(5);
/// How long the client may stay only to acknowledge copies of what arrived, as TCP's `TIME_WAIT` does
/// (RFC 9293, 3.6).
const LONGEST_LINGER: Duration = Duration::from_secs(2);
/// After the end of input, the client ends when nothing has progressed for this long.
const STUCK: Duration = Duration::from_secs(10);

/// How far the end has come. Each `Instant` is the latest time for the next step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// The client runs.
    #[default]
    Running,
    /// The input is at its end: the client closes when all is done, or at this time if nothing progresses before.
    InputEnded(Instant),
    /// The user or a script quits: the client says goodbye when every text is confirmed.
    Quitting(Instant, Haste),
    /// Goodbye is said: the client ends when the writers are done.
    Closing(Instant),
}

/// Who wants the client to quit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// A user, who waits.
    User,
    /// A script, which wants everything said before.
    Script,
}

/// What is still to be done. Each thing counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outstanding {
    /// Lines that wait for their turn, a first attempt to join, a request without a response.
    pub to_do: usize,
    /// Texts without a confirmation: those to the room have not come back, those over TCP are not written.
    pub unconfirmed: usize,
    /// Texts over UDP without an acknowledgement. Each is tried for a time of its own and then given up.
    pub by_udp: usize,
    /// Files on their way, in both directions. Each ends by itself if nothing moves.
    pub files: usize,
}

impl Shutdown {
    /// Notes the end of the input.
    pub fn input_ended(&mut self, now: Instant) {
        if *self == Shutdown::Running {
            *self = Shutdown::InputEnded(now + STUCK);
        }
    }

    /// Notes that something has progressed: the wait of a script starts again.
    pub fn goes_forward(&mut self, now: Instant) {
        match self {
            Shutdown::InputEnded(until) => *until = now + STUCK,
            Shutdown::Quitting(until, Haste::Script) => *until = (*until).max(now + LAST_WORDS),
            _ => {}
        }
    }

    /// Notes that the client is to quit. To say it again prolongs nothing.
    pub fn quit(&mut self, now: Instant, rest: Outstanding, haste: Haste) {
        if !self.is_deaf() {
            let time = if rest.by_udp > 0 { LAST_TRIES } else { LAST_WORDS };
            *self = Shutdown::Quitting(now + time, haste);
        }
    }

    /// Notes that goodbye is said.
    pub fn close(&mut self, now: Instant) {
        *self = Shutdown::Closing(now + LAST_WORDS);
    }

    /// Whether the end has begun: there is no more input.
    pub fn has_begun(self) -> bool {
        self != Shutdown::Running
    }

    /// Whether typed lines are no longer executed.
    pub fn is_deaf(self) -> bool {
        matches!(self, Shutdown::Quitting(..) | Shutdown::Closing(_))
    }

    /// Whether it is time to say goodbye.
    pub fn is_due(&mut self, now: Instant, rest: Outstanding) -> bool {
        match self {
            Shutdown::InputEnded(_) if rest.by_udp + rest.files > 0 => {
                // A text over UDP is given up by its own timer, and so is a file: they cannot get stuck.
                self.goes_forward(now);
                false
            }
            Shutdown::InputEnded(until) => rest.to_do + rest.unconfirmed == 0 || *until <= now,
            Shutdown::Quitting(until, _) => rest.unconfirmed + rest.by_udp == 0 || *until <= now,
            Shutdown::Running | Shutdown::Closing(_) => false,
        }
    }

    /// When the next step is due even if nothing happens. `writers`: some are not done yet. Until `lingers` a
    /// peer may need copies acknowledged.
    pub fn deadline(
        self,
        now: Instant,
        writers: bool,
        lingers: Option<Instant>,
    ) -> Option<Instant> {
        match self {
            Shutdown::Running => None,
            Shutdown::InputEnded(until) | Shutdown::Quitting(until, _) => Some(until),
            Shutdown::Closing(until) if writers && until > now => Some(until),
            // Only the acknowledgements of copies are left; without them the client ends now.
            Shutdown::Closing(until) => {
                Some(lingers.map_or(now, |time| time.min(until + LONGEST_LINGER)))
            }
        }
    }

    /// Whether all is over.
    pub fn is_over(self, now: Instant, writers: bool, lingers: Option<Instant>) -> bool {
        let is_closing = matches!(self, Shutdown::Closing(_));
        is_closing && self.deadline(now, writers, lingers).is_some_and(|end| end <= now)
    }
}

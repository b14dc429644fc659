//! How the client comes to its end: what was typed is done and what was said arrives, but nobody waits for ever.

use std::time::{Duration, Instant};

/// How long `/quit` waits for what is on its way and for its receipts.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The same when something is on its way by UDP, which may have to be sent again.
const LAST_TRIES: Duration = Duration::from_secs(5);
/// How long, after all else is done, others may have their copies acknowledged.
const LONGEST_LINGER: Duration = Duration::from_secs(2);
/// After the end of input, the client ends when nothing has gone forward for this long.
const STUCK: Duration = Duration::from_secs(10);

/// How far the end has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// It has not begun.
    #[default]
    Running,
    /// There will be no more input: end when all is done, or when nothing has gone forward until then.
    InputEnded(Instant),
    /// End when what is on its way is written, but not after this.
    Quitting(Instant),
    /// Goodbye has been said; the writers may take until then.
    Closing(Instant),
}

/// What is still to be done. Each thing counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outstanding {
    /// Lines that wait for their turn, a first attempt to join, a request that is not answered.
    pub to_do: usize,
    /// Texts that are not confirmed: the room's have not come back, those over TCP are not written.
    pub unconfirmed: usize,
    /// Texts over UDP that are not acknowledged. Each is tried for a time of its own, and then given up.
    pub by_udp: usize,
}

impl Shutdown {
    /// There will be no more input.
    pub fn input_ended(&mut self, now: Instant) {
        if *self == Shutdown::Running {
            *self = Shutdown::InputEnded(now + STUCK);
        }
    }

    /// Something has gone forward.
    pub fn goes_forward(&mut self, now: Instant) {
        if let Shutdown::InputEnded(until) = self {
            *until = now + STUCK;
        }
    }

    /// The user has had enough.
    pub fn quit(&mut self, now: Instant, rest: Outstanding) {
        *self = Shutdown::Quitting(now + if rest.by_udp > 0 { LAST_TRIES } else { LAST_WORDS });
    }

    /// Goodbye has been said.
    pub fn close(&mut self, now: Instant) {
        *self = Shutdown::Closing(now + LAST_WORDS);
    }

    /// Whether it has begun: nothing more is typed.
    pub fn has_begun(self) -> bool {
        self != Shutdown::Running
    }

    /// Whether nothing more is obeyed.
    pub fn is_deaf(self) -> bool {
        matches!(self, Shutdown::Quitting(_) | Shutdown::Closing(_))
    }

    /// Whether it is time to say goodbye.
    pub fn is_due(&mut self, now: Instant, rest: Outstanding) -> bool {
        match self {
            Shutdown::InputEnded(_) if rest.by_udp > 0 => {
                self.goes_forward(now);
                false
            }
            Shutdown::InputEnded(until) => rest.to_do + rest.unconfirmed == 0 || *until <= now,
            Shutdown::Quitting(until) => rest.unconfirmed + rest.by_udp == 0 || *until <= now,
            Shutdown::Running | Shutdown::Closing(_) => false,
        }
    }

    /// When the loop must look again, if nothing happens. `writers` are not done yet; somebody may need
    /// copies acknowledged until `lingers`.
    pub fn deadline(
        self,
        now: Instant,
        writers: bool,
        lingers: Option<Instant>,
    ) -> Option<Instant> {
        match self {
            Shutdown::Running => None,
            Shutdown::InputEnded(until) | Shutdown::Quitting(until) => Some(until),
            Shutdown::Closing(until) if writers && until > now => Some(until),
            Shutdown::Closing(until) => {
                Some(lingers.map_or(until, |time| time.min(until + LONGEST_LINGER)))
            }
        }
    }

    /// Whether all is over.
    pub fn is_over(self, now: Instant, writers: bool, lingers: Option<Instant>) -> bool {
        let is_past = |end: Instant| end <= now;
        match self {
            Shutdown::Closing(until) if !writers || is_past(until) => {
                lingers.is_none_or(|time| is_past(time.min(until + LONGEST_LINGER)))
            }
            _ => false,
        }
    }
}

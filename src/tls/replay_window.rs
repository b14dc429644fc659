//! The window against replays (RFC 4303, section 3.4.3; RFC 9147, section 4.5.1): each packet number is taken once.
//!
//! Records over TCP need none: both sides count, and a record that comes again has the wrong number. Datagrams may be
//! lost, overtake each other or come twice, so each carries its number in the clear. A copy of an old datagram opens
//! as well as it did the first time; only its number tells that it is old.
//!
//! ```text
//!                           highest
//!  … 59 60 61 62 … 119 120 121 122  123 124 …
//!     │  └─────── window ───────┘    └ new: the window moves
//!     └ too old: refused   └ each number in it: seen, or not yet
//! ```
//!
//! Nobody can remember all numbers, so those below the window are refused whether they came or not.
//!
//! ```
//! use p2p_chat::tls::ReplayWindow;
//!
//! let mut window = ReplayWindow::default();
//! assert!(window.may_come(7));
//! // … the datagram is opened with its key here, and its tag is right …
//! window.note(7);
//! assert!(!window.may_come(7)); // a replay
//! assert!(window.may_come(6)); // it was overtaken
//! ```

/// So many numbers, the highest and those below it, are told apart.
pub const WINDOW: u64 = u64::BITS as u64;

/// Which packet numbers have come from one sender under one key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayWindow {
    /// The highest number that came; 0 as long as none has.
    highest: u64,
    /// Bit `i` says whether `highest - i` came.
    seen: u64,
}

impl ReplayWindow {
    /// Whether a datagram with this number is worth opening: it is neither in the window already nor below it.
    ///
    /// This is asked before the datagram is opened and changes nothing: anybody can write any number on a forged one.
    #[must_use]
    // LAB 10: tell whether a number may still come => true
    pub fn may_come(&self, number: u64) -> bool {
        let age = self.highest.saturating_sub(number);
        age < WINDOW && (number > self.highest || self.seen >> age & 1 == 0)
    }

    /// Notes the number of a datagram that was opened and whose tag was right. The window moves if the number is new.
    // LAB 10: note a number, and move the window => ()
    pub fn note(&mut self, number: u64) {
        if number > self.highest {
            let steps = number - self.highest;
            self.seen = if steps < WINDOW { self.seen << steps } else { 0 };
            self.highest = number;
        }
        let age = self.highest - number;
        if age < WINDOW {
            self.seen |= 1 << age;
        }
    }
}

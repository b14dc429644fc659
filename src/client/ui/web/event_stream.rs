//! What the browsers are told, as Server-Sent Events: how things stand, and the last things that happened.
//!
//! The loop writes on the board and never waits; each stream's thread reads from its own place on. Nothing is
//! queued for anybody: who reads too slowly finds the place gone, and begins again with what is still there.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::sync::lock;

/// How many events are kept for those who come later, and how many bytes of them.
const KEPT: usize = 5_000;
const KEPT_BYTES: usize = 4 << 20;
/// An event that is larger than this is not told: it would push out too many others, and nobody reads it.
const LARGEST: usize = 256 * 1024;
/// How much one reading gives, about: the lock is held meanwhile.
const PORTION: usize = 64 * 1024;

/// What the browsers are told.
#[derive(Debug, Default)]
pub struct EventLog {
    written: Mutex<Written>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Written {
    /// How things stand, and how often that has changed.
    state: String,
    changes: u64,
    kept: VecDeque<String>,
    bytes: usize,
    /// The number of the first that is kept; the others follow.
    first: u64,
}

/// How far one reader has come. A new one begins with a reset.
#[derive(Debug, Default)]
pub struct Cursor {
    next: Option<u64>,
    changes: u64,
    live: bool,
}

impl EventLog {
    /// Adds what has happened: JSON, in one line.
    pub fn tell(&self, json: &str) {
        if json.len() > LARGEST {
            return;
        }
        let mut written = lock(&self.written);
        let number = written.first + written.kept.len() as u64;
        let event = event(format_args!("id: {number}\n"), json);
        written.bytes += event.len();
        written.kept.push_back(event);
        while written.kept.len() > KEPT || written.bytes > KEPT_BYTES {
            let oldest = written.kept.pop_front().unwrap_or_default();
            written.bytes -= oldest.len();
            written.first += 1;
        }
        drop(written);
        self.more.notify_all();
    }

    /// Notes how things stand: JSON, in one line.
    pub fn state(&self, json: &str) {
        let state = event(format_args!(""), json);
        let mut written = lock(&self.written);
        if written.state != state {
            written.state = state;
            written.changes += 1;
            drop(written);
            self.more.notify_all();
        }
    }

    /// What a reader has not read yet, or its next portion; `None` when there is nothing for that long.
    pub fn read(&self, place: &mut Cursor, patience: Duration) -> Option<String> {
        let nothing = |written: &mut Written| !place.lacks(written);
        let waited = self.more.wait_timeout_while(lock(&self.written), patience, nothing);
        let (written, _) = waited.unwrap_or_else(PoisonError::into_inner);
        place.lacks(&written).then(|| place.advance(&written))
    }
}

impl Cursor {
    fn lacks(&self, written: &Written) -> bool {
        let end = written.first + written.kept.len() as u64;
        !self.live || self.changes != written.changes || self.next != Some(end)
    }

    /// The next portion: a reset where it is due, the state if it has changed, events from here on. After
    /// a reset and what was kept comes `live`: from there on things happen now.
    fn advance(&mut self, written: &Written) -> String {
        let mut text = String::new();
        let mut next = self.next.unwrap_or(0);
        if self.next.is_none() || next < written.first {
            text.push_str("event: reset\ndata:\n\n");
            (next, *self) = (written.first, Cursor::default());
        }
        if self.changes != written.changes {
            text.push_str(&written.state);
            self.changes = written.changes;
        }
        let skipped = usize::try_from(next - written.first).unwrap_or(usize::MAX);
        for event in written.kept.iter().skip(skipped) {
            if text.len() > PORTION {
                break;
            }
            text.push_str(event);
            next += 1;
        }
        self.next = Some(next);
        if !self.live && next == written.first + written.kept.len() as u64 {
            text.push_str("event: live\ndata:\n\n");
            self.live = true;
        }
        text
    }
}

/// One event. An end of line in it would end the event: in JSON it can only be white space.
fn event(header: fmt::Arguments, json: &str) -> String {
    let mut event = String::with_capacity(json.len() + 32);
    let json = json.replace(['\r', '\n'], " ");
    write!(event, "{header}data: {json}\n\n").expect("BUG: a String takes all writes");
    event
}

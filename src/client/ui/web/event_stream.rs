//! What the browsers read, as Server-Sent Events: the client's state, and the last events.
//!
//! The event loop appends to one log and never waits. Each stream's thread reads from its own [`Cursor`] on.
//! Nothing is queued for a single browser: if one reads too slowly, its place in the log is gone, and it begins
//! again with what is still there. So a stalled browser costs no memory.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::sync::lock;

/// How many events are kept for browsers that connect later.
const KEPT: usize = 5_000;
/// How many bytes of events are kept.
const KEPT_BYTES: usize = 4 << 20;
/// The largest event. A larger one is dropped: it would push out too many others, and nobody could read it.
const LARGEST: usize = 256 * 1024;
/// About how many bytes one read returns. The lock is held meanwhile.
const PORTION: usize = 64 * 1024;

/// The events and the state, shared by the loop and the streams' threads.
#[derive(Debug, Default)]
pub struct EventLog {
    /// The state and the events, under their lock.
    written: Mutex<Written>,
    /// Wakes the streams' threads.
    more: Condvar,
}

/// The state and the events that are kept.
#[derive(Debug, Default)]
struct Written {
    /// The client's state, as an event.
    state: String,
    /// How often the state has changed.
    changes: u64,
    /// The last events, oldest first.
    kept: VecDeque<String>,
    /// How many bytes they have together.
    bytes: usize,
    /// The number of the oldest event that is kept.
    first: u64,
}

/// How far one stream has read. A new one begins with a reset.
#[derive(Debug, Default)]
pub struct Cursor {
    /// The number of the next event; `None` before the first read.
    next: Option<u64>,
    /// Which state it has read.
    changes: u64,
    /// Whether it was told that events are live from here on.
    live: bool,
}

impl EventLog {
    /// Appends an event: JSON in one line.
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

    /// Sets the state: JSON in one line. Nobody is woken if it is the same as before.
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

    /// Reads on from a cursor, a portion at a time. Waits for something new, and returns `None` if nothing comes
    /// within `time`.
    pub fn read(&self, cursor: &mut Cursor, time: Duration) -> Option<String> {
        let nothing = |written: &mut Written| !cursor.lacks(written);
        let waited = self.more.wait_timeout_while(lock(&self.written), time, nothing);
        let (written, _) = waited.unwrap_or_else(PoisonError::into_inner);
        cursor.lacks(&written).then(|| cursor.advance(&written))
    }
}

impl Cursor {
    /// Whether there is something that this cursor has not read.
    fn lacks(&self, written: &Written) -> bool {
        let end = written.first + written.kept.len() as u64;
        !self.live || self.changes != written.changes || self.next != Some(end)
    }

    /// Returns the next portion: a reset if one is due, the state if it has changed, then events. After a reset and
    /// the kept events comes `live`: from there on the page counts messages as unread.
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

/// Formats one event. An end of line would end it; in JSON that can only be white space between values.
fn event(header: fmt::Arguments, json: &str) -> String {
    let mut event = String::with_capacity(json.len() + 32);
    let json = json.replace(['\r', '\n'], " ");
    write!(event, "{header}data: {json}\n\n").expect("BUG: a String takes all writes");
    event
}

//! The sending direction (RFC 8446, sections 4.6.3, 5 and 6.1): data become records.
//!
//! A [`Sealer`] writes into a buffer that its owner sends. Whatever lock orders the sender's writes must be held from
//! `seal` to the write: records that overtake each other do not open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use super::alert::Alert;
use super::key_schedule::Bytes32;
use super::record::{
    ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, MAX_CONTENT, TrafficKeys, in_the_clear,
};

/// The handshake message KeyUpdate.
pub const KEY_UPDATE: u8 = 24;
/// After so many records come new keys, long before the numbers end (5.5).
const MOST_RECORDS: u64 = 1 << 48;
/// The connection is not over.
const OPEN: u16 = 0;
/// The connection is over, and the other side is told nothing: it ended it, or it is gone.
const SILENT: u16 = 1;
/// The connection is over, and the other side is told why: this much more than an alert's number.
const FAULT: u16 = 256;

/// What the receiving direction tells the sending one.
#[derive(Debug, Default)]
pub struct Control {
    /// The other side has asked for a KeyUpdate.
    update_due: AtomicBool,
    /// Whether and how the connection is over.
    end: AtomicU16,
}

impl Control {
    /// The other side asks for a KeyUpdate.
    pub(super) fn ask_for_update(&self) {
        self.update_due.store(true, Ordering::Relaxed);
    }

    /// Ends the connection, with this alert for the other side, if with any. The first end counts.
    pub(super) fn end(&self, alert: Option<Alert>) {
        let end = alert.map_or(SILENT, |alert| FAULT + u16::from(alert.0));
        let _ = self.end.compare_exchange(OPEN, end, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Makes records of what one side sends.
#[derive(Debug)]
pub struct Sealer {
    /// `None` as long as it sends in the clear.
    keys: Option<TrafficKeys>,
    control: Arc<Control>,
    /// The last word is said.
    closed: bool,
}

impl Sealer {
    /// Begins in the clear.
    pub(super) fn new(control: Arc<Control>) -> Sealer {
        Sealer { keys: None, control, closed: false }
    }

    /// From now on records have keys from this secret.
    pub(super) fn set_keys(&mut self, secret: Bytes32) {
        self.keys = Some(TrafficKeys::new(secret));
    }

    /// Notes a fault: the last word is this alert.
    pub(super) fn fail(&self, alert: Alert) {
        self.control.end(Some(alert));
    }

    /// Appends records with this content; none if there is no content.
    pub(super) fn records(&mut self, kind: u8, content: &[u8], out: &mut Vec<u8>) {
        for piece in content.chunks(MAX_CONTENT) {
            match &mut self.keys {
                Some(keys) if kind != CHANGE_CIPHER_SPEC => keys.seal(kind, piece, out),
                _ => in_the_clear(kind, piece, out),
            }
        }
    }

    /// Appends data as records, each 22 bytes longer than what is in it. Returns false, and appends no data, if the
    /// connection is over: then the last word is said at once.
    pub fn seal(&mut self, data: &[u8], out: &mut Vec<u8>) -> bool {
        if self.closed || self.control.end.load(Ordering::Relaxed) != OPEN {
            self.close(out);
            return false;
        }
        let worn = self.keys.as_ref().is_some_and(|keys| keys.count() >= MOST_RECORDS);
        if self.control.update_due.swap(false, Ordering::Relaxed) || worn {
            self.update_keys(false, out);
        }
        self.records(DATA, data, out);
        true
    }

    /// Appends a KeyUpdate, and goes on with the next keys. The other side may be asked to do the same.
    pub fn update_keys(&mut self, ask: bool, out: &mut Vec<u8>) {
        self.records(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, ask.into()], out);
        if let Some(keys) = &mut self.keys {
            keys.update();
        }
    }

    /// Appends the last word, once: `close_notify`, or the alert for the fault that the receiving direction has found,
    /// or nothing if the other side has gone.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        let end = self.control.end.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.closed, true) || end == SILENT {
            return;
        }
        let [_, alert] = end.to_be_bytes();
        // The level: a warning for close_notify, else fatal.
        self.records(ALERT, &[if end == OPEN { 1 } else { 2 }, alert], out);
    }
}

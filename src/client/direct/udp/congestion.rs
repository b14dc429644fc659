//! How fast a conversation may send: its retransmission timer and its congestion window.
//!
//! A network that is asked to carry more than it can queues at first, and then drops. A sender that answers each loss
//! with more copies makes that worse, for others, too. So the sender measures the way (RFC 6298), and halves what it
//! has in flight when something is lost (RFC 5681). While nothing is lost, it sends a little more after each round
//! trip.
//!
//! ```text
//! window
//!   64 ┤██╮                                        a conversation begins, or goes on after a pause: a burst
//!      │  │ lost        ╭╮          ╭╮
//!   32 ┤  │         ╭───╯│ lost ╭───╯│             congestion avoidance: one more in each round trip
//!      │  │      ╭──╯    ╰──────╯    ╰─            a loss halves the window, once for all that was in flight then
//!    1 ┤  ╰─╱────╯                                 nothing comes back at all: slow start, which doubles it
//!      └────────────────────────────────► time
//! ```
//!
//! It begins with the whole window of 64: that many short texts are about as many bytes as TCP begins with (RFC 6928).
//! Two rules differ from TCP, because each message here has a timer and an acknowledgement of its own: a lost message
//! does not stop the others, and at least one new message goes out in each timeout.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::client::direct::round_trip::RoundTrip;

/// Only numbers below First + this are sent: at most so many are unacknowledged, and further texts wait.
pub const WINDOW: u64 = 64;
/// The shortest retransmission timer. RFC 6298 says a second; Linux takes this one.
pub const SHORTEST: Duration = Duration::from_millis(200);
/// The longest one, also after it was doubled.
pub const LONGEST: Duration = Duration::from_millis(800);
/// After so many messages in a row whose copies make their acknowledgements useless as measurements, the timer doubles.
pub const PATIENCE: u32 = 3;

/// What one direction of a conversation knows of the network.
#[derive(Debug)]
pub struct CongestionControl {
    /// What is known of the way to the peer and back.
    pub round_trip: RoundTrip,
    /// When it was measured last.
    measured: Option<Instant>,
    /// How many acknowledgements in a row have measured nothing.
    unmeasured: u32,
    /// The messages that are not acknowledged.
    under_way: BTreeMap<u64, UnderWay>,
    /// How many messages may be in flight: cwnd in the RFC.
    window: u64,
    /// From this window on it grows by one in each round trip: ssthresh in the RFC.
    threshold: u64,
    /// How many were acknowledged since the window grew last, above the threshold.
    since_growth: u64,
    /// The highest number that was sent.
    highest: u64,
    /// What is lost up to this number belongs to one loss, which has halved the window already.
    recovering: u64,
    /// When anything was acknowledged last.
    heard: Option<Instant>,
    /// When a new message was sent last.
    last_new: Option<Instant>,
}

/// A message that is not acknowledged.
#[derive(Debug)]
struct UnderWay {
    /// When its first copy was sent.
    since: Instant,
    /// Whether there is only this one: if so, its acknowledgement measures the round trip.
    is_once: bool,
}

impl Default for CongestionControl {
    fn default() -> CongestionControl {
        CongestionControl {
            round_trip: RoundTrip::default(),
            measured: None,
            unmeasured: 0,
            under_way: BTreeMap::new(),
            window: WINDOW,
            threshold: WINDOW,
            since_growth: 0,
            highest: 0,
            recovering: 0,
            heard: None,
            last_new: None,
        }
    }
}

impl CongestionControl {
    /// How many messages may be in flight.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// How long a message that is sent now waits for its acknowledgement, until its second copy goes out:
    /// [`RoundTrip::timeout`], but at least [`SHORTEST`] and at most [`LONGEST`]; [`SHORTEST`] if nothing is known.
    /// (The caller doubles the wait of that message after each further copy.)
    ///
    /// If the network has become slower than the timer, each message is sent twice, and none measures anything any more
    /// (Karn). So the timer itself doubles, too (RFC 6298, 5.5): once after [`PATIENCE`] messages in a row that have
    /// measured nothing, once more after as many more, and not a third time.
    // LAB 12: set the timer => SHORTEST
    pub fn timeout(&self) -> Duration {
        let measured = self.round_trip.timeout().unwrap_or(SHORTEST).max(SHORTEST);
        let doublings = (self.unmeasured / PATIENCE).min(2);
        (measured * 2_u32.pow(doublings)).min(LONGEST)
    }

    /// Whether a new message may be sent at `now`, while so many are in flight: if there is room in the window, or if
    /// no new one was sent for a [`timeout`](CongestionControl::timeout). Without the second rule a window of 1 would
    /// let one lost message stop all others until it is given up.
    // LAB 12: say whether a new message may be sent => true
    pub fn allows(&self, in_flight: usize, now: Instant) -> bool {
        let is_quiet = |last: Instant| now.duration_since(last) >= self.timeout();
        (in_flight as u64) < self.window || self.last_new.is_none_or(is_quiet)
    }

    /// Notes that there is something new to send, while so many messages are pending. If there are none, the sender has
    /// paused: what was known of the network is old, and the window is the whole one again.
    pub fn goes_on(&mut self, pending: usize) {
        if pending == 0 {
            (self.window, self.threshold, self.since_growth) = (WINDOW, WINDOW, 0);
        }
    }

    /// Notes that a message was sent for the first time.
    pub fn sent(&mut self, seq: u64, now: Instant) {
        self.under_way.insert(seq, UnderWay { since: now, is_once: true });
        (self.highest, self.last_new) = (seq, Some(now));
    }

    /// Notes that all up to this number is acknowledged or given up: an Upto beyond it acknowledges nothing of that.
    pub fn gave_up(&mut self, seq: u64) {
        self.under_way = self.under_way.split_off(&(seq + 1));
    }

    /// Notes that a message was sent once more, because it seems lost.
    pub fn sent_again(&mut self, seq: u64) {
        let Some(message) = self.under_way.get_mut(&seq) else { return };
        message.is_once = false;
        let since = message.since;
        self.lost(seq, since);
    }

    /// Handles the loss of message `seq`, whose first copy was sent at `since` (RFC 5681, 3.1 and 3.2). Half of what is
    /// under way, but at least 2, is the new threshold, and the new window, too. But if nothing at all was acknowledged
    /// at `since` or later, nothing comes through any more: the window is 1. `since_growth` begins again at 0.
    ///
    /// A queue that overflows drops many messages of one window. That is one loss: if `seq` is not above `recovering`,
    /// nothing changes. Otherwise `recovering` becomes the highest number that was sent.
    // LAB 12: send less after a loss => ()
    fn lost(&mut self, seq: u64, since: Instant) {
        if seq <= self.recovering {
            return;
        }
        self.recovering = self.highest;
        self.threshold = (self.under_way.len() as u64 / 2).max(2);
        let anything_came = self.heard.is_some_and(|heard| heard >= since);
        self.window = if anything_came { self.threshold } else { 1 };
        self.since_growth = 0;
    }

    /// Notes an acknowledgement of one message, and of all up to another one. Those were acknowledged before, by
    /// something that was lost: nobody knows when, so they measure nothing.
    pub fn acknowledged(&mut self, seq: u64, upto: u64, now: Instant) {
        self.heard = Some(now);
        let message = self.under_way.remove(&seq);
        let above = self.under_way.split_off(&upto.saturating_add(1));
        let others = std::mem::replace(&mut self.under_way, above);
        if let Some(message) = &message {
            self.measure(message, now);
        }
        self.grow(others.len() as u64 + u64::from(message.is_some()));
    }

    /// Measures the way by a message whose own acknowledgement came at `now`. If it was sent more than once, nobody
    /// knows which copy was acknowledged: it measures nothing (Karn's algorithm, RFC 6298, 3), and is counted for the
    /// timer. Any other ends that count. It measures the way if it was sent when, or after, the way was `measured`
    /// last: so there is one measurement in a round trip, however many messages are in flight. With more of them the
    /// timer would follow so closely that a queue which only grows would look like a loss.
    // LAB 12: measure the way, but not by copies => ()
    fn measure(&mut self, message: &UnderWay, now: Instant) {
        if !message.is_once {
            self.unmeasured += 1;
            return;
        }
        self.unmeasured = 0;
        if self.measured.is_none_or(|measured| message.since >= measured) {
            self.round_trip.took(now.duration_since(message.since));
            self.measured = Some(now);
        }
    }

    /// Lets the window grow when so many messages were acknowledged, up to [`WINDOW`]. Below the threshold it grows by
    /// one for each of them, so it doubles in each round trip (slow start). From there on it grows by one each time
    /// as many messages as it holds were acknowledged, which takes a round trip (congestion avoidance, RFC 5681, 3.1):
    /// `since_growth` counts them, and begins again at 0 when the window has grown.
    // LAB 12: send more while nothing is lost => ()
    fn grow(&mut self, acknowledged: u64) {
        for _ in 0..acknowledged {
            self.since_growth += 1;
            if self.window < self.threshold || self.since_growth >= self.window {
                self.window = (self.window + 1).min(WINDOW);
                self.since_growth = 0;
            }
        }
    }
}

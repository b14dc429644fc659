//! Reliability over datagrams: sequence numbers, acknowledgements, timers, order (PROTOCOL, UDP between peers).
//!
//! [`Sending`] and [`Receiving`] are the two ends of one direction. They know no socket and no clock: the caller
//! passes in texts, datagrams and the time, and gets what to send and what to show. TCP does the same inside the
//! operating system (RFC 9293, 3.8). The network here loses the first copy of message 1 and duplicates message 2:
//!
//! ```
//! # use {p2p_chat::client::direct::udp::reliable::*, std::time::{Duration, Instant}};
//! let (mut alice, mut bob) = (Sending::new(Duration::from_secs(30)), Receiving::default());
//! let (mut now, mut shown) = (Instant::now(), Vec::new());
//! ["one", "two", "three"].map(|text| alice.send(text.to_owned()));
//! while alice.pending() > 0 {
//!     for step in alice.due(now) {
//!         let Step::Send { seq, first, text, waited } = step else { panic!("given up") };
//!         let copies = match (seq, waited) { (1, None) => 0, (2, _) => 2, _ => 1 };
//!         for _ in 0..copies {
//!             let accepted = bob.accept(seq, first, text.clone()).expect("inside the window");
//!             shown.extend(accepted.shown);
//!             alice.acknowledged(seq, accepted.upto);
//!         }
//!     }
//!     now = alice.deadline().unwrap_or(now); // the clock jumps to the next copy
//! }
//! assert_eq!(shown, ["one", "two", "three"].map(|text| Delivery::Text(text.to_owned())));
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::client::direct::udp::congestion::{CongestionControl, LONGEST, WINDOW};

/// The sender's end of one direction.
#[derive(Debug, Default)]
pub struct Sending {
    /// How long each message is tried.
    give_up: Duration,
    /// The number of the next new message.
    next: u64,
    /// The messages that are sent and not acknowledged, in the order of their numbers.
    in_flight: VecDeque<InFlight>,
    /// The texts that wait for room in the window.
    waiting: VecDeque<String>,
    /// The highest acknowledged number, and its text.
    acknowledged: Option<(u64, String)>,
    /// The highest Upto: the receiver waits for nothing up to there.
    upto: u64,
    /// Whether a message was given up and the receiver may still wait for it.
    must_advance_first: bool,
    /// How fast it may send.
    pub congestion: Box<CongestionControl>,
}

/// A message that is sent and not acknowledged.
#[derive(Debug)]
struct InFlight {
    seq: u64,
    text: String,
    /// When the next copy is due, how long the last one has until then, and when the message is given up.
    due: Instant,
    wait: Duration,
    end: Instant,
    /// Whether it is acknowledged already and sent again only for its First.
    known: bool,
}

/// What the caller of the sender's end must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send a message. `waited` is `None` for the first copy, else how long the copy before was unacknowledged.
    #[allow(missing_docs, reason = "the protocol's headers")]
    Send { seq: u64, first: u64, text: String, waited: Option<Duration> },
    /// Report that a text is not delivered.
    GiveUp(String),
}

impl Sending {
    /// A direction in which nothing is sent yet. Each message is tried for `give_up`.
    pub fn new(give_up: Duration) -> Sending {
        Sending { give_up, next: 1, ..Sending::default() }
    }

    /// Takes a text. [`Sending::due`] sends it when the window has room for it.
    pub fn send(&mut self, text: String) {
        self.congestion.goes_on(self.pending());
        self.waiting.push_back(text);
    }

    /// What is due at `now`: messages to give up, further copies, and last, for giving up makes room, new messages.
    pub fn due(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = self.give_up(now);
        self.repeat_last(now);
        steps.extend(self.send_again(now));
        if !self.waiting.is_empty() {
            steps.extend(self.send_new(now));
        }
        steps
    }

    /// The first copies of the waiting texts, each with the next number, which must be below First + [`WINDOW`].
    // LAB 6: number what waits and send it, as far as the window has room
    fn send_new(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        while self.next < self.first() + WINDOW
            && self.congestion.allows(self.in_flight.len(), now)
            && let Some(text) = self.waiting.pop_front()
        {
            let seq = self.next;
            self.next += 1;
            self.put_in_flight(seq, text.clone(), now, false);
            steps.push(Step::Send { seq, first: self.first(), text, waited: None });
        }
        steps
    }

    /// Further copies of what is not acknowledged in time. The wait of each doubles, up to `LONGEST`.
    // LAB 6: send again what was not acknowledged in time => Vec::new()
    fn send_again(&mut self, now: Instant) -> Vec<Step> {
        let (first, mut steps) = (self.first(), Vec::new());
        for message in self.in_flight.iter_mut().filter(|message| message.due <= now) {
            let waited = Some(message.wait);
            message.wait = (message.wait * 2).min(LONGEST);
            message.due = now + message.wait;
            steps.push(Step::Send { seq: message.seq, first, text: message.text.clone(), waited });
        }
        steps
    }

    /// Puts a message behind all that are in flight. `known`: it is acknowledged already.
    fn put_in_flight(&mut self, seq: u64, text: String, now: Instant, known: bool) {
        if !known {
            self.congestion.sent(seq, now);
        }
        let (wait, end) = (self.congestion.timeout(), now + self.give_up);
        self.in_flight.push_back(InFlight { seq, text, due: now + wait, wait, end, known });
    }

    /// Gives up the messages whose time is over. Only texts that are not `known` are lost.
    fn give_up(&mut self, now: Instant) -> Vec<Step> {
        let late = self.take_late(now);
        if let Some(last) = late.last() {
            self.must_advance_first = !last.known;
            self.congestion.gave_up(last.seq);
        }
        let lost = late.into_iter().filter(|message| !message.known);
        lost.map(|message| Step::GiveUp(message.text)).collect()
    }

    /// Takes out of flight what was tried for too long, the oldest first.
    // LAB 6: try nothing for ever => Vec::new()
    fn take_late(&mut self, now: Instant) -> Vec<InFlight> {
        let late = self.in_flight.iter().take_while(|message| message.end <= now).count();
        self.in_flight.drain(..late).collect()
    }

    /// After a message was given up, the First of the next one tells the receiver. If there is no next one, this
    /// sends the last acknowledged one again, until Upto shows that the receiver waits no longer.
    fn repeat_last(&mut self, now: Instant) {
        let is_last = self.in_flight.is_empty() && self.waiting.is_empty();
        if let Some((seq, text)) = &self.acknowledged
            && (self.must_advance_first && is_last && *seq > self.upto)
        {
            self.put_in_flight(*seq, text.clone(), now, true);
            self.in_flight[0].due = now;
        }
    }

    /// First: the lowest number that is still tried.
    fn first(&self) -> u64 {
        self.in_flight.front().map_or(self.next, |message| message.seq)
    }

    /// Handles an ACK: message `seq` arrived, and everything up to `upto`. Keeps the highest Upto, which ends
    /// `repeat_last`. Returns the texts whose arrival is news, in their order.
    // LAB 6: forget what has arrived
    pub fn acknowledged(&mut self, seq: u64, upto: u64) -> Vec<String> {
        self.upto = self.upto.max(upto);
        let below = self.in_flight.partition_point(|message| message.seq <= upto);
        let mut arrived: Vec<InFlight> = self.in_flight.drain(..below).collect();
        if let Some(index) = self.place(seq) {
            arrived.extend(self.in_flight.remove(index));
        }
        self.have_arrived(arrived)
    }

    /// The place of message `seq` in flight. A `known` one has none: only Upto ends it.
    fn place(&self, seq: u64) -> Option<usize> {
        self.in_flight.iter().position(|message| message.seq == seq && !message.known)
    }

    /// Remembers the highest number that arrived. Returns the texts that were not `known`.
    fn have_arrived(&mut self, arrived: Vec<InFlight>) -> Vec<String> {
        let highest = self.acknowledged.as_ref().map_or(0, |(highest, _)| *highest);
        if let Some(last) = arrived.last().filter(|last| last.seq > highest) {
            self.acknowledged = Some((last.seq, last.text.clone()));
        }
        let delivered = arrived.into_iter().filter(|message| !message.known);
        delivered.map(|message| message.text).collect()
    }

    /// When [`Sending::due`] has work, if nothing happens before: the earliest `due` or `end`.
    // LAB 6: know when something is due => None
    pub fn deadline(&self) -> Option<Instant> {
        self.in_flight.iter().map(|message| message.due.min(message.end)).min()
    }

    /// How many texts are neither acknowledged nor given up.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.in_flight.iter().filter(|message| !message.known).count()
    }

    /// Ends the direction. Returns the texts that are neither acknowledged nor given up.
    pub fn end(self) -> impl Iterator<Item = String> {
        let unknown = self.in_flight.into_iter().filter(|message| !message.known);
        unknown.map(|message| message.text).chain(self.waiting)
    }
}

/// The receiver's end of one direction.
#[derive(Debug, Clone)]
pub struct Receiving {
    /// The lowest number that is neither shown nor given up.
    next: u64,
    /// The highest number that arrived.
    highest: u64,
    /// The messages that arrived early and wait for those before them.
    held: BTreeMap<u64, String>,
}

/// What the receiver's end hands over, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A text to show.
    Text(String),
    /// A gap: so many messages did not arrive.
    Missing(u64),
}

/// What the receiver's end makes of a message that it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What to show now, in this order.
    pub shown: Vec<Delivery>,
    /// The Upto of the acknowledgement: every number up to this one arrived or was given up.
    pub upto: u64,
    /// How the message arrived.
    pub arrival: Arrival,
}

/// How a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// With a higher number than all before it. Only such a message moves the peer's address.
    Newest,
    /// After a message with a higher number.
    Late,
    /// A second time, or after it was given up.
    Duplicate,
}

impl Default for Receiving {
    fn default() -> Receiving {
        Receiving { next: 1, highest: 0, held: BTreeMap::new() }
    }
}

impl Receiving {
    /// Handles a message, whose sender still tries `first` and all above. A duplicate's First counts, too. `None`
    /// when the number is too far ahead: [`WINDOW`] or more above the higher of `next` and `first`. Such a message
    /// is not kept, so it must not be acknowledged. The peer chooses the numbers: no sum of them may overflow.
    // LAB 6: show each message once and in order
    pub fn accept(&mut self, seq: u64, first: u64, text: String) -> Option<Accepted> {
        if seq - self.next.max(first).min(seq) >= WINDOW {
            return None;
        }
        let mut shown = Vec::new();
        self.skip_to(first, &mut shown);
        let arrival = if seq < self.next || self.held.contains_key(&seq) {
            Arrival::Duplicate
        } else {
            self.held.insert(seq, text);
            if seq > self.highest { Arrival::Newest } else { Arrival::Late }
        };
        self.highest = self.highest.max(seq);
        while let Some(text) = self.held.remove(&self.next) {
            shown.push(Delivery::Text(text));
            self.next += 1;
        }
        Some(Accepted { shown, upto: self.next - 1, arrival })
    }

    /// Stops waiting for numbers below `first`: hands over what is held below it, each with the gap before it.
    // LAB 6: wait no more for what was given up => ()
    fn skip_to(&mut self, first: u64, shown: &mut Vec<Delivery>) {
        while let Some((seq, text)) = self.held.pop_first() {
            if seq >= first {
                self.held.insert(seq, text);
                break;
            }
            self.miss(seq, shown);
            shown.push(Delivery::Text(text));
            self.next = seq + 1;
        }
        self.miss(first, shown);
    }

    /// Reports the gap before `seq`, if there is one, and goes on at `seq`.
    fn miss(&mut self, seq: u64, shown: &mut Vec<Delivery>) {
        if self.next < seq {
            shown.push(Delivery::Missing(seq - self.next));
            self.next = seq;
        }
    }

    /// Ends the direction. Returns the messages that are held, each with the gap before it.
    pub fn end(mut self) -> Vec<Delivery> {
        let mut shown = Vec::new();
        self.skip_to(self.held.last_key_value().map_or(0, |(seq, _)| seq + 1), &mut shown);
        shown
    }
}

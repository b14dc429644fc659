//! Reliability over datagrams, which may be lost, doubled and reordered: sequence numbers,
//! acknowledgements, timers, order (PROTOCOL, "What peers say to each other", UDP).
//!
//! [`Sending`] and [`Receiving`] are the two ends of one direction. They know no socket and no clock: they
//! are told what was typed, what has come and what time it is, and say what is to be sent and shown. TCP
//! does all this, too, unseen; here it can be read.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Only numbers below First + this are sent, so at most so many are unacknowledged: further ones wait.
pub const WINDOW: u64 = 64;
/// How long the first copy of a message has to be acknowledged. Each further one has twice as long …
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// … up to this.
const LAST_WAIT: Duration = Duration::from_millis(800);

/// The sender's end of one direction.
#[derive(Debug)]
pub struct Sending {
    /// How long a message is tried.
    give_up: Duration,
    /// The number of the next new message.
    next: u64,
    /// Sent and not acknowledged, in the order of their numbers.
    in_flight: VecDeque<InFlight>,
    /// Typed and not sent yet.
    waiting: VecDeque<String>,
    /// The highest number that was acknowledged, and its text.
    acknowledged: Option<(u64, String)>,
    /// The highest Upto: the other side waits for nothing there.
    upto: u64,
    /// Something was given up, and the other side may be waiting for it still.
    must_advance_first: bool,
}

/// A message on its way.
#[derive(Debug)]
struct InFlight {
    seq: u64,
    text: String,
    /// When the next copy is due, and how long the last one was given until then.
    due: Instant,
    wait: Duration,
    /// When it is given up.
    end: Instant,
    /// It has arrived long since: it is sent for its First alone.
    known: bool,
}

/// What the sender's end has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send a message. `waited` tells for how long the copy before it was not acknowledged, if there was one.
    #[allow(missing_docs, reason = "the protocol's headers")]
    Send { seq: u64, first: u64, text: String, waited: Option<Duration> },
    /// Tell that a text has not been delivered.
    GiveUp(String),
}

impl Sending {
    /// A direction in which nothing has been sent. A message is tried for `give_up`.
    pub fn new(give_up: Duration) -> Sending {
        let (in_flight, waiting) = (VecDeque::new(), VecDeque::new());
        Sending {
            give_up,
            next: 1,
            in_flight,
            waiting,
            acknowledged: None,
            upto: 0,
            must_advance_first: false,
        }
    }

    /// Takes a text. [`Sending::due`] sends it when the window has room for it.
    pub fn send(&mut self, text: String) {
        self.waiting.push_back(text);
    }

    /// What is to be done at this time: messages given up, copies sent again, new ones sent.
    pub fn due(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = self.give_up(now);
        self.repeat_last(now);
        steps.append(&mut self.send_again(now));
        if !self.waiting.is_empty() {
            steps.append(&mut self.send_new(now));
        }
        steps
    }

    /// The first copies of what waits, each with the next number, as far as the window has room: the number
    /// must be below First + [`WINDOW`], or the other side would have to drop it.
    // LAB 6: number what waits and send it, as far as the window has room
    fn send_new(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        while self.next < self.first() + WINDOW
            && let Some(text) = self.waiting.pop_front()
        {
            let seq = self.next;
            self.next += 1;
            self.put_in_flight(seq, text.clone(), now, false);
            steps.push(Step::Send { seq, first: self.first(), text, waited: None });
        }
        steps
    }

    /// Further copies of what has not been acknowledged in time. The next one of each has twice as long.
    // LAB 6: send again what was not acknowledged in time => Vec::new()
    fn send_again(&mut self, now: Instant) -> Vec<Step> {
        let (first, mut steps) = (self.first(), Vec::new());
        for message in self.in_flight.iter_mut().filter(|message| message.due <= now) {
            let waited = Some(message.wait);
            message.wait = (message.wait * 2).min(LAST_WAIT);
            message.due = now + message.wait;
            steps.push(Step::Send { seq: message.seq, first, text: message.text.clone(), waited });
        }
        steps
    }

    /// Puts a message behind all that are under way; `known` if it has arrived long since.
    fn put_in_flight(&mut self, seq: u64, text: String, now: Instant, known: bool) {
        let (wait, due, end) = (FIRST_WAIT, now + FIRST_WAIT, now + self.give_up);
        self.in_flight.push_back(InFlight { seq, text, due, wait, end, known });
    }

    /// Gives up what has been tried for too long.
    fn give_up(&mut self, now: Instant) -> Vec<Step> {
        let late = self.take_late(now);
        if let Some(last) = late.last() {
            self.must_advance_first = !last.known;
        }
        let lost = late.into_iter().filter(|message| !message.known);
        lost.map(|message| Step::GiveUp(message.text)).collect()
    }

    /// What has been tried for too long is under way no more.
    // LAB 6: try nothing for ever => Vec::new()
    fn take_late(&mut self, now: Instant) -> Vec<InFlight> {
        let late = self.in_flight.iter().take_while(|message| message.end <= now).count();
        self.in_flight.drain(..late).collect()
    }

    /// After something was given up the next message tells the other side by its First. If there is none,
    /// the last one that has arrived is sent again, until nobody waits over there for what will not come.
    fn repeat_last(&mut self, now: Instant) {
        let is_last = self.in_flight.is_empty() && self.waiting.is_empty();
        if let Some((seq, text)) = &self.acknowledged
            && (self.must_advance_first && is_last && *seq > self.upto)
        {
            let (seq, text) = (*seq, text.clone());
            self.put_in_flight(seq, text, now, true);
            self.in_flight[0].due = now;
        }
    }

    /// The lowest number that is still tried.
    fn first(&self) -> u64 {
        self.in_flight.front().map_or(self.next, |message| message.seq)
    }

    /// An ACK has come: message `seq` has arrived, and everything up to `upto`, whose highest is kept, for
    /// repeating stops by it. Gives the texts that are known to have arrived since now, in their order.
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

    /// The place of message `seq` among those under way. Of one that was `known` to have arrived before it
    /// is not told: that one goes on until Upto has passed it.
    fn place(&self, seq: u64) -> Option<usize> {
        let found = self.in_flight.binary_search_by_key(&seq, |message| message.seq);
        found.ok().filter(|index| !self.in_flight[*index].known)
    }

    /// Remembers the highest that has arrived. Gives the texts that were not `known` to have.
    fn have_arrived(&mut self, arrived: Vec<InFlight>) -> Vec<String> {
        let highest = self.acknowledged.as_ref().map_or(0, |(highest, _)| *highest);
        if let Some(last) = arrived.last().filter(|last| last.seq > highest) {
            self.acknowledged = Some((last.seq, last.text.clone()));
        }
        let delivered = arrived.into_iter().filter(|message| !message.known);
        delivered.map(|message| message.text).collect()
    }

    /// When [`Sending::due`] has something to do, if nothing happens before: the earliest `due` or `end`.
    // LAB 6: know when something is due => None
    pub fn deadline(&self) -> Option<Instant> {
        self.in_flight.iter().map(|message| message.due.min(message.end)).min()
    }

    /// How many texts are not known to have arrived.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.in_flight.iter().filter(|message| !message.known).count()
    }

    /// Stops: gives the texts that are not known to have arrived.
    pub fn end(self) -> impl Iterator<Item = String> {
        let unknown = self.in_flight.into_iter().filter(|message| !message.known);
        unknown.map(|message| message.text).chain(self.waiting)
    }
}

/// The receiver's end of one direction.
#[derive(Debug)]
pub struct Receiving {
    /// The lowest number that has neither been shown nor given up.
    next: u64,
    /// The highest number that has come.
    highest: u64,
    /// What has come too early: it waits for those before it.
    held: BTreeMap<u64, String>,
}

/// What the receiver's end hands over, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A text.
    Text(String),
    /// So many messages are missing here.
    Missing(u64),
}

/// What has become of a message that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What is to be shown now, in this order.
    pub shown: Vec<Delivery>,
    /// What is to be acknowledged besides: all up to this number has come or was given up.
    pub upto: u64,
    /// How it has come.
    pub arrival: Arrival,
}

/// How a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// With a higher number than any before. Only such a one moves the peer's address.
    Newest,
    /// After one with a higher number.
    Late,
    /// As it had come before, or after it was given up.
    Duplicate,
}

impl Default for Receiving {
    fn default() -> Receiving {
        Receiving { next: 1, highest: 0, held: BTreeMap::new() }
    }
}

impl Receiving {
    /// A message has come, whose sender still tries `first` and all above; a copy brings its First, too.
    /// `None` when it is too far ahead, [`WINDOW`] or more above the higher of `next` and `first`: then it
    /// must not be acknowledged, for it is not kept. The numbers are the other side's: no sum of them may
    /// overflow.
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

    /// Waits for nothing below `first` any more: shows what was held below it, and before each what is
    /// missing there.
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

    /// Says how many are missing before `seq`, if any are, and goes on there.
    fn miss(&mut self, seq: u64, shown: &mut Vec<Delivery>) {
        if self.next < seq {
            shown.push(Delivery::Missing(seq - self.next));
            self.next = seq;
        }
    }

    /// Stops: gives what has come and was not shown, and what is missing before it.
    pub fn end(mut self) -> Vec<Delivery> {
        let mut shown = Vec::new();
        self.skip_to(self.held.last_key_value().map_or(0, |(seq, _)| seq + 1), &mut shown);
        shown
    }
}

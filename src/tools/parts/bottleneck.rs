//! A link that several conversations share, in virtual time: a rate, a queue that drops what does not fit, and a delay.
//!
//! The senders and receivers are those of the client. Each sender always has something to say, so only what it knows of
//! the network holds it back.
//!
//! ```
//! # use p2p_chat::tools::parts::bottleneck::{Bottleneck, LinkSettings};
//! let settings = LinkSettings { rate: 500, places: 80, delay: 10, loss: 0 };
//! let mut link = Bottleneck::new(settings, &[0]);
//! link.runs(10_000);
//! assert!(link.flows[0].shown > 4_980, "all that the link carries, but for the time to the first one");
//! assert_eq!((link.flows[0].copies, link.flows[0].dropped), (0, 0), "64 of them have room in the queue");
//! ```

use std::collections::{BTreeMap, VecDeque};

use super::sender::VirtualSender;
use crate::client::direct::udp::reliable::{Delivery, Receiving};
use crate::random::Dice;

/// How many texts each flow has waiting at any time.
const BACKLOG: usize = 70;
/// Losses by chance are the same in each run.
const SEED: u64 = 12;

/// What a link is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkSettings {
    /// How many messages it carries in a second.
    pub rate: u64,
    /// How many messages may wait for it.
    pub places: usize,
    /// How many ms it takes each way, after the queue.
    pub delay: u64,
    /// How many of a hundred datagrams it loses by chance, each way.
    pub loss: u64,
}

/// One conversation over the link.
#[derive(Debug, Default)]
pub struct Flow {
    /// Its sender.
    pub sender: VirtualSender,
    /// Its receiver.
    receiver: Receiving,
    /// When it begins, in ms.
    pub begins: u64,
    /// How many texts were shown at the other side, in their order.
    pub shown: u64,
    /// How many copies were sent again.
    pub copies: u64,
    /// How many of its datagrams the queue has dropped.
    pub dropped: u64,
    /// How many ms the last message that was acknowledged was on its way, there and back.
    pub round_trip: u64,
}

/// A message on its way.
#[derive(Debug, Clone, Copy)]
struct Passing {
    flow: usize,
    seq: u64,
    first: u64,
    /// When it was sent.
    since: u64,
}

/// The link with its flows. All times are ms after the beginning, but for `through`.
#[derive(Debug)]
pub struct Bottleneck {
    /// What the link is like; it may change while it runs.
    pub settings: LinkSettings,
    /// The conversations.
    pub flows: Vec<Flow>,
    /// The time.
    pub now: u64,
    /// What waits for the link, and when the first of it is through, in µs.
    queue: VecDeque<Passing>,
    through: Option<u64>,
    /// What arrives when, in order.
    arriving: BTreeMap<(u64, u64), Passing>,
    /// Which acknowledgement arrives when, with its Upto.
    returning: BTreeMap<(u64, u64), (Passing, u64)>,
    /// How many things were on their way, for the order of those at one time.
    count: u64,
    dice: Dice,
}

impl Flow {
    /// Lets the sender do what is due; gives what it sends.
    fn works(&mut self, number: usize, now: u64) -> Vec<Passing> {
        let pending = self.sender.sending.pending();
        self.sender.says(BACKLOG.saturating_sub(pending) as u64);
        let emission = self.sender.does(now);
        self.copies += emission.again.len() as u64;
        let numbers = emission.again.into_iter().chain(emission.new);
        let passing = |seq| Passing { flow: number, seq, first: emission.first, since: now };
        numbers.map(passing).collect()
    }

    /// Handles a message at its receiver; gives the Upto of its acknowledgement.
    fn receives(&mut self, message: Passing) -> Option<u64> {
        let text = message.seq.to_string();
        let accepted = self.receiver.accept(message.seq, message.first, text)?;
        let texts = accepted.shown.iter().filter(|shown| matches!(shown, Delivery::Text(_)));
        self.shown += texts.count() as u64;
        Some(accepted.upto)
    }
}

impl Bottleneck {
    /// A link, and flows that begin at these times.
    pub fn new(settings: LinkSettings, begins: &[u64]) -> Bottleneck {
        let flows = begins.iter().map(|begins| Flow { begins: *begins, ..Flow::default() });
        Bottleneck {
            settings,
            flows: flows.collect(),
            now: 0,
            queue: VecDeque::new(),
            through: None,
            arriving: BTreeMap::new(),
            returning: BTreeMap::new(),
            count: 0,
            dice: Dice::new(SEED),
        }
    }

    /// Lets so many ms pass.
    pub fn runs(&mut self, time: u64) {
        for now in self.now + 1..=self.now + time {
            self.now = now;
            self.passes_on();
            self.arrives();
            self.returns();
            for number in 0..self.flows.len() {
                if now >= self.flows[number].begins {
                    let sent = self.flows[number].works(number, now);
                    for message in sent {
                        self.takes(message);
                    }
                }
            }
        }
    }

    /// How many messages wait.
    pub fn waiting(&self) -> u64 {
        self.queue.len() as u64
    }

    /// How many µs one message takes.
    fn each(&self) -> u64 {
        1_000_000 / self.settings.rate
    }

    /// Takes a message, or drops it.
    fn takes(&mut self, message: Passing) {
        if self.queue.len() >= self.settings.places {
            self.flows[message.flow].dropped += 1;
            return;
        }
        self.queue.push_back(message);
        let through = self.now * 1_000 + self.each();
        self.through.get_or_insert(through);
    }

    /// Passes on what is through, unless it is lost.
    fn passes_on(&mut self) {
        while let Some(through) = self.through.filter(|through| *through <= self.now * 1_000) {
            let Some(message) = self.queue.pop_front() else { break };
            self.through = (!self.queue.is_empty()).then_some(through + self.each());
            if let Some(key) = self.goes() {
                self.arriving.insert(key, message);
            }
        }
    }

    /// Lets receivers acknowledge what has arrived. The way back has no queue.
    fn arrives(&mut self) {
        while let Some(entry) = self.arriving.first_entry().filter(|it| it.key().0 <= self.now) {
            let message = entry.remove();
            if let Some(upto) = self.flows[message.flow].receives(message)
                && let Some(key) = self.goes()
            {
                self.returning.insert(key, (message, upto));
            }
        }
    }

    /// When something arrives that goes off now, and its place among all. `None`: it is lost.
    fn goes(&mut self) -> Option<(u64, u64)> {
        self.count += 1;
        let is_lost = self.dice.below(100) < self.settings.loss;
        (!is_lost).then_some((self.now + self.settings.delay, self.count))
    }

    /// Hands the acknowledgements over that have come back.
    fn returns(&mut self) {
        while let Some(entry) = self.returning.first_entry().filter(|it| it.key().0 <= self.now) {
            let (message, upto) = entry.remove();
            let flow = &mut self.flows[message.flow];
            flow.round_trip = self.now - message.since;
            flow.sender.hears(message.seq, upto, self.now);
        }
    }
}

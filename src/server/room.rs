//! The room's mailbag: every message, once, in one order, to everyone.
//!
//! The naive room writes to every member's socket from the speaker's thread, under a lock: one member
//! that does not read stops them all. Here a speaker puts finished bytes into the bag, which takes a
//! moment, and goes on reading. One thread, the [`postman`](super::postman), takes the whole bag and
//! writes it to each member in one write, outside every lock. While he is on his round the bag fills
//! again: the more is said, the more he carries at a time, and nobody has to tune anything.
//!
//! The bag's lock is taken by every speaker and by the postman, never while something is written to a
//! socket. Whoever holds the registry's lock may take it, not the other way round.

use std::io::Write;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::lock::{lock, wait};
use crate::server::outbox::{Delivery, FIRST_WAY, Outbox, Way};
use crate::server::speech::Speeches;
use crate::wire::answer::Welcome;
use crate::wire::block::Block;
use crate::wire::notice::Reason;

/// Speakers wait while the bag holds more than this. It bounds the memory, and by their sockets it slows
/// down the speakers themselves.
const FULL: usize = 256 * 1024;

/// The number of one of the postman's rounds. Round 0 was over before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round(pub(super) u64);

/// The room: a mailbag and the bells that postman and speakers wait for.
#[derive(Debug)]
pub struct Room {
    pub(super) bag: Mutex<Bag>,
    pub(super) filled: Condvar,
    pub(super) carried: Condvar,
}

/// What the postman carries on a round, and what waits for the next one.
#[derive(Debug, Default)]
pub(super) struct Bag {
    /// What everybody is to read, in the room's order.
    pub(super) bytes: Vec<u8>,
    /// What goes into the log before anybody reads it.
    pub(super) log: Vec<u8>,
    /// Where the messages lie in `bytes`, without the lines that hold their numbers; the last one's number
    /// is `seq`.
    pub(super) tails: Vec<Range<usize>>,
    pub(super) errands: Vec<Errand>,
    /// Those who lag or are closing: the postman must visit them soon.
    pub(super) laggards: Vec<Arc<Outbox>>,
    /// The number of the last message.
    pub(super) seq: u64,
    /// The round that will carry what is put into the bag now, and the last one that is over.
    pub(super) filling: Round,
    pub(super) carried: Round,
    /// When the room was closed.
    pub(super) closed: Option<Instant>,
    pub(super) postman_sleeps: bool,
    /// How many threads wait for the bag to be carried: nobody rings a bell that nobody hears.
    pub(super) waiting: usize,
}

impl Bag {
    /// Whether there is nothing to carry.
    pub(super) fn is_empty(&self) -> bool {
        let nothing = self.bytes.is_empty() && self.log.is_empty();
        nothing && self.errands.is_empty() && self.laggards.is_empty()
    }

    /// Puts what somebody says behind all that is there, each message with the next number. `tails` gets
    /// where each block lies, without the lines that hold its number (the TYPE and `Seq`, which
    /// [`History`](super::history) puts before it again); the lines for the log go into `log`.
    // LAB 4: give each message its number and put it into the bag
    fn put(&mut self, speeches: &Speeches) {
        for speech in speeches.blocks() {
            self.seq += 1;
            let seq = self.seq;
            write!(self.bytes, "SAID\r\nSeq: {seq}\r\n").expect("BUG: a Vec takes all writes");
            let start = self.bytes.len();
            self.bytes.extend_from_slice(speech);
            self.tails.push(start..self.bytes.len());
        }
        self.log.extend_from_slice(speeches.log());
    }

    /// Puts an arrival or a departure behind all that is there.
    fn put_notice(&mut self, notice: &Block) {
        write!(self.bytes, "{notice}").expect("BUG: a Vec takes all writes");
    }

    /// Gives what is in it to the postman, whose empty bag of the last round serves for the next one.
    pub(super) fn change(&mut self, load: &mut Bag) {
        load.bytes.clear();
        load.log.clear();
        load.tails.clear();
        std::mem::swap(&mut load.bytes, &mut self.bytes);
        std::mem::swap(&mut load.log, &mut self.log);
        std::mem::swap(&mut load.tails, &mut self.tails);
        std::mem::swap(&mut load.errands, &mut self.errands);
        std::mem::swap(&mut load.laggards, &mut self.laggards);
        (load.seq, load.filling) = (self.seq, self.filling);
        self.filling = Round(self.filling.0 + 1);
    }
}

/// Something for one client alone, at a certain place in the bag.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) outbox: Arc<Outbox>,
    pub(super) what: What,
    /// How much of the bag lies before it, and the last message in that.
    pub(super) place: usize,
    pub(super) seq: u64,
}

/// What one client alone is told.
#[derive(Debug)]
pub(super) enum What {
    /// To a newcomer: its greeting, what was said after the message it has seen, and then all that is put
    /// into the bag from here on.
    Greeting(Welcome, Option<u64>),
    /// To one who asks: the last `most` messages `before` one.
    Recall { before: Option<u64>, most: u64 },
}

impl Room {
    /// A room in which `seq` messages have been said before.
    pub fn new(seq: u64) -> Room {
        let bag = Bag { filling: Round(1), seq, ..Bag::default() };
        Room { bag: Mutex::new(bag), filled: Condvar::new(), carried: Condvar::new() }
    }

    /// Says something to everyone in the room, all of it with nothing in between. Waits while the bag is
    /// full. A speaker who has been sent away meanwhile says nothing any more.
    pub fn say(&self, speaker: &Outbox, speeches: &Speeches) -> Round {
        let mut bag = lock(&self.bag);
        while bag.bytes.len() > FULL {
            bag = self.wait_carried(bag);
        }
        if speaker.has_left() {
            return bag.carried;
        }
        bag.put(speeches);
        self.filled(bag)
    }

    /// Tells everyone of an arrival or a departure, and the log. Never waits.
    pub fn announce(&self, notice: &Block, log: &str) {
        let mut bag = lock(&self.bag);
        bag.put_notice(notice);
        bag.log.extend_from_slice(log.as_bytes());
        self.filled(bag);
    }

    /// Tells the log alone.
    pub fn note(&self, log: &str) {
        let mut bag = lock(&self.bag);
        bag.log.extend_from_slice(log.as_bytes());
        self.filled(bag);
    }

    /// Takes somebody in who has seen the messages up to `since`: the others hear `notice`, the newcomer
    /// gets its greeting, what it has missed, and then all that is put into the bag from here on.
    pub fn arrive(
        &self,
        outbox: &Arc<Outbox>,
        notice: Option<&Block>,
        welcome: Welcome,
        since: Option<u64>,
        log: &str,
    ) -> Round {
        let mut bag = lock(&self.bag);
        if let Some(notice) = notice {
            bag.put_notice(notice);
        }
        bag.log.extend_from_slice(log.as_bytes());
        self.send_on(bag, outbox, What::Greeting(welcome, since))
    }

    /// Has the postman tell one client the last `most` messages before message `before`, or before now.
    pub fn recall(&self, outbox: &Arc<Outbox>, before: Option<u64>, most: u64) -> Round {
        self.send_on(lock(&self.bag), outbox, What::Recall { before, most })
    }

    fn send_on(&self, mut bag: MutexGuard<Bag>, outbox: &Arc<Outbox>, what: What) -> Round {
        let (outbox, place, seq) = (Arc::clone(outbox), bag.bytes.len(), bag.seq);
        bag.errands.push(Errand { outbox, what, place, seq });
        self.filled(bag)
    }

    /// Waits until a round has been carried: answers that follow then come after it.
    pub fn settle(&self, round: Round) {
        if round == Round::default() {
            return;
        }
        let mut bag = lock(&self.bag);
        while bag.carried < round && bag.closed.is_none() {
            bag = self.wait_carried(bag);
        }
    }

    /// Writes to one member alone. One who is just coming in has to be greeted first.
    pub fn whisper(&self, outbox: &Arc<Outbox>, block: &Block) {
        let mut bag = lock(&self.bag);
        while !outbox.is_greeted() && !outbox.is_closed() && bag.closed.is_none() {
            bag = self.wait_carried(bag);
        }
        drop(bag);
        self.send(outbox, block.to_string().as_bytes());
    }

    /// Writes to one client alone; what does not fit is left to the postman.
    pub fn send(&self, outbox: &Arc<Outbox>, bytes: &[u8]) {
        // To one outside the room nobody else writes, so nobody waits for the outbox.
        let way = if outbox.is_greeted() { Way::Never } else { FIRST_WAY };
        if outbox.deliver(bytes, way) == Delivery::Lags {
            self.watch(outbox);
        }
    }

    /// Sends one client away with some last words.
    pub fn dismiss(&self, outbox: &Arc<Outbox>, reason: Reason, words: &[u8]) {
        if outbox.close(reason, words) {
            self.watch(outbox);
        }
    }

    /// Ends the postman's work after what is in the bag now.
    pub fn close(&self) {
        let mut bag = lock(&self.bag);
        bag.closed = Some(Instant::now());
        self.filled(bag);
    }

    fn watch(&self, outbox: &Arc<Outbox>) {
        let mut bag = lock(&self.bag);
        bag.laggards.push(Arc::clone(outbox));
        self.filled(bag);
    }

    fn filled(&self, mut bag: MutexGuard<Bag>) -> Round {
        let round = bag.filling;
        let asleep = std::mem::take(&mut bag.postman_sleeps);
        drop(bag);
        if asleep {
            self.filled.notify_one();
        }
        round
    }

    fn wait_carried<'a>(&self, mut bag: MutexGuard<'a, Bag>) -> MutexGuard<'a, Bag> {
        bag.waiting += 1;
        let mut bag = wait(&self.carried, bag);
        bag.waiting -= 1;
        bag
    }
}

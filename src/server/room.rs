//! The room's mailbag: every message, once, in one order, to everyone.
//!
//! The naive room writes to every member's socket from the speaker's thread, under a lock: one member
//! that does not read stops them all. Here a speaker puts finished bytes into the bag, which takes a
//! moment, and goes on reading. One thread, the [`postman`](super::postman), takes the whole bag and writes it to each member
//! in one write, outside every lock. While he is on his round the bag fills again: the more is said, the
//! more he carries at a time, and nobody has to tune anything.
//!
//! The bag's lock is taken by every speaker and by the postman, never while something is written to a
//! socket. Whoever holds the registry's lock may take it, not the other way round.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::lock::{lock, wait};
use crate::server::outbox::{Delivery, Outbox, Way};
use crate::wire::block::Block;
use crate::wire::name::Name;
use crate::wire::notice::Reason;
use crate::wire::text::{Text, escape};

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
    pub(super) arrivals: Vec<Arrival>,
    /// Those who lag or are closing: the postman must visit them soon.
    pub(super) laggards: Vec<Arc<Outbox>>,
    /// The number of the last message.
    seq: u64,
    /// The round that will carry what is put into the bag now, and the last one that is over.
    pub(super) filling: Round,
    pub(super) carried: Round,
    /// When the room was closed.
    pub(super) closed: Option<Instant>,
    pub(super) postman_sleeps: bool,
    /// How many threads wait for the bag to be carried: nobody rings a bell that nobody hears.
    pub(super) waiting: usize,
}

/// Somebody who reads from a certain place in the bag on.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) outbox: Arc<Outbox>,
    pub(super) greeting: Vec<u8>,
    pub(super) place: usize,
}

/// What one client says in one go: finished blocks but for their Seq, which only the room can give, and
/// the lines that the server prints of it.
#[derive(Debug, Default)]
pub struct Speeches {
    /// What is the same in each: a SAID block between its Seq and its text, and the line before the text.
    head: Vec<u8>,
    line_head: Vec<u8>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    lines: Vec<u8>,
}

impl Speeches {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The lines to print, one for each message.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Begins anew: who says what follows, when, and from where.
    pub fn begin(&mut self, time: &str, id: u64, name: &Name, from: SocketAddr) {
        self.clear();
        let head = format!("Time: {time}\r\nID: {id}\r\nclientID: {name}\r\nText: ");
        self.head.extend_from_slice(head.as_bytes());
        let line_head = format!("Received from {from} (ID {id}): ");
        self.line_head.extend_from_slice(line_head.as_bytes());
    }

    /// Adds a message. Its text has been checked.
    pub fn push(&mut self, text: &Text) {
        let (text, shown) = (text.as_str(), escape(text.as_str()));
        for part in [&self.head, text.as_bytes(), b"\r\n\r\n"] {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
        for part in [&self.line_head, shown.as_bytes(), b"\n"] {
            self.lines.extend_from_slice(part);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.ends.clear();
        for bytes in [&mut self.head, &mut self.line_head, &mut self.bytes, &mut self.lines] {
            bytes.clear();
        }
    }

    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[*start..*end])
    }
}

impl Default for Room {
    fn default() -> Room {
        let bag = Bag { filling: Round(1), ..Bag::default() };
        Room { bag: Mutex::new(bag), filled: Condvar::new(), carried: Condvar::new() }
    }
}

impl Room {
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
        for speech in speeches.each() {
            bag.seq += 1;
            let seq = bag.seq;
            write!(bag.bytes, "SAID\r\nSeq: {seq}\r\n").expect("BUG: a Vec takes all writes");
            bag.bytes.extend_from_slice(speech);
        }
        self.filled(bag)
    }

    /// Tells everyone of an arrival or a departure. Never waits.
    pub fn announce(&self, notice: &Block) {
        let mut bag = lock(&self.bag);
        put(&mut bag, notice);
        self.filled(bag);
    }

    /// Takes somebody in: the others hear `notice`, the newcomer gets the greeting (made for the number
    /// of the last message before it) and then all that is put into the bag from here on.
    pub fn arrive(
        &self,
        outbox: &Arc<Outbox>,
        notice: Option<&Block>,
        greeting: impl FnOnce(u64) -> Block,
    ) -> Round {
        let mut bag = lock(&self.bag);
        if let Some(notice) = notice {
            put(&mut bag, notice);
        }
        let greeting = greeting(bag.seq).to_string().into_bytes();
        let place = bag.bytes.len();
        bag.arrivals.push(Arrival { outbox: Arc::clone(outbox), greeting, place });
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
        if outbox.deliver(bytes, Way::Never) == Delivery::Lags {
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

fn put(bag: &mut Bag, notice: &Block) {
    write!(bag.bytes, "{notice}").expect("BUG: a Vec takes all writes");
}

//! The mailbag and the postman: every message, once, in one order, to everyone.
//!
//! The naive room writes to every member's socket from the speaker's thread, under a lock: one member
//! that does not read stops them all. Here a speaker puts finished bytes into the bag, which takes a
//! moment, and goes on reading. One thread, the postman, takes the whole bag and writes it to each member
//! in one write, outside every lock. While he is on his round the bag fills again: the more is said, the
//! more he carries at a time, and nobody has to tune anything.
//!
//! The bag's lock is taken by every speaker and by the postman, never while something is written to a
//! socket. Whoever holds the registry's lock may take it, not the other way round.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::lock::{lock, wait};
use crate::server::outbox::{Delivery, FIRST_WAY, Outbox, Way};
use crate::wire::block::Block;
use crate::wire::name::Name;
use crate::wire::notice::Reason;

/// Speakers wait while the bag holds more than this. It bounds the memory, and by their sockets it slows
/// down the speakers themselves.
const FULL: usize = 256 * 1024;
/// How long after the room is closed the postman still carries what waits for those who read.
const LAST_ROUNDS: Duration = Duration::from_secs(2);
/// How soon the postman comes again to those who lag or are closing.
const REVISIT: Duration = Duration::from_millis(3);

/// The number of one of the postman's rounds. Round 0 was over before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round(u64);

/// The room: a mailbag and the bells that postman and speakers wait for.
#[derive(Debug)]
pub struct Room {
    bag: Mutex<Bag>,
    filled: Condvar,
    carried: Condvar,
}

#[derive(Debug, Default)]
struct Bag {
    /// What everybody is to read, in the room's order.
    bytes: Vec<u8>,
    arrivals: Vec<Arrival>,
    laggards: Vec<Arc<Outbox>>,
    /// The number of the last message.
    seq: u64,
    /// The round that will carry what is put into the bag now, and the last one that is over.
    filling: Round,
    carried: Round,
    /// When the room was closed.
    closed: Option<Instant>,
    postman_sleeps: bool,
    /// How many threads wait for the bag to be carried: nobody rings a bell that nobody hears.
    waiting: usize,
}

/// Somebody who reads from a certain place in the bag on.
#[derive(Debug)]
struct Arrival {
    outbox: Arc<Outbox>,
    greeting: Vec<u8>,
    place: usize,
}

/// What one client says in one go: finished blocks but for their Seq, which only the room can give.
#[derive(Debug, Default)]
pub struct Speeches {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Speeches {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a message: a SAID block without its first two lines. `text` has been checked.
    pub fn push(&mut self, time: &str, id: u64, name: &Name, text: &str) {
        write!(self.bytes, "Time: {time}\r\nID: {id}\r\nclientID: {name}\r\nText: {text}\r\n\r\n")
            .expect("BUG: a Vec takes all writes");
        self.ends.push(self.bytes.len());
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
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

/// The one thread that writes to all members.
#[derive(Debug)]
pub struct Postman {
    room: Arc<Room>,
    members: Vec<Arc<Outbox>>,
    /// Those he must visit again soon, members or not.
    laggards: Vec<Arc<Outbox>>,
    revisited: Instant,
    /// What he carries on this round.
    bytes: Vec<u8>,
    arrivals: Vec<Arrival>,
}

impl Postman {
    /// The postman of a room. It must have just one.
    pub fn new(room: Arc<Room>) -> Postman {
        Postman {
            room,
            members: Vec::new(),
            laggards: Vec::new(),
            revisited: Instant::now(),
            bytes: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// Carries round after round until the room is closed.
    pub fn run(mut self) {
        while let Some(round) = self.collect() {
            self.deliver();
            self.welcome();
            self.revisit();
            self.report(round);
        }
    }

    /// Takes the bag, when there is something in it or somebody must be visited again.
    fn collect(&mut self) -> Option<Round> {
        let mut bag = lock(&self.room.bag);
        while bag.bytes.is_empty() && bag.arrivals.is_empty() && bag.laggards.is_empty() {
            if bag.closed.is_some_and(|at| self.laggards.is_empty() || at.elapsed() > LAST_ROUNDS) {
                return None;
            }
            bag.postman_sleeps = true;
            if self.laggards.is_empty() {
                bag = wait(&self.room.filled, bag);
                continue;
            }
            let woken = self.room.filled.wait_timeout(bag, REVISIT);
            let (woken, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            bag = woken;
            if timeout.timed_out() {
                break;
            }
        }
        bag.postman_sleeps = false;
        self.bytes.clear();
        std::mem::swap(&mut self.bytes, &mut bag.bytes);
        self.arrivals.append(&mut bag.arrivals);
        self.laggards.append(&mut bag.laggards);
        let round = bag.filling;
        bag.filling = Round(round.0 + 1);
        Some(round)
    }

    /// One write for each member. The way is the plain one until the first full socket.
    fn deliver(&mut self) {
        self.members.retain(|member| !member.is_closed() && !member.has_left());
        if self.bytes.is_empty() {
            return;
        }
        let (bytes, laggards, mut way) = (&self.bytes, &mut self.laggards, FIRST_WAY);
        self.members.retain(|member| match member.deliver(bytes, way) {
            Delivery::Done => true,
            Delivery::Lags => {
                way = Way::Never;
                laggards.push(Arc::clone(member));
                true
            }
            Delivery::Closed => false,
        });
    }

    /// Newcomers get their greeting and what was put into the bag after their arrival.
    fn welcome(&mut self) {
        for Arrival { outbox, mut greeting, place } in self.arrivals.drain(..) {
            greeting.extend_from_slice(&self.bytes[place..]);
            let delivery = outbox.deliver(&greeting, Way::Never);
            outbox.greet();
            match delivery {
                Delivery::Closed => continue,
                Delivery::Lags => self.laggards.push(Arc::clone(&outbox)),
                Delivery::Done => {}
            }
            self.members.push(outbox);
        }
    }

    /// Those who lag or are closing, but not at every round: rounds may be very short.
    fn revisit(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.revisited) >= REVISIT {
            self.revisited = now;
            self.laggards.retain(|outbox| outbox.revisit(now));
        }
    }

    fn report(&self, round: Round) {
        let mut bag = lock(&self.room.bag);
        bag.carried = round;
        if bag.waiting > 0 {
            self.room.carried.notify_all();
        }
    }
}

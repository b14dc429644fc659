//! The postman: one thread that carries the room's bag to all members, round after round.
//!
//! He writes outside every lock but the outbox's of the member he is writing to, once for each member and
//! round. A member whose socket is full costs the others nothing: see [`outbox`](super::outbox).

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::cause::cause;
use crate::clock;
use crate::lock::{lock, wait};
use crate::server::history::{History, Replay};
use crate::server::journal::Journal;
use crate::server::outbox::{Delivery, FIRST_WAY, Outbox, Way};
use crate::server::printer::Printer;
use crate::server::room::{Bag, Errand, Room, What};
use crate::wire::answer::{Answer, Welcome};

/// How long after the room is closed the postman still carries what waits for those who read.
const LAST_ROUNDS: Duration = Duration::from_secs(2);
/// How soon the postman comes again to those who lag or are closing.
const REVISIT: Duration = Duration::from_millis(3);
/// How often it is told that the log cannot be written.
const COMPLAINT: Duration = Duration::from_secs(60);

/// The one thread that writes to all members.
#[derive(Debug)]
pub struct Postman {
    room: Arc<Room>,
    journal: Journal,
    history: History,
    printer: Arc<Printer>,
    /// When it was last told that the log cannot be written.
    complained: Option<Instant>,
    members: Vec<Arc<Outbox>>,
    /// Those he must visit again soon, members or not.
    laggards: Vec<Arc<Outbox>>,
    revisited: Instant,
    /// What he carries on this round.
    load: Bag,
    /// How many of the round's messages the history has.
    remembered: usize,
}

impl Postman {
    /// The postman of a room. It must have just one.
    pub fn new(
        room: Arc<Room>,
        journal: Journal,
        history: History,
        printer: Arc<Printer>,
    ) -> Postman {
        Postman {
            room,
            journal,
            history,
            printer,
            complained: None,
            members: Vec::new(),
            laggards: Vec::new(),
            revisited: Instant::now(),
            load: Bag::default(),
            remembered: 0,
        }
    }

    /// Carries round after round until the room is closed.
    pub fn run(mut self) {
        while self.collect() {
            self.log();
            self.deliver();
            self.run_errands();
            self.revisit();
            self.report();
        }
    }

    /// Takes the bag, when there is something in it or somebody must be visited again; `false` at the end.
    fn collect(&mut self) -> bool {
        let mut bag = lock(&self.room.bag);
        while bag.is_empty() {
            if bag.closed.is_some_and(|at| self.laggards.is_empty() || at.elapsed() > LAST_ROUNDS) {
                return false;
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
        bag.change(&mut self.load);
        if bag.waiting > 0 {
            self.room.carried.notify_all(); // there is room again
        }
        self.laggards.append(&mut self.load.laggards);
        self.remembered = 0;
        true
    }

    /// Before anyone hears: what was heard can be lost no more.
    fn log(&mut self) {
        let now = SystemTime::now();
        let messages = self.load.tails.len() as u64;
        let Err(error) = self.journal.append(&self.load.log, messages, &clock::stamp(now)) else {
            return;
        };
        if self.complained.is_none_or(|last| last.elapsed() >= COMPLAINT) {
            self.complained = Some(Instant::now());
            self.printer.line(format_args!("warning: cannot write the log: {}", cause(&error)));
        }
    }

    /// To those who are still there.
    fn deliver(&mut self) {
        self.members.retain(|member| !member.is_closed() && !member.has_left());
        if !self.load.bytes.is_empty() {
            carry(&self.load.bytes, &mut self.members, &mut self.laggards);
        }
    }

    /// What is for one client alone, each at its place among the messages. In the end the history has
    /// all of the round.
    fn run_errands(&mut self) {
        for Errand { outbox, what, place, seq } in std::mem::take(&mut self.load.errands) {
            self.remember(seq);
            match what {
                What::Greeting(welcome, since) => self.greet(outbox, welcome, since, place, seq),
                What::Recall { before, most } => {
                    let to = before.map_or(seq, |before| before.saturating_sub(1).min(seq));
                    let Replay { mut bytes, count, first, last } = self.history.replay(1, to, most);
                    let answer = Answer::HistoryAck { count, first, last };
                    bytes.extend_from_slice(answer.to_block().to_string().as_bytes());
                    if outbox.deliver(&bytes, Way::Never) == Delivery::Lags {
                        self.laggards.push(outbox);
                    }
                }
            }
        }
        self.remember(self.load.seq);
    }

    /// Puts the round's messages up to number `seq` into the history.
    fn remember(&mut self, seq: u64) {
        let load = &self.load;
        let before = load.seq - load.tails.len() as u64;
        while before + (self.remembered as u64) < seq {
            let tail = load.tails[self.remembered].clone();
            self.remembered += 1;
            self.history.push(before + self.remembered as u64, &load.bytes[tail]);
        }
    }

    fn greet(
        &mut self,
        outbox: Arc<Outbox>,
        welcome: Welcome,
        since: Option<u64>,
        place: usize,
        seq: u64,
    ) {
        let (replay, missed) = self.history.for_newcomer(since, seq);
        let answer = Answer::JoinAck(Welcome { seq, missed, ..welcome });
        let mut greeting = answer.to_block().to_string().into_bytes();
        greeting.extend_from_slice(&replay.bytes);
        greeting.extend_from_slice(&self.load.bytes[place..]);
        let delivery = outbox.deliver_freely(&greeting);
        outbox.greet();
        match delivery {
            Delivery::Closed => return,
            Delivery::Lags => self.laggards.push(Arc::clone(&outbox)),
            Delivery::Done => {}
        }
        self.members.push(outbox);
    }

    /// Those who lag or are closing, but not at every round: rounds may be very short.
    fn revisit(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.revisited) >= REVISIT {
            self.revisited = now;
            self.laggards.retain(|outbox| outbox.revisit(now));
        }
    }

    fn report(&self) {
        let mut bag = lock(&self.room.bag);
        bag.carried = self.load.filling;
        if bag.waiting > 0 {
            self.room.carried.notify_all();
        }
    }
}

/// One write for each member. The way is the plain one until the first full socket. Who lags is put on
/// the list of those to visit again, and whose connection is over is a member no more.
// LAB 4: carry it to everybody => for member in members { member.deliver(bytes, FIRST_WAY); }
fn carry(bytes: &[u8], members: &mut Vec<Arc<Outbox>>, laggards: &mut Vec<Arc<Outbox>>) {
    let mut way = FIRST_WAY;
    members.retain(|member| match member.deliver(bytes, way) {
        Delivery::Done => true,
        Delivery::Lags => {
            way = Way::Never;
            laggards.push(Arc::clone(member));
            true
        }
        Delivery::Closed => false,
    });
}

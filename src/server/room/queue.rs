//! The room's mailbag: every message, once, in one order, to everyone.
//!
//! The naive room writes to every member's socket from the speaker's thread, under a lock: one member
//! that does not read stops them all. Here a speaker puts finished bytes into the bag, which takes a
//! moment, and goes on reading. One thread, the [`broadcaster`](super::broadcaster), takes the whole bag and
//! writes it to each member in one write, outside every lock. While he is on his round the bag fills
//! again: the more is said, the more he carries at a time, and nobody has to tune anything.
//!
//! The bag's lock is taken by every speaker and by the postman, never while something is written to a
//! socket. Whoever holds the registry's lock may take it, not the other way round.

use std::io::Write;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::server::room::messages::MessageBatch;
use crate::server::room::outbox::{FIRST_MODE, Outbox, WriteMode, WriteOutcome};
use crate::sync::{lock, wait};
use crate::wire::block::Block;
use crate::wire::notification::{Reason, write_said_head};
use crate::wire::response::Welcome;

/// Speakers wait while the bag holds more than this. It bounds the memory, and by their sockets it slows
/// down the speakers themselves.
const FULL: usize = 256 * 1024;

/// The number of one of the postman's rounds. Round 0 was over before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchId(pub(crate) u64);

/// The room: a mailbag and the bells that postman and speakers wait for.
#[derive(Debug)]
pub struct Room {
    pub(crate) batch: Mutex<Batch>,
    pub(crate) filled: Condvar,
    pub(crate) delivered: Condvar,
}

/// What the postman carries on a round, and what waits for the next one.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What everybody is to read, in the room's order.
    pub(crate) bytes: Vec<u8>,
    /// What goes into the log before anybody reads it.
    pub(crate) log: Vec<u8>,
    /// Where the messages lie in `bytes`, without the lines that hold their numbers; the last one's number
    /// is `seq`.
    pub(crate) tails: Vec<Range<usize>>,
    pub(crate) unicasts: Vec<Unicast>,
    /// Those who lag or are closing: the postman must visit them soon.
    pub(crate) slow_consumers: Vec<Arc<Outbox>>,
    /// The number of the last message.
    pub(crate) seq: u64,
    /// The round that will carry what is put into the bag now, and the last one that is over.
    pub(crate) current: BatchId,
    pub(crate) delivered: BatchId,
    /// When the room was closed.
    pub(crate) closed: Option<Instant>,
    pub(crate) broadcaster_sleeps: bool,
    /// How many threads wait for the bag to be carried: nobody rings a bell that nobody hears.
    pub(crate) waiting: usize,
}

impl Batch {
    /// Whether there is nothing to carry.
    pub(crate) fn is_empty(&self) -> bool {
        let nothing = self.bytes.is_empty() && self.log.is_empty();
        nothing && self.unicasts.is_empty() && self.slow_consumers.is_empty()
    }

    /// Puts what somebody says behind all that is there, each message with the next number. `tails` gets
    /// where each block lies, without the lines that hold its number (the TYPE and `Seq`, which
    /// [`History`](super::history) puts before it again); the lines for the log go into `log`.
    // LAB 4: give each message its number and put it into the bag
    fn put(&mut self, messages: &MessageBatch) {
        for tail in messages.blocks() {
            self.seq += 1;
            write_said_head(&mut self.bytes, self.seq, false);
            let start = self.bytes.len();
            self.bytes.extend_from_slice(tail);
            self.tails.push(start..self.bytes.len());
        }
        self.log.extend_from_slice(messages.log());
    }

    /// Puts an arrival or a departure behind all that is there.
    fn put_notice(&mut self, notice: &Block) {
        write!(self.bytes, "{notice}").expect("BUG: a Vec takes all writes");
    }

    /// Gives what is in it to the postman, whose empty bag of the last round serves for the next one.
    pub(crate) fn change(&mut self, load: &mut Batch) {
        load.bytes.clear();
        load.log.clear();
        load.tails.clear();
        std::mem::swap(&mut load.bytes, &mut self.bytes);
        std::mem::swap(&mut load.log, &mut self.log);
        std::mem::swap(&mut load.tails, &mut self.tails);
        std::mem::swap(&mut load.unicasts, &mut self.unicasts);
        std::mem::swap(&mut load.slow_consumers, &mut self.slow_consumers);
        (load.seq, load.current) = (self.seq, self.current);
        self.current = BatchId(self.current.0 + 1);
    }
}

/// Something for one client alone, at a certain place in the bag.
#[derive(Debug)]
pub(crate) struct Unicast {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) kind: UnicastKind,
    /// How much of the bag lies before it, and the last message in that.
    pub(crate) place: usize,
    pub(crate) seq: u64,
}

/// What one client alone is told.
#[derive(Debug)]
pub(crate) enum UnicastKind {
    /// To a newcomer: its greeting, what was said after the message it has seen, and then all that is put
    /// into the bag from here on.
    Greeting(Welcome, Option<u64>),
    /// To one who asks: the last `most` messages `before` one.
    History { before: Option<u64>, most: u64 },
}

impl Room {
    /// A room in which `seq` messages have been said before.
    pub fn new(seq: u64) -> Room {
        let batch = Batch { current: BatchId(1), seq, ..Batch::default() };
        Room { batch: Mutex::new(batch), filled: Condvar::new(), delivered: Condvar::new() }
    }

    /// Says something to everyone in the room, all of it with nothing in between. Waits while the bag is
    /// full. A speaker who has been sent away meanwhile says nothing any more.
    pub fn say(&self, speaker: &Outbox, messages: &MessageBatch) -> BatchId {
        let mut batch = lock(&self.batch);
        while batch.bytes.len() > FULL {
            batch = self.wait_for_delivery(batch);
        }
        if speaker.has_left() {
            return batch.delivered;
        }
        batch.put(messages);
        self.filled(batch)
    }

    /// Tells everyone of an arrival or a departure, and the log. Never waits.
    pub fn announce(&self, notice: &Block, log: &str) {
        let mut batch = lock(&self.batch);
        batch.put_notice(notice);
        batch.log.extend_from_slice(log.as_bytes());
        self.filled(batch);
    }

    /// Tells the log alone.
    pub fn note(&self, log: &str) {
        let mut batch = lock(&self.batch);
        batch.log.extend_from_slice(log.as_bytes());
        self.filled(batch);
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
    ) -> BatchId {
        let mut batch = lock(&self.batch);
        if let Some(notice) = notice {
            batch.put_notice(notice);
        }
        batch.log.extend_from_slice(log.as_bytes());
        self.send_on(batch, outbox, UnicastKind::Greeting(welcome, since))
    }

    /// Has the postman tell one client the last `most` messages before message `before`, or before now.
    pub fn request_history(&self, outbox: &Arc<Outbox>, before: Option<u64>, most: u64) -> BatchId {
        self.send_on(lock(&self.batch), outbox, UnicastKind::History { before, most })
    }

    fn send_on(
        &self,
        mut batch: MutexGuard<Batch>,
        outbox: &Arc<Outbox>,
        kind: UnicastKind,
    ) -> BatchId {
        let (outbox, place, seq) = (Arc::clone(outbox), batch.bytes.len(), batch.seq);
        batch.unicasts.push(Unicast { outbox, kind, place, seq });
        self.filled(batch)
    }

    /// Waits until a round has been carried: answers that follow then come after it.
    pub fn wait_delivered(&self, round: BatchId) {
        if round == BatchId::default() {
            return;
        }
        let mut batch = lock(&self.batch);
        while batch.delivered < round && batch.closed.is_none() {
            batch = self.wait_for_delivery(batch);
        }
    }

    /// Writes to one member alone. One who is just coming in has to be greeted first.
    pub fn send_to(&self, outbox: &Arc<Outbox>, block: &Block) {
        let mut batch = lock(&self.batch);
        while !outbox.is_greeted() && !outbox.is_closed() && batch.closed.is_none() {
            batch = self.wait_for_delivery(batch);
        }
        drop(batch);
        self.send(outbox, block.to_string().as_bytes());
    }

    /// Writes to one client alone; what does not fit is left to the postman.
    pub fn send(&self, outbox: &Arc<Outbox>, bytes: &[u8]) {
        // To one outside the room nobody else writes, so nobody waits for the outbox.
        let mode = if outbox.is_greeted() { WriteMode::NonBlocking } else { FIRST_MODE };
        if outbox.deliver(bytes, mode) == WriteOutcome::Buffered {
            self.track_slow(outbox);
        }
    }

    /// Sends one client away with some last words.
    pub fn disconnect(&self, outbox: &Arc<Outbox>, reason: Reason, words: &[u8]) {
        if outbox.close(reason, words) {
            self.track_slow(outbox);
        }
    }

    /// Ends the postman's work after what is in the bag now.
    pub fn close(&self) {
        let mut batch = lock(&self.batch);
        batch.closed = Some(Instant::now());
        self.filled(batch);
    }

    fn track_slow(&self, outbox: &Arc<Outbox>) {
        let mut batch = lock(&self.batch);
        batch.slow_consumers.push(Arc::clone(outbox));
        self.filled(batch);
    }

    fn filled(&self, mut batch: MutexGuard<Batch>) -> BatchId {
        let round = batch.current;
        let asleep = std::mem::take(&mut batch.broadcaster_sleeps);
        drop(batch);
        if asleep {
            self.filled.notify_one();
        }
        round
    }

    fn wait_for_delivery<'a>(&self, mut batch: MutexGuard<'a, Batch>) -> MutexGuard<'a, Batch> {
        batch.waiting += 1;
        let mut batch = wait(&self.delivered, batch);
        batch.waiting -= 1;
        batch
    }
}

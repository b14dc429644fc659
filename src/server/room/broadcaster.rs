//! The postman: one thread that carries the room's bag to all members, round after round.
//!
//! He writes outside every lock but the outbox's of the member he is writing to, once for each member and
//! round. A member whose socket is full costs the others nothing: see [`outbox`](super::outbox).

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::clock;
use crate::io_error::cause;
use crate::server::printer::Printer;
use crate::server::room::history::{History, Replay};
use crate::server::room::journal::Journal;
use crate::server::room::outbox::{FIRST_MODE, Outbox, WriteMode, WriteOutcome};
use crate::server::room::queue::{Batch, Room, Unicast, UnicastKind};
use crate::sync::{lock, wait};
use crate::wire::response::{Response, Welcome};

/// How long after the room is closed the postman still carries what waits for those who read.
const LAST_ROUNDS: Duration = Duration::from_secs(2);
/// How soon the postman comes again to those who lag or are closing.
const REVISIT: Duration = Duration::from_millis(3);
/// How often it is told that the log cannot be written.
const COMPLAINT: Duration = Duration::from_secs(60);

/// The one thread that writes to all members.
#[derive(Debug)]
pub struct Broadcaster {
    room: Arc<Room>,
    journal: Journal,
    history: History,
    printer: Arc<Printer>,
    /// When it was last told that the log cannot be written.
    complained: Option<Instant>,
    members: Vec<Arc<Outbox>>,
    /// Those he must visit again soon, members or not.
    slow_consumers: Vec<Arc<Outbox>>,
    retried: Instant,
    /// What he carries on this round.
    load: Batch,
    /// How many of the round's messages the history has.
    remembered: usize,
}

impl Broadcaster {
    /// The postman of a room. It must have just one.
    pub fn new(
        room: Arc<Room>,
        journal: Journal,
        history: History,
        printer: Arc<Printer>,
    ) -> Broadcaster {
        Broadcaster {
            room,
            journal,
            history,
            printer,
            complained: None,
            members: Vec::new(),
            slow_consumers: Vec::new(),
            retried: Instant::now(),
            load: Batch::default(),
            remembered: 0,
        }
    }

    /// Carries round after round until the room is closed.
    pub fn run(mut self) {
        while self.collect() {
            self.log();
            self.deliver();
            self.deliver_unicasts();
            self.retry_slow();
            self.report();
        }
    }

    /// Takes the bag, when there is something in it or somebody must be visited again; `false` at the end.
    fn collect(&mut self) -> bool {
        let mut batch = lock(&self.room.batch);
        while batch.is_empty() {
            if batch
                .closed
                .is_some_and(|at| self.slow_consumers.is_empty() || at.elapsed() > LAST_ROUNDS)
            {
                return false;
            }
            batch.broadcaster_sleeps = true;
            if self.slow_consumers.is_empty() {
                batch = wait(&self.room.filled, batch);
                continue;
            }
            let woken = self.room.filled.wait_timeout(batch, REVISIT);
            let (woken, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            batch = woken;
            if timeout.timed_out() {
                break;
            }
        }
        batch.broadcaster_sleeps = false;
        batch.change(&mut self.load);
        if batch.waiting > 0 {
            self.room.delivered.notify_all(); // there is room again
        }
        self.slow_consumers.append(&mut self.load.slow_consumers);
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
            write_to_all(&self.load.bytes, &mut self.members, &mut self.slow_consumers);
        }
    }

    /// What is for one client alone, each at its place among the messages. In the end the history has
    /// all of the round.
    fn deliver_unicasts(&mut self) {
        for Unicast { outbox, kind, place, seq } in std::mem::take(&mut self.load.unicasts) {
            self.remember(seq);
            match kind {
                UnicastKind::Greeting(welcome, since) => {
                    self.greet(outbox, welcome, since, place, seq);
                }
                UnicastKind::History { before, most } => {
                    let to = before.map_or(seq, |before| before.saturating_sub(1).min(seq));
                    let Replay { mut bytes, count, first, last } = self.history.replay(1, to, most);
                    let answer = Response::HistoryAck { count, first, last };
                    bytes.extend_from_slice(answer.to_block().to_string().as_bytes());
                    if outbox.deliver(&bytes, WriteMode::NonBlocking) == WriteOutcome::Buffered {
                        self.slow_consumers.push(outbox);
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
        let answer = Response::JoinAck(Welcome { seq, missed, ..welcome });
        let mut greeting = answer.to_block().to_string().into_bytes();
        greeting.extend_from_slice(&replay.bytes);
        greeting.extend_from_slice(&self.load.bytes[place..]);
        let delivery = outbox.deliver_freely(&greeting);
        outbox.greet();
        match delivery {
            WriteOutcome::Closed => return,
            WriteOutcome::Buffered => self.slow_consumers.push(Arc::clone(&outbox)),
            WriteOutcome::Written => {}
        }
        self.members.push(outbox);
    }

    /// Those who lag or are closing, but not at every round: rounds may be very short.
    fn retry_slow(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.retried) >= REVISIT {
            self.retried = now;
            self.slow_consumers.retain(|outbox| outbox.retry_slow(now));
        }
    }

    fn report(&self) {
        let mut batch = lock(&self.room.batch);
        batch.delivered = self.load.current;
        if batch.waiting > 0 {
            self.room.delivered.notify_all();
        }
    }
}

/// One write for each member. The way is the plain one until the first full socket. Who lags is put on
/// the list of those to visit again, and whose connection is over is a member no more.
// LAB 4: carry it to everybody => for member in members { member.deliver(bytes, FIRST_MODE); }
fn write_to_all(
    bytes: &[u8],
    members: &mut Vec<Arc<Outbox>>,
    slow_consumers: &mut Vec<Arc<Outbox>>,
) {
    let mut mode = FIRST_MODE;
    members.retain(|member| match member.deliver(bytes, mode) {
        WriteOutcome::Written => true,
        WriteOutcome::Buffered => {
            mode = WriteMode::NonBlocking;
            slow_consumers.push(Arc::clone(member));
            true
        }
        WriteOutcome::Closed => false,
    });
}

//! The broadcaster: one thread that delivers the room's batches to all members, one after the other.
//!
//! It writes outside every lock but the outbox's of the member it is writing to, once for each member and batch. A
//! member whose socket is full costs the others nothing: see [`outbox`](super::outbox).
//!
//! The order of the calls in [`Broadcaster::run`] is the room's promise: a message is in the log before anybody
//! reads it, and every member reads the messages in the order of the log.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::clock;
use crate::io_error::cause;
use crate::server::printer::Printer;
use crate::server::room::batch::{Batch, Unicast, UnicastKind};
use crate::server::room::history::{History, Replay};
use crate::server::room::log::journal::Portion;
use crate::server::room::log::recorder::Recorder;
use crate::server::room::outbox::{Outbox, WriteOutcome};
use crate::server::room::pieces::Pieces;
use crate::server::room::queue::Room;
use crate::server::room::sealed_buffer::{FIRST_MODE, WriteMode};
use crate::wire::{LastSeen, Response, Welcome};

/// How soon slow and closing clients are served again.
const RETRY: Duration = Duration::from_millis(3);
/// How often the warning is printed that the log cannot be written.
const COMPLAINT: Duration = Duration::from_secs(60);

/// The one thread that writes to all members.
#[derive(Debug)]
pub struct Broadcaster {
    /// Where the batches come from.
    room: Arc<Room>,
    /// The log.
    recorder: Arc<Recorder>,
    /// The last messages, for newcomers.
    history: History,
    /// For the warning that the log cannot be written.
    printer: Arc<Printer>,
    /// When it was last printed that the log cannot be written.
    complained: Option<Instant>,
    /// The members of the room, in the order of joining.
    members: Vec<Arc<Outbox>>,
    /// Clients with bytes that wait, and clients that are closing, members or not.
    slow_consumers: Vec<Arc<Outbox>>,
    /// When the slow consumers were last served.
    retried: Instant,
    /// The batch that is being delivered.
    batch: Batch,
    /// How many of the batch's messages the history has.
    remembered: usize,
}

impl Broadcaster {
    /// Creates the broadcaster of a room, which must have only one.
    pub fn new(
        room: Arc<Room>,
        recorder: Arc<Recorder>,
        history: History,
        printer: Arc<Printer>,
    ) -> Broadcaster {
        Broadcaster {
            room,
            recorder,
            history,
            printer,
            complained: None,
            members: Vec::new(),
            slow_consumers: Vec::new(),
            retried: Instant::now(),
            batch: Batch::default(),
            remembered: 0,
        }
    }

    /// Delivers batch after batch until the room is closed.
    pub fn run(mut self) {
        while self.next_batch() {
            self.log();
            self.deliver();
            self.deliver_unicasts();
            self.retry_slow();
            self.room.set_delivered(self.batch.id);
        }
        self.recorder.close();
    }

    /// Takes the next batch, or an empty one when slow clients must be served again. Returns `false` at the end.
    fn next_batch(&mut self) -> bool {
        let retry = (!self.slow_consumers.is_empty()).then_some(RETRY);
        if !self.room.next_batch(&mut self.batch, retry) {
            return false;
        }
        self.slow_consumers.append(&mut self.batch.slow_consumers);
        self.remembered = 0;
        true
    }

    /// Appends the batch to the log, before anyone reads it: what was read is never lost.
    fn log(&mut self) {
        let lines = std::mem::take(&mut self.batch.log);
        let (messages, time) = (self.batch.tails.len() as u64, clock::stamp(SystemTime::now()));
        let mut portion = Portion { lines, messages, time, ..Portion::default() };
        let recorded = self.recorder.record(&mut portion);
        self.batch.log = portion.lines; // its memory serves again
        let Err(error) = recorded else { return };
        // The chat goes on without its log. A full disk would complain for every batch.
        if self.complained.is_none_or(|last| last.elapsed() >= COMPLAINT) {
            self.complained = Some(Instant::now());
            self.printer.line(format_args!("warning: cannot write the log: {}", cause(&error)));
        }
    }

    /// Writes the batch to those who are still members.
    fn deliver(&mut self) {
        self.members.retain(|member| !member.is_closed() && !member.has_left());
        if !self.batch.bytes.is_empty() {
            write_to_all(&self.batch.bytes, &mut self.members, &mut self.slow_consumers);
        }
    }

    /// Delivers what is for one client alone, each at its place among the messages. Afterwards the history holds the
    /// whole batch.
    fn deliver_unicasts(&mut self) {
        for Unicast { outbox, kind, place, seq } in std::mem::take(&mut self.batch.unicasts) {
            // A replay must hold the messages queued before it, and none of those after it.
            self.remember(seq);
            let outcome = match kind {
                UnicastKind::Greeting(welcome, since) => {
                    let outcome = self.greet(&outbox, *welcome, since.as_ref(), place, seq);
                    outbox.set_greeted();
                    self.members.push(Arc::clone(&outbox));
                    outcome
                }
                UnicastKind::History { before, most } => {
                    let to = before.map_or(seq, |before| before.saturating_sub(1).min(seq));
                    self.tell_history(&outbox, to, most)
                }
                UnicastKind::Piece => self.tell_piece(&outbox),
            };
            if outcome == WriteOutcome::Buffered {
                self.slow_consumers.push(outbox);
            }
        }
        self.remember(self.batch.seq);
    }

    /// Puts the batch's messages up to number `seq` into the history.
    fn remember(&mut self, seq: u64) {
        let batch = &self.batch;
        let before = batch.seq - batch.tails.len() as u64;
        while before + (self.remembered as u64) < seq {
            let tail = batch.tails[self.remembered].clone();
            self.remembered += 1;
            self.history.push(before + self.remembered as u64, &batch.bytes[tail]);
        }
    }

    /// Greets a client. Its greeting ends with the rest of this batch, which was written to the others before it was
    /// one of them; from the next batch on it reads what they read.
    fn greet(
        &mut self,
        outbox: &Outbox,
        welcome: Welcome,
        since: Option<&LastSeen>,
        place: usize,
        seq: u64,
    ) -> WriteOutcome {
        let (since, known) = self.history.resume(since, seq);
        let (replay, missed) = self.history.for_newcomer(since, seq, outbox.piece());
        let (log, since) = (self.history.log(), since.filter(|_| known));
        let answer = Response::JoinAck(Welcome { seq, missed, log, since, ..welcome });
        let mut greeting = answer.to_block().to_string().into_bytes();
        let free = greeting.len();
        greeting.extend_from_slice(&replay.bytes);
        let news = &self.batch.bytes[place..];
        let rest = replay.rest.map(|next| Pieces::new((next, replay.last), news.to_vec()));
        if rest.is_none() {
            greeting.extend_from_slice(news);
        }
        outbox.greet(greeting, free, rest)
    }

    /// Answers HISTORY with the last `most` messages up to number `to`.
    fn tell_history(&self, outbox: &Outbox, to: u64, most: u64) -> WriteOutcome {
        let Replay { mut bytes, count, first, last, .. } =
            self.history.replay(1, to, most, usize::MAX);
        let answer = Response::HistoryAck { count, first, last };
        bytes.extend_from_slice(answer.to_block().to_string().as_bytes());
        outbox.deliver(&bytes, WriteMode::NonBlocking)
    }

    /// Tells the next piece of a replay.
    fn tell_piece(&self, outbox: &Outbox) -> WriteOutcome {
        let Some((next, last)) = outbox.left() else { return WriteOutcome::Closed };
        outbox.next_piece(self.history.next_piece(next, last, outbox.piece()))
    }

    /// Serves slow and closing clients again, but not after every batch: in a busy room a batch takes microseconds.
    fn retry_slow(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.retried) >= RETRY {
            self.retried = now;
            self.slow_consumers.retain(|outbox| outbox.retry_slow(now));
        }
    }
}

/// Writes to every member once, in the usual mode until the first full socket and without waiting from then on. Puts
/// a member that has become slow on the list of those to serve again, and removes one whose connection is over.
// LAB 4: write to every member => for member in members { member.deliver(bytes, FIRST_MODE); }
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

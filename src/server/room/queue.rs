//! The room's queue: every message, once, in one order, to everyone.
//!
//! The naive room writes to every member's socket from the sender's thread, under a lock: one member that does not
//! read stops them all. Here a sender appends finished bytes to the current [`batch`](super::batch), which takes a
//! moment, and goes on reading. One thread, the [`broadcaster`](super::broadcaster), takes the whole batch and
//! writes it to each member in one write, outside every lock. Meanwhile the next batch fills: the busier the room,
//! the larger the batches, and nobody has to tune anything.
//!
//! The queue's lock is taken by every sender and by the broadcaster, never during a write to a socket. A thread that
//! holds the registry's lock may take the queue's; the other way round is forbidden.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::room::batch::{Batch, BatchId, Unicast, UnicastKind};
use crate::server::room::messages::MessageBatch;
use crate::server::room::outbox::{Outbox, WriteOutcome};
use crate::server::room::sealed_buffer::{FIRST_MODE, WriteMode};
use crate::sync::{lock, wait};
use crate::wire::{Block, LastSeen, Reason, Welcome};

/// Senders wait while the batch holds more than this. It bounds the memory, and TCP slows the senders down.
const FULL: usize = 256 * 1024;
/// How long after the room is closed the broadcaster still serves slow clients that read.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);

/// The room: a queue, and the two conditions that its threads wait for.
#[derive(Debug)]
pub struct Room {
    /// The batch that fills, under its lock.
    queue: Mutex<Queue>,
    /// Wakes the broadcaster: there is something to deliver.
    filled: Condvar,
    /// Wakes the senders: a batch was taken or delivered.
    progress: Condvar,
}

/// The batch that fills, and what the senders and the broadcaster have to know of each other.
#[derive(Debug, Default)]
struct Queue {
    /// The batch that fills.
    current: Batch,
    /// The last batch that was delivered.
    delivered: BatchId,
    /// When the room was closed.
    closed: Option<Instant>,
    /// Whether the broadcaster must be woken.
    broadcaster_sleeps: bool,
    /// How many threads wait for `progress`. Notifying nobody would cost a system call for each batch.
    waiting: usize,
}

/// For the clients' threads.
impl Room {
    /// Creates a room in which `seq` messages were said before.
    pub fn new(seq: u64) -> Room {
        let queue = Queue { current: Batch::first(seq), ..Queue::default() };
        Room { queue: Mutex::new(queue), filled: Condvar::new(), progress: Condvar::new() }
    }

    /// Says something to everyone in the room, with nothing in between. Waits while the batch is full. A sender that
    /// has left the room meanwhile says nothing any more.
    pub fn say(&self, sender: &Outbox, messages: &MessageBatch) -> BatchId {
        let mut queue = lock(&self.queue);
        while queue.current.bytes.len() > FULL {
            queue = self.wait_for_progress(queue);
        }
        // Asked under the lock: a connection that takes over the name sets this before it queues its own arrival.
        if sender.has_left() {
            return queue.delivered;
        }
        queue.current.put(messages);
        self.wake(queue)
    }

    /// Tells everyone of an arrival or a departure. Never waits.
    pub fn announce(&self, notice: &Block) -> BatchId {
        let mut queue = lock(&self.queue);
        queue.current.put_notice(Some(notice), "");
        self.wake(queue)
    }

    /// Writes to the log alone.
    pub fn note(&self, log: &str) {
        let mut queue = lock(&self.queue);
        queue.current.put_notice(None, log);
        self.wake(queue);
    }

    /// Lets a client in that has seen the messages up to `since`. It reads its welcome, what it has missed, and
    /// everything that is queued from here on.
    pub fn arrive(
        &self,
        outbox: &Arc<Outbox>,
        welcome: Welcome,
        since: Option<LastSeen>,
        log: &str,
    ) -> BatchId {
        let mut queue = lock(&self.queue);
        queue.current.put_notice(None, log);
        self.put_unicast(queue, outbox, UnicastKind::Greeting(Box::new(welcome), since))
    }

    /// How many messages were said after message `seq`.
    pub fn said_since(&self, seq: u64) -> u64 {
        lock(&self.queue).current.seq.saturating_sub(seq)
    }

    /// Queues the last `most` messages before message `before`, or before now, for one client.
    pub fn request_history(&self, outbox: &Arc<Outbox>, before: Option<u64>, most: u64) -> BatchId {
        self.put_unicast(lock(&self.queue), outbox, UnicastKind::History { before, most })
    }

    /// Takes a client's PONG. If it answers the PING behind a piece of a replay, queues the next piece.
    pub fn take_pong(&self, outbox: &Arc<Outbox>, token: &str) {
        if outbox.answers(token) {
            self.put_unicast(lock(&self.queue), outbox, UnicastKind::Piece);
        }
    }

    /// Queues something for one client, at the place that the batch has reached.
    fn put_unicast(
        &self,
        mut queue: MutexGuard<Queue>,
        outbox: &Arc<Outbox>,
        kind: UnicastKind,
    ) -> BatchId {
        let (outbox, place, seq) =
            (Arc::clone(outbox), queue.current.bytes.len(), queue.current.seq);
        queue.current.unicasts.push(Unicast { outbox, kind, place, seq });
        self.wake(queue)
    }

    /// Waits until a batch is delivered. Bytes that are written afterwards come after it.
    pub fn wait_delivered(&self, batch: BatchId) {
        if batch == BatchId::default() {
            return; // nothing was ever said: no need for the lock
        }
        let mut queue = lock(&self.queue);
        while queue.delivered < batch && queue.closed.is_none() {
            queue = self.wait_for_progress(queue);
        }
    }

    /// Waits until a batch is delivered, but no longer than `time`.
    pub fn wait_delivered_for(&self, batch: BatchId, time: Duration) {
        let mut queue = lock(&self.queue);
        queue.waiting += 1;
        let due = |queue: &mut Queue| queue.delivered < batch && queue.closed.is_none();
        let waited = self.progress.wait_timeout_while(queue, time, due);
        (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        queue.waiting -= 1;
    }

    /// Waits until all that is queued now is delivered, but no longer than `time`.
    pub fn wait_for_all(&self, time: Duration) {
        let queue = lock(&self.queue);
        let (id, is_empty) = (queue.current.id, queue.current.is_empty());
        drop(queue);
        self.wait_delivered_for(if is_empty { id.before() } else { id }, time);
    }

    /// Writes to one member alone. If it is just joining, waits until it is greeted.
    pub fn send_to(&self, outbox: &Arc<Outbox>, block: &Block) {
        let mut queue = lock(&self.queue);
        while !outbox.is_greeted() && !outbox.is_closed() && queue.closed.is_none() {
            queue = self.wait_for_progress(queue);
        }
        drop(queue);
        self.send(outbox, block.to_string().as_bytes());
    }

    /// Writes to one client alone. The broadcaster writes the rest if the socket is full.
    pub fn send(&self, outbox: &Arc<Outbox>, bytes: &[u8]) {
        // Outside the room only this thread writes to the client, so waiting a moment delays nobody.
        let mode = if outbox.is_greeted() { WriteMode::NonBlocking } else { FIRST_MODE };
        if outbox.deliver(bytes, mode) == WriteOutcome::Buffered {
            self.track_slow(outbox);
        }
    }

    /// Writes the last words of the server's own to one client. From here on it is relayed.
    pub fn relay(&self, outbox: &Arc<Outbox>, words: &[u8]) {
        if outbox.relay(words) == WriteOutcome::Buffered {
            self.track_slow(outbox);
        }
    }

    /// Ends one client's connection after some last words.
    pub fn disconnect(&self, outbox: &Arc<Outbox>, reason: Reason, words: &[u8]) {
        if outbox.close(reason, words) {
            self.track_slow(outbox);
        }
    }

    /// Closes the room: the broadcaster ends after what is queued now.
    pub fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = Some(Instant::now());
        self.wake(queue);
    }

    /// Puts a client on the broadcaster's list of those to serve again.
    fn track_slow(&self, outbox: &Arc<Outbox>) {
        let mut queue = lock(&self.queue);
        queue.current.slow_consumers.push(Arc::clone(outbox));
        self.wake(queue);
    }

    /// Wakes the broadcaster if it sleeps. Returns the batch that was filled.
    fn wake(&self, mut queue: MutexGuard<Queue>) -> BatchId {
        let (id, asleep) = (queue.current.id, std::mem::take(&mut queue.broadcaster_sleeps));
        drop(queue); // first, or the broadcaster would wake up and wait for the lock
        if asleep {
            self.filled.notify_one();
        }
        id
    }

    /// Waits until a batch was taken or delivered. The lock is free meanwhile.
    fn wait_for_progress<'a>(&self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        queue.waiting += 1;
        let mut queue = wait(&self.progress, queue);
        queue.waiting -= 1;
        queue
    }
}

/// For the broadcaster.
impl Room {
    /// Waits for something to deliver and puts it into `delivery`. With `retry` it waits no longer than that, for
    /// slow clients must be served again. Returns `false` when the room is closed and everything is delivered.
    pub(super) fn next_batch(&self, delivery: &mut Batch, retry: Option<Duration>) -> bool {
        let mut queue = lock(&self.queue);
        while queue.current.is_empty() {
            let over = |closed: Instant| retry.is_none() || closed.elapsed() > LAST_DELIVERIES;
            if queue.closed.is_some_and(over) {
                return false;
            }
            queue.broadcaster_sleeps = true;
            let Some(time) = retry else {
                queue = wait(&self.filled, queue);
                continue;
            };
            let woken = self.filled.wait_timeout(queue, time);
            let (woken, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            if timeout.timed_out() {
                break; // an empty batch: the broadcaster only retries
            }
        }
        queue.broadcaster_sleeps = false;
        queue.current.hand_over(delivery);
        self.notify_progress(&queue); // the next batch has room again
        true
    }

    /// Notes that a batch is delivered.
    pub(super) fn set_delivered(&self, batch: BatchId) {
        let mut queue = lock(&self.queue);
        queue.delivered = batch;
        self.notify_progress(&queue);
    }

    /// Wakes the threads that wait for progress, if there are any.
    fn notify_progress(&self, queue: &Queue) {
        if queue.waiting > 0 {
            self.progress.notify_all();
        }
    }
}

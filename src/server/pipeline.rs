//! The output of one read: the answers to its requests, and the messages in them, until they are written.
//!
//! A client may send many requests without waiting for an answer (pipelining, as in RFC 9112, section 9.3.2). All
//! that arrive in one read are executed before anything is written, so a busy client costs one write, and one visit
//! to the room's queue, for each read and not for each request.
//!
//! Two kinds of output are collected meanwhile: answers for this client, which its own thread writes, and messages
//! for the room, which the broadcaster writes. The client must read them in the order of its requests, although two
//! threads write to the same socket. Two rules hold the order:
//!
//! - Before an answer is collected, this client's messages are queued and delivered.
//! - Before the first message is collected, or the broadcaster is asked for a reply, the answers are written.
//!
//! So `SAY`, `PING`, `SAY` in one read gives the client `SAID`, `PONG`, `SAID`, and three `SAY`s are one write.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::clock;
use crate::server::connection::Connection;
use crate::server::room::{BatchId, MessageBatch, Outbox};
use crate::server::state::Server;
use crate::wire::request::code;
use crate::wire::{Block, Refusal, Text};

/// How many bytes of answers are collected before they are written.
const ANSWERS: usize = 32 * 1024;
/// How many times as long as a large portion took a client rests after it.
const REST: u32 = 3;

/// The answers and messages of one client that are not written yet.
pub struct Pipeline<'a> {
    server: &'a Server,
    outbox: Arc<Outbox>,
    /// Answers that are not written yet.
    answers: Vec<u8>,
    /// The client's messages since the last read, not yet in the room's queue.
    messages: MessageBatch,
    /// The batch that holds what the client said last, or the broadcaster's last reply to it.
    last_batch: BatchId,
}

impl<'a> Pipeline<'a> {
    /// Creates the empty pipeline of a connection.
    pub fn new(connection: &Connection<'a>) -> Pipeline<'a> {
        Pipeline {
            server: connection.server,
            outbox: Arc::clone(&connection.outbox),
            answers: Vec::new(),
            messages: MessageBatch::default(),
            last_batch: BatchId::default(),
        }
    }

    /// Collects an answer. It comes after everything that this client has said before it.
    pub fn answer(&mut self, block: &Block) {
        self.deliver();
        if block.write(&mut self.answers).is_err() {
            // It repeats something of the request, which was within the limits, and is itself beyond them.
            let refusal = Refusal::new(code::TOO_LONG, "the response would be too long");
            write!(self.answers, "{}", refusal.to_block("")).expect("BUG: a Vec takes all writes");
        }
        if self.answers.len() > ANSWERS {
            self.write_answers(); // small requests may have large answers
        }
    }

    /// Collects a message for everyone in the room.
    pub fn say(&mut self, connection: &Connection, text: &Text) {
        let Some((name, id)) = &connection.joined else { return };
        if self.messages.is_empty() {
            self.write_answers();
            self.messages.begin(&clock::stamp(SystemTime::now()), *id, name, connection.peer);
        }
        self.messages.push(text);
    }

    /// Notes that the broadcaster replies in this batch. The answers before it must be written already.
    pub fn expect(&mut self, batch: BatchId) {
        self.last_batch = batch;
    }

    /// Writes the answers and queues the messages that were collected.
    pub fn flush(&mut self) {
        self.write_answers();
        self.queue_messages();
    }

    /// The same before the next read, which may wait. A client whose last read has filled its buffer rests.
    pub fn settle(&mut self, is_full: bool) {
        let begun = Instant::now();
        self.flush();
        if is_full {
            self.rest(begun);
        }
    }

    /// Writes the answers that were collected, in one write.
    pub fn write_answers(&mut self) {
        if !self.answers.is_empty() {
            self.server.room.send(&self.outbox, &self.answers);
            self.answers.clear();
        }
    }

    /// Queues the messages that were collected, with nothing of other clients in between.
    fn queue_messages(&mut self) {
        if !self.messages.is_empty() {
            self.last_batch = self.server.room.say(&self.outbox, &self.messages);
            self.server.printer.lines(self.messages.lines(), self.messages.len());
            self.messages.clear();
        }
    }

    /// Queues the messages that were collected, and waits until everything that this client has said is delivered.
    pub fn deliver(&mut self) {
        self.queue_messages();
        self.wait_delivered();
    }

    /// Waits until everything that was queued for this client is delivered. Messages that are only collected stay
    /// unsaid: a disconnected client says nothing any more.
    pub fn wait_delivered(&self) {
        self.server.room.wait_delivered(self.last_batch);
    }

    /// The same, but no longer than `time`.
    pub fn wait_delivered_for(&self, time: Duration) {
        self.server.room.wait_delivered_for(self.last_batch, time);
    }

    /// Rests after a read that filled its buffer, for this client has more to say. It waits three times as long as
    /// its last portion took to deliver, and so uses a quarter of the broadcaster's time at most. The others get
    /// their turn, and their messages do not wait behind its own in every member's socket.
    fn rest(&self, begun: Instant) {
        self.wait_delivered();
        self.outbox.sleep(REST * begun.elapsed());
    }
}

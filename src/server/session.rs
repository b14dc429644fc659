//! One client's thread: requests in, answers out.
//!
//! All complete requests of one read are executed before anything is written, so that a busy client
//! costs one write and one visit to the mailbag per read, not per request.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::clock;
use crate::io_error::is_waiting;
use crate::net::Reader;
use crate::net::deadline::linger;
use crate::server::connection::Connection;
use crate::server::keepalive::{Keepalive, Next};
use crate::server::rate_limit::RateLimiter;
use crate::server::room::batch::BatchId;
use crate::server::room::journal;
use crate::server::room::messages::MessageBatch;
use crate::server::room::outbox::LINGER;
use crate::wire::block::{Block, MAX_REQUEST_LINES};
use crate::wire::framing::BlockReader;
use crate::wire::notification::{Notification, Reason};
use crate::wire::request::{self, Refusal, Request, code};
use crate::wire::response::Response;
use crate::wire::secret::Secret;
use crate::wire::text::Text;

/// How many bytes of answers may be collected before they are written.
const ANSWERS: usize = 32 * 1024;
/// How often the time a large portion took passes before the same client's next one.
const REST: u32 = 3;
/// The least a read may be told to wait; zero would mean for ever.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// What one client's thread knows.
pub struct Session<'a> {
    connection: Connection<'a>,
    keepalive: Keepalive,
    limiter: RateLimiter,
    /// What this client has said since the last read, not yet in the bag.
    messages: MessageBatch,
    /// The round that carries what it said last.
    spoken: BatchId,
    /// Answers that have not been written yet.
    answers: Vec<u8>,
}

type Flow = ControlFlow<Reason>;

impl<'a> Session<'a> {
    /// A session for a fresh connection.
    pub fn new(connection: Connection<'a>) -> Session<'a> {
        let options = &connection.server.options;
        let keepalive = Keepalive::new(Instant::now(), options.register_timeout, options.ping);
        let limiter = RateLimiter::new(options.rate, Instant::now());
        Session {
            connection,
            keepalive,
            limiter,
            messages: MessageBatch::default(),
            spoken: BatchId::default(),
            answers: Vec::new(),
        }
    }

    /// Serves the client until one of the two has enough; gives the reason.
    pub fn converse(&mut self) -> Reason {
        let outbox = Arc::clone(&self.connection.outbox);
        let mut reader = BlockReader::new(Reader::new(outbox.stream()), MAX_REQUEST_LINES);
        let mut next = self.check_keepalive();
        loop {
            if let Flow::Break(reason) = next {
                self.flush();
                return reason;
            }
            if !reader.holds_block(reader.get_ref().buffered()) {
                let begun = Instant::now();
                self.flush();
                if reader.get_ref().is_full() {
                    self.rest(begun);
                }
            }
            reader.get_mut().deadline = self.keepalive.deadline();
            let found = reader.read();
            // What a client that was sent away still had in its buffers is not executed.
            if outbox.is_closed() {
                return outbox.end().unwrap_or(Reason::Gone);
            }
            next = match found {
                Ok(Some(Ok(block))) => self.execute(&block),
                Ok(Some(Err(flaw))) => match request::refuse(flaw) {
                    Some((kind, refusal)) => self.answer(&refusal.to_block(&kind)),
                    None => Flow::Break(Reason::Gone),
                },
                Err(error) if is_waiting(&error) => {
                    thread::yield_now(); // to the postman, if it was he
                    self.check_keepalive()
                }
                Ok(None) | Err(_) => Flow::Break(Reason::Gone),
            };
        }
    }

    /// Nothing has come for a while (or the postman has just switched the socket, see [`Outbox`]): is
    /// there something to be done about it, and how long may the next read wait?
    fn check_keepalive(&mut self) -> Flow {
        match self.keepalive.next(Instant::now()) {
            Next::Drop => return Flow::Break(Reason::Timeout),
            Next::Wait(time) => {
                // It fails only on a socket that is gone, which the read will find out.
                let stream = self.connection.outbox.stream();
                let _ = stream.set_read_timeout(Some(time.max(LEAST_WAIT)));
            }
            Next::Ping => {
                self.write(&Notification::Ping { token: Some(Secret::random().to_string()) });
                return self.check_keepalive();
            }
        }
        Flow::Continue(())
    }

    /// Writes to this client, past the answers that are being collected.
    fn write(&self, notice: &Notification) {
        self.connection
            .server
            .room
            .send(&self.connection.outbox, notice.to_block().to_string().as_bytes());
    }

    /// Collects an answer. It will come after what this client has said before it.
    fn answer(&mut self, block: &Block) -> Flow {
        self.wait_delivered();
        if block.write(&mut self.answers).is_err() {
            // It repeats something that was within the limits, and is itself beyond them.
            let refusal = Refusal::new(code::TOO_LONG, "the response would be too long");
            write!(self.answers, "{}", refusal.to_block("")).expect("BUG: a Vec takes all writes");
        }
        if self.answers.len() > ANSWERS {
            self.write_answers(); // small requests may have large answers
        }
        Flow::Continue(())
    }

    /// Everything that was read is executed: out with what has come of it.
    fn flush(&mut self) {
        self.write_answers();
        self.speak();
    }

    fn write_answers(&mut self) {
        if !self.answers.is_empty() {
            self.connection.server.room.send(&self.connection.outbox, &self.answers);
            self.answers.clear();
        }
    }

    fn speak(&mut self) {
        if !self.messages.is_empty() {
            let Connection { server, outbox, .. } = &self.connection;
            self.spoken = server.room.say(outbox, &self.messages);
            server.printer.lines(self.messages.lines(), self.messages.len());
            self.messages.clear();
        }
    }

    /// One read did not hold all that this client wants. So that the others have their turn, and their
    /// words do not queue behind its own in every member's socket, it waits [`REST`] times as long as
    /// carrying this portion took: it can use a quarter of the postman's time, no more.
    fn rest(&self, begun: Instant) {
        self.connection.server.room.wait_delivered(self.spoken);
        self.connection.outbox.sleep(REST * begun.elapsed());
    }

    /// Waits until everything this client has said has been carried: what follows comes after it.
    fn wait_delivered(&mut self) {
        self.speak();
        self.connection.server.room.wait_delivered(self.spoken);
    }

    fn execute(&mut self, block: &Block) -> Flow {
        match self.request(block) {
            Ok(flow) => flow,
            Err(refusal) => self.answer(&refusal.to_block(block.kind())),
        }
    }

    /// Does what is asked for.
    fn request(&mut self, block: &Block) -> Result<Flow, Refusal> {
        let request = Request::parse(block, self.connection.joined.is_some())?;
        if matches!(request, Request::Say { .. } | Request::Tell { .. }) {
            self.limit_rate();
        }
        if self.connection.outbox.is_closed() {
            return Ok(Flow::Break(Reason::Gone)); // the true reason is known to the outbox
        }
        if !matches!(request, Request::Say { .. }) {
            self.wait_delivered();
        }
        let answer = match request {
            Request::Register { name, ip, port } => Some(self.connection.register(name, ip, port)?),
            Request::Bridge { name, peer, via } => {
                Some(self.connection.bridge(&name, peer.as_ref(), via)?)
            }
            Request::Info => Some(self.connection.info()),
            Request::Join { name, token, since } => {
                self.write_answers(); // the postman brings what follows
                self.spoken = self.connection.join(&name, token, since)?;
                None
            }
            Request::Say { text } => {
                self.say(&text);
                None
            }
            Request::History { before, last } => {
                self.write_answers();
                let Connection { server, outbox, .. } = &self.connection;
                self.spoken = server.room.request_history(outbox, before, last);
                None
            }
            Request::Tell { peer, text } => Some(self.connection.tell(&peer, &text)?),
            Request::Ping { token } => Some(Response::Pong { token }),
            Request::Pong { .. } => None,
            Request::Quit => return Ok(Flow::Break(Reason::Quit)),
        };
        self.heard();
        Ok(answer.map_or(Flow::Continue(()), |answer| self.answer(&answer.to_block())))
    }

    /// Whoever speaks too fast is not refused: its own thread sleeps, and meanwhile its requests wait in
    /// the socket, until TCP slows the sender down. Nothing is lost, and nobody else waits. This is what a
    /// thread for each client buys.
    fn limit_rate(&mut self) {
        let wait = self.limiter.next(Instant::now());
        if !wait.is_zero() {
            self.flush();
            self.connection.outbox.sleep(wait);
        }
    }

    /// A valid request has come.
    fn heard(&mut self) {
        if self.keepalive.heard(Instant::now(), self.connection.joined.is_some()) {
            // It was heard just now, so there is nothing to be done but to wait.
            let _ = self.check_keepalive();
        }
    }

    /// SAY: to everyone in the room. It goes into the bag with all that came with it.
    fn say(&mut self, text: &Text) {
        if self.messages.is_empty() {
            self.write_answers();
        }
        let Some((name, id)) = &self.connection.joined else { return };
        if self.messages.is_empty() {
            let (now, from) = (clock::stamp(SystemTime::now()), self.connection.peer);
            self.messages.begin(&now, *id, name, from);
        }
        self.messages.push(text);
    }

    /// Leaves the room and closes the connection, in a way that last words still arrive: our side is
    /// closed first, and what the client still sends is read and forgotten, because a socket that is
    /// closed with something unread in it takes back what was written.
    pub fn end(mut self, reason: Reason) {
        let Connection { server, outbox, joined, .. } = &mut self.connection;
        let member = joined.take();
        if let Some((name, _)) = &member {
            server.room.wait_delivered(self.spoken);
            outbox.leave();
            server.part(name, outbox, reason);
        }
        if member.is_some() && reason == Reason::Timeout {
            server.send_away(outbox, reason);
        } else {
            server.room.disconnect(outbox, reason, b"");
        }
        linger(outbox.stream(), LINGER);
        outbox.finish();
        if let Some((name, _)) = member {
            server.room.note(&journal::line(format_args!("Client {name} disconnected")));
        }
    }
}

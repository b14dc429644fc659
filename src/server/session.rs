//! One client's thread: requests in, answers out.
//!
//! All complete requests of one read are executed before anything is written, so that a busy client
//! costs one write and one visit to the mailbag per read, not per request.

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::cause::is_waiting;
use crate::clock;
use crate::intake::Intake;
use crate::server::guest::Guest;
use crate::server::journal;
use crate::server::outbox::LINGER;
use crate::server::pace::Pace;
use crate::server::patience::{Next, Patience};
use crate::server::room::Round;
use crate::server::speech::Speeches;
use crate::wire::answer::Answer;
use crate::wire::block::{Block, MAX_REQUEST_LINES};
use crate::wire::notice::{Notice, Reason};
use crate::wire::reader::BlockReader;
use crate::wire::request::{self, Refusal, Request, code};
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
    guest: Guest<'a>,
    patience: Patience,
    pace: Pace,
    /// What this client has said since the last read, not yet in the bag.
    speeches: Speeches,
    /// The round that carries what it said last.
    spoken: Round,
    /// Answers that have not been written yet.
    answers: Vec<u8>,
}

type Flow = ControlFlow<Reason>;

impl<'a> Session<'a> {
    /// A session for a fresh connection.
    pub fn new(guest: Guest<'a>) -> Session<'a> {
        let options = &guest.server.options;
        let patience = Patience::new(Instant::now(), options.register_timeout, options.ping);
        let pace = Pace::new(options.rate, Instant::now());
        Session {
            guest,
            patience,
            pace,
            speeches: Speeches::default(),
            spoken: Round::default(),
            answers: Vec::new(),
        }
    }

    /// Serves the client until one of the two has enough; gives the reason.
    pub fn converse(&mut self) -> Reason {
        let outbox = Arc::clone(&self.guest.outbox);
        let mut reader = BlockReader::new(Intake::new(outbox.stream()), MAX_REQUEST_LINES);
        let mut next = self.be_patient();
        loop {
            if let Flow::Break(reason) = next {
                self.hand_over();
                return reason;
            }
            if !reader.holds_block(reader.get_ref().buffered()) {
                let begun = Instant::now();
                self.hand_over();
                if reader.get_ref().is_full() {
                    self.rest(begun);
                }
            }
            reader.get_mut().deadline = self.patience.deadline();
            let found = reader.read();
            // What a client that was sent away still had in its buffers is not executed.
            if outbox.is_closed() {
                return outbox.end().unwrap_or(Reason::Gone);
            }
            next = match found {
                Ok(Some(Ok(block))) => self.execute(&block),
                Ok(Some(Err(flaw))) => match request::refuse_flaw(flaw) {
                    Some((kind, refusal)) => self.answer(&refusal.to_block(&kind)),
                    None => Flow::Break(Reason::Gone),
                },
                Err(error) if is_waiting(&error) => {
                    thread::yield_now(); // to the postman, if it was he
                    self.be_patient()
                }
                Ok(None) | Err(_) => Flow::Break(Reason::Gone),
            };
        }
    }

    /// Nothing has come for a while (or the postman has just switched the socket, see [`Outbox`]): is
    /// there something to be done about it, and how long may the next read wait?
    fn be_patient(&mut self) -> Flow {
        match self.patience.next(Instant::now()) {
            Next::Drop => return Flow::Break(Reason::Timeout),
            Next::Wait(time) => {
                // It fails only on a socket that is gone, which the read will find out.
                let stream = self.guest.outbox.stream();
                let _ = stream.set_read_timeout(Some(time.max(LEAST_WAIT)));
            }
            Next::Ping => {
                self.write(&Notice::Ping { token: Some(Secret::random().to_string()) });
                return self.be_patient();
            }
        }
        Flow::Continue(())
    }

    /// Writes to this client, past the answers that are being collected.
    fn write(&self, notice: &Notice) {
        self.guest.server.room.send(&self.guest.outbox, notice.to_block().to_string().as_bytes());
    }

    /// Collects an answer. It will come after what this client has said before it.
    fn answer(&mut self, block: &Block) -> Flow {
        self.settle();
        if block.write(&mut self.answers).is_err() {
            // It repeats something that was within the limits, and is itself beyond them.
            let refusal = Refusal::new(code::TOO_LONG, "the answer would be too long");
            write!(self.answers, "{}", refusal.to_block("")).expect("BUG: a Vec takes all writes");
        }
        if self.answers.len() > ANSWERS {
            self.write_answers(); // small requests may have large answers
        }
        Flow::Continue(())
    }

    /// Everything that was read is executed: out with what has come of it.
    fn hand_over(&mut self) {
        self.write_answers();
        self.speak();
    }

    fn write_answers(&mut self) {
        if !self.answers.is_empty() {
            self.guest.server.room.send(&self.guest.outbox, &self.answers);
            self.answers.clear();
        }
    }

    fn speak(&mut self) {
        if !self.speeches.is_empty() {
            let Guest { server, outbox, .. } = &self.guest;
            self.spoken = server.room.say(outbox, &self.speeches);
            server.printer.lines(self.speeches.lines(), self.speeches.len());
            self.speeches.clear();
        }
    }

    /// One read did not hold all that this client wants. So that the others have their turn, and their
    /// words do not queue behind its own in every member's socket, it waits [`REST`] times as long as
    /// carrying this portion took: it can use a quarter of the postman's time, no more.
    fn rest(&self, begun: Instant) {
        self.guest.server.room.settle(self.spoken);
        self.guest.outbox.sleep(REST * begun.elapsed());
    }

    /// Waits until everything this client has said has been carried: what follows comes after it.
    fn settle(&mut self) {
        self.speak();
        self.guest.server.room.settle(self.spoken);
    }

    fn execute(&mut self, block: &Block) -> Flow {
        match self.request(block) {
            Ok(flow) => flow,
            Err(refusal) => self.answer(&refusal.to_block(block.kind())),
        }
    }

    /// Does what is asked for.
    fn request(&mut self, block: &Block) -> Result<Flow, Refusal> {
        let request = Request::parse(block, self.guest.joined.is_some())?;
        if matches!(request, Request::Say { .. } | Request::Tell { .. }) {
            self.keep_pace();
        }
        if self.guest.outbox.is_closed() {
            return Ok(Flow::Break(Reason::Gone)); // the true reason is known to the outbox
        }
        if !matches!(request, Request::Say { .. }) {
            self.settle();
        }
        let answer = match request {
            Request::Register { name, ip, port } => Some(self.guest.register(name, ip, port)?),
            Request::Bridge { name, peer, via } => {
                Some(self.guest.bridge(&name, peer.as_ref(), via)?)
            }
            Request::Info => Some(self.guest.info()),
            Request::Join { name, token, since } => {
                self.write_answers(); // the postman brings what follows
                self.spoken = self.guest.join(&name, token, since)?;
                None
            }
            Request::Say { text } => {
                self.say(&text);
                None
            }
            Request::History { before, last } => {
                self.write_answers();
                let Guest { server, outbox, .. } = &self.guest;
                self.spoken = server.room.recall(outbox, before, last);
                None
            }
            Request::Tell { peer, text } => Some(self.guest.tell(&peer, &text)?),
            Request::Ping { token } => Some(Answer::Pong { token }),
            Request::Pong { .. } => None,
            Request::Quit => return Ok(Flow::Break(Reason::Quit)),
        };
        self.heard();
        Ok(answer.map_or(Flow::Continue(()), |answer| self.answer(&answer.to_block())))
    }

    /// Whoever speaks too fast is not refused: its own thread sleeps, and meanwhile its requests wait in
    /// the socket, until TCP slows the sender down. Nothing is lost, and nobody else waits. This is what a
    /// thread for each client buys.
    fn keep_pace(&mut self) {
        let wait = self.pace.next(Instant::now());
        if !wait.is_zero() {
            self.hand_over();
            self.guest.outbox.sleep(wait);
        }
    }

    /// A valid request has come.
    fn heard(&mut self) {
        if self.patience.heard(Instant::now(), self.guest.joined.is_some()) {
            // It was heard just now, so there is nothing to be done but to wait.
            let _ = self.be_patient();
        }
    }

    /// SAY: to everyone in the room. It goes into the bag with all that came with it.
    fn say(&mut self, text: &Text) {
        if self.speeches.is_empty() {
            self.write_answers();
        }
        let Some((name, id)) = &self.guest.joined else { return };
        if self.speeches.is_empty() {
            let (now, from) = (clock::stamp(SystemTime::now()), self.guest.peer);
            self.speeches.begin(&now, *id, name, from);
        }
        self.speeches.push(text);
    }

    /// Leaves the room and closes the connection, in a way that last words still arrive: our side is
    /// closed first, and what the client still sends is read and forgotten, because a socket that is
    /// closed with something unread in it takes back what was written.
    pub fn end(mut self, reason: Reason) {
        let Guest { server, outbox, joined, .. } = &mut self.guest;
        let member = joined.take();
        if let Some((name, _)) = &member {
            server.room.settle(self.spoken);
            outbox.leave();
            server.part(name, outbox, reason);
        }
        if member.is_some() && reason == Reason::Timeout {
            server.send_away(outbox, reason);
        } else {
            server.room.dismiss(outbox, reason, b"");
        }
        let (mut stream, end) = (outbox.stream(), Instant::now() + LINGER);
        let mut unread = vec![0; 4096];
        while Instant::now() < end {
            match stream.read(&mut unread) {
                Ok(0) => break,
                Err(error) if !is_waiting(&error) => break,
                Ok(_) | Err(_) => {}
            }
        }
        outbox.finish();
        if let Some((name, _)) = member {
            server.room.note(&journal::line(format_args!("Client {name} disconnected")));
        }
    }
}

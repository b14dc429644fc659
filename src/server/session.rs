//! One client's thread: requests in, answers out.
//!
//! The session reads, and decides for each block what happens: [`connection`](super::connection) executes a
//! request, the [`pipeline`](super::pipeline) collects what comes of it, and the [`keepalive`](super::keepalive)
//! rule says how long the next read may wait. The session ends when the client leaves, is silent for too long, or
//! is disconnected by another thread through its outbox.

use std::io::BufRead;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;
use crate::net::Reader;
use crate::net::deadline::linger;
use crate::server::connection::Connection;
use crate::server::keepalive::{Keepalive, Next};
use crate::server::pace::Pace;
use crate::server::pipeline::Pipeline;
use crate::server::relay::RelayPlace;
use crate::server::room::{LINGER, journal};
use crate::server::secure;
use crate::server::state::Server;
use crate::wire::request::{self, code};
use crate::wire::{
    Block, BlockReader, MAX_REQUEST_LINES, Name, Notification, PeerRef, Reason, Refusal, Request,
    Response, Secret, Via,
};

/// How long the end of a session waits for the room.
const LAST_DELIVERY: Duration = Duration::from_secs(3);

/// What a client without TLS is told by a server that wants it.
const TLS_REQUIRED: &str = "this server speaks TLS alone: it needs the class's key";
/// What a client is told whose TLS the server does not understand.
const NO_TLS: &str = "this is TLS, which a server without a key does not speak";

/// The state of one client's thread.
pub struct Session<'a> {
    /// Executes the requests.
    connection: Connection<'a>,
    /// How long it may be silent.
    keepalive: Keepalive,
    /// How long the next read may wait.
    wait: Duration,
    /// Whether it must speak TLS and does not.
    unprotected: bool,
    /// How fast it may go on.
    pace: Pace,
    /// The answers and messages that are not written yet.
    pipeline: Pipeline<'a>,
    /// Its place in a relay, once it has one.
    relayed: Option<RelayPlace>,
}

/// Whether the session goes on, or the reason why it ends.
type Flow = ControlFlow<Reason>;

impl<'a> Session<'a> {
    /// Creates the session of a fresh connection.
    pub fn new(connection: Connection<'a>) -> Session<'a> {
        let (options, now) = (&connection.server.options, Instant::now());
        let keepalive = Keepalive::new(now, options.register_timeout, options.ping);
        let pace = Pace::new(options.rate, connection.host.clone(), now);
        let pipeline = Pipeline::new(&connection);
        let (wait, unprotected, relayed) = (Duration::ZERO, false, None);
        Session { connection, keepalive, wait, unprotected, pace, pipeline, relayed }
    }

    /// Serves the client until one side ends the session. Returns the reason.
    pub fn run(&mut self) -> Reason {
        let outbox = Arc::clone(&self.connection.outbox);
        let mut reader = BlockReader::new(Reader::new(outbox.stream()), MAX_REQUEST_LINES);
        let mut next = self.begin(reader.get_mut());
        loop {
            if let Flow::Break(reason) = next {
                // The requests before the end count: their answers and messages are still written.
                self.pipeline.flush();
                return reason;
            }
            if let Some(place) = self.relayed.take() {
                place.run(reader.get_mut());
                return Reason::Gone;
            }
            // The next read of a block would wait: everything that was read is executed.
            if !reader.holds_block(reader.get_ref().buffered()) {
                self.pipeline.settle(reader.get_ref().is_full());
            }
            self.limit(reader.get_mut());
            let found = reader.read();
            // The requests that a disconnected client still had in its buffers must not be executed.
            if outbox.is_closed() {
                return outbox.end().unwrap_or(Reason::Gone);
            }
            next = match found {
                Ok(Some(Ok(block))) => self.execute(&block),
                Ok(Some(Err(error))) => match request::refuse(error) {
                    Some((kind, refusal)) => self.answer(&refusal.to_block(&kind)),
                    None => Flow::Break(Reason::Gone),
                },
                Err(error) if is_waiting(&error) => {
                    // Either the read has timed out, or the broadcaster has made the socket non-blocking for a
                    // moment: let it finish.
                    thread::yield_now();
                    self.check_keepalive()
                }
                Ok(None) | Err(_) => Flow::Break(Reason::Gone),
            };
        }
    }

    /// Waits for the client's first byte. If that begins TLS, makes the connection secure.
    fn begin(&mut self, reader: &mut Reader) -> Flow {
        let Server { key, options, .. } = self.connection.server;
        let is_tls = loop {
            self.check_keepalive()?;
            self.limit(reader);
            match reader.fill_buf() {
                Ok(bytes) => break secure::is_tls(bytes),
                Err(error) if is_waiting(&error) => thread::yield_now(), // as in `run`
                Err(_) => return Flow::Break(Reason::Gone),
            }
        };
        match key {
            Some(key) if is_tls => {
                let Connection { server, outbox, .. } = &self.connection;
                let secured = secure::secure(server, outbox, key, reader);
                secured.map_or(Flow::Break(Reason::Gone), Flow::Continue)
            }
            None if is_tls => {
                let refusal = Refusal::new(code::MALFORMED, NO_TLS);
                self.answer(&refusal.to_block(""))?;
                Flow::Break(Reason::Gone)
            }
            key => {
                self.unprotected = key.is_some() && !options.allow_plain;
                Flow::Continue(())
            }
        }
    }

    /// Asks the keepalive rule what to do about a silent client: wait, ping it, or end the session. The time to wait
    /// limits the next reads, so no timer and no second thread is needed.
    fn check_keepalive(&mut self) -> Flow {
        match self.keepalive.next(Instant::now()) {
            Next::Drop => return Flow::Break(Reason::Timeout),
            Next::Wait(time) => self.wait = time,
            Next::Ping => {
                let ping = Notification::Ping { token: Some(Secret::random().to_string()) };
                let Connection { server, outbox, .. } = &self.connection;
                server.room.send(outbox, ping.to_block().to_string().as_bytes());
                return self.check_keepalive(); // it now waits for the answer
            }
        }
        Flow::Continue(())
    }

    /// Sets how long the next read may wait, and when no byte helps any more.
    fn limit(&self, reader: &mut Reader) {
        reader.set_limit(Some(self.connection.server.registry.read_wait(self.wait)));
        reader.deadline = self.keepalive.deadline();
    }

    /// Collects an answer. The session goes on.
    fn answer(&mut self, block: &Block) -> Flow {
        self.pipeline.answer(block);
        Flow::Continue(())
    }

    /// Executes a request, or answers why not. A request that is refused changes nothing, and is no sign of life: see
    /// [`Keepalive::heard`].
    fn execute(&mut self, block: &Block) -> Flow {
        if self.unprotected {
            let refusal = Refusal::new(code::TLS_REQUIRED, TLS_REQUIRED);
            self.answer(&refusal.to_block(block.kind()))?;
            return Flow::Break(Reason::Gone);
        }
        match self.request(block) {
            Ok(flow) => flow,
            Err(refusal) => self.answer(&refusal.to_block(block.kind())),
        }
    }

    /// Parses a request, waits until its turn has come, and does what it asks for.
    fn request(&mut self, block: &Block) -> Result<Flow, Refusal> {
        let request = Request::parse(block, self.connection.joined.is_some())?;
        let wait = self.pace.next(&request, Instant::now());
        self.limit_rate(wait);
        // The client may have been sent away while the limiter slept.
        if self.connection.outbox.is_closed() {
            return Ok(Flow::Break(Reason::Gone)); // the outbox knows the true reason
        }
        if self.connection.unannounced
            && makes_heard(&request)
            && let Some(batch) = self.connection.announce()
        {
            self.pipeline.expect(batch);
        }
        if request == Request::Quit {
            self.pipeline.deliver();
            return Ok(Flow::Break(Reason::Quit));
        }
        let answer = self.perform(request)?;
        self.heard();
        Ok(answer.map_or(Flow::Continue(()), |answer| self.answer(&answer.to_block())))
    }

    /// Does what a request asks for. Most answers are made here at once; those that must stand at a certain place
    /// among the room's messages are left to the broadcaster. A PONG has no answer, so it does not wait for the room,
    /// which a stalled disk may hold up.
    fn perform(&mut self, request: Request) -> Result<Option<Response>, Refusal> {
        if !matches!(request, Request::Say { .. } | Request::Pong { .. }) {
            self.pipeline.deliver();
        }
        Ok(match request {
            Request::Register { name, ip, port } => Some(self.connection.register(name, ip, port)?),
            Request::Bridge { name, peer, via } => Some(self.bridge(&name, peer.as_ref(), via)?),
            Request::Info => {
                let listing = self.connection.info();
                self.pace.list(listing.len(), Instant::now());
                Some(Response::InfoAck(listing))
            }
            Request::Join { name, token, since, reachable } => {
                self.pipeline.write_answers(); // the broadcaster writes what follows
                let seen = since.as_ref().map(|since| since.seq);
                self.pipeline.expect(self.connection.join(&name, token, since, &reachable)?);
                let room = &self.connection.server.room;
                self.pace.replay(seen.map_or(0, |seq| room.said_since(seq)), Instant::now());
                None
            }
            Request::Say { text } => {
                self.pipeline.say(&self.connection, &text);
                None
            }
            Request::History { before, last } => {
                self.pipeline.write_answers(); // the broadcaster writes this reply, too
                self.pipeline.expect(self.connection.history(before, last));
                None
            }
            Request::Tell { peer, text } => Some(self.connection.tell(&peer, &text)?),
            Request::Ping { token } => Some(Response::Pong { token }),
            Request::Pong { token } => self.connection.pong(token.as_deref()),
            Request::Relay { name, proof } => {
                self.pipeline.write_answers(); // nothing may come after RELAYACK
                self.relayed = Some(self.connection.relay(&name, proof)?);
                None
            }
            Request::Quit => None,
        })
    }

    /// Introduces the client to a peer. If the peer must be told, that waits until its turn has come: whoever called
    /// it in a loop would fill its line.
    fn bridge(
        &mut self,
        name: &Name,
        peer: Option<&PeerRef>,
        via: Via,
    ) -> Result<Response, Refusal> {
        let (answer, call) = self.connection.bridge(name, peer, via)?;
        if let Some(call) = call {
            let wait = self.pace.call(call.member, Instant::now());
            self.limit_rate(wait);
            self.connection.call(&call);
        }
        Ok(answer)
    }

    /// Notes a valid request. Only such requests count as a sign of life.
    fn heard(&mut self) {
        if self.keepalive.heard(Instant::now(), self.connection.joined.is_some()) {
            let _ = self.check_keepalive(); // sets the new limit; nothing else is due just now
        }
    }

    /// Slows down a client that is too fast, instead of refusing it. Its own thread sleeps, its requests wait in the
    /// socket, and TCP's flow control (RFC 9293, 3.8) stops the sender. Nothing is lost, and nobody else waits. This
    /// is what a thread for each client buys.
    fn limit_rate(&mut self, wait: Duration) {
        if !wait.is_zero() {
            self.pipeline.flush();
            self.connection.outbox.sleep(wait);
        }
    }

    /// Leaves the room and closes the connection in a way that last words still arrive (see [`linger`]).
    ///
    /// The order counts. The client's messages are delivered before the others read that it has left, and the name is
    /// free only then; but a room that a stalled disk holds up keeps no name for a client that is gone. The broadcaster
    /// closes the socket if the client does not; meanwhile this thread reads on.
    pub fn end(mut self, reason: Reason) {
        let member = self.connection.joined.take();
        let Connection { server, outbox, .. } = &self.connection;
        if let Some((name, _)) = &member {
            self.pipeline.wait_delivered_for(LAST_DELIVERY);
            outbox.leave();
            server.part(name, outbox, reason, self.connection.host.as_deref());
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

/// Whether others hear of a client by this request: then they must know already that it is there.
fn makes_heard(request: &Request) -> bool {
    matches!(request, Request::Say { .. } | Request::Tell { .. } | Request::Bridge { .. })
}

//! The client's standing with the server: registering, joining, who else is in the room, coming back.
//! A state machine: blocks and the time go in, blocks and lines for the screen come out.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::connection::{ConnectionId, Writer};
use crate::client::event::{Events, LinkEvent};
use crate::client::link;
use crate::client::room::Room;
use crate::client::terminal::Screen;
use crate::clock;
use crate::wire::answer::{Answer, Welcome};
use crate::wire::block::Block;
use crate::wire::entry::{Entry, Vouch};
use crate::wire::name::Name;
use crate::wire::notice::{Notice, Reason};
use crate::wire::request::{Request, Via};
use crate::wire::secret::Secret;
use crate::wire::text::{Text, escape};

/// How long the server may take to answer REGISTER or JOIN.
const ANSWER: Duration = Duration::from_secs(5);
/// The pauses before connecting again: the first, doubled each time up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// How much may be said before the connection has taken it.
const UNWRITTEN: usize = 128;

/// What the rest of the client must know.
#[derive(Debug)]
pub enum News {
    /// The answer to what the user has asked for.
    Answer(Answer),
    /// Somebody was given our address and is about to use it.
    Call(Entry, Vouch),
    /// The name cannot be had; the server's sentence.
    NameRefused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No connection, until the time in `until` (for ever without one).
    Offline,
    Connecting,
    Registering,
    Joining,
    Joined,
    /// Registered with one of the assignments' servers: it has no room, and one connection a request.
    Modest,
}

/// The client's standing with the server.
pub struct Membership {
    server: String,
    events: Events,
    stage: Stage,
    /// When something must happen next: an answer come, a connection tried again.
    until: Option<Instant>,
    pause: Duration,
    link: Option<ConnectionId>,
    writer: Option<Writer>,
    /// What a server without a room is to be asked, on the next connection.
    errand: Option<Request>,
    name: Option<Name>,
    port: u16,
    /// Our address on the connection to the server, then the one that the server has recorded.
    ip: IpAddr,
    id: u64,
    token: Option<Secret>,
    room: Room,
    /// How much was said that the connection has not taken yet.
    unwritten: usize,
    /// The server's absence has been told.
    told: bool,
    /// The first attempt has come to an end, good or bad.
    settled: bool,
}

impl Membership {
    /// Nobody yet, for a client that listens at `own`.
    pub fn new(server: String, own: SocketAddr, events: Events) -> Membership {
        Membership {
            server,
            events,
            stage: Stage::Offline,
            until: None,
            pause: FIRST_PAUSE,
            link: None,
            writer: None,
            errand: None,
            name: None,
            port: own.port(),
            ip: own.ip(),
            id: 0,
            token: None,
            room: Room::new(clock::local_offset()),
            unwritten: 0,
            told: false,
            settled: false,
        }
    }

    /// Takes a name and goes to the server with it.
    pub fn begin(&mut self, name: Name) {
        (self.name, self.settled) = (Some(name), false);
        self.connect();
    }

    /// The name, once there is one.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// The ID that the server has given, or 0.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Where others can reach us, as far as we know.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Gives up a name that cannot be had.
    pub fn forget_name(&mut self) {
        self.name = None;
    }

    /// The room, as far as we have seen it.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Whether we are in the room.
    pub fn is_joined(&self) -> bool {
        self.stage == Stage::Joined
    }

    /// Whether there is no connection to the server.
    pub fn is_offline(&self) -> bool {
        self.stage == Stage::Offline
    }

    /// Whether what is typed must wait: until the first attempt to join has come to its end, and while
    /// the connection has not taken what was said before.
    pub fn is_busy(&self) -> bool {
        (!self.settled && self.name.is_some()) || self.unwritten >= UNWRITTEN
    }

    /// Whether all that was said has been heard back, or never will be.
    pub fn is_quiet(&self) -> bool {
        self.room.is_quiet() || self.stage != Stage::Joined
    }

    /// When [`Membership::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Says something to the room.
    ///
    /// # Errors
    /// The sentence that tells why it was not said.
    pub fn say(&mut self, text: &Text) -> Result<(), String> {
        let block = Request::Say { text: text.clone() }.to_block();
        match (&self.writer, self.stage) {
            (Some(writer), Stage::Joined) if writer.text(&block) => {
                self.unwritten += 1;
                self.room.spoke(text.as_str());
                Ok(())
            }
            (_, Stage::Modest) => Err("this server has no room".to_owned()),
            (_, Stage::Joined) => Err(format!("the server is too slow; not said: {text}")),
            _ => Err(format!("not connected to the server; not said: {text}")),
        }
    }

    /// Asks the server for something. A server without a room is asked on a connection of its own, for
    /// what it knows.
    ///
    /// # Errors
    /// The sentence that tells why it was not asked.
    pub fn ask(&mut self, request: Request) -> Result<(), String> {
        match (&self.writer, self.stage) {
            (Some(writer), Stage::Joined) if writer.block(&request.to_block()) => Ok(()),
            (_, Stage::Modest) => {
                let known = matches!(request, Request::Info | Request::Bridge { peer: None, .. });
                if !known {
                    return Err("this server has no room".to_owned());
                }
                self.errand = Some(request);
                self.link = Some(link::open(&self.server, &self.events));
                Ok(())
            }
            _ => Err("not connected to the server".to_owned()),
        }
    }

    /// Registers again: on a connection that stands, or by trying at once to make one.
    ///
    /// # Errors
    /// The sentence that tells why nothing is sent.
    pub fn register(&mut self) -> Result<(), String> {
        match self.stage {
            Stage::Joined => self.ask(self.registration().ok_or("you have no name yet")?),
            Stage::Modest => {
                // Some of the assignments' servers count a second client.
                Err("you are registered already; nothing was sent".to_owned())
            }
            Stage::Offline => {
                self.told = false;
                self.settled = false;
                self.connect();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says goodbye. What was said before is still written.
    pub fn quit(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.block(&Request::Quit.to_block());
        }
        (self.stage, self.until) = (Stage::Offline, None);
    }

    /// A text has been taken by the connection.
    pub fn written(&mut self, id: ConnectionId) {
        if self.link == Some(id) {
            self.unwritten = self.unwritten.saturating_sub(1);
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant, screen: &mut Screen) {
        if self.until.is_none_or(|until| until > now) {
            return;
        }
        if self.stage == Stage::Offline {
            self.connect();
        } else {
            self.lose("it does not answer", screen);
        }
    }

    fn connect(&mut self) {
        self.stage = Stage::Connecting;
        self.until = None; // connecting has a limit of its own
        self.link = Some(link::open(&self.server, &self.events));
    }

    /// Takes what has happened to a connection to the server.
    pub fn event(
        &mut self,
        id: ConnectionId,
        event: LinkEvent,
        screen: &mut Screen,
    ) -> Option<News> {
        if self.link != Some(id) {
            return None; // from a connection that was given up
        }
        if self.stage == Stage::Modest {
            return self.run_errand(event);
        }
        match event {
            LinkEvent::Up(writer, own) => {
                self.ip = own;
                if let Some(request) = self.registration() {
                    writer.block(&request.to_block());
                }
                self.writer = Some(writer);
                self.await_answer(Stage::Registering);
                None
            }
            LinkEvent::Block(block) => self.block(&block, screen),
            LinkEvent::Nonsense => {
                screen.line("the server has sent something that is no block");
                None
            }
            LinkEvent::Down(cause) => {
                self.lose(
                    &cause.unwrap_or_else(|| "it has closed the connection".to_owned()),
                    screen,
                );
                None
            }
        }
    }

    /// One request on a connection of its own, to a server without a room.
    fn run_errand(&mut self, event: LinkEvent) -> Option<News> {
        match event {
            LinkEvent::Up(writer, _) => {
                if let Some(request) = &self.errand {
                    writer.block(&request.to_block());
                }
                self.writer = Some(writer);
                None
            }
            LinkEvent::Block(block) => {
                self.writer = None;
                self.errand.take().and(Answer::parse(&block)).map(News::Answer)
            }
            LinkEvent::Nonsense => None,
            LinkEvent::Down(cause) => {
                (self.writer, self.link) = (None, None);
                let about = self.errand.take()?.to_block().kind().to_owned();
                let message = cause.unwrap_or_else(|| "the server has not answered".to_owned());
                Some(News::Answer(Answer::Error { about, code: String::new(), message }))
            }
        }
    }

    fn registration(&self) -> Option<Request> {
        let name = self.name.clone()?;
        Some(Request::Register { name, ip: Some(self.ip), port: self.port })
    }

    fn await_answer(&mut self, stage: Stage) {
        self.stage = stage;
        self.until = Some(Instant::now() + ANSWER);
    }

    /// The connection is over: told once, then tried again with growing pauses.
    fn lose(&mut self, cause: &str, screen: &mut Screen) {
        if !std::mem::replace(&mut self.told, true) {
            let lost = if self.stage == Stage::Joined { "lost" } else { "cannot reach" };
            screen.line(format_args!("{lost} the server {}: {cause}; trying again", self.server));
        }
        self.drop_link();
        self.until = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }

    /// Leaves the server for good, unless the user registers again.
    fn stay_away(&mut self) {
        self.drop_link();
        self.until = None;
    }

    fn drop_link(&mut self) {
        (self.writer, self.link, self.unwritten) = (None, None, 0);
        self.stage = Stage::Offline;
        self.settled = true;
    }

    /// A block from the server.
    fn block(&mut self, block: &Block, screen: &mut Screen) -> Option<News> {
        if let Some(notice) = Notice::parse(block) {
            return self.notice(notice, screen);
        }
        let Some(answer) = Answer::parse(block) else {
            let kind = block.kind();
            screen.line(format_args!("the server has sent a {kind} that makes no sense"));
            return None;
        };
        match (answer, self.stage) {
            (Answer::RegAck { address, room, .. }, Stage::Registering) => {
                self.registered(address, room, screen);
            }
            (Answer::Error { code, message, .. }, Stage::Registering | Stage::Joining) => {
                return self.refused(&code, &message, screen);
            }
            (Answer::JoinAck(welcome), Stage::Joining) => self.joined(welcome, screen),
            (Answer::Error { about, message, .. }, _) if about == "SAY" => {
                self.room.refused(&message, screen);
            }
            (answer, _) => return Some(News::Answer(answer)),
        }
        None
    }

    /// What the server says unasked.
    fn notice(&mut self, notice: Notice, screen: &mut Screen) -> Option<News> {
        match notice {
            Notice::Said { seq, time, name, text, .. } => {
                let own = self.name.as_ref() == Some(&name);
                self.room.said((seq, &time, &name, &text), own, screen);
            }
            Notice::Told { time, name, text, .. } => {
                self.room.told(&time, &name, &text, screen);
            }
            Notice::Joined(entry) => self.room.arrived(entry, self.id, screen),
            Notice::Left { id, name, reason } => {
                self.room.left(id, &name, reason, screen);
            }
            Notice::Call { caller, via: Via::Tcp, vouch } => {
                return Some(News::Call(caller, vouch));
            }
            Notice::Call { .. } => {} // datagrams are not built yet
            Notice::Ping { token } => {
                // A queue that is full has enough to show that we are there.
                let _ = self.writer.as_ref().map(|w| w.block(&Request::Pong { token }.to_block()));
            }
            Notice::Bye { reason } => self.dismissed(reason, screen),
        }
        None
    }

    fn registered(&mut self, address: SocketAddr, room: bool, screen: &mut Screen) {
        self.ip = address.ip();
        if !room {
            (self.stage, self.until, self.settled) = (Stage::Modest, None, true);
            self.writer = None; // one connection a request
            screen.line(format_args!("registered at {address}; this server has no room"));
            screen.line(format_args!("Your public IP: {}", address.ip()));
            return;
        }
        self.join();
    }

    fn join(&mut self) {
        let (Some(name), Some(writer)) = (self.name.clone(), &self.writer) else { return };
        let request = Request::Join { name, token: self.token, since: self.room.seen };
        writer.block(&request.to_block());
        self.await_answer(Stage::Joining);
    }

    fn refused(&mut self, code: &str, message: &str, screen: &mut Screen) -> Option<News> {
        match (code, self.stage) {
            // Our own connection, half dead: the token takes it over.
            ("name-taken", Stage::Registering) if self.token.is_some() => self.join(),
            ("name-taken" | "bad-name", _) => {
                self.stay_away();
                return Some(News::NameRefused(message.to_owned()));
            }
            ("bad-port", _) => {
                screen.line(format_args!("the server refuses to register us: {}", escape(message)));
                self.stay_away();
            }
            _ => self.lose(&escape(message), screen),
        }
        None
    }

    fn joined(&mut self, welcome: Welcome, screen: &mut Screen) {
        let Welcome { id, token, seq, missed, message, others, .. } = welcome;
        let before = std::mem::replace(&mut self.id, id);
        (self.stage, self.until, self.pause) = (Stage::Joined, None, FIRST_PAUSE);
        (self.settled, self.told, self.token) = (true, false, Some(token));
        screen.line(escape(&message));
        match before {
            0 => {
                screen.line(format_args!("Your ID: {id}"));
                screen.line(format_args!("Your public IP: {}", self.ip));
            }
            before if before != id => screen.line(format_args!("Your ID: {id} (was {before})")),
            _ => {}
        }
        self.room.enter(others, seq, missed, screen);
    }

    fn dismissed(&mut self, reason: Option<Reason>, screen: &mut Screen) {
        match reason {
            Some(Reason::Kicked) => screen.line("the server has sent you away (kicked)"),
            Some(Reason::Replaced) => screen.line("you have joined from elsewhere (replaced)"),
            reason => {
                let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
                return self.lose(&format!("it said goodbye{reason}"), screen);
            }
        }
        self.stay_away();
    }
}

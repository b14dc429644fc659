//! The session with the server: registering, joining, coming back.
//!
//! A state machine over [`LinkState`]: each method handles one thing and sets the next state, and none waits. The
//! server's blocks are taken apart in [`incoming`](super::incoming).

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use crate::client::event::Events;
use crate::client::net::{ConnectionId, Writer};
use crate::client::rendezvous::backoff::Backoff;
use crate::client::rendezvous::compat::Exchange;
use crate::client::rendezvous::connection;
use crate::client::rendezvous::link::{Link, LinkState, Stage};
use crate::client::rendezvous::patience::{ANSWER, GHOST, Patience};
use crate::client::rendezvous::room::RoomView;
use crate::client::ui::Screen;
use crate::clock;
use crate::wire::request::code;
use crate::wire::{Name, Reason, Request, Secret, Text, Welcome, compat};

/// The session with the server.
pub struct ServerSession {
    /// The server, as `HOST:PORT`.
    pub server: String,
    /// The way to the loop, for the threads of connections.
    events: Events,
    /// How far the connection has come.
    pub(super) link: LinkState,
    /// This client's name, once it has one.
    pub name: Option<Name>,
    port: u16,
    /// This client's address on the connection to the server, then the one that the server has recorded.
    ip: IpAddr,
    /// The ID that the server has given, or 0.
    pub id: u64,
    /// The secret for coming back under the same name and ID.
    token: Option<Secret>,
    /// The room, as far as this client has seen it.
    pub room: RoomView,
    backoff: Backoff,
    patience: Patience,
    /// Whether the user knows that the server is away.
    told: bool,
    /// Whether the first attempt is over, good or bad.
    settled: bool,
}

impl ServerSession {
    /// No session yet, for a client that listens at `own`.
    pub fn new(server: String, own: SocketAddr, events: Events) -> ServerSession {
        ServerSession {
            server,
            events,
            link: LinkState::Offline(None),
            name: None,
            port: own.port(),
            ip: own.ip(),
            id: 0,
            token: None,
            room: RoomView::new(clock::local_offset()),
            backoff: Backoff::default(),
            patience: Patience::default(),
            told: false,
            settled: false,
        }
    }

    /// Takes a name and goes to the server with it.
    pub fn begin(&mut self, name: Name) {
        (self.name, self.settled) = (Some(name), false);
        self.connect();
    }

    /// Whether `id` is the connection to the server.
    pub fn is_link(&self, id: ConnectionId) -> bool {
        self.link.id() == Some(id)
    }

    /// The state of the session in a word, for the page.
    pub fn status(&self) -> &'static str {
        match self.link {
            LinkState::Legacy(_) => "no room",
            _ if self.is_joined() => "joined",
            _ if self.told => "lost",
            _ => "connecting",
        }
    }

    /// The address where others can reach this client, as far as it knows.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Whether this client is in the room.
    pub fn is_joined(&self) -> bool {
        self.link.stage() == Some(Stage::Joined)
    }

    /// Whether there is no connection to the server.
    pub fn is_offline(&self) -> bool {
        matches!(self.link, LinkState::Offline(_))
    }

    /// Whether the first attempt to join is under way: what is typed must wait for its end.
    pub fn is_starting(&self) -> bool {
        !self.settled && self.name.is_some()
    }

    /// Whether the connection has not taken what was said before: the next text must wait.
    pub fn is_full(&self) -> bool {
        matches!(&self.link, LinkState::Up(link) if link.is_full())
    }

    /// How many texts for the room may still come back.
    pub fn unheard(&self) -> usize {
        if self.is_joined() { self.room.unheard() } else { 0 }
    }

    /// When [`ServerSession::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.link.deadline()
    }

    /// Says a text to the room, or tells the user why not.
    pub fn say(&mut self, text: &Text, screen: &mut Screen) {
        match &mut self.link {
            LinkState::Up(link) if link.stage == Stage::Joined => {
                if link.say(&Request::Say { text: text.clone() }.to_block()) {
                    self.room.spoke(text.as_str());
                } else {
                    screen.line(format_args!("the server is too slow; not sent: {text}"));
                }
            }
            LinkState::Legacy(_) => screen.line("this server has no room"),
            _ => screen.line(format_args!("not connected to the server; not sent: {text}")),
        }
    }

    /// Sends a request. A server without a room gets it on a connection of its own, if it knows such a request.
    ///
    /// # Errors
    /// The sentence that tells why nothing is sent.
    pub fn ask(&mut self, request: Request) -> Result<(), String> {
        let joined = self.is_joined();
        match &mut self.link {
            LinkState::Up(link) if joined && link.send(&request.to_block()) => Ok(()),
            LinkState::Legacy(exchange) if Exchange::is_known(&request) => {
                *exchange = Some(Exchange::begin(&self.server, &self.events, request)?);
                Ok(())
            }
            LinkState::Legacy(_) => Err("this server has no room".to_owned()),
            _ => Err("not connected to the server".to_owned()),
        }
    }

    /// Registers again: on the connection that stands, or by connecting at once.
    ///
    /// # Errors
    /// The sentence that tells why nothing is sent.
    pub fn register(&mut self) -> Result<(), String> {
        match self.link {
            // Some of the assignments' servers count a second registration as a second client.
            LinkState::Legacy(_) => Err("you are already registered; nothing was sent".to_owned()),
            LinkState::Offline(_) => {
                (self.told, self.settled) = (false, false);
                self.connect();
                Ok(())
            }
            _ if self.is_joined() => self.ask(self.registration().ok_or("you have no name yet")?),
            _ => Ok(()),
        }
    }

    /// Leaves the server. Everything said before is still written; texts that have not come back are reported.
    pub fn quit(&mut self, screen: &mut Screen) {
        self.room.close(screen);
        if let Some(link) = self.link.link().filter(|link| link.has_room()) {
            link.send(&Request::Quit.to_block());
        }
        self.link = LinkState::Offline(None);
    }

    /// Handles the writer's report that one text is written.
    pub fn written(&mut self, id: ConnectionId) {
        if self.is_link(id) {
            self.link.link().into_iter().for_each(Link::written);
        }
    }

    /// Does what is due: the next attempt to connect, or the end of one that gets no response.
    pub fn tick(&mut self, now: Instant, screen: &mut Screen) {
        if self.link.deadline().is_none_or(|at| at > now) {
            return;
        }
        if self.is_offline() {
            self.connect();
        } else if self.patience.extend(&mut self.link, screen) {
            self.settled = true;
        } else {
            self.lose("it does not answer", screen);
        }
    }

    /// Handles that a connection stands, on which this client has the address `own`: registers.
    pub(super) fn connected(&mut self, id: ConnectionId, writer: Writer, own: IpAddr) {
        self.ip = own;
        let link = Link::new(id, writer, Instant::now() + ANSWER);
        if let Some(request) = self.registration() {
            link.send(&request.to_block());
        }
        self.link = LinkState::Up(link);
    }

    /// Handles REGACK: joins, if the server has a room.
    pub(super) fn registered(&mut self, address: SocketAddr, room: bool, screen: &mut Screen) {
        self.ip = address.ip();
        if room {
            return self.join();
        }
        (self.link, self.settled) = (LinkState::Legacy(None), true);
        screen.line(format_args!("registered at {address}; this server has no room"));
        screen.line(format_args!("Your public IP: {}", address.ip()));
    }

    /// Sends JOIN, with the token and the last number seen if this client comes back.
    fn join(&mut self) {
        let (Some(name), Some(link)) = (self.name.clone(), self.link.link()) else { return };
        let request = Request::Join { name, token: self.token, since: self.room.last_seen() };
        link.send(&request.to_block());
        link.stage = Stage::Joining(Instant::now() + ANSWER);
    }

    /// Handles ERROR in answer to REGISTER or JOIN. Returns the sentence if another name is needed.
    pub(super) fn refused(
        &mut self,
        code: &str,
        message: &str,
        screen: &mut Screen,
    ) -> Option<String> {
        match (code, self.link.stage()) {
            // The name's owner is this client's own old connection, half dead: the token takes it over.
            (code::NAME_TAKEN, Some(Stage::Registering(_))) if self.token.is_some() => self.join(),
            (code::NAME_TAKEN, _) if self.patience.has_ghost() => self.lose(GHOST, screen),
            (code::NAME_TAKEN | code::BAD_NAME, _) if self.id != 0 => {
                screen.line(format_args!("cannot join again: {message}; /register tries again"));
                self.stay_away();
            }
            (code::NAME_TAKEN | code::BAD_NAME, _) => {
                self.stay_away();
                return Some(message.to_owned());
            }
            (code::BAD_PORT | code::BANNED | compat::REFUSED, _) => {
                screen.line(format_args!("not registered: {message}"));
                self.stay_away();
            }
            _ => self.lose(message, screen),
        }
        None
    }

    /// Handles JOINACK: this client is in the room now.
    pub(super) fn joined(&mut self, welcome: Welcome, screen: &mut Screen) {
        let before = std::mem::replace(&mut self.id, welcome.id);
        self.link.link().into_iter().for_each(|link| link.stage = Stage::Joined);
        (self.token, self.backoff) = (Some(welcome.token), Backoff::default());
        (self.settled, self.told) = (true, false);
        screen.line(&welcome.message);
        match before {
            0 => {
                screen.line(format_args!("Your ID: {}", self.id));
                screen.line(format_args!("Your public IP: {}", self.ip));
            }
            before if before != self.id => {
                screen.line(format_args!("Your ID: {} (was {before})", self.id))
            }
            _ => {}
        }
        self.room.enter(welcome, screen);
    }

    /// Handles BYE: the server has a reason to be rid of this client, or ends itself.
    pub(super) fn dismissed(&mut self, reason: Option<Reason>, screen: &mut Screen) {
        let what = match reason {
            Some(Reason::Kicked) => "the server disconnected you (kicked)",
            Some(Reason::Replaced) => "you joined from another connection (replaced)",
            Some(reason) => return self.lose(&format!("it sent BYE ({reason})"), screen),
            None => return self.lose("it sent BYE", screen),
        };
        screen.line(format_args!("{what}; /register joins again"));
        self.stay_away();
    }

    fn registration(&self) -> Option<Request> {
        let name = self.name.clone()?;
        Some(Request::Register { name, ip: Some(self.ip), port: self.port })
    }

    /// Starts to connect. Without a thread there is no connection, and the next attempt comes later.
    fn connect(&mut self) {
        let opened = connection::open(&self.server, &self.events);
        let later = |_| LinkState::Offline(Some(Instant::now() + ANSWER));
        self.link = opened.map_or_else(later, LinkState::Connecting);
    }

    /// Handles the end of a connection: tells the user once, and tries again after growing pauses.
    pub(super) fn lose(&mut self, cause: &str, screen: &mut Screen) {
        if !std::mem::replace(&mut self.told, true) {
            let lost = if self.is_joined() { "lost" } else { "cannot reach" };
            screen.line(format_args!("{lost} the server {}: {cause}; trying again", self.server));
        }
        self.patience.lost(&self.link);
        self.link = LinkState::Offline(Some(Instant::now() + self.backoff.next_pause()));
        self.settled = true;
    }

    /// Leaves the server until the user registers again.
    fn stay_away(&mut self) {
        self.link = LinkState::Offline(None);
        self.settled = true;
    }
}

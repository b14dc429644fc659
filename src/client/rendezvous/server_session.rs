//! The session with the server: registering, joining, coming back.
//!
//! A state machine over [`LinkState`]: each method handles one thing and sets the next state, and none waits. The
//! user's requests are sent in [`outgoing`](super::outgoing), the server's blocks are taken apart in
//! [`incoming`](super::incoming).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::event::Events;
use crate::client::net::{ConnectionId, Writer};
use crate::client::rendezvous::backoff::Backoff;
use crate::client::rendezvous::connection;
use crate::client::rendezvous::link::{Link, LinkState, Stage};
use crate::client::rendezvous::liveness::{self, Liveness, Silence, Word};
use crate::client::rendezvous::patience::{ANSWER, Patience};
use crate::client::rendezvous::reflex::Reflex;
use crate::client::rendezvous::requests::Requests;
use crate::client::rendezvous::room::RoomView;
use crate::client::rendezvous::trouble::{Trouble, Verdict, judge};
use crate::client::ui::Screen;
use crate::net::interface;
use crate::tls::SharedKey;
use crate::wire::{Name, Reachable, Request, Secret, Welcome};

/// The session with the server.
pub struct ServerSession {
    /// The server, as `HOST:PORT`.
    pub server: String,
    /// The key by which the connection is made secure; without one it is not.
    pub key: Option<SharedKey>,
    /// The way to the loop, for the threads of connections.
    pub(super) events: Events,
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
    pub(super) token: Option<Secret>,
    /// The room, as far as this client has seen it.
    pub room: RoomView,
    /// The user's requests that are not answered yet.
    pub requests: Requests,
    pub(super) backoff: Backoff,
    patience: Patience,
    /// What keeps this client out of the room, if it wants to be in. The user was told of it.
    pub(super) trouble: Option<Trouble>,
    /// Whether the first attempt is over, good or bad.
    pub(super) settled: bool,
}

impl ServerSession {
    /// No session yet with a server and its key, for a client that listens at `own`.
    pub fn new(to: (String, Option<SharedKey>), own: SocketAddr, events: Events) -> ServerSession {
        let (server, key) = to;
        ServerSession {
            server,
            key,
            events,
            link: LinkState::Offline(None),
            name: None,
            port: own.port(),
            ip: own.ip(),
            id: 0,
            token: None,
            room: RoomView::default(),
            requests: Requests::default(),
            backoff: Backoff::default(),
            patience: Patience::default(),
            trouble: None,
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
            _ if self.trouble.is_some() => "lost",
            LinkState::Offline(None) if self.settled => "away",
            _ => "connecting",
        }
    }

    /// Whether this client is not in the room although it was there, or tried to be: nothing reaches the room now.
    pub fn is_lost(&self) -> bool {
        matches!(self.status(), "lost" | "away")
    }

    /// The address where others can reach this client, as far as it knows.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Whether this client is in the room.
    pub fn is_joined(&self) -> bool {
        matches!(self.link.stage(), Some(Stage::Joined(_)))
    }

    /// Whether the first attempt to join is under way: what is typed must wait for its end.
    pub fn is_starting(&self) -> bool {
        !self.settled && self.name.is_some()
    }

    /// Whether the server has not taken or not sent back what was said before: the next text must wait.
    pub fn is_full(&self) -> bool {
        matches!(&self.link, LinkState::Up(link) if link.is_full() || self.room.is_full())
    }

    /// How many texts for the room may still come back.
    pub fn unheard(&self) -> usize {
        if self.is_joined() { self.room.unheard() } else { 0 }
    }

    /// When [`ServerSession::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.link.deadline()
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
        if self.patience.extend(&mut self.link, screen) {
            self.settled = true;
            return;
        }
        match &mut self.link {
            LinkState::Offline(_) => self.connect(),
            LinkState::Legacy(exchange) => *exchange = None,
            LinkState::Up(Link { stage: Stage::Joined(liveness), .. }) => match liveness.check(now)
            {
                None => {}
                Some(Silence::Answer) => {
                    let cause = format!("no answer for {} seconds", liveness::ANSWER.as_secs());
                    self.give_up(&cause, screen);
                }
                Some(Silence::Word(limit)) => {
                    let cause = format!("no word from it for {} seconds", limit.as_secs_f32());
                    self.give_up(&cause, screen);
                }
            },
            LinkState::Up(_) | LinkState::Connecting(_) => {
                self.give_up("it does not answer", screen);
            }
        }
    }

    /// Notes that the server has sent something.
    pub(super) fn heard(&mut self, word: Word) {
        let owes = self.requests.count() > 0 || self.room.awaits_return();
        if let Some(link) = self.link.link() {
            link.heard(Instant::now(), word, owes);
        }
    }

    /// Handles that a connection stands, on which this client has the address `own`: registers.
    pub(super) fn connected(&mut self, link: (ConnectionId, Writer), own: IpAddr, to: SocketAddr) {
        self.ip = own;
        let ends = (self.address(), interface::canonical(to));
        let link = Link::new(link, ends, Instant::now() + ANSWER);
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
        let (token, since) = (self.token, self.room.last_seen());
        let reachable = Reachable { secure: true, local: Some(link.ends.0) };
        let request = Request::Join { name, token, since, reachable };
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
        let stage = self.link.stage()?;
        self.patience.answered();
        let ghost = self.patience.has_ghost();
        match judge(code, message, stage, (self.token.is_some(), ghost, self.id != 0)) {
            Verdict::TakeOver => self.join(),
            Verdict::Later(trouble) => self.try_later(trouble, screen),
            Verdict::Never(sentence) => {
                screen.line(sentence);
                self.stay_away();
            }
            Verdict::AnotherName(message) => {
                self.stay_away();
                return Some(message);
            }
        }
        None
    }

    /// Handles JOINACK: this client is in the room now. Returns whether IDs that were told before mean nothing any
    /// more: IDs and tokens end with the server's process, so a token that is not the old one may be from another.
    pub(super) fn joined(&mut self, welcome: Welcome, screen: &mut Screen) -> bool {
        let before = std::mem::replace(&mut self.id, welcome.id);
        let liveness = Liveness::new(Instant::now(), welcome.ping.map(Duration::from_secs));
        if let Some(link) = self.link.link() {
            let begin =
                |secret| Reflex::new((welcome.name.clone(), secret), link.ends, Instant::now());
            (link.reflex, link.stage) = (welcome.reflex.map(begin), Stage::Joined(liveness));
        }
        let reissued = self.token.replace(welcome.token) != Some(welcome.token);
        (self.settled, self.trouble, self.backoff) = (true, None, Backoff::default());
        screen.line(&welcome.message);
        match before {
            0 => {
                screen.line(format_args!("Your ID: {}", self.id));
                screen.line(format_args!("Your public IP: {}", self.ip));
            }
            before if before != self.id => {
                screen.line(format_args!("Your ID: {} (was {before})", self.id));
            }
            _ => {}
        }
        self.room.enter(welcome, reissued, screen);
        reissued
    }

    pub(super) fn registration(&self) -> Option<Request> {
        let name = self.name.clone()?;
        Some(Request::Register { name, ip: Some(self.ip), port: self.port })
    }

    /// Starts to connect. Without a thread there is no connection, and the next attempt comes later.
    pub(super) fn connect(&mut self) {
        let opened = connection::open((&self.server, self.key.as_ref()), &self.events);
        let later = |_| LinkState::Offline(Some(Instant::now() + ANSWER));
        self.link = opened.map_or_else(later, LinkState::Connecting);
    }

    /// Handles the end of a connection.
    pub(super) fn lose(&mut self, cause: &str, screen: &mut Screen) {
        self.patience.lost(&self.link);
        let (was_there, cause) = (self.is_joined(), cause.to_owned());
        let trouble = if was_there { Trouble::Lost(cause) } else { Trouble::Unreachable(cause) };
        self.try_later(trouble, screen);
    }

    /// Ends a connection on which the server says nothing any more.
    fn give_up(&mut self, cause: &str, screen: &mut Screen) {
        self.link.link().into_iter().for_each(|link| link.cut());
        self.lose(cause, screen);
    }

    /// Tells the user once what keeps this client out of the room, and tries again after growing pauses.
    fn try_later(&mut self, trouble: Trouble, screen: &mut Screen) {
        if trouble.is_news(self.trouble.as_ref()) {
            screen.line(trouble.sentence(&self.server));
        }
        self.trouble = Some(trouble);
        self.link = LinkState::Offline(Some(Instant::now() + self.backoff.next_pause()));
        self.settled = true;
    }

    /// Leaves the server until the user registers again.
    pub(super) fn stay_away(&mut self) {
        (self.link, self.trouble) = (LinkState::Offline(None), None);
        self.settled = true;
    }
}

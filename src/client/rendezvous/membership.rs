//! The client's standing with the server: whether there is a connection, how far it has come, when it is
//! tried again. What the server says on it is in [`incoming`](super::incoming).

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::event::Events;
use crate::client::net::writer::{ConnectionId, Writer};
use crate::client::rendezvous::connection;
use crate::client::rendezvous::room::RoomView;
use crate::client::ui::screen::Screen;
use crate::clock;
use crate::wire::name::Name;
use crate::wire::request::Request;
use crate::wire::secret::Secret;
use crate::wire::text::Text;

/// How long the server may take to answer REGISTER or JOIN.
const ANSWER: Duration = Duration::from_secs(5);
/// The pauses before connecting again: the first, doubled each time up to the last.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// How much may be said before the connection has taken it.
const UNWRITTEN: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No connection, until the time in `until` (for ever without one).
    Offline,
    Connecting,
    Registering,
    Joining,
    Joined,
    /// Registered with one of the assignments' servers: it has no room, and one connection a request.
    Legacy,
}

/// The client's standing with the server.
pub struct Membership {
    pub(crate) server: String,
    pub(crate) events: Events,
    pub(crate) stage: Stage,
    /// When something must happen next: an answer come, a connection tried again.
    pub(crate) until: Option<Instant>,
    pub(crate) pause: Duration,
    pub(crate) link: Option<ConnectionId>,
    pub(crate) writer: Option<Writer>,
    /// What a server without a room is to be asked, on the next connection.
    pub(crate) errand: Option<Request>,
    pub(crate) name: Option<Name>,
    pub(crate) port: u16,
    /// Our address on the connection to the server, then the one that the server has recorded.
    pub(crate) ip: IpAddr,
    pub(crate) id: u64,
    pub(crate) token: Option<Secret>,
    pub(crate) room: RoomView,
    /// How much was said that the connection has not taken yet.
    pub(crate) unwritten: usize,
    /// The server's absence has been told.
    pub(crate) told: bool,
    /// The first attempt has come to an end, good or bad.
    pub(crate) settled: bool,
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
            room: RoomView::new(clock::local_offset()),
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

    /// Whether that is our connection to the server.
    pub fn is_link(&self, id: ConnectionId) -> bool {
        self.link == Some(id)
    }

    /// The server, as `HOST:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// How we stand with it, in a word.
    pub fn status(&self) -> &'static str {
        match self.stage {
            Stage::Joined => "joined",
            Stage::Legacy => "no room",
            _ if self.told => "lost",
            _ => "connecting",
        }
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
    pub fn room(&self) -> &RoomView {
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

    /// Whether the first attempt to join is under way: what is typed must wait for its end.
    pub fn is_starting(&self) -> bool {
        !self.settled && self.name.is_some()
    }

    /// Whether the connection has not taken what was said before: nothing more can be said just now.
    pub fn is_full(&self) -> bool {
        self.unwritten >= UNWRITTEN
    }

    /// How much of what was said may still be heard back.
    pub fn pending(&self) -> usize {
        if self.stage == Stage::Joined { self.room.unheard() } else { 0 }
    }

    /// When [`Membership::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Says something to the room, or tells why not.
    pub fn say(&mut self, text: &Text, screen: &mut Screen) {
        let block = Request::Say { text: text.clone() }.to_block();
        match (&self.writer, self.stage) {
            (Some(writer), Stage::Joined) if writer.text(&block) => {
                self.unwritten += 1;
                self.room.spoke(text.as_str());
            }
            (_, Stage::Legacy) => {
                screen.line("this server has no room");
            }
            (_, Stage::Joined) => {
                screen.line(format_args!("the server is too slow; not said: {text}"));
            }
            _ => screen.line(format_args!("not connected to the server; not said: {text}")),
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
            (_, Stage::Legacy) => {
                let known = matches!(request, Request::Info | Request::Bridge { peer: None, .. });
                if !known {
                    return Err("this server has no room".to_owned());
                }
                self.errand = Some(request);
                self.open_link();
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
            Stage::Legacy => {
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

    /// Says goodbye. What was said before is still written; what has not been heard back is told.
    pub fn quit(&mut self, screen: &mut Screen) {
        self.room.close(screen);
        if let Some(writer) = self.writer.take() {
            writer.block(&Request::Quit.to_block());
        }
        (self.stage, self.until, self.link) = (Stage::Offline, None, None);
    }

    /// A text has been taken by the connection.
    pub fn written(&mut self, id: ConnectionId) {
        if self.link == Some(id) {
            self.unwritten = self.unwritten.saturating_sub(1);
        }
    }

    /// Without a thread there is no connection; the next attempt comes when its time has come.
    fn open_link(&mut self) {
        self.link = connection::open(&self.server, &self.events).ok();
        if self.link.is_none() {
            self.until = Some(Instant::now() + ANSWER);
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
        self.open_link();
    }

    pub(crate) fn registration(&self) -> Option<Request> {
        let name = self.name.clone()?;
        Some(Request::Register { name, ip: Some(self.ip), port: self.port })
    }

    pub(crate) fn await_answer(&mut self, stage: Stage) {
        self.stage = stage;
        self.until = Some(Instant::now() + ANSWER);
    }

    /// The connection is over: told once, then tried again with growing pauses.
    pub(crate) fn lose(&mut self, cause: &str, screen: &mut Screen) {
        if !std::mem::replace(&mut self.told, true) {
            let lost = if self.stage == Stage::Joined { "lost" } else { "cannot reach" };
            screen.line(format_args!("{lost} the server {}: {cause}; trying again", self.server));
        }
        self.drop_link();
        self.until = Some(Instant::now() + jittered(self.pause));
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }

    /// Leaves the server for good, unless the user registers again.
    pub(crate) fn stay_away(&mut self) {
        self.drop_link();
        self.until = None;
    }

    pub(crate) fn drop_link(&mut self) {
        (self.writer, self.link, self.unwritten) = (None, None, 0);
        self.stage = Stage::Offline;
        self.settled = true;
    }
}

/// A pause, up to a quarter longer or shorter, so that not all clients of a server that was restarted come
/// back at the same moment.
fn jittered(pause: Duration) -> Duration {
    let dice = RandomState::new().hash_one(()) % 512;
    pause * 3 / 4 + pause * u32::try_from(dice).unwrap_or(0) / 1024
}

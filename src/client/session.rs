//! What the user asks, and what becomes of it. Lines are obeyed in their order: what is typed while the
//! server has not answered waits.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::chat::{Me, Scene};
use crate::client::chats::Chats;
use crate::client::command::{Command, HELP};
use crate::client::connection::ConnectionId;
use crate::client::membership::Membership;
use crate::client::terminal::Screen;
use crate::client::traffic::{Ends, Traffic};
use crate::clock;
use crate::wire::answer::{Answer, Introduction};
use crate::wire::entry::{Entry, Vouch};
use crate::wire::name::{Name, Who};
use crate::wire::request::{Request, Via};
use crate::wire::text::Text;

/// How long the server may take to answer what the user has asked.
const ANSWER: Duration = Duration::from_secs(5);

/// What the user has asked the server and not been answered yet.
#[derive(Debug, Clone)]
enum Awaited {
    Registration,
    Info,
    History,
    Bridge,
    /// An introduction to somebody who is to be called.
    Call(Who),
    /// The same for datagrams.
    Query,
    Receipt(Who, Text),
}

impl Awaited {
    /// Whether BRIDGEACK answers it.
    fn is_introduction(&self) -> bool {
        matches!(self, Awaited::Bridge | Awaited::Call(_) | Awaited::Query)
    }
}

/// The state that the user's commands work on.
pub struct Session {
    /// What the user sees.
    pub screen: Screen,
    /// The standing with the server.
    pub membership: Membership,
    /// The direct chats.
    pub chats: Chats,
    awaited: Option<(Awaited, Instant)>,
    /// Who is at the other end of what the wire shows.
    ends: Ends,
}

impl Session {
    /// A session in which nothing has been asked yet.
    pub fn new(screen: Screen, membership: Membership, chats: Chats) -> Session {
        Session { screen, membership, chats, awaited: None, ends: Ends::default() }
    }

    /// Who we are to our peers.
    pub fn me(&self) -> Option<Me> {
        let (id, address) = (self.membership.id(), self.membership.address());
        Some(Me { name: self.membership.name()?.clone(), id, address })
    }

    /// Whether a command must wait for its turn: for the first attempt to join, for those who have not
    /// taken what was said before, for an address that was asked for, and, if it asks the server itself,
    /// for any answer.
    pub fn must_wait(&self, command: &Command) -> bool {
        let asks = matches!(
            command,
            Command::Info
                | Command::History(_)
                | Command::Bridge(_)
                | Command::Tell(..)
                | Command::Register
                | Command::Chat(_)
                | Command::Query(_)
        );
        let for_answer = match &self.awaited {
            Some((awaited, _)) if awaited.is_introduction() => true,
            Some(_) => asks,
            None => false,
        };
        let for_others = match command {
            Command::Say(_) => self.membership.is_full(),
            Command::Msg(_) => self.chats.current.is_some_and(|id| self.chats.is_full(id)),
            Command::MsgTo(id, _) => self.chats.is_full(*id),
            _ => false,
        };
        for_answer || for_others || self.membership.is_starting()
    }

    /// Says goodbye to all.
    pub fn close(&mut self) {
        self.awaited = None;
        self.chats.quit(&mut self.screen);
        self.membership.quit(&mut self.screen);
    }

    /// How much was said of which we do not know what has become.
    pub fn unconfirmed(&self) -> usize {
        self.membership.pending() + self.chats.pending()
    }

    /// How much was asked and said that has not been answered and sent yet, and still may be.
    pub fn pending(&self) -> usize {
        let starting = usize::from(self.membership.is_starting());
        let awaited = usize::from(self.awaited.is_some());
        starting + awaited + self.unconfirmed()
    }

    /// When [`Session::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let awaited = self.awaited.as_ref().map(|(_, until)| *until);
        [awaited, self.membership.deadline(), self.chats.deadline()].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.membership.tick(now, &mut self.screen);
        if let Some(me) = self.me() {
            self.chats.tick(Scene { me: &me, screen: &mut self.screen, now });
        }
        let late = self.awaited.take_if(|(_, until)| *until <= now).map(|(awaited, _)| awaited);
        if let Some(awaited) = late {
            self.unanswered(awaited, "the server does not answer");
        } else if self.membership.is_offline()
            && let Some((awaited, _)) = self.awaited.take()
        {
            self.unanswered(awaited, "the server is gone and has not answered");
        }
    }

    /// There will be no answer. A call does without the introduction, if it can.
    fn unanswered(&mut self, awaited: Awaited, message: &str) {
        self.screen.line(message);
        match awaited {
            Awaited::Call(who) => {
                if let Some(address) = self.address_of(&who) {
                    self.dial(address);
                }
            }
            Awaited::Receipt(peer, text) => {
                self.screen.line(format_args!("not delivered to {peer}: {text}"));
            }
            _ => {}
        }
    }

    /// Does what a line asks for, or says why not.
    pub fn execute(&mut self, command: Command) {
        if let Err(message) = self.attempt(command) {
            self.screen.line(message);
        }
    }

    fn attempt(&mut self, command: Command) -> Result<(), String> {
        let Some(me) = self.me() else { return Ok(()) };
        let screen = &mut self.screen;
        match command {
            Command::Nothing | Command::Quit => {} // to quit is the loop's matter
            Command::Mistake(message) => return Err(message),
            Command::Say(text) => self.membership.say(&checked(&text)?, screen),
            Command::Msg(text) => self.message(None, &text, &me)?,
            Command::MsgTo(id, text) => self.message(Some(id), &text, &me)?,
            Command::Chat(who) => self.call(who, &me)?,
            Command::Query(who) => self.query(who, me.name)?,
            Command::Peers => self.chats.list(screen),
            Command::Peer(who) => self.chats.choose(&who, screen)?,
            Command::Hangup(peer) => self.chats.hang_up(peer.as_deref(), screen)?,
            Command::Tell(peer, text) => {
                let text = checked(&text)?;
                let request = Request::Tell { peer: peer.clone(), text: text.clone() };
                self.ask(request, Awaited::Receipt(peer, text))?;
            }
            Command::Info => self.ask(Request::Info, Awaited::Info)?,
            Command::History(last) => {
                self.ask(Request::History { before: None, last }, Awaited::History)?;
            }
            Command::Bridge(peer) => {
                let request = Request::Bridge { name: me.name, peer, via: Via::Tcp };
                self.ask(request, Awaited::Bridge)?;
            }
            Command::Register => self.register()?,
            Command::Id => screen.line(me),
            Command::Explain(on) => {
                screen.line(if on { "the wire is shown" } else { "the wire is shown no more" });
                self.explain(on);
            }
            Command::Help => HELP.lines().for_each(|line| screen.line(line)),
        }
        Ok(())
    }

    /// Says something in one chat, or in the current one.
    fn message(&mut self, to: Option<ConnectionId>, text: &str, me: &Me) -> Result<(), String> {
        let (text, now) = (checked(text)?, Instant::now());
        let scene = Scene { me, screen: &mut self.screen, now };
        match to {
            Some(id) => self.chats.say_to(id, &text, scene),
            None => self.chats.say(&text, scene),
        }
    }

    fn register(&mut self) -> Result<(), String> {
        self.membership.register()?;
        if self.membership.is_joined() {
            self.awaited = Some((Awaited::Registration, Instant::now() + ANSWER));
        }
        Ok(())
    }

    fn ask(&mut self, request: Request, awaited: Awaited) -> Result<(), String> {
        self.membership.ask(request)?;
        self.awaited = Some((awaited, Instant::now() + ANSWER));
        Ok(())
    }

    /// Calls somebody. Who is in the room is called with an introduction of the server, even if only the
    /// address was typed; strangers, and everybody while the server cannot introduce, without one.
    fn call(&mut self, who: Who, me: &Me) -> Result<(), String> {
        let in_room = match &who {
            Who::Address(address) if *address == me.address => return Err("this is you".to_owned()),
            Who::Address(address) if self.chats.has_ticket(*address, Instant::now()) => None,
            Who::Address(address) => self.membership.room().name_at(*address).map(Who::Name),
            _ => Some(who.clone()),
        };
        match (in_room, self.address_of(&who)) {
            (Some(peer), address) if self.membership.is_joined() || address.is_none() => {
                let (name, via) = (me.name.clone(), Via::Tcp);
                self.ask(Request::Bridge { name, peer: Some(peer), via }, Awaited::Call(who))?;
            }
            (_, Some(address)) => self.dial(address),
            (_, None) => {}
        }
        Ok(())
    }

    /// Opens a conversation by UDP, unless there is one that works.
    fn query(&mut self, who: Who, name: Name) -> Result<(), String> {
        let room = self.membership.is_joined().then(|| self.membership.room());
        let is_there = |id| room.is_none_or(|room| room.address_of(&Who::Id(id)).is_some());
        if let Some(id) = self.chats.by_udp.open_to(&who, is_there) {
            self.screen.line("you have queried them already: /msg goes there");
            self.chats.current = Some(id);
            return Ok(());
        }
        self.ask(Request::Bridge { name, peer: Some(who), via: Via::Udp }, Awaited::Query)
    }

    /// Shows what the sockets send and receive, or no more.
    pub fn explain(&mut self, on: bool) {
        self.chats.events.explaining().store(on, Ordering::Relaxed);
        self.screen.explain(on.then(clock::local_offset));
    }

    /// A datagram has come. Before there is a name nobody can have written to us.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let Some(me) = self.me() else { return };
        let mut scene = Scene { me: &me, screen: &mut self.screen, now: Instant::now() };
        self.chats.by_udp.datagram(from, bytes, &mut scene);
    }

    /// Something was sent or received on a connection.
    pub fn traffic(&mut self, id: ConnectionId, mut traffic: Traffic) {
        let known = match self.chats.label(id) {
            _ if self.membership.is_link(id) => Some("server".to_owned()),
            label if label.is_empty() => self.chats.claim(&traffic),
            label => Some(label),
        };
        let with = self.ends.label(id, known).unwrap_or_else(|| traffic.other.to_string());
        traffic.explain(self.membership.address().ip());
        self.screen.traffic(&traffic, with);
    }

    /// The server has given our address to somebody who is about to use it.
    pub fn called(&mut self, caller: Entry, via: Via, vouch: Vouch) {
        let Some(me) = self.me() else { return };
        let scene = Scene { me: &me, screen: &mut self.screen, now: Instant::now() };
        match via {
            Via::Tcp => self.chats.invite(caller, vouch, scene),
            Via::Udp => self.chats.queried(caller, vouch, scene.screen),
        }
    }

    /// Where somebody is, as far as we know without asking.
    fn address_of(&self, who: &Who) -> Option<SocketAddr> {
        match who {
            Who::Address(address) => Some(*address),
            _ => self.chats.introduced(who).or_else(|| self.membership.room().address_of(who)),
        }
    }

    fn dial(&mut self, address: SocketAddr) {
        let Some(me) = self.me() else { return };
        let name = self.membership.room().name_at(address);
        let scene = Scene { me: &me, screen: &mut self.screen, now: Instant::now() };
        self.chats.call(address, name, scene);
    }

    /// The server has told where somebody is.
    fn introduced(&mut self, wanted: Awaited, found: Introduction) {
        let Entry { name, address, .. } = found.entry.clone();
        match (wanted, found.vouched) {
            (Awaited::Query, None) => {
                self.screen
                    .line(format_args!("{name} is not in the room: /chat {name} calls by TCP"));
            }
            (Awaited::Query, Some((_, vouch))) => {
                self.chats.query(found.entry, vouch, &mut self.screen);
            }
            (Awaited::Call(_), _) => {
                self.chats.introduce(found, Instant::now());
                self.dial(address);
            }
            _ => {
                self.screen.line(format_args!("{name} is at {address}: /chat {address}"));
                self.chats.introduce(found, Instant::now());
            }
        }
    }

    /// The server has answered.
    pub fn answered(&mut self, answer: Answer) {
        let asked = self.awaited.take();
        let screen = &mut self.screen;
        match (asked.as_ref().map(|(awaited, _)| awaited), answer) {
            (Some(Awaited::Info), Answer::InfoAck(entries)) => {
                screen.line(format_args!("{} registered:", entries.len()));
                for entry in entries {
                    screen.line(entry);
                }
            }
            (Some(Awaited::History), Answer::HistoryAck { count, .. }) => {
                screen.line(format_args!("these were the last {count} messages"));
            }
            (Some(wanted), Answer::BridgeAck(None)) if wanted.is_introduction() => {
                screen.line("nobody else is there");
            }
            (Some(wanted), Answer::BridgeAck(Some(found))) if wanted.is_introduction() => {
                self.introduced(wanted.clone(), found);
            }
            (Some(Awaited::Receipt(_, text)), Answer::TellAck { id, name }) => {
                screen.line(format_args!("Sent to {name} (ID {id}): {text}"));
            }
            (Some(Awaited::Registration), Answer::RegAck { name, address, .. }) => {
                screen.line(format_args!("registered as {name} at {address}"));
            }
            (Some(Awaited::Receipt(peer, text)), Answer::Error { message, .. }) => {
                screen.line(format_args!("not delivered to {peer}: {text} ({message})"));
            }
            (_, Answer::Error { message, .. }) => screen.line(message),
            _ => self.awaited = asked, // not what was asked for: an answer that came too late
        }
    }
}

/// A text that may be sent, or why not.
fn checked(text: &str) -> Result<Text, String> {
    Text::parse(text).map_err(|bad| {
        let beginning: String = text.chars().take(40).collect();
        format!("not sent: {bad}: {beginning}")
    })
}

//! The direct chats, as the user sees them: whom to call, which one is current, what to say. What happens
//! to them from outside is in [`handshake`](super::handshake).

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::tcp::chat::{Chat, ChatState, Context};
use crate::client::direct::tcp::listener;
use crate::client::direct::tcp::peer::{Invitations, TICKET};
use crate::client::direct::udp::conversations::Conversations;
use crate::client::event::Events;
use crate::client::net::capture::{Captured, Direction};
use crate::client::net::writer::ConnectionId;
use crate::client::ui::output::{DeliveryStatus, Output};
use crate::client::ui::screen::Screen;
use crate::io_error::cause;
use crate::wire::entry::{Credentials, Entry};
use crate::wire::greeting::Greeting;
use crate::wire::name::{Name, PeerRef};
use crate::wire::response::Introduction;
use crate::wire::text::Text;

/// How many texts to one peer may wait to be written.
pub const UNSENT: usize = 128;

/// How many introductions are kept.
const MAX_INTRODUCTIONS: usize = 256;

/// All direct chats.
pub struct Chats {
    pub(crate) events: Events,
    pub(crate) all: BTreeMap<ConnectionId, Chat>,
    /// Those over UDP. Their numbers are none of those in `all`.
    pub(crate) by_udp: Conversations,
    pub(crate) current: Option<ConnectionId>,
    pub(crate) invitations: Invitations,
    /// Whom the server has introduced, by address: the last one for each.
    introductions: HashMap<SocketAddr, (Instant, Introduction)>,
}

impl Chats {
    /// No chats yet.
    pub fn new(events: Events, by_udp: Conversations) -> Chats {
        Chats {
            events,
            all: BTreeMap::new(),
            by_udp,
            current: None,
            invitations: Invitations::default(),
            introductions: HashMap::new(),
        }
    }

    /// Keeps whom the server has introduced, for a call to that address.
    pub fn introduce(&mut self, introduction: Introduction, now: Instant) {
        if self.introductions.len() >= MAX_INTRODUCTIONS {
            self.introductions.clear();
        }
        self.introductions.insert(introduction.entry.address, (now, introduction));
    }

    /// Whether a call to this address would show a ticket.
    pub fn has_ticket(&self, address: SocketAddr, now: Instant) -> bool {
        let found = self.introductions.get(&address);
        found.is_some_and(|(since, found)| found.vouched.is_some() && is_good(*since, now))
    }

    /// Where the server has said that somebody is.
    pub fn introduced(&self, who: &PeerRef) -> Option<SocketAddr> {
        let mut entries = self.introductions.values().map(|(_, found)| &found.entry);
        entries.find(|entry| entry.is(who)).map(|entry| entry.address)
    }

    /// Calls an address, as whom the server has introduced there if it has. The call is current from
    /// now on. `name` is who is thought to listen there.
    pub fn call(&mut self, address: SocketAddr, name: Option<Name>, context: Context) {
        let Context { me, screen, now } = context;
        let found = self.introductions.remove(&address);
        let found = found.filter(|(since, _)| is_good(*since, now));
        let found = found.map(|(_, introduction)| introduction);
        let vouch = found.as_ref().and_then(|found| found.vouched).map(|(_, vouch)| vouch);
        let name = found.as_ref().map(|found| found.entry.name.clone()).or(name);
        let same = |chat: &Chat| chat.is_open() && chat.verified && chat.name == name;
        if let Some((id, chat)) = self.all.iter().find(|(_, chat)| same(chat)) {
            screen.line(format_args!("you are in a chat with {} already", chat.label()));
            self.current = Some(*id);
            return;
        }
        let ticket = vouch.map(|vouch| vouch.ticket);
        let (own, at) = (me.name.clone(), Some(me.address));
        let greeting = Greeting { name: own, address: at, ticket, answer: None };
        match listener::call(address, greeting, &self.events) {
            Ok(id) => {
                let state = ChatState::Calling(vouch.map(|vouch| vouch.answer));
                let mut chat = Chat::new(id, name, address, state);
                chat.id = found.map_or(0, |found| found.entry.id);
                screen.line(format_args!("calling {}", chat.place()));
                self.all.insert(id, chat);
                self.current = Some(id);
            }
            Err(error) => screen.line(format_args!("cannot call: {}", cause(&error))),
        }
    }

    /// Says something to the current peer. To one that is being called it is kept until the call stands.
    ///
    /// # Errors
    /// The sentence that tells why it was not said.
    pub fn say(&mut self, text: &Text, context: Context) -> Result<(), String> {
        let Some(id) = self.current else { return Err(self.no_current(context.screen)) };
        self.say_to(id, text, context)
    }

    /// The same to the peer in one chat.
    ///
    /// # Errors
    /// The sentence that tells why it was not said.
    pub fn say_to(
        &mut self,
        id: ConnectionId,
        text: &Text,
        mut context: Context,
    ) -> Result<(), String> {
        let Some(chat) = self.all.get_mut(&id) else {
            let there = self.by_udp.name(id).is_some();
            let ended = || Err(format!("not sent, that chat has ended: {text}"));
            return if there { self.by_udp.say(id, text, &mut context) } else { ended() };
        };
        context.screen.show(&Output::Status(
            &chat.peer_info(),
            text.as_str(),
            DeliveryStatus::Waiting,
        ));
        match chat.state {
            ChatState::Open => chat.send(text.to_string(), context.screen),
            _ => chat.unsent.push_back(text.to_string()),
        }
        Ok(())
    }

    /// Whether a peer has not taken what was said to it before: what is typed must wait.
    pub fn is_full(&self, id: ConnectionId) -> bool {
        let waits = match self.all.get(&id) {
            Some(chat) => chat.unsent.len(),
            None => self.by_udp.pending_in(id),
        };
        waits >= UNSENT
    }

    /// How much was said that has not been sent yet.
    pub fn pending(&self) -> usize {
        let by_tcp: usize = self.all.values().map(|chat| chat.unsent.len()).sum();
        by_tcp + self.by_udp.pending()
    }

    /// Those over TCP that a person should know of.
    pub fn by_tcp(&self) -> impl Iterator<Item = &Chat> {
        let known = |chat: &&Chat| matches!(chat.state, ChatState::Open | ChatState::Calling(_));
        self.all.values().filter(known)
    }

    /// Shows all chats.
    pub fn list(&self, screen: &mut Screen) {
        if self.all.is_empty() && self.by_udp.is_empty() {
            screen.line("no direct chats");
        }
        for (id, chat) in &self.all {
            let current = if self.current == Some(*id) { "*" } else { " " };
            let state = match (&chat.state, chat.verified) {
                (ChatState::Open, true) => "verified",
                (ChatState::Open, false) => "unverified",
                (ChatState::Calling(_), _) => "calling",
                (ChatState::AwaitingTicket { .. } | ChatState::SimultaneousOpen { .. }, _) => {
                    "calls us"
                }
            };
            screen.line(format_args!("{current} {} {} tcp ({state})", chat.label(), chat.address));
        }
        self.by_udp.list(self.current, screen);
    }

    /// How a chat is shown, of either kind.
    pub(crate) fn label(&self, id: ConnectionId) -> String {
        let by_udp = || self.by_udp.name(id).map(|name| format!("{name} (udp)"));
        self.all.get(&id).map(Chat::label).or_else(by_udp).unwrap_or_default()
    }

    /// How a caller is shown by its first block: as who it is if the server has announced it, else as a
    /// claim.
    pub fn claim(&self, traffic: &Captured) -> Option<String> {
        let block = traffic.block().filter(|_| traffic.direction == Direction::In)?;
        let greeting = Greeting::parse(&block)?;
        let is_announced = self.invitations.expects(&greeting, Instant::now());
        Some(format!("{}{}", greeting.name, if is_announced { "" } else { "?" }))
    }

    /// How the current peer is shown: where `/msg` goes.
    pub fn current_label(&self) -> Option<String> {
        self.current.map(|id| self.label(id)).filter(|label| !label.is_empty())
    }

    /// Why there is nobody to talk to, and whom to choose if there is somebody.
    fn no_current(&self, screen: &mut Screen) -> String {
        for chat in self.all.values() {
            screen.line(format_args!("/peer {0} makes {0} the current peer", chat.label()));
        }
        for name in self.by_udp.names() {
            screen.line(format_args!("/peer {name} udp makes {name} (udp) the current peer"));
        }
        "no direct chat: use /chat or /query first".to_owned()
    }

    /// The chat that is shown as `label`, or else one with that name, ID or address.
    fn find(&self, label: &str) -> Result<ConnectionId, String> {
        let (label, transport) = match label.split_once(' ') {
            Some((label, transport)) => (label, transport.trim()),
            None => (label, ""),
        };
        let by_udp = || label.parse().ok().and_then(|who| self.by_udp.find(&who));
        let found = match transport {
            "" => self.find_by_tcp(label).or_else(by_udp),
            "tcp" => self.find_by_tcp(label),
            "udp" => by_udp(),
            _ => None,
        };
        found.ok_or_else(|| match transport {
            "" => format!("no direct chat with {label}"),
            _ => format!("no direct chat with {label} by {transport}"),
        })
    }

    fn find_by_tcp(&self, label: &str) -> Option<ConnectionId> {
        let is = |chat: &Chat| label.parse().is_ok_and(|who| chat.is(&who));
        let mut found = self.all.iter().find(|(_, chat)| chat.label() == label);
        found = found.or_else(|| self.all.iter().find(|(_, chat)| is(chat)));
        found.map(|(id, _)| *id)
    }

    /// Makes a chat the current one.
    ///
    /// # Errors
    /// When there is none with that peer.
    pub fn choose(&mut self, label: &str, screen: &mut Screen) -> Result<(), String> {
        let id = self.find(label)?;
        self.current = Some(id);
        let label = self.label(id);
        screen.line(format_args!("/msg goes to {label} now"));
        Ok(())
    }

    /// Ends the chat with the peer of that label, or the current one.
    ///
    /// # Errors
    /// When there is none.
    pub fn hang_up(&mut self, label: Option<&str>, screen: &mut Screen) -> Result<(), String> {
        let id = match label {
            Some(label) => Some(self.find(label)?),
            None => self.current,
        };
        let Some(id) = id else { return Err(self.no_current(screen)) };
        let Some(chat) = self.take(id) else {
            self.by_udp.hang_up(id, screen);
            return Ok(());
        };
        screen.line(format_args!("you have ended the chat with {}", chat.label()));
        chat.end(screen);
        Ok(())
    }

    /// Ends all chats.
    pub fn quit(&mut self, screen: &mut Screen) {
        for chat in std::mem::take(&mut self.all).into_values() {
            chat.end(screen);
        }
        self.by_udp.quit(screen);
    }

    /// The server has introduced us to somebody by UDP: current from now on.
    pub fn query(&mut self, entry: Entry, vouch: Credentials, screen: &mut Screen) {
        self.current = Some(self.by_udp.query(entry, vouch, screen));
    }

    /// Somebody is about to write to us by UDP. Current if nobody else is.
    pub fn queried(&mut self, caller: Entry, vouch: Credentials, screen: &mut Screen) {
        self.current = self.current.or(self.by_udp.queried(caller, vouch, screen));
    }

    /// A text has been taken by its connection.
    pub fn written(&mut self, id: ConnectionId, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let Some(text) = chat.unsent.pop_front() else { return };
        screen.show(&Output::Status(&chat.peer_info(), &text, DeliveryStatus::Sent));
    }

    /// Takes a chat out of the list. It is current no more.
    pub(crate) fn take(&mut self, id: ConnectionId) -> Option<Chat> {
        self.current = self.current.filter(|current| *current != id);
        self.all.remove(&id)
    }

    /// Drops a connection that nobody has been told of.
    pub(crate) fn remove(&mut self, id: ConnectionId) {
        if let Some(writer) = self.take(id).and_then(|chat| chat.writer) {
            writer.cut();
        }
    }
}

fn is_good(since: Instant, now: Instant) -> bool {
    now.duration_since(since) <= TICKET
}

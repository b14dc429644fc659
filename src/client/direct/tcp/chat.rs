//! One direct chat over TCP: its peer, how far it has come, and the texts that are not written yet.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::tcp::peer::line_of;
use crate::client::net::writer::{ConnectionId, Writer};
use crate::client::ui::output::{DeliveryStatus, Output, PeerInfo};
use crate::client::ui::screen::Screen;
use crate::wire::entry::Entry;
use crate::wire::greeting::Greeting;
use crate::wire::name::{Name, PeerRef};
use crate::wire::request::Via;
use crate::wire::secret::Secret;
use crate::wire::text::Text;

/// One direct chat.
pub struct Chat {
    /// The number of its connection.
    pub key: ConnectionId,
    /// The peer's name. Without verification it is only a claim.
    pub name: Option<Name>,
    /// Whether one of the server's secrets has proved the name.
    pub verified: bool,
    /// The server's number for the peer, or 0.
    pub id: u64,
    /// The address where the peer listens, or from which it was seen to call.
    pub address: SocketAddr,
    /// Whether this client has called, and not the peer.
    pub called: bool,
    /// When the right peer answered this client's call.
    pub answered: Option<Instant>,
    /// How far the chat has come.
    pub state: ChatState,
    /// The way to write to the peer, once there is a connection.
    pub writer: Option<Writer>,
    /// Texts that were typed and are not written yet, the oldest first.
    pub unsent: VecDeque<String>,
}

/// How far a chat has come.
#[allow(missing_docs, reason = "the variants say it")]
pub enum ChatState {
    /// This client calls. With an introduction the peer must show this secret.
    Calling(Option<Secret>),
    /// The caller shows a ticket that the server has not announced yet. `said` keeps its first texts.
    AwaitingTicket { greeting: Greeting, until: Instant, said: Vec<String> },
    /// Each calls the other (RFC 9293, 3.5, has the same case), and this client's call goes first until `until`.
    SimultaneousOpen { answer: Secret, until: Instant },
    /// Both may talk.
    Open,
}

impl Chat {
    /// A chat that begins.
    pub fn new(
        key: ConnectionId,
        name: Option<Name>,
        address: SocketAddr,
        state: ChatState,
    ) -> Chat {
        let (called, unsent) = (matches!(state, ChatState::Calling(_)), VecDeque::new());
        let (id, verified, answered, writer) = (0, false, None, None);
        Chat { key, name, verified, id, address, called, answered, state, writer, unsent }
    }

    /// The chat of a caller. Without a ticket there is nothing to wait for; with one, its announcement may come
    /// `until` then.
    pub fn incoming(
        key: ConnectionId,
        writer: Writer,
        from: SocketAddr,
        greeting: Option<Greeting>,
        until: Instant,
    ) -> Chat {
        // The port is claimed and the address is seen: a caller can send nobody to a third party.
        let claimed = greeting.as_ref().and_then(|greeting| greeting.address);
        let address = SocketAddr::new(from.ip(), claimed.unwrap_or(from).port());
        let name = greeting.as_ref().map(|greeting| greeting.name.clone());
        let state = match greeting.filter(|greeting| greeting.ticket.is_some()) {
            Some(greeting) => ChatState::AwaitingTicket { greeting, until, said: Vec::new() },
            None => ChatState::Open,
        };
        Chat { writer: Some(writer), ..Chat::new(key, name, address, state) }
    }

    /// Opens the chat: says so, and sends the texts that waited. Gives what the peer has said meanwhile.
    pub fn open(&mut self, screen: &mut Screen) -> Vec<String> {
        let said = match std::mem::replace(&mut self.state, ChatState::Open) {
            ChatState::AwaitingTicket { said, .. } => said,
            _ => Vec::new(),
        };
        let verified = if self.verified { "verified" } else { "unverified" };
        let who = match self.name {
            Some(_) => format!("{} {}", self.label(), self.address),
            None => self.label(),
        };
        if self.called {
            screen.line(format_args!("chat with {who} is open ({verified})"));
        } else {
            screen.line(format_args!("Incoming chat request from {who} ({verified})"));
        }
        for text in std::mem::take(&mut self.unsent) {
            self.send(text, screen);
        }
        said
    }

    /// How the screen names the peer: `bob`, or `bob?` if that is only a claim, or an address.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) if self.verified || self.is_calling() => name.to_string(),
            Some(name) => format!("{name}?"),
            None => self.address.to_string(),
        }
    }

    /// The peer's label and address, as in `bob at 127.0.0.1:5557`; the address alone without a name.
    pub fn place(&self) -> String {
        match self.name {
            Some(_) => format!("{} at {}", self.label(), self.address),
            None => self.label(),
        }
    }

    /// The line of `/peers` for this chat.
    pub fn summary(&self) -> String {
        let state = match (&self.state, self.verified) {
            (ChatState::Open, true) => "verified",
            (ChatState::Open, false) => "unverified",
            (ChatState::Calling(_), _) => "calling",
            (ChatState::AwaitingTicket { .. } | ChatState::SimultaneousOpen { .. }, _) => {
                "calls us"
            }
        };
        format!("{} {} tcp ({state})", self.label(), self.address)
    }

    /// Whether both may talk.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ChatState::Open)
    }

    /// Whether this client calls and the chat does not stand yet.
    pub fn is_calling(&self) -> bool {
        matches!(self.state, ChatState::Calling(_))
    }

    /// Whether `peer` means this chat's peer. An ID counts only for a verified one.
    pub fn is(&self, peer: &PeerRef) -> bool {
        match peer {
            PeerRef::Name(name) => self.name.as_ref() == Some(name),
            PeerRef::Id(id) => self.id == *id && self.verified,
            PeerRef::Address(address) => self.address == *address,
        }
    }

    /// The peer, as the screen and the page show it.
    pub fn peer_info(&self) -> PeerInfo {
        PeerInfo { chat: self.key, label: self.label(), id: self.id, via: Via::Tcp }
    }

    /// Says a text. While the call does not stand yet, the text is kept.
    pub fn say(&mut self, text: &Text, screen: &mut Screen) {
        let waiting = Output::Status(&self.peer_info(), text.as_str(), DeliveryStatus::Waiting);
        screen.show(&waiting);
        match self.state {
            ChatState::Open => self.send(text.to_string(), screen),
            _ => self.unsent.push_back(text.to_string()),
        }
    }

    /// Queues a text for the connection, or reports that it cannot be delivered.
    pub fn send(&mut self, text: String, screen: &mut Screen) {
        let sent = self.writer.as_ref().is_some_and(|writer| writer.text(&line_of(&text)));
        if sent {
            self.unsent.push_back(text);
        } else {
            screen.show(&Output::Status(&self.peer_info(), &text, DeliveryStatus::Lost));
        }
    }

    /// Handles that the connection has taken the oldest text.
    pub fn written(&mut self, screen: &mut Screen) {
        let Some(text) = self.unsent.pop_front() else { return };
        screen.show(&Output::Status(&self.peer_info(), &text, DeliveryStatus::Sent));
    }

    /// Notes that the caller has proved to be `caller`.
    pub fn verify(&mut self, caller: &Entry) {
        self.verified = true;
        self.name = Some(caller.name.clone());
        (self.id, self.address) = (caller.id, caller.address);
    }

    /// Ends the chat from this side.
    pub fn end(mut self, screen: &mut Screen) {
        if self.is_open() {
            // The queue keeps its order: QUIT is written behind every text that waits there.
            self.unsent.clear();
            if let Some(writer) = &self.writer {
                writer.block(&"QUIT\r\n\r\n");
            }
        }
        self.report_unsent(screen);
    }

    /// Drops the chat and its connection, and reports the texts that were not written.
    pub fn cut(self, screen: &mut Screen) {
        self.report_unsent(screen);
        if let Some(writer) = self.writer {
            writer.cut();
        }
    }

    fn report_unsent(&self, screen: &mut Screen) {
        for text in &self.unsent {
            screen.show(&Output::Status(&self.peer_info(), text, DeliveryStatus::Lost));
        }
    }
}

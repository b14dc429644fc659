//! One direct chat over TCP: its peer, its state, and the texts that are not written yet.
//!
//! `handshake` decides when its [state](ChatState) changes. Here stands what a chat shows and sends in each of them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::round_trip::RoundTrip;
use crate::client::direct::secure::comparison::{Comparison, standing};
use crate::client::direct::tcp::chat_state::ChatState;
use crate::client::direct::tcp::passage::Passage;
use crate::client::direct::tcp::peer::line_of;
use crate::client::net::{ConnectionId, Writer};
use crate::client::ui::{DeliveryStatus, Output, PeerInfo, Screen};
use crate::wire::{Entry, FileBlock, Greeting, Name, PeerRef, Text, Via, compat};

/// One direct chat with its peer.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Chat {
    /// The number of its connection.
    pub key: ConnectionId,
    /// The peer's name. Without verification it is only a claim.
    pub name: Option<Name>,
    /// Whether the peer proved the name by a secret of the server.
    pub verified: bool,
    /// The server's number for the peer, or 0.
    pub id: u64,
    /// The address where the peer listens. Without a claimed port it is the address from which the peer calls.
    pub address: SocketAddr,
    /// Whether this client called the peer, and not the other way round.
    pub called: bool,
    /// Since when a caller that was not announced says nothing. `None` for all others, and once the user has written
    /// to it.
    pub silent_since: Option<Instant>,
    /// Whether the peer has said anything.
    pub has_spoken: bool,
    /// Whether the peer understands the blocks by which files travel.
    pub takes_files: bool,
    /// When the right peer answered this client's call.
    pub answered: Option<Instant>,
    /// How far the chat has come.
    pub state: ChatState,
    /// How its bytes come to the peer.
    pub passage: Box<Passage>,
    /// The code to compare, if the chat is encrypted.
    pub comparison: Option<Comparison>,
    /// The way to write to the peer, once there is a connection.
    pub writer: Option<Writer>,
    /// The texts that are not written yet, the oldest first.
    pub unsent: VecDeque<String>,
    /// How long the way to the peer and back takes, if this client called.
    pub round_trip: RoundTrip,
}

impl Chat {
    /// A chat in its first state.
    pub fn new(
        key: ConnectionId,
        name: Option<Name>,
        address: SocketAddr,
        state: ChatState,
    ) -> Chat {
        let (called, unsent) = (matches!(state, ChatState::Calling(_)), VecDeque::new());
        let (id, verified, answered, writer) = (0, false, None, None);
        let (silent_since, has_spoken, takes_files) = (None, false, false);
        let (round_trip, comparison, passage) = (RoundTrip::default(), None, Passage::new(key));
        Chat {
            key,
            name,
            verified,
            id,
            address,
            called,
            silent_since,
            has_spoken,
            takes_files,
            answered,
            state,
            passage,
            comparison,
            writer,
            unsent,
            round_trip,
        }
    }

    /// The chat of a caller. Without a ticket it is open at once. With a ticket it waits until `until` for the
    /// announcement, which comes from the server on another connection and may be slower.
    pub fn incoming(
        key: ConnectionId,
        writer: Writer,
        from: SocketAddr,
        greeting: Option<Greeting>,
        (now, until): (Instant, Instant),
    ) -> Chat {
        // The port is the caller's claim, the IP address is seen: no caller can direct others to a third host.
        let claimed = greeting.as_ref().and_then(|greeting| greeting.address);
        let address = SocketAddr::new(from.ip(), claimed.unwrap_or(from).port());
        let name = greeting.as_ref().map(|greeting| greeting.name.clone());
        let takes_files = greeting.as_ref().is_some_and(Greeting::begins_files);
        let state = match greeting.filter(|greeting| greeting.ticket.is_some()) {
            Some(greeting) => ChatState::AwaitingTicket { greeting, until, said: Vec::new() },
            None => ChatState::Open,
        };
        let (writer, silent_since) = (Some(writer), Some(now));
        Chat { silent_since, takes_files, writer, ..Chat::new(key, name, address, state) }
    }

    /// Opens the chat: shows that, and if it `says_plain`, that it is not encrypted. Sends the texts that waited.
    /// Returns the texts that the peer sent meanwhile.
    pub fn open(&mut self, says_plain: bool, screen: &mut Screen) -> Vec<String> {
        let said = match std::mem::replace(&mut self.state, ChatState::Open) {
            ChatState::AwaitingTicket { said, .. } => said,
            _ => Vec::new(),
        };
        let standing = self.standing(says_plain);
        let who = match self.name {
            Some(_) => format!("{} {}", self.label(), self.address),
            None => self.label(),
        };
        if self.called {
            screen.line(format_args!("chat with {who} is open ({standing})"));
        } else {
            screen.line(format_args!("Incoming chat request from {who} ({standing})"));
            screen.called(&self.peer_info());
        }
        // `send` queues each text again, now for the writer's report.
        for text in std::mem::take(&mut self.unsent) {
            self.send(text, screen);
        }
        said
    }

    /// What is known of the peer, and of the way to it.
    pub fn standing(&self, says_plain: bool) -> String {
        let verified = if self.verified { "verified" } else { "unverified" };
        let way = self.passage.way.map_or(String::new(), |way| format!("; {way}"));
        format!("{}{way}", standing(verified, self.comparison.as_ref(), says_plain))
    }

    /// The peer's label on the screen: `bob`, `bob?` if the name is only a claim, or an address.
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

    /// The lines of `/peers` for this chat.
    pub fn summary(&self, says_plain: bool) -> Vec<String> {
        let state = match self.state {
            ChatState::Open => self.standing(says_plain),
            ChatState::Cut(_) => "cut".to_owned(),
            _ if self.called => self.passage.calling().to_owned(),
            _ => "calls us".to_owned(),
        };
        let line = format!("{} {} tcp ({state})", self.label(), self.address);
        let time = self.round_trip.to_string();
        [line, time].into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Whether both may talk.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ChatState::Open)
    }

    /// Whether this client calls and the chat is not open yet.
    pub fn is_calling(&self) -> bool {
        matches!(self.state, ChatState::Calling(_))
    }

    /// Whether `peer` means this chat's peer. An ID counts only for a verified peer.
    pub fn is(&self, peer: &PeerRef) -> bool {
        match peer {
            PeerRef::Name(name) => self.name.as_ref() == Some(name),
            PeerRef::Id(id) => self.id == *id && self.id != compat::NO_ID && self.verified,
            PeerRef::Address(address) => self.address == *address,
        }
    }

    /// The peer, as the server describes its clients; `None` for a peer without a name.
    pub fn entry(&self) -> Option<Entry> {
        Some(Entry { name: self.name.clone()?, address: self.address, id: self.id })
    }

    /// Whether this client of the server is the chat's peer.
    pub fn is_with(&self, client: &Entry) -> bool {
        self.entry().is_some_and(|entry| entry.is_same(client))
    }

    /// The peer, as the screen and the page show it.
    pub fn peer_info(&self) -> PeerInfo {
        PeerInfo { chat: self.key, label: self.label(), id: self.id, via: Via::Tcp }
    }

    /// Sends a text of the user. Before the chat is open, the text waits.
    pub fn say(&mut self, text: &Text, screen: &mut Screen) {
        self.silent_since = None;
        self.answer(text, screen);
    }

    /// Sends a text that the user has not typed for this peer. It does not keep the place of a silent caller.
    pub fn answer(&mut self, text: &Text, screen: &mut Screen) {
        self.show_status(text.as_str(), DeliveryStatus::Waiting, screen);
        self.resume(text.to_string(), screen);
    }

    /// Sends a text that waits. Before the chat is open, it waits on.
    pub fn resume(&mut self, text: String, screen: &mut Screen) {
        match self.state {
            ChatState::Open => self.send(text, screen),
            _ => self.unsent.push_back(text),
        }
    }

    /// Queues a text for the connection until [`Chat::written`] confirms it, or reports that it cannot be
    /// delivered.
    pub fn send(&mut self, text: String, screen: &mut Screen) {
        // The peer could take such a text for the beginning of a block.
        let is_block = self.takes_files && FileBlock::begins_with(text.as_bytes());
        let line = line_of(&text);
        let line = if is_block { format!(" {line}") } else { line };
        let sent = self.writer.as_ref().is_some_and(|writer| writer.text(&line));
        if sent {
            self.unsent.push_back(text);
        } else {
            self.show_status(&text, DeliveryStatus::Lost, screen);
        }
    }

    /// Handles the writer's report that the oldest text is written.
    pub fn written(&mut self, screen: &mut Screen) {
        if let Some(text) = self.unsent.pop_front() {
            self.show_status(&text, DeliveryStatus::Sent, screen);
        }
    }

    /// Notes that the peer proved to be `caller`.
    pub fn verify(&mut self, caller: &Entry) {
        (self.verified, self.silent_since) = (true, None);
        self.name = Some(caller.name.clone());
        (self.id, self.address) = (caller.id, caller.address);
    }

    /// Ends the chat from this side. Returns it if texts are still to be written before its end.
    pub fn end(mut self, screen: &mut Screen) -> Option<Chat> {
        let Some(writer) = self.writer.take().filter(|_| self.is_open()) else {
            self.report_unsent(screen);
            return None;
        };
        // The queue keeps its order: QUIT is written after every text that waits there. Then the connection is closed,
        // because its writer is dropped here.
        writer.block(&"QUIT\r\n\r\n");
        (!self.unsent.is_empty()).then_some(self)
    }

    /// Drops the chat and its connection after the peer has ended it. Returns it if the writer may still report texts
    /// as written: its word may come after the word of the thread that reads.
    pub fn ended(self, screen: &mut Screen) -> Option<Chat> {
        match &self.writer {
            Some(writer) if self.is_open() && !self.unsent.is_empty() => writer.cut(),
            _ => {
                self.cut(screen);
                return None;
            }
        }
        Some(self)
    }

    /// Handles the end of the writer, which reports nothing more.
    pub fn writer_ended(&mut self) {
        self.writer = None;
    }

    /// Drops the chat and its connection, and reports the texts that were not written.
    pub fn cut(self, screen: &mut Screen) {
        self.report_unsent(screen);
        if let Some(writer) = self.writer {
            writer.cut();
        }
    }

    /// Reports the texts that are not written as lost.
    fn report_unsent(&self, screen: &mut Screen) {
        for text in &self.unsent {
            self.show_status(text, DeliveryStatus::Lost, screen);
        }
    }

    /// Shows the status of a text of the user.
    fn show_status(&self, text: &str, status: DeliveryStatus, screen: &mut Screen) {
        screen.show(&Output::Status(&self.peer_info(), text, status));
    }
}

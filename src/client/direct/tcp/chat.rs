//! One direct chat: who it is, how far it has come, and what was said but not sent yet.

use std::collections::VecDeque;
use std::fmt;
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

/// Who we are to our peers.
#[derive(Debug, Clone)]
pub struct LocalPeer {
    /// Our name.
    pub name: Name,
    /// Our ID, or 0.
    pub id: u64,
    /// Where we listen.
    pub address: SocketAddr,
}

impl fmt::Display for LocalPeer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let LocalPeer { name, id, address } = self;
        let id = if *id == 0 { "no ID".to_owned() } else { format!("ID {id}") };
        write!(f, "you are {name} ({id}) at {address}")
    }
}

/// What everything that happens to a chat needs.
pub struct Context<'a> {
    /// Who we are.
    pub me: &'a LocalPeer,
    /// Where it is shown.
    pub screen: &'a mut Screen,
    /// When it happens.
    pub now: Instant,
}

/// One direct chat.
pub struct Chat {
    /// Which one it is.
    pub key: ConnectionId,
    /// Who it is. Unverified, it is only a claim.
    pub name: Option<Name>,
    /// One of the server's secrets has proved it.
    pub verified: bool,
    /// The server's number for it, or 0.
    pub id: u64,
    /// Where it listens, or is seen to be.
    pub address: SocketAddr,
    /// It is we who have called.
    pub called: bool,
    /// When our call was answered by whom it was meant for.
    pub answered: Option<Instant>,
    /// How far it has come.
    pub state: ChatState,
    /// The way to write to it, once there is a connection.
    pub writer: Option<Writer>,
    /// What was typed and is not written yet.
    pub unsent: VecDeque<String>,
}

/// How far a chat has come.
#[allow(missing_docs, reason = "the variants say it")]
pub enum ChatState {
    /// We are calling; the secret that the other side must show.
    Calling(Option<Secret>),
    /// It shows a ticket that we do not know (yet); what it has said meanwhile.
    AwaitingTicket { greeting: Greeting, until: Instant, said: Vec<String> },
    /// It calls us while we call it, and our call goes first.
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

    /// How this peer is shown: `bob`, or `bob?` if that is only a claim, or an address.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) if self.verified || matches!(self.state, ChatState::Calling(_)) => {
                name.to_string()
            }
            Some(name) => format!("{name}?"),
            None => self.address.to_string(),
        }
    }

    /// Who it is and where: `bob at 127.0.0.1:5557`, or just the address.
    pub fn place(&self) -> String {
        match self.name {
            Some(_) => format!("{} at {}", self.label(), self.address),
            None => self.label(),
        }
    }

    /// Whether both may talk.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ChatState::Open)
    }

    /// Whether this is whom a person means.
    pub fn is(&self, who: &PeerRef) -> bool {
        match who {
            PeerRef::Name(name) => self.name.as_ref() == Some(name),
            PeerRef::Id(id) => self.id == *id && self.verified,
            PeerRef::Address(address) => self.address == *address,
        }
    }

    /// Who is at the other end.
    pub fn peer_info(&self) -> PeerInfo {
        PeerInfo { chat: self.key, label: self.label(), id: self.id, via: Via::Tcp }
    }

    /// Gives the connection a text, or says that it takes none.
    pub fn send(&mut self, text: String, screen: &mut Screen) {
        let sent = self.writer.as_ref().is_some_and(|writer| writer.text(&line_of(&text)));
        if sent {
            self.unsent.push_back(text);
        } else {
            screen.show(&Output::Status(&self.peer_info(), &text, DeliveryStatus::Lost));
        }
    }

    /// It has proved to be that caller.
    pub fn verify(&mut self, caller: &Entry) {
        self.verified = true;
        self.name = Some(caller.name.clone());
        (self.id, self.address) = (caller.id, caller.address);
    }

    /// Ends the chat from our side.
    pub fn end(mut self, screen: &mut Screen) {
        if self.is_open() {
            // What has been given to the connection is written before this.
            self.unsent.clear();
            if let Some(writer) = &self.writer {
                writer.block(&"QUIT\r\n\r\n");
            }
        }
        self.report_unsent(screen);
    }

    /// Forgets the chat: its connection is of no use any more.
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

//! How far the connection to the server has come. Each state carries what it alone has, so no other combination
//! can exist.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::net::{ConnectionId, Writer};
use crate::client::rendezvous::compat::Exchange;
use crate::client::rendezvous::liveness::{Liveness, Word};
use crate::client::rendezvous::reflex::Reflex;
use crate::wire::Block;

/// The most texts that the connection may not have taken yet.
const MAX_UNWRITTEN: usize = 128;

/// The connection to the server, from none to the room.
#[derive(Debug)]
pub enum LinkState {
    /// There is none. The next attempt is at that time; without one, the user must ask for it.
    Offline(Option<Instant>),
    /// A thread is connecting. It has a limit of its own.
    Connecting(ConnectionId),
    /// The connection stands.
    Up(Link),
    /// Registered with a server that has no room. It closes the connection after each response, so a request has
    /// one of its own.
    Legacy(Option<Exchange>),
}

/// A connection to the server that stands.
#[derive(Debug)]
pub struct Link {
    id: ConnectionId,
    writer: Writer,
    /// How many texts the writer has not written yet.
    unwritten: usize,
    /// How far the client has come on it.
    pub stage: Stage,
    /// Where this client listens, as it sees that itself, and the server's address.
    pub ends: (SocketAddr, SocketAddr),
    /// The questions which address the server sees, if it answers such questions.
    pub reflex: Option<Reflex>,
}

/// How far a client has come on a connection, and when the server must have said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// REGISTER is sent.
    Registering(Instant),
    /// JOIN is sent.
    Joining(Instant),
    /// In the room.
    Joined(Liveness),
}

impl Stage {
    /// Whether an ERROR about this request, or about one that the server could not read, refuses what was sent last
    /// on the way into the room.
    pub fn is_about(&self, request: &str) -> bool {
        match self {
            Stage::Registering(_) => request.is_empty() || request == "REGISTER",
            Stage::Joining(_) => request.is_empty() || request == "JOIN",
            Stage::Joined(_) => false,
        }
    }
}

impl Link {
    /// A fresh connection, on which REGISTER must be answered until `until`.
    pub fn new(
        (id, writer): (ConnectionId, Writer),
        ends: (SocketAddr, SocketAddr),
        until: Instant,
    ) -> Link {
        let stage = Stage::Registering(until);
        Link { id, writer, unwritten: 0, stage, ends, reflex: None }
    }

    /// Whether the server is known to have a room. Others may not know QUIT.
    pub fn has_room(&self) -> bool {
        !matches!(self.stage, Stage::Registering(_))
    }

    /// Queues a block of the protocol. Returns whether there was room for it.
    pub fn send(&self, block: &Block) -> bool {
        self.writer.block(block)
    }

    /// Queues a block with the user's words; the writer reports when it is written. Returns whether there was room.
    pub fn say(&mut self, block: &Block) -> bool {
        let queued = self.writer.text(block);
        self.unwritten += usize::from(queued);
        queued
    }

    /// Notes a request that the server must answer.
    pub fn asked(&mut self, now: Instant) {
        if let Stage::Joined(liveness) = &mut self.stage {
            liveness.asked(now);
        }
    }

    /// Notes that the server has sent something. `owes`: requests without an answer are left.
    pub fn heard(&mut self, now: Instant, word: Word, owes: bool) {
        if let Stage::Joined(liveness) = &mut self.stage {
            liveness.heard(now, word, owes);
        }
    }

    /// Ends the connection at once, whatever waits in its queue: the server does not take it.
    pub fn cut(&self) {
        self.writer.cut();
    }

    /// Handles the writer's report about one text.
    pub fn written(&mut self) {
        self.unwritten = self.unwritten.saturating_sub(1);
    }

    /// Whether the next text must wait.
    pub fn is_full(&self) -> bool {
        self.unwritten >= MAX_UNWRITTEN
    }
}

impl LinkState {
    /// The number of the connection.
    pub fn id(&self) -> Option<ConnectionId> {
        match self {
            LinkState::Offline(_) => None,
            LinkState::Connecting(id) => Some(*id),
            LinkState::Up(link) => Some(link.id),
            LinkState::Legacy(exchange) => exchange.as_ref().map(|exchange| exchange.id),
        }
    }

    /// The connection, if it stands.
    pub fn link(&mut self) -> Option<&mut Link> {
        if let LinkState::Up(link) = self { Some(link) } else { None }
    }

    /// How far the client has come, if the connection stands.
    pub fn stage(&self) -> Option<Stage> {
        if let LinkState::Up(link) = self { Some(link.stage) } else { None }
    }

    /// When something must be done if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            LinkState::Offline(retry) => *retry,
            LinkState::Connecting(_) => None,
            LinkState::Up(link) => match &link.stage {
                Stage::Registering(until) | Stage::Joining(until) => Some(*until),
                Stage::Joined(liveness) => {
                    let reflex = link.reflex.as_ref().and_then(Reflex::deadline);
                    liveness.deadline().into_iter().chain(reflex).min()
                }
            },
            LinkState::Legacy(exchange) => exchange.as_ref().map(|exchange| exchange.until),
        }
    }
}

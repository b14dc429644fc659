//! Begins a connection to a peer for a chat: what this client says first, and by which way.
//!
//! The side that connects shows the ticket, is the client of TLS, and commits itself to a nonce, whether it has asked
//! for the introduction or was asked to connect back.

use std::io;
use std::net::SocketAddr;

use crate::client::direct::context::LocalPeer;
use crate::client::direct::secure::Comparison;
use crate::client::direct::secure::tickets::shared_key;
use crate::client::direct::tcp::calling::{self, CallRoute};
use crate::client::direct::tcp::passage::Attempt;
use crate::client::direct::tcp::{Chat, ChatState};
use crate::client::event::Events;
use crate::client::net::ConnectionId;
use crate::net::interface;
use crate::wire::{Credentials, Greeting, Name};

/// A connection that is being made.
pub struct Dialed {
    /// The number under which its thread reports.
    pub connection: ConnectionId,
    /// The thread.
    pub attempt: Attempt,
    /// The code to compare, if the connection is encrypted.
    pub comparison: Option<Comparison>,
    /// The chat's state while it is made.
    pub state: ChatState,
}

/// Begins to connect to a peer, as `name` at `me`, with the secrets of an introduction if there is one.
///
/// # Errors
/// When the thread cannot be started.
pub fn dial(
    (name, me): (Name, &LocalPeer),
    credentials: Option<Credentials>,
    route: CallRoute,
    events: &Events,
) -> io::Result<Dialed> {
    let address = Some(me.address);
    let ticket = credentials.map(|credentials| credentials.ticket);
    let (files, secure, answer, nonce) = (ticket.is_some(), ticket.is_some(), None, None);
    let key = credentials.filter(|found| found.secure).map(|found| shared_key(&found));
    let comparison = key.as_ref().map(|_| Comparison::calling());
    let commit = comparison.as_ref().map(Comparison::commitment);
    let greeting = Greeting { name, address, ticket, answer, files, secure, commit, nonce };
    let (connection, attempt) = calling::call(route, greeting, key, events)?;
    let state = ChatState::Calling(credentials.map(|credentials| credentials.answer));
    Ok(Dialed { connection, attempt, comparison, state })
}

impl Dialed {
    /// Makes it the connection of a chat.
    pub fn give_to(self, chat: &mut Chat) {
        (chat.state, chat.comparison) = (self.state, self.comparison);
        chat.passage.connection = Some(self.connection);
        chat.passage.attempt = Some(self.attempt);
    }
}

/// Addresses with the interface that link-local ones need: the one of this client's own address.
pub fn reachable(addresses: Vec<SocketAddr>, me: &LocalPeer) -> Vec<SocketAddr> {
    let interface = interface::of(&me.address);
    addresses.into_iter().map(|address| interface::on(interface, address)).collect()
}

//! Calls that climb a [ladder](super::tcp::ladder): each way needs an introduction of its own. The server is asked for
//! it elsewhere; here is noted what to ask, and its answer becomes a connection.
//!
//! ```text
//! a way has failed ──► Wish ──► BRIDGE Via: back ──► BRIDGEACK ──► introduced
//!                                                                   ├─ tcp    a thread connects to the peer
//!                                                                   ├─ back   the peer's ticket is awaited
//!                                                                   └─ relay  a thread connects to the server
//! ```
//!
//! The chat itself stays where it is in the list, with its number, its label and the texts that wait: only its
//! [passage](super::tcp::Passage) is another one.

use std::collections::VecDeque;

use crate::client::direct::context::Context;
use crate::client::direct::dialing::{dial, reachable};
use crate::client::direct::secure::Tickets;
use crate::client::direct::tcp::calling::CallRoute;
use crate::client::direct::tcp::ladder::Climb;
use crate::client::direct::tcp::relay::RelayServer;
use crate::client::direct::tcp::way::places;
use crate::client::direct::tcp::{ChatState, Invitations};
use crate::client::event::Events;
use crate::client::net::ConnectionId;
use crate::io_error::cause;
use crate::wire::{Credentials, Introduction, PeerRef, RelayProof, Request, Secret, Via, compat};

/// The most tickets that peers were asked to show. Each counts for a minute at most.
const MAX_ASKED: usize = 256;

/// An introduction that a chat needs.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The chat.
    pub chat: ConnectionId,
    /// Its peer.
    pub peer: PeerRef,
    /// For which way.
    pub via: Via,
}

/// What all calls that climb need.
#[derive(Debug, Default)]
pub struct Climbing {
    /// The server that may pass bytes on.
    pub server: Option<RelayServer>,
    /// The introductions to ask for.
    wishes: Vec<Wish>,
    /// The tickets that peers were asked to show, the newest last.
    asked: VecDeque<Secret>,
}

/// What a way needs of the rest.
pub struct Means<'a> {
    /// The way to the loop, for the threads of connections.
    pub events: &'a Events,
    /// The callers whose tickets count.
    pub invitations: &'a mut Invitations,
    /// The same, for the threads of callers.
    pub tickets: &'a Tickets,
}

impl Climbing {
    /// Takes the introductions to ask for. Each is given out once.
    pub fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Whether some peer was asked to connect and show this ticket.
    pub fn has_asked(&self, ticket: Option<Secret>) -> bool {
        ticket.is_some_and(|ticket| self.asked.contains(&ticket))
    }

    /// Handles the introduction for a way. If the chat is gone, or wants another one, nothing happens. An introduction
    /// of somebody else, without TLS, or of a program that knows no ways counts as a way that fails.
    pub fn introduced(
        &mut self,
        (id, via): (ConnectionId, Via),
        found: &Introduction,
        means: &mut Means,
        context: &mut Context,
    ) {
        let Some(chat) = context.chats.tcp_mut(id) else { return };
        if !chat.passage.ladder.as_ref().is_some_and(|ladder| ladder.awaits(via)) {
            return;
        }
        let is_it =
            chat.name.as_ref() == Some(&found.entry.name) && found.candidates.seen.is_some();
        let credentials = found.credentials.map(|(_, credentials)| credentials);
        let credentials = credentials.filter(|credentials| credentials.secure && is_it);
        let Some(credentials) = credentials else {
            return self.fails(id, "its program does not know this way", context);
        };
        (chat.id, chat.passage.local) = (found.entry.id, found.candidates.local);
        let addresses = places(found.entry.address, found.candidates.local);
        let count = addresses.len();
        let begun = match via {
            Via::Back => {
                self.expect(id, found, credentials, means, context);
                Ok(())
            }
            Via::Relay => self.relay(id, credentials, means, context),
            _ => connect(id, credentials, CallRoute::Places(addresses), means, context),
        };
        if let Err(why) = begun {
            return self.fails(id, &why, context);
        }
        let chat = context.chats.tcp_mut(id);
        if let Some(ladder) = chat.and_then(|chat| chat.passage.ladder.as_mut()) {
            ladder.introduced(count, context.now);
        }
    }

    /// Awaits the peer, which the server has asked to connect. The ticket counts for the TLS handshake and for the
    /// greeting, and it tells that the caller belongs to this chat.
    fn expect(
        &mut self,
        id: ConnectionId,
        found: &Introduction,
        credentials: Credentials,
        means: &mut Means,
        context: &mut Context,
    ) {
        means.tickets.expect(&found.entry.name, &credentials, context.now);
        means.invitations.announce(found.entry.clone(), credentials, context.now);
        if self.asked.len() >= MAX_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back(credentials.ticket);
        if let Some(chat) = context.chats.tcp_mut(id) {
            chat.passage.awaits = Some(credentials.ticket);
            chat.state = ChatState::Calling(Some(credentials.answer));
        }
    }

    /// Connects through the server. The ticket proves to the server that this client is the one who has asked.
    ///
    /// # Errors
    /// The reason for the user: there is no server, this client has no name, or no thread can be started.
    fn relay(
        &mut self,
        id: ConnectionId,
        credentials: Credentials,
        means: &mut Means,
        context: &mut Context,
    ) -> Result<(), String> {
        let server = self.server.clone().ok_or("not connected to the server")?;
        let name = context.me.name.clone().ok_or("you have no name")?;
        let request = Request::Relay { name, proof: RelayProof::Ticket(credentials.ticket) };
        connect(id, credentials, CallRoute::Relay(server, request), means, context)
    }

    /// Handles that a way leads nowhere. Its ladder keeps the reason, and says what comes next.
    pub fn fails(&mut self, id: ConnectionId, why: &str, context: &mut Context) {
        let chat = context.chats.tcp_mut(id);
        let ladder = chat.and_then(|chat| chat.passage.ladder.as_mut());
        let Some(climb) = ladder.map(|ladder| ladder.fails(why, context.now)) else { return };
        self.climb(id, climb, context);
    }

    /// Does what is due for a chat.
    pub fn tick(&mut self, id: ConnectionId, context: &mut Context) {
        let chat = context.chats.tcp_mut(id);
        let ladder = chat.and_then(|chat| chat.passage.ladder.as_mut());
        let Some(climb) = ladder.map(|ladder| ladder.tick(context.now)) else { return };
        self.climb(id, climb, context);
    }

    /// Begins to climb, from the first way on.
    pub fn ask(&mut self, id: ConnectionId, context: &mut Context) {
        self.climb(id, Climb::Ask(Via::Tcp), context);
    }

    /// Does what a ladder says. The attempt that is under way ends first. The peer is asked for by its ID if that is
    /// known: its name may be somebody else's by now.
    fn climb(&mut self, id: ConnectionId, climb: Climb, context: &mut Context) {
        let Some(chat) = context.chats.tcp_mut(id) else { return };
        chat.passage.give_up();
        match climb {
            Climb::Ask(via) => {
                let by_id = (chat.id != compat::NO_ID).then_some(PeerRef::Id(chat.id));
                let peer = by_id.or_else(|| chat.name.clone().map(PeerRef::Name));
                self.wishes.extend(peer.map(|peer| Wish { chat: id, peer, via }));
            }
            Climb::Wait => {}
            Climb::Over(why) => give_up(id, &why, context),
        }
    }
}

/// Connects by a way. The chat is in the state of a call again, and its number stays.
///
/// # Errors
/// The reason for the user: this client has no name, or no thread can be started.
fn connect(
    id: ConnectionId,
    credentials: Credentials,
    route: CallRoute,
    means: &Means,
    context: &mut Context,
) -> Result<(), String> {
    let name = context.me.name.clone().ok_or("you have no name")?;
    let route = match route {
        CallRoute::Places(addresses) => CallRoute::Places(reachable(addresses, &context.me)),
        route => route,
    };
    let dialed = dial((name, &context.me), Some(credentials), route, means.events);
    let dialed = dialed.map_err(|error| cause(&error))?;
    if let Some(chat) = context.chats.tcp_mut(id) {
        dialed.give_to(chat);
    }
    Ok(())
}

/// Gives a call up, and tells the user why. The chat leaves the list, with the texts that were not sent.
pub fn give_up(id: ConnectionId, why: &str, context: &mut Context) {
    let Some(chat) = context.chats.take_tcp(id) else { return };
    context.screen.line(format_args!("cannot talk to {}: {why}", chat.place()));
    chat.cut(context.screen);
}

//! Calls over TCP, from the first byte to the open chat: who calls whom, who is verified, and which of two calls
//! stays when both call at once.
//!
//! ```text
//! alice                        server                         bob
//!   │── BRIDGE Peer: bob ────────►│                             │
//!   │◄─ BRIDGEACK Ticket, Answer ─│── CALL Ticket, Answer ─────►│  invite
//!   │── CHAT Ticket ─────────────────────────────────────────► │  judge: is the ticket known?
//!   │◄─ CHAT Answer ────────────────────────────────────────── │  receive
//!   │  answered: is it the right Answer?                        │
//! ```
//!
//! Two things go wrong on the way, and both are settled here. CALL and the connection that it announces travel on
//! different sockets, so a ticket may arrive before its announcement: [`judge`](Handshakes::event) waits for it.
//! And two peers may call each other at the same moment: then the call of the client with the lower ID stays, on
//! both sides without a word about it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::accepting::{adopt, receive, replace_rival};
use crate::client::direct::callbacks::CallBacks;
use crate::client::direct::chats::Chats;
use crate::client::direct::climbing::{Climbing, Means, give_up};
use crate::client::direct::context::Context;
use crate::client::direct::course::{ended, open, refuse, said};
use crate::client::direct::dialing::{dial, reachable};
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::encryption::{reveal, revealed, stripped};
use crate::client::direct::places;
use crate::client::direct::relayed;
use crate::client::direct::rivals::{crossing, rival, stands};
use crate::client::direct::secure::{Comparison, Tickets};
use crate::client::direct::tcp::calling::CallRoute;
use crate::client::direct::tcp::peer::is_called_one;
use crate::client::direct::tcp::way;
use crate::client::direct::tcp::{Chat, ChatState, Introductions, Invitations, Way};
use crate::client::event::{Events, PeerEvent};
use crate::client::net::{Captured, ConnectionId, Direction, Writer};
use crate::io_error::cause;
use crate::tls::Exporter;
use crate::wire::{Greeting, Introduction, Name, Via};

/// How long an unknown ticket waits for its CALL, and a simultaneous call for the other one to come to nothing.
const JUDGEMENT: Duration = Duration::from_secs(2);

/// What the server has told of calls before they are made, in both directions.
pub struct Handshakes {
    /// The way to the loop, for the threads of calls.
    pub(super) events: Events,
    /// The callers that the server has announced.
    pub(super) invitations: Invitations,
    /// The peers that this client may call.
    pub introductions: Introductions,
    /// The same callers as in `invitations`, as far as they encrypt: for their threads.
    pub(super) tickets: Tickets,
    /// The connections that this client makes because somebody calls it.
    pub callbacks: CallBacks,
    /// The calls of this client that try one way after the other.
    pub climbing: Climbing,
}

impl Handshakes {
    /// Nothing known yet.
    pub fn new(tickets: Tickets, events: Events) -> Handshakes {
        let (invitations, introductions) = (Invitations::default(), Introductions::default());
        let (callbacks, climbing) = (CallBacks::default(), Climbing::default());
        Handshakes { events, invitations, introductions, tickets, callbacks, climbing }
    }

    /// Calls an address, with the server's introduction if there is one. Without one the call is unverified, and
    /// the peer may be anybody. `name` is the client that is thought to listen there. The call is the current chat
    /// from now on.
    pub fn call(&mut self, address: SocketAddr, name: Option<Name>, context: &mut Context) {
        let Context { me, chats, screen, now } = context;
        let found = self.introductions.take(address, *now);
        let credentials = found.as_ref().and_then(|found| Some(found.credentials?.1));
        let name = found.as_ref().map(|found| found.entry.name.clone()).or(name);
        let Some(own) = me.name.clone() else { return };
        // A name may have a new owner: it does not tell whether this is the peer of an open chat.
        let is_peer = |chat: &Chat| match &found {
            Some(found) => chat.is_with(&found.entry),
            None => chat.address == address,
        };
        let same = |chat: &&Chat| stands(chat) && is_peer(chat);
        let open = chats.over_tcp().find(same).map(|chat| (chat.key, chat.label()));
        if let Some((id, label)) = open {
            screen.line(format_args!("you already have a chat with {label}"));
            chats.current = Some(id);
            return;
        }
        let climbs = found.as_ref().is_some_and(climbs);
        let local = found.as_ref().and_then(|found| found.candidates.local);
        let places = if climbs { way::places(address, local) } else { vec![address] };
        let (count, places) = (places.len(), reachable(places, me));
        let route = if climbs { CallRoute::Places(places) } else { CallRoute::Address(places[0]) };
        match dial((own, me), credentials, route, &self.events) {
            Ok(dialed) => {
                let id = dialed.connection;
                let mut chat = Chat::new(id, name, address, ChatState::Calling(None));
                chat.id = found.as_ref().map_or(0, |found| found.entry.id);
                let begins = || self.callbacks.ladder(chat.entry().as_ref(), count, (me.id, *now));
                (chat.passage.ladder, chat.passage.local) = (climbs.then(begins), local);
                dialed.give_to(&mut chat);
                screen.line(format_args!("calling {}", chat.place()));
                chats.insert(DirectChat::Tcp(chat));
                chats.current = Some(id);
            }
            Err(error) => screen.line(format_args!("cannot call: {}", cause(&error))),
        }
    }

    /// Handles the introduction that a chat has needed for its next way.
    pub fn introduced(
        &mut self,
        step: (ConnectionId, Via),
        found: &Introduction,
        context: &mut Context,
    ) {
        let Handshakes { events, invitations, tickets, .. } = self;
        let mut means = Means { events, invitations, tickets };
        self.climbing.introduced(step, found, &mut means, context);
    }

    /// Handles what the threads of a connection report.
    pub fn event(&mut self, connection: ConnectionId, event: PeerEvent, context: &mut Context) {
        // Each event may find its chat gone: the user may have hung up meanwhile, or it goes another way by now.
        let Some(id) = context.chats.owner(connection) else {
            return self.ownerless(connection, event, context);
        };
        match event {
            PeerEvent::Connected(writer, address, took, exporter) => {
                let Some(chat) = context.chats.tcp_mut(id) else { return writer.cut() };
                if let (Some(comparison), Some(exporter)) = (&mut chat.comparison, exporter) {
                    comparison.connected(exporter);
                }
                chat.writer = Some(writer);
                chat.round_trip.took(took);
                chat.passage.stands(address.ip().to_canonical(), self.callbacks.own);
                if matches!(chat.state, ChatState::Calling(None)) {
                    open(id, context);
                }
            }
            PeerEvent::Answered(greeting) => self.answered(id, &greeting, context),
            PeerEvent::Revealed(nonce) => revealed(id, nonce, context),
            PeerEvent::Refused(why) => context.screen.line(why),
            PeerEvent::Said(text) => said(id, text, context),
            // None of them is part of a call that stands.
            PeerEvent::File(_) | PeerEvent::Incoming(..) | PeerEvent::Relayed(..) => {}
            PeerEvent::Ended(cause) => {
                if context.chats.tcp(id).is_some_and(Chat::is_calling) {
                    self.failed(id, cause, context);
                } else if !relayed::was_cut(id, cause.as_deref(), context) {
                    ended(id, cause, context);
                }
            }
        }
    }

    /// Handles what the threads of a connection report that is no chat's, or not yet.
    fn ownerless(&mut self, connection: ConnectionId, event: PeerEvent, context: &mut Context) {
        match event {
            PeerEvent::Incoming(writer, address, greeting, exporter) => {
                self.arrived(connection, writer, (address, None), (greeting, exporter), context);
            }
            // The loop has not waited for it any more, and has ended it; the word of its coming was on its way by then.
            PeerEvent::Relayed(writer, ..) if !self.callbacks.relayed(connection) => writer.cut(),
            PeerEvent::Relayed(writer, address, greeting, exporter) => {
                let way = Some(Way::Relayed);
                self.arrived(connection, writer, (address, way), (greeting, exporter), context);
            }
            PeerEvent::Connected(writer, address, took, exporter) => {
                let reached = (address, took);
                self.callbacks.connected(connection, writer, reached, exporter, context);
            }
            PeerEvent::Refused(why) => context.screen.line(why),
            PeerEvent::Ended(_) => self.callbacks.ended(connection),
            _ => {}
        }
    }

    /// Handles the connection of a caller.
    fn arrived(
        &mut self,
        id: ConnectionId,
        writer: Writer,
        (address, way): (SocketAddr, Option<Way>),
        (greeting, exporter): (Option<Greeting>, Option<Exporter>),
        context: &mut Context,
    ) {
        let times = (context.now, context.now + JUDGEMENT);
        let commit = greeting.as_ref().and_then(|greeting| greeting.commit);
        let mut chat = Chat::incoming(id, writer, address, greeting, times);
        chat.comparison = exporter.map(|exporter| Comparison::called(exporter, commit));
        chat.passage.way = way;
        if !places::admit(&chat, context) {
            return chat.cut(context.screen);
        }
        let is_open = chat.is_open();
        context.chats.insert(DirectChat::Tcp(chat));
        if is_open { open(id, context) } else { self.judge(id, context) }
    }

    /// Verifies a caller if its ticket is known by now.
    pub(super) fn judge(&mut self, id: ConnectionId, context: &mut Context) {
        let server_tells_tls = context.chats.server_tells_tls;
        let Some(chat) = context.chats.tcp_mut(id) else { return };
        let ChatState::AwaitingTicket { greeting, .. } = &chat.state else { return };
        let promise = self.invitations.promises_tls(greeting, context.now);
        if let Some(promised) = promise.filter(|_| chat.comparison.is_none())
            && let Some(why) = stripped(promised, greeting.secure && server_tells_tls)
        {
            return refuse(id, why, context);
        }
        let ticket = greeting.ticket;
        let Some((caller, answer)) = self.invitations.admit(greeting, context.now) else { return };
        if self.climbing.has_asked(ticket) {
            // The peer that was asked to connect is there; the user may have hung up meanwhile.
            return match adopt(id, ticket, self.callbacks.own, context.chats) {
                Some(id) => receive(id, answer, context),
                None => places::drop_silently(id, None, context),
            };
        }
        let way = self.callbacks.way(ticket, chat.address.ip());
        chat.passage.way = chat.passage.way.or(way);
        chat.verify(&caller);
        self.callbacks.came(&caller.name);
        // Two calls that cross: both sides keep the call of the lower ID, without a word about it.
        let recent = |at: Instant| context.now.duration_since(at) < JUDGEMENT;
        match rival(id, context.chats).filter(|_| context.me.id < caller.id) {
            Some(call) if call.passage.is_direct() && !call.is_open() => {
                let until = context.now + JUDGEMENT;
                if let Some(chat) = context.chats.tcp_mut(id) {
                    chat.state = ChatState::SimultaneousOpen { answer, until };
                }
            }
            // The peer has just accepted this client's own call, so the call that crossed it is not needed.
            Some(chat) if chat.answered.is_some_and(recent) => {
                let rival = chat.key;
                places::drop_silently(id, Some(rival), context);
            }
            None if !places::has_room_for(&caller.name, context.chats) => {
                places::drop_silently(id, None, context);
            }
            _ => receive(id, answer, context),
        }
    }

    /// Handles the greeting of a called peer, which shows the right secret or is somebody else.
    fn answered(&mut self, id: ConnectionId, greeting: &Greeting, context: &mut Context) {
        let server_tells_tls = context.chats.server_tells_tls;
        let Some(chat) = context.chats.tcp_mut(id) else { return };
        match chat.state {
            ChatState::Calling(Some(answer)) if is_called_one(greeting, answer) => {
                if let Err(why) = reveal(chat, greeting, server_tells_tls) {
                    return refuse(id, why, context);
                }
                (chat.verified, chat.answered) = (true, Some(context.now));
                chat.takes_files = greeting.files;
                if context.me.id < chat.id {
                    // A crossing call of the peer is given up, even if it arrives only now.
                    chat.name.iter().for_each(|name| self.invitations.revoke(name));
                    chat.name.iter().for_each(|name| self.tickets.revoke(name));
                }
                let is_called_back = !chat.called;
                if let Some((other, _)) = crossing(id, context.chats) {
                    places::drop_silently(other, Some(id), context);
                }
                if is_called_back {
                    replace_rival(id, context);
                }
                open(id, context);
            }
            ChatState::Calling(Some(_)) => {
                let Some(chat) = context.chats.take_tcp(id) else { return };
                let address = chat.address;
                context.screen.line(format_args!(
                    "somebody else listens at {address}: it is not the one the server introduced"
                ));
                chat.cut(context.screen);
            }
            _ => {}
        }
    }

    /// Handles the end of a call that did not come to a chat. If the peer calls at the same time, its call stands. If
    /// there are further ways, they are tried.
    fn failed(&mut self, id: ConnectionId, cause: Option<String>, context: &mut Context) {
        if let Some((other, answer)) = crossing(id, context.chats) {
            return receive(other, answer, context);
        }
        let why = cause.unwrap_or_else(|| "it hung up".to_owned());
        match context.chats.tcp(id) {
            Some(chat) if chat.passage.ladder.is_some() => self.climbing.fails(id, &why, context),
            // The caller tells its user.
            Some(chat) if !chat.called => places::drop_silently(id, None, context),
            _ => give_up(id, &why, context),
        }
    }

    /// How a caller is shown by its first block: by its name if the server has announced it, else as a claim.
    pub fn claim(&self, captured: &Captured) -> Option<String> {
        let block = captured.block().filter(|_| captured.direction == Direction::In)?;
        let greeting = Greeting::parse(&block)?;
        let is_announced = self.invitations.expects(&greeting, Instant::now());
        Some(format!("{}{}", greeting.name, if is_announced { "" } else { "?" }))
    }
}

/// The numbers of all chats over TCP, taken in advance because handling one may remove another.
pub fn ids(chats: &Chats) -> Vec<ConnectionId> {
    chats.over_tcp().map(|chat| chat.key).collect()
}

/// Whether a call with this introduction climbs a ladder.
fn climbs(found: &Introduction) -> bool {
    let secure = found.credentials.is_some_and(|(_, credentials)| credentials.secure);
    secure && found.candidates.seen.is_some()
}

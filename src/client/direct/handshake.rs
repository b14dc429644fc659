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

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::course::{ended, open, refuse, said};
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::encryption::{REVEAL, reveal, revealed, stripped};
use crate::client::direct::places;
use crate::client::direct::rivals::{crossing, rival, stands};
use crate::client::direct::secure::tickets::shared_key;
use crate::client::direct::secure::{Comparison, Tickets};
use crate::client::direct::tcp::peer::is_called_one;
use crate::client::direct::tcp::{Chat, ChatState, Introductions, Invitations, listener};
use crate::client::event::{Events, PeerEvent};
use crate::client::net::{Captured, ConnectionId, Direction};
use crate::io_error::cause;
use crate::net::interface;
use crate::wire::{Credentials, Entry, Greeting, Name, Secret};

/// How long an unknown ticket waits for its CALL, and a simultaneous call for the other one to come to nothing.
const JUDGEMENT: Duration = Duration::from_secs(2);

/// What the server has told of calls before they are made, in both directions.
pub struct Handshakes {
    /// The way to the loop, for the threads of calls.
    events: Events,
    /// The callers that the server has announced.
    pub(super) invitations: Invitations,
    /// The peers that this client may call.
    pub introductions: Introductions,
    /// The same callers as in `invitations`, as far as they encrypt: for their threads.
    tickets: Tickets,
}

impl Handshakes {
    /// Nothing known yet.
    pub fn new(tickets: Tickets, events: Events) -> Handshakes {
        let (invitations, introductions) = (Invitations::default(), Introductions::default());
        Handshakes { events, invitations, introductions, tickets }
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
        let at = Some(me.address);
        let ticket = credentials.map(|credentials| credentials.ticket);
        let (files, secure, answer, nonce) = (ticket.is_some(), ticket.is_some(), None, None);
        let key = credentials.filter(|found| found.secure).map(|found| shared_key(&found));
        let comparison = key.as_ref().map(|_| Comparison::calling());
        let commit = comparison.as_ref().map(Comparison::commitment);
        let greeting =
            Greeting { name: own, address: at, ticket, answer, files, secure, commit, nonce };
        let reachable = interface::on(interface::of(&me.address), address);
        match listener::call(reachable, greeting, key, &self.events) {
            Ok(id) => {
                let state = ChatState::Calling(credentials.map(|credentials| credentials.answer));
                let mut chat = Chat::new(id, name, address, state);
                chat.id = found.map_or(0, |found| found.entry.id);
                chat.comparison = comparison;
                screen.line(format_args!("calling {}", chat.place()));
                chats.insert(DirectChat::Tcp(chat));
                chats.current = Some(id);
            }
            Err(error) => screen.line(format_args!("cannot call: {}", cause(&error))),
        }
    }

    /// Handles the server's announcement of a caller, whose connection may be there already.
    pub fn invite(&mut self, caller: Entry, credentials: Credentials, context: &mut Context) {
        if credentials.secure {
            self.tickets.announce(&caller.name, &credentials, context.now);
        }
        self.invitations.announce(caller, credentials, context.now);
        for id in ids(context.chats) {
            self.judge(id, context);
        }
    }

    /// Handles what a chat's threads report.
    pub fn event(&mut self, id: ConnectionId, event: PeerEvent, context: &mut Context) {
        // Each event may find its chat gone: the user may have hung up meanwhile.
        match event {
            PeerEvent::Incoming(writer, address, greeting, exporter) => {
                let times = (context.now, context.now + JUDGEMENT);
                let commit = greeting.as_ref().and_then(|greeting| greeting.commit);
                let mut chat = Chat::incoming(id, writer, address, greeting, times);
                chat.comparison = exporter.map(|exporter| Comparison::called(exporter, commit));
                if !places::admit(&chat, context) {
                    return chat.cut(context.screen);
                }
                let is_open = chat.is_open();
                context.chats.insert(DirectChat::Tcp(chat));
                if is_open { open(id, context) } else { self.judge(id, context) }
            }
            PeerEvent::Connected(writer, took, exporter) => {
                let Some(chat) = context.chats.tcp_mut(id) else { return writer.cut() };
                if let (Some(comparison), Some(exporter)) = (&mut chat.comparison, exporter) {
                    comparison.connected(exporter);
                }
                chat.writer = Some(writer);
                chat.round_trip.took(took);
                if matches!(chat.state, ChatState::Calling(None)) {
                    open(id, context);
                }
            }
            PeerEvent::Answered(greeting) => self.answered(id, &greeting, context),
            PeerEvent::Revealed(nonce) => revealed(id, nonce, context),
            PeerEvent::Refused(why) => context.screen.line(why),
            PeerEvent::Said(text) => said(id, text, context),
            PeerEvent::File(_) => {} // files are not part of a call
            PeerEvent::Ended(cause) => match context.chats.tcp(id) {
                Some(chat) if chat.is_calling() => failed(id, cause, context),
                _ => ended(id, cause, context),
            },
        }
    }

    /// Verifies a caller if its ticket is known by now.
    fn judge(&mut self, id: ConnectionId, context: &mut Context) {
        let server_tells_tls = context.chats.server_tells_tls;
        let Some(chat) = context.chats.tcp_mut(id) else { return };
        let ChatState::AwaitingTicket { greeting, .. } = &chat.state else { return };
        let promise = self.invitations.promises_tls(greeting, context.now);
        if let Some(promised) = promise.filter(|_| chat.comparison.is_none())
            && let Some(why) = stripped(promised, greeting.secure && server_tells_tls)
        {
            return refuse(id, why, context);
        }
        let Some((caller, answer)) = self.invitations.admit(greeting, context.now) else { return };
        chat.verify(&caller);
        // Two calls that cross: both sides keep the call of the lower ID, without a word about it.
        let recent = |at: Instant| context.now.duration_since(at) < JUDGEMENT;
        match rival(id, context.chats).filter(|_| context.me.id < caller.id) {
            Some(call) if !call.is_open() => {
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
                if let Some((other, _)) = crossing(id, context.chats) {
                    places::drop_silently(other, Some(id), context);
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

    /// How a caller is shown by its first block: by its name if the server has announced it, else as a claim.
    pub fn claim(&self, captured: &Captured) -> Option<String> {
        let block = captured.block().filter(|_| captured.direction == Direction::In)?;
        let greeting = Greeting::parse(&block)?;
        let is_announced = self.invitations.expects(&greeting, Instant::now());
        Some(format!("{}{}", greeting.name, if is_announced { "" } else { "?" }))
    }
}

/// When [`tick`] has something to do.
pub fn deadline(chats: &Chats) -> Option<Instant> {
    let silent = places::deadline(chats);
    let until = |chat: &Chat| match chat.state {
        ChatState::AwaitingTicket { until, .. }
        | ChatState::SimultaneousOpen { until, .. }
        | ChatState::AwaitingNonce { until } => Some(until),
        ChatState::Calling(_) | ChatState::Open => None,
    };
    chats.over_tcp().filter_map(until).chain(silent).min()
}

/// Opens the chats that have waited long enough: unverified without a CALL, verified without a crossing call. Hangs up
/// on callers that say nothing.
pub fn tick(context: &mut Context) {
    places::tick(context);
    for id in ids(context.chats) {
        match context.chats.tcp(id).map(|chat| &chat.state) {
            Some(ChatState::AwaitingTicket { until, .. }) if *until <= context.now => {
                if places::make_room(true, context) {
                    open(id, context);
                } else {
                    places::drop_silently(id, None, context);
                }
            }
            Some(ChatState::SimultaneousOpen { answer, until }) if *until <= context.now => {
                let answer = *answer;
                receive(id, answer, context);
            }
            Some(ChatState::AwaitingNonce { until }) if *until <= context.now => {
                refuse(id, "it tells no nonce", context);
            }
            _ => {}
        }
    }
}

/// The numbers of all chats over TCP, taken in advance because handling one may remove another.
fn ids(chats: &Chats) -> Vec<ConnectionId> {
    chats.over_tcp().map(|chat| chat.key).collect()
}

/// Answers a caller that has shown its ticket. This chat replaces an older one with the same peer.
fn receive(id: ConnectionId, answer: Secret, context: &mut Context) {
    // The server has announced the caller to somebody with a name.
    let Some(name) = context.me.name.clone() else {
        return places::drop_silently(id, None, context);
    };
    let rival = rival(id, context.chats).map(|chat| chat.key);
    let was_current = rival.is_some() && context.chats.current == rival;
    let old = rival.and_then(|rival| context.chats.take_tcp(rival));
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    let (address, files) = (Some(context.me.address), chat.takes_files);
    let nonce = chat.comparison.as_ref().map(Comparison::own);
    // Like Files, it answers a caller that has said so.
    let secure = chat.comparison.is_some()
        || matches!(&chat.state, ChatState::AwaitingTicket { greeting, .. } if greeting.secure);
    let (ticket, answer, commit) = (None, Some(answer), None);
    let greeting = Greeting { name, address, ticket, answer, files, secure, commit, nonce };
    if let Some(writer) = &chat.writer {
        writer.block(&greeting.to_block()); // the queue of a fresh connection has room
    }
    if let Some(mut old) = old {
        if !old.is_open() {
            chat.unsent.append(&mut old.unsent); // texts for the same peer, which the call has not sent
        }
        old.cut(context.screen);
    }
    if let Some(rival) = rival {
        context.chats.replace(rival, id, context.screen);
    }
    if was_current {
        context.chats.current = Some(id);
    }
    match context.chats.tcp_mut(id).filter(|chat| chat.comparison.is_some()) {
        Some(chat) => chat.state = ChatState::AwaitingNonce { until: context.now + REVEAL },
        None => open(id, context),
    }
}

/// Handles the end of a call that did not come to a chat. If the peer calls at the same time, its call stands.
fn failed(id: ConnectionId, cause: Option<String>, context: &mut Context) {
    if let Some((other, answer)) = crossing(id, context.chats) {
        return receive(other, answer, context);
    }
    let Some(chat) = context.chats.take_tcp(id) else { return };
    let cause = cause.unwrap_or_else(|| "it hung up".to_owned());
    context.screen.line(format_args!("cannot talk to {}: {cause}", chat.place()));
    chat.cut(context.screen);
}

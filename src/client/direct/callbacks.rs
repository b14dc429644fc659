//! What this client does because of a CALL: it connects to the caller, or to the server that passes bytes on.
//!
//! A server can say of any address that somebody there calls, so what it can make a client do is bounded: by the
//! [addresses](may_call_back), to one connection for each caller at a time, and to so many CALLs a minute.
//!
//! Nothing is shown of a connection that is being made: the caller's user is told what comes of the call. It becomes a
//! chat when somebody at the other end has proved to be the caller.
//!
//! ```text
//! CALL Via: back  ──► connect ──► (TLS) ──► connected: a chat ──► CHAT Answer ──► open
//! CALL Via: relay ──► relay ──► (the server, then TLS) ──► an incoming call as any other
//! ```

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::direct::context::Context;
use crate::client::direct::dialing::{Dialed, dial, reachable};
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::places::has_room_for;
use crate::client::direct::secure::Tickets;
use crate::client::direct::tcp::calling::CallRoute;
use crate::client::direct::tcp::ladder::Ladder;
use crate::client::direct::tcp::passage::Attempt;
use crate::client::direct::tcp::relay::RelayServer;
use crate::client::direct::tcp::way::{may_call_back, places};
use crate::client::direct::tcp::{Chat, ChatState, Way, listener};
use crate::client::event::Events;
use crate::client::net::{ConnectionId, Writer};
use crate::tls::Exporter;
use crate::wire::{Candidates, Credentials, Entry, Name, RelayProof, Request, Secret, Via};

/// The most callers that are remembered as knowing the ways through NATs. Their tickets count for a minute.
const MAX_KNOWN: usize = 256;

/// The connections that callers have asked for.
#[derive(Debug)]
pub struct CallBacks {
    /// This client's own address in its network.
    pub own: IpAddr,
    /// The connections that are being made.
    under_way: Vec<CallBack>,
    /// The last callers that know the ways through NATs.
    known: VecDeque<KnownCall>,
}

/// A CALL of somebody who knows the ways through NATs.
#[derive(Debug)]
struct KnownCall {
    /// When the CALL came.
    at: Instant,
    /// The caller, as the server lists it.
    caller: Entry,
    /// By which way it calls.
    via: Via,
    /// The secret of the introduction, which tells its connection from others.
    ticket: Secret,
    /// Where the caller is in the network of both.
    local: Option<SocketAddr>,
}

/// A connection that is being made.
struct CallBack {
    /// Who has asked for it.
    caller: Entry,
    /// The number under which its thread reports.
    connection: ConnectionId,
    /// Its thread: without this it ends.
    attempt: Attempt,
    /// Where the caller is in the network of both, if the server has told that.
    local: Option<SocketAddr>,
    /// The other fields of a connection to the caller itself; `None` for one through the server.
    dialed: Option<Box<Dialed>>,
}

impl std::fmt::Debug for CallBack {
    /// Shows the caller only: the rest is threads and secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "CallBack({})", self.caller)
    }
}

impl Default for CallBacks {
    /// No CALL yet. Until the client knows its address, it takes itself for one on loopback.
    fn default() -> CallBacks {
        let own = Ipv4Addr::LOCALHOST.into();
        let (under_way, known) = (Vec::new(), VecDeque::new());
        CallBacks { own, under_way, known }
    }
}

impl CallBacks {
    /// Notes that a caller knows the ways through NATs. Beyond `MAX_KNOWN` the oldest one is forgotten.
    pub fn note(
        &mut self,
        caller: &Entry,
        (via, ticket): (Via, Secret),
        candidates: Candidates,
        at: Instant,
    ) {
        if self.known.len() >= MAX_KNOWN {
            self.known.pop_front();
        }
        let (caller, local) = (caller.clone(), candidates.local);
        self.known.push_back(KnownCall { at, caller, via, ticket, local });
    }

    /// Handles that a caller has come, by whichever way: a call of this client need not wait for its ladder any more.
    pub fn came(&mut self, caller: &Name) {
        self.known.retain(|call| call.caller.name != *caller);
    }

    /// The ladder of a call to this peer, which is tried at so many addresses first. What is under way because the peer
    /// calls ends. If the peer has called just now and its ID is lower than this client's, its own ladder goes first
    /// until it has led here.
    pub fn ladder(
        &mut self,
        peer: Option<&Entry>,
        places: usize,
        (id, now): (u64, Instant),
    ) -> Ladder {
        let mut ladder = Ladder::direct(places, now);
        let Some(peer) = peer else { return ladder };
        self.forget(&peer.name);
        let last = self.known.iter().rfind(|call| call.caller.is_same(peer));
        if let Some(call) = last.filter(|_| peer.id < id) {
            ladder.gives_way(call.via, call.at);
        }
        ladder
    }

    /// Which way the bytes of a caller with this ticket go that comes from this address.
    pub fn way(&self, ticket: Option<Secret>, from: IpAddr) -> Option<Way> {
        let found = self.known.iter().find(|call| Some(call.ticket) == ticket);
        found.and_then(|call| Way::over(from, call.local, self.own))
    }

    /// Connects to a caller that cannot connect to this client. Nothing happens if none of the addresses may be called
    /// back, or too many CALLs were acted on. An earlier attempt for the same caller ends.
    pub fn connect(
        &mut self,
        caller: Entry,
        (credentials, candidates): (Credentials, Candidates),
        events: &Events,
        context: &mut Context,
    ) {
        let (local, own) = (candidates.local, self.own);
        let may = |to: &SocketAddr| may_call_back(*to, own, local.is_some());
        let addresses: Vec<_> = places(caller.address, local).into_iter().filter(may).collect();
        let Some(name) = context.me.name.clone() else { return };
        if addresses.is_empty() || !context.chats.calls.allows(context.now) {
            return;
        }
        self.forget(&caller.name);
        let route = CallRoute::Places(reachable(addresses, &context.me));
        // Without a thread the caller goes on by itself.
        if let Ok(mut dialed) = dial((name, &context.me), Some(credentials), route, events) {
            let attempt = std::mem::take(&mut dialed.attempt);
            let (connection, dialed) = (dialed.connection, Some(Box::new(dialed)));
            self.under_way.push(CallBack { caller, connection, attempt, local, dialed });
        }
    }

    /// Connects to the server, which passes on what a caller says there. The RELAY there shows the secret of the one
    /// who is called. The bound on CALLs is the same as for [`CallBacks::connect`].
    pub fn relay(
        &mut self,
        caller: Entry,
        credentials: Credentials,
        server: Option<RelayServer>,
        (tickets, events): (&Tickets, &Events),
        context: &mut Context,
    ) {
        let (Some(name), Some(server)) = (context.me.name.clone(), server) else { return };
        if !context.chats.calls.allows(context.now) {
            return;
        }
        self.forget(&caller.name);
        let request = Request::Relay { name, proof: RelayProof::Answer(credentials.answer) };
        // Without a thread the caller is told that nobody comes.
        if let Ok(begun) = listener::await_relayed((server, request), tickets, events) {
            let (connection, attempt) = begun;
            let (local, dialed) = (None, None);
            self.under_way.push(CallBack { caller, connection, attempt, local, dialed });
        }
    }

    /// Ends what is under way for a caller. Without its attempt the thread ends.
    pub fn forget(&mut self, caller: &Name) {
        self.under_way.retain(|it| it.caller.name != *caller);
    }

    /// Handles that a connection was not made, or is over.
    pub fn ended(&mut self, connection: ConnectionId) {
        self.under_way.retain(|it| it.connection != connection);
    }

    /// Takes what is under way with this number.
    fn take(&mut self, connection: ConnectionId) -> Option<CallBack> {
        let place = self.under_way.iter().position(|it| it.connection == connection)?;
        Some(self.under_way.swap_remove(place))
    }

    /// Handles that a caller comes through the server by this connection: its thread is left alone from then on, for
    /// the connection is in use. Returns whether this client still waits for it.
    pub fn relayed(&mut self, connection: ConnectionId) -> bool {
        let found = self.take(connection);
        found.map(|found| found.attempt.succeeded()).is_some()
    }

    /// Handles that a connection to a caller is made, and that somebody there has proved to be the caller. It becomes a
    /// chat, which is not open before the caller has answered. If there is no room for the caller, or its call has come
    /// to something else meanwhile, the connection is cut.
    pub fn connected(
        &mut self,
        connection: ConnectionId,
        writer: Writer,
        (address, took): (SocketAddr, Duration),
        exporter: Option<Exporter>,
        context: &mut Context,
    ) {
        let found = self.take(connection).filter(|it| has_room_for(&it.caller.name, context.chats));
        let Some(CallBack { caller, attempt, local, dialed: Some(dialed), .. }) = found else {
            return writer.cut();
        };
        attempt.succeeded();
        let Dialed { state, comparison, .. } = *dialed;
        self.came(&caller.name);
        let Entry { name, address: listed, id } = caller;
        let mut chat = Chat::new(connection, Some(name), listed, state);
        (chat.called, chat.id, chat.comparison) = (false, id, comparison);
        chat.passage.way = Way::over(address.ip().to_canonical(), local, self.own);
        if let (Some(comparison), Some(exporter)) = (&mut chat.comparison, exporter) {
            comparison.connected(exporter);
        }
        chat.writer = Some(writer);
        chat.round_trip.took(took);
        if matches!(chat.state, ChatState::Calling(Some(_))) {
            context.chats.insert(DirectChat::Tcp(chat));
        } else {
            chat.cut(context.screen);
        }
    }
}

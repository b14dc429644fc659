//! One client's connection: what its requests do to the directory and the room.
//!
//! Each function here is one request. It returns the answer, prints a line, and tells the room what changed. The
//! [`pipeline`](super::pipeline) decides when the answer is written.
//!
//! A change that the others must see is announced by a closure that the registry calls under its lock. So the room's
//! queue holds the changes in the order in which they happened.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::clock;
use crate::server::capacity::Seat;
use crate::server::directory::{
    Admission, JoinRequest, Presence, Registration, Whereabouts, lookup,
};
use crate::server::hosts::HostRate;
use crate::server::relay::RelayPlace;
use crate::server::room::{BatchId, Outbox, journal};
use crate::server::state::Server;
use crate::wire::request::{self, code};
use crate::wire::{
    Credentials, Entry, LastSeen, Name, Notification, PeerRef, Reachable, Reason, Refusal,
    RelayProof, Response, Secret, Text, Via, Welcome,
};

/// A member that must be told of a caller.
#[derive(Debug)]
pub struct PendingCall {
    /// The member's ID.
    pub member: u64,
    /// Writes to the member.
    outbox: Arc<Outbox>,
    /// What it must be told.
    call: Notification,
}

/// A client's connection, and what was registered and joined on it. One connection can register several names, one
/// after the other, but join only with one.
pub struct Connection<'a> {
    /// The server that it is connected to.
    pub server: &'a Server,
    /// Its place among the connections.
    pub seat: Seat,
    /// Writes to the client.
    pub outbox: Arc<Outbox>,
    /// The client's address, as the socket gives it.
    pub peer: SocketAddr,
    /// The server's address that the client has reached.
    pub own: SocketAddr,
    /// The limits of the client's host, if there are any.
    pub host: Option<Arc<HostRate>>,
    /// The client's name and ID while it is in the room.
    pub joined: Option<(Name, u64)>,
    /// Whether the room was not told yet that the client is in it.
    pub unannounced: bool,
    /// The name and port that were registered last on this connection.
    pub registered: Option<(Name, u16)>,
}

impl<'a> Connection<'a> {
    /// A fresh connection between two addresses: the client's, and the one of the server that it has reached.
    pub fn new(
        server: &'a Server,
        seat: Seat,
        outbox: Arc<Outbox>,
        (peer, own): (SocketAddr, SocketAddr),
    ) -> Connection<'a> {
        let host = server.hosts.of(peer.ip(), Instant::now());
        let (joined, registered) = (None, None);
        let unannounced = false;
        Connection { server, seat, outbox, peer, own, host, joined, unannounced, registered }
    }
}

impl Connection<'_> {
    /// REGISTER: puts a name into the directory.
    ///
    /// # Errors
    /// `bad-port`, and those of [`Registry::register`](crate::server::directory::registry::Registry::register).
    pub fn register(
        &mut self,
        name: Name,
        claimed: Option<IpAddr>,
        port: u16,
    ) -> Result<Response, Refusal> {
        let address = lookup::recorded(claimed, self.peer.ip(), port, self.own)?;
        let Server { registry, announcer, .. } = self.server;
        let moved = |entry: &Entry| {
            registry.inject_delay();
            announcer.arrived(entry, true, self.host.as_deref());
        };
        let entry = registry.register(&name, address, &self.outbox, Instant::now(), moved)?;
        registry.write_ids_down();
        self.server.printer.line(format_args!("REGISTER: {name} from {address} received"));
        self.server.warn_of_loopback(address);
        self.registered = Some((name.clone(), port));
        let expires = self.server.options.expires.as_secs();
        Ok(Response::RegAck { name, address, id: entry.id, expires, room: true })
    }

    /// BRIDGE: introduces the client to a peer. If both have joined, each gets the secrets by which it knows the
    /// other: the client in the answer, and the peer by the [`PendingCall`], which must be sent first.
    ///
    /// # Errors
    /// `not-registered`, `no-such-client`, `self`; `no-such-call` for a way through NATs that one of the two does not
    /// know; `relay-full`.
    pub fn bridge(
        &self,
        name: &Name,
        peer: Option<&PeerRef>,
        via: Via,
    ) -> Result<(Response, Option<PendingCall>), Refusal> {
        let everybody = self.server.registry.snapshot(Instant::now());
        let joined = self.joined.as_ref().map(|(own, _)| own);
        let asker = lookup::asking(&everybody, name, joined, self.peer.ip())?;
        let Entry { address, .. } = &asker.entry;
        let Some(found) = lookup::wanted(&everybody, asker, peer)? else {
            self.server.printer.line(format_args!("BRIDGE: {name} {address}"));
            return Ok((Response::BridgeAck(None), None));
        };
        lookup::check_way(found, asker, via)?;
        let Entry { name: peer, address: there, .. } = &found.entry;
        self.server.printer.line(format_args!("BRIDGE: {name} {address} {peer} {there}"));
        let mut introduction = lookup::introduce(found, joined.is_some(), via);
        let call = match (introduction.credentials, &found.presence) {
            (Some((via, credentials)), Presence::Joined(member)) => {
                let credentials = Credentials { secure: asker.is_secure(), ..credentials };
                if via == Via::Relay {
                    self.server.relays.introduce(asker, found, &credentials, Instant::now())?;
                }
                introduction.candidates = lookup::candidates(found, asker);
                let (caller, candidates) = (asker.entry.clone(), lookup::candidates(asker, found));
                let call = Notification::Call { caller, via, credentials, candidates };
                let outbox = Arc::clone(&member.outbox);
                Some(PendingCall { member: found.entry.id, outbox, call })
            }
            _ => None,
        };
        Ok((Response::BridgeAck(Some(introduction)), call))
    }

    /// Tells the room now that the client is in it. Returns the batch that holds this.
    pub fn announce(&mut self) -> Option<BatchId> {
        self.unannounced = false;
        let (name, _) = self.joined.as_ref()?;
        self.server.announcer.settle(name)
    }

    /// Tells a member of its caller. A caller that was sent away meanwhile will not call.
    pub fn call(&self, PendingCall { outbox, call, .. }: &PendingCall) {
        if !self.outbox.is_closed() {
            self.server.room.send_to(outbox, &call.to_block());
        }
    }

    /// RELAY: waits for the other client of an introduction, and then belongs to the two alone.
    ///
    /// # Errors
    /// Those of [`RelayPlace::claim`].
    pub fn relay(&self, name: &Name, proof: RelayProof) -> Result<RelayPlace, Refusal> {
        let place = RelayPlace::claim(&self.server.relays, name, proof, &self.outbox)?;
        self.seat.is_relayed();
        Ok(place)
    }

    /// INFO: lists the whole directory.
    pub fn info(&self) -> Vec<Entry> {
        lookup::listing(self.server.registry.snapshot(Instant::now()))
    }

    /// JOIN: lets the client into the room. Returns the batch that holds the answer.
    ///
    /// # Errors
    /// Those of [`Registry::join`](crate::server::directory::registry::Registry::join).
    pub fn join(
        &mut self,
        name: &Name,
        token: Option<Secret>,
        since: Option<LastSeen>,
        reachable: &Reachable,
    ) -> Result<BatchId, Refusal> {
        self.seat.joins()?;
        self.enter(name, (token, reachable), since).inspect_err(|_| self.seat.stays_out())
    }

    /// Enters the room: the part of JOIN that may be refused.
    fn enter(
        &mut self,
        name: &Name,
        (token, reachable): (Option<Secret>, &Reachable),
        since: Option<LastSeen>,
    ) -> Result<BatchId, Refusal> {
        let request = self.join_request(name, token, reachable);
        let secure = request.secure;
        let Server { registry, room, reflex, .. } = self.server;
        let asks = request.whereabouts.as_ref().filter(|_| !reflex.is_empty());
        let reflex = asks.map(|whereabouts| whereabouts.reflex);
        let (admission, (unannounced, batch)) =
            registry.join(name, request, Instant::now(), |admission| {
                registry.inject_delay();
                if let Some((old, _)) = &admission.replaced {
                    old.leave(); // from here on only the new connection can say anything
                }
                let unannounced = self.announce_arrival(admission);
                let (name, peer) = (&admission.entry.name, self.peer);
                let log = journal::line(format_args!("Client {name} connected from {peer}"));
                let welcome = Welcome { secure, reflex, ..self.welcome(admission) };
                (unannounced, room.arrive(&self.outbox, welcome, since, &log))
            })?;
        self.server.registry.write_ids_down(); // a token may have given the name another ID
        self.unannounced = unannounced;
        let Entry { name, address, id } = admission.entry;
        self.server.printer.line(format_args!("{name} joined (ID {id}, {address})"));
        self.joined = Some((name, id));
        if let Some((old, _)) = admission.replaced {
            self.server.send_away(&old, Reason::Replaced);
        }
        Ok(batch)
    }

    /// What a JOIN under this name asks for.
    fn join_request(
        &mut self,
        name: &Name,
        token: Option<Secret>,
        reachable: &Reachable,
    ) -> JoinRequest {
        let registered = self.registered.take().filter(|(registered, _)| registered == name);
        let (outbox, ip) = (Arc::clone(&self.outbox), self.peer.ip().to_canonical());
        let (port, secure) = (registered.map(|(_, port)| port), reachable.secure);
        let whereabouts = Whereabouts::of(reachable, ip).map(Arc::new);
        JoinRequest { outbox, ip, port, token, secure, whereabouts }
    }

    /// Tells the room that the client is in it. Returns whether the room will be told later.
    fn announce_arrival(&self, Admission { entry, replaced, .. }: &Admission) -> bool {
        let announcer = &self.server.announcer;
        // For the others a client that returns in time was never away, unless its address has changed.
        if replaced.as_ref().is_none_or(|(_, moved)| *moved) {
            announcer.arrived(entry, replaced.is_some(), self.host.as_deref())
        } else {
            announcer.holds(&entry.name)
        }
    }

    /// The answer to JOIN. The broadcaster fills in the room's numbers and what was missed, which only it knows.
    fn welcome(&self, admission: &Admission) -> Welcome {
        let Admission { entry: Entry { name, id, .. }, token, others, .. } = admission;
        let ping = Some(self.server.options.ping.as_secs());
        let (log, since, reflex, secure, seq, missed) = (None, None, None, false, 0, 0);
        let message = format!("Welcome to the chat, {name}!");
        let (name, id, token, others) = (name.clone(), *id, *token, others.clone());
        Welcome { name, id, token, seq, missed, log, since, ping, secure, reflex, message, others }
    }

    /// HISTORY: has old messages told again. Returns the batch that holds the answer, for the replay must stand at
    /// its place among the new messages.
    pub fn history(&self, before: Option<u64>, last: u64) -> BatchId {
        self.server.room.request_history(&self.outbox, before, last)
    }

    /// PONG: may be what the next piece of a long replay waits for. It gets no answer.
    pub fn pong(&self, token: Option<&str>) -> Option<Response> {
        self.server.room.take_pong(&self.outbox, token.unwrap_or_default());
        None
    }

    /// TELL: passes a text on to one member. The log notes that it happened, and not what was said.
    ///
    /// # Errors
    /// `no-such-client`, `self`, `not-joined`.
    pub fn tell(&self, peer: &PeerRef, text: &Text) -> Result<Response, Refusal> {
        let found = self.server.registry.find(peer, Instant::now());
        let Some(Registration { entry, presence: Presence::Joined(member), .. }) = found else {
            return Err(request::no_such_client(peer));
        };
        let Some((name, id)) = self.joined.clone() else {
            return Err(Refusal::new(code::NOT_JOINED, "join the room first"));
        };
        if entry.id == id {
            return Err(Refusal::new(code::SELF, "this is you"));
        }
        let log = format_args!("{name} told {} something privately", entry.name);
        self.server.room.note(&journal::line(log));
        let time = clock::stamp(SystemTime::now());
        let told = Notification::Told { time, id, name, text: text.as_str().to_owned() };
        self.server.room.send_to(&member.outbox, &told.to_block());
        Ok(Response::TellAck { id: entry.id, name: entry.name })
    }
}

//! One client in the directory, and what it takes to get its name.
//!
//! The rules are pure: they are given what is known and what is asked, and no lock, socket or clock. The
//! [`registry`](super::registry) applies them under its lock.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use crate::net::{Host, Shares};
use crate::server::directory::whereabouts::Whereabouts;
use crate::server::room::Outbox;
use crate::wire::request::code;
use crate::wire::{Entry, Name, Refusal, Secret};

/// The directory: all its entries, by their names.
pub type Clients = HashMap<Name, Registration>;

/// One client in the directory.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its name, its address and its ID.
    pub entry: Entry,
    /// Its place in the order of registration, which is its first ID. A token may give it another ID, but never
    /// another place.
    pub place: u64,
    /// Whether it is registered only, or in the room.
    pub presence: Presence,
}

/// Whether a client is in the room.
#[derive(Debug, Clone)]
pub enum Presence {
    /// It has registered its address. The server does not know whether it still runs.
    Registered {
        /// When the entry expires unless it is renewed.
        until: Instant,
    },
    /// It is in the room, on a connection that is still open.
    Joined(Membership),
}

/// What ties a name to a connection.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The connection, to write to.
    pub outbox: Arc<Outbox>,
    /// The secret with which the client may return on another connection.
    pub token: Secret,
    /// Whether the client can be called by TLS.
    pub secure: bool,
    /// Where else it can be found, if it knows the ways through NATs.
    pub whereabouts: Option<Arc<Whereabouts>>,
}

/// What JOIN asks for, and from where.
#[derive(Debug)]
pub struct JoinRequest {
    /// The connection, to write to.
    pub outbox: Arc<Outbox>,
    /// The address that the request is seen to come from.
    pub ip: IpAddr,
    /// The port that was registered on this connection, if one was.
    pub port: Option<u16>,
    /// The secret of a client that returns.
    pub token: Option<Secret>,
    /// Whether the client can be called by TLS.
    pub secure: bool,
    /// Where else it can be found, if it knows the ways through NATs.
    pub whereabouts: Option<Arc<Whereabouts>>,
}

impl Registration {
    /// The host that has this entry.
    pub fn host(&self) -> Host {
        self.entry.address.ip().into()
    }

    /// When the entry expires; `None` for a member, whose entry lasts as long as its connection.
    pub fn until(&self) -> Option<Instant> {
        if let Presence::Registered { until } = self.presence { Some(until) } else { None }
    }

    /// Whether it is a member that can be called by TLS.
    pub fn is_secure(&self) -> bool {
        matches!(&self.presence, Presence::Joined(member) if member.secure)
    }

    /// Where else a member can be found, if it knows the ways through NATs.
    pub fn whereabouts(&self) -> Option<&Whereabouts> {
        let Presence::Joined(member) = &self.presence else { return None };
        member.whereabouts.as_deref()
    }

    /// A member's secret.
    pub fn token(&self) -> Option<Secret> {
        if let Presence::Joined(member) = &self.presence { Some(member.token) } else { None }
    }

    /// Renews the entry until `until`, and spells the name as it is written now. Only the joined connection may; if
    /// nobody has joined, any connection from the same IP may. Returns whether a member's address has changed.
    ///
    /// # Errors
    /// `name-taken` when the name is joined on another connection, or registered from another IP.
    // LAB 2: renew an entry, if this connection may
    pub fn renew(
        &mut self,
        name: &Name,
        address: SocketAddr,
        outbox: &Arc<Outbox>,
        until: Instant,
    ) -> Result<bool, Refusal> {
        let same_address = self.entry.address.ip() == address.ip();
        let in_room = match &mut self.presence {
            Presence::Joined(membership) if Arc::ptr_eq(&membership.outbox, outbox) => true,
            Presence::Registered { until: old } if same_address => {
                *old = until;
                false
            }
            _ => return Err(taken(name)),
        };
        let moved = in_room && self.entry.address != address;
        self.entry = Entry { name: name.clone(), address, id: self.entry.id };
        Ok(moved)
    }

    /// Decides whether a JOIN may have the name. Returns the membership that it takes over, if there is one. The
    /// right token counts from any address; a wrong token counts as none.
    ///
    /// # Errors
    /// `name-taken` when a member has the name and the token is not its own; `not-registered` when the name is
    /// registered from another address.
    // LAB 2: find out whether a name may be joined
    pub fn authorize(&self, request: &JoinRequest) -> Result<Option<Membership>, Refusal> {
        match &self.presence {
            Presence::Joined(old) if request.token == Some(old.token) => Ok(Some(old.clone())),
            Presence::Joined(_) => Err(taken(&self.entry.name)),
            Presence::Registered { .. } if self.entry.address.ip() == request.ip => Ok(None),
            Presence::Registered { .. } => Err(not_registered(&self.entry.name)),
        }
    }

    /// Ties the entry to the connection of a JOIN. Its address becomes the request's IP with the request's port, or
    /// with the port that it had if the request has none. Returns whether the address has changed.
    // LAB 2: tie a name to a connection
    pub fn bind(&mut self, request: JoinRequest, token: Secret) -> bool {
        let port = request.port.unwrap_or(self.entry.address.port());
        let address = SocketAddr::new(request.ip, port);
        let moved = std::mem::replace(&mut self.entry.address, address) != address;
        let JoinRequest { outbox, secure, whereabouts, .. } = request;
        self.presence = Presence::Joined(Membership { outbox, token, secure, whereabouts });
        moved
    }
}

/// Makes room in a full directory for a newcomer from that host: if another host has more than its share, its entry
/// that was renewed least recently gives way. Members stay.
///
/// # Errors
/// `server-full`.
pub fn make_room(clients: &mut Clients, newcomer: Host, capacity: usize) -> Result<(), Refusal> {
    let place = |client: &Registration| (client.host(), client.until().is_some());
    let shares: Shares = clients.values().map(place).collect();
    let greediest = shares.gives_way(newcomer, capacity);
    let own = clients.values().filter(|client| Some(client.host()) == greediest);
    let dated = own.filter_map(|client| Some((client.until()?, &client.entry.name)));
    let oldest = dated.min_by_key(|(until, _)| *until).map(|(_, name)| name.clone());
    let full = || Refusal::new(code::SERVER_FULL, "the directory is full");
    clients.remove(&oldest.ok_or_else(full)?);
    Ok(())
}

/// The refusal for a name that another client has.
fn taken(name: &Name) -> Refusal {
    Refusal::new(code::NAME_TAKEN, format!("the name {name} is taken"))
}

/// The refusal for a name that is not registered from where it is used.
pub fn not_registered(name: &Name) -> Refusal {
    Refusal::new(code::NOT_REGISTERED, format!("{name} is not registered from this address"))
}

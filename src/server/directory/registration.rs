//! One client in the directory, and what it takes to have its name: rules over what is known and a given
//! time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use crate::server::room::outbox::Outbox;
use crate::wire::entry::Entry;
use crate::wire::name::Name;
use crate::wire::request::{Refusal, code};
use crate::wire::secret::Secret;

/// One client in the directory.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its name, its address and its ID.
    pub entry: Entry,
    /// Its place in the order of registration: the ID that it was given first. Its ID may become another
    /// one, by a token; its place does not.
    pub place: u64,
    /// Whether it is in the room.
    pub presence: Presence,
}

/// Whether a client is in the room.
#[derive(Debug, Clone)]
pub enum Presence {
    /// It has told its address. Nobody knows whether it is still there.
    Registered {
        /// When the entry goes unless it is renewed.
        until: Instant,
    },
    /// It is in the room, on a connection that still stands.
    Joined(Membership),
}

/// What ties a name to a connection.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The connection, as the way to write to it.
    pub outbox: Arc<Outbox>,
    /// The secret for coming back.
    pub token: Secret,
}

/// Somebody who wants to come in.
#[derive(Debug)]
pub struct JoinRequest {
    /// The connection, as the way to write to it.
    pub outbox: Arc<Outbox>,
    /// The address it is seen to come from.
    pub ip: IpAddr,
    /// The port that was registered on this connection, if one was.
    pub port: Option<u16>,
    /// The secret of somebody who comes back.
    pub token: Option<Secret>,
}

impl Registration {
    /// Renews the entry, if who asks may: the connection that has joined, or, as long as nobody has, any
    /// from the same IP, and then it lasts `until`. The name is written as it comes from now on. Gives
    /// whether somebody in the room has another address by that.
    ///
    /// # Errors
    /// `name-taken` when the name is joined elsewhere or comes from another address.
    // LAB 2: renew an entry, for who may
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

    /// The membership that a claim would take over, if the claim is good. The right token counts from any
    /// address, a wrong one as none.
    ///
    /// # Errors
    /// `name-taken` when somebody is there and the token is not theirs; `not-registered` when the name
    /// is registered from another address.
    // LAB 2: find out whether a name may be joined
    pub fn authorize(&self, claim: &JoinRequest) -> Result<Option<Membership>, Refusal> {
        match &self.presence {
            Presence::Joined(old) if claim.token == Some(old.token) => Ok(Some(old.clone())),
            Presence::Joined(_) => Err(taken(&self.entry.name)),
            Presence::Registered { .. } if self.entry.address.ip() == claim.ip => Ok(None),
            Presence::Registered { .. } => Err(not_registered(&self.entry.name)),
        }
    }

    /// Ties the entry to the claim's connection. Its address is the claim's IP with the claim's port, or
    /// else the port that it had; gives whether that is another one.
    // LAB 2: tie a name to a connection
    pub fn bind(&mut self, claim: JoinRequest, token: Secret) -> bool {
        let port = claim.port.unwrap_or(self.entry.address.port());
        let address = SocketAddr::new(claim.ip, port);
        let moved = std::mem::replace(&mut self.entry.address, address) != address;
        self.presence = Presence::Joined(Membership { outbox: claim.outbox, token });
        moved
    }
}

fn taken(name: &Name) -> Refusal {
    Refusal::new(code::NAME_TAKEN, format!("the name {name} is taken"))
}

/// The refusal for a name that is not registered from where it is used.
pub fn not_registered(name: &Name) -> Refusal {
    Refusal::new(code::NOT_REGISTERED, format!("{name} is not registered from this address"))
}

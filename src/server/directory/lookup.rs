//! The directory: the recorded address, INFO and BRIDGE. Answers are made from snapshots, so no lock is
//! held while they are written.

use std::net::{IpAddr, SocketAddr};

use crate::server::directory::registration::{Presence, Registration, not_registered};
use crate::wire::entry::{Credentials, Entry};
use crate::wire::name::{Name, PeerRef};
use crate::wire::request::{Refusal, Via, code, no_such_client};
use crate::wire::response::Introduction;
use crate::wire::secret::Secret;

/// The address to record for a client: the one that is seen, never the one that is claimed, or anybody
/// could have the others call wherever he likes. An IPv4 address seen through an IPv6 socket is written
/// as IPv4. `seen` and `own` are as the sockets give them, so through an IPv6 socket
/// both are IPv6.
///
/// # Errors
/// `bad-port` when this is where the server itself listens (`own`): whoever was sent there would not
/// meet a client.
// LAB 3: record the address that is seen => Ok((claimed.unwrap_or(seen), port).into())
pub fn recorded(
    claimed: Option<IpAddr>,
    seen: IpAddr,
    port: u16,
    own: SocketAddr,
) -> Result<SocketAddr, Refusal> {
    let _ = claimed; // it is here to be seen and not believed
    let address = SocketAddr::new(seen.to_canonical(), port);
    if address == SocketAddr::new(own.ip().to_canonical(), own.port()) {
        return Err(Refusal::new(code::BAD_PORT, format!("{address} is the server's own address")));
    }
    Ok(address)
}

/// The answer to INFO: all entries, in the order of IDs.
// LAB 3: list everybody in order
pub fn listing(everybody: Vec<Registration>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = everybody.into_iter().map(|client| client.entry).collect();
    entries.sort_unstable_by_key(|entry| entry.id);
    entries
}

/// Who asks by BRIDGE, under this name. On a connection that has joined, under `joined`, it must be the
/// same; on another one it must be registered from the address where it is `seen`, as the socket gives it.
///
/// # Errors
/// `not-registered` when it is somebody else's name, or nobody's.
// LAB 3: find out who asks
pub fn asking<'a>(
    everybody: &'a [Registration],
    name: &Name,
    joined: Option<&Name>,
    seen: IpAddr,
) -> Result<&'a Registration, Refusal> {
    let client = everybody.iter().find(|client| client.entry.name == *name);
    let may_ask = |client: &&Registration| match joined {
        Some(own) => own == name,
        None => client.entry.address.ip() == seen.to_canonical(),
    };
    client.filter(may_ask).ok_or_else(|| not_registered(name))
}

/// Whom BRIDGE gives to somebody: the one that is asked for, or else the first other one in the order of
/// registration, if there is one.
///
/// # Errors
/// `no-such-client` when the one that is asked for is not there; `self` when that is who asks.
// LAB 3: find whom BRIDGE is to give
pub fn wanted<'a>(
    everybody: &'a [Registration],
    asking: &Registration,
    peer: Option<&PeerRef>,
) -> Result<Option<&'a Registration>, Refusal> {
    let is_other = |client: &&Registration| client.entry.id != asking.entry.id;
    let Some(who) = peer else {
        return Ok(everybody.iter().filter(is_other).min_by_key(|client| client.place));
    };
    let found = everybody.iter().find(|client| client.entry.is(who));
    let found = found.ok_or_else(|| no_such_client(who))?;
    let other = Some(found).filter(is_other);
    other.map(Some).ok_or_else(|| Refusal::new(code::SELF, "this is you"))
}

/// The answer to BRIDGE for whom it found. Two who have both joined are vouched for: each is given the
/// secrets by which it will know the other. Connections that have not joined are told exactly what the
/// assignments' servers tell: no secrets, and 0 for the ID (see [`Introduction`]).
// LAB 3: introduce two to each other
pub fn introduce(found: &Registration, asker_joined: bool, via: Via) -> Introduction {
    let both_joined = asker_joined && matches!(found.presence, Presence::Joined(_));
    let vouch = || Credentials { ticket: Secret::random(), answer: Secret::random() };
    let vouched = both_joined.then(|| (via, vouch()));
    let id = if asker_joined { found.entry.id } else { 0 };
    Introduction { entry: Entry { id, ..found.entry.clone() }, vouched }
}

//! What is read from the directory: the recorded address, INFO and BRIDGE.
//!
//! The rules here are pure. They work on a snapshot of the directory, so no lock is held while an answer is made.

use std::net::{IpAddr, SocketAddr};

use crate::server::directory::registration::{Presence, Registration, not_registered};
use crate::wire::request::{code, no_such_client};
use crate::wire::{
    Candidates, Credentials, Entry, Introduction, Name, PeerRef, Refusal, Secret, Via,
};

/// The address to record for a client: the one that is `seen`, never the one that is `claimed`. Otherwise a client
/// could make the others connect to any address that it likes. `seen` and `own` are as the sockets give them: an IPv4
/// address seen through an IPv6 socket comes as IPv6 (RFC 4291, 2.5.5.2), and is recorded as IPv4.
///
/// # Errors
/// `bad-port` when it is the address that the server itself listens on (`own`): no client can be reached there.
// LAB 3: record the address that is seen => Ok((claimed.unwrap_or(seen), port).into())
pub fn recorded(
    claimed: Option<IpAddr>,
    seen: IpAddr,
    port: u16,
    own: SocketAddr,
) -> Result<SocketAddr, Refusal> {
    let _ = claimed; // it is here to be seen, and not believed
    let address = SocketAddr::new(seen.to_canonical(), port);
    if address == SocketAddr::new(own.ip().to_canonical(), own.port()) {
        return Err(Refusal::new(code::BAD_PORT, format!("{address} is the server's own address")));
    }
    Ok(address)
}

/// The answer to INFO: all entries, in the order of their IDs.
// LAB 3: list everybody in order
pub fn listing(everybody: Vec<Registration>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = everybody.into_iter().map(|client| client.entry).collect();
    entries.sort_unstable_by_key(|entry| entry.id);
    entries
}

/// Finds the client that asks by BRIDGE under this name. On a connection that has joined, the name must be the one
/// that has `joined`. On any other connection it must be registered from the IP address that is `seen`, as the socket
/// gives it.
///
/// # Errors
/// `not-registered` when the name is another client's, or nobody's.
// LAB 3: find the client that asks
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

/// Finds the client that BRIDGE asks for. Without a name or ID to ask for, that is the first other one in the order
/// of registration, if there is one.
///
/// # Errors
/// `no-such-client` when the client that is asked for is not there; `self` when it is the asking one.
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

/// The answer to BRIDGE for the client that it found. If both clients have joined, each gets the secrets by which it
/// will know the other, and is told whether the other can be called by TLS.
///
/// Compat: a connection that has not joined reads exactly what the assignments' servers send, without secrets and
/// with 0 for the ID (see [`Introduction`]).
// LAB 3: introduce two to each other
pub fn introduce(found: &Registration, asker_joined: bool, via: Via) -> Introduction {
    let both_joined = asker_joined && matches!(found.presence, Presence::Joined(_));
    let secure = found.is_secure();
    let fresh = || Credentials { ticket: Secret::random(), answer: Secret::random(), secure };
    let credentials = both_joined.then(|| (via, fresh()));
    let id = if asker_joined { found.entry.id } else { 0 };
    let entry = Entry { id, ..found.entry.clone() };
    Introduction { entry, credentials, candidates: Candidates::default() }
}

/// Where else than at its listed address a client may be found, as another one is told: nothing unless both know the
/// ways through NATs. Its own idea of its address, which may be private, is only for those who are seen at the same IP.
pub fn candidates(found: &Registration, told: &Registration) -> Candidates {
    let both = found.whereabouts().filter(|_| told.whereabouts().is_some());
    let Some(whereabouts) = both else { return Candidates::default() };
    let together = found.entry.address.ip() == told.entry.address.ip();
    let seen = whereabouts.seen().unwrap_or(found.entry.address);
    Candidates { seen: Some(seen), local: whereabouts.local.filter(|_| together) }
}

/// Whether two clients may be introduced to each other by this way.
///
/// # Errors
/// `no-such-call` for a way through NATs that one of the two does not know.
pub fn check_way(found: &Registration, asking: &Registration, via: Via) -> Result<(), Refusal> {
    let is_for_all = matches!(via, Via::Tcp | Via::Udp);
    if is_for_all || candidates(found, asking).seen.is_some() {
        return Ok(());
    }
    let message = format!("{} and you must both know the ways through NATs", found.entry.name);
    Err(Refusal::new(code::NO_SUCH_CALL, message))
}

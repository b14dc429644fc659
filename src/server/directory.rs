//! The directory: the recorded address, INFO and BRIDGE. Answers are made from snapshots, so no lock is
//! held while they are written.

use std::net::{IpAddr, SocketAddr};

use crate::server::client::{Client, Presence};
use crate::wire::answer::Introduction;
use crate::wire::entry::{Entry, Vouch};
use crate::wire::request::{Refusal, Via, code};
use crate::wire::secret::Secret;

/// The address to record for a client: the one that is seen, never the one that is claimed. An IPv4
/// address seen through an IPv6 socket is written as IPv4.
///
/// # Errors
/// `bad-port` when this is where the server itself listens (`own`): whoever was sent there would not
/// meet a client.
pub fn recorded(seen: IpAddr, port: u16, own: SocketAddr) -> Result<SocketAddr, Refusal> {
    let address = SocketAddr::new(seen.to_canonical(), port);
    if address == SocketAddr::new(own.ip().to_canonical(), own.port()) {
        return Err(Refusal::new(code::BAD_PORT, format!("{address} is the server's own address")));
    }
    Ok(address)
}

/// The answer to BRIDGE for whom it found. Two who have both joined are vouched for: each is given the
/// secrets by which it will know the other. Connections that have not joined are told exactly what the
/// assignments' servers tell.
pub fn introduce(found: &Client, asker_joined: bool, via: Via) -> Introduction {
    let both_joined = asker_joined && matches!(found.presence, Presence::Joined(_));
    let vouch = || Vouch { ticket: Secret::random(), answer: Secret::random() };
    let vouched = both_joined.then(|| (via, vouch()));
    let id = if asker_joined { found.entry.id } else { 0 };
    Introduction { entry: Entry { id, ..found.entry.clone() }, vouched }
}

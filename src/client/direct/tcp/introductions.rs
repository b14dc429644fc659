//! Introductions by the server (BRIDGEACK). With one, a call shows a ticket and knows the secret that the
//! called peer must answer with.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::tcp::peer::TICKET;
use crate::wire::{Introduction, PeerRef};

/// The most introductions that are kept.
const MAX_INTRODUCTIONS: usize = 256;

/// The introductions that no call has used yet: the last one for each address.
#[derive(Debug, Default)]
pub struct Introductions(HashMap<SocketAddr, (Instant, Introduction)>);

impl Introductions {
    /// Keeps an introduction for a call to its address. It replaces an older one.
    pub fn keep(&mut self, introduction: Introduction, now: Instant) {
        if self.0.len() >= MAX_INTRODUCTIONS {
            self.0.clear();
        }
        self.0.insert(introduction.entry.address, (now, introduction));
    }

    /// Takes the introduction for a call to this address: a ticket works once. One that is too old counts as
    /// none.
    pub fn take(&mut self, address: SocketAddr, now: Instant) -> Option<Introduction> {
        let found = self.0.remove(&address).filter(|(since, _)| is_good(*since, now));
        found.map(|(_, introduction)| introduction)
    }

    /// Whether a call to this address would show a ticket.
    pub fn has_ticket(&self, address: SocketAddr, now: Instant) -> bool {
        let found = self.0.get(&address);
        found.is_some_and(|(since, found)| found.credentials.is_some() && is_good(*since, now))
    }

    /// The address of a peer, as the server told it.
    pub fn address_of(&self, peer: &PeerRef) -> Option<SocketAddr> {
        let mut entries = self.0.values().map(|(_, found)| &found.entry);
        entries.find(|entry| entry.is(peer)).map(|entry| entry.address)
    }
}

/// Whether the ticket of an introduction is still accepted.
fn is_good(since: Instant, now: Instant) -> bool {
    now.duration_since(since) <= TICKET
}

//! The clients that were lost and may come back: their tokens, names and IDs.

use std::collections::HashMap;
use std::time::Instant;

use crate::net::{Host, Shares};
use crate::wire::{Entry, Name, Secret};

/// When the table is full, this part of what the greediest host has is forgotten at once, so that counting the table
/// costs little for each client that is lost.
const PART: usize = 16;

/// A client that was lost and may return to its ID with its token.
#[derive(Debug)]
struct Former {
    name: Name,
    id: u64,
    /// Where it was.
    host: Host,
    /// When its ID is forgotten.
    until: Instant,
}

/// The clients that were lost, by their tokens.
#[derive(Debug)]
pub struct FormerClients {
    clients: HashMap<Secret, Former>,
    /// The most of them that are remembered.
    capacity: usize,
}

impl FormerClients {
    /// Remembers nobody yet, and later at most `capacity` clients.
    pub fn new(capacity: usize) -> FormerClients {
        FormerClients { clients: HashMap::new(), capacity }
    }

    /// Remembers a client until then. If there are too many, the oldest of the host that has the most are forgotten.
    pub fn remember(&mut self, token: Secret, entry: &Entry, until: Instant) {
        let host = entry.address.ip().into();
        let former = Former { name: entry.name.clone(), id: entry.id, host, until };
        self.clients.insert(token, former);
        if self.clients.len() > self.capacity {
            self.make_room();
        }
    }

    /// Forgets the oldest clients of the host that has the most.
    fn make_room(&mut self) {
        let shares: Shares = self.clients.values().map(|former| (former.host, true)).collect();
        let Some((greediest, count)) = shares.greediest() else { return };
        let own = self.clients.iter().filter(|(_, former)| former.host == greediest);
        let mut own: Vec<(Instant, Secret)> =
            own.map(|(token, former)| (former.until, *token)).collect();
        own.sort_unstable_by_key(|(until, _)| *until);
        for (_, token) in own.iter().take((count / PART).max(1)) {
            self.clients.remove(token);
        }
    }

    /// Forgets a client that has left on purpose.
    pub fn forget(&mut self, token: Secret) {
        self.clients.remove(&token);
    }

    /// The ID of the client that was lost under this name and has this token.
    pub fn id_of(&self, name: &Name, token: Secret) -> Option<u64> {
        self.clients.get(&token).filter(|former| former.name == *name).map(|former| former.id)
    }

    /// The token of the client that was lost with this ID.
    pub fn token_of(&self, id: u64) -> Option<Secret> {
        self.clients.iter().find(|(_, former)| former.id == id).map(|(token, _)| *token)
    }

    /// Forgets those whose time is over.
    pub fn sweep(&mut self, now: Instant) {
        self.clients.retain(|_, former| former.until > now);
    }
}

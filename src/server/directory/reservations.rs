//! Names that are kept for those who did not leave by themselves.
//!
//! A member is thrown out when it reads too slowly or answers nothing. Others can bring that about: by a flood that its
//! line does not carry. So they must not gain its name. For a while only the client with the name's token may join
//! under it. A member that quits, or closes its connection, leaves its name to all.
//!
//! The rules are given the time, and no lock; the [`registry`](super::registry) applies them under its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::server::directory::registration::{Clients, JoinRequest, Presence, Registration};
use crate::wire::request::code;
use crate::wire::{Entry, Name, Refusal, Secret};

/// How long a name is kept. A client that has lost its connection tries again after 1, 2, 4, 8 … seconds.
pub const KEPT_FOR: Duration = Duration::from_secs(60);
/// The most names that are kept: more than can be thrown out in that time by a room of the largest size.
const MOST: usize = 65_536;

/// The names that are kept.
#[derive(Debug, Default)]
pub struct Reservations {
    names: HashMap<Name, Reservation>,
}

/// One name that is kept.
#[derive(Debug)]
struct Reservation {
    /// The secret of the client that may have the name.
    token: Secret,
    /// The client, as it was.
    entry: Entry,
    /// When the name is free.
    until: Instant,
}

impl Reservations {
    /// Keeps the name of an entry for the client with this token, for a while, but no longer than entries last.
    pub fn keep(&mut self, entry: &Entry, token: Secret, now: Instant, expires: Duration) {
        if self.names.len() < MOST {
            let until = now + KEPT_FOR.min(expires);
            let reservation = Reservation { token, entry: entry.clone(), until };
            self.names.insert(entry.name.clone(), reservation);
        }
    }

    /// Checks whether a client with this token, or without one, may have a name. Returns the entry that it had if the
    /// name is kept for this client.
    ///
    /// # Errors
    /// `name-taken` when the name is kept for another client.
    pub fn check(
        &self,
        name: &Name,
        token: Option<Secret>,
        now: Instant,
    ) -> Result<Option<&Entry>, Refusal> {
        match self.names.get(name) {
            Some(kept) if kept.until <= now => Ok(None),
            Some(kept) if token == Some(kept.token) => Ok(Some(&kept.entry)),
            Some(kept) => {
                let left = kept.until.duration_since(now).as_secs() + 1;
                let sentence =
                    format!("the name {name} is kept for its last owner, for {left} s more");
                Err(Refusal::new(code::NAME_TAKEN, sentence))
            }
            None => Ok(None),
        }
    }

    /// Puts a client that comes back with its token into the directory again: its ID and port are those that it had.
    /// That may be one entry more than allowed; it was a member, and is about to be one again.
    ///
    /// # Errors
    /// `name-taken` when the name is kept for another client.
    pub fn readmit(
        &mut self,
        clients: &mut Clients,
        name: &Name,
        request: &JoinRequest,
        now: Instant,
    ) -> Result<(), Refusal> {
        let Some(before) = self.check(name, request.token, now)? else { return Ok(()) };
        let address = (request.ip, before.address.port()).into();
        let entry = Entry { address, ..before.clone() };
        let presence = Presence::Registered { until: now + KEPT_FOR };
        clients.insert(name.clone(), Registration { place: entry.id, entry, presence });
        self.names.remove(name);
        Ok(())
    }

    /// Forgets the names that are free by now.
    pub fn sweep(&mut self, now: Instant) {
        self.names.retain(|_, kept| kept.until > now);
    }
}

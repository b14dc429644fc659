//! The names that the operator keeps out: for a time after `/kick`, until `/unban` after `/ban`.

use std::collections::HashMap;
use std::time::Instant;

use crate::net::Host;
use crate::server::directory::registration::{Clients, Registration};
use crate::wire::request::code;
use crate::wire::{Name, Refusal, Secret};

/// The most names that are kept out at a time, and the most hosts.
pub const MAX_BANS: usize = 1_024;

/// How a name is kept out.
#[derive(Debug)]
struct Ban {
    /// Until when; `None`: until the operator lifts the ban.
    until: Option<Instant>,
    /// The secret of the member that was sent away. It is kept out under any name.
    token: Option<Secret>,
}

impl Ban {
    /// Whether it still counts.
    fn holds(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// The names that are kept out. They end with the server's process.
#[derive(Debug, Default)]
pub struct Bans(HashMap<Name, Ban>);

impl Bans {
    /// Keeps a name out until then, or without an end, and the member with this token under any name. Returns whether
    /// there was room for it.
    fn add(&mut self, name: &Name, until: Option<Instant>, token: Option<Secret>) -> bool {
        let ban = self.0.get(name);
        if ban.is_none() && self.0.len() >= MAX_BANS {
            return false;
        }
        let token = token.or(ban.and_then(|ban| ban.token));
        self.0.insert(name.clone(), Ban { until, token });
        true
    }

    /// Keeps a name out, until then or without an end, and takes it out of the directory unless it has joined. Returns
    /// the member that has it and must be sent away.
    ///
    /// # Errors
    /// The sentence that there are too many bans already.
    pub fn bar(
        &mut self,
        name: &Name,
        until: Option<Instant>,
        clients: &mut Clients,
    ) -> Result<Option<Registration>, String> {
        let member = clients.get(name).filter(|client| client.until().is_none()).cloned();
        if !self.add(name, until, member.as_ref().and_then(Registration::token)) {
            return Err(full());
        }
        if member.is_none() {
            clients.remove(name);
        }
        Ok(member)
    }

    /// Lets a name in again. Returns whether it was kept out.
    pub fn lift(&mut self, name: &Name, now: Instant) -> bool {
        self.0.remove(name).is_some_and(|ban| ban.holds(now))
    }

    /// Whether a client may have this name. It may show a token.
    ///
    /// # Errors
    /// `banned`.
    pub fn check(&self, name: &Name, token: Option<Secret>, now: Instant) -> Result<(), Refusal> {
        let own = self.0.get(name).filter(|ban| ban.holds(now));
        let of_token = || self.0.values().find(|ban| ban.holds(now) && ban.token == token);
        let ban = own.or_else(|| token.and_then(|_| of_token()));
        ban.map_or(Ok(()), |ban| Err(Refusal::new(code::BANNED, sentence(name, ban, now))))
    }

    /// The names, each with the seconds that it is kept out for, in their order.
    pub fn list(&self, now: Instant) -> Vec<String> {
        let holding = self.0.iter().filter(|(_, ban)| ban.holds(now));
        let mut lines: Vec<String> = holding
            .map(|(name, ban)| match ban.until {
                None => name.to_string(),
                Some(until) => format!("{name} ({} s)", seconds(until, now)),
            })
            .collect();
        lines.sort_unstable();
        lines
    }

    /// Removes those whose time is over.
    pub fn sweep(&mut self, now: Instant) {
        self.0.retain(|_, ban| ban.holds(now));
    }
}

/// The seconds that are left until then, rounded up.
fn seconds(until: Instant, now: Instant) -> u64 {
    until.saturating_duration_since(now).as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}

/// Why a client may not come in, for a person.
fn sentence(name: &Name, ban: &Ban, now: Instant) -> String {
    match ban.until {
        None => format!("the operator has barred {name}"),
        Some(until) => format!("the operator keeps {name} out for {} s", seconds(until, now)),
    }
}

/// Why no further ban is possible.
pub fn full() -> String {
    format!("{MAX_BANS} are barred already: /unban somebody first")
}

/// Takes all entries of a host out of the directory but those of its members, which it returns.
pub fn clear(host: Host, clients: &mut Clients) -> Vec<Registration> {
    clients.retain(|_, client| client.host() != host || client.until().is_none());
    clients.values().filter(|client| client.host() == host).cloned().collect()
}

//! The registry: who is known, who is here.
//!
//! One `HashMap` under one lock, shared by all sessions. Each rule checks and acts under that lock: two
//! clients that want the same name cannot both be first. Nothing is written to a socket meanwhile; what
//! the room must hear of a change is put into its bag by the `announce` that each change is given, so
//! that the room's order is the order of the changes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::random::Dice;
use crate::server::directory::registration::{JoinRequest, Presence, Registration, not_registered};
use crate::server::room::outbox::Outbox;
use crate::sync::lock;
use crate::wire::entry::Entry;
use crate::wire::name::{Name, PeerRef};
use crate::wire::request::{Refusal, code};
use crate::wire::secret::Secret;

/// How often expired entries are looked for: an entry lives up to this much longer than promised.
const SWEEP: Duration = Duration::from_secs(1);

/// The longest naps before the lock and before something is announced, in microseconds.
const BEFORE_LOCK: u64 = 3_000;
const BEFORE_WORDS: u64 = 10_000;

/// Somebody who is in.
#[derive(Debug)]
pub struct Admission {
    /// The entry as it is now.
    pub entry: Entry,
    /// The secret for coming back.
    pub token: Secret,
    /// The connection that was taken over, and whether the address is another one now.
    pub replaced: Option<(Arc<Outbox>, bool)>,
    /// Who else is in the room, in the order of IDs.
    pub others: Vec<Entry>,
}

/// A client that was lost and may come back to its ID, by its token.
#[derive(Debug)]
struct Former {
    name: Name,
    id: u64,
    until: Instant,
}

/// The registry, shared by all threads.
#[derive(Debug)]
pub struct Registry {
    clients: Arc<Mutex<HashMap<Name, Registration>>>,
    /// Taken only by who holds the lock of `clients`.
    past: Mutex<Past>,
    ids: AtomicU64,
    capacity: usize,
    expires: Duration,
    shake: Option<Mutex<Dice>>,
}

#[derive(Debug)]
struct Past {
    former: HashMap<Secret, Former>,
    swept: Instant,
}

impl Registry {
    /// An empty registry for at most `capacity` entries, which last for `expires` unless renewed.
    /// With a seed to `shake` it, whoever wants the lock or announces something naps first: so that a rule
    /// that checks and acts under two locks, or speaks under none, is caught by a test, and not by chance
    /// one day.
    pub fn new(capacity: usize, expires: Duration, shake: Option<u64>) -> Registry {
        let past = Past { former: HashMap::new(), swept: Instant::now() };
        let (clients, past) = (Arc::default(), Mutex::new(past));
        let shake = shake.map(|seed| Mutex::new(Dice::new(seed)));
        Registry { clients, past, ids: AtomicU64::new(0), capacity, expires, shake }
    }

    /// Puts a name and its address into the directory, or renews them. `moved` hears of somebody in the
    /// room whose address has changed by this.
    ///
    /// # Errors
    /// `name-taken` when the name is joined elsewhere or comes from another address; `server-full`.
    // LAB 2: check and act under one lock: a name for who comes first
    pub fn register(
        &self,
        name: &Name,
        address: SocketAddr,
        outbox: &Arc<Outbox>,
        now: Instant,
        moved: impl FnOnce(&Entry),
    ) -> Result<Entry, Refusal> {
        let mut clients = self.lock(now);
        let until = now + self.expires;
        if let Some(client) = clients.get_mut(name) {
            if client.renew(name, address, outbox, until)? {
                moved(&client.entry);
            }
            return Ok(client.entry.clone());
        }
        if clients.len() >= self.capacity {
            return Err(Refusal::new(code::SERVER_FULL, "the directory is full"));
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let entry = Entry { name: name.clone(), address, id };
        let presence = Presence::Registered { until };
        clients.insert(name.clone(), Registration { entry: entry.clone(), place: id, presence });
        Ok(entry)
    }

    /// Ties a name to a connection. `announce` runs under the lock.
    ///
    /// # Errors
    /// `not-registered` when the name is not registered from this address; `name-taken` when somebody is
    /// there under it and the token is not theirs.
    // LAB 2: let a claim in, if it is good, and announce it under the lock
    pub fn join<T>(
        &self,
        name: &Name,
        claim: JoinRequest,
        now: Instant,
        announce: impl FnOnce(&Admission) -> T,
    ) -> Result<(Admission, T), Refusal> {
        let mut clients = self.lock(now);
        let client = clients.get_mut(name).ok_or_else(|| not_registered(name))?;
        let replaced = client.authorize(&claim)?;
        let token = match &replaced {
            Some(membership) => membership.token,
            None => self.return_to_id(client, claim.token),
        };
        let moved = client.bind(claim, token);
        let replaced = replaced.map(|membership| (membership.outbox, moved));
        let entry = client.entry.clone();
        let others = joined(&clients).filter(|other| other.id != entry.id);
        let others = in_order(others.cloned().collect());
        let admission = Admission { entry, token, replaced, others };
        let announced = announce(&admission);
        Ok((admission, announced))
    }

    /// Removes a name if it is joined on this connection; gives its entry. Who did not leave on purpose
    /// (`lost`) may come back to its ID. `announce` runs under the lock.
    // LAB 2: free the name of whom this connection belongs to
    pub fn leave(
        &self,
        name: &Name,
        outbox: &Arc<Outbox>,
        lost: bool,
        now: Instant,
        announce: impl FnOnce(&Entry),
    ) -> Option<Entry> {
        let mut clients = self.lock(now);
        let Presence::Joined(membership) = &clients.get(name)?.presence else { return None };
        if !Arc::ptr_eq(&membership.outbox, outbox) {
            return None; // somebody has taken the name over
        }
        let token = membership.token;
        let Registration { entry, .. } = clients.remove(name)?;
        self.remember(token, &entry, lost.then_some(now));
        announce(&entry);
        Some(entry)
    }

    /// The client of that name or ID.
    // LAB 2: find a client by its name or its ID
    pub fn find(&self, who: &PeerRef, now: Instant) -> Option<Registration> {
        let clients = self.lock(now);
        match who {
            PeerRef::Name(name) => clients.get(name).cloned(),
            _ => clients.values().find(|client| client.entry.is(who)).cloned(),
        }
    }

    /// Everybody at this moment, in no order: whoever looks through it holds no lock.
    pub fn snapshot(&self, now: Instant) -> Vec<Registration> {
        self.lock(now).values().cloned().collect()
    }

    /// Everybody in the room.
    pub fn members(&self, now: Instant) -> Vec<Arc<Outbox>> {
        let clients = self.lock(now);
        let outboxes = clients.values().filter_map(|client| match &client.presence {
            Presence::Joined(membership) => Some(Arc::clone(&membership.outbox)),
            Presence::Registered { .. } => None,
        });
        outboxes.collect()
    }

    /// Whoever is about to announce a change waits here a moment if the registry is shaken. Under the lock
    /// nobody can come first meanwhile.
    pub fn inject_delay(&self) {
        self.nap(BEFORE_WORDS);
    }

    fn nap(&self, longest: u64) {
        if let Some(dice) = &self.shake {
            let nap = lock(dice).below(longest);
            thread::sleep(Duration::from_micros(nap));
        }
    }

    /// The one place that locks. Entries that have expired are gone for whoever looks, a second later at most.
    fn lock(&self, now: Instant) -> MutexGuard<'_, HashMap<Name, Registration>> {
        self.nap(BEFORE_LOCK);
        let mut clients = lock(&self.clients);
        let mut past = lock(&self.past);
        if now.duration_since(past.swept) >= SWEEP {
            past.swept = now;
            past.former.retain(|_, former| former.until > now);
            clients.retain(|_, client| match client.presence {
                Presence::Registered { until } => until > now,
                Presence::Joined(_) => true,
            });
        }
        drop(past);
        clients
    }

    /// Who was lost under this name and comes back with its token has its old ID again, and keeps the
    /// token. Everybody else is given a new token, which is what this gives.
    fn return_to_id(&self, client: &mut Registration, token: Option<Secret>) -> Secret {
        let past = lock(&self.past);
        let former = token.and_then(|token| Some((token, past.former.get(&token)?)));
        match former.filter(|(_, former)| former.name == client.entry.name) {
            Some((token, former)) => {
                client.entry.id = former.id;
                token
            }
            None => Secret::random(),
        }
    }

    /// Who was `lost`, and when, may come back to its ID; who has left on purpose may not.
    fn remember(&self, token: Secret, entry: &Entry, lost: Option<Instant>) {
        let former = &mut lock(&self.past).former;
        match lost {
            None => drop(former.remove(&token)),
            Some(_) if former.len() >= self.capacity => {}
            Some(at) => {
                let (name, until) = (entry.name.clone(), at + self.expires);
                former.insert(token, Former { name, id: entry.id, until });
            }
        }
    }
}

fn joined(clients: &HashMap<Name, Registration>) -> impl Iterator<Item = &Entry> {
    let joined = |client: &&Registration| matches!(client.presence, Presence::Joined(_));
    clients.values().filter(joined).map(|client| &client.entry)
}

fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable_by_key(|entry| entry.id);
    entries
}

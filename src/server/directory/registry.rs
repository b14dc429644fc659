//! The registry: all registered names and all members, under one lock.
//!
//! It is one `HashMap`, shared by all sessions. Each rule checks and acts under the same lock: two clients that want
//! the same name cannot both be first. Nothing is written to a socket meanwhile. Each change takes an `announce`
//! closure, which runs under the lock and appends to the room's queue, so the room reads of the changes in their
//! order.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::server::directory::bans::Bans;
use crate::server::directory::former::FormerClients;
use crate::server::directory::ids::Ids;
use crate::server::directory::registration::{
    Clients, JoinRequest, Presence, Registration, make_room, not_registered,
};
use crate::server::directory::reservations::Reservations;
use crate::server::directory::shake::Shake;
use crate::server::room::Outbox;
use crate::sync::lock;
use crate::wire::{Entry, Name, PeerRef, Refusal, Secret};

/// How often expired entries are removed. An entry lives up to this much longer than promised.
const SWEEP: Duration = Duration::from_secs(1);

/// The longest random delays before locking and before announcing, in microseconds.
const BEFORE_LOCK: u64 = 3_000;
const BEFORE_ANNOUNCE: u64 = 10_000;

/// What a JOIN has led to.
#[derive(Debug)]
pub struct Admission {
    /// The entry as it is now.
    pub entry: Entry,
    /// The secret with which the client may return.
    pub token: Secret,
    /// The connection that was taken over, if there was one, and whether the address has changed.
    pub replaced: Option<(Arc<Outbox>, bool)>,
    /// The other members, in the order of their IDs.
    pub others: Vec<Entry>,
}

/// The registry, shared by all threads.
#[derive(Debug)]
pub struct Registry {
    /// All entries, by their names.
    clients: Arc<Mutex<Clients>>,
    /// The clients that are gone. Locked only under the lock of `clients`.
    past: Mutex<Past>,
    /// The IDs. They give one under the lock of `clients`.
    ids: Ids,
    /// The most entries.
    capacity: usize,
    /// How long an entry lasts.
    expires: Duration,
    /// The delays, if the registry is shaken.
    shake: Option<Shake>,
}

/// What is kept of clients that are gone.
#[derive(Debug)]
struct Past {
    /// Those that may come back.
    former: FormerClients,
    /// The names of those among them that were thrown out.
    reserved: Reservations,
    /// Those that the operator keeps out.
    bans: Bans,
    /// When expired entries were last removed.
    swept: Instant,
}

impl Registry {
    /// Creates an empty registry for at most `capacity` entries, which last for `expires` unless renewed.
    ///
    /// With a seed to `shake` it, every thread sleeps for a random time before it locks, and before it announces. A
    /// rule that checks under one lock and acts under the next, or announces under none, then fails in a test, and
    /// not by chance one day.
    pub fn new(capacity: usize, expires: Duration, shake: Option<u64>, ids: Ids) -> Registry {
        let (former, bans) = (FormerClients::new(capacity), Bans::default());
        let reserved = Reservations::default();
        let past = Past { former, reserved, bans, swept: Instant::now() };
        let (clients, past) = (Arc::default(), Mutex::new(past));
        let shake = shake.map(Shake::new);
        Registry { clients, past, ids, capacity, expires, shake }
    }

    /// Puts a name and its address into the directory, or renews them. If that changes a member's address, `moved`
    /// runs under the lock.
    ///
    /// # Errors
    /// `name-taken` when the name is joined on another connection, registered from another IP, or kept for its last
    /// owner; `server-full`; `banned`.
    // LAB 2: check and act under one lock: the first client gets the name
    pub fn register(
        &self,
        name: &Name,
        address: SocketAddr,
        outbox: &Arc<Outbox>,
        now: Instant,
        moved: impl FnOnce(&Entry),
    ) -> Result<Entry, Refusal> {
        let mut clients = self.lock(now);
        self.check_open(name, now)?;
        let until = now + self.expires;
        if let Some(client) = clients.get_mut(name) {
            if client.renew(name, address, outbox, until)? {
                moved(&client.entry);
            }
            return Ok(client.entry.clone());
        }
        if clients.len() >= self.capacity {
            make_room(&mut clients, address.ip().into(), self.capacity)?;
        }
        let id = self.ids.give(name, address.ip());
        let entry = Entry { name: name.clone(), address, id };
        let presence = Presence::Registered { until };
        clients.insert(name.clone(), Registration { entry: entry.clone(), place: id, presence });
        Ok(entry)
    }

    /// Ties a name to a connection. `announce` runs under the lock; the result holds what it returns.
    ///
    /// # Errors
    /// `not-registered` when the name is not registered from this address; `name-taken` when a member has it, or it is
    /// kept for its last owner, and the token is not its own; `banned`.
    // LAB 2: let a client in, if it may, and announce it under the lock
    pub fn join<T>(
        &self,
        name: &Name,
        request: JoinRequest,
        now: Instant,
        announce: impl FnOnce(&Admission) -> T,
    ) -> Result<(Admission, T), Refusal> {
        let mut clients = self.lock(now);
        self.readmit(&mut clients, name, &request, now)?;
        let client = clients.get_mut(name).ok_or_else(|| not_registered(name))?;
        let replaced = client.authorize(&request)?;
        let token = match &replaced {
            Some(membership) => membership.token,
            None => self.return_to_id(client, request.token),
        };
        let moved = client.bind(request, token);
        let replaced = replaced.map(|membership| (membership.outbox, moved));
        let entry = client.entry.clone();
        let others = joined(&clients).filter(|other| other.id != entry.id);
        let others = in_order(others.cloned().collect());
        let admission = Admission { entry, token, replaced, others };
        let announced = announce(&admission);
        Ok((admission, announced))
    }

    /// Removes a name if it is joined on this connection, and returns its entry. A client that did not leave on
    /// purpose (`lost`) may return to its ID. `announce` runs under the lock.
    // LAB 2: free the name that is joined on this connection => None
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
            return None; // the client has returned on another connection
        }
        let token = membership.token;
        let Registration { entry, .. } = clients.remove(name)?;
        self.remember(token, &entry, lost.then_some(now));
        announce(&entry);
        Some(entry)
    }

    /// Writes the IDs that were given into the log. It takes none of the locks here: a disk may stall.
    pub fn write_ids_down(&self) {
        self.ids.write_down();
    }

    /// Returns the client of that name or ID.
    // LAB 2: find a client by its name or its ID
    pub fn find(&self, who: &PeerRef, now: Instant) -> Option<Registration> {
        let clients = self.lock(now);
        match who {
            PeerRef::Name(name) => clients.get(name).cloned(),
            _ => clients.values().find(|client| client.entry.is(who)).cloned(),
        }
    }

    /// Copies the directory, in no order, so that a reader needs no lock.
    #[track_caller]
    pub fn snapshot(&self, now: Instant) -> Vec<Registration> {
        self.lock(now).values().cloned().collect()
    }

    /// Returns the outboxes of all members.
    #[track_caller]
    pub fn members(&self, now: Instant) -> Vec<Arc<Outbox>> {
        let clients = self.lock(now);
        let outboxes = clients.values().filter_map(|client| match &client.presence {
            Presence::Joined(membership) => Some(Arc::clone(&membership.outbox)),
            Presence::Registered { .. } => None,
        });
        outboxes.collect()
    }

    /// Lets the operator change the directory, and the list of names that are kept out, under the lock.
    pub fn operate<T>(&self, now: Instant, change: impl FnOnce(&mut Clients, &mut Bans) -> T) -> T {
        let mut clients = self.lock(now);
        change(&mut clients, &mut lock(&self.past).bans)
    }

    /// Sleeps for a random time if the registry is shaken. A thread that is about to announce a change calls this:
    /// under the lock no other change can overtake it meanwhile.
    pub fn inject_delay(&self) {
        self.delay(BEFORE_ANNOUNCE);
    }

    /// Sleeps for less than `longest` microseconds if the registry is shaken.
    fn delay(&self, longest: u64) {
        if let Some(shake) = &self.shake {
            shake.delay(longest);
        }
    }

    /// How long a read of a client may wait that could wait for `time`: not long, if the registry is shaken.
    pub fn read_wait(&self, time: Duration) -> Duration {
        if self.shake.is_some() { Shake::wait(time) } else { time }
    }

    /// Locks the directory, and removes expired entries once a second. Every access goes through this one place.
    #[track_caller]
    fn lock(&self, now: Instant) -> MutexGuard<'_, Clients> {
        self.delay(BEFORE_LOCK);
        let mut clients = match &self.shake {
            Some(shake) => shake.lock(&self.clients),
            None => lock(&self.clients),
        };
        let mut past = lock(&self.past);
        if now.duration_since(past.swept) >= SWEEP {
            past.swept = now;
            past.former.sweep(now);
            past.reserved.sweep(now);
            past.bans.sweep(now);
            clients.retain(|_, client| match client.presence {
                Presence::Registered { until } => until > now,
                Presence::Joined(_) => true,
            });
        }
        drop(past);
        clients
    }

    /// Gives a client that was lost under this name, and returns with its token, its old ID again. Returns the token
    /// that the client has from now on: the same, or a new one.
    fn return_to_id(&self, client: &mut Registration, token: Option<Secret>) -> Secret {
        let name = &client.entry.name;
        let known =
            token.and_then(|token| Some((token, lock(&self.past).former.id_of(name, token)?)));
        let Some((token, id)) = known else { return Secret::random() };
        client.entry.id = id;
        self.ids.note(&client.entry);
        token
    }

    /// Keeps the name of a client that was thrown out, for its token. Must be called while [`Registry::leave`]
    /// announces that it has left, for then nobody else can have the name.
    pub fn reserve(&self, entry: &Entry, now: Instant) {
        let Past { former, reserved, .. } = &mut *lock(&self.past);
        if let Some(token) = former.token_of(entry.id) {
            reserved.keep(entry, token, now, self.expires);
        }
    }

    /// Refuses a name that the operator keeps out, or that is kept for its last owner.
    fn check_open(&self, name: &Name, now: Instant) -> Result<(), Refusal> {
        let past = lock(&self.past);
        past.bans.check(name, None, now)?;
        past.reserved.check(name, None, now).map(drop)
    }

    /// The same for a JOIN. A name that is kept for its client is registered again: that needs no REGISTER.
    fn readmit(
        &self,
        clients: &mut Clients,
        name: &Name,
        request: &JoinRequest,
        now: Instant,
    ) -> Result<(), Refusal> {
        let past = &mut *lock(&self.past);
        past.bans.check(name, request.token, now)?;
        past.reserved.readmit(clients, name, request, now)
    }

    /// Keeps the ID of a client that was `lost` at that time; forgets one that has left on purpose.
    fn remember(&self, token: Secret, entry: &Entry, lost: Option<Instant>) {
        let former = &mut lock(&self.past).former;
        match lost {
            None => former.forget(token),
            Some(at) => former.remember(token, entry, at + self.expires),
        }
    }
}

/// The entries of all members.
fn joined(clients: &Clients) -> impl Iterator<Item = &Entry> {
    let joined = |client: &&Registration| matches!(client.presence, Presence::Joined(_));
    clients.values().filter(joined).map(|client| &client.entry)
}

/// Sorts entries by their IDs.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable_by_key(|entry| entry.id);
    entries
}

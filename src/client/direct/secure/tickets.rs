//! The tickets with which callers may make a connection secure.
//!
//! CALL and the connection that it announces travel on different sockets. So the thread of a caller may read a
//! ClientHello before the loop has handled the CALL: it waits here.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::client::direct::eviction::evicted;
use crate::sync::lock;
use crate::tls::sha256::Sha256;
use crate::tls::{Keyring, SharedKey};
use crate::wire::{Credentials, Name, Secret};

/// How long the identity of a ticket that was not announced may wait for its CALL.
const WAIT: Duration = Duration::from_secs(2);
/// How long a ticket counts after its announcement, as in a call without encryption.
const GOOD: Duration = Duration::from_secs(60);
/// The most tickets.
const MAX_TICKETS: usize = 256;
/// The most tickets of one name.
const SHARE: usize = 8;
/// How many bytes of the hash of a ticket are its identity.
const IDENTITY: usize = 8;

/// The key of an introduction, with its name for others: nobody can find the ticket by it.
pub fn shared_key(credentials: &Credentials) -> SharedKey {
    let Credentials { ticket, answer, .. } = credentials;
    let key = [ticket.bytes(), answer.bytes()].concat();
    SharedKey { identity: identity(*ticket).into_bytes(), key }
}

/// By which name a ticket is known where others can read it: 16 hex digits.
pub fn identity(ticket: Secret) -> String {
    let hash = Sha256::of(format!("p2p-chat ticket {ticket}").as_bytes());
    hash.iter().take(IDENTITY).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// All tickets, shared by the loop and the threads of callers.
#[derive(Debug, Clone, Default)]
pub struct Tickets(Arc<TicketList>);

/// What is shared.
#[derive(Debug, Default)]
struct TicketList {
    /// The tickets. The lock is held for a moment, and no other one is taken under it.
    known: Mutex<Vec<Known>>,
    /// Another ticket is known.
    more: Condvar,
}

/// One ticket.
#[derive(Debug, Clone)]
struct Known {
    since: Instant,
    caller: Name,
    ticket: Secret,
    key: SharedKey,
    /// Whether a caller has used it up. It stays here, so that a repetition can be told.
    used: bool,
    /// Whether the user was told of a call with it that came to nothing.
    told: bool,
}

impl Tickets {
    /// Adds the ticket of a caller. Forgets those that are too old, and one more if there are too many.
    pub fn announce(&self, caller: &Name, credentials: &Credentials, now: Instant) {
        self.add(caller, credentials, now, false);
    }

    /// Adds the ticket of a peer that this client has asked to call. Of a call with it that comes to nothing the user
    /// is not told here: it is one of several ways.
    pub fn expect(&self, peer: &Name, credentials: &Credentials, now: Instant) {
        self.add(peer, credentials, now, true);
    }

    /// Adds a ticket.
    fn add(&self, caller: &Name, credentials: &Credentials, now: Instant, told: bool) {
        let mut known = lock(&self.0.known);
        known.retain(|known| now.duration_since(known.since) <= GOOD);
        let held = known.iter().map(|known| (&known.caller, known.since));
        if let Some(place) = evicted(held, caller, SHARE, known.len() >= MAX_TICKETS) {
            known.swap_remove(place);
        }
        let (key, ticket) = (shared_key(credentials), credentials.ticket);
        let caller = caller.clone();
        known.push(Known { since: now, caller, ticket, key, used: false, told });
        self.0.more.notify_all();
    }

    /// Forgets the tickets of a caller: this client talks to it already, on a call of its own.
    pub fn revoke(&self, caller: &Name) {
        lock(&self.0.known).retain(|known| known.used || known.caller != *caller);
    }

    /// The keys for one connection.
    pub fn for_one_call(&self) -> OneCall<'_> {
        OneCall { tickets: self, found: RefCell::default() }
    }

    /// Waits until one of the identities is known. Returns its place among them, and its ticket.
    fn await_one(&self, identities: &[&[u8]]) -> Option<(usize, Known)> {
        let until = Instant::now() + WAIT;
        let mut known = lock(&self.0.known);
        loop {
            let now = Instant::now();
            let is_good = |known: &&Known| now.duration_since(known.since) <= GOOD;
            let find = |(index, identity): (usize, &&[u8])| {
                let found = known.iter().filter(is_good).find(|it| it.key.identity == **identity);
                found.map(|found| (index, found.clone()))
            };
            let found = identities.iter().enumerate().find_map(find);
            let left = until.saturating_duration_since(now);
            if found.is_some() || left.is_zero() {
                return found;
            }
            let woken = self.0.more.wait_timeout(known, left);
            known = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Changes the ticket with this identity. Returns what `change` does.
    fn change(&self, identity: &[u8], change: impl FnOnce(&mut Known) -> bool) -> bool {
        let mut known = lock(&self.0.known);
        known.iter_mut().find(|known| known.key.identity == identity).is_some_and(change)
    }
}

/// The keys for one connection. It remembers which ticket the caller has named.
#[derive(Debug)]
pub struct OneCall<'a> {
    tickets: &'a Tickets,
    found: RefCell<Option<Known>>,
}

impl OneCall<'_> {
    /// The ticket that the caller has named, if it is known.
    pub fn ticket(&self) -> Option<Secret> {
        self.found.borrow().as_ref().map(|known| known.ticket)
    }

    /// Who calls, if that ticket is known.
    pub fn caller(&self) -> Option<String> {
        self.found.borrow().as_ref().map(|known| known.caller.to_string())
    }

    /// A sentence about a call with a known ticket that came to nothing, once for each ticket: others can repeat what
    /// they have recorded as often as they like.
    pub fn failure(&self, cause: &str) -> Option<String> {
        let found = self.found.borrow();
        let Known { caller, key, used, .. } = found.as_ref()?;
        let is_news = |known: &mut Known| !std::mem::replace(&mut known.told, true);
        let is_told = self.tickets.change(&key.identity, is_news);
        let cause = if *used { "it repeats one that was answered" } else { cause };
        is_told.then(|| format!("an encrypted call from {caller} came to nothing: {cause}"))
    }
}

impl Keyring for OneCall<'_> {
    fn find(&self, identities: &[&[u8]]) -> Option<(usize, Vec<u8>)> {
        let (index, known) = self.tickets.await_one(identities)?;
        let key = (!known.used).then(|| (index, known.key.key.clone()));
        *self.found.borrow_mut() = Some(known);
        key
    }

    /// The first caller that proves to have the key may go on.
    fn use_up(&self, identity: &[u8]) -> bool {
        let first =
            self.tickets.change(identity, |known| !std::mem::replace(&mut known.used, true));
        if !first && let Some(known) = &mut *self.found.borrow_mut() {
            known.used = true;
        }
        first
    }
}

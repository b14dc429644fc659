//! Who may be relayed, and who is: the introductions whose secrets still count, and the relays that are open.
//!
//! Nothing is written to a socket under the lock here. Of one pair of members there is one introduction and one relay,
//! and the newer one ends the older: a client that has lost its connection need not wait for the silence of its old
//! relay. No host can take all relays: the last quarter is for those who have none.
//!
//! ```text
//! BRIDGE Via: relay      introduce ──► a call, whose secrets count for a minute
//! RELAY of either        claim ──────► First: it waits ──► nobody comes: give_up
//! RELAY of the other     claim ──────► Second: both get RELAYACK, and the relay is open
//! it is over             end ────────► both connections are closed, and the operator is told
//! ```

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::net::Host;
use crate::server::directory::Registration;
use crate::server::printer::Printer;
use crate::server::relay::course::RelayCourse;
use crate::server::room::{Outbox, Room};
use crate::sync::lock;
use crate::wire::request::code;
use crate::wire::{Credentials, Name, Reason, Refusal, RelayProof, Response, Secret};

/// How long the secrets of an introduction count.
const LIFE: Duration = Duration::from_secs(60);
/// The most introductions of one member that count at a time. A further one voids its oldest.
const MOST_OF_ONE: usize = 8;
/// With fewer relays than this there is no last quarter.
const SMALL: usize = 8;

/// Two members by their IDs, the lower one first.
type Pair = (u64, u64);

/// The relays of a server.
#[derive(Debug)]
pub struct Relays {
    /// The most that may be open.
    limit: usize,
    /// Writes to the clients.
    room: Arc<Room>,
    /// Tells the operator.
    printer: Arc<Printer>,
    /// Who may be relayed, and who is.
    table: Mutex<RelayTable>,
}

/// What the lock protects.
#[derive(Debug, Default)]
struct RelayTable {
    /// The introductions that still count, of each pair the newest.
    calls: HashMap<Pair, RelayCall>,
    /// The relays that are open.
    open: HashMap<Pair, Arc<Relay>>,
}

/// An introduction by this way.
#[derive(Debug)]
struct RelayCall {
    /// The two, first the one who has asked.
    names: [Name; 2],
    /// The secret that each of them shows.
    secrets: [Secret; 2],
    /// The host of the one who has asked. Its relay counts as this host's.
    host: Host,
    /// When it was made: its secrets age.
    made: Instant,
    /// The one who has come first and waits for the other.
    first: Option<FirstComer>,
}

/// Who has come first.
#[derive(Debug)]
struct FirstComer {
    /// 0 for the one who has asked, 1 for the called one.
    side: usize,
    /// Its connection.
    outbox: Arc<Outbox>,
    /// Tells it that the other one has come.
    tell: Sender<Arc<Relay>>,
}

/// A relay that is open.
#[derive(Debug)]
pub struct Relay {
    /// Whose it is.
    pair: Pair,
    /// The host of the one who has asked.
    host: Host,
    /// The two, first the one who has asked.
    pub names: [Name; 2],
    /// Their connections.
    pub outboxes: [Arc<Outbox>; 2],
    /// What has come of it; `None` when it is over.
    pub course: Mutex<Option<RelayCourse>>,
}

/// What comes of a RELAY.
#[derive(Debug)]
pub enum RelayClaim {
    /// It is the first one: here it hears of the relay, or that there will be none.
    First(Receiver<Arc<Relay>>),
    /// It is the second one, and the relay is open.
    Second(Arc<Relay>),
}

impl Relays {
    /// None yet, and later at most `limit`.
    pub fn new(limit: usize, room: Arc<Room>, printer: Arc<Printer>) -> Relays {
        Relays { limit, room, printer, table: Mutex::default() }
    }

    /// Introduces two members to each other by this way. It voids what was said of the two before. Calls that are too
    /// old are forgotten here.
    ///
    /// # Errors
    /// `relay-full`.
    pub fn introduce(
        &self,
        asking: &Registration,
        called: &Registration,
        credentials: &Credentials,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (one, other) = (asking.entry.id, called.entry.id);
        let (pair, host) = ((one.min(other), one.max(other)), asking.host());
        let mut table = lock(&self.table);
        self.check_room(&table, pair, host)?;
        table.calls.retain(|_, call| call.made + LIFE > now);
        let names = [asking.entry.name.clone(), called.entry.name.clone()];
        let own = table.calls.iter().filter(|(_, call)| call.names[0] == names[0]);
        let oldest = own.clone().min_by_key(|(_, call)| call.made).map(|(pair, _)| *pair);
        if own.count() >= MOST_OF_ONE {
            oldest.map(|oldest| table.calls.remove(&oldest));
        }
        let secrets = [credentials.ticket, credentials.answer];
        table.calls.insert(pair, RelayCall { names, secrets, host, made: now, first: None });
        Ok(())
    }

    /// Lets one of two members in that shows its secret. The second RELAY uses the call up. The lock is free again
    /// before anything is written to the two.
    ///
    /// # Errors
    /// `no-such-call` when the secret is not that of an introduction of this name, or is used up; `relay-full`.
    pub fn claim(
        &self,
        name: &Name,
        proof: RelayProof,
        outbox: &Arc<Outbox>,
        now: Instant,
    ) -> Result<RelayClaim, Refusal> {
        let (side, secret) = match proof {
            RelayProof::Ticket(ticket) => (0, ticket),
            RelayProof::Answer(answer) => (1, answer),
        };
        let mut table = lock(&self.table);
        let mut calls = table.calls.iter();
        let known = calls.find(|(_, call)| call.admits(name, side, secret, now));
        let (pair, host) = known.map(|(pair, call)| (*pair, call.host)).ok_or_else(unknown)?;
        self.check_room(&table, pair, host)?;
        let call = table.calls.get_mut(&pair).ok_or_else(unknown)?;
        let Some(FirstComer { outbox: first, tell, .. }) = call.first.take() else {
            let (tell, hear) = channel();
            call.first = Some(FirstComer { side, outbox: Arc::clone(outbox), tell });
            return Ok(RelayClaim::First(hear));
        };
        let names = call.names.clone();
        table.calls.remove(&pair);
        let mut outboxes = [first, Arc::clone(outbox)];
        outboxes.rotate_left(1 - side);
        let course = Mutex::new(Some(RelayCourse::begin(now)));
        let relay = Arc::new(Relay { pair, host, names, outboxes, course });
        let before = table.open.insert(pair, Arc::clone(&relay));
        let count = table.open.len();
        drop(table);
        if let Some(before) = before {
            self.end(&before);
        }
        self.open(&relay, count, &tell);
        Ok(RelayClaim::Second(relay))
    }

    /// Tells both that they are relayed from here on, and the operator, too. The thread of the first one goes on when
    /// it gets the relay.
    fn open(&self, relay: &Arc<Relay>, count: usize, first: &Sender<Arc<Relay>>) {
        let [asking, called] = &relay.names;
        self.printer.line(format_args!("RELAY: {asking} {called} ({count} of {})", self.limit));
        let words = Response::RelayAck.to_block().to_string();
        for outbox in &relay.outboxes {
            self.room.relay(outbox, words.as_bytes());
        }
        let _ = first.send(Arc::clone(relay)); // its thread may have given up just now
    }

    /// Takes back the RELAY of one who has waited for long enough. Returns whether it did: not if the other one has
    /// come, or a newer introduction has voided it.
    pub fn give_up(&self, outbox: &Arc<Outbox>) -> bool {
        let calls = &mut lock(&self.table).calls;
        let waits = |call: &RelayCall| {
            call.first.as_ref().is_some_and(|first| Arc::ptr_eq(&first.outbox, outbox))
        };
        let before = calls.len();
        calls.retain(|_, call| !waits(call));
        calls.len() < before
    }

    /// Whether there is room for one more relay of this pair and host: one that the pair has already makes room. A host
    /// on loopback may take the last quarter, too, however many relays it has.
    fn check_room(&self, table: &RelayTable, pair: Pair, host: Host) -> Result<(), Refusal> {
        let count = table.open.len() - usize::from(table.open.contains_key(&pair));
        let first = if self.limit < SMALL { self.limit } else { self.limit * 3 / 4 };
        let of_host = || table.open.values().any(|relay| relay.host == host && relay.pair != pair);
        if count < first || (count < self.limit && (host.is_loopback() || !of_host())) {
            return Ok(());
        }
        let message = match self.limit {
            0 => "this server relays nothing",
            _ => "the server relays its largest number of chats",
        };
        Err(Refusal::new(code::RELAY_FULL, message))
    }

    /// Ends a relay: closes both connections, and tells the operator once what has come of it. Both threads of a relay
    /// come here, and the second one changes nothing.
    pub fn end(&self, relay: &Arc<Relay>) {
        self.forget(relay);
        for outbox in &relay.outboxes {
            self.room.disconnect(outbox, Reason::Gone, b"");
        }
        if let Some(course) = lock(&relay.course).take() {
            let ([asking, called], told) = (&relay.names, course.told(Instant::now()));
            self.printer.line(format_args!("RELAY: {asking} {called} ended after {told}"));
        }
    }

    /// Takes a relay out of the table, unless the two have a newer one.
    fn forget(&self, relay: &Arc<Relay>) {
        let open = &mut lock(&self.table).open;
        if open.get(&relay.pair).is_some_and(|open| Arc::ptr_eq(open, relay)) {
            open.remove(&relay.pair);
        }
    }

    /// Ends all relays of a member, or of all of them. With a name these are the relays in which it takes part on
    /// either side. Introductions for further ones are void.
    pub fn end_all(&self, of: Option<&Name>) {
        let stays = |call: &RelayCall| of.is_some_and(|name| !call.names.contains(name));
        lock(&self.table).calls.retain(|_, call| stays(call));
        for relay in self.all() {
            if of.is_none_or(|name| relay.names.contains(name)) {
                self.end(&relay);
            }
        }
    }

    /// The relays that are open, each in a line for a person.
    pub fn list(&self, now: Instant) -> Vec<String> {
        let mut lines: Vec<String> = self.all().iter().map(|relay| relay.told(now)).collect();
        lines.sort_unstable();
        lines
    }

    /// The relays that are open.
    fn all(&self) -> Vec<Arc<Relay>> {
        lock(&self.table).open.values().cloned().collect()
    }
}

impl RelayCall {
    /// Whether a client may come in on this side. A side whose client waits already is taken.
    fn admits(&self, name: &Name, side: usize, secret: Secret, now: Instant) -> bool {
        let is_free = self.first.as_ref().is_none_or(|first| first.side != side);
        self.names[side] == *name
            && self.secrets[side] == secret
            && is_free
            && self.made + LIFE > now
    }
}

impl Relay {
    /// Who is relayed, and for how long.
    fn told(&self, now: Instant) -> String {
        let ([asking, called], course) = (&self.names, lock(&self.course));
        let told = course.as_ref().map_or_else(String::new, |course| course.told(now));
        format!("{asking} {called} {told}")
    }
}

/// The refusal for a secret that does not count.
pub fn unknown() -> Refusal {
    let message = "there is no such call, or nobody else has come for it";
    Refusal::new(code::NO_SUCH_CALL, message)
}

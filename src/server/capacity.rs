//! The connections that are open: how many there may be, from which hosts, and which one gives way to a newcomer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::net::{Host, Shares};
use crate::server::directory::bans::{self, MAX_BANS};
use crate::server::room::Outbox;
use crate::sync::lock;
use crate::wire::Refusal;
use crate::wire::request::code;

/// A server for fewer clients than this keeps no last quarter.
const SMALL: usize = 8;
/// The most connections at a time that had to give way and whose threads have not ended yet. Each may take a moment
/// to read why, and these threads come on top of the largest number of clients.
const MAX_LEAVING: usize = 64;

/// The connections that are open, shared by the threads of the server.
#[derive(Debug)]
pub struct Connections {
    /// The most of them.
    capacity: usize,
    table: Mutex<Table>,
}

/// What the lock protects.
#[derive(Debug, Default)]
struct Table {
    /// Those that are open, by their numbers: the lowest is the oldest.
    open: HashMap<u64, OpenConnection>,
    /// The last number that was given.
    last: u64,
    /// How many had to give way and have not ended yet.
    leaving: usize,
    /// The hosts that the operator keeps out.
    barred: BTreeSet<Host>,
}

/// A connection in the table.
#[derive(Debug)]
struct OpenConnection {
    host: Host,
    outbox: Arc<Outbox>,
    /// Whether it has joined, or is about to.
    member: bool,
    /// Whether it is relayed.
    relayed: bool,
}

/// A connection's place in the table. Dropping it gives it back.
#[derive(Debug)]
pub struct Seat {
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// None yet, and later at most `capacity`.
    pub fn new(capacity: usize) -> Connections {
        Connections { capacity, table: Mutex::default() }
    }

    /// Takes a connection in. Returns its seat, and the connection that had to give way to it, if one had to.
    ///
    /// Anybody may have any number of connections until three quarters of the table are taken. The last quarter is for
    /// hosts that have none yet. Beyond that a newcomer needs a place of the greediest host (see [`Shares`]): its
    /// oldest connection that has not joined; one that is relayed only if there is no other. Members stay. Programs on
    /// the server's own machine may fill the last quarter, too.
    ///
    /// # Errors
    /// `server-full`; `banned`.
    pub fn enter(
        self: &Arc<Connections>,
        host: Host,
        outbox: &Arc<Outbox>,
    ) -> Result<(Seat, Option<Arc<Outbox>>), Refusal> {
        let mut table = lock(&self.table);
        if table.barred.contains(&host) {
            return Err(barred());
        }
        let displaced = self.make_room(host, &mut table)?;
        table.last += 1;
        let (number, outbox) = (table.last, Arc::clone(outbox));
        table.open.insert(number, OpenConnection { host, outbox, member: false, relayed: false });
        Ok((Seat { connections: Arc::clone(self), number }, displaced))
    }

    /// Makes sure that there is room for a newcomer. Returns the connection that has to give way, if one has to.
    fn make_room(&self, newcomer: Host, table: &mut Table) -> Result<Option<Arc<Outbox>>, Refusal> {
        let first = if self.capacity < SMALL { self.capacity } else { self.capacity * 3 / 4 };
        let count = table.open.len();
        if count < first || (count < self.capacity && newcomer.is_loopback()) {
            return Ok(None);
        }
        let place = |connection: &OpenConnection| (connection.host, !connection.member);
        let shares: Shares = table.open.values().map(place).collect();
        if count < self.capacity && shares.of(newcomer) == 0 {
            return Ok(None);
        }
        let greediest = shares.gives_way(newcomer, self.capacity);
        let greediest = greediest.filter(|_| table.leaving < MAX_LEAVING).ok_or_else(full)?;
        let idle = table.open.iter().filter(|(_, open)| open.host == greediest && !open.member);
        let oldest = idle.map(|(number, open)| (open.relayed, *number)).min();
        let gone = oldest.and_then(|(_, oldest)| table.open.remove(&oldest)).ok_or_else(full)?;
        table.leaving += 1;
        Ok(Some(gone.outbox))
    }

    /// Keeps a host out. Returns its open connections.
    ///
    /// # Errors
    /// The sentence that too many hosts are kept out already.
    pub fn bar(&self, host: Host) -> Result<Vec<Arc<Outbox>>, String> {
        let mut table = lock(&self.table);
        if table.barred.len() >= MAX_BANS && !table.barred.contains(&host) {
            return Err(bans::full());
        }
        table.barred.insert(host);
        let own = table.open.values().filter(|open| open.host == host);
        Ok(own.map(|open| Arc::clone(&open.outbox)).collect())
    }

    /// Lets a host in again. Returns whether it was kept out.
    pub fn unbar(&self, host: Host) -> bool {
        lock(&self.table).barred.remove(&host)
    }

    /// The hosts that are kept out.
    pub fn barred(&self) -> Vec<Host> {
        lock(&self.table).barred.iter().copied().collect()
    }
}

impl Seat {
    /// Notes that the connection is about to join: from here on it gives way to nobody.
    ///
    /// # Errors
    /// `server-full` when it had to give way already.
    pub fn joins(&self) -> Result<(), Refusal> {
        let mut table = lock(&self.connections.table);
        table.open.get_mut(&self.number).map(|open| open.member = true).ok_or_else(full)
    }

    /// Notes that the connection is relayed: it gives way after those that do nothing.
    pub fn is_relayed(&self) {
        if let Some(open) = lock(&self.connections.table).open.get_mut(&self.number) {
            open.relayed = true;
        }
    }

    /// Notes that it may not join.
    pub fn stays_out(&self) {
        if let Some(open) = lock(&self.connections.table).open.get_mut(&self.number) {
            open.member = false;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = lock(&self.connections.table);
        if table.open.remove(&self.number).is_none() {
            table.leaving -= 1;
        }
    }
}

/// The refusal for a client for which there is no room.
pub fn full() -> Refusal {
    Refusal::new(code::SERVER_FULL, "the server has its largest number of clients")
}

/// The refusal for a client from a host that is kept out.
pub fn barred() -> Refusal {
    Refusal::new(code::BANNED, "the operator has barred your address")
}

//! The IDs: one for each client, and none for two.
//!
//! An ID that was given is noted in the log. So no newcomer gets it again, not even after a restart of the server, and
//! the client that had it gets it back: the same name from the same IP address, the first time that it registers. On one
//! machine, where all have one address, that is a convenience and no proof. Within one run of the server a token
//! decides.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::server::room::log::remark::GivenId;
use crate::server::room::{BatchId, Room};
use crate::sync::lock;
use crate::wire::{Entry, Name};

/// The IDs, shared by all threads. Each change takes the lock, and the room's queue under it.
#[derive(Debug)]
pub struct Ids {
    given: Mutex<Given>,
    /// Where the log can be reached.
    room: Arc<Room>,
}

/// What was given.
#[derive(Debug)]
struct Given {
    /// The last ID.
    last: u64,
    /// The IDs of an earlier run that nobody has come for yet.
    earlier: HashMap<(Name, IpAddr), u64>,
    /// The batch that holds the last note.
    noted: BatchId,
}

impl Ids {
    /// Creates the IDs that come after `last`. The `earlier` ones, the oldest first, are given back. An ID belongs to the
    /// client that had it last, and a client has the ID that it had last.
    pub fn new(last: u64, earlier: VecDeque<GivenId>, room: Arc<Room>) -> Ids {
        let (mut ids, mut owners) = (HashMap::new(), HashMap::new());
        for GivenId { id, name, ip } in earlier {
            let owner = (name, ip);
            if let Some(before) = owners.insert(id, owner.clone()).filter(|before| *before != owner)
            {
                ids.remove(&before);
            }
            if let Some(before) = ids.insert(owner, id).filter(|before| *before != id) {
                owners.remove(&before);
            }
        }
        Ids { given: Mutex::new(Given { last, earlier: ids, noted: BatchId::default() }), room }
    }

    /// Gives an ID to a name that registers from an IP address: the one that it had in an earlier run of the server, or
    /// a new one.
    pub fn give(&self, name: &Name, ip: IpAddr) -> u64 {
        let mut given = lock(&self.given);
        let id = given.earlier.remove(&(name.clone(), ip)).unwrap_or_else(|| {
            given.last += 1;
            given.last
        });
        given.noted = self.room.note_id(GivenId { id, name: name.clone(), ip });
        id
    }

    /// Notes that a client has an ID which it did not get by [`Ids::give`].
    pub fn note(&self, entry: &Entry) {
        let Entry { name, address, id } = entry;
        lock(&self.given).noted =
            self.room.note_id(GivenId { id: *id, name: name.clone(), ip: address.ip() });
    }

    /// Waits until all IDs that were given are in the log: an ID that somebody has heard is never given again.
    pub fn wait_noted(&self) {
        let noted = lock(&self.given).noted;
        self.room.wait_delivered(noted);
    }
}

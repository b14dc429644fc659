//! The IDs: one for each client, and none for two.
//!
//! An ID that was given is noted in the log. So no newcomer gets it again, not even after a restart of the server, and
//! the client that had it gets it back: the same name from the same IP address, the first time that it registers. On
//! one machine, where all have one address, that is a convenience and no proof. Within one run of the server a token
//! decides.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::server::room::log::recorder::Recorder;
use crate::server::room::log::remark::GivenId;
use crate::sync::lock;
use crate::wire::{Entry, Name};

/// The IDs, shared by all threads. Giving one takes a lock for a moment, which may happen under the registry's lock.
/// Writing it down takes the log's lock, which must not.
#[derive(Debug)]
pub struct Ids {
    given: Mutex<Given>,
    /// The log.
    recorder: Arc<Recorder>,
}

/// What was given.
#[derive(Debug)]
struct Given {
    /// The last ID.
    last: u64,
    /// The IDs of an earlier run that nobody has come for yet.
    earlier: HashMap<(Name, IpAddr), u64>,
    /// The IDs that are not in the log yet.
    fresh: Vec<GivenId>,
}

impl Ids {
    /// Creates the IDs that come after `last`. The `earlier` ones, the oldest first, are given back. An ID belongs to
    /// the client that had it last, and a client has the ID that it had last.
    pub fn new(last: u64, earlier: VecDeque<GivenId>, recorder: Arc<Recorder>) -> Ids {
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
        Ids { given: Mutex::new(Given { last, earlier: ids, fresh: Vec::new() }), recorder }
    }

    /// Gives an ID to a name that registers from an IP address: the one that it had in an earlier run of the server, or
    /// a new one.
    pub fn give(&self, name: &Name, ip: IpAddr) -> u64 {
        let mut given = lock(&self.given);
        let id = given.earlier.remove(&(name.clone(), ip)).unwrap_or_else(|| {
            given.last += 1;
            given.last
        });
        given.fresh.push(GivenId { id, name: name.clone(), ip });
        id
    }

    /// Notes that a client has an ID which it did not get by [`Ids::give`].
    pub fn note(&self, entry: &Entry) {
        let Entry { name, address, id } = entry;
        let (name, ip) = (name.clone(), address.ip());
        lock(&self.given).fresh.push(GivenId { id: *id, name, ip });
    }

    /// Writes the IDs that were given into the log: an ID that somebody has heard must never be given again.
    pub fn write_down(&self) {
        let fresh = || std::mem::take(&mut lock(&self.given).fresh);
        // What cannot be written now is written with the next lines, and complained of by the broadcaster.
        let _ = self.recorder.record_ids(fresh);
    }
}

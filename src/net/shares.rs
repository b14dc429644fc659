//! Who gives way when a table is full: a fair share of every limited table for each host.
//!
//! The rule counts, and waits for nothing. A table asks it only under pressure: until the table is full, anybody may
//! have any number of places.

use std::collections::HashMap;

use crate::net::host::Host;

/// A newcomer takes a place from another host only while it has less than this part of the table itself.
const QUARTER: usize = 4;

/// The places that one host has.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    /// All its places.
    all: usize,
    /// Those that it may lose.
    idle: usize,
}

/// How many places of a table each host has. It is collected from the table: the host of each place, and whether the
/// host may lose that place.
#[derive(Debug, Default)]
pub struct Shares(HashMap<Host, Share>);

impl FromIterator<(Host, bool)> for Shares {
    fn from_iter<I: IntoIterator<Item = (Host, bool)>>(places: I) -> Shares {
        let mut shares = Shares::default();
        for (host, idle) in places {
            let share = shares.0.entry(host).or_default();
            share.all += 1;
            share.idle += usize::from(idle);
        }
        shares
    }
}

impl Shares {
    /// The host that loses its oldest idle place to a newcomer, in a table that is full and has `capacity` places.
    /// That is the greediest host. `None`: the newcomer must be refused, because its own host has a quarter of the
    /// table already, or as many idle places as the greediest one.
    pub fn gives_way(&self, newcomer: Host, capacity: usize) -> Option<Host> {
        let own = self.0.get(&newcomer).copied().unwrap_or_default();
        let (greediest, idle) = self.greediest()?;
        (own.all * QUARTER < capacity && own.idle < idle).then_some(greediest)
    }

    /// The host with the most idle places, and how many it has; `None` if nobody may lose any.
    pub fn greediest(&self) -> Option<(Host, usize)> {
        let idle = self.0.iter().map(|(host, share)| (*host, share.idle));
        idle.filter(|(_, idle)| *idle > 0).max_by_key(|(host, idle)| (*idle, *host))
    }

    /// How many places a host has.
    pub fn of(&self, host: Host) -> usize {
        self.0.get(&host).map_or(0, |share| share.all)
    }
}

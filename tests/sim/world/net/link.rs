//! The links between hosts: how long bytes take, and how many datagrams are lost.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::turns::{self, HostId};

/// A link, the same in both directions.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The least time that bytes take, in nanoseconds.
    pub least: u64,
    /// How much longer they may take.
    pub jitter: u64,
    /// Bytes arrive at multiples of this: so that much happens at one moment, and threads race.
    pub grid: u64,
    /// How many of a million datagrams are lost, and arrive twice.
    pub lost: u64,
    pub doubled: u64,
    pub is_cut: bool,
}

/// All links. There is one between any two hosts; here are those that somebody has asked for.
static LINKS: Mutex<BTreeMap<(HostId, HostId), Link>> = Mutex::new(BTreeMap::new());

fn links() -> MutexGuard<'static, BTreeMap<(HostId, HostId), Link>> {
    LINKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A link as seeds make them: in a room, in a town, or around the world.
fn made() -> Link {
    let dice = &mut turns::turns().dice;
    let (least, jitter) = [
        (20_000, 100_000),
        (500_000, 2_000_000),
        (5_000_000, 20_000_000),
        (60_000_000, 100_000_000),
    ][dice.pick(4)];
    let grid = [1, jitter / 2, jitter, 2 * jitter][dice.pick(4)].min(40_000_000);
    let lost = [0, 0, 20_000, 100_000][dice.pick(4)];
    let doubled = [0, 20_000][dice.pick(2)];
    Link { least, jitter, grid, lost, doubled, is_cut: false }
}

/// Changes the link between two hosts.
pub fn link(one: HostId, other: HostId, change: impl FnOnce(&mut Link)) {
    let mut link = between(one, other);
    change(&mut link);
    links().insert((one.min(other), one.max(other)), link);
}

/// The link between two hosts.
pub fn between(one: HostId, other: HostId) -> Link {
    if one == other {
        return Link {
            least: 5_000,
            jitter: 20_000,
            grid: 50_000,
            lost: 0,
            doubled: 0,
            is_cut: false,
        };
    }
    let pair = (one.min(other), one.max(other));
    let known = links().get(&pair).copied();
    known.unwrap_or_else(|| {
        let link = made();
        links().insert(pair, link);
        link
    })
}

/// Cuts a link, or mends it.
pub fn cut(one: HostId, other: HostId, is_cut: bool) {
    link(one, other, |link| link.is_cut = is_cut);
}

impl Link {
    /// How long these bytes take.
    pub fn delay(&self) -> u64 {
        self.least + turns::turns().dice.below(self.jitter)
    }

    /// When bytes arrive that are sent now.
    pub fn from_now(&self) -> u64 {
        let delay = self.delay();
        (turns::turns().now + delay).next_multiple_of(self.grid)
    }
}

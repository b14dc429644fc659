//! The hosts: machines with a name, an address, a clock, an environment and a disk of their own.
//!
//! A host may be killed, as by `kill -9`: its threads get no turn again, its system closes what they had open. Or it
//! may lose its power: then nobody hears of it, and its disk forgets what was not synced. Either way it can be started
//! again.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;
use crate::turns::{self, HostId};

/// A machine.
pub struct Host {
    pub name: String,
    pub ip: IpAddr,
    /// How often it was started anew. What belongs to an earlier life is closed.
    pub life: u32,
    /// How far its clock is ahead of the world's, in nanoseconds.
    pub clock: i64,
    pub environment: BTreeMap<String, String>,
    /// What its hash tables and its secrets begin with. It is another one in each life.
    pub chance: u64,
    pub disk: Arc<Disk>,
    /// The next port for a socket that asks for none.
    pub ephemeral: u16,
}

static HOSTS: Mutex<Vec<Host>> = Mutex::new(Vec::new());

/// All hosts, for a moment.
pub fn hosts() -> MutexGuard<'static, Vec<Host>> {
    HOSTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host of the calling thread.
pub fn here() -> HostId {
    turns::turns().host_of(turns::me())
}

/// Adds a host.
pub fn add(name: &str, ip: IpAddr) -> HostId {
    let (chance, clock, ephemeral, key) = {
        let mut turns = turns::turns();
        let chance = turns.dice.any();
        // Up to two hours off: clocks are wrong, and no time zone is asked.
        let clock = turns.dice.below(14_400_000_000_000).cast_signed() - 7_200_000_000_000;
        let ephemeral = 32_768 + turns.dice.below(20_000) as u16;
        (chance, clock, ephemeral, turns.key())
    };
    let disk = Arc::new(Disk::new(key));
    let (name, environment) = (name.to_owned(), BTreeMap::new());
    let mut hosts = hosts();
    hosts.push(Host { name, ip, life: 0, clock, environment, chance, disk, ephemeral });
    hosts.len() - 1
}

/// The host that has an address, seen from another one.
pub fn at(ip: IpAddr, from: HostId) -> Option<HostId> {
    match ip {
        ip if ip.is_loopback() => Some(from),
        ip => hosts().iter().position(|host| host.ip == ip),
    }
}

/// Whether a host can listen at an address.
pub fn owns(host: HostId, ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified() || hosts()[host].ip == ip
}

/// The address from which a host reaches another address.
pub fn source(host: HostId, to: IpAddr) -> IpAddr {
    if to.is_loopback() { Ipv4Addr::LOCALHOST.into() } else { hosts()[host].ip }
}

/// A port that no socket has asked for.
pub fn ephemeral(host: HostId) -> u16 {
    let mut hosts = hosts();
    let port = hosts[host].ephemeral;
    hosts[host].ephemeral = if port >= 60_000 { 32_768 } else { port + 1 };
    port
}

/// A host's disk.
pub fn disk(host: HostId) -> Arc<Disk> {
    Arc::clone(&hosts()[host].disk)
}

/// A random number that belongs to a host in its present life.
pub fn chance(host: HostId) -> u64 {
    hosts()[host].chance
}

/// The life of a host.
pub fn life(host: HostId) -> u32 {
    hosts()[host].life
}

/// Begins the next life of a host.
pub fn next_life(host: HostId) {
    let chance = turns::turns().dice.any();
    let mut hosts = hosts();
    hosts[host].life += 1;
    hosts[host].chance = chance;
}

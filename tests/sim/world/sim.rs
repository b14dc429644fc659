//! What a scene does with the world, and what the standard library does not have: hosts, failures, the trace.

use std::fs::File;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::Disk;
use crate::hosts;
use crate::net::{self, Link};
use crate::trace::Trace;
use crate::turns::{self, ThreadId, Turns};

pub use crate::net::TcpStream;
pub use crate::turns::{HostId, Key};

/// A second.
pub const SECOND: u64 = 1_000_000_000;

/// How a run failed is told by this, which the driver sets.
type Reporter = Box<dyn Fn(&str, &str) + Send + Sync>;
static REPORTER: Mutex<Option<Reporter>> = Mutex::new(None);
/// Hosts without power.
static DOWN: Mutex<Vec<HostId>> = Mutex::new(Vec::new());

/// Runs a scene in a fresh world. Returns what it returns, with the trace's sum, the turns and the time that it took.
pub fn run<T>(
    seed: u64,
    trace: Option<File>,
    reporter: impl Fn(&str, &str) + Send + Sync + 'static,
    scene: impl FnOnce() -> T,
) -> (T, u64, u64, u64) {
    *REPORTER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(reporter));
    turns::begin(seed, Trace::new(trace));
    host("scene", IpAddr::from([10, 0, 0, 1]));
    let value = scene();
    turns::end();
    let mut turns = turns::turns();
    turns.trace.flush();
    (value, turns.trace.sum(), turns.turns, turns.now)
}

/// Ends the run: this invariant does not hold.
pub fn fail(invariant: &str, what: &str) -> ! {
    fail_held(&mut turns::turns(), invariant, what)
}

/// The same for whoever holds the turns.
pub(crate) fn fail_held(turns: &mut Turns, invariant: &str, what: &str) -> ! {
    let now = turns.now;
    turns.trace.line(now, "", "", &format!("BROKEN: {invariant}: {what}"));
    for line in turns.doings() {
        turns.trace.line(now, "", "", &line);
    }
    turns.trace.flush();
    turns::end();
    if let Some(report) = &*REPORTER.lock().unwrap_or_else(PoisonError::into_inner) {
        report(invariant, what);
    }
    let _ = std::io::stdout().flush();
    std::process::exit(101)
}

/// Notes a step in the trace.
pub fn note(what: &'static str, number: u64, more: impl FnOnce() -> String) {
    if !turns::is_inside() {
        return;
    }
    let mut turns = turns::turns();
    let (me, now) = (turns::me(), turns.now);
    let sum = what.bytes().fold(number, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
    turns.trace.count(sum ^ (me as u64) << 48);
    if turns.trace.is_wanted() {
        let (host, thread) = (turns.host_of(me), turns.name_of(me).to_owned());
        drop(turns);
        let name = hosts::hosts()[host].name.clone();
        let more = more();
        turns::turns().trace.line(now, &name, &thread, &format!("{what} {more}"));
    }
}

/// The time since the world began, in nanoseconds.
pub fn now() -> u64 {
    turns::turns().now
}

/// A random number less than `end`.
pub fn dice(end: u64) -> u64 {
    turns::turns().dice.below(end)
}

/// A fresh key to sleep on.
pub fn key() -> Key {
    turns::turns().key()
}

/// Sleeps until somebody wakes the key, or until that time. Returns whether it was the time.
pub fn sleep_on(key: Key, until: u64) -> bool {
    turns::sleep_on(key, Some(until))
}

/// Wakes all that sleep on a key.
pub fn wake(key: Key) {
    turns::turns().wake(key, usize::MAX);
}

/// Adds a host.
pub fn host(name: &str, ip: IpAddr) -> HostId {
    hosts::add(name, ip)
}

/// Starts a process on a host: a thread from which all its others come.
///
/// # Panics
/// When the system has no thread for it.
pub fn start(host: HostId, name: &str, body: impl FnOnce() + Send + 'static) -> ThreadId {
    let was_down = {
        let mut down = DOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let was_down = down.contains(&host);
        down.retain(|other| *other != host);
        was_down
    };
    hosts::next_life(host);
    if was_down {
        net::back(host);
    }
    turns::spawn(name.to_owned(), host, body).expect("a thread")
}

/// Whether a thread has ended.
pub fn has_ended(thread: ThreadId) -> bool {
    turns::turns().has_ended(thread)
}

/// Waits for the end of a thread until that time. Returns whether it has ended.
pub fn await_end(thread: ThreadId, until: u64) -> bool {
    while !has_ended(thread) {
        if turns::sleep_on(turns::ended_key(thread), Some(until)) && now() >= until {
            return has_ended(thread);
        }
    }
    true
}

/// How many threads a host has.
pub fn threads(host: HostId) -> usize {
    turns::turns().living(host)
}

/// Kills all processes of a host, as `kill -9` does: the system closes their sockets, and keeps what they wrote.
pub fn kill(host: HostId) {
    note("kills", host as u64, || hosts::hosts()[host].name.clone());
    turns::turns().kill(host);
    net::close_all(host, false);
    hosts::disk(host).forget(false);
}

/// Lets a host's power fail: nobody hears of it, and its disk keeps only a part of what was not synced.
pub fn power_off(host: HostId) {
    note("takes the power from", host as u64, || hosts::hosts()[host].name.clone());
    turns::turns().kill(host);
    DOWN.lock().unwrap_or_else(PoisonError::into_inner).push(host);
    net::close_all(host, true);
    hosts::disk(host).forget(true);
}

/// Lets a host stand still for some time, as a computer does whose lid is closed, or a program that is stopped. Its
/// system goes on to take what arrives.
pub fn freeze(host: HostId, time: u64) {
    note("freezes", host as u64, || hosts::hosts()[host].name.clone());
    turns::turns().freeze(host, time);
}

/// Whether a host is without power.
pub fn is_down(host: HostId) -> bool {
    DOWN.lock().unwrap_or_else(PoisonError::into_inner).contains(&host)
}

/// Cuts the link between two hosts, or mends it.
pub fn cut(one: HostId, other: HostId, is_cut: bool) {
    note(if is_cut { "cuts the link" } else { "mends the link" }, one as u64, || {
        let hosts = hosts::hosts();
        format!("{} to {}", hosts[one].name, hosts[other].name)
    });
    net::cut(one, other, is_cut);
}

/// Changes the link between two hosts.
pub fn link(one: HostId, other: HostId, change: impl FnOnce(&mut Link)) {
    net::link(one, other, change);
}

/// Lets the clock of a host jump, by that many nanoseconds.
pub fn jump(host: HostId, by: i64) {
    note("lets the clock jump of", host as u64, || hosts::hosts()[host].name.clone());
    hosts::hosts()[host].clock += by;
}

/// A host's disk.
pub fn disk(host: HostId) -> Arc<Disk> {
    hosts::disk(host)
}

/// Connects from a host, without waiting.
pub fn dial(from: HostId, to: SocketAddr) -> TcpStream {
    TcpStream::dial(from, to)
}

/// The host and the thread that calls, for a message. It waits for no lock.
pub fn who() -> String {
    turns::try_name().unwrap_or_default()
}

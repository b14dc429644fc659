//! What a process and its system know of a connection: two pipes, one in each direction, and how calls behave.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::net::link;
use crate::net::pipe::Pipe;
use crate::sim::note;
use crate::time::later;
use crate::turns::{self, HostId};

/// What a process and its system know of a connection.
#[derive(Debug)]
pub struct Socket {
    pub inward: Arc<Pipe>,
    pub outward: Arc<Pipe>,
    pub own: SocketAddr,
    pub peer: SocketAddr,
    options: Mutex<Options>,
}

/// How calls behave.
#[derive(Debug, Default, Clone, Copy)]
pub struct Options {
    pub never_waits: bool,
    pub read: Option<Duration>,
    pub write: Option<Duration>,
    pub is_closed: bool,
}

/// All connections.
static ALL: Mutex<Vec<Weak<Socket>>> = Mutex::new(Vec::new());

/// Those that are open.
fn all() -> Vec<Arc<Socket>> {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|socket| socket.strong_count() > 0);
    all.iter().filter_map(Weak::upgrade).collect()
}

/// Both ends of a connection between two hosts.
pub fn pair(one: (HostId, SocketAddr), other: (HostId, SocketAddr)) -> (Arc<Socket>, Arc<Socket>) {
    let room = [16 << 10, 64 << 10, 256 << 10][turns::turns().dice.pick(3)];
    let (there, back) = Pipe::pair(one.0, other.0, room);
    let (there, back) = (Arc::new(there), Arc::new(back));
    let end = |inward: &Arc<Pipe>, outward: &Arc<Pipe>, own, peer| {
        let (inward, outward) = (Arc::clone(inward), Arc::clone(outward));
        let socket = Arc::new(Socket { inward, outward, own, peer, options: Mutex::default() });
        ALL.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&socket));
        socket
    };
    (end(&back, &there, one.1, other.1), end(&there, &back, other.1, one.1))
}

/// Cuts what flows between two hosts, or lets it go on.
pub fn cut(one: HostId, other: HostId, is_cut: bool) {
    for socket in all() {
        let pipe = &socket.outward;
        if (pipe.from, pipe.to) == (one, other) || (pipe.to, pipe.from) == (one, other) {
            if is_cut { pipe.hold_up() } else { pipe.go_on() }
        }
    }
}

/// Closes all connections of a host.
pub fn close_all(host: HostId, silently: bool) {
    for socket in all().into_iter().filter(|socket| socket.outward.from == host) {
        if silently {
            socket.inward.flow().is_dead = true;
            socket.options().is_closed = true;
        } else {
            socket.close();
        }
    }
}

/// A host is back: it answers what belongs to its earlier life with a reset.
pub fn back(host: HostId) {
    for socket in all().into_iter().filter(|socket| socket.outward.from == host) {
        let waits = {
            let mut flow = socket.inward.flow();
            if !std::mem::take(&mut flow.is_dead) {
                continue;
            }
            flow.is_closed = true;
            flow.held > 0 || flow.end.is_some()
        };
        if waits {
            socket.outward.reset(None); // the other side tries again to send that
        }
    }
}

impl Socket {
    /// How calls behave, for a moment.
    pub fn options(&self) -> MutexGuard<'_, Options> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes this end: a reset, if something was not read, else the end.
    fn close(&self) {
        if std::mem::replace(&mut self.options().is_closed, true) {
            return;
        }
        let has_unread = {
            let mut flow = self.inward.flow();
            flow.is_closed = true;
            !flow.parts.is_empty()
        };
        if has_unread {
            self.outward.reset(None);
        } else {
            self.outward.end();
        }
        turns::turns().wake(self.inward.writable, usize::MAX);
    }

    /// Reads, and takes what it reads away unless it is to `keep` it. A system may give less than there is.
    pub fn receive(&self, into: &mut [u8], keep: bool) -> io::Result<usize> {
        turns::point();
        let options = *self.options();
        let until = options.read.map(later);
        let most = {
            let dice = &mut turns::turns().dice;
            let is_short = into.len() > 1 && !keep && dice.below(6) == 0;
            if is_short { 1 + dice.pick(into.len().min(200)) } else { into.len() }
        };
        self.receive_some(&mut into[..most], keep, options, until)
    }

    /// Reads as much as there is, and waits for it as the options say.
    pub fn receive_some(
        &self,
        into: &mut [u8],
        keep: bool,
        options: Options,
        until: Option<u64>,
    ) -> io::Result<usize> {
        loop {
            let now = turns::turns().now;
            {
                let mut flow = self.inward.flow();
                let taken = flow.take(into, now, keep);
                if taken > 0 {
                    drop(flow);
                    if !keep {
                        turns::turns().wake(self.inward.writable, usize::MAX);
                        note("reads", taken as u64, || self.told(&into[..taken]));
                    }
                    return Ok(taken);
                }
                if flow.is_reset(now) && !flow.told {
                    flow.told = true;
                    drop(flow);
                    note("reads a reset", 0, || self.told(&[]));
                    return Err(ErrorKind::ConnectionReset.into());
                }
                if flow.told || flow.is_shut || flow.end.is_some_and(|at| at <= now) {
                    drop(flow);
                    note("reads the end", 0, || self.told(&[]));
                    return Ok(0);
                }
            }
            if options.never_waits || until.is_some_and(|until| until <= now) {
                return Err(ErrorKind::WouldBlock.into());
            }
            turns::sleep_on(self.inward.readable, until);
        }
    }

    /// Writes: waits for room until all is written, or as long as the options say.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        turns::point();
        let options = *self.options();
        let until = options.write.map(later);
        let mut sent = 0;
        loop {
            let now = turns::turns().now;
            if self.inward.flow().is_reset(now) {
                return Err(ErrorKind::ConnectionReset.into());
            }
            let mut flow = self.outward.flow();
            if flow.end.is_some() {
                return if sent > 0 { Ok(sent) } else { Err(ErrorKind::BrokenPipe.into()) };
            }
            if flow.is_closed {
                drop(flow);
                // The bytes are answered by a reset.
                let there = link::between(self.outward.from, self.outward.to).delay();
                let again = self.inward.arrival(&self.inward.flow());
                self.inward.reset(Some(again.saturating_add(there)));
                note("sends to nobody", bytes.len() as u64, || self.told(bytes));
                return Ok(bytes.len());
            }
            let fits = (bytes.len() - sent).min(flow.room.saturating_sub(flow.held));
            if fits > 0 {
                self.outward.push(&mut flow, &bytes[sent..sent + fits]);
                drop(flow);
                note("sends", fits as u64, || self.told(&bytes[sent..sent + fits]));
                sent += fits;
                if sent == bytes.len() {
                    return Ok(sent);
                }
            } else {
                drop(flow);
            }
            if options.never_waits || until.is_some_and(|until| until <= now) {
                return if sent > 0 { Ok(sent) } else { Err(ErrorKind::WouldBlock.into()) };
            }
            turns::sleep_on(self.outward.writable, until);
        }
    }

    /// The bytes and the other end, for the trace.
    fn told(&self, bytes: &[u8]) -> String {
        let text: String = String::from_utf8_lossy(bytes).chars().take(120).collect();
        format!("{} {} bytes {text:?}", self.peer, bytes.len())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.close();
    }
}

//! Datagrams: they are lost, arrive twice, or overtake each other.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::hosts;
use crate::net::link;
use crate::net::listener::overlaps;
use crate::sim::note;
use crate::time::later;
use crate::turns::{self, HostId, Key};

/// How many bytes may wait at a socket. Further datagrams are lost.
const ROOM: usize = 200 << 10;

/// A socket for datagrams.
#[derive(Debug)]
pub struct UdpSocket(Arc<Post>);

/// An address, and what arrives there.
#[derive(Debug)]
struct Post {
    host: HostId,
    own: SocketAddr,
    state: Mutex<Arriving>,
    arrived: Key,
}

/// Datagrams by the time at which they arrive.
#[derive(Debug, Default)]
struct Arriving {
    queue: BTreeMap<(u64, u64), (SocketAddr, Vec<u8>)>,
    bytes: usize,
    count: u64,
    timeout: Option<Duration>,
    never_waits: bool,
}

/// All sockets.
static ALL: Mutex<Vec<Weak<Post>>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Weak<Post>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes all sockets of a host.
pub fn close_all(host: HostId) {
    let mut closed = Vec::new();
    all().retain(|post| match post.upgrade() {
        Some(post) if post.host == host => {
            closed.push(post);
            false
        }
        post => post.is_some(),
    });
    closed.into_iter().for_each(std::mem::forget);
}

impl Post {
    fn state(&self) -> MutexGuard<'_, Arriving> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a datagram arrive.
    fn deliver(&self, at: u64, from: SocketAddr, bytes: &[u8]) {
        let mut state = self.state();
        if state.bytes + bytes.len() > ROOM {
            return;
        }
        state.count += 1;
        let count = state.count;
        state.bytes += bytes.len();
        state.queue.insert((at, count), (from, bytes.to_vec()));
        turns::turns().wake_at(self.arrived, at);
    }
}

impl UdpSocket {
    /// Binds an address; a free port if that is 0.
    ///
    /// # Errors
    /// When the host does not have that address, or it is in use.
    pub fn bind(to: impl ToSocketAddrs) -> io::Result<UdpSocket> {
        turns::point();
        let host = hosts::here();
        let mut own = to.to_socket_addrs()?.next().ok_or(ErrorKind::InvalidInput)?;
        if !hosts::owns(host, own.ip()) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        if own.port() == 0 {
            own.set_port(hosts::ephemeral(host));
        }
        let arrived = turns::turns().key();
        let mut all = all();
        all.retain(|post| post.strong_count() > 0);
        let in_use = |post: &Arc<Post>| {
            post.host == host && post.own.port() == own.port() && overlaps(post.own.ip(), own.ip())
        };
        if all.iter().filter_map(Weak::upgrade).any(|post| in_use(&post)) {
            return Err(ErrorKind::AddrInUse.into());
        }
        let post = Arc::new(Post { host, own, state: Mutex::default(), arrived });
        all.push(Arc::downgrade(&post));
        Ok(UdpSocket(post))
    }

    /// The address.
    ///
    /// # Errors
    /// None.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.own)
    }

    /// Says how long a receiver waits.
    ///
    /// # Errors
    /// None.
    pub fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.0.state().timeout = time;
        Ok(())
    }

    /// Says whether calls wait.
    ///
    /// # Errors
    /// None.
    pub fn set_nonblocking(&self, never_waits: bool) -> io::Result<()> {
        self.0.state().never_waits = never_waits;
        Ok(())
    }

    /// Sends a datagram. Whether it arrives, nobody says.
    ///
    /// # Errors
    /// When there is no such address.
    pub fn send_to(&self, bytes: &[u8], to: impl ToSocketAddrs) -> io::Result<usize> {
        turns::point();
        let to = to.to_socket_addrs()?.next().ok_or(ErrorKind::InvalidInput)?;
        let here = self.0.host;
        let mut from = self.0.own;
        if from.ip().is_unspecified() {
            from.set_ip(hosts::source(here, to.ip()));
        }
        let text = || String::from_utf8_lossy(bytes).chars().take(90).collect::<String>();
        note("sends a datagram", bytes.len() as u64, || format!("{to} {:?}", text()));
        let Some(there) = hosts::at(to.ip(), here) else { return Ok(bytes.len()) };
        let post = all().iter().filter_map(Weak::upgrade).find(|post| {
            let reached = post.own.ip().is_unspecified() || post.own.ip() == to.ip();
            post.host == there && post.own.port() == to.port() && reached
        });
        let link = link::between(here, there);
        let (is_lost, is_doubled) = {
            let dice = &mut turns::turns().dice;
            (dice.below(1_000_000) < link.lost, dice.below(1_000_000) < link.doubled)
        };
        let Some(post) = post.filter(|_| !is_lost && !link.is_cut) else {
            note("loses a datagram", 0, || to.to_string());
            return Ok(bytes.len());
        };
        for _ in 0..=u8::from(is_doubled) {
            post.deliver(link.from_now(), from, bytes);
        }
        Ok(bytes.len())
    }

    /// Waits for a datagram.
    ///
    /// # Errors
    /// When none comes in the socket's time.
    pub fn recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        turns::point();
        let until = self.0.state().timeout.map(later);
        loop {
            let now = turns::turns().now;
            let mut state = self.0.state();
            if state.queue.first_key_value().is_some_and(|((at, _), _)| *at <= now)
                && let Some((_, (from, bytes))) = state.queue.pop_first()
            {
                state.bytes -= bytes.len();
                drop(state);
                let count = bytes.len().min(into.len());
                into[..count].copy_from_slice(&bytes[..count]);
                note("receives a datagram", count as u64, || from.to_string());
                return Ok((count, from));
            }
            let never_waits = state.never_waits;
            drop(state);
            if never_waits || until.is_some_and(|until| until <= now) {
                return Err(ErrorKind::WouldBlock.into());
            }
            turns::sleep_on(self.0.arrived, until);
        }
    }
}

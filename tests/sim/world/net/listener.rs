//! Sockets that listen.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::hosts;
use crate::net::stream::{self, TcpStream};
use crate::sim::note;
use crate::turns::{self, HostId, Key};

/// How many connections may wait to be accepted.
const BACKLOG: usize = 512;

/// A socket that listens.
#[derive(Debug)]
pub struct TcpListener(Arc<Place>);

/// An address, and who waits there.
#[derive(Debug)]
struct Place {
    host: HostId,
    own: SocketAddr,
    callers: Mutex<VecDeque<TcpStream>>,
    called: Key,
}

/// All that listen.
static ALL: Mutex<Vec<Weak<Place>>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Weak<Place>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether two addresses are in each other's way, or one is reached at the other.
pub fn overlaps(one: IpAddr, other: IpAddr) -> bool {
    one == other
        || (one.is_unspecified() || other.is_unspecified()) && one.is_ipv4() == other.is_ipv4()
}

/// Calls who listens there. Returns the caller's end.
pub fn call(from: HostId, there: HostId, to: SocketAddr) -> Option<TcpStream> {
    let place = all().iter().filter_map(Weak::upgrade).find(|place| {
        let reached = place.own.ip().is_unspecified() || overlaps(place.own.ip(), to.ip());
        place.host == there && place.own.port() == to.port() && reached
    })?;
    if place.callers().len() >= BACKLOG {
        return None;
    }
    let own = SocketAddr::new(hosts::source(from, to.ip()), hosts::ephemeral(from));
    let (mine, theirs) = stream::pair((from, own), (there, to));
    place.callers().push_back(theirs);
    turns::turns().wake(place.called, usize::MAX);
    Some(mine)
}

/// Closes all that a host listens on.
pub fn close_all(host: HostId) {
    let mut closed = Vec::new();
    all().retain(|place| match place.upgrade() {
        Some(place) if place.host == host => {
            closed.push(place);
            false
        }
        place => place.is_some(),
    });
    for place in closed {
        let waiting = std::mem::take(&mut *place.callers());
        drop(waiting);
        std::mem::forget(place); // a thread that has no turn any more holds it
    }
}

impl Place {
    fn callers(&self) -> MutexGuard<'_, VecDeque<TcpStream>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TcpListener {
    /// Listens at an address; at a free port if that is 0.
    ///
    /// # Errors
    /// When the host does not have that address, or it is in use.
    pub fn bind(to: impl ToSocketAddrs) -> io::Result<TcpListener> {
        turns::point();
        let host = hosts::here();
        let mut own = to.to_socket_addrs()?.next().ok_or(ErrorKind::InvalidInput)?;
        if !hosts::owns(host, own.ip()) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        if own.port() == 0 {
            own.set_port(hosts::ephemeral(host));
        }
        let called = turns::turns().key();
        let mut all = all();
        all.retain(|place| place.strong_count() > 0);
        let in_use = |place: &Arc<Place>| {
            place.host == host
                && place.own.port() == own.port()
                && overlaps(place.own.ip(), own.ip())
        };
        if all.iter().filter_map(Weak::upgrade).any(|place| in_use(&place)) {
            return Err(ErrorKind::AddrInUse.into());
        }
        let place = Arc::new(Place { host, own, callers: Mutex::default(), called });
        all.push(Arc::downgrade(&place));
        drop(all);
        note("listens", 0, || own.to_string());
        Ok(TcpListener(place))
    }

    /// The address.
    ///
    /// # Errors
    /// None.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.own)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// None.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        turns::point();
        loop {
            let caller = self.0.callers().pop_front();
            if let Some(stream) = caller {
                let peer = stream.peer_addr()?;
                note("accepts", 0, || peer.to_string());
                return Ok((stream, peer));
            }
            turns::sleep_on(self.0.called, None);
        }
    }
}

//! Connections by TCP: two pipes, one in each direction.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use crate::hosts;
use crate::net::link;
use crate::net::listener;
use crate::net::socket::{self, Options, Socket};
use crate::sim::note;
use crate::time::later;
use crate::turns::{self, HostId, Key};

/// How long the system tries to connect.
const CONNECT: Duration = Duration::from_secs(127);

/// A connection. Clones of it are the same socket.
#[derive(Debug)]
pub struct TcpStream(Arc<Socket>);

/// Both ends of a connection between two hosts.
pub fn pair(one: (HostId, SocketAddr), other: (HostId, SocketAddr)) -> (TcpStream, TcpStream) {
    let (one, other) = socket::pair(one, other);
    (TcpStream(one), TcpStream(other))
}

impl TcpStream {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there, or nobody answers.
    pub fn connect(to: impl ToSocketAddrs) -> io::Result<TcpStream> {
        let mut failed = io::Error::from(ErrorKind::InvalidInput);
        for address in to.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Err(error) => failed = error,
                done => return done,
            }
        }
        Err(failed)
    }

    /// Connects, if that does not take longer than `time`.
    ///
    /// # Errors
    /// When nobody listens there, or nobody answers in that time.
    pub fn connect_timeout(to: &SocketAddr, time: Duration) -> io::Result<TcpStream> {
        turns::point();
        let (here, until) = (hosts::here(), later(time));
        note("connects", 0, || to.to_string());
        let wait = |until| {
            let key = turns::turns().key();
            turns::sleep_on(key, Some(until));
        };
        let Some(there) = hosts::at(to.ip(), here) else {
            wait(until);
            return Err(ErrorKind::TimedOut.into());
        };
        let mut pause = 1_000_000_000;
        loop {
            let link = link::between(here, there);
            if !link.is_cut && !crate::sim::is_down(there) {
                wait(link.from_now().min(until));
                let stream = listener::call(here, there, *to);
                wait(link.from_now().min(until));
                if let Some(stream) = stream {
                    return Ok(stream);
                }
                if turns::turns().now < until && !link::between(here, there).is_cut {
                    return Err(ErrorKind::ConnectionRefused.into());
                }
            }
            let again = turns::turns().now + pause;
            pause *= 2;
            wait(again.min(until));
            if turns::turns().now >= until {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }

    /// Connects from a host without waiting, for a scene: it may write at once, and reads a reset if nobody listens.
    pub fn dial(from: HostId, to: SocketAddr) -> TcpStream {
        let there = hosts::at(to.ip(), from).unwrap_or(from);
        let link = link::between(from, there);
        if let Some(stream) = (!link.is_cut).then(|| listener::call(from, there, to)).flatten() {
            return stream;
        }
        let own = SocketAddr::new(hosts::source(from, to.ip()), hosts::ephemeral(from));
        let (mine, theirs) = pair((from, own), (there, to));
        drop(theirs);
        mine.0.inward.reset(None);
        mine
    }

    /// Whether a read has something to say, for a scene.
    pub fn is_ready(&self) -> bool {
        let now = turns::turns().now;
        let flow = self.0.inward.flow();
        flow.has_unread(now) || flow.is_reset(now) || flow.end.is_some_and(|at| at <= now)
    }

    /// Reads what is there, for a scene: it gives no turn away.
    ///
    /// # Errors
    /// As for any read.
    pub fn glance(&self, into: &mut [u8]) -> io::Result<usize> {
        let options = Options { never_waits: true, ..Options::default() };
        self.0.receive_some(into, false, options, None)
    }

    /// Writes what fits, for a scene: it gives no turn away.
    ///
    /// # Errors
    /// As for any write.
    pub fn post(&self, bytes: &[u8]) -> io::Result<usize> {
        let flow = self.0.outward.flow();
        let fits = bytes.len().min(flow.room.saturating_sub(flow.held));
        let takes = flow.is_closed || flow.end.is_some();
        drop(flow);
        if fits == 0 && !takes {
            return Ok(0);
        }
        let now = turns::turns().now;
        if self.0.inward.flow().is_reset(now) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let mut flow = self.0.outward.flow();
        if takes {
            return Ok(bytes.len());
        }
        self.0.outward.push(&mut flow, &bytes[..fits]);
        Ok(fits)
    }

    /// Rings `bell` when something arrives.
    pub fn watch(&self, bell: Key) {
        let mut flow = self.0.inward.flow();
        flow.bell = Some(bell);
        let times = [flow.parts.front().map(|part| part.0), flow.end, flow.reset];
        for at in times.into_iter().flatten() {
            self.0.inward.announce(&flow, at);
        }
    }

    /// The same connection once more.
    ///
    /// # Errors
    /// None.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(TcpStream(Arc::clone(&self.0)))
    }

    /// Does nothing: there is no such delay here.
    ///
    /// # Errors
    /// None.
    pub fn set_nodelay(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Says whether calls wait.
    ///
    /// # Errors
    /// None.
    pub fn set_nonblocking(&self, never_waits: bool) -> io::Result<()> {
        turns::point();
        self.0.options().never_waits = never_waits;
        Ok(())
    }

    /// Says how long a read waits.
    ///
    /// # Errors
    /// When that is no time at all.
    pub fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.0.options().read = checked(time)?;
        Ok(())
    }

    /// Says how long a write waits.
    ///
    /// # Errors
    /// When that is no time at all.
    pub fn set_write_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.0.options().write = checked(time)?;
        Ok(())
    }

    /// The address of this end.
    ///
    /// # Errors
    /// None.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.own)
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// None.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.peer)
    }

    /// Looks at what is there, and leaves it.
    ///
    /// # Errors
    /// As for any read.
    pub fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        self.0.receive(into, true)
    }

    /// Closes one direction or both.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        turns::point();
        note("shuts down", how as u64, || format!("{} {how:?}", self.0.peer));
        if how != Shutdown::Read {
            self.0.outward.end();
            turns::turns().wake(self.0.outward.writable, usize::MAX);
        }
        if how != Shutdown::Write {
            self.0.inward.flow().is_shut = true;
            turns::turns().wake(self.0.inward.readable, usize::MAX);
        }
        Ok(())
    }
}

/// A timeout: the system takes none for nothing.
fn checked(time: Option<Duration>) -> io::Result<Option<Duration>> {
    if time == Some(Duration::ZERO) { Err(ErrorKind::InvalidInput.into()) } else { Ok(time) }
}

impl Read for &TcpStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.receive(into, false)
    }
}

impl Write for &TcpStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.receive(into, false)
    }
}

impl Write for TcpStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Connections by TCP: two pipes, one in each direction.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::hosts;
use crate::net::link;
use crate::net::listener;
use crate::net::pipe::Pipe;
use crate::sim::note;
use crate::time::later;
use crate::turns::{self, HostId, Key};

/// How long the system tries to connect.
const CONNECT: Duration = Duration::from_secs(127);

/// A connection. Clones of it are the same socket.
#[derive(Debug)]
pub struct TcpStream(Arc<Socket>);

/// What a process and its system know of a connection.
#[derive(Debug)]
struct Socket {
    inward: Arc<Pipe>,
    outward: Arc<Pipe>,
    own: SocketAddr,
    peer: SocketAddr,
    options: Mutex<Options>,
}

/// How calls behave.
#[derive(Debug, Default, Clone, Copy)]
struct Options {
    never_waits: bool,
    read: Option<Duration>,
    write: Option<Duration>,
    is_closed: bool,
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
pub fn pair(one: (HostId, SocketAddr), other: (HostId, SocketAddr)) -> (TcpStream, TcpStream) {
    let room = [16 << 10, 64 << 10, 256 << 10][turns::turns().dice.pick(3)];
    let there = Arc::new(Pipe::new(one.0, other.0, room));
    let back = Arc::new(Pipe::new(other.0, one.0, room));
    let end = |inward: &Arc<Pipe>, outward: &Arc<Pipe>, own, peer| {
        let (inward, outward) = (Arc::clone(inward), Arc::clone(outward));
        let socket = Arc::new(Socket { inward, outward, own, peer, options: Mutex::default() });
        ALL.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&socket));
        TcpStream(socket)
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
    fn options(&self) -> MutexGuard<'_, Options> {
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

    fn receive(&self, into: &mut [u8], keep: bool) -> io::Result<usize> {
        turns::point();
        let options = *self.options();
        let until = options.read.map(later);
        loop {
            let now = {
                let mut turns = turns::turns();
                if into.len() > 1 && !keep && turns.dice.below(6) == 0 {
                    let less = 1 + turns.dice.pick(into.len().min(200));
                    drop(turns);
                    return self.receive_some(&mut into[..less], keep, options, until);
                }
                turns.now
            };
            let _ = now;
            return self.receive_some(into, keep, options, until);
        }
    }

    /// Reads into a buffer that may be smaller than the caller's: a system may give less than there is.
    fn receive_some(
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

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
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

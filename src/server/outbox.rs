//! One client's connection, as far as writing goes.
//!
//! A socket whose buffer is full must cost nobody else anything: what does not fit stays here, bounded,
//! and is tried again on the postman's next rounds. [`Backlog`] is the rule; [`Outbox`] is the lock and the
//! socket around it. Every write to a client happens under its outbox's
//! lock, so that two threads never mix their bytes.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::server::backlog::Backlog;
use crate::wire::notice::Reason;

/// How long a closing connection may take to read its last words and to close its side.
pub const LINGER: Duration = Duration::from_secs(1);
/// How long a plain write may wait. (The system rounds it up: it really lasts 5 to 8 ms.)
const WRITE_TIMEOUT: Duration = Duration::from_millis(1);

/// How a write treats a full socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It waits a moment. The usual write, and the fastest where sockets have room.
    Plain,
    /// It never waits, at the price of two more system calls.
    Never,
}

/// The way to begin a round with. On Windows a write that has timed out leaves its socket undefined.
pub const FIRST_WAY: Way = if cfg!(windows) { Way::Never } else { Way::Plain };

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All is written, or the postman knows that something waits.
    Done,
    /// Something waits since now: the postman must come again.
    Lags,
    /// The connection is over.
    Closed,
}

/// One client's connection, as far as writing goes.
#[derive(Debug)]
pub struct Outbox {
    stream: TcpStream,
    /// It has been greeted in the room.
    greeted: AtomicBool,
    /// It is not in the room any more.
    left: AtomicBool,
    closed: AtomicBool,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    /// The postman has this outbox on the list of those he must see again.
    listed: bool,
    /// Why nothing more is accepted, and since when.
    end: Option<(Reason, Instant)>,
    /// The client's thread is done with the socket.
    finished: bool,
}

impl Outbox {
    /// For a fresh connection; at most `limit` bytes may wait for it.
    ///
    /// # Errors
    /// When the socket cannot be set up, because it is closed already.
    pub fn new(stream: TcpStream, limit: usize) -> io::Result<Outbox> {
        stream.set_nodelay(true)?; // else small writes wait 40 ms for the client's acknowledgement
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let backlog = Backlog::new(limit, Instant::now());
        let state = State { backlog, listed: false, end: None, finished: false };
        let (greeted, left, closed) = Default::default();
        let (state, ended) = (Mutex::new(state), Condvar::new());
        Ok(Outbox { stream, greeted, left, closed, state, ended })
    }

    /// The socket, to read from.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether nothing more is accepted. Cheap: it takes no lock.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether it has been greeted in the room.
    pub fn is_greeted(&self) -> bool {
        self.greeted.load(Ordering::Relaxed)
    }

    /// It has been greeted in the room.
    pub fn greet(&self) {
        self.greeted.store(true, Ordering::Relaxed);
    }

    /// It hears nothing of the room any more, not even that it has left.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether it is in the room no more.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Why nothing more is accepted.
    pub fn end(&self) -> Option<Reason> {
        lock(&self.state).end.map(|(reason, _)| reason)
    }

    /// The same for a greeting, which does not count towards what may wait.
    pub fn deliver_freely(&self, bytes: &[u8]) -> Delivery {
        lock(&self.state).backlog.allow(bytes.len());
        self.deliver(bytes, Way::Never)
    }

    /// Sleeps for so long, or until nothing more is accepted.
    pub fn sleep(&self, time: Duration) {
        let state = lock(&self.state);
        let open = |state: &mut State| state.end.is_none();
        // A lock that a panic has poisoned is taken all the same, see `lock`.
        drop(self.ended.wait_timeout_while(state, time, open));
    }

    /// Writes `bytes`, or keeps what does not fit. A client that is too slow is cut off.
    pub fn deliver(&self, bytes: &[u8], way: Way) -> Delivery {
        let mut state = lock(&self.state);
        if state.end.is_some() {
            return Delivery::Closed;
        }
        let way = if state.backlog.is_empty() { way } else { Way::Never };
        if let Err(error) = self.send(&mut state.backlog, bytes, way) {
            let slow = error.kind() == ErrorKind::TimedOut;
            self.cut(&mut state, if slow { Reason::Slow } else { Reason::Gone });
            return Delivery::Closed;
        }
        if state.backlog.is_empty() || std::mem::replace(&mut state.listed, true) {
            Delivery::Done
        } else {
            Delivery::Lags
        }
    }

    /// Says the last words and accepts nothing more. The words, and what waits before them, still reach
    /// a client that reads; the postman closes the socket after a moment, see [`Outbox::revisit`].
    /// Gives whether this outbox must be put on the postman's list.
    pub fn close(&self, reason: Reason, words: &[u8]) -> bool {
        let mut state = lock(&self.state);
        if state.end.is_some() {
            return false;
        }
        state.end = Some((reason, Instant::now()));
        self.closed.store(true, Ordering::Relaxed);
        self.ended.notify_all();
        let sent = self.send(&mut state.backlog, words, Way::Never);
        if sent.is_ok() && state.backlog.is_empty() {
            self.shut(Shutdown::Write);
        }
        !std::mem::replace(&mut state.listed, true)
    }

    /// The client's thread is done: nobody reads from the socket any more.
    pub fn finish(&self) {
        lock(&self.state).finished = true;
    }

    /// The postman's visit to one that lags or is closing. Gives whether he must come again.
    pub fn revisit(&self, now: Instant) -> bool {
        let mut state = lock(&self.state);
        let lagged = !state.backlog.is_empty();
        let sent = if lagged { self.send(&mut state.backlog, &[], Way::Never) } else { Ok(()) };
        let waits = !state.backlog.is_empty();
        let again = match (sent, state.end) {
            (Err(error), _) => {
                let slow = error.kind() == ErrorKind::TimedOut;
                self.cut(&mut state, if slow { Reason::Slow } else { Reason::Gone });
                false
            }
            (Ok(()), None) => waits,
            (Ok(()), Some((_, since))) if now.duration_since(since) > LINGER => {
                self.shut(Shutdown::Both); // wakes the client's thread
                false
            }
            (Ok(()), Some(_)) => {
                if lagged && !waits {
                    self.shut(Shutdown::Write);
                }
                waits || !state.finished
            }
        };
        state.listed = again;
        again
    }

    /// Ends the connection here and now. Its thread wakes up and finds out why.
    fn cut(&self, state: &mut State, reason: Reason) {
        state.end.get_or_insert((reason, Instant::now()));
        self.closed.store(true, Ordering::Relaxed);
        self.ended.notify_all();
        self.shut(Shutdown::Both);
    }

    /// An error here says that the connection is gone already, which is what is wanted.
    fn shut(&self, how: Shutdown) {
        let _ = self.stream.shutdown(how);
    }

    /// Nobody may read or write while the socket is switched: readers see `WouldBlock` and read again.
    fn send(&self, backlog: &mut Backlog, bytes: &[u8], way: Way) -> io::Result<()> {
        let now = Instant::now();
        if way == Way::Plain {
            return backlog.send(bytes, now, |bytes| (&self.stream).write(bytes));
        }
        self.stream.set_nonblocking(true)?;
        let sent = backlog.send(bytes, now, |bytes| (&self.stream).write(bytes));
        self.stream.set_nonblocking(false)?;
        sent
    }
}

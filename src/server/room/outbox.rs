//! One client's connection, as far as writing goes.
//!
//! A socket whose buffer is full must cost nobody else anything: what does not fit stays here, bounded,
//! and is tried again on the postman's next rounds. [`SendBuffer`] is the rule; [`Outbox`] is the lock and the
//! socket around it. Every write to a client happens under its outbox's
//! lock, so that two threads never mix their bytes.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::server::room::send_buffer::SendBuffer;
use crate::sync::lock;
use crate::wire::notification::Reason;

/// How long a closing connection may take to read its last words and to close its side.
pub const LINGER: Duration = Duration::from_secs(1);
/// How long a plain write may wait. (The system rounds it up: it really lasts 5 to 8 ms.)
const WRITE_TIMEOUT: Duration = Duration::from_millis(1);

/// How a write treats a full socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// It waits a moment. The usual write, and the fastest where sockets have room.
    Blocking,
    /// It never waits, at the price of two more system calls.
    NonBlocking,
}

/// The way to begin a round with. On Windows a write that has timed out leaves its socket undefined.
pub const FIRST_MODE: WriteMode =
    if cfg!(windows) { WriteMode::NonBlocking } else { WriteMode::Blocking };

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// All is written, or the postman knows that something waits.
    Written,
    /// Something waits since now: the postman must come again.
    Buffered,
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
    inner: Mutex<Inner>,
    ended: Condvar,
}

#[derive(Debug)]
struct Inner {
    backlog: SendBuffer,
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
        let backlog = SendBuffer::new(limit, Instant::now());
        let inner = Inner { backlog, listed: false, end: None, finished: false };
        let (greeted, left, closed) = Default::default();
        let (inner, ended) = (Mutex::new(inner), Condvar::new());
        Ok(Outbox { stream, greeted, left, closed, inner, ended })
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
        lock(&self.inner).end.map(|(reason, _)| reason)
    }

    /// The same for a greeting, which does not count towards what may wait.
    pub fn deliver_freely(&self, bytes: &[u8]) -> WriteOutcome {
        lock(&self.inner).backlog.allow(bytes.len());
        self.deliver(bytes, WriteMode::NonBlocking)
    }

    /// Sleeps for so long, or until nothing more is accepted.
    pub fn sleep(&self, time: Duration) {
        let inner = lock(&self.inner);
        let open = |inner: &mut Inner| inner.end.is_none();
        // A lock that a panic has poisoned is taken all the same, see `lock`.
        drop(self.ended.wait_timeout_while(inner, time, open));
    }

    /// Writes `bytes`, or keeps what does not fit. A client that is too slow is cut off.
    pub fn deliver(&self, bytes: &[u8], mode: WriteMode) -> WriteOutcome {
        let mut inner = lock(&self.inner);
        if inner.end.is_some() {
            return WriteOutcome::Closed;
        }
        let mode = if inner.backlog.is_empty() { mode } else { WriteMode::NonBlocking };
        if let Err(error) = self.send(&mut inner.backlog, bytes, mode) {
            let slow = error.kind() == ErrorKind::TimedOut;
            self.cut(&mut inner, if slow { Reason::Slow } else { Reason::Gone });
            return WriteOutcome::Closed;
        }
        if inner.backlog.is_empty() || std::mem::replace(&mut inner.listed, true) {
            WriteOutcome::Written
        } else {
            WriteOutcome::Buffered
        }
    }

    /// Says the last words and accepts nothing more. The words, and what waits before them, still reach
    /// a client that reads; the postman closes the socket after a moment, see [`Outbox::retry_slow`].
    /// Gives whether this outbox must be put on the postman's list.
    pub fn close(&self, reason: Reason, words: &[u8]) -> bool {
        let mut inner = lock(&self.inner);
        if inner.end.is_some() {
            return false;
        }
        inner.end = Some((reason, Instant::now()));
        self.closed.store(true, Ordering::Relaxed);
        self.ended.notify_all();
        let sent = self.send(&mut inner.backlog, words, WriteMode::NonBlocking);
        if sent.is_ok() && inner.backlog.is_empty() {
            self.shut(Shutdown::Write);
        }
        !std::mem::replace(&mut inner.listed, true)
    }

    /// The client's thread is done: nobody reads from the socket any more.
    pub fn finish(&self) {
        lock(&self.inner).finished = true;
    }

    /// The postman's visit to one that lags or is closing. Gives whether he must come again.
    pub fn retry_slow(&self, now: Instant) -> bool {
        let mut inner = lock(&self.inner);
        let lagged = !inner.backlog.is_empty();
        let sent = if lagged {
            self.send(&mut inner.backlog, &[], WriteMode::NonBlocking)
        } else {
            Ok(())
        };
        let waits = !inner.backlog.is_empty();
        let again = match (sent, inner.end) {
            (Err(error), _) => {
                let slow = error.kind() == ErrorKind::TimedOut;
                self.cut(&mut inner, if slow { Reason::Slow } else { Reason::Gone });
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
                waits || !inner.finished
            }
        };
        inner.listed = again;
        again
    }

    /// Ends the connection here and now. Its thread wakes up and finds out why.
    fn cut(&self, inner: &mut Inner, reason: Reason) {
        inner.end.get_or_insert((reason, Instant::now()));
        self.closed.store(true, Ordering::Relaxed);
        self.ended.notify_all();
        self.shut(Shutdown::Both);
    }

    /// An error here says that the connection is gone already, which is what is wanted.
    fn shut(&self, how: Shutdown) {
        let _ = self.stream.shutdown(how);
    }

    /// Nobody may read or write while the socket is switched: readers see `WouldBlock` and read again.
    fn send(&self, backlog: &mut SendBuffer, bytes: &[u8], mode: WriteMode) -> io::Result<()> {
        let now = Instant::now();
        if mode == WriteMode::Blocking {
            return backlog.send(bytes, now, |bytes| (&self.stream).write(bytes));
        }
        self.stream.set_nonblocking(true)?;
        let sent = backlog.send(bytes, now, |bytes| (&self.stream).write(bytes));
        self.stream.set_nonblocking(false)?;
        sent
    }
}

//! One client's connection, as far as writing goes.
//!
//! A client whose socket is full must cost nobody else anything. Bytes that do not fit stay here, bounded, and the
//! [`broadcaster`](super::broadcaster) tries it again a few milliseconds later.
//! [`SendBuffer`](super::send_buffer::SendBuffer) is the rule, [`SealedBuffer`] encrypts, and [`Outbox`] is the lock
//! and the socket around both. Every write to a client happens under its outbox's lock, so two threads never mix their
//! bytes.
//!
//! An outbox goes through these states, and never back: open, perhaps *relayed* (it only passes on what comes from
//! another connection), *closed* (last words are written, nothing more is accepted, what waits is still sent), shut
//! down (the socket is closed in both directions).

use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::server::room::history::Replay;
use crate::server::room::pieces::{PIECE, Pieces};
use crate::server::room::sealed_buffer::{SealedBuffer, WRITE_TIMEOUT, WriteMode};
use crate::sync::lock;
use crate::tls::Sealer;
use crate::wire::Reason;

/// How long a closing client may take to read its last words and to close its side.
pub const LINGER: Duration = Duration::from_secs(1);

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// All bytes are written, or wait in an outbox that is on the broadcaster's list already.
    Written,
    /// Bytes wait, and did not before: the caller must put the outbox on the broadcaster's list.
    Buffered,
    /// The connection is over.
    Closed,
}

/// One client's connection, as far as writing goes.
///
/// The flags are atomic, because the broadcaster reads them for every member and batch without a lock.
#[derive(Debug)]
pub struct Outbox {
    stream: TcpStream,
    /// Whether the client was greeted in the room.
    greeted: AtomicBool,
    /// Whether the client has left the room.
    left: AtomicBool,
    /// Whether nothing more is accepted: the same as `end.is_some()`, to be read without the lock.
    closed: AtomicBool,
    inner: Mutex<Inner>,
    /// How many bytes may wait.
    limit: usize,
    /// Wakes [`Outbox::sleep`] when the outbox closes.
    ended: Condvar,
}

/// The part that the outbox's lock protects. A thread must hold the lock to write to the socket.
#[derive(Debug)]
struct Inner {
    /// The bytes that the socket has not taken yet.
    buffer: SealedBuffer,
    /// The replay that is told in pieces just now. Everything else waits until it is over.
    pieces: Option<Pieces>,
    /// Whether the broadcaster has this outbox on its list of slow consumers.
    listed: bool,
    /// Why nothing more is accepted, and since when.
    end: Option<(Reason, Instant)>,
    /// Whether the client's thread has stopped to read from the socket.
    finished: bool,
    /// Whether the client reads what another one writes, and nothing else.
    relayed: bool,
}

impl Outbox {
    /// Wraps a fresh connection. At most `limit` bytes may wait for it.
    ///
    /// # Errors
    /// When the socket cannot be set up, because it is closed already.
    pub fn new(stream: TcpStream, limit: usize) -> io::Result<Outbox> {
        // Nagle's algorithm (RFC 896) would hold small writes back for up to 40 ms.
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let buffer = SealedBuffer::new(limit);
        let (pieces, end, [listed, finished, relayed]) = Default::default();
        let inner = Inner { buffer, pieces, listed, end, finished, relayed };
        let (greeted, left, closed) = Default::default();
        let (inner, ended) = (Mutex::new(inner), Condvar::new());
        Ok(Outbox { stream, greeted, left, closed, inner, limit, ended })
    }

    /// The socket, to read from.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether nothing more is accepted. It takes no lock.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether the client was greeted in the room.
    pub fn is_greeted(&self) -> bool {
        self.greeted.load(Ordering::Relaxed)
    }

    /// Notes that the client was greeted in the room.
    pub fn set_greeted(&self) {
        self.greeted.store(true, Ordering::Relaxed);
    }

    /// Takes the client out of the room: it reads nothing more of it, not even that it has left.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether the client has left the room.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Why nothing more is accepted; `None` while the outbox is open.
    pub fn end(&self) -> Option<Reason> {
        lock(&self.inner).end.map(|(reason, _)| reason)
    }

    /// How many bytes of a replay are told at once.
    pub fn piece(&self) -> usize {
        PIECE.min(self.limit)
    }

    /// Notes that the connection is secured: from now on everything is sealed.
    pub fn secure(&self, sealer: Sealer) {
        lock(&self.inner).buffer.secure(sealer, self.limit);
    }

    /// Writes a greeting. Its first `free` bytes do not count towards the limit: a room with many members must not cost
    /// a newcomer its connection. With `pieces` the replay goes on: everything else waits until it is over.
    pub fn greet(&self, mut bytes: Vec<u8>, free: usize, pieces: Option<Pieces>) -> WriteOutcome {
        let mut inner = lock(&self.inner);
        inner.buffer.allow(free);
        inner.pieces = pieces.filter(|_| inner.end.is_none());
        inner.pieces.iter_mut().for_each(|pieces| pieces.ask(&mut bytes));
        self.write(&mut inner, &bytes, WriteMode::NonBlocking)
    }

    /// Writes the next piece of a replay, and after the last one what has waited. Cuts the client off if there is no
    /// such piece: it has taken too long, and the messages are no longer kept.
    pub fn next_piece(&self, piece: Option<Replay>) -> WriteOutcome {
        let mut inner = lock(&self.inner);
        let Some(mut pieces) = inner.pieces.take() else { return WriteOutcome::Closed };
        let Some(Replay { mut bytes, rest, .. }) = piece else {
            return self.cut(&mut inner, ErrorKind::TimedOut);
        };
        if let Some(next) = rest {
            pieces.left.0 = next;
            pieces.ask(&mut bytes);
            inner.pieces = Some(pieces);
        } else {
            let held = pieces.into_held();
            inner.buffer.allow(held.len()); // it has counted while it waited
            bytes.extend_from_slice(&held);
        }
        self.write(&mut inner, &bytes, WriteMode::NonBlocking)
    }

    /// What is left of a replay in pieces: the first message and the last. `None` if there is no such replay.
    pub fn left(&self) -> Option<(u64, u64)> {
        lock(&self.inner).pieces.as_ref().map(|pieces| pieces.left)
    }

    /// Takes a PONG. Returns whether the next piece is due.
    pub fn answers(&self, token: &str) -> bool {
        lock(&self.inner).pieces.as_mut().is_some_and(|pieces| pieces.answered(token))
    }

    /// Sleeps for `time`, or until nothing more is accepted.
    pub fn sleep(&self, time: Duration) {
        let inner = lock(&self.inner);
        let open = |inner: &mut Inner| inner.end.is_none();
        // A lock that a panic has poisoned is taken all the same, see `lock`.
        drop(self.ended.wait_timeout_while(inner, time, open));
    }

    /// Writes `bytes`, or keeps what does not fit. Cuts off a client that is too slow.
    pub fn deliver(&self, bytes: &[u8], mode: WriteMode) -> WriteOutcome {
        let mut inner = lock(&self.inner);
        let Some(pieces) = &mut inner.pieces else { return self.write(&mut inner, bytes, mode) };
        let held = pieces.hold(bytes, self.limit);
        if held { WriteOutcome::Written } else { self.cut(&mut inner, ErrorKind::TimedOut) }
    }

    /// Writes `bytes`, or keeps them. The caller holds the lock.
    fn write(&self, inner: &mut Inner, bytes: &[u8], mode: WriteMode) -> WriteOutcome {
        if inner.end.is_some() {
            return WriteOutcome::Closed;
        }
        // Where something waits already, the socket is probably still full: do not wait for it again.
        let mode = if inner.buffer.is_empty() { mode } else { WriteMode::NonBlocking };
        if let Err(error) = inner.buffer.send(&self.stream, bytes, mode) {
            return self.cut(inner, error.kind());
        }
        if inner.buffer.is_empty() || std::mem::replace(&mut inner.listed, true) {
            WriteOutcome::Written
        } else {
            WriteOutcome::Buffered
        }
    }

    /// Writes the last words and accepts nothing more. The words, and what waits before them, still reach a client
    /// that reads; [`Outbox::retry_slow`] closes the socket after [`LINGER`]. Returns whether the caller must put the
    /// outbox on the broadcaster's list.
    pub fn close(&self, reason: Reason, words: &[u8]) -> bool {
        let mut inner = lock(&self.inner);
        if inner.end.is_some() {
            return false;
        }
        self.set_end(&mut inner, reason);
        let words = if inner.relayed { b"" } else { words };
        let sent = inner.buffer.send_last(&self.stream, words);
        if sent.is_ok() && inner.buffer.is_empty() {
            self.shut(Shutdown::Write);
        }
        !std::mem::replace(&mut inner.listed, true)
    }

    /// Writes the last words of the server's own, with the end of TLS, and from here on only what is passed on.
    pub fn relay(&self, words: &[u8]) -> WriteOutcome {
        let mut inner = lock(&self.inner);
        if inner.end.is_some() {
            return WriteOutcome::Closed;
        }
        inner.relayed = true;
        if let Err(error) = inner.buffer.send_last(&self.stream, words) {
            return self.cut(&mut inner, error.kind());
        }
        inner.buffer.unsecure();
        self.write(&mut inner, b"", WriteMode::NonBlocking)
    }

    /// Passes on bytes of another connection. Returns how many the socket has taken.
    ///
    /// # Errors
    /// As writing fails; `BrokenPipe` when the connection is over.
    pub fn pass(&self, bytes: &[u8]) -> io::Result<usize> {
        let inner = lock(&self.inner);
        if inner.end.is_some() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        inner.buffer.pass(&self.stream, bytes)
    }

    /// Tells the client that nothing more is passed on to it. Returns whether it could be told: not as long as
    /// something waits.
    pub fn end_passing(&self) -> bool {
        let is_told = lock(&self.inner).buffer.is_empty();
        if is_told {
            self.shut(Shutdown::Write);
        }
        is_told
    }

    /// Notes that the client's thread is done: nobody reads from the socket any more.
    pub fn finish(&self) {
        lock(&self.inner).finished = true;
    }

    /// Serves a slow or closing client again. Returns whether it must stay on the broadcaster's list.
    pub fn retry_slow(&self, now: Instant) -> bool {
        let mut inner = lock(&self.inner);
        let waited = !inner.buffer.is_empty();
        let sent = if waited {
            inner.buffer.send(&self.stream, &[], WriteMode::NonBlocking)
        } else {
            Ok(())
        };
        let waits = !inner.buffer.is_empty();
        let again = match (sent, inner.end) {
            (Err(error), _) => {
                self.cut(&mut inner, error.kind());
                false
            }
            (Ok(()), None) => waits,
            (Ok(()), Some((_, since))) if now.duration_since(since) > LINGER => {
                self.shut(Shutdown::Both); // wakes the client's thread
                false
            }
            (Ok(()), Some(_)) => {
                if waited && !waits {
                    self.shut(Shutdown::Write); // the last words are out
                }
                // A client that keeps its side open would hold its thread for ever: it stays until LINGER is over.
                waits || !inner.finished
            }
        };
        inner.listed = again;
        again
    }

    /// Ends the connection here and now. The client's thread wakes up and finds out why.
    fn cut(&self, inner: &mut Inner, why: ErrorKind) -> WriteOutcome {
        self.set_end(inner, if why == ErrorKind::TimedOut { Reason::Slow } else { Reason::Gone });
        self.shut(Shutdown::Both);
        WriteOutcome::Closed
    }

    /// Notes why and when nothing more is accepted. The first reason stays.
    fn set_end(&self, inner: &mut Inner, reason: Reason) {
        inner.pieces = None; // a client that comes back is told the rest then
        inner.end.get_or_insert((reason, Instant::now()));
        self.closed.store(true, Ordering::Relaxed);
        self.ended.notify_all();
    }

    /// Closes the socket in one direction or both. An error says that it is gone already, which is what is wanted.
    fn shut(&self, how: Shutdown) {
        let _ = self.stream.shutdown(how);
    }
}

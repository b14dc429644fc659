//! The bytes on their way to one client's socket: sealed first, if the connection is secured by TLS.
//!
//! What waits in the [`SendBuffer`] is sealed already: records must travel in the order of their numbers. So the lock
//! that orders the writes, the outbox's, must be held from here to the socket.

use std::io::{self, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;
use crate::server::room::send_buffer::SendBuffer;
use crate::tls::Sealer;
use crate::tls::record::MAX_CONTENT;

/// How a write treats a full socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// It waits a moment. The usual mode, and the fastest where sockets have room.
    Blocking,
    /// It never waits, at the price of two more system calls.
    NonBlocking,
}

/// How long a blocking write may wait. (Linux rounds it up: it really lasts 5 to 8 ms.)
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(1);

/// The mode to begin a batch with. On Windows a write that has timed out leaves its socket undefined.
pub const FIRST_MODE: WriteMode =
    if cfg!(windows) { WriteMode::NonBlocking } else { WriteMode::Blocking };

/// The most that one system call is given. Windows may take megabytes in one write that does not wait, then nothing for
/// many seconds: a client that reads all the while would seem to be stuck.
const AT_ONCE: usize = if cfg!(windows) { 64 * 1024 } else { usize::MAX };
/// How much longer a record is than what is in it.
const OVERHEAD: usize = 22;

/// What waits for one socket, and what seals it before.
#[derive(Debug)]
pub struct SealedBuffer {
    /// `None` on a plain connection.
    sealer: Option<Sealer>,
    buffer: SendBuffer,
}

impl SealedBuffer {
    /// Creates an empty buffer that holds at most `limit` bytes, and seals nothing.
    pub fn new(limit: usize) -> SealedBuffer {
        SealedBuffer { sealer: None, buffer: SendBuffer::new(limit, Instant::now()) }
    }

    /// From now on everything is sealed. As much may be said at once as before.
    pub fn secure(&mut self, sealer: Sealer, limit: usize) {
        self.buffer.raise_limit(overhead(limit));
        self.sealer = Some(sealer);
    }

    /// From now on nothing is sealed any more.
    pub fn unsecure(&mut self) {
        self.sealer = None;
    }

    /// Writes as much of `bytes` as the socket takes now, and keeps nothing. Returns how many it has taken; none as
    /// long as something else waits.
    ///
    /// # Errors
    /// As writing fails.
    pub fn pass(&self, to: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_empty() {
            return Ok(0);
        }
        to.set_nonblocking(true)?;
        let taken = write(to, bytes);
        to.set_nonblocking(false)?;
        taken.or_else(|error| if is_waiting(&error) { Ok(0) } else { Err(error) })
    }

    /// Lets `bytes` more wait, until nothing waits any more.
    pub fn allow(&mut self, bytes: usize) {
        let records = if self.sealer.is_some() { overhead(bytes) } else { 0 };
        self.buffer.allow(bytes + records);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes what waits and then `bytes`, and keeps what the socket does not take.
    ///
    /// # Errors
    /// As [`SendBuffer::send`].
    pub fn send(&mut self, to: &TcpStream, bytes: &[u8], mode: WriteMode) -> io::Result<()> {
        let Some(sealer) = self.sealer.as_mut().filter(|_| !bytes.is_empty()) else {
            return self.write(to, bytes, mode);
        };
        let mut records = Vec::with_capacity(bytes.len() + overhead(bytes.len()));
        sealer.seal(bytes, &mut records);
        self.write(to, &records, mode)
    }

    /// The same for the last words. On a secured connection `close_notify` follows, or the alert for what was wrong
    /// with the client's records.
    ///
    /// # Errors
    /// As [`SendBuffer::send`].
    pub fn send_last(&mut self, to: &TcpStream, words: &[u8]) -> io::Result<()> {
        let mut records = Vec::new();
        let Some(sealer) = &mut self.sealer else {
            return self.write(to, words, WriteMode::NonBlocking);
        };
        sealer.seal(words, &mut records);
        sealer.close(&mut records);
        self.write(to, &records, WriteMode::NonBlocking)
    }

    /// Writes through the buffer, in the given mode.
    fn write(&mut self, to: &TcpStream, bytes: &[u8], mode: WriteMode) -> io::Result<()> {
        let now = Instant::now();
        if mode == WriteMode::Blocking {
            return self.buffer.send(bytes, now, |bytes| write(to, bytes));
        }
        // The mode belongs to the socket, not to this write: the client's thread, which reads from the same socket,
        // may see `WouldBlock` meanwhile, and reads again.
        to.set_nonblocking(true)?;
        let sent = self.buffer.send(bytes, now, |bytes| write(to, bytes));
        to.set_nonblocking(false)?;
        sent
    }
}

/// How many bytes the records of so many bytes add to them.
fn overhead(bytes: usize) -> usize {
    (bytes / MAX_CONTENT + 1) * OVERHEAD
}

/// Writes as much as the socket takes, piece by piece. A short piece says that the socket is full, and an error after
/// the first piece comes again at the next write.
fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    for piece in bytes.chunks(AT_ONCE) {
        let taken = match stream.write(piece) {
            Err(error) if written == 0 => return Err(error),
            taken => taken.unwrap_or(0),
        };
        written += taken;
        if taken < piece.len() {
            break;
        }
    }
    Ok(written)
}

//! What waits to be written to one client: a rule over a write function and a given `now`.
//!
//! The lock and the socket are around it, in [`outbox`](super::outbox). The rule itself knows neither, so a test can
//! fill a socket that does not exist, and let three seconds pass in no time.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;

/// A client is cut off if it takes nothing for this long while something waits for it.
const STUCK: Duration = Duration::from_secs(3);

/// Bytes that could not be written yet.
#[derive(Debug)]
pub struct SendBuffer {
    /// The bytes in their order, the written ones still in front.
    waiting: Vec<u8>,
    /// How many bytes of `waiting` are written already.
    written: usize,
    /// How many bytes may wait.
    limit: usize,
    /// How many bytes more may wait, until nothing waits any more.
    extra: usize,
    /// When the client last took a byte, or when something began to wait.
    progress: Instant,
}

impl SendBuffer {
    /// Creates an empty buffer that holds at most `limit` bytes.
    pub fn new(limit: usize, now: Instant) -> SendBuffer {
        SendBuffer { waiting: Vec::new(), written: 0, limit, extra: 0, progress: now }
    }

    /// Lets `bytes` more wait from now on.
    pub fn raise_limit(&mut self, bytes: usize) {
        self.limit += bytes;
    }

    /// Lets `bytes` more wait, until nothing waits any more.
    pub fn allow(&mut self, bytes: usize) {
        self.extra += bytes;
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes what waits and then `bytes`, as much as `write` takes, and keeps the rest.
    ///
    /// # Errors
    /// `TimedOut` when the client is too slow: more than the limit would wait, or nothing was taken for 3 s. They
    /// count from the last byte taken, or from when something began to wait. Otherwise any error of `write` except
    /// `WouldBlock`, `TimedOut` and `Interrupted`.
    // LAB 4: write what can be written, keep the rest => write_and_wait(bytes, write)
    pub fn send(
        &mut self,
        bytes: &[u8],
        now: Instant,
        write: impl Fn(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let mut direct = 0;
        if self.is_empty() {
            self.progress = now;
            direct = write_some(bytes, write)?;
        } else {
            let taken = write_some(&self.waiting[self.written..], write)?;
            self.took(taken, now);
        }
        let rest = &bytes[direct..];
        let stuck = !self.is_empty() && now.duration_since(self.progress) > STUCK;
        if stuck || self.waiting.len() - self.written + rest.len() > self.limit + self.extra {
            return Err(io::Error::new(ErrorKind::TimedOut, "the client reads too slowly"));
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    /// Notes that `bytes` of what waits are written. That is progress, if there are any. They are forgotten, at the
    /// latest when nothing waits any more; until then the written part does not grow without bound.
    // LAB 4: forget what has been written
    fn took(&mut self, bytes: usize, now: Instant) {
        if bytes > 0 {
            self.progress = now;
        }
        self.written += bytes;
        if self.written == self.waiting.len() {
            self.waiting.clear();
            (self.written, self.extra) = (0, 0);
        } else if self.written > self.limit / 2 {
            self.waiting.drain(..self.written);
            self.written = 0;
        }
    }
}

/// Writes once. A short write says that the socket is full, so a second one would wait for this client. Returns the
/// number of bytes written, 0 if the write would have had to wait. Repeats a write that was interrupted.
// LAB 4: write as much as the socket takes, and wait for nothing
fn write_some(bytes: &[u8], write: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    loop {
        match write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_waiting(&error) => return Ok(0),
            done => return done,
        }
    }
}

/// Writes until everything is written, however long this client takes, and everybody else waits. This is the naive
/// way, kept to be measured against.
///
/// # Errors
/// Any error of `write`, except one that only says that it would have to wait.
pub fn write_and_wait(bytes: &[u8], write: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match write(&bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if is_waiting(&error) => thread::sleep(Duration::from_millis(1)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

//! Reading with a time limit, in a way that closing the socket in another thread ends the read on every system.
//!
//! On Unix `shutdown` wakes a thread that waits for the same socket. On Windows it does not: the thread waits on for
//! the whole read timeout. So there a read waits in slices, and tries again until its time is up.

use std::io::{self, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;

/// The longest wait in one system call; `None` where `shutdown` wakes a read.
const SLICE: Option<Duration> = if cfg!(windows) { Some(Duration::from_millis(200)) } else { None };
/// The shortest read timeout. The operating system takes zero for no timeout at all.
const LEAST: Duration = Duration::from_millis(1);
/// The error of a read after `shutdown` on Windows (WSAESHUTDOWN). On Unix that is the end of the stream.
const SHUT_DOWN: i32 = 10_058;

/// Reads from a fresh socket, with a limit for each read. Nobody else may set the socket's read timeout.
#[derive(Debug)]
pub struct TimedStream<'a> {
    stream: &'a TcpStream,
    /// How long a read may wait; `None`: for ever. A byte that arrives ends the read, so bytes buy time: the next read
    /// may wait as long again.
    pub limit: Option<Duration>,
    /// The longest wait in one system call.
    slice: Option<Duration>,
    /// The read timeout that the socket has. It is remembered to save a system call for each read.
    timeout: Option<Duration>,
}

impl<'a> TimedStream<'a> {
    /// Reads from `stream`, without a limit at first.
    pub fn new(stream: &'a TcpStream) -> TimedStream<'a> {
        TimedStream::sliced(stream, SLICE)
    }

    /// The same, with a given longest wait in one system call.
    pub fn sliced(stream: &'a TcpStream, slice: Option<Duration>) -> TimedStream<'a> {
        TimedStream { stream, limit: None, slice, timeout: None }
    }

    /// One system call that waits for at most `time`, after another one if the socket has a different timeout.
    fn read_once(&mut self, into: &mut [u8], time: Option<Duration>) -> io::Result<usize> {
        let time = time.map(|time| time.max(LEAST));
        // It fails only on a socket that is gone, and then the read says so, too.
        if self.timeout != time && self.stream.set_read_timeout(time).is_ok() {
            self.timeout = time;
        }
        self.stream.read(into)
    }
}

impl Read for TimedStream<'_> {
    /// Returns `WouldBlock` or `TimedOut` when the limit is over, see [`is_waiting`].
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(slice) = self.slice else { return self.read_once(into, self.limit) };
        let begun = Instant::now();
        loop {
            let left = self.limit.map(|limit| limit.saturating_sub(begun.elapsed()));
            let time = left.map_or(slice, |left| left.min(slice));
            match self.read_once(into, Some(time)) {
                Err(error)
                    if is_waiting(&error)
                        && self.limit.is_none_or(|limit| begun.elapsed() < limit) =>
                {
                    // Another thread may have made the socket non-blocking for a moment: let it finish.
                    thread::yield_now();
                }
                Err(error) if cfg!(windows) && error.raw_os_error() == Some(SHUT_DOWN) => {
                    return Ok(0);
                }
                done => return done,
            }
        }
    }
}

//! Reading until a deadline, and the lingering close that needs it.
//!
//! A read timeout bounds one read. A client that sends a byte now and then never meets it (a slow-loris attack), so
//! the timeout of each read here is what is left of the whole time.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;

/// Reads from a socket until a deadline, however much arrives: bytes alone do not buy time.
#[derive(Debug)]
pub struct DeadlineStream<'a> {
    stream: &'a TcpStream,
    /// After this time every read fails.
    deadline: Instant,
}

impl<'a> DeadlineStream<'a> {
    /// Reads from `stream` for at most `time` from now on. It changes the socket's read timeout.
    pub fn new(stream: &'a TcpStream, time: Duration) -> DeadlineStream<'a> {
        DeadlineStream { stream, deadline: Instant::now() + time }
    }
}

impl Read for DeadlineStream<'_> {
    /// Returns `TimedOut` after the deadline.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into)
    }
}

/// Reads and discards what the other side still sends, until it closes its side or `time` has passed.
///
/// It is the second half of a lingering close; the first is to shut down this side's writing. A socket that is closed
/// with unread bytes in it sends a reset, and a reset makes the other side lose what it has not read yet.
pub fn linger(stream: &TcpStream, time: Duration) {
    let mut stream = DeadlineStream::new(stream, time);
    let mut unread = [0; 4096];
    loop {
        match stream.read(&mut unread) {
            // Another thread may be writing to the socket, and has made it non-blocking for a moment.
            Err(error) if is_waiting(&error) && Instant::now() < stream.deadline => {}
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

//! Reading from a connection: a buffer that grows with a busy client, a deadline, and a record of what was read.
//!
//! `BufReader` has a buffer of fixed size. With thousands of connections a large one costs too much memory, and a
//! small one costs a busy client too many system calls.
//!
//! If the connection is secured by TLS, the [`Opener`] has the buffer, and the reader's limits are around it.

use std::io::{self, BufRead, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;
use crate::net::timed::TimedStream;
use crate::net::traced::Traced;
use crate::tls::Opener;

/// The buffer of a quiet connection. Thousands of them must cost little.
const LEAST: usize = 1024;
/// The buffer of a busy connection: large enough for few reads, and small enough that one read of one client does not
/// keep the others in the room waiting.
const MOST: usize = 32 * 1024;

/// A buffered reader for one connection.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The connection to read from.
    stream: TimedStream<'a>,
    /// The bytes of the last read are at `start..end`, without those that were consumed.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Opens what the connection gives, if it is secured. Then the bytes of the last read are there.
    opener: Option<Opener>,
    /// After this time every read fails, however much arrives: bytes alone do not buy time. It is checked before each
    /// read, so each read needs a limit as well.
    pub deadline: Option<Instant>,
    /// The copy of what was consumed, if the reader was asked to keep one.
    record: Option<Recording>,
}

/// A copy of what is consumed, for `--explain`.
#[derive(Debug)]
struct Recording {
    /// Whether to copy; the user switches it at any time.
    wanted: Arc<AtomicBool>,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Creates a reader of a fresh connection, without a limit or a deadline.
    pub fn new(stream: &'a TcpStream) -> Reader<'a> {
        let stream = TimedStream::new(stream);
        let (opener, deadline, record) = (None, None, None);
        Reader { stream, buffer: vec![0; LEAST], start: 0, end: 0, opener, deadline, record }
    }

    /// From here on the connection gives records, and what is in them is read. Nothing may have been read before that
    /// is not consumed.
    pub fn secure(&mut self, opener: Opener) {
        self.opener = Some(opener);
        self.buffer = Vec::new();
        (self.start, self.end) = (0, 0);
    }

    /// Makes the connection secure. `shake` is given the bytes that were read already and the way to further ones,
    /// which ends at the reader's deadline.
    ///
    /// # Errors
    /// As `shake` fails.
    pub fn handshake<T>(
        &mut self,
        shake: impl FnOnce((&[u8], &mut UntilDeadline<'_, 'a>)) -> io::Result<(Opener, T)>,
    ) -> io::Result<T> {
        let (limit, read) = (self.stream.limit, self.buffered().to_vec());
        let mut further = UntilDeadline { stream: &mut self.stream, deadline: self.deadline };
        let shaken = shake((&read, &mut further));
        self.stream.limit = limit;
        let (opener, more) = shaken?;
        self.secure(opener);
        Ok(more)
    }

    /// Waits until the other side has said by `close_notify` that it goes on in the clear, if the connection is
    /// secured. What came behind that is read next.
    ///
    /// # Errors
    /// As reading fails, also when a limit is over; then it can be asked again. `InvalidData` if data come before.
    pub fn unsecure(&mut self) -> io::Result<()> {
        if self.opener.is_none() {
            return Ok(());
        }
        if !self.fill_buf()?.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let opener = self.opener.take();
        let rest = opener.as_ref().and_then(Opener::rest).unwrap_or_default();
        (self.start, self.end) = (0, rest.len());
        self.buffer = rest.to_vec();
        self.buffer.resize(rest.len().max(LEAST), 0);
        Ok(())
    }

    /// Records what is consumed, while that is `wanted`.
    #[must_use]
    pub fn recorded(self, wanted: Arc<AtomicBool>) -> Reader<'a> {
        Reader { record: Some(Recording { wanted, bytes: Vec::new() }), ..self }
    }

    /// Sets how long each read from the connection may wait; `None`: for ever.
    pub fn set_limit(&mut self, limit: Option<Duration>) {
        self.stream.limit = limit;
    }

    /// Takes the record of what was consumed since the last call.
    pub fn take_record(&mut self) -> Traced {
        let Some(record) = &mut self.record else { return Traced::default() };
        let records = self.opener.as_mut().map(Opener::take_heads);
        Traced { bytes: std::mem::take(&mut record.bytes), records }
    }

    /// Whether the last read filled the largest buffer. Then more is probably waiting in the socket.
    pub fn is_full(&self) -> bool {
        self.opener.as_ref().map_or(self.end == MOST, Opener::is_full)
    }

    /// The bytes that are read and not consumed.
    pub fn buffered(&self) -> &[u8] {
        self.opener.as_ref().map_or(&self.buffer[self.start..self.end], Opener::data)
    }

    /// Opens records until there are data. A read that brings no whole record buys no time: the limit is one for all
    /// reads together.
    fn open(&mut self) -> io::Result<()> {
        let limit = self.stream.limit;
        let until = limit.map(|limit| Instant::now() + limit);
        let watched = self.record.as_ref().is_some_and(Recording::is_wanted);
        self.opener.iter_mut().for_each(|opener| opener.watch(watched));
        let result = loop {
            let Some(opener) = &mut self.opener else { break Ok(()) };
            let result = opener.fill(&mut self.stream);
            let now = Instant::now();
            let over = [until, self.deadline].into_iter().flatten().any(|end| end <= now);
            match result {
                Err(error) if is_waiting(&error) && !over => thread::yield_now(),
                result => break result,
            }
            self.stream.limit = until.map(|until| until.saturating_duration_since(now));
        };
        self.stream.limit = limit;
        result
    }
}

/// What a [`Reader`] reads from, for the time of a handshake.
#[derive(Debug)]
pub struct UntilDeadline<'r, 'a> {
    stream: &'r mut TimedStream<'a>,
    deadline: Option<Instant>,
}

impl Read for UntilDeadline<'_, '_> {
    /// Returns `TimedOut` after the deadline. Until then it waits for a byte, whatever another thread does to the
    /// socket.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.limit = left;
            match self.stream.read(into) {
                Err(error) if is_waiting(&error) => thread::yield_now(),
                done => return done,
            }
        }
    }
}

impl Recording {
    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if self.opener.is_some() {
            if self.buffered().is_empty() {
                self.open()?;
            }
            return Ok(self.buffered());
        }
        if self.start == self.end {
            if self.end == self.buffer.len() && self.end < MOST {
                self.buffer.resize(2 * self.end, 0); // the last read filled it: the client is busy
            }
            (self.start, self.end) = (0, 0);
            self.end = self.stream.read(&mut self.buffer)?;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, bytes: usize) {
        if let Some(record) = self.record.as_mut().filter(|record| record.is_wanted()) {
            let data =
                self.opener.as_ref().map_or(&self.buffer[self.start..self.end], Opener::data);
            record.bytes.extend_from_slice(&data[..bytes]);
        }
        match &mut self.opener {
            Some(opener) => opener.consume(bytes),
            None => self.start += bytes,
        }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

//! Reading from a connection: a buffer that is as large as the other side is busy, and a deadline.

use std::io::{self, BufRead, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The buffer of a quiet connection: thousands of them must cost little.
const LEAST: usize = 1024;
/// The buffer of a busy one: enough for few reads, little enough that no portion of what one client says
/// keeps the others in a room waiting.
const MOST: usize = 32 * 1024;

/// What comes from a connection.
#[derive(Debug)]
pub struct Reader<'a> {
    stream: &'a TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The time after which nothing is given any more, however much comes: bytes alone do not buy time.
    pub deadline: Option<Instant>,
    record: Option<Recording>,
}

/// What has been consumed since it was taken last, while that is wanted.
#[derive(Debug)]
struct Recording {
    wanted: Arc<AtomicBool>,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet, and no deadline.
    pub fn new(stream: &'a TcpStream) -> Reader<'a> {
        Reader { stream, buffer: vec![0; LEAST], start: 0, end: 0, deadline: None, record: None }
    }

    /// The same, which records what is consumed while that is `wanted`.
    #[must_use]
    pub fn recorded(self, wanted: Arc<AtomicBool>) -> Reader<'a> {
        Reader { record: Some(Recording { wanted, bytes: Vec::new() }), ..self }
    }

    /// What was consumed since this was called last.
    pub fn take_record(&mut self) -> Vec<u8> {
        self.record.as_mut().map(|record| std::mem::take(&mut record.bytes)).unwrap_or_default()
    }

    /// Whether the last read filled the largest buffer: probably more is waiting.
    pub fn is_full(&self) -> bool {
        self.end == MOST
    }

    /// What has been read and not consumed.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
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
        if self.start == self.end {
            if self.end == self.buffer.len() && self.end < MOST {
                self.buffer.resize(2 * self.end, 0); // the last read has filled it
            }
            (self.start, self.end) = (0, 0);
            self.end = self.stream.read(&mut self.buffer)?;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, bytes: usize) {
        if let Some(record) = self.record.as_mut().filter(|record| record.is_wanted()) {
            record.bytes.extend_from_slice(&self.buffer[self.start..self.start + bytes]);
        }
        self.start += bytes;
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

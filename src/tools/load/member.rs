//! One member of the room: it joins, and its reading thread receives everything that is said.
//!
//! The reading thread owns the [`Record`]. It shares only one number with the member's sending thread: which of its
//! own messages have returned, for the sliding window.

use std::io::{self, BufReader, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::record::{Record, Run, block_length};
use crate::client::net::secure;
use crate::io_error::cause;
use crate::net::{Reader, RecordWriter, TimedStream};
use crate::sync::lock;
use crate::wire::notification::scan_said;
use crate::wire::{
    BlockReader, MAX_ANSWER_LINES, Name, Notification, Reachable, Request, Response,
};

/// How many bytes are read at once, and the most that a block may have.
const BUFFER: usize = 64 * 1024;
/// How long the server may take to answer JOIN, or to read what is written.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the threads of members report to the fleet.
#[derive(Debug)]
pub enum MemberEvent {
    /// A member is in the room.
    Joined,
    /// A member cannot join, with the reason.
    Refused(String),
    /// A speaker (by its index) has sent so many messages, and its mark for the end.
    Sent(usize, u64),
    /// A member has received every speaker's last message, or its connection is over.
    Done,
}

/// A connection to the server, shared by the member's reading and sending threads.
#[derive(Debug)]
pub struct Member {
    /// The member's number, counted from 0.
    pub index: usize,
    /// Read by one thread, written by both.
    stream: TcpStream,
    /// Held during a write, so that two threads do not mix their blocks.
    writing: Mutex<RecordWriter>,
    /// The highest of its own numbers that has returned; `None` when none will any more.
    returned: Mutex<Option<u64>>,
    /// Wakes the sending thread when `returned` changes.
    more: Condvar,
    /// Whether this program has ended the connection, and not the server.
    left: AtomicBool,
}

/// What a member reads from.
enum Incoming<'a> {
    /// The socket itself: the member's own buffer is larger than a reader's.
    Plain(TimedStream<'a>),
    /// What opens the records of the socket.
    Secured(Box<Reader<'a>>),
}

impl Incoming<'_> {
    /// Sets how long each read may wait; `None`: for ever.
    fn set_limit(&mut self, limit: Option<Duration>) {
        match self {
            Incoming::Plain(stream) => stream.limit = limit,
            Incoming::Secured(reader) => reader.set_limit(limit),
        }
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Incoming::Plain(stream) => stream.read(into),
            Incoming::Secured(reader) => reader.read(into),
        }
    }
}

impl Member {
    /// Creates a member on a fresh connection.
    ///
    /// # Errors
    /// When the socket cannot be set up.
    pub fn new(index: usize, stream: TcpStream) -> io::Result<Member> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(DEADLINE))?;
        let (writing, returned, more) = (Mutex::default(), Mutex::new(Some(0)), Condvar::new());
        let left = AtomicBool::new(false);
        Ok(Member { index, stream, writing, returned, more, left })
    }

    /// Writes whole blocks in one write.
    ///
    /// # Errors
    /// When the connection is broken, or the server reads nothing for too long.
    pub fn write(&self, blocks: &str) -> io::Result<()> {
        lock(&self.writing).write(&self.stream, blocks.as_bytes())
    }

    /// Leaves the room and closes the connection, which ends the reading thread. Only after this a broken
    /// connection is no fault of the server.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
        // An error says that the connection is over already.
        let _ = self.write(&Request::Quit.to_block().to_string());
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Waits until fewer than `window` of the `sent` messages are outstanding, or until `until`. Returns the
    /// highest number that has returned; `None` when none will any more.
    pub fn await_return(&self, sent: u64, window: u64, until: Instant) -> Option<u64> {
        let left = until.saturating_duration_since(Instant::now());
        let full = |returned: &mut Option<u64>| {
            returned.is_some_and(|highest| highest.saturating_add(window) <= sent)
        };
        let waited = self.more.wait_timeout_while(lock(&self.returned), left, full);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Notes which of its own messages has returned, and wakes the sending thread. `None` tells it that none will
    /// any more.
    fn returns(&self, highest: Option<u64>) {
        *lock(&self.returned) = highest;
        self.more.notify_one();
    }

    /// Joins and receives until the end: the body of the reading thread. Returns the record; `None` if the member
    /// could not join.
    pub fn attend(&self, run: &Run, events: &Sender<MemberEvent>) -> Option<Record> {
        // Without a receiver the run is over.
        let tell = |event| drop(events.send(event));
        let joined = self.secure(run).and_then(|mut stream| {
            let (seq, begun) = self.join(run, &mut stream)?;
            Ok((stream, seq, begun))
        });
        let (mut stream, mut record, begun) = match joined {
            Ok((stream, seq, begun)) => (stream, Record::new(run.speakers, seq), begun),
            Err(reason) => {
                tell(MemberEvent::Refused(reason));
                return None;
            }
        };
        tell(MemberEvent::Joined);
        let end = self.receive(&mut stream, run, events, &mut record, begun);
        if !self.left.load(Ordering::Relaxed) {
            let hung_up = |()| "the server hung up".to_owned();
            record.broken.get_or_insert(end.map_or_else(|error| cause(&error), hung_up));
        }
        self.returns(None);
        if record.open > 0 {
            tell(MemberEvent::Done);
        }
        Some(record)
    }

    /// Makes the connection secure, if there is a key. Returns what is read from.
    fn secure(&self, run: &Run) -> Result<Incoming<'_>, String> {
        let Some(key) = &run.key else {
            return Ok(Incoming::Plain(TimedStream::new(&self.stream)));
        };
        let (secured, _) = secure::connect(&self.stream, key).map_err(|error| cause(&error))?;
        *lock(&self.writing) = RecordWriter::new(Some(secured.sealer));
        let mut reader = Reader::new(&self.stream);
        reader.secure(secured.opener);
        Ok(Incoming::Secured(Box::new(reader)))
    }

    /// Registers and joins. Returns the room's last number, and the bytes that were read after JOINACK, for another
    /// member may be sending already.
    fn join(&self, run: &Run, stream: &mut Incoming) -> Result<(u64, Vec<u8>), String> {
        let name: Name = format!("load-{}-{}", run.name, self.index)
            .parse()
            .map_err(|error| format!("BUG: {error}"))?;
        let broken = |error: io::Error| cause(&error);
        // REGISTER needs a port. Nobody calls a member, so the connection's own port does.
        let port = self.stream.local_addr().map_err(broken)?.port();
        let register = Request::Register { name: name.clone(), ip: None, port };
        let join =
            Request::Join { name, token: None, since: None, reachable: Reachable::default() };
        self.write(&format!("{}{}", register.to_block(), join.to_block())).map_err(broken)?;
        stream.set_limit(Some(DEADLINE));
        let mut blocks = BlockReader::new(BufReader::new(&mut *stream), MAX_ANSWER_LINES);
        loop {
            let block = blocks.read().map_err(broken)?.ok_or("the server hung up")?;
            match block.ok().as_ref().and_then(Response::parse) {
                Some(Response::JoinAck(welcome)) => {
                    let begun = blocks.get_ref().buffer().to_vec();
                    stream.set_limit(None);
                    return Ok((welcome.seq, begun));
                }
                Some(Response::Error { message, .. }) => return Err(message),
                _ => {}
            }
        }
    }

    /// Receives until the connection ends. `begun` are the bytes that were read already.
    ///
    /// One read may hold hundreds of blocks. They get the same time, that of the read: it is when they reached this
    /// process, and asking the clock for each would cost more than reading it.
    fn receive(
        &self,
        stream: &mut Incoming,
        run: &Run,
        events: &Sender<MemberEvent>,
        record: &mut Record,
        begun: Vec<u8>,
    ) -> io::Result<()> {
        let (mut buffer, mut filled) = (begun, 0);
        filled += buffer.len();
        buffer.resize(filled.max(BUFFER), 0);
        loop {
            let now = run.micros(Instant::now());
            let (before, own) = (record.latencies.len(), record.returned(self.index));
            let open = record.open;
            let mut start = 0;
            while let Some(length) = block_length(&buffer[start..filled]) {
                self.take(run, record, &buffer[start..start + length], now)?;
                start += length;
            }
            let fresh = (record.latencies.len() - before) as u64;
            run.heard.fetch_add(fresh, Ordering::Relaxed);
            if record.returned(self.index) != own {
                self.returns(Some(record.returned(self.index)));
            }
            if open > 0 && record.open == 0 {
                let _ = events.send(MemberEvent::Done); // without a receiver the run is over
            }
            buffer.copy_within(start..filled, 0);
            filled -= start;
            match stream.read(&mut buffer[filled..]) {
                Ok(0) if filled == buffer.len() => return Err(io::ErrorKind::InvalidData.into()),
                Ok(0) => return Ok(()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Handles one block. Nearly all blocks are SAID, which is read by hand. PING must be answered, or the server
    /// drops the member; BYE says why the connection is about to end. Everything else (JOINED, LEFT) is ignored.
    fn take(&self, run: &Run, record: &mut Record, block: &[u8], now: u64) -> io::Result<()> {
        if let Some((seq, text)) = scan_said(block) {
            record.hear(seq, text, run, now);
            return Ok(());
        }
        let read = BlockReader::new(block, MAX_ANSWER_LINES).read()?.and_then(Result::ok);
        match read.as_ref().and_then(Notification::parse) {
            Some(Notification::Ping { token }) => {
                self.write(&Request::Pong { token }.to_block().to_string())?;
            }
            Some(Notification::Bye { reason }) => {
                let reason = reason.map_or("no reason".to_owned(), |reason| reason.to_string());
                record.broken = Some(format!("disconnected by the server: {reason}"));
            }
            _ => {}
        }
        Ok(())
    }
}

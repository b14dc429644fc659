//! Writes to a connection without ever making the loop wait: a thread and a bounded queue for each connection.
//!
//! A peer that reads nothing blocks only the thread that writes to it.

use std::fmt;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use crate::net::{RecordWriter, Traced};
use crate::tls::{RecordHead, Sealer};

/// A write that blocks for this long fails: the other side reads nothing.
const STUCK: Duration = Duration::from_secs(30);
/// How long the other side may take to close the connection after this side is closed (RFC 9293, 3.6).
const LINGER: Duration = Duration::from_secs(1);
/// The shortest read timeout. The operating system takes zero for no timeout at all.
const SHORTEST: Duration = Duration::from_millis(1);
/// How many pieces may wait in a queue: the texts that are not written yet, and the lines that wait behind them when a
/// chat ends.
const QUEUE: usize = 512;

/// The number of a connection, unique in this client. Direct chats over UDP have one, too. Events carry it,
/// so that the loop knows what they belong to, and knows an event of a connection that it has already
/// forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ConnectionId {
    /// The connection with that number, as the page writes it. There may be none.
    pub fn numbered(number: u64) -> ConnectionId {
        ConnectionId(number)
    }

    /// A number that no other connection has.
    pub fn next() -> ConnectionId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Belongs to the thread that reads from a connection. When that thread ends and drops this, the writing thread need
/// not wait for it any more.
#[derive(Debug)]
pub struct Reading(#[allow(dead_code, reason = "dropping it is what counts")] mpsc::Sender<()>);

/// What a writing thread reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// These bytes are about to be written.
    Writing(Traced),
    /// The oldest text of the queue is written.
    Written,
    /// Everything that could be written is written, and this side of the connection is closed.
    Done,
}

/// An element of the queue.
#[derive(Debug)]
enum Piece {
    /// Bytes. With `is_text` the thread reports [`Progress::Written`] for them.
    Bytes { bytes: Vec<u8>, is_text: bool },
    /// A pause before the next piece.
    Pause(Duration),
}

/// The way to write to one connection. Dropping it closes this side of the connection after everything in the
/// queue is written.
#[derive(Debug)]
pub struct Writer {
    queue: SyncSender<Piece>,
    stream: Arc<TcpStream>,
    /// How to end a connection that is secured.
    cut: Option<Arc<Cut>>,
}

/// The end of a secured connection before its queue is empty. The thread still says its last word, without which the
/// other side would take the end for an attack. It must not be waited for, though, if it is stuck in a write.
#[derive(Debug, Default)]
struct Cut {
    /// The rest of the queue is not wanted.
    wanted: AtomicBool,
    /// The thread is in a write.
    writing: AtomicBool,
}

impl Writer {
    /// Starts the writing thread of a connection, which a `sealer` makes secure. The thread reports its progress by
    /// `tell`. It ends a moment after the connection, at the latest: it must not outlive many short connections by a
    /// second each.
    ///
    /// # Errors
    /// When the thread cannot be started or the socket is gone.
    pub fn start(
        stream: &Arc<TcpStream>,
        sealer: Option<Sealer>,
        tell: impl Fn(Progress) + Send + 'static,
    ) -> io::Result<(Writer, Reading)> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(STUCK))?;
        let (queue, pieces) = mpsc::sync_channel(QUEUE);
        let (reading, read) = mpsc::channel();
        let (stream, to) = (Arc::clone(stream), Arc::clone(stream));
        let cut = sealer.as_ref().map(|_| Arc::<Cut>::default());
        let is_cut = cut.clone();
        thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let written = write_all(&to, (RecordWriter::new(sealer), is_cut), &pieces, &tell);
            // A shutdown fails only when the connection is closed already. After an error of the write, it wakes
            // the thread that reads, which reports the end.
            let _ = to.shutdown(if written.is_ok() { Shutdown::Write } else { Shutdown::Both });
            tell(Progress::Done);
            let closed = Instant::now();
            let _ = read.recv_timeout(LINGER); // always an error: nobody sends anything
            await_close(&to, LINGER.saturating_sub(closed.elapsed()));
            close(&to);
        })?;
        Ok((Writer { queue, stream, cut }, Reading(reading)))
    }

    /// Queues a block of the protocol. Returns whether the queue had room for it.
    pub fn block(&self, block: &impl ToString) -> bool {
        self.queue(block, false)
    }

    /// Queues a text of the user; [`Progress::Written`] follows. Returns whether the queue had room for it.
    pub fn text(&self, text: &impl ToString) -> bool {
        self.queue(text, true)
    }

    /// Queues bytes, if the queue has room for them.
    fn queue(&self, bytes: &impl ToString, is_text: bool) -> bool {
        let bytes = bytes.to_string().into_bytes();
        self.queue.try_send(Piece::Bytes { bytes, is_text }).is_ok()
    }

    /// Queues a pause: some programs lose what arrives together with the bytes before it.
    pub fn pause(&self, time: Duration) {
        let _ = self.queue.try_send(Piece::Pause(time)); // a full queue is a pause, too
    }

    /// Ends the connection at once, whatever waits in the queue. One that is secured still has a last word: after this,
    /// dropping the writer ends it. If its thread is in a write, it has a moment to come out of it.
    pub fn cut(&self) {
        let Some(cut) = &self.cut else { return close(&self.stream) };
        cut.wanted.store(true, Ordering::SeqCst);
        if cut.writing.load(Ordering::SeqCst) {
            let stream = Arc::clone(&self.stream);
            let closing = move || {
                thread::sleep(LINGER);
                close(&stream);
            };
            if thread::Builder::new().name("cut".to_owned()).spawn(closing).is_err() {
                close(&self.stream);
            }
        }
    }
}

impl Cut {
    /// Notes that the thread begins or ends a write. Returns whether the rest of the queue is wanted.
    fn goes_on(&self, writing: bool) -> bool {
        // In this order: either this thread sees that it must end, or the other one that this thread may be stuck.
        self.writing.store(writing, Ordering::SeqCst);
        !self.wanted.load(Ordering::SeqCst)
    }
}

/// Closes a connection in both directions, which wakes the threads that wait for it.
fn close(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both); // an error: it is closed already
}

/// Waits until the other side closes the connection, at most for `time`. Unread bytes are left alone: a socket that is
/// closed with such bytes sends a reset, and that must not overtake the last words to the other side.
fn await_close(stream: &TcpStream, time: Duration) {
    let until = Instant::now() + time;
    let _ = stream.set_read_timeout(Some(time.max(SHORTEST))); // it fails only on a socket that is gone
    if matches!(stream.peek(&mut [0]), Ok(1..)) {
        thread::sleep(until.saturating_duration_since(Instant::now()));
    }
}

/// Writes the queue until the [`Writer`] is dropped, or cut. A secured connection whose other side has broken a rule is
/// over, too: its last word says so.
fn write_all(
    to: &TcpStream,
    (mut records, cut): (RecordWriter, Option<Arc<Cut>>),
    pieces: &Receiver<Piece>,
    tell: &impl Fn(Progress),
) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Bytes { bytes, is_text } => {
                // Reported first: once they are written, the answer may be traced before them.
                let see = |records: Option<&[u8]>| {
                    let records = records.map(RecordHead::of_all);
                    tell(Progress::Writing(Traced { bytes: bytes.clone(), records }));
                };
                if !cut.as_ref().is_none_or(|cut| cut.goes_on(true)) {
                    break;
                }
                let written = records.write_seen(to, &bytes, see);
                let _ = cut.as_ref().map(|cut| cut.goes_on(false));
                match written {
                    Err(error) if cut.is_some() && is_over(&error) => return Ok(()),
                    written => written?,
                }
                if is_text {
                    tell(Progress::Written);
                }
            }
            Piece::Pause(time) => thread::sleep(time),
        }
    }
    records.close(to)
}

/// Whether the last word of a secured connection is said.
fn is_over(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_none()
}

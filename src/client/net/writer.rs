//! Writing to a connection without ever making the loop wait: a thread and a bounded queue for each.

use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The other side is given up when it takes nothing for this long.
const STUCK: Duration = Duration::from_secs(30);
/// How long the other side may take to close the connection once we have closed our side of it.
const LINGER: Duration = Duration::from_secs(1);
/// How many pieces may wait to be written.
const QUEUE: usize = 256;

/// Tells a client's connections apart, those to the server and those to peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ConnectionId {
    /// The one that is shown as that number, if there is one.
    pub fn numbered(number: u64) -> ConnectionId {
        ConnectionId(number)
    }

    /// A number that no other connection has.
    pub fn next() -> ConnectionId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a writing thread tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// These bytes are written.
    Wrote(Vec<u8>),
    /// The next of the texts is written.
    Written,
    /// All that could be written is, and our side of the connection is closed.
    Done,
}

/// Something to be written.
#[derive(Debug)]
enum Piece {
    /// Of the protocol: nobody asks what becomes of it.
    Block(Vec<u8>),
    /// Something a person has said: the thread tells when it is written.
    Text(Vec<u8>),
    /// Nothing, for a while.
    Pause(Duration),
}

/// The way to write to one connection. When it is dropped, what waits is written and then our side of
/// the connection is closed.
#[derive(Debug)]
pub struct Writer {
    queue: SyncSender<Piece>,
    stream: Arc<TcpStream>,
}

impl Writer {
    /// Starts the writing thread of a connection.
    ///
    /// # Errors
    /// When the thread cannot be started or the socket is gone.
    pub fn start(
        stream: &Arc<TcpStream>,
        tell: impl Fn(Progress) + Send + 'static,
    ) -> io::Result<Writer> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(STUCK))?;
        let (queue, pieces) = mpsc::sync_channel(QUEUE);
        let (stream, to) = (Arc::clone(stream), Arc::clone(stream));
        thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let written = write_all(&to, &pieces, &tell);
            // A shutdown fails only when the other side has closed the connection already. After an
            // error the thread that reads wakes up and tells.
            let _ = to.shutdown(if written.is_ok() { Shutdown::Write } else { Shutdown::Both });
            tell(Progress::Done);
            thread::sleep(LINGER);
            let _ = to.shutdown(Shutdown::Both);
        })?;
        Ok(Writer { queue, stream })
    }

    /// Queues a block. Gives whether there was room for it.
    pub fn block(&self, bytes: &impl ToString) -> bool {
        self.queue.try_send(Piece::Block(bytes.to_string().into_bytes())).is_ok()
    }

    /// Queues what a person has said; [`Progress::Written`] follows. Gives whether there was room for it.
    pub fn text(&self, bytes: &impl ToString) -> bool {
        self.queue.try_send(Piece::Text(bytes.to_string().into_bytes())).is_ok()
    }

    /// Queues a pause.
    pub fn pause(&self, time: Duration) {
        // A queue that is full is a pause, too.
        let _ = self.queue.try_send(Piece::Pause(time));
    }

    /// Ends the connection at once, whatever waits.
    pub fn cut(&self) {
        // It may be closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn write_all(
    mut to: &TcpStream,
    pieces: &Receiver<Piece>,
    tell: &impl Fn(Progress),
) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Block(bytes) => {
                to.write_all(&bytes)?;
                tell(Progress::Wrote(bytes));
            }
            Piece::Text(bytes) => {
                to.write_all(&bytes)?;
                tell(Progress::Wrote(bytes));
                tell(Progress::Written);
            }
            Piece::Pause(time) => thread::sleep(time),
        }
    }
    Ok(())
}

/// Connects to the first of the addresses that answers.
///
/// # Errors
/// That of the last address; `InvalidInput` when there is none.
pub fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "it has no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

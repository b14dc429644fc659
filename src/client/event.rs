//! Everything that can happen to a client. Threads send events down one channel, and one loop owns all state: it is
//! not shared, so it needs no lock. (The server does it the other way round: its threads lock what they share.)

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::Duration;

use crate::client::net::{Captured, ConnectionId, Direction, Flight, Progress, Writer};
use crate::net::Traced;
use crate::tls::Exporter;
use crate::wire::{Block, Checksum, FileBlock, FileEnd, Greeting, Secret};

/// How many events may wait for the loop. A thread that sends more waits. Then it does not read, so TCP's flow
/// control slows down the other side.
const WAITING_EVENTS: usize = 256;

/// The sending end of the loop's channel, one clone for each thread, and a flag that all clones share.
#[derive(Debug, Clone)]
pub struct Events {
    sender: SyncSender<Event>,
    /// Whether the sockets are traced.
    tracing: Arc<AtomicBool>,
}

impl Events {
    /// Both ends of a loop's channel.
    pub fn channel() -> (Events, Receiver<Event>) {
        let (sender, receiver) = mpsc::sync_channel(WAITING_EVENTS);
        (Events { sender, tracing: Arc::default() }, receiver)
    }

    /// Sends an event to the loop. Waits while the channel is full.
    ///
    /// # Errors
    /// When the loop is gone: the program ends.
    pub fn send(&self, event: Event) -> Result<(), Gone> {
        self.sender.send(event).map_err(|_| Gone)
    }

    /// Whether the sockets are traced. The loop sets the flag; the threads look at it.
    pub fn tracing(&self) -> &Arc<AtomicBool> {
        &self.tracing
    }

    /// Reports the bytes that a connection sent or received, if tracing is on.
    pub fn capture(
        &self,
        id: ConnectionId,
        stream: &TcpStream,
        direction: Direction,
        traced: impl Into<Traced>,
    ) {
        let traced = traced.into();
        if self.tracing.load(Ordering::Relaxed)
            && !traced.bytes.is_empty()
            && let Some(captured) = Captured::on(stream, direction, traced)
        {
            let _ = self.send(Event::Captured(id, captured)); // an error: the program ends
        }
    }

    /// The same, if the thread knows `with` whom.
    pub fn capture_from(
        &self,
        id: ConnectionId,
        stream: &TcpStream,
        direction: Direction,
        traced: Traced,
        with: &str,
    ) {
        if self.tracing.load(Ordering::Relaxed)
            && !traced.bytes.is_empty()
            && let Some(captured) = Captured::on(stream, direction, traced)
        {
            let captured = Captured { with: Some(with.to_owned()), ..captured };
            let _ = self.send(Event::Captured(id, captured)); // an error: the program ends
        }
    }

    /// Reports the flights of a connection's handshake, if tracing is on. `with` is the other one, if its key tells.
    pub fn capture_handshake(
        &self,
        id: ConnectionId,
        stream: &TcpStream,
        flights: Vec<Flight>,
        with: Option<&str>,
    ) {
        for Flight { direction, records } in flights {
            let traced = Traced { bytes: Vec::new(), records: Some(records) };
            if self.tracing.load(Ordering::Relaxed)
                && let Some(captured) = Captured::on(stream, direction, traced)
            {
                let captured = Captured { with: with.map(str::to_owned), ..captured };
                let _ = self.send(Event::Captured(id, captured)); // an error: the program ends
            }
        }
    }
}

/// The loop is gone: the program ends.
#[derive(Debug)]
pub struct Gone;

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// The user typed a line.
    Typed(String),
    /// The user typed a line that is longer than any message may be.
    TypedTooMuch,
    /// The user pressed keys at a prompt: the bytes from the terminal. The stdin thread reads no more before
    /// the loop drops the sender.
    Keys(Vec<u8>, Sender<()>),
    /// The user typed a line on the page; with `chat` it is for that direct chat and nowhere else.
    #[allow(missing_docs, reason = "the line above says it")]
    FromPage { line: String, chat: Option<ConnectionId> },
    /// The input is at its end.
    InputEnded,
    /// The output cannot be written any more.
    OutputClosed,
    /// Something about a connection to the server.
    Link(ConnectionId, LinkEvent),
    /// Something about a direct chat.
    Peer(ConnectionId, PeerEvent),
    /// A datagram arrived from that address.
    Datagram(SocketAddr, Vec<u8>),
    /// A connection sent or received bytes while tracing is on.
    Captured(ConnectionId, Captured),
    /// Something about a connection's writing thread.
    Writer(ConnectionId, Progress),
    /// Something about the thread that reads or writes a file.
    File(TransferId, FileEvent),
}

/// What happens to a connection to the server.
#[derive(Debug)]
pub enum LinkEvent {
    /// The connection stands: how to write to it, this client's address on it, and the server's.
    Up(Writer, SocketAddr, SocketAddr),
    /// The server sent a block.
    Block(Block),
    /// The server sent something that is no block.
    Nonsense,
    /// The connection is over or could not be made: the cause, unless the end was orderly.
    Down(Option<String>),
}

/// What happens to a direct chat.
#[derive(Debug)]
pub enum PeerEvent {
    /// The call of this client is accepted at that address, and connecting took so long. It is not known yet which
    /// program listens there. With an exporter the connection is encrypted.
    Connected(Writer, SocketAddr, Duration, Option<Exporter>),
    /// A peer calls from that address, with a CHAT or without. With an exporter the connection is encrypted.
    Incoming(Writer, SocketAddr, Option<Greeting>, Option<Exporter>),
    /// The same through the server, whose address it is: this client has connected there because the peer calls.
    Relayed(Writer, SocketAddr, Option<Greeting>, Option<Exporter>),
    /// A call was refused on its own thread; the sentence that tells why.
    Refused(String),
    /// The called peer sent a CHAT of its own.
    Answered(Greeting),
    /// The caller told its nonce.
    Revealed(Secret),
    /// The peer sent a line of text.
    Said(String),
    /// The peer sent a block about a file.
    File(FileBlock),
    /// The connection is over or could not be made: the cause, unless the end was orderly.
    Ended(Option<String>),
}

impl PeerEvent {
    /// Whether a connection with a writing thread begins.
    pub fn has_writer(&self) -> bool {
        matches!(self, Self::Connected(..) | Self::Incoming(..) | Self::Relayed(..))
    }
}

/// The number of a file that is sent or received, unique in this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferId(pub u64);

impl TransferId {
    /// A number that no other file has, larger than all before it.
    pub fn next() -> TransferId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TransferId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What the thread of a file reports: the loop itself does not wait for a disk. There are two kinds of such threads,
/// one that reads and one that writes (`direct/files`). After `Saved` and `Failed` nothing more comes.
#[derive(Debug)]
pub enum FileEvent {
    /// The file that is to be sent was read once: its size and its SHA-256.
    Read(u64, Checksum),
    /// The bytes from there on were read.
    Piece(u64, Vec<u8>),
    /// There is a place for the file that is received, and it holds so many bytes already.
    Opened(u64),
    /// All bytes up to there are stored.
    Stored(u64),
    /// The file is whole, its SHA-256 is right, and it has this name now.
    Saved(String),
    /// It cannot go on: what the peer is told, and what the user.
    Failed(FileEnd, String),
}

/// What a connection's writing thread calls to report its [`Progress`] to the loop.
pub fn progress(
    id: ConnectionId,
    stream: &Arc<TcpStream>,
    events: &Events,
) -> impl Fn(Progress) + Send + 'static {
    let (events, stream) = (events.clone(), Arc::clone(stream));
    move |progress| match progress {
        Progress::Writing(traced) => events.capture(id, &stream, Direction::Out, traced),
        // An error: the program ends.
        progress => drop(events.send(Event::Writer(id, progress))),
    }
}

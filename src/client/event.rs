//! Everything that can happen to a client. Threads send events down one channel, and one loop owns all
//! state: nobody shares, nobody locks. (The server does it the other way round; see the tour.)

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use crate::client::net::capture::{Captured, Direction};
use crate::client::net::writer::{ConnectionId, Progress, Writer};
use crate::wire::block::Block;
use crate::wire::greeting::Greeting;

/// How many events may wait for the loop. Whoever sends more waits, and its TCP slows down its sender.
pub const WAITING_EVENTS: usize = 256;

/// The way to the loop, and what all threads know: whether the wire is to be shown.
#[derive(Debug, Clone)]
pub struct Events {
    sender: SyncSender<Event>,
    tracing: Arc<AtomicBool>,
}

impl Events {
    /// The way to a loop, and where the loop hears of it.
    pub fn channel() -> (Events, Receiver<Event>) {
        let (sender, receiver) = mpsc::sync_channel(WAITING_EVENTS);
        (Events { sender, tracing: Arc::default() }, receiver)
    }

    /// Tells the loop. Waits while it is behind.
    ///
    /// # Errors
    /// When the loop is gone, that is, the program ends.
    pub fn send(&self, event: Event) -> Result<(), Gone> {
        self.sender.send(event).map_err(|_| Gone)
    }

    /// Whether tracing is on: a flag that all clones share.
    pub fn tracing(&self) -> &Arc<AtomicBool> {
        &self.tracing
    }

    /// Tells what a connection has sent or received, if tracing is on.
    pub fn capture(
        &self,
        id: ConnectionId,
        stream: &TcpStream,
        direction: Direction,
        bytes: Vec<u8>,
    ) {
        if self.tracing.load(Ordering::Relaxed)
            && !bytes.is_empty()
            && let Some(captured) = Captured::on(stream, direction, bytes)
        {
            let _ = self.send(Event::Captured(id, captured)); // the loop is gone only at the end
        }
    }
}

/// The loop is gone.
#[derive(Debug)]
pub struct Gone;

/// What has happened.
#[derive(Debug)]
pub enum Event {
    /// The user has typed a line.
    Typed(String),
    /// The user has typed a line that is longer than any message may be.
    TypedTooMuch,
    /// The user has pressed keys at a prompt: the bytes that the terminal has sent. No more are read before
    /// the sender is dropped.
    Keys(Vec<u8>, Sender<()>),
    /// The user has typed a line on the page, perhaps for one direct chat and nowhere else.
    #[allow(missing_docs, reason = "the line above says it")]
    FromPage { line: String, chat: Option<ConnectionId> },
    /// There will be no more typing.
    InputEnded,
    /// Something about a connection to the server.
    Link(ConnectionId, LinkEvent),
    /// Something about a direct chat.
    Peer(ConnectionId, PeerEvent),
    /// A datagram has come from there.
    Datagram(SocketAddr, Vec<u8>),
    /// Something was sent or received on a connection.
    Captured(ConnectionId, Captured),
    /// Something about a connection's writing thread.
    Writer(ConnectionId, Progress),
}

/// What can happen to a connection to the server.
#[derive(Debug)]
pub enum LinkEvent {
    /// It stands; here is how to write to it, and our own address on it.
    Up(Writer, IpAddr),
    /// The server has sent a block.
    Block(Block),
    /// The server has sent something that is no block.
    Nonsense,
    /// It is over, or never came to be. The cause, if it was no orderly end.
    Down(Option<String>),
}

/// What can happen to a direct chat.
#[derive(Debug)]
pub enum PeerEvent {
    /// Our call has been taken by whoever listens there.
    Connected(Writer),
    /// Somebody calls us from that address, with a CHAT or without.
    Incoming(Writer, SocketAddr, Option<Greeting>),
    /// The one we called has sent a CHAT of its own.
    Answered(Greeting),
    /// A line of text.
    Said(String),
    /// The chat is over, or never came to be. The cause, if it was no orderly end.
    Ended(Option<String>),
}

/// How the writing thread of a connection tells the loop what it does.
pub fn progress(
    id: ConnectionId,
    stream: &Arc<TcpStream>,
    events: &Events,
) -> impl Fn(Progress) + Send + 'static {
    let (events, stream) = (events.clone(), Arc::clone(stream));
    move |progress| match progress {
        Progress::Wrote(bytes) => events.capture(id, &stream, Direction::Out, bytes),
        // The loop is gone only when the program ends.
        progress => drop(events.send(Event::Writer(id, progress))),
    }
}

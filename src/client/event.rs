//! Everything that can happen to a client. Threads send events down one channel, and one loop owns all
//! state: nobody shares, nobody locks. (The server does it the other way round; see the tour.)

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::SyncSender;

use crate::client::connection::{ConnectionId, Progress, Writer};
use crate::wire::block::Block;
use crate::wire::datagram::Datagram;
use crate::wire::greeting::Greeting;

/// How many events may wait for the loop. Whoever sends more waits, and its TCP slows down its sender.
pub const WAITING_EVENTS: usize = 256;

/// The way to the loop.
pub type Events = SyncSender<Event>;

/// What has happened.
#[derive(Debug)]
pub enum Event {
    /// The user has typed a line.
    Typed(String),
    /// The user has typed a line that is longer than any message may be.
    TypedTooMuch,
    /// There will be no more typing.
    InputEnded,
    /// Something about a connection to the server.
    Link(ConnectionId, LinkEvent),
    /// Something about a direct chat.
    Peer(ConnectionId, PeerEvent),
    /// A datagram of so many bytes has come; `None` stands for what is none of the protocol.
    #[allow(missing_docs, reason = "the line above says it")]
    Datagram { from: SocketAddr, bytes: usize, datagram: Option<Datagram> },
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
pub fn progress(id: ConnectionId, events: &Events) -> impl Fn(Progress) + Send + 'static {
    let events = events.clone();
    // The loop is gone only when the program ends.
    move |progress| drop(events.send(Event::Writer(id, progress)))
}

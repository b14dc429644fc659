//! The threads of direct chats over TCP: one that accepts, and one that reads for each chat.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::direct::tcp::line_reader::{LineReader, Opening, SILENCE};
use crate::client::event::{self, Event, Events, PeerEvent};
use crate::client::net::writer;
use crate::client::net::{ConnectionId, Writer};
use crate::io_error::cause;
use crate::net::accept::accept;
use crate::net::{Accept, Newcomer, Newcomers, Slot, Slots, interface};
use crate::wire::{Greeting, compat};

/// The most connections of callers at a time. The loop allows fewer chats, and says who must go
/// ([`places`](crate::client::direct::places)).
const MAX_INCOMING: usize = 256;
/// The most callers at a time that have not sent their first line yet.
const MAX_SILENT: usize = 8;
/// How long a peer that was called with a ticket may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// What all listeners of a client share.
#[derive(Debug)]
pub struct Callers(Slots);

impl Default for Callers {
    fn default() -> Callers {
        Callers(Slots::new(MAX_INCOMING))
    }
}

/// Starts the thread that accepts calls at one address.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(listener: TcpListener, callers: &Callers, events: &Events) -> io::Result<()> {
    let (slots, events) = (callers.0.clone(), events.clone());
    let mut callers = Listener { slots, silent: Newcomers::new(MAX_SILENT), events };
    let accepting = move || accept(&listener, &mut callers);
    thread::Builder::new().name("listener".to_owned()).spawn(accepting).map(drop)
}

/// Serves the peers that connect to this client.
struct Listener {
    slots: Slots,
    /// Callers that have not sent their first line yet.
    silent: Newcomers,
    events: Events,
}

impl Accept for Listener {
    /// Gives a caller its thread. If too many callers are silent, the oldest of them is disconnected: silent
    /// connections must not keep a peer out.
    fn serve(&mut self, stream: TcpStream, address: SocketAddr) {
        let Some(slot) = self.slots.take() else { return };
        let stream = Arc::new(stream);
        let silent = self.silent.admit(&stream);
        let events = self.events.clone();
        let reading = move || {
            // A caller that leaves before it has said anything concerns nobody.
            let _ = attend(&stream, silent, address, &events, &Arc::new(slot));
        };
        // Without a thread the connection and its slot go with the closure.
        let _ = thread::Builder::new().name("peer".to_owned()).spawn(reading);
    }
}

/// The thread of a caller. It and the writing thread share the slot.
fn attend(
    stream: &Arc<TcpStream>,
    silent: Arc<Newcomer>,
    address: SocketAddr,
    events: &Events,
    slot: &Arc<Slot>,
) -> io::Result<()> {
    let id = ConnectionId::next();
    let mut reader = LineReader::new(stream, id, events);
    let greeting = match reader.opening(Some(SILENCE))? {
        Opening::Chat(greeting) => Some(greeting),
        Opening::Other | Opening::Silence => None,
        Opening::Http | Opening::End => return Ok(()),
    };
    drop(silent); // it has spoken, or its time for that is over
    reader.compat = greeting.as_ref().is_none_or(|greeting| greeting.ticket.is_none());
    reader.files = greeting.as_ref().is_some_and(Greeting::begins_files);
    let (progress, slot) = (event::progress(id, stream, events), Arc::clone(slot));
    let (writer, _reading) = Writer::start(stream, None, move |event| {
        let _held = &slot; // as long as the thread lives
        progress(event);
    })?;
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    tell(PeerEvent::Incoming(writer, address, greeting));
    let ended = reader.follow(tell).err().map(|error| cause(&error));
    tell(PeerEvent::Ended(ended));
    Ok(())
}

/// Calls the peer at an address. Everything that happens from then on arrives as events under the number that is
/// returned; the last one is `Ended`.
///
/// # Errors
/// When the thread cannot be started.
pub fn call(address: SocketAddr, greeting: Greeting, events: &Events) -> io::Result<ConnectionId> {
    let (id, events) = (ConnectionId::next(), events.clone());
    let calling = move || {
        let ended = converse(id, address, &greeting, &events).err().map(|error| cause(&error));
        // The loop is gone only when the program ends.
        let _ = events.send(Event::Peer(id, PeerEvent::Ended(ended)));
    };
    thread::Builder::new().name("call".to_owned()).spawn(calling)?;
    Ok(id)
}

/// The thread of a call. With a ticket the other side must greet back before anything else.
fn converse(
    id: ConnectionId,
    address: SocketAddr,
    greeting: &Greeting,
    events: &Events,
) -> io::Result<()> {
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    interface::check(&address)?;
    let began = Instant::now();
    let stream = Arc::new(writer::connect(&[address])?);
    let took = began.elapsed();
    let (writer, _reading) = Writer::start(&stream, None, event::progress(id, &stream, events))?;
    writer.block(&greeting.to_block());
    let mut reader = LineReader::new(&stream, id, events);
    reader.compat = greeting.ticket.is_none();
    if reader.compat {
        writer.pause(compat::BEFORE_TEXT);
    }
    tell(PeerEvent::Connected(writer, took));
    match reader.opening(greeting.ticket.map(|_| ANSWER))? {
        Opening::Chat(greeting) => {
            reader.files = !reader.compat && greeting.begins_files();
            tell(PeerEvent::Answered(greeting));
        }
        Opening::Other | Opening::End if reader.compat => {}
        Opening::Silence => return Err(io::Error::other("it does not answer")),
        // The called client may be full, or at its end.
        Opening::End => return Err(io::Error::other("it hung up without an answer")),
        Opening::Other | Opening::Http => {
            return Err(io::Error::other("it answers with something else than CHAT"));
        }
    }
    reader.follow(tell)
}

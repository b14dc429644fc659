//! The threads of direct chats over TCP: one that accepts, and one that reads for each chat.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::cause::cause;
use crate::client::connection::{self, ConnectionId, Writer};
use crate::client::ear::{Ear, Opening, SILENCE};
use crate::client::event::{self, Event, Events, PeerEvent};
use crate::wire::greeting::Greeting;

/// The most peers that can be connected to us at a time.
const MAX_INCOMING: usize = 64;
/// Whom we have called with a ticket must answer within this time.
const ANSWER: Duration = Duration::from_secs(3);
/// Some of the assignments' programs lose text that comes together with CHAT.
const BEFORE_TEXT: Duration = Duration::from_millis(300);
/// The pause after accept has failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Starts the thread that takes calls.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(listener: TcpListener, events: Events) -> io::Result<()> {
    let incoming = Arc::new(AtomicUsize::new(0));
    let accepting = move || {
        loop {
            match listener.accept() {
                Ok((stream, address)) => take(stream, address, &incoming, &events),
                // No descriptors, say. It would fail again at once and for ever.
                Err(_) => thread::sleep(ACCEPT_PAUSE),
            }
        }
    };
    thread::Builder::new().name("listener".to_owned()).spawn(accepting).map(drop)
}

fn take(stream: TcpStream, address: SocketAddr, incoming: &Arc<AtomicUsize>, events: &Events) {
    if incoming.load(Ordering::Relaxed) >= MAX_INCOMING {
        return; // dropping the connection is the answer
    }
    incoming.fetch_add(1, Ordering::Relaxed);
    let (count, sender) = (Arc::clone(incoming), events.clone());
    let hearing = move || {
        // A caller that is gone before it has said anything is nobody's business.
        let _ = attend(stream, address, &sender);
        count.fetch_sub(1, Ordering::Relaxed);
    };
    if thread::Builder::new().name("peer".to_owned()).spawn(hearing).is_err() {
        incoming.fetch_sub(1, Ordering::Relaxed); // the connection went with the closure
    }
}

/// The thread of a caller.
fn attend(stream: TcpStream, address: SocketAddr, events: &Events) -> io::Result<()> {
    let (id, stream) = (ConnectionId::next(), Arc::new(stream));
    let mut ear = Ear::new(&stream);
    let greeting = match ear.opening(Some(SILENCE))? {
        Opening::Chat(greeting) => Some(greeting),
        Opening::Other | Opening::Silence => None,
        Opening::Http | Opening::End => return Ok(()),
    };
    ear.dialect = greeting.as_ref().is_none_or(|greeting| greeting.ticket.is_none());
    let writer = Writer::start(&stream, event::progress(id, events))?;
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    tell(PeerEvent::Incoming(writer, address, greeting));
    let ended = ear.follow(tell).err().map(|error| cause(&error));
    tell(PeerEvent::Ended(ended));
    Ok(())
}

/// Calls the peer at an address. All that happens from then on comes as events under the number that is
/// given back; the last one is `Ended`.
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
    let stream = Arc::new(connection::connect(&[address])?);
    let writer = Writer::start(&stream, event::progress(id, events))?;
    writer.block(&greeting.to_block());
    let mut ear = Ear::new(&stream);
    ear.dialect = greeting.ticket.is_none();
    if ear.dialect {
        writer.pause(BEFORE_TEXT);
    }
    tell(PeerEvent::Connected(writer));
    match ear.opening(greeting.ticket.map(|_| ANSWER))? {
        Opening::Chat(greeting) => {
            tell(PeerEvent::Answered(greeting));
        }
        Opening::Other | Opening::End if ear.dialect => {}
        Opening::Silence => return Err(io::Error::other("it does not answer")),
        _ => return Err(io::Error::other("it is not the one the server introduced")),
    }
    ear.follow(tell)
}

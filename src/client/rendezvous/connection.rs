//! The connection to the server: made in a thread of its own, which then reads from it. The rules of
//! what to say on it, and when to come back, are in [`server_session`](super::server_session).

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use crate::client::event::{self, Event, Events, LinkEvent};
use crate::client::net::capture::Direction;
use crate::client::net::writer::{self, ConnectionId, Writer};
use crate::io_error::cause;
use crate::net::Reader;
use crate::wire::block::MAX_ANSWER_LINES;
use crate::wire::framing::BlockReader;

/// The addresses of a server, IPv4 first: our own listens there unless it is told otherwise.
///
/// # Errors
/// When the host is unknown or there is no port.
pub fn resolve(server: &str) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = server.to_socket_addrs()?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}

/// Begins to connect. All that happens from then on comes as events under the number that is given back;
/// the last one is `Down`.
///
/// # Errors
/// When the thread cannot be started.
pub fn open(server: &str, events: &Events) -> io::Result<ConnectionId> {
    let (id, server, events) = (ConnectionId::next(), server.to_owned(), events.clone());
    let reading = move || {
        let down = follow(&server, id, &events).err().map(|error| cause(&error));
        // The loop is gone only when the program ends.
        let _ = events.send(Event::Link(id, LinkEvent::Down(down)));
    };
    thread::Builder::new().name("link".to_owned()).spawn(reading)?;
    Ok(id)
}

fn follow(server: &str, id: ConnectionId, events: &Events) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let tell = |event| events.send(Event::Link(id, event)).map_err(|_| gone());
    let stream = Arc::new(writer::connect(&resolve(server)?)?);
    let own: IpAddr = stream.local_addr()?.ip().to_canonical();
    tell(LinkEvent::Up(Writer::start(&stream, event::progress(id, &stream, events))?, own))?;
    let intake = Reader::new(&stream).recorded(Arc::clone(events.tracing()));
    let mut reader = BlockReader::new(intake, MAX_ANSWER_LINES);
    loop {
        let found = reader.read();
        events.capture(id, &stream, Direction::In, reader.get_mut().take_record());
        let Some(found) = found? else { return Ok(()) };
        match found {
            Ok(block) => tell(LinkEvent::Block(block))?,
            Err(_) => tell(LinkEvent::Nonsense)?,
        }
    }
}

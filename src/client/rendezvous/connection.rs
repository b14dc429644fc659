//! The connection to the server. A thread makes it and then reads from it.
//!
//! The rules of what to send on it, and when to connect again, are in
//! [`server_session`](super::server_session).

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use crate::client::event::{self, Event, Events, LinkEvent};
use crate::client::net::{ConnectionId, Direction, Writer, secure};
use crate::io_error::cause;
use crate::net::connect::{LIMIT, connect};
use crate::net::{Reader, interface};
use crate::tls::SharedKey;
use crate::wire::{BlockReader, MAX_ANSWER_LINES, compat};

/// The addresses of a server, IPv4 first: `server` listens on 127.0.0.1 unless it is told otherwise, and
/// `localhost` may also mean `::1`.
///
/// # Errors
/// When the host is unknown or there is no port.
pub fn resolve(server: &str) -> io::Result<Vec<SocketAddr>> {
    let inside = |host: &str| host.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
    let split = server.rsplit_once(':').and_then(|(host, port)| {
        Some((inside(host).filter(|host| host.contains('%'))?, port.parse::<u16>().ok()?))
    });
    // An interface may have a name, which the system knows, and which it reads without brackets alone.
    let found = split.map_or_else(|| server.to_socket_addrs(), |split| split.to_socket_addrs());
    let mut addresses: Vec<SocketAddr> = found?.collect();
    addresses.iter().try_for_each(interface::check)?;
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}

/// Begins to connect, by TLS if there is a key. Everything that happens from then on arrives as events under the number
/// that is returned; the last one is `Down`.
///
/// # Errors
/// When the thread cannot be started.
pub fn open(
    (server, key): (&str, Option<&SharedKey>),
    events: &Events,
) -> io::Result<ConnectionId> {
    let (id, events) = (ConnectionId::next(), events.clone());
    let (server, key) = (server.to_owned(), key.cloned());
    let reading = move || {
        let down = follow(&server, key.as_ref(), id, &events).err().map(|error| cause(&error));
        // An error: the program ends.
        let _ = events.send(Event::Link(id, LinkEvent::Down(down)));
    };
    thread::Builder::new().name("link".to_owned()).spawn(reading)?;
    Ok(id)
}

/// The thread of a connection: connects, then reads blocks to the end.
fn follow(
    server: &str,
    key: Option<&SharedKey>,
    id: ConnectionId,
    events: &Events,
) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let tell = |event| events.send(Event::Link(id, event)).map_err(|_| gone());
    let stream = Arc::new(connect(&resolve(server)?, LIMIT)?);
    let (own, other) = (stream.local_addr()?, stream.peer_addr()?);
    let secured = key.map(|key| secure::connect(&stream, key)).transpose()?;
    let (opener, sealer) = secured
        .map(|(secured, flights)| {
            events.capture_handshake(id, &stream, flights, None);
            (secured.opener, secured.sealer)
        })
        .unzip();
    let progress = event::progress(id, &stream, events);
    let (writer, _reading) = Writer::start(&stream, sealer, progress)?;
    tell(LinkEvent::Up(writer, interface::canonical(own), other))?;
    let mut bytes = Reader::new(&stream).recorded(Arc::clone(events.tracing()));
    if let Some(opener) = opener {
        bytes.secure(opener);
    }
    let mut blocks = BlockReader::new(bytes, MAX_ANSWER_LINES);
    loop {
        let found = blocks.read();
        events.capture(id, &stream, Direction::In, blocks.get_mut().take_record());
        let Some(found) = found? else {
            let last = blocks.cut_short().filter(compat::may_end_with_stream);
            return last.map_or(Ok(()), |block| tell(LinkEvent::Block(block)));
        };
        tell(found.map_or(LinkEvent::Nonsense, LinkEvent::Block))?;
    }
}

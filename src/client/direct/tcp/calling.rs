//! The threads of calls: each reaches a peer by one way, makes the connection secure, and then reads from it.
//!
//! The loop is told of a connection when it is secure, so what it knows of by then is the peer. Before that the thread
//! can be [ended](super::passage::Attempt) at any time, by closing its socket.
//!
//! A call to a single address waits as long as a user may want to; a call that has further ways is more impatient.
//!
//! ```text
//! reach      Address    TCP ──► TLS
//!            Places     TCP ──► TLS, at one address after the other until one holds
//!            Relay      TCP to the server ──► RELAY ──► TLS with the peer through it
//! converse   CHAT ──► Connected ──► CHAT Answer ──► Answered ──► lines … ──► Ended
//! ```
//!
//! TLS is left out when there is no key.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::direct::secure::leg;
use crate::client::direct::tcp::ladder::{CONNECT, PROOF};
use crate::client::direct::tcp::line_reader::{LineReader, Opening};
use crate::client::direct::tcp::passage::{Attempt, AttemptState};
use crate::client::direct::tcp::relay::{self, RelayServer};
use crate::client::event::{self, Event, Events, PeerEvent};
use crate::client::net::{ConnectionId, Flight, Writer, secure};
use crate::net::connect::{LIMIT, connect};
use crate::net::interface;
use crate::tls::{Secured, SharedKey};
use crate::wire::{Greeting, Request, compat};

/// How long a peer that was called with a ticket may take to answer.
pub const ANSWER: Duration = Duration::from_secs(3);

/// By which way a thread tries to reach the peer.
#[derive(Debug)]
pub enum CallRoute {
    /// At this address, and nowhere else.
    Address(SocketAddr),
    /// At the first of these addresses where somebody proves to be the peer.
    Places(Vec<SocketAddr>),
    /// Through the server, with this RELAY.
    Relay(RelayServer, Request),
}

/// A connection to somebody who has proved to be the peer, if there is a key.
struct Reached {
    /// The connection.
    stream: Arc<TcpStream>,
    /// The address of its other end: the peer's, or the server's.
    address: SocketAddr,
    /// How long connecting took. Through the server it is the time of the TLS handshake, which goes all the way.
    took: Duration,
    /// The two ciphers of TLS, and the flights of the handshake for tracing; `None` without a key.
    secured: Option<(Secured, Vec<Flight>)>,
}

/// Calls a peer, and makes the connection secure if there is a key. Everything that happens from then on arrives as
/// events under the number that is returned; the last one is `Ended`.
///
/// # Errors
/// When the thread cannot be started.
pub fn call(
    route: CallRoute,
    greeting: Greeting,
    key: Option<SharedKey>,
    events: &Events,
) -> io::Result<(ConnectionId, Attempt)> {
    let (id, events) = (ConnectionId::next(), events.clone());
    let (attempt, state) = Attempt::begin();
    let calling = move || {
        let reached = reach(&route, key.as_ref(), (id, &state), &events);
        let ended = reached.and_then(|reached| converse(id, reached, &greeting, &events));
        let ended = ended.err().map(|error| leg::cause(&error));
        // The loop is gone only when the program ends.
        let _ = events.send(Event::Peer(id, PeerEvent::Ended(ended)));
    };
    thread::Builder::new().name("call".to_owned()).spawn(calling)?;
    Ok((id, attempt))
}

/// Reaches the peer.
///
/// # Errors
/// The reason why nobody was reached, or why the one who was could not prove to be the peer.
fn reach(
    route: &CallRoute,
    key: Option<&SharedKey>,
    (id, attempt): (ConnectionId, &AttemptState),
    events: &Events,
) -> io::Result<Reached> {
    match route {
        CallRoute::Address(address) => {
            interface::check(address)?;
            let began = Instant::now();
            let stream = Arc::new(connect(&[*address], LIMIT)?);
            let took = began.elapsed();
            let secured = key.map(|key| secure::connect(&stream, key)).transpose();
            let secured = secured.map_err(|error| leg::refusal(&error))?;
            Ok(Reached { stream, address: *address, took, secured })
        }
        CallRoute::Places(places) => at_one_of(places, key, attempt),
        CallRoute::Relay(server, request) => {
            let (stream, rest) = relay::open(server, request, (id, attempt), events)?;
            if !rest.is_empty() {
                return Err(io::Error::other("it answers before it is asked"));
            }
            let began = Instant::now();
            let secured = key.map(|key| secure::connect_within(&stream, key, PROOF)).transpose();
            let secured = secured.map_err(|error| leg::refusal(&error))?;
            Ok(Reached { stream, address: server.address, took: began.elapsed(), secured })
        }
    }
}

/// Reaches the peer at the first of these addresses where somebody proves to be the peer.
///
/// # Errors
/// The reason of each address, behind the address if there are several. An attempt that is over tries no further one.
fn at_one_of(
    places: &[SocketAddr],
    key: Option<&SharedKey>,
    attempt: &AttemptState,
) -> io::Result<Reached> {
    let mut failed = Vec::new();
    for address in places {
        match at(*address, key, attempt) {
            Err(_) if !attempt.goes_on() => break,
            Err(error) => failed.push((address, leg::refusal(&error))),
            reached => return reached,
        }
    }
    let told = failed.iter().map(|(address, error)| match places.len() {
        1 => error.to_string(),
        _ => format!("{address}: {error}"),
    });
    Err(io::Error::other(told.collect::<Vec<_>>().join(", ")))
}

/// Reaches the peer at one of several addresses. Somebody else there learns nothing before it has proved to be the
/// peer: what goes there is a ClientHello. The attempt knows the socket before TLS begins, so the loop can end the
/// handshake by closing it.
fn at(address: SocketAddr, key: Option<&SharedKey>, attempt: &AttemptState) -> io::Result<Reached> {
    interface::check(&address)?;
    let began = Instant::now();
    let stream = Arc::new(TcpStream::connect_timeout(&address, CONNECT)?);
    let took = began.elapsed();
    if !attempt.holds(&stream) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let secured = key.map(|key| secure::connect_within(&stream, key, PROOF)).transpose()?;
    Ok(Reached { stream, address, took, secured })
}

/// Talks to the peer that was reached. With a ticket the other side must greet back before anything else. Without a
/// ticket the other program may be one that knows no CHAT: then it need not answer, and what it says is text.
///
/// # Errors
/// The reason why the chat is over, unless the peer has ended it properly.
fn converse(
    id: ConnectionId,
    reached: Reached,
    greeting: &Greeting,
    events: &Events,
) -> io::Result<()> {
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    let Reached { stream, address, took, secured } = reached;
    let mut reader = LineReader::new(&stream, id, events);
    let secured = secured.map(|(secured, flights)| {
        events.capture_handshake(id, &stream, flights, None);
        reader.secure(secured.opener);
        (secured.sealer, secured.exporter)
    });
    let (sealer, exporter) = secured.unzip();
    let (writer, _reading) = Writer::start(&stream, sealer, event::progress(id, &stream, events))?;
    writer.block(&greeting.to_block());
    reader.compat = greeting.ticket.is_none();
    if reader.compat {
        writer.pause(compat::BEFORE_TEXT);
    }
    tell(PeerEvent::Connected(writer, address, took, exporter));
    match reader.opening(greeting.ticket.map(|_| ANSWER))? {
        Opening::Chat(greeting) => {
            reader.files = !reader.compat && greeting.begins_files();
            tell(PeerEvent::Answered(greeting));
        }
        Opening::Other | Opening::End if reader.compat => {}
        Opening::Silence => return Err(io::Error::other("it does not answer")),
        // The called client may be full, or at its end.
        Opening::End => return Err(io::Error::other("it hung up without an answer")),
        Opening::Other | Opening::Http | Opening::Tls(_) => {
            return Err(io::Error::other("it answers with something else than CHAT"));
        }
    }
    reader.follow(tell)
}

//! The threads of direct chats over TCP: one that accepts, and one that reads for each chat.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::client::direct::secure::{Tickets, leg};
use crate::client::direct::tcp::calling::ANSWER;
use crate::client::direct::tcp::line_reader::{LineReader, Opening, SILENCE};
use crate::client::direct::tcp::passage::Attempt;
use crate::client::direct::tcp::relay::{self, RelayServer};
use crate::client::event::{self, Event, Events, PeerEvent};
use crate::client::net::{ConnectionId, Writer, secure};
use crate::net::accept::accept;
use crate::net::{Accept, Newcomer, Newcomers, Slot, Slots};
use crate::tls::{Exporter, Sealer, Secured};
use crate::wire::{Greeting, Request};

/// The most connections of callers at a time. The loop allows fewer chats, and says who must go
/// ([`places`](crate::client::direct::places)).
const MAX_INCOMING: usize = 256;
/// The most callers at a time that have not sent their first line yet.
const MAX_SILENT: usize = 8;

/// What all listeners of a client share.
#[derive(Debug)]
pub struct Callers {
    slots: Slots,
    /// The tickets with which a caller may make its connection secure.
    pub tickets: Tickets,
}

impl Default for Callers {
    fn default() -> Callers {
        Callers { slots: Slots::new(MAX_INCOMING), tickets: Tickets::default() }
    }
}

/// Starts the thread that accepts calls at one address.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(listener: TcpListener, callers: &Callers, events: &Events) -> io::Result<()> {
    let (slots, tickets) = (callers.slots.clone(), callers.tickets.clone());
    let silent = Newcomers::new(MAX_SILENT);
    let mut callers = Listener { slots, silent, tickets, events: events.clone() };
    let accepting = move || accept(&listener, &mut callers);
    thread::Builder::new().name("listener".to_owned()).spawn(accepting).map(drop)
}

/// Serves the peers that connect to this client.
struct Listener {
    slots: Slots,
    /// Callers that have not sent their first line yet.
    silent: Newcomers,
    tickets: Tickets,
    events: Events,
}

/// A caller that was let in.
struct Caller {
    stream: Arc<TcpStream>,
    silent: Arc<Newcomer>,
    address: SocketAddr,
    slot: Arc<Slot>,
    tickets: Tickets,
    events: Events,
}

impl Accept for Listener {
    type Admitted = Caller;

    /// Gives a caller its slot. If too many callers are silent, the oldest of them is disconnected: silent
    /// connections must not keep a peer out.
    fn admit(&mut self, stream: TcpStream, address: SocketAddr) -> Option<Caller> {
        let slot = Arc::new(self.slots.take()?);
        let stream = Arc::new(stream);
        let silent = self.silent.admit(&stream);
        let (events, tickets) = (self.events.clone(), self.tickets.clone());
        Some(Caller { stream, silent, address, slot, tickets, events })
    }

    fn thread(_: SocketAddr) -> thread::Builder {
        thread::Builder::new().name("peer".to_owned())
    }

    fn serve(caller: Caller) {
        let Caller { stream, silent, address, slot, tickets, events } = caller;
        // A caller that leaves before it has said anything concerns nobody.
        let _ = attend(&stream, silent, address, (&events, &tickets), &slot);
    }
}

/// The thread of a caller. It and the writing thread share the slot.
fn attend(
    stream: &Arc<TcpStream>,
    silent: Arc<Newcomer>,
    address: SocketAddr,
    (events, tickets): (&Events, &Tickets),
    slot: &Arc<Slot>,
) -> io::Result<()> {
    let id = ConnectionId::next();
    let opened = open(stream, id, events, tickets)?;
    drop(silent); // it has spoken, or its time for that is over
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    listen_to(stream, (id, address), opened, (Some(Arc::clone(slot)), PeerEvent::Incoming), events)
}

/// The event by which the loop hears of a caller.
type Came = fn(Writer, SocketAddr, Option<Greeting>, Option<Exporter>) -> PeerEvent;

/// Tells the loop of a caller, and of what it says.
fn listen_to(
    stream: &Arc<TcpStream>,
    (id, address): (ConnectionId, SocketAddr),
    (mut reader, opening, secured): Opened,
    (slot, came): (Option<Arc<Slot>>, Came),
    events: &Events,
) -> io::Result<()> {
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    let greeting = match opening {
        Opening::Chat(greeting) => Some(greeting),
        Opening::Other | Opening::Silence => None,
        Opening::Http | Opening::End | Opening::Tls(_) => return Ok(()),
    };
    reader.compat = greeting.as_ref().is_none_or(|greeting| greeting.ticket.is_none());
    reader.files = greeting.as_ref().is_some_and(Greeting::begins_files);
    let (sealer, exporter) = secured.unzip();
    let progress = event::progress(id, stream, events);
    let (writer, _reading) = Writer::start(stream, sealer, move |event| {
        let _held = &slot; // as long as the thread lives
        progress(event);
    })?;
    let is_secure = exporter.is_some();
    tell(came(writer, address, greeting, exporter));
    let revealed = if is_secure { reader.nonce().map(Some) } else { Ok(None) };
    let ended = revealed.and_then(|nonce| {
        nonce.map(|nonce| tell(PeerEvent::Revealed(nonce)));
        reader.follow(tell)
    });
    tell(PeerEvent::Ended(ended.err().map(|error| leg::cause(&error))));
    Ok(())
}

/// Awaits a caller on a connection through the server. Everything that happens from then on arrives as events under the
/// number that is returned; the last one is `Ended`.
///
/// # Errors
/// When the thread cannot be started.
pub fn await_relayed(
    (server, request): (RelayServer, Request),
    tickets: &Tickets,
    events: &Events,
) -> io::Result<(ConnectionId, Attempt)> {
    let (id, events, tickets) = (ConnectionId::next(), events.clone(), tickets.clone());
    let (attempt, state) = Attempt::begin();
    let awaiting = move || {
        let relayed = relay::open(&server, &request, (id, &state), &events);
        let listened = relayed.and_then(|(stream, rest)| {
            let opened = secured(&stream, &rest, id, &events, &tickets)?;
            listen_to(&stream, (id, server.address), opened, (None, PeerEvent::Relayed), &events)
        });
        let ended = listened.err().map(|error| leg::cause(&error));
        // The loop is gone only when the program ends. It knows an end that it was told of.
        let _ = events.send(Event::Peer(id, PeerEvent::Ended(ended)));
    };
    thread::Builder::new().name("relay".to_owned()).spawn(awaiting)?;
    Ok((id, attempt))
}

/// How a connection begins: its reader, what it begins with, and, if it is secure, what seals and its exporter.
type Opened<'a> = (LineReader<'a>, Opening, Option<(Sealer, Exporter)>);

/// Finds out how a connection begins. A caller may begin with TLS: then it must show, inside, the ticket that is
/// the key.
///
/// # Errors
/// When the connection breaks, or is not made secure; the user is told of what an attacker may have done.
fn open<'a>(
    stream: &'a TcpStream,
    id: ConnectionId,
    events: &'a Events,
    tickets: &Tickets,
) -> io::Result<Opened<'a>> {
    let mut reader = LineReader::new(stream, id, events);
    match reader.opening(Some(SILENCE))? {
        Opening::Tls(read) => secured(stream, &read, id, events, tickets),
        opening => Ok((reader, opening, None)),
    }
}

/// Makes a caller's connection secure, of which this was `read` already.
fn secured<'a>(
    stream: &'a TcpStream,
    read: &[u8],
    id: ConnectionId,
    events: &'a Events,
    tickets: &Tickets,
) -> io::Result<Opened<'a>> {
    let keys = tickets.for_one_call();
    let tell = |cause: &str| {
        if let Some(told) = keys.failure(cause) {
            let _ = events.send(Event::Peer(id, PeerEvent::Refused(told))); // an error: the program ends
        }
    };
    let secured = secure::accept(stream, read, &keys);
    let (secured, flights) = secured.inspect_err(|error| tell(&leg::cause(error)))?;
    events.capture_handshake(id, stream, flights, keys.caller().as_deref());
    let Secured { opener, sealer, exporter } = secured;
    let mut reader = LineReader::new(stream, id, events);
    reader.secure(opener);
    let opening = reader.opening(Some(ANSWER))?;
    if !matches!(&opening, Opening::Chat(greeting) if greeting.ticket == keys.ticket()) {
        tell("it does not show the ticket with which it has encrypted");
        return Ok((reader, Opening::End, None));
    }
    Ok((reader, opening, Some((sealer, exporter))))
}

//! The threads of direct chats over TCP: one that accepts, and one that reads for each chat.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::direct::secure::{Tickets, leg};
use crate::client::direct::tcp::line_reader::{LineReader, Opening, SILENCE};
use crate::client::event::{self, Event, Events, PeerEvent};
use crate::client::net::{ConnectionId, Writer, secure, writer};
use crate::net::accept::accept;
use crate::net::{Accept, Newcomer, Newcomers, Slot, Slots, interface};
use crate::tls::{Exporter, Sealer, Secured, SharedKey};
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

impl Accept for Listener {
    /// Gives a caller its thread. If too many callers are silent, the oldest of them is disconnected: silent
    /// connections must not keep a peer out.
    fn serve(&mut self, stream: TcpStream, address: SocketAddr) {
        let Some(slot) = self.slots.take() else { return };
        let stream = Arc::new(stream);
        let silent = self.silent.admit(&stream);
        let (events, tickets) = (self.events.clone(), self.tickets.clone());
        let reading = move || {
            // A caller that leaves before it has said anything concerns nobody.
            let _ = attend(&stream, silent, address, (&events, &tickets), &Arc::new(slot));
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
    (events, tickets): (&Events, &Tickets),
    slot: &Arc<Slot>,
) -> io::Result<()> {
    let id = ConnectionId::next();
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    let (mut reader, opening, secured) = open(stream, id, events, tickets)?;
    let greeting = match opening {
        Opening::Chat(greeting) => Some(greeting),
        Opening::Other | Opening::Silence => None,
        Opening::Http | Opening::End | Opening::Tls(_) => return Ok(()),
    };
    drop(silent); // it has spoken, or its time for that is over
    reader.compat = greeting.as_ref().is_none_or(|greeting| greeting.ticket.is_none());
    reader.files = greeting.as_ref().is_some_and(Greeting::begins_files);
    let (sealer, exporter) = secured.unzip();
    let (progress, slot) = (event::progress(id, stream, events), Arc::clone(slot));
    let (writer, _reading) = Writer::start(stream, sealer, move |event| {
        let _held = &slot; // as long as the thread lives
        progress(event);
    })?;
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let is_secure = exporter.is_some();
    tell(PeerEvent::Incoming(writer, address, greeting, exporter));
    let revealed = if is_secure { reader.nonce().map(Some) } else { Ok(None) };
    let ended = revealed.and_then(|nonce| {
        nonce.map(|nonce| tell(PeerEvent::Revealed(nonce)));
        reader.follow(tell)
    });
    tell(PeerEvent::Ended(ended.err().map(|error| leg::cause(&error))));
    Ok(())
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
    let read = match reader.opening(Some(SILENCE))? {
        Opening::Tls(read) => read,
        opening => return Ok((reader, opening, None)),
    };
    let keys = tickets.for_one_call();
    let tell = |cause: &str| {
        if let Some(told) = keys.failure(cause) {
            let _ = events.send(Event::Peer(id, PeerEvent::Refused(told))); // an error: the program ends
        }
    };
    let secured = secure::accept(stream, &read, &keys);
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

/// Calls the peer at an address, and makes the connection secure if there is a key. Everything that happens from then on
/// arrives as events under the number that is returned; the last one is `Ended`.
///
/// # Errors
/// When the thread cannot be started.
pub fn call(
    address: SocketAddr,
    greeting: Greeting,
    key: Option<SharedKey>,
    events: &Events,
) -> io::Result<ConnectionId> {
    let (id, events) = (ConnectionId::next(), events.clone());
    let calling = move || {
        let ended = converse(id, address, (&greeting, key.as_ref()), &events);
        let ended = ended.err().map(|error| leg::cause(&error));
        // The loop is gone only when the program ends.
        let _ = events.send(Event::Peer(id, PeerEvent::Ended(ended)));
    };
    thread::Builder::new().name("call".to_owned()).spawn(calling)?;
    Ok(id)
}

/// Makes the connection of a call secure, if there is a key. Returns its reader.
fn call_out<'a>(
    stream: &'a TcpStream,
    key: Option<&SharedKey>,
    id: ConnectionId,
    events: &'a Events,
) -> io::Result<(LineReader<'a>, Option<(Sealer, Exporter)>)> {
    let secured = key.map(|key| secure::connect(stream, key)).transpose();
    let mut reader = LineReader::new(stream, id, events);
    let secured = secured.map_err(|error| leg::refusal(&error))?.map(|(secured, flights)| {
        events.capture_handshake(id, stream, flights, None);
        reader.secure(secured.opener);
        (secured.sealer, secured.exporter)
    });
    Ok((reader, secured))
}

/// The thread of a call. With a ticket the other side must greet back before anything else.
fn converse(
    id: ConnectionId,
    address: SocketAddr,
    (greeting, key): (&Greeting, Option<&SharedKey>),
    events: &Events,
) -> io::Result<()> {
    let tell = |event| events.send(Event::Peer(id, event)).is_ok();
    interface::check(&address)?;
    let began = Instant::now();
    let stream = Arc::new(writer::connect(&[address])?);
    let took = began.elapsed();
    let (mut reader, secured) = call_out(&stream, key, id, events)?;
    let (sealer, exporter) = secured.unzip();
    let (writer, _reading) = Writer::start(&stream, sealer, event::progress(id, &stream, events))?;
    writer.block(&greeting.to_block());
    reader.compat = greeting.ticket.is_none();
    if reader.compat {
        writer.pause(compat::BEFORE_TEXT);
    }
    tell(PeerEvent::Connected(writer, took, exporter));
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

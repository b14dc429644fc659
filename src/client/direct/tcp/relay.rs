//! The way to a peer through the server: a connection of its own, on which the server passes on what the other client
//! writes to one like it (PROTOCOL, "Through NATs").
//!
//! With the key of a class the connection begins as TLS with the server. That ends behind RELAYACK, in both directions,
//! and the TCP connection goes on: otherwise each byte would be encrypted twice. What was read behind the server's last
//! word is the peer's already, and must not be lost.
//!
//! ```text
//! alice                         server                          bob
//!   │══ RELAY Ticket ══════════►│◄══════════ RELAY Answer ═══════│   ═ in the TLS of the class's key, if there is one
//!   │◄═ RELAYACK, close_notify ═│══ RELAYACK, close_notify ═════►│
//!   │── ClientHello ───────────────────────────────────────────►│   from here on the server reads nothing
//! ```

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use crate::client::direct::tcp::ladder::{CONNECT, PROOF, RELAY};
use crate::client::direct::tcp::passage::AttemptState;
use crate::client::event::Events;
use crate::client::net::{ConnectionId, Direction, secure};
use crate::io_error::is_waiting;
use crate::net::{Reader, RecordWriter, Traced};
use crate::tls::{RecordHead, SharedKey};
use crate::wire::text::escape;
use crate::wire::{Block, BlockReader, MAX_ANSWER_LINES, Request, Response};

/// As whom tracing shows the server on such a connection.
const SHOWN_AS: &str = "server (relay)";

/// The server that passes bytes on.
#[derive(Debug, Clone)]
pub struct RelayServer {
    /// Where it is, as the connection to the room has found it.
    pub address: SocketAddr,
    /// The key by which connections to it are made secure; without one they are not.
    pub key: Option<SharedKey>,
}

/// Opens a connection on which what one peer writes the other reads. `request` is RELAY. Returns the connection and
/// what the peer has written already.
///
/// # Errors
/// When the server cannot be reached, does not pass on, or the other client does not come. Also when the attempt is not
/// wanted any more.
pub fn open(
    server: &RelayServer,
    request: &Request,
    (id, attempt): (ConnectionId, &AttemptState),
    events: &Events,
) -> io::Result<(Arc<TcpStream>, Vec<u8>)> {
    let stream = Arc::new(TcpStream::connect_timeout(&server.address, CONNECT)?);
    if !attempt.holds(&stream) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    stream.set_nodelay(true)?;
    let mut reader = Reader::new(&stream).recorded(Arc::clone(events.tracing()));
    let key = server.key.as_ref();
    let secured = key.map(|key| secure::connect_within(&stream, key, PROOF)).transpose()?;
    let sealer = secured.map(|(secured, flights)| {
        events.capture_handshake(id, &stream, flights, Some(SHOWN_AS));
        reader.secure(secured.opener);
        secured.sealer
    });
    let mut writer = RecordWriter::new(sealer);
    let bytes = request.to_block().to_string().into_bytes();
    writer.write_seen(&*stream, &bytes, |records| {
        let traced = Traced { bytes: bytes.clone(), records: records.map(RecordHead::of_all) };
        events.capture_from(id, &stream, Direction::Out, traced, SHOWN_AS);
    })?;
    acknowledged(&mut reader, |traced| {
        events.capture_from(id, &stream, Direction::In, traced, SHOWN_AS);
    })?;
    writer.close(&*stream)?;
    reader.deadline = Some(Instant::now() + PROOF);
    reader.unsecure()?;
    let rest = reader.buffered().to_vec();
    drop(reader);
    stream.set_read_timeout(None)?;
    Ok((stream, rest))
}

/// Waits until both clients are there.
fn acknowledged(reader: &mut Reader, see: impl FnOnce(Traced)) -> io::Result<()> {
    reader.deadline = Some(Instant::now() + RELAY);
    reader.set_limit(Some(RELAY));
    let found = BlockReader::new(&mut *reader, MAX_ANSWER_LINES).read();
    see(reader.take_record());
    match found {
        Ok(Some(Ok(block))) => check(&block),
        Err(error) if is_waiting(&error) => Err(io::Error::other("nobody comes")),
        Err(error) => Err(error),
        _ => Err(io::Error::other("the server has hung up")),
    }
}

/// Checks the server's answer.
fn check(block: &Block) -> io::Result<()> {
    match Response::parse(block) {
        Some(Response::RelayAck) => Ok(()),
        Some(Response::Error { message, .. }) => {
            Err(io::Error::other(format!("the server says: {}", escape(&message))))
        }
        _ => Err(io::Error::other("the server answers with something else than RELAYACK")),
    }
}

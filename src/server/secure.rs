//! TLS for a connection whose client speaks it: the first byte tells.
//!
//! One port serves both kinds. A ClientHello is a record of type 22, and no block begins with that byte. So the
//! session's thread waits for one byte before anything else ([`is_tls`]). What follows depends on whether the server
//! has a key:
//!
//! | | TLS | plain |
//! | --- | --- | --- |
//! | no key | a sentence, the end | served |
//! | a key | the handshake, then served | `ERROR tls-required`, the end |
//! | a key and `--allow-plain` | the handshake, then served | served |
//!
//! The handshake is a part of the time that a client has for its first request, and it blocks nobody: the thread is the
//! client's own. It takes half a millisecond of a processor.

use std::io::{self, Write};
use std::sync::Arc;

use crate::net::Reader;
use crate::server::room::Outbox;
use crate::server::state::Server;
use crate::tls::record::HANDSHAKE;
use crate::tls::{KeyLog, SharedKey, accept};

/// Whether a connection that begins with these bytes speaks TLS.
pub fn is_tls(bytes: &[u8]) -> bool {
    bytes.first() == Some(&HANDSHAKE)
}

/// Makes the connection secure, until the reader's deadline at the latest.
///
/// # Errors
/// As [`accept`] fails; the client has been told why.
pub fn secure(
    server: &Server,
    outbox: &Arc<Outbox>,
    key: &SharedKey,
    reader: &mut Reader,
) -> io::Result<()> {
    let sealer = reader.handshake(|input| {
        let mut flights = Flights { server, outbox };
        let secured = accept(input, &mut flights, key, KeyLog::of_environment())?;
        Ok((secured.opener, secured.sealer))
    })?;
    outbox.secure(sealer);
    Ok(())
}

/// Writes the handshake's messages, as everything is written to a client: through its outbox.
struct Flights<'a> {
    server: &'a Server,
    outbox: &'a Arc<Outbox>,
}

impl Write for Flights<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.server.room.send(self.outbox, bytes);
        if self.outbox.is_closed() {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

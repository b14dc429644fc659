//! Connecting to one of several addresses, and then a connection by hand. It shows [`connect`] alone.
//!
//! ```text
//! parts connect HOST:PORT… [--limit S]      each may take S seconds, or 5
//! ```
//!
//! Its input goes to the connection, and what comes goes to stdout. It ends with code 0 when the other side has ended.
//! If nobody answers, it ends with code 1, and a line on stderr names each address with its cause.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Failure;
use crate::client::netcat;
use crate::client::rendezvous::connection::resolve;
use crate::net::connect::connect;

/// Connects to the first of these servers, each `HOST:PORT`, that answers within its limit. Says to which, and carries
/// bytes both ways until the other side is done.
///
/// # Errors
/// When a name has no address, none answers, or the connection breaks.
pub fn run(
    servers: &[String],
    limit: Duration,
    input: impl Read + Send + 'static,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let mut addresses = Vec::new();
    for server in servers {
        let found = resolve(server).map_err(|error| Failure::cannot("find", server, &error))?;
        addresses.extend(found);
    }
    let whom = if let [server] = servers { server } else { "any of them" };
    let failed = |error| Failure::cannot("reach", whom, &error);
    let stream = connect(&addresses, limit).map_err(failed)?;
    let there = stream.peer_addr().map_err(failed)?;
    let _ = writeln!(io::stderr(), "connected to {there}"); // stderr may be closed
    netcat::talk(&Arc::new(stream), None, input, output)
}

//! Two connections that are joined: each side hears what the other one says, as with a relay. It shows
//! [the copying](crate::net::copy) alone.
//!
//! ```text
//! parts join HOST:PORT HOST:PORT
//! ```
//!
//! It ends with code 0 when both sides have ended, and with code 1 if a connection breaks.

use std::io::{self, Write};

use crate::cli::Failure;
use crate::client::rendezvous::connection::resolve;
use crate::net::connect::{LIMIT, connect};
use crate::net::copy;

/// Connects to both, each `HOST:PORT`, and copies in both directions until both have ended.
///
/// # Errors
/// When one cannot be reached, or a connection breaks.
pub fn run(servers: &[String; 2]) -> Result<(), Failure> {
    let reach = |server: &String| {
        let addresses = resolve(server).map_err(|error| Failure::cannot("find", server, &error))?;
        connect(&addresses, LIMIT).map_err(|error| Failure::cannot("reach", server, &error))
    };
    let (one, other) = (reach(&servers[0])?, reach(&servers[1])?);
    let both = servers.join(" and ");
    let _ = writeln!(io::stderr(), "{both} are joined"); // stderr may be closed
    copy::join(&one, &other).map_err(|error| Failure::cannot("go on joining", both, &error))
}

//! Connecting to somebody who may have several addresses: `localhost` is often 127.0.0.1 and `::1`, and a machine may
//! have an address for IPv6 that leads nowhere. An address that refuses, or stays silent, is not the end.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::io_error::cause;

/// How long connecting to one address may take.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Tries the addresses in their order, one at a time, each for at most `limit`. Returns the first connection.
///
/// # Errors
/// When none answers: the error that `no_answer` makes of all errors. `InvalidInput` when there is no address.
// LAB 0: try one address after the other, each within its limit => TcpStream::connect(&addresses[..addresses.len().min(1)])
pub fn connect(addresses: &[SocketAddr], limit: Duration) -> io::Result<TcpStream> {
    let mut failed = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed.push((*address, error)),
        }
    }
    Err(no_answer(failed))
}

/// The error of connecting when all addresses have failed. Of several it names each: the last one alone may be the
/// least important.
fn no_answer(mut failed: Vec<(SocketAddr, io::Error)>) -> io::Error {
    match failed.len() {
        0 => io::Error::new(io::ErrorKind::InvalidInput, "it has no address"),
        1 => failed.remove(0).1,
        _ => {
            let told = failed.iter().map(|(address, error)| format!("{address}: {}", cause(error)));
            io::Error::other(told.collect::<Vec<_>>().join("; "))
        }
    }
}

//! What the user is told of an encrypted connection between two peers: why it cannot be made, and why it has ended. The
//! handshake itself is in [`net::secure`](crate::client::net::secure).

use std::io;

use crate::io_error::{self, is_waiting};
use crate::tls::TlsError;

/// Why a call cannot be made secure.
pub fn refusal(error: &io::Error) -> io::Error {
    io::Error::other(match TlsError::of(error) {
        Some(TlsError::Cut) => "it hung up without an answer".to_owned(),
        Some(TlsError::Found(_)) => {
            "somebody else listens there: it cannot prove that it was introduced".to_owned()
        }
        _ if is_waiting(error) => "it does not answer".to_owned(),
        _ => io_error::cause(error),
    })
}

/// Why a chat that stands has ended.
pub fn cause(error: &io::Error) -> String {
    match TlsError::of(error) {
        Some(TlsError::Cut) => "cut off: its last words may be missing".to_owned(),
        Some(TlsError::Found(alert)) => {
            format!("what came was changed or repeated on its way: {alert}")
        }
        Some(TlsError::Received(alert)) => format!("it has found a fault: {alert}"),
        None => io_error::cause(error),
    }
}

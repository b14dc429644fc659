//! What an I/O error means, to a person and to a loop.
//!
//! The operating systems number and word the same error differently. A message and a decision should not depend on
//! that.

use std::io::{Error, ErrorKind};

/// Returns why something failed, in words for a person: `address in use`, `connection refused`. Leaves out the
/// operating system's number where there is a word for it.
pub fn cause(error: &Error) -> String {
    let nameless = matches!(error.kind(), ErrorKind::Other) || error.raw_os_error().is_none();
    let kind = error.kind().to_string();
    if nameless || kind.starts_with("uncategorized") { error.to_string() } else { kind }
}

/// Returns why a client cannot listen on a port. If the port is in use, and not 0, adds what to do about it.
pub fn cause_at(port: u16, error: &Error) -> String {
    let chosen = port != 0 && error.kind() == ErrorKind::AddrInUse;
    let advice = if chosen { "; without a port the client takes any free one" } else { "" };
    format!("{}{advice}", cause(error))
}

/// Whether an error only says that nothing can be read or written just now. A read timeout is `WouldBlock` on Unix
/// and `TimedOut` on Windows.
pub fn is_waiting(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

//! What an I/O error means, to a person and to a loop.

use std::io::{Error, ErrorKind};

/// Why something failed, in words for a person: `address in use`, `connection refused`. Numbers of the
/// operating system are left out where there is a word for them.
pub fn cause(error: &Error) -> String {
    let nameless = matches!(error.kind(), ErrorKind::Other) || error.raw_os_error().is_none();
    let kind = error.kind().to_string();
    if nameless || kind.starts_with("uncategorized") { error.to_string() } else { kind }
}

/// Whether an error only says that nothing can be read or written just now.
pub fn is_waiting(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

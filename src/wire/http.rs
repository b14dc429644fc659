//! Browsers are no clients.
//!
//! A web page can make a browser send nearly anything to any port of this machine, and lines in its request could
//! be a block of this protocol (cross-protocol request forgery). So an HTTP request is known by its first line (RFC
//! 9112, section 3), and the connection is closed before anything in it is executed.

/// Whether a line is the first one of an HTTP request: it ends with a version.
// LAB 8: know an HTTP request by its first line => false
pub fn is_http(line: &[u8]) -> bool {
    [" HTTP/1.0", " HTTP/1.1", " HTTP/2.0"].iter().any(|end| line.ends_with(end.as_bytes()))
}

//! Browsers are no clients. A web page can make one send nearly anything to any port of this machine, and
//! lines that a request carries could be meant for us. So an HTTP request is known by its first line, and
//! whoever sends one is hung up on before anything is executed.

/// Whether a line is the first one of an HTTP request.
// LAB 8: know an HTTP request by its first line => false
pub fn is_http(line: &[u8]) -> bool {
    [" HTTP/1.0", " HTTP/1.1", " HTTP/2.0"].iter().any(|end| line.ends_with(end.as_bytes()))
}

//! One HTTP/1.1 request, as far as the page needs it (RFC 9112), read from any `BufRead` within limits.
//!
//! The parser refuses what two readers could understand in two ways: a header that counts given twice, a space
//! before a colon, a folded line, a `Transfer-Encoding`. Such requests are how smugglers get past a proxy (RFC
//! 9112, section 11.2). [`access`](super::access) decides whether a good request gets anything.

use std::io::BufRead;

use crate::wire::line::read_line;
use crate::wire::{Line, MAX_LINE};

/// The longest request line. The page's paths have fifty bytes.
const MAX_REQUEST_LINE: usize = 1_024;
/// The most headers. A browser sends about twenty. Each is a line, and so has at most [`MAX_LINE`] bytes.
const MAX_HEADERS: usize = 64;
/// The longest body: one line of the chat.
const MAX_BODY: usize = MAX_LINE;
/// The headers that count, each allowed only once.
const ONCE: [&str; 4] = ["host", "origin", "sec-fetch-site", "content-length"];

/// A request that is well-formed.
#[derive(Debug, Default)]
pub struct HttpRequest {
    /// The method: `GET`, `POST`, …
    pub method: String,
    /// The request target: a path, perhaps with a query.
    pub target: String,
    /// The body, which is one line of text; empty if there is none.
    pub body: String,
    /// The headers' names, in lower case, with their values.
    headers: Vec<(String, String)>,
}

/// Why a request is refused. Each kind has its status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpError {
    /// It breaks the grammar, lacks a header that it needs, or has too many or too long ones.
    Malformed,
    /// It comes from another page, or for another host.
    Forbidden,
    /// Nothing has this path.
    NotFound,
    /// The path exists, but not for this method.
    Method,
    /// It was not complete in time, or the connection broke.
    Late,
    /// Its body is too long.
    LongBody,
    /// Its first line is too long. This has a status of its own, because RFC 9112 (section 3) demands it.
    LongTarget,
    /// There are too many streams, or the client is about to end.
    Busy,
}

impl HttpError {
    /// The status code and its reason.
    pub fn status(self) -> &'static str {
        match self {
            HttpError::Malformed => "400 Bad Request",
            HttpError::Forbidden => "403 Forbidden",
            HttpError::NotFound => "404 Not Found",
            HttpError::Method => "405 Method Not Allowed",
            HttpError::Late => "408 Request Timeout",
            HttpError::LongBody => "413 Content Too Large",
            HttpError::LongTarget => "414 URI Too Long",
            HttpError::Busy => "503 Service Unavailable",
        }
    }
}

impl HttpRequest {
    /// Reads a request. Returns `None` if the connection ends, or its time does, before the first byte: browsers open
    /// connections in advance, and nobody waits for an answer on them.
    ///
    /// # Errors
    /// The refusal to answer with. An error of the reader is [`HttpError::Late`].
    pub fn read(reader: &mut impl BufRead) -> Result<Option<HttpRequest>, HttpError> {
        if reader.fill_buf().map_or(true, <[u8]>::is_empty) {
            return Ok(None);
        }
        let first = line(reader, HttpError::LongTarget)?;
        if first.len() > MAX_REQUEST_LINE {
            return Err(HttpError::LongTarget);
        }
        let words: Vec<&str> = first.split(' ').collect();
        let [method, target, "HTTP/1.1" | "HTTP/1.0"] = words[..] else {
            return Err(HttpError::Malformed);
        };
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut request = HttpRequest { method, target, ..HttpRequest::default() };
        request.read_headers(reader)?;
        request.read_body(reader)?;
        Ok(Some(request))
    }

    /// The value of a header. Its name must be given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads the headers up to the blank line.
    fn read_headers(&mut self, reader: &mut impl BufRead) -> Result<(), HttpError> {
        loop {
            let line = line(reader, HttpError::Malformed)?;
            if line.is_empty() {
                return Ok(());
            }
            if self.headers.len() == MAX_HEADERS {
                return Err(HttpError::Malformed);
            }
            let (name, value) = line.split_once(':').ok_or(HttpError::Malformed)?;
            let is_token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
            // RFC 9112, section 5.1: a server must refuse a space before the colon.
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(HttpError::Malformed);
            }
            let name = name.to_ascii_lowercase();
            if ONCE.contains(&name.as_str()) && self.header(&name).is_some() {
                return Err(HttpError::Malformed);
            }
            self.headers.push((name, value.trim().to_owned()));
        }
    }

    /// Reads a body of the announced length.
    fn read_body(&mut self, reader: &mut impl BufRead) -> Result<(), HttpError> {
        if self.header("transfer-encoding").is_some() {
            return Err(HttpError::Malformed);
        }
        let length = match self.header("content-length") {
            None if self.method == "POST" => return Err(HttpError::Malformed),
            None => 0,
            // A number that is too large for usize is still a number, and too long.
            Some(value) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                value.parse().unwrap_or(usize::MAX)
            }
            Some(_) => return Err(HttpError::Malformed),
        };
        if length > MAX_BODY {
            return Err(HttpError::LongBody);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).map_err(|_| HttpError::Late)?;
        self.body = String::from_utf8(body).map_err(|_| HttpError::Malformed)?;
        let is_line = !self.body.contains(['\r', '\n']);
        if is_line { Ok(()) } else { Err(HttpError::Malformed) }
    }
}

/// Reads a line. A header that does not count here (a cookie, say) may hold bytes that are no UTF-8.
fn line(reader: &mut impl BufRead, too_long: HttpError) -> Result<String, HttpError> {
    let mut line = Vec::new();
    match read_line(reader, &mut line) {
        Ok(Line::Whole) => Ok(String::from_utf8_lossy(&line).into_owned()),
        Ok(Line::TooLong) => Err(too_long),
        Ok(Line::End) => Err(HttpError::Malformed),
        Err(_) => Err(HttpError::Late),
    }
}

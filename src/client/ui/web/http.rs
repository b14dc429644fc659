//! One HTTP request, as far as the page needs it (RFC 9112): read from any `BufRead`, within limits. Whether
//! it is granted is decided at the [`access`](super::access).

use std::io::BufRead;

use crate::wire::line::{Line, MAX_LINE, read_line};

/// The longest request line: our paths have fifty bytes.
const MAX_REQUEST_LINE: usize = 1_024;
/// The most headers; browsers send twenty. Each is a line, and so has at most [`MAX_LINE`] bytes.
const MAX_HEADERS: usize = 64;
/// The longest body: one line of the chat.
const MAX_BODY: usize = MAX_LINE;
/// Headers that decide something: two of a kind would let two readers understand two things.
const ONCE: [&str; 4] = ["host", "origin", "sec-fetch-site", "content-length"];

/// A request that keeps to the grammar.
#[derive(Debug, Default)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// What is asked for: a path, perhaps with a query.
    pub target: String,
    /// One line of text; empty if nothing was sent.
    pub body: String,
    headers: Vec<(String, String)>,
}

/// Why a request gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpError {
    /// It breaks the grammar, lacks a header that it needs, or has too many or too long ones.
    Malformed,
    /// It comes from another page than ours.
    Forbidden,
    /// There is nothing there.
    NotFound,
    /// That is not for this method.
    Method,
    /// It was not complete in time.
    Late,
    /// Its body is too long.
    LongBody,
    /// Its first line is too long. This has a status of its own, because RFC 9112 (section 3) demands it.
    LongTarget,
    /// As many are served as can be, or the client is about to end.
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
    /// Reads a request; `None` when nobody asks anything: browsers open connections in advance.
    ///
    /// # Errors
    /// What is to be answered instead. An error of the reader counts as [`HttpError::Late`].
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

    /// The value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

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
            // A name with a space, or none at all, may be read in two ways: as smugglers wish.
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

    fn read_body(&mut self, reader: &mut impl BufRead) -> Result<(), HttpError> {
        if self.header("transfer-encoding").is_some() {
            return Err(HttpError::Malformed);
        }
        let length = match self.header("content-length") {
            None if self.method == "POST" => return Err(HttpError::Malformed),
            None => 0,
            // A number that is too large for usize is a number all the same.
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

/// The next line. Bytes that are no UTF-8 may stand in a header that concerns others, a cookie say.
fn line(reader: &mut impl BufRead, too_long: HttpError) -> Result<String, HttpError> {
    let mut line = Vec::new();
    match read_line(reader, &mut line) {
        Ok(Line::Whole) => Ok(String::from_utf8_lossy(&line).into_owned()),
        Ok(Line::TooLong) => Err(too_long),
        Ok(Line::End) => Err(HttpError::Malformed),
        Err(_) => Err(HttpError::Late),
    }
}

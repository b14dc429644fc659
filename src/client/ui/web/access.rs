//! Access control: decides what a request to the page's server may have. It is a rule over a request, without I/O.
//!
//! Every program on this machine can connect to a port of 127.0.0.1, and so can every web page that its browser
//! shows. Three checks keep them out:
//!
//! - The *token* is the first part of every path, and only somebody who was given the address knows it. It is no
//!   cookie: cookies ignore ports, so two clients on one machine would share them.
//! - *Host* must be this very address. An attacker's name that suddenly resolves to 127.0.0.1 (DNS rebinding) is
//!   another one.
//! - *Origin*, in which a browser says whose script is asking (RFC 6454), must be the page's own.

use crate::client::net::ConnectionId;
use crate::client::ui::web::http::{HttpError, HttpRequest};
use crate::wire::Secret;

/// The page's port and token, against which requests are checked.
#[derive(Debug)]
pub struct Access {
    port: u16,
    token: Secret,
}

/// What a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page itself.
    Page,
    /// The stream of events.
    Events,
    /// The line in the body is run, in one direct chat only if one is given.
    Line(Option<ConnectionId>),
}

impl Access {
    /// Creates the access control for a port, with a fresh token.
    pub fn new(port: u16) -> Access {
        Access { port, token: Secret::random() }
    }

    /// The page's address. A browser that has it has access.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// Checks a request. Returns what it gets.
    ///
    /// # Errors
    /// When the request gets nothing. Without the token every path is `NotFound`, so that nobody can tell which
    /// exist.
    pub fn judge(&self, request: &HttpRequest) -> Result<Route, HttpError> {
        let host = request.header("host").ok_or(HttpError::Malformed)?;
        if ["127.0.0.1", "localhost"].iter().all(|own| host != format!("{own}:{}", self.port)) {
            return Err(HttpError::Forbidden);
        }
        let origin = request.header("origin");
        if origin.is_some_and(|origin| origin != format!("http://{host}")) {
            return Err(HttpError::Forbidden);
        }
        let path = request.target.strip_prefix('/').and_then(|path| path.split_once('/'));
        let (token, path) = path.ok_or(HttpError::NotFound)?;
        if token.parse() != Ok(self.token) {
            return Err(HttpError::NotFound);
        }
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        match (request.method.as_str(), path, query) {
            ("GET", "", None) => Ok(Route::Page),
            ("GET", "events", None) => Ok(Route::Events),
            ("POST", "line", query) => {
                // A browser sends one or the other with every POST of a script.
                let site = request.header("sec-fetch-site");
                let is_own = origin.is_some() || site == Some("same-origin");
                if is_own { chat(query).map(Route::Line) } else { Err(HttpError::Forbidden) }
            }
            (_, "" | "events" | "line", None) => Err(HttpError::Method),
            _ => Err(HttpError::NotFound),
        }
    }
}

/// Reads the direct chat's number in the query `chat=7`.
fn chat(query: Option<&str>) -> Result<Option<ConnectionId>, HttpError> {
    let Some(query) = query else { return Ok(None) };
    let number = query.strip_prefix("chat=").and_then(|number| number.parse().ok());
    number.map(ConnectionId::numbered).map(Some).ok_or(HttpError::Malformed)
}

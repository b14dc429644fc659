//! Who may ask the page's server for what: a rule over a request.
//!
//! Everything on this machine can reach a port of 127.0.0.1, and so can every page that its browser shows.
//! Three things keep them out. The *token* is the first part of every path, and only who was given the
//! address knows it; it is no cookie, for cookies ignore ports, and two clients on one machine would share
//! them. *Host* must be this very address: a name of somebody else's that suddenly means 127.0.0.1 (DNS
//! rebinding) is not. *Origin*, with which browsers say whose script is asking, must be ours.

use crate::client::net::writer::ConnectionId;
use crate::client::ui::web::http::{HttpError, HttpRequest};
use crate::wire::secret::Secret;

/// What is known about who may come in.
#[derive(Debug)]
pub struct Access {
    port: u16,
    token: Secret,
}

/// What is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page itself.
    Page,
    /// The stream of what happens.
    Events,
    /// To say the line in the body, perhaps in one direct chat and nowhere else.
    Line(Option<ConnectionId>),
}

impl Access {
    /// A gate on that port, with a fresh token.
    pub fn new(port: u16) -> Access {
        Access { port, token: Secret::random() }
    }

    /// The address of the page: who has it may come in.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// Judges a request.
    ///
    /// # Errors
    /// When it is not granted; without the token nothing is there at all.
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
                // Browsers say one or the other with every POST of a script.
                let site = request.header("sec-fetch-site");
                let is_own = origin.is_some() || site == Some("same-origin");
                if is_own { chat(query).map(Route::Line) } else { Err(HttpError::Forbidden) }
            }
            (_, "" | "events" | "line", None) => Err(HttpError::Method),
            _ => Err(HttpError::NotFound),
        }
    }
}

/// The number in `chat=7`.
fn chat(query: Option<&str>) -> Result<Option<ConnectionId>, HttpError> {
    let Some(query) = query else { return Ok(None) };
    let number = query.strip_prefix("chat=").and_then(|number| number.parse().ok());
    number.map(ConnectionId::numbered).map(Some).ok_or(HttpError::Malformed)
}

//! Compatibility: one request to a server that has no room, on a connection of its own. The servers of the course
//! assignments work like that (PROTOCOL, "Compatibility").

use std::time::Instant;

use crate::client::event::{Events, LinkEvent};
use crate::client::net::{ConnectionId, Writer};
use crate::client::rendezvous::connection;
use crate::client::rendezvous::quote::marked;
use crate::tls::SharedKey;
use crate::wire::{Request, Response};

/// One request and its connection.
#[derive(Debug)]
pub struct Exchange {
    /// The number of the connection.
    pub id: ConnectionId,
    /// Until when it may be answered.
    pub until: Instant,
    request: Request,
    /// Kept while the response is due: dropping it closes this side of the connection.
    writer: Option<Writer>,
}

impl Exchange {
    /// Begins to connect to a server, by TLS if there is a key for it, for a request, which may be answered until
    /// `until`.
    ///
    /// # Errors
    /// The sentence that tells why nothing is sent.
    pub fn begin(
        server: (&str, Option<&SharedKey>),
        events: &Events,
        request: Request,
        until: Instant,
    ) -> Result<Exchange, String> {
        let id = connection::open(server, events)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Exchange { id, until, request, writer: None })
    }

    /// Whether such a server knows a request: INFO, and BRIDGE without a peer.
    pub fn is_known(request: &Request) -> bool {
        matches!(request, Request::Info | Request::Bridge { peer: None, .. })
    }

    /// Some servers introduce a client that is alone to itself: then nobody else is there.
    fn judge(&self, response: Response) -> Response {
        match (&self.request, response) {
            (Request::Bridge { name, .. }, Response::BridgeAck(Some(found)))
                if found.entry.name == *name =>
            {
                Response::BridgeAck(None)
            }
            (_, response) => response,
        }
    }

    /// Handles what happens on the connection. Returns the response when the exchange is over.
    pub fn event(&mut self, event: LinkEvent) -> Option<Response> {
        match event {
            LinkEvent::Up(writer, ..) => {
                writer.block(&self.request.to_block());
                self.writer = Some(writer);
                None
            }
            // Whatever the server says answers this one request.
            LinkEvent::Block(block) => match marked(self.judge(Response::parse(&block)?), None) {
                Response::Error { message, .. } => Some(self.failed(message)),
                response => Some(response),
            },
            LinkEvent::Nonsense => None,
            LinkEvent::Down(cause) => {
                Some(self.failed(cause.unwrap_or_else(|| "the server did not answer".to_owned())))
            }
        }
    }

    /// The answer that the request has failed.
    fn failed(&self, message: String) -> Response {
        let about = self.request.to_block().kind().to_owned();
        Response::Error { about, code: String::new(), message }
    }
}

//! The user's requests that the server did not answer yet: a queue, without a socket and without a clock.
//!
//! The server answers in the order of the requests, and each answer tells the TYPE that it answers: a response by its
//! own TYPE, ERROR by its `For`. So an answer belongs to the oldest request of its TYPE. An answer to no request here
//! came too late, or from a server that makes mistakes, and must not be taken for the answer to another request.

use std::collections::VecDeque;

use crate::client::net::ConnectionId;
use crate::wire::{PeerRef, Text, Via};

/// A request of the user that the server did not answer yet.
#[derive(Debug, Clone)]
pub enum Pending {
    /// REGISTER, sent by hand.
    Register,
    /// INFO, whose response is shown.
    Info,
    /// HISTORY: the messages come before the response.
    History,
    /// BRIDGE, and what the introduction is for.
    Bridge(Purpose),
    /// TELL, with the peer and the text.
    Tell(PeerRef, Text),
}

/// What an introduction is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// To be shown.
    Show,
    /// To call that peer.
    Call(PeerRef),
    /// To write to a peer by datagrams.
    Query,
    /// To go on with a call by its next way.
    Way(ConnectionId, Via),
}

impl Pending {
    /// The TYPE of the request.
    fn kind(&self) -> &'static str {
        match self {
            Pending::Register => "REGISTER",
            Pending::Info => "INFO",
            Pending::History => "HISTORY",
            Pending::Bridge(_) => "BRIDGE",
            Pending::Tell(..) => "TELL",
        }
    }
}

/// The requests under way, the oldest first.
#[derive(Debug, Default)]
pub struct Requests(VecDeque<Pending>);

impl Requests {
    /// Notes a request that was sent.
    pub fn sent(&mut self, request: Pending) {
        self.0.push_back(request);
    }

    /// Takes the request that an answer to this TYPE belongs to: the oldest one of it.
    pub fn answered(&mut self, kind: &str) -> Option<Pending> {
        let place = self.0.iter().position(|request| request.kind() == kind)?;
        self.0.remove(place)
    }

    /// Takes the oldest request, which gets no answer any more.
    pub fn give_up(&mut self) -> Option<Pending> {
        self.0.pop_front()
    }

    /// Forgets all requests.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many requests are under way.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The private texts under way, with their addressees.
    pub fn tells(&self) -> impl Iterator<Item = (&PeerRef, &Text)> {
        self.0.iter().filter_map(|request| match request {
            Pending::Tell(peer, text) => Some((peer, text)),
            _ => None,
        })
    }

    /// Whether an introduction is under way by which another chat may become the current one.
    pub fn has_bridge(&self) -> bool {
        let is_next = |purpose: &Purpose| !matches!(purpose, Purpose::Way(..));
        self.0.iter().any(|request| matches!(request, Pending::Bridge(it) if is_next(it)))
    }
}

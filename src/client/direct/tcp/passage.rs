//! How the bytes of a chat come to its peer: the connection that is in use, or the one that is being made.
//!
//! A chat has one number for as long as it lasts. The connections by which it is tried have numbers of their own, and
//! only the last one counts: what the threads of the others still report is nobody's.

use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::client::direct::tcp::ladder::Ladder;
use crate::client::direct::tcp::way::Way;
use crate::client::net::ConnectionId;
use crate::sync::lock;
use crate::wire::{Secret, Via};

/// How a chat comes to its peer.
#[derive(Debug)]
pub struct Passage {
    /// Under which number the threads of the connection report. It is the chat's own number, unless the chat has been
    /// tried by another way before. `None`: there is no connection.
    pub connection: Option<ConnectionId>,
    /// The ways that are still to be tried.
    pub ladder: Option<Ladder>,
    /// The thread that makes the connection.
    pub attempt: Option<Attempt>,
    /// The ticket that the peer shows when it connects, because this client has asked for that.
    pub awaits: Option<Secret>,
    /// Where the peer is in the network of both, if the server has told that.
    pub local: Option<SocketAddr>,
    /// Which way the bytes go, if that is known and worth saying.
    pub way: Option<Way>,
}

impl Passage {
    /// A connection with this number, of which nothing more is known.
    pub fn new(connection: ConnectionId) -> Box<Passage> {
        let (ladder, attempt, awaits, local, way) = (None, None, None, None, None);
        Box::new(Passage { connection: Some(connection), ladder, attempt, awaits, local, way })
    }

    /// Whether nothing else was tried before than to connect to the peer.
    pub fn is_direct(&self) -> bool {
        self.ladder.as_ref().is_none_or(|ladder| ladder.via() == Via::Tcp)
    }

    /// What is being tried, in words.
    pub fn calling(&self) -> &'static str {
        match self.ladder.as_ref().map(Ladder::via) {
            Some(Via::Back) => "calling: asked to connect to you",
            Some(Via::Relay) => "calling: through the server",
            _ => "calling",
        }
    }

    /// Ends the attempt to make a connection. What its thread still reports is nobody's.
    pub fn give_up(&mut self) {
        (self.connection, self.attempt, self.awaits) = (None, None, None);
    }

    /// Leaves the attempt to make a connection to itself: another connection with the same peer stands. A cut in the
    /// middle of the handshake would look to the peer like an attack.
    pub fn leave(&mut self) {
        self.attempt.take().into_iter().for_each(Attempt::succeeded);
    }

    /// Handles that somebody at this address has proved to be the peer of this client, which is `own`: there is nothing
    /// more to try.
    pub fn stands(&mut self, address: IpAddr, own: IpAddr) {
        self.attempt.take().into_iter().for_each(Attempt::succeeded);
        if let Some(ladder) = self.ladder.take() {
            let is_relayed = ladder.via() == Via::Relay;
            let relayed = is_relayed.then_some(Way::Relayed);
            self.way = relayed.or_else(|| Way::over(address, self.local, own));
        }
        self.awaits = None;
    }
}

/// A thread that makes a connection for the loop. Dropping this ends it at once, except while it waits for a first
/// answer of the other side's system, which takes a moment at most; then it does not go on.
#[derive(Debug, Default)]
pub struct Attempt(Option<AttemptState>);

/// What a thread and the loop share of an attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptState(Arc<AttemptParts>);

/// The flag and the socket of an attempt.
#[derive(Debug, Default)]
struct AttemptParts {
    over: AtomicBool,
    /// The connection, once there is one. The lock is held for a moment, and no other is taken under it.
    stream: Mutex<Option<Arc<TcpStream>>>,
}

impl Attempt {
    /// A new one, and what its thread gets.
    pub fn begin() -> (Attempt, AttemptState) {
        let state = AttemptState::default();
        (Attempt(Some(state.clone())), state)
    }

    /// The connection is the chat's from now on.
    pub fn succeeded(mut self) {
        if let Some(AttemptState(parts)) = self.0.take() {
            *lock(&parts.stream) = None;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(AttemptState(parts)) = &self.0 else { return };
        parts.over.store(true, Ordering::SeqCst);
        if let Some(stream) = lock(&parts.stream).take() {
            let _ = stream.shutdown(Shutdown::Both); // an error: it is closed already
        }
    }
}

impl AttemptState {
    /// Whether the attempt is still wanted.
    pub fn goes_on(&self) -> bool {
        !self.0.over.load(Ordering::SeqCst)
    }

    /// Notes the connection that the thread has made. Returns whether it is still wanted.
    pub fn holds(&self, stream: &Arc<TcpStream>) -> bool {
        *lock(&self.0.stream) = Some(Arc::clone(stream));
        self.goes_on()
    }
}

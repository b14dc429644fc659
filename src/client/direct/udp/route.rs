//! Where the datagrams of one conversation go.
//!
//! If both clients know the ways through NATs, there is a [`Path`]. Otherwise they go to the listed address, and follow
//! the peer from there by [`Trial`]. In both cases a datagram from elsewhere moves nothing before the peer has answered
//! there.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::udp::path::{Path, Reach};
use crate::client::direct::udp::trial::Trial;

/// Where the datagrams of one conversation go.
#[derive(Debug, Default)]
pub struct PeerRoute {
    /// The way through NATs, if both sides know how to find one.
    pub path: Option<Path>,
    /// Without a path: where the peer may have moved.
    pub trial: Option<Trial>,
}

impl PeerRoute {
    /// The address in use for a peer that is listed there.
    pub fn address(&self, listed: SocketAddr) -> SocketAddr {
        self.path.as_ref().and_then(Path::address).unwrap_or(listed)
    }

    /// How datagrams go, if that is worth a word.
    pub fn reach(&self) -> Option<Reach> {
        self.path.as_ref().and_then(Path::reach).filter(|reach| *reach != Reach::Loopback)
    }

    /// Whether no address is proven yet, so that texts must wait.
    pub fn is_awaited(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.address().is_none())
    }

    /// Whether no address could be proven.
    pub fn has_failed(&self) -> bool {
        self.path.as_ref().is_some_and(Path::has_failed)
    }

    /// When something is due, apart from texts.
    pub fn deadline(&self) -> Option<Instant> {
        self.path.as_ref().and_then(Path::deadline)
    }

    /// Where a copy of message `seq` goes, which is sent now.
    pub fn sends(&mut self, seq: u64, listed: SocketAddr, now: Instant) -> SocketAddr {
        let tried = self.trial.as_mut().and_then(|trial| trial.takes(seq));
        let to = tried.unwrap_or_else(|| self.address(listed));
        self.path.iter_mut().for_each(|path| path.spoke(to, now));
        to
    }

    /// Handles an acknowledgement. Returns the new address if it shows that a peer without a path has moved.
    pub fn acknowledged(&mut self, from: SocketAddr, seq: u64, upto: u64) -> Option<SocketAddr> {
        let moved = self.trial.take_if(|trial| trial.is_proven_by(from, seq));
        self.trial.iter_mut().for_each(|trial| trial.settled(upto));
        moved.map(|trial| trial.address)
    }

    /// Handles that the newest message has come from that address. If it is not the one in use, it must be proven.
    pub fn heard_from(&mut self, from: SocketAddr, listed: SocketAddr, now: Instant) {
        if let Some(path) = &mut self.path {
            return path.heard_from(from, now);
        }
        let is_tried = |trial: &Trial| trial.address == from && !trial.is_over();
        if from == listed {
            self.trial = None;
        } else if !self.trial.as_ref().is_some_and(is_tried) {
            self.trial = Some(Trial::new(from));
        }
    }
}

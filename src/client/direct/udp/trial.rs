//! An address to which a peer may have moved, as long as it has not answered from there.
//!
//! This is for peers with which nothing can be punched ([`path`](super::path) is for the others). Somebody who has
//! heard their datagrams can send them again from elsewhere. So a new address gets one message at a time, and only a
//! few copies of it, until its acknowledgement comes from there. Everything else goes to the address in use.

use std::net::SocketAddr;

/// The most datagrams to an address that has not answered.
const MOST: u32 = 4;

/// An address on trial.
#[derive(Debug, PartialEq, Eq)]
pub struct Trial {
    /// The address.
    pub address: SocketAddr,
    /// The message that is sent there.
    probe: Option<u64>,
    /// How many datagrams were sent there.
    sent: u32,
}

impl Trial {
    /// An address to which nothing was sent yet.
    pub fn new(address: SocketAddr) -> Trial {
        Trial { address, probe: None, sent: 0 }
    }

    /// The address, if the copy of a message that is to be sent now goes there.
    pub fn takes(&mut self, seq: u64) -> Option<SocketAddr> {
        let takes = self.sent < MOST && *self.probe.get_or_insert(seq) == seq;
        self.sent += u32::from(takes);
        takes.then_some(self.address)
    }

    /// Whether an acknowledgement shows that the peer is there: it comes from there, and is for what was sent there.
    pub fn is_proven_by(&self, from: SocketAddr, seq: u64) -> bool {
        self.address == from && self.probe == Some(seq)
    }

    /// Notes that all messages up to one need not be sent any more: the next one can be sent there.
    pub fn settled(&mut self, upto: u64) {
        self.probe = self.probe.filter(|probe| *probe > upto);
    }

    /// Whether nothing goes there any more.
    pub fn is_over(&self) -> bool {
        self.sent >= MOST
    }
}

//! Somebody in the directory, and the headers by which blocks tell of somebody.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::block::Block;
use super::name::{Name, PeerRef};
use super::request::Via;
use super::secret::Secret;

/// Somebody in the directory; as a line, `alice 127.0.0.1:5556 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Name,
    /// Where this client listens, as the server sees it.
    pub address: SocketAddr,
    /// The server's number for this client; the assignments' servers may know none, that is 0.
    pub id: u64,
}

impl Entry {
    /// Whether this is who is meant.
    pub fn is(&self, who: &PeerRef) -> bool {
        match who {
            PeerRef::Name(name) => self.name == *name,
            PeerRef::Id(id) => self.id == *id,
            PeerRef::Address(address) => self.address == *address,
        }
    }

    /// The client that a block with ID, clientID, IP and Port tells of.
    pub(super) fn of(block: &Block) -> Option<Entry> {
        let (name, address) = (block.get("clientID")?, address(block)?);
        Some(Entry { name, address, id: block.get("ID")? })
    }

    /// Those that a block lists, a line each.
    pub(super) fn list(block: &Block) -> Vec<Entry> {
        block.lines().filter_map(Entry::parse).collect()
    }

    fn parse(line: &str) -> Option<Entry> {
        let mut words = line.split_whitespace();
        let (name, address) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let id = words.next().map_or(Ok(0), str::parse).ok()?;
        Some(Entry { name, address, id })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.address, self.id)
    }
}

/// The two secrets of an introduction: who shows the ticket is the caller, who shows the answer is the
/// called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// What the caller shows.
    pub ticket: Secret,
    /// What the called one answers with.
    pub answer: Secret,
}

impl Credentials {
    /// The secrets that a block brings, and for which way to talk.
    pub(super) fn of(block: &Block) -> Option<(Via, Credentials)> {
        let via = block.header("Via").map_or(Ok(Via::Tcp), str::parse).ok()?;
        Some((via, Credentials { ticket: block.get("Ticket")?, answer: block.get("Answer")? }))
    }
}

/// The address in IP and Port. The assignments' servers may write a name of this machine.
pub(super) fn address(block: &Block) -> Option<SocketAddr> {
    let ip = match block.header("IP")? {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip.parse().ok()?,
    };
    Some(SocketAddr::new(ip, block.get("Port")?))
}

impl Block {
    /// The same block with ID and clientID.
    #[must_use]
    pub(super) fn with_client(self, id: u64, name: &Name) -> Block {
        self.with("ID", id).with("clientID", name)
    }

    /// The same block with IP and Port.
    #[must_use]
    pub(super) fn with_address(self, address: SocketAddr) -> Block {
        self.with("IP", address.ip()).with("Port", address.port())
    }

    /// The same block with the secrets of an introduction.
    #[must_use]
    pub(super) fn with_vouch(self, via: Via, vouch: &Credentials) -> Block {
        self.with("Via", via).with("Ticket", vouch.ticket).with("Answer", vouch.answer)
    }
}

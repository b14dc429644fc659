//! An entry of the directory, and the headers by which blocks describe a client.
//!
//! Several blocks describe a client in the same way, so the headers are read and written here once.

use std::fmt;
use std::net::SocketAddr;

use super::block::Block;
use super::compat;
use super::name::{Name, PeerRef};
use super::reach::is_secure;
use super::secret::Secret;
use super::via::Via;

/// A client in the directory. As a line it is `alice 127.0.0.1:5556 1`, without the number if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The client's name.
    pub name: Name,
    /// The address that the client listens on: the IP that the server sees, the port that the client tells.
    pub address: SocketAddr,
    /// The server's number for the client, or [`NO_ID`](compat::NO_ID).
    pub id: u64,
}

impl Entry {
    /// Whether both describe the same client: one name and one ID. Two clients may have one name in turn. Where an ID
    /// is not known, because the server that gave it has ended, the address tells them apart.
    pub fn is_same(&self, other: &Entry) -> bool {
        let known = self.id != compat::NO_ID && other.id != compat::NO_ID;
        let same = if known { self.id == other.id } else { self.address == other.address };
        same && self.name == other.name
    }

    /// Whether a reference means this client.
    pub fn is(&self, peer: &PeerRef) -> bool {
        match peer {
            PeerRef::Name(name) => self.name == *name,
            PeerRef::Id(id) => self.id == *id,
            PeerRef::Address(address) => self.address == *address,
        }
    }

    /// Reads the client that a block describes by ID, clientID, IP and Port.
    pub(super) fn of(block: &Block) -> Option<Entry> {
        let (name, address) = (block.get("clientID")?, address(block)?);
        Some(Entry { name, address, id: block.get("ID")? })
    }

    /// Reads the clients that a block lists, one on each line. Skips lines that are no entries.
    pub(super) fn list(block: &Block) -> Vec<Entry> {
        block.lines().filter_map(Entry::parse).collect()
    }

    /// Reads a line. The ID may be missing.
    fn parse(line: &str) -> Option<Entry> {
        let mut words = line.split_whitespace();
        let (name, address) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let id = words.next().map_or(Ok(compat::NO_ID), str::parse).ok()?;
        Some(Entry { name, address, id })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.name, self.address)?;
        if self.id == compat::NO_ID { Ok(()) } else { write!(f, " {}", self.id) }
    }
}

/// The two secrets of an introduction. The server gives both to both sides. The caller shows the ticket, the called
/// peer shows the answer, and so each knows that the other is the one whom the server has introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// What the caller shows.
    pub ticket: Secret,
    /// What the called peer answers with.
    pub answer: Secret,
    /// Whether the other client can be called by TLS, as the server says.
    pub secure: bool,
}

impl Credentials {
    /// The ticket under which the datagrams of a query must be sealed; `None` if they travel in the clear.
    pub fn seal(&self) -> Option<Secret> {
        Some(self.ticket).filter(|_| self.secure)
    }

    /// Reads the secrets in a block, and the transport that they are for: TCP unless the block names another.
    pub(super) fn of(block: &Block) -> Option<(Via, Credentials)> {
        let via = block.header("Via").map_or(Ok(Via::Tcp), str::parse).ok()?;
        let (ticket, answer) = (block.get("Ticket")?, block.get("Answer")?);
        Some((via, Credentials { ticket, answer, secure: is_secure(block) }))
    }
}

/// Where else than at its listed address a client may be found, as the server tells the other one of an introduction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Where its datagrams come from. The server says it exactly if both clients know the ways through NATs.
    pub seen: Option<SocketAddr>,
    /// Its own idea of its address. The server says it only if it sees both clients at one IP.
    pub local: Option<SocketAddr>,
}

impl Candidates {
    /// Reads the candidates in a block.
    pub(super) fn of(block: &Block) -> Candidates {
        let known = |header| block.get(header).map(canonical);
        Candidates { seen: known("Seen"), local: known("Local") }
    }
}

/// Reads the address in the headers IP and Port.
pub(super) fn address(block: &Block) -> Option<SocketAddr> {
    Some(canonical(SocketAddr::new(compat::ip(block.header("IP")?)?, block.get("Port")?)))
}

/// An IPv4 address that is written as IPv6 (RFC 4291, 2.5.5.2) as what it is. Otherwise a rule for addresses of IPv4,
/// say for loopback, could be got around.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip.is_ipv4() => SocketAddr::new(ip, address.port()),
        _ => address,
    }
}

impl Block {
    /// Adds ID and clientID.
    #[must_use]
    pub(super) fn with_client(self, id: u64, name: &Name) -> Block {
        self.with("ID", id).with("clientID", name)
    }

    /// Adds IP and Port.
    #[must_use]
    pub(super) fn with_address(self, address: SocketAddr) -> Block {
        self.with("IP", address.ip()).with("Port", address.port())
    }

    /// Adds the secrets of an introduction, and the transport that they are for.
    #[must_use]
    pub(super) fn with_credentials(self, via: Via, credentials: &Credentials) -> Block {
        let block = self.with("Via", via).with("Ticket", credentials.ticket);
        block.with("Answer", credentials.answer).with_secure(credentials.secure)
    }

    /// Adds where else a client may be found.
    #[must_use]
    pub(super) fn with_candidates(self, candidates: &Candidates) -> Block {
        let Candidates { seen, local } = candidates;
        self.with_some("Seen", seen.as_ref()).with_some("Local", local.as_ref())
    }
}

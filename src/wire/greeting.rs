//! CHAT: the one block that peers exchange over TCP before they talk.
//!
//! The caller sends it first. If it carries a ticket, the called peer sends one back with its answer. From then on
//! each line is a text.

use std::net::{Ipv4Addr, SocketAddr};

use super::block::Block;
use super::name::Name;
use super::reach::is_secure;
use super::secret::Secret;
use super::transfer::Checksum;

/// What a peer says of itself when it calls or answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The name that the peer uses. It proves nothing until a secret does.
    pub name: Name,
    /// The address that the peer says it listens on. Nobody believes it. Compat: some of the assignments' programs
    /// send an IP that is none.
    pub address: Option<SocketAddr>,
    /// The secret that a caller shows.
    pub ticket: Option<Secret>,
    /// The secret that a called peer shows.
    pub answer: Option<Secret>,
    /// Whether the peer understands the blocks by which [files](super::transfer) travel. It says so only with a secret.
    pub files: bool,
    /// Whether the peer can be called by TLS, or is. It says so only with a secret.
    pub secure: bool,
    /// The hash of the nonce that the caller is going to tell.
    pub commit: Option<Checksum>,
    /// The nonce of a called peer.
    pub nonce: Option<Secret>,
}

/// The TYPE by which a caller tells its nonce.
pub const NONCE: &str = "NONCE";

/// The block by which a caller tells its nonce.
pub fn nonce_block(nonce: Secret) -> Block {
    Block::new(NONCE).with("Nonce", nonce)
}

/// Reads the caller's nonce from a block. Returns `None` for any other block.
pub fn parse_nonce(block: &Block) -> Option<Secret> {
    if block.kind() == NONCE { block.get("Nonce") } else { None }
}

impl Greeting {
    /// Writes the greeting as a block.
    pub fn to_block(&self) -> Block {
        let block = Block::new("CHAT").with("clientID", &self.name);
        let block = match self.address {
            Some(address) => block.with_address(address),
            None => block,
        };
        let block = block.with_some("Ticket", self.ticket.as_ref());
        let block = block.with_some("Answer", self.answer.as_ref());
        let block = block.with_some("Files", Some("yes").filter(|_| self.files));
        let block = block.with_secure(self.secure).with_some("Commit", self.commit.as_ref());
        block.with_some("Nonce", self.nonce.as_ref())
    }

    /// Whether blocks of files may follow it: the peer understands them, and shows a secret.
    pub fn begins_files(&self) -> bool {
        self.files && (self.ticket.is_some() || self.answer.is_some())
    }

    /// Reads a greeting from a block. Returns `None` if it is no CHAT, or has no valid name.
    pub fn parse(block: &Block) -> Option<Greeting> {
        if block.kind() != "CHAT" {
            return None;
        }
        Some(Greeting {
            name: block.get("clientID")?,
            address: block.get("Port").map(|port| {
                SocketAddr::new(block.get("IP").unwrap_or(Ipv4Addr::UNSPECIFIED.into()), port)
            }),
            ticket: block.get("Ticket"),
            answer: block.get("Answer"),
            files: block.header("Files").is_some_and(|value| value.eq_ignore_ascii_case("yes")),
            secure: is_secure(block),
            commit: block.get("Commit"),
            nonce: block.get("Nonce"),
        })
    }
}

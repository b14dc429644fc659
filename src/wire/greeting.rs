//! CHAT: the one block that peers exchange over TCP before they talk.

use std::net::{Ipv4Addr, SocketAddr};

use super::block::Block;
use super::name::Name;
use super::secret::Secret;

/// Who is calling, or answering. The address is where this client listens, as far as it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The name that this peer goes by: a claim, until a secret proves it.
    pub name: Name,
    /// Where it says that it listens. Some of the assignments' programs claim an IP that is none; it is
    /// not believed anyway.
    pub address: Option<SocketAddr>,
    /// The caller's secret.
    pub ticket: Option<Secret>,
    /// The called one's secret.
    pub answer: Option<Secret>,
}

impl Greeting {
    /// The block that says this.
    pub fn to_block(&self) -> Block {
        let block = Block::new("CHAT").with("clientID", &self.name);
        let block = match self.address {
            Some(address) => block.with_address(address),
            None => block,
        };
        block.with_some("Ticket", self.ticket.as_ref()).with_some("Answer", self.answer.as_ref())
    }

    /// Reads a CHAT; `None` if it is none, or its name is no name.
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
        })
    }
}

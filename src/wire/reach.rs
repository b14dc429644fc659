//! How a client can be reached: what it says of that itself, and how it shows that it may be relayed.

use std::net::SocketAddr;

use super::block::Block;
use super::secret::Secret;

/// The value of the header Secure. Any other one says nothing.
const SECURE: &str = "tls";

/// By which secret of an introduction a client shows that it is one of the two who may be relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayProof {
    /// The one who has asked for the introduction shows the ticket.
    Ticket(Secret),
    /// The one who was called shows the answer.
    Answer(Secret),
}

/// What JOIN says of how its client can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reachable {
    /// Whether it can be called by TLS.
    pub secure: bool,
    /// Its own idea of its address. A client that says it knows the ways through NATs.
    pub local: Option<SocketAddr>,
}

impl Reachable {
    /// Reads what a block says of it. What cannot be read says nothing.
    pub(super) fn of(block: &Block) -> Reachable {
        Reachable { secure: is_secure(block), local: block.get("Local") }
    }
}

impl RelayProof {
    /// Reads by which secret a client is to be relayed.
    pub(super) fn of(block: &Block) -> Option<RelayProof> {
        let ticket = block.get("Ticket").map(RelayProof::Ticket);
        ticket.or_else(|| block.get("Answer").map(RelayProof::Answer))
    }
}

/// Whether a block says that its sender, or the client that it is about, can be called by TLS.
pub(super) fn is_secure(block: &Block) -> bool {
    block.header("Secure") == Some(SECURE)
}

impl Block {
    /// Adds that a client can be called by TLS, if it can.
    #[must_use]
    pub(super) fn with_secure(self, secure: bool) -> Block {
        self.with_some("Secure", secure.then_some(SECURE))
    }

    /// Adds how a client can be reached.
    #[must_use]
    pub(super) fn with_reachable(self, reachable: &Reachable) -> Block {
        self.with_secure(reachable.secure).with_some("Local", reachable.local)
    }

    /// Adds the secret by which a client is to be relayed.
    #[must_use]
    pub(super) fn with_proof(self, proof: RelayProof) -> Block {
        match proof {
            RelayProof::Ticket(ticket) => self.with("Ticket", ticket),
            RelayProof::Answer(answer) => self.with("Answer", answer),
        }
    }
}

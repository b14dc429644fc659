//! REFLEX and REFLEXACK: a client asks the server, over UDP, which address its datagrams come from.
//!
//! Behind a NAT (RFC 3022) that is another address than the client's own. STUN (RFC 8489) is the field's protocol for
//! the question; this one fits the grammar of all others here. A server that answered anybody would be an amplifier,
//! and would believe anybody: so the question carries a proof that its sender is in the room, and the answer is not
//! longer.

use std::net::SocketAddr;

use super::block::{Block, MAX_REQUEST_LINES};
use super::datagram::MAX_DATAGRAM;
use super::entry::address;
use super::framing::BlockReader;
use super::name::Name;
use super::secret::Secret;
use crate::tls::sha256::hmac;

/// What fills the question, so that no answer is longer: an IPv6 address has up to 39 characters.
const PAD: &str = "................................................";

/// The question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReflexQuestion {
    /// Who asks.
    pub name: Name,
    /// A number that rises with each question, so that nobody can repeat one.
    pub number: u64,
    /// The proof that its sender has the secret of that name.
    proof: Secret,
}

impl ReflexQuestion {
    /// The question of a client, with the secret that JOINACK has told it.
    pub fn new(name: &Name, number: u64, reflex: Secret) -> ReflexQuestion {
        ReflexQuestion { name: name.clone(), number, proof: proof(name, number, reflex) }
    }

    /// Whether its sender has this secret.
    pub fn proves(&self, reflex: Secret) -> bool {
        self.proof == proof(&self.name, self.number, reflex)
    }

    /// Writes the question as a block.
    pub fn to_block(&self) -> Block {
        let block = Block::new("REFLEX").with("clientID", &self.name).with("N", self.number);
        block.with("Proof", self.proof).with("Pad", PAD)
    }

    /// Reads a datagram from any sender. `None` unless it is one whole question and nothing else.
    pub fn parse(bytes: &[u8]) -> Option<ReflexQuestion> {
        let block = whole(bytes).filter(|block| block.kind() == "REFLEX")?;
        let (name, number) = (block.get("clientID")?, block.get("N")?);
        Some(ReflexQuestion { name, number, proof: block.get("Proof")? })
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReflexAnswer {
    /// The number of the question.
    pub number: u64,
    /// The address from which the question came.
    pub address: SocketAddr,
}

impl ReflexAnswer {
    /// Writes the answer as a block.
    pub fn to_block(self) -> Block {
        Block::new("REFLEXACK").with("N", self.number).with_address(self.address)
    }

    /// Reads a datagram from any sender. `None` unless it is one whole answer and nothing else.
    pub fn parse(bytes: &[u8]) -> Option<ReflexAnswer> {
        let block = whole(bytes).filter(|block| block.kind() == "REFLEXACK")?;
        Some(ReflexAnswer { number: block.get("N")?, address: address(&block)? })
    }
}

/// The first half of HMAC-SHA256 (RFC 2104) over the name and, right behind it, the number's digits.
fn proof(name: &Name, number: u64, reflex: Secret) -> Secret {
    let hash = hmac(&reflex.bytes(), format!("{name}{number}").as_bytes());
    Secret::of(std::array::from_fn(|place| hash[place]))
}

/// The block that a datagram is, if it is exactly one.
fn whole(bytes: &[u8]) -> Option<Block> {
    let mut reader =
        BlockReader::new(bytes.get(..bytes.len().min(MAX_DATAGRAM))?, MAX_REQUEST_LINES);
    let block = reader.read().ok()??.ok()?;
    (bytes.len() <= MAX_DATAGRAM && reader.get_ref().is_empty()).then_some(block)
}

//! MSG, ACK, PUNCH and PUNCHACK: what peers exchange over UDP, one block per datagram.
//!
//! UDP loses datagrams, repeats them and changes their order. The numbers in these blocks are what
//! [`reliable`](crate::client::direct::udp::reliable) needs to put that right.

use std::fmt;
use std::str::FromStr;

use super::block::{Block, MAX_REQUEST_LINES};
use super::framing::BlockReader;
use super::name::Name;
use super::secret::Secret;
use super::text::Text;

/// The most bytes of a datagram (PROTOCOL, limits). It fits into one packet on nearly every path: IPv6 promises 1,280
/// bytes (RFC 8200, section 5).
pub const MAX_DATAGRAM: usize = 1_200;
/// The most bytes of a sealed datagram: IPv6's smallest packet (RFC 8200, section 5) without the headers of IPv6 and
/// UDP. The longest MSG with a text of 1,000 bytes has 1,157; its head has at most 58 bytes, and its proof 16.
pub const MAX_SEALED: usize = 1_232;
/// The first line of a sealed datagram.
const SEALED: &[u8] = b"SEALED\r\n";

/// What stands in the clear before a sealed datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHead {
    /// For: the key, by the identity of its ticket.
    pub identity: String,
    /// N: the number of the datagram.
    pub number: u64,
}

impl SealedHead {
    /// Writes the head, through its blank line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let block = Block::new("SEALED").with("For", &self.identity).with("N", self.number);
        block.to_string().into_bytes()
    }

    /// Splits a datagram after its head. `None` if it is not a sealed one.
    pub fn split(bytes: &[u8]) -> Option<(SealedHead, &[u8])> {
        if !bytes.starts_with(SEALED) {
            return None;
        }
        let mut reader = BlockReader::new(bytes, MAX_REQUEST_LINES);
        let block = reader.read().ok()??.ok()?;
        let head = SealedHead { identity: block.get("For")?, number: block.get("N")? };
        Some((head, *reader.get_ref()))
    }
}

/// What fills PUNCH, so that its answer is not longer: that has a longer TYPE, and perhaps a longer N.
const PUNCH_PAD: &str = "......................";

/// The most bytes of the text in a datagram.
pub const MAX_DATAGRAM_TEXT: usize = 1_000;

/// One datagram between peers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Datagram {
    /// A text. The ticket tells whose it is and in which conversation; `first` is the lowest number that the sender
    /// may still send.
    Msg { name: Name, ticket: Secret, seq: u64, first: u64, text: String },
    /// The receipt for text `seq`. The answer tells in which conversation; all texts up to
    /// `upto` have arrived or were given up.
    Ack { answer: Secret, seq: u64, upto: u64 },
    /// The question whether datagrams reach the peer at an address. Always sealed.
    Punch { nonce: PunchNonce },
    /// The answer to it, from where it has arrived. Always sealed.
    PunchAck { nonce: PunchNonce },
}

/// 64 random bits, on the wire 16 lower-case hex digits: who repeats them has received them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PunchNonce(pub u64);

impl FromStr for PunchNonce {
    type Err = ();

    fn from_str(text: &str) -> Result<PunchNonce, ()> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let valid = text.len() == 16 && text.bytes().all(lower_hex);
        let number = if valid { u64::from_str_radix(text, 16) } else { return Err(()) };
        number.map(PunchNonce).map_err(drop)
    }
}

impl fmt::Display for PunchNonce {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Datagram {
    /// Writes the datagram as a block.
    pub fn to_block(&self) -> Block {
        match self {
            Datagram::Msg { name, ticket, seq, first, text } => {
                let block = Block::new("MSG").with("clientID", name).with("Ticket", ticket);
                block.with("Seq", seq).with("First", first).with("Text", text)
            }
            Datagram::Ack { answer, seq, upto } => {
                Block::new("ACK").with("Answer", answer).with("Seq", seq).with("Upto", upto)
            }
            Datagram::Punch { nonce } => {
                Block::new("PUNCH").with("Nonce", nonce).with("Pad", PUNCH_PAD)
            }
            Datagram::PunchAck { nonce } => Block::new("PUNCHACK").with("Nonce", nonce),
        }
    }

    /// Reads a datagram from any sender. Returns `None` unless it is one whole block of these and nothing else.
    pub fn parse(bytes: &[u8]) -> Option<Datagram> {
        if bytes.len() > MAX_DATAGRAM {
            return None;
        }
        let mut reader = BlockReader::new(bytes, MAX_REQUEST_LINES);
        let block = reader.read().ok()??.ok()?;
        if !reader.get_ref().is_empty() {
            return None; // a second block, or a piece of one
        }
        let seq = || block.get("Seq").filter(|seq| (1..u64::MAX).contains(seq));
        match block.kind() {
            "MSG" => {
                let seq = seq()?;
                let (name, ticket) = (block.get("clientID")?, block.get("Ticket")?);
                let text = Text::parse(block.header("Text")?).ok()?.to_string();
                let first = block.get("First").filter(|first| (1..=seq).contains(first))?;
                Some(Datagram::Msg { name, ticket, seq, first, text })
            }
            "ACK" => {
                let (answer, seq, upto) = (block.get("Answer")?, seq()?, block.get("Upto")?);
                Some(Datagram::Ack { answer, seq, upto })
            }
            "PUNCH" => Some(Datagram::Punch { nonce: block.get("Nonce")? }),
            "PUNCHACK" => Some(Datagram::PunchAck { nonce: block.get("Nonce")? }),
            _ => None,
        }
    }
}

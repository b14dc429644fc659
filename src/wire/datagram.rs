//! MSG and ACK: what peers exchange over UDP, one block per datagram.

use super::block::{Block, MAX_REQUEST_LINES};
use super::framing::BlockReader;
use super::name::Name;
use super::secret::Secret;
use super::text::Text;

/// The most bytes of a datagram (PROTOCOL, limits): it fits into one packet nearly everywhere.
pub const MAX_DATAGRAM: usize = 1_200;
/// The most bytes of the text in it.
pub const MAX_DATAGRAM_TEXT: usize = 1_000;

/// One datagram between peers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Datagram {
    /// A text; the ticket tells whose and in which conversation.
    Msg { name: Name, ticket: Secret, seq: u64, first: u64, text: String },
    /// A text has arrived; the answer tells where.
    Ack { answer: Secret, seq: u64, upto: u64 },
}

impl Datagram {
    /// The block that says this.
    pub fn to_block(&self) -> Block {
        match self {
            Datagram::Msg { name, ticket, seq, first, text } => {
                let block = Block::new("MSG").with("clientID", name).with("Ticket", ticket);
                block.with("Seq", seq).with("First", first).with("Text", text)
            }
            Datagram::Ack { answer, seq, upto } => {
                Block::new("ACK").with("Answer", answer).with("Seq", seq).with("Upto", upto)
            }
        }
    }

    /// Reads what has come, from whomever: `None` for what is no MSG or ACK, whole and alone.
    pub fn parse(bytes: &[u8]) -> Option<Datagram> {
        if bytes.len() > MAX_DATAGRAM {
            return None;
        }
        let mut reader = BlockReader::new(bytes, MAX_REQUEST_LINES);
        let block = reader.read().ok()??.ok()?;
        if !reader.get_ref().is_empty() {
            return None;
        }
        let seq = block.get("Seq").filter(|seq| (1..u64::MAX).contains(seq))?;
        match block.kind() {
            "MSG" => {
                let (name, ticket) = (block.get("clientID")?, block.get("Ticket")?);
                let text = Text::parse(block.header("Text")?).ok()?.to_string();
                let first = block.get("First").filter(|first| (1..=seq).contains(first))?;
                Some(Datagram::Msg { name, ticket, seq, first, text })
            }
            "ACK" => {
                let (answer, upto) = (block.get("Answer")?, block.get("Upto")?);
                Some(Datagram::Ack { answer, seq, upto })
            }
            _ => None,
        }
    }
}

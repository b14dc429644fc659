//! What the server says unasked to those who have joined, as types: to and from blocks, without I/O.

use std::fmt;
use std::str::FromStr;

use super::block::Block;
use super::entry::{Credentials, Entry};
use super::name::Name;
use super::request::Via;

/// Why somebody left, or was sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum Reason {
    Quit,
    Gone,
    Timeout,
    Slow,
    Kicked,
    Replaced,
    Shutdown,
}

impl Reason {
    const ALL: [(Reason, &str); 7] = [
        (Reason::Quit, "quit"),
        (Reason::Gone, "gone"),
        (Reason::Timeout, "timeout"),
        (Reason::Slow, "slow"),
        (Reason::Kicked, "kicked"),
        (Reason::Replaced, "replaced"),
        (Reason::Shutdown, "shutdown"),
    ];
}

impl FromStr for Reason {
    type Err = ();

    fn from_str(text: &str) -> Result<Reason, ()> {
        let found = Reason::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(reason, _)| *reason).ok_or(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let found = Reason::ALL.iter().find(|(reason, _)| reason == self);
        f.write_str(found.map_or("", |(_, word)| word))
    }
}

/// A notice of the server. CALL says that somebody was given this client's address and is about to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Notification {
    Said { seq: u64, time: String, id: u64, name: Name, text: String },
    Told { time: String, id: u64, name: Name, text: String },
    Joined(Entry),
    Left { id: u64, name: Name, reason: Option<Reason> },
    Call { caller: Entry, via: Via, vouch: Credentials },
    Ping { token: Option<String> },
    Bye { reason: Option<Reason> },
}

impl Notification {
    /// The block that says this.
    pub fn to_block(&self) -> Block {
        match self {
            Notification::Said { seq, time, id, name, text } => {
                let block = Block::new("SAID").with("Seq", seq).with("Time", time);
                block.with_client(*id, name).with("Text", text)
            }
            Notification::Told { time, id, name, text } => {
                Block::new("TOLD").with("Time", time).with_client(*id, name).with("Text", text)
            }
            Notification::Joined(Entry { name, address, id }) => {
                Block::new("JOINED").with_client(*id, name).with_address(*address)
            }
            Notification::Left { id, name, reason } => {
                Block::new("LEFT").with_client(*id, name).with_some("Reason", reason.as_ref())
            }
            Notification::Call { caller: Entry { name, address, id }, via, vouch } => {
                let block = Block::new("CALL").with_client(*id, name).with_address(*address);
                block.with_vouch(*via, vouch)
            }
            Notification::Ping { token } => Block::new("PING").with_some("Token", token.as_ref()),
            Notification::Bye { reason } => Block::new("BYE").with_some("Reason", reason.as_ref()),
        }
    }

    /// Reads a block from a server, which may be anybody's: `None` for what it does not understand.
    pub fn parse(block: &Block) -> Option<Notification> {
        let (id, name) = (block.get("ID"), block.get("clientID"));
        let (time, text) = (block.get("Time"), block.get("Text"));
        let (reason, token) = (block.get("Reason"), block.get("Token"));
        Some(match block.kind() {
            "SAID" => {
                let (seq, time) = (block.get("Seq")?, time?);
                Notification::Said { seq, time, id: id?, name: name?, text: text? }
            }
            "TOLD" => Notification::Told { time: time?, id: id?, name: name?, text: text? },
            "JOINED" => Notification::Joined(Entry::of(block)?),
            "LEFT" => Notification::Left { id: id?, name: name?, reason },
            "CALL" => {
                let (via, vouch) = Credentials::of(block)?;
                Notification::Call { caller: Entry::of(block)?, via, vouch }
            }
            "PING" => Notification::Ping { token },
            "BYE" => Notification::Bye { reason },
            _ => return None,
        })
    }
}

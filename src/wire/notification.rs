//! What the server says to members unasked, as types: to and from blocks, without I/O.
//!
//! SAID is here twice. As a value it is one of the [`Notification`]s; the room writes it by hand
//! ([`write_said_head`]), and the load generator reads it by hand ([`scan_said`]), because they handle thousands a
//! second. A test holds that both are the same block.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use super::block::Block;
use super::entry::{Candidates, Credentials, Entry};
use super::name::Name;
use super::via::Via;

/// Why a client has left the room, or why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The client has sent QUIT.
    Quit,
    /// The connection broke.
    Gone,
    /// The client was silent for too long.
    Timeout,
    /// The client read too slowly.
    Slow,
    /// The operator has ended the connection.
    Kicked,
    /// The client has returned on another connection.
    Replaced,
    /// The server ends.
    Shutdown,
}

impl Reason {
    /// The reasons with their words on the wire.
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

/// The TYPE of a room's message.
const SAID: &str = "SAID";
/// The end of a SAID block's tail, after its text.
pub const SAID_TAIL_END: &str = "\r\n\r\n";

/// Writes SAID as a block.
fn said(seq: u64, time: &str, id: u64, name: &Name, text: &str) -> Block {
    let block = Block::new(SAID).with("Seq", seq).with("Time", time);
    block.with_client(id, name).with("Text", text)
}

/// Appends the head of a SAID block: its TYPE, its number, and whether it is told again.
///
/// The head holds what only the room knows, under its lock. The tail holds the rest, and the sender's thread
/// prepares it without a lock: [`said_tail_start`], the text, [`SAID_TAIL_END`].
pub fn write_said_head(to: &mut Vec<u8>, seq: u64, replay: bool) {
    let replay = if replay { "Replay: yes\r\n" } else { "" };
    write!(to, "{SAID}\r\nSeq: {seq}\r\n{replay}").expect("BUG: a Vec takes all writes");
}

/// The start of a SAID block's tail, up to its text, which must be a valid [`Text`](super::text::Text).
pub fn said_tail_start(time: &str, id: u64, name: &Name) -> String {
    format!("Time: {time}\r\nID: {id}\r\nclientID: {name}\r\nText: ")
}

/// Reads the number and the text of a SAID block that is written as above. Returns `None` for any other block.
pub fn scan_said(block: &[u8]) -> Option<(u64, &[u8])> {
    let lines = block.split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.next().filter(|kind| *kind == SAID.as_bytes())?;
    let seq = lines.find_map(|line| line.strip_prefix(b"Seq: "))?;
    let text = lines.find_map(|line| line.strip_prefix(b"Text: "))?;
    Some((std::str::from_utf8(seq).ok()?.parse().ok()?, text))
}

/// A notification of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Notification {
    /// SAID: a message to everyone in the room.
    Said { seq: u64, time: String, id: u64, name: Name, text: String },
    /// TOLD: a text to this client alone.
    Told { time: String, id: u64, name: Name, text: String },
    /// JOINED: a client is in the room now, or has another address.
    Joined(Entry),
    /// LEFT: a client has left the room.
    Left { id: u64, name: Name, reason: Option<Reason> },
    /// CALL: the caller is about to use this client's address, with these secrets.
    Call { caller: Entry, via: Via, credentials: Credentials, candidates: Candidates },
    /// PING: the server asks whether the client is still there.
    Ping { token: Option<String> },
    /// BYE: the server ends the connection.
    Bye { reason: Option<Reason> },
}

impl Notification {
    /// Writes the notification as a block.
    pub fn to_block(&self) -> Block {
        match self {
            Notification::Said { seq, time, id, name, text } => said(*seq, time, *id, name, text),
            Notification::Told { time, id, name, text } => {
                Block::new("TOLD").with("Time", time).with_client(*id, name).with("Text", text)
            }
            Notification::Joined(Entry { name, address, id }) => {
                Block::new("JOINED").with_client(*id, name).with_address(*address)
            }
            Notification::Left { id, name, reason } => {
                Block::new("LEFT").with_client(*id, name).with_some("Reason", reason.as_ref())
            }
            Notification::Call {
                caller: Entry { name, address, id },
                via,
                credentials,
                candidates,
            } => {
                let block = Block::new("CALL").with_client(*id, name).with_address(*address);
                block.with_credentials(*via, credentials).with_candidates(candidates)
            }
            Notification::Ping { token } => Block::new("PING").with_some("Token", token.as_ref()),
            Notification::Bye { reason } => Block::new("BYE").with_some("Reason", reason.as_ref()),
        }
    }

    /// Reads a notification from a block. Returns `None` for a block that is none, or that lacks a header: the
    /// server may be another program.
    pub fn parse(block: &Block) -> Option<Notification> {
        let (id, name) = (block.get("ID"), block.get("clientID"));
        let (time, text) = (block.get("Time"), block.get("Text"));
        let (reason, token) = (block.get("Reason"), block.get("Token"));
        Some(match block.kind() {
            SAID => {
                let (seq, time) = (block.get("Seq")?, time?);
                Notification::Said { seq, time, id: id?, name: name?, text: text? }
            }
            "TOLD" => Notification::Told { time: time?, id: id?, name: name?, text: text? },
            "JOINED" => Notification::Joined(Entry::of(block)?),
            "LEFT" => Notification::Left { id: id?, name: name?, reason },
            "CALL" => {
                let (via, credentials) = Credentials::of(block)?;
                let (caller, candidates) = (Entry::of(block)?, Candidates::of(block));
                Notification::Call { caller, via, credentials, candidates }
            }
            "PING" => Notification::Ping { token },
            "BYE" => Notification::Bye { reason },
            _ => return None,
        })
    }
}

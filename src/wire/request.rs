//! What a client asks of the server, as types: to and from blocks, without I/O.
//!
//! A [`Request`] that parses is valid: its name, text and port keep to their rules. Otherwise there is a [`Refusal`],
//! with a code for programs and a sentence for people. Unknown headers are ignored, so that a later version of the
//! protocol can add some.

use std::fmt;
use std::net::IpAddr;

use super::block::Block;
use super::framing::FramingError;
use super::name::{BadName, Name, PeerRef};
use super::reach::{Reachable, RelayProof};
use super::secret::Secret;
use super::text::{BadText, Text};
use super::via::Via;

/// The smallest port that a client may listen on. The ports below are the system's (RFC 6335, section 6).
const MIN_PORT: u16 = 1024;
/// How many messages HISTORY gives if it does not say.
pub const USUAL_HISTORY: u64 = 20;
/// The most messages that HISTORY gives.
const MAX_HISTORY: u64 = 200;

/// The codes of ERROR blocks (PROTOCOL explains them).
#[allow(missing_docs, reason = "the protocol's own words")]
pub mod code {
    pub const MALFORMED: &str = "malformed";
    pub const TOO_LONG: &str = "too-long";
    pub const UNKNOWN_TYPE: &str = "unknown-type";
    pub const BAD_NAME: &str = "bad-name";
    pub const BAD_PORT: &str = "bad-port";
    pub const BAD_TEXT: &str = "bad-text";
    pub const NAME_TAKEN: &str = "name-taken";
    pub const NOT_REGISTERED: &str = "not-registered";
    pub const NOT_JOINED: &str = "not-joined";
    pub const ALREADY_JOINED: &str = "already-joined";
    pub const NO_SUCH_CLIENT: &str = "no-such-client";
    pub const SERVER_FULL: &str = "server-full";
    pub const SELF: &str = "self";
    pub const BANNED: &str = "banned";
    pub const TLS_REQUIRED: &str = "tls-required";
    pub const NO_SUCH_CALL: &str = "no-such-call";
    pub const RELAY_FULL: &str = "relay-full";
}

/// Why a request was refused: a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error's code, one of [`code`].
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// Writes the ERROR block for a request of TYPE `kind`, which is empty if it could not be read.
    pub fn to_block(&self, kind: &str) -> Block {
        Block::new("ERROR").with("For", kind).with("Code", self.code).with("Message", &self.message)
    }
}

/// Returns the TYPE of a block that could not be read, and the refusal for it. A browser gets no refusal: a web
/// page that makes it connect must not learn anything from an answer.
pub fn refuse(error: FramingError) -> Option<(String, Refusal)> {
    match error {
        FramingError::TooLong(kind) => {
            let message = "a line must have at most 4096 bytes and a request at most 16 lines";
            Some((kind, Refusal::new(code::TOO_LONG, message)))
        }
        FramingError::Malformed(kind) => {
            let message = "this is not a block: a TYPE in capitals, lines of UTF-8, a blank line";
            Some((kind, Refusal::new(code::MALFORMED, message)))
        }
        FramingError::Http => None,
    }
}

/// Where a client that comes back has stopped to read the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// The number of the last message that it has seen.
    pub seq: u64,
    /// The epoch of the log in which it has seen that number. One that is no secret is unknown to every server.
    pub log: Option<String>,
}

/// A request with valid headers.
///
/// Compat: `ip` in REGISTER is the address that the client claims. The assignment sends it, and nobody believes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Request {
    /// REGISTER: puts a name and a port into the directory.
    Register { name: Name, ip: Option<IpAddr>, port: u16 },
    /// BRIDGE: asks for a peer to talk to directly.
    Bridge { name: Name, peer: Option<PeerRef>, via: Via },
    /// INFO: asks for the whole directory.
    Info,
    /// JOIN: asks to be let into the room.
    Join { name: Name, token: Option<Secret>, since: Option<LastSeen>, reachable: Reachable },
    /// SAY: says something to everyone in the room.
    Say { text: Text },
    /// TELL: says something to one client.
    Tell { peer: PeerRef, text: Text },
    /// HISTORY: asks for old messages.
    History { before: Option<u64>, last: u64 },
    /// PING: asks whether the server is still there.
    Ping { token: Option<String> },
    /// PONG: the answer to the server's PING.
    Pong { token: Option<String> },
    /// RELAY: asks for the bytes of this connection to be passed on to the other client of an introduction.
    Relay { name: Name, proof: RelayProof },
    /// QUIT: ends the connection.
    Quit,
}

impl Request {
    /// Reads a request; `joined` tells whether its connection is in the room. Checks in the protocol's order: TYPE,
    /// state, headers.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub fn parse(block: &Block, joined: bool) -> Result<Request, Refusal> {
        check_state(block.kind(), joined)?;
        let (name, token) = (|| name(block), || block.get("Token"));
        Ok(match block.kind() {
            "REGISTER" => {
                Request::Register { name: name()?, ip: block.get("IP"), port: port(block)? }
            }
            "BRIDGE" => Request::Bridge { name: name()?, peer: peer(block)?, via: via(block)? },
            "INFO" => Request::Info,
            // A wrong token counts as none, and so does one that is no token at all.
            "JOIN" => {
                let (name, token) = (name()?, block.get("Token"));
                let reachable = Reachable::of(block);
                Request::Join { name, token, since: since(block)?, reachable }
            }
            "SAY" => Request::Say { text: text(block)? },
            "TELL" => {
                let peer = peer(block)?.ok_or_else(|| missing(block, "Peer"))?;
                Request::Tell { peer, text: text(block)? }
            }
            "HISTORY" => {
                let last = number(block, "Last")?.unwrap_or(USUAL_HISTORY).min(MAX_HISTORY);
                Request::History { before: number(block, "Before")?, last }
            }
            "PING" => Request::Ping { token: token() },
            "PONG" => Request::Pong { token: token() },
            "RELAY" => {
                let proof = RelayProof::of(block);
                let proof = proof.ok_or_else(|| missing(block, "Ticket or Answer"))?;
                Request::Relay { name: name()?, proof }
            }
            "QUIT" => Request::Quit,
            _ => return Err(Refusal::new(code::UNKNOWN_TYPE, "there is no such request type")),
        })
    }

    /// Writes the request as a block.
    ///
    /// Compat: REGISTER, and BRIDGE without a peer, have exactly the assignment's headers, in its order.
    pub fn to_block(&self) -> Block {
        match self {
            Request::Register { name, ip, port } => {
                let ip = ip.map_or(String::new(), |ip| ip.to_string());
                Block::new("REGISTER").with("clientID", name).with("IP", ip).with("Port", port)
            }
            Request::Bridge { name, peer: None, .. } => Block::new("BRIDGE").with("clientID", name),
            Request::Bridge { name, peer: Some(peer), via } => {
                Block::new("BRIDGE").with("clientID", name).with("Peer", peer).with("Via", via)
            }
            Request::Info => Block::new("INFO").with_line("Requesting clients"),
            Request::Join { name, token, since, reachable } => {
                let block = Block::new("JOIN").with("clientID", name);
                let block = block.with_some("Token", token.as_ref());
                let block = block.with_some("Since", since.as_ref().map(|since| since.seq));
                let log = since.as_ref().and_then(|since| since.log.as_ref());
                block.with_some("Log", log).with_reachable(reachable)
            }
            Request::Say { text } => Block::new("SAY").with("Text", text),
            Request::Tell { peer, text } => {
                Block::new("TELL").with("Peer", peer).with("Text", text)
            }
            Request::History { before, last } => {
                let block = Block::new("HISTORY").with_some("Before", before.as_ref());
                block.with("Last", last)
            }
            Request::Ping { token } => Block::new("PING").with_some("Token", token.as_ref()),
            Request::Pong { token } => Block::new("PONG").with_some("Token", token.as_ref()),
            Request::Relay { name, proof } => {
                Block::new("RELAY").with("clientID", name).with_proof(*proof)
            }
            Request::Quit => Block::new("QUIT"),
        }
    }
}

/// Whether a request may come on a connection that has `joined`, or has not.
fn check_state(kind: &str, joined: bool) -> Result<(), Refusal> {
    let (code, message) = match (kind, joined) {
        ("JOIN", true) => (code::ALREADY_JOINED, "you have already joined"),
        ("RELAY", true) => (code::ALREADY_JOINED, "a relay needs a connection of its own"),
        ("SAY" | "TELL" | "HISTORY", false) => (code::NOT_JOINED, "join the room first"),
        _ => return Ok(()),
    };
    Err(Refusal::new(code, message))
}

/// The refusal for a header that is not there.
fn missing(block: &Block, header: &str) -> Refusal {
    Refusal::new(code::MALFORMED, format!("{} needs the header {header}", block.kind()))
}

/// The value of a header that must be there.
fn required<'a>(block: &'a Block, header: &str) -> Result<&'a str, Refusal> {
    block.header(header).ok_or_else(|| missing(block, header))
}

/// Reads the client's name.
fn name(block: &Block) -> Result<Name, Refusal> {
    let name: Result<Name, BadName> = required(block, "clientID")?.parse();
    name.map_err(|rule| Refusal::new(code::BAD_NAME, rule.to_string()))
}

/// Reads the client's port. A plus sign, which Rust takes for a part of a number, is refused.
fn port(block: &Block) -> Result<u16, Refusal> {
    let digits = Some(required(block, "Port")?).filter(|port| !port.starts_with('+'));
    let port = digits.and_then(|port| port.parse().ok()).filter(|port| *port >= MIN_PORT);
    let rule = || format!("a port must be a number from {MIN_PORT} to 65535");
    port.ok_or_else(|| Refusal::new(code::BAD_PORT, rule()))
}

/// Reads the peer that is asked for. A value that can be neither a name nor an ID counts as a client that does not
/// exist, and not as a mistake of grammar.
fn peer(block: &Block) -> Result<Option<PeerRef>, Refusal> {
    let Some(peer) = block.header("Peer") else { return Ok(None) };
    match peer.parse() {
        Ok(PeerRef::Address(_)) | Err(_) => Err(no_such_client("of that name")),
        Ok(found) => Ok(Some(found)),
    }
}

/// The refusal for a peer that is not in the directory, or not in the room.
pub fn no_such_client(peer: impl fmt::Display) -> Refusal {
    Refusal::new(code::NO_SUCH_CLIENT, format!("there is no client {peer}"))
}

/// Reads the transport, TCP if none is given.
fn via(block: &Block) -> Result<Via, Refusal> {
    let via = block.header("Via").map_or(Ok(Via::Tcp), str::parse);
    via.map_err(|()| Refusal::new(code::MALFORMED, "Via must be tcp, udp, back or relay"))
}

/// Reads a number, if the header is there.
fn number(block: &Block, header: &str) -> Result<Option<u64>, Refusal> {
    let parse = |value: &str| value.parse().ok().filter(|_| !value.starts_with('+'));
    let bad = || Refusal::new(code::MALFORMED, format!("{header} must be a number"));
    block.header(header).map(|value| parse(value).ok_or_else(bad)).transpose()
}

/// Reads which messages a client has seen. Without Since a Log says nothing.
fn since(block: &Block) -> Result<Option<LastSeen>, Refusal> {
    let log = || block.header("Log").map(str::to_owned);
    Ok(number(block, "Since")?.map(|seq| LastSeen { seq, log: log() }))
}

/// Reads the text of a message.
fn text(block: &Block) -> Result<Text, Refusal> {
    Text::parse(required(block, "Text")?).map_err(|bad| {
        let long = bad == BadText::TooLong;
        Refusal::new(if long { code::TOO_LONG } else { code::BAD_TEXT }, bad.to_string())
    })
}

//! What a client asks of the server, as types: to and from blocks, without I/O.

use std::fmt;
use std::net::IpAddr;

use super::block::Block;
use super::name::{NAME_RULE, Name, Who};
use super::reader::Flaw;
use super::secret::Secret;
use super::text::{BadText, Text};

/// The smallest port a client may listen on; those below belong to the system.
pub const MIN_PORT: u16 = 1024;

/// The TYPE of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Into the directory.
    Register,
    /// Who is there to talk to?
    Bridge,
    /// The whole directory.
    Info,
    /// Into the room.
    Join,
    /// To everyone in the room.
    Say,
    /// To one in the room.
    Tell,
    /// Are you there?
    Ping,
    /// Goodbye.
    Quit,
    /// The answer to the server's own PING. It is no request: it is never answered.
    Pong,
}

impl Verb {
    /// The request that a block's TYPE names.
    pub fn of(block: &Block) -> Option<Verb> {
        Some(match block.kind() {
            "REGISTER" => Verb::Register,
            "BRIDGE" => Verb::Bridge,
            "INFO" => Verb::Info,
            "JOIN" => Verb::Join,
            "SAY" => Verb::Say,
            "TELL" => Verb::Tell,
            "PING" => Verb::Ping,
            "QUIT" => Verb::Quit,
            "PONG" => Verb::Pong,
            _ => return None,
        })
    }

    /// Whether only those who have joined may ask this.
    pub fn needs_join(self) -> bool {
        matches!(self, Verb::Say | Verb::Tell)
    }
}

/// How a client is about to talk to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Over a connection.
    Tcp,
    /// By datagrams.
    Udp,
}

impl Via {
    /// Reads `tcp` or `udp`.
    pub fn parse(text: &str) -> Option<Via> {
        match text {
            "tcp" => Some(Via::Tcp),
            "udp" => Some(Via::Udp),
            _ => None,
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(if *self == Via::Tcp { "tcp" } else { "udp" })
    }
}

/// Which error an ERROR block tells of (PROTOCOL lists them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum Code {
    Malformed,
    TooLong,
    UnknownType,
    BadName,
    BadPort,
    BadText,
    NameTaken,
    NotRegistered,
    NotJoined,
    AlreadyJoined,
    NoSuchClient,
    ServerFull,
    Oneself,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Code::Malformed => "malformed",
            Code::TooLong => "too-long",
            Code::UnknownType => "unknown-type",
            Code::BadName => "bad-name",
            Code::BadPort => "bad-port",
            Code::BadText => "bad-text",
            Code::NameTaken => "name-taken",
            Code::NotRegistered => "not-registered",
            Code::NotJoined => "not-joined",
            Code::AlreadyJoined => "already-joined",
            Code::NoSuchClient => "no-such-client",
            Code::ServerFull => "server-full",
            Code::Oneself => "self",
        })
    }
}

/// Why a request was refused: a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which error it is.
    pub code: Code,
    /// What to tell a person.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// The ERROR block, for a request of TYPE `kind` (empty if it could not be read).
    pub fn to_block(&self, kind: &str) -> Block {
        Block::new("ERROR").with("For", kind).with("Code", self.code).with("Message", &self.message)
    }
}

/// What is told to somebody whose block could not be read. The first part is the block's TYPE.
pub fn refuse_flaw(flaw: Flaw) -> Option<(String, Refusal)> {
    match flaw {
        Flaw::TooLong(kind) => {
            let message = "a line has at most 4096 bytes and a request at most 16 lines";
            Some((kind, Refusal::new(Code::TooLong, message)))
        }
        Flaw::Malformed(kind) => {
            let message = "this is no block: a TYPE in capitals, lines of UTF-8, a blank line";
            Some((kind, Refusal::new(Code::Malformed, message)))
        }
        Flaw::Http => None,
    }
}

/// A request, its headers checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Request {
    /// `ip` is what the client claims. It is written because the assignments do; nobody believes it.
    Register {
        name: Name,
        ip: Option<IpAddr>,
        port: u16,
    },
    Bridge {
        name: Name,
        peer: Option<Who>,
        via: Via,
    },
    Info,
    Join {
        name: Name,
        token: Option<Secret>,
        since: Option<u64>,
    },
    Say {
        text: Text,
    },
    Tell {
        peer: Who,
        text: Text,
    },
    Ping {
        token: Option<String>,
    },
    Pong {
        token: Option<String>,
    },
    Quit,
}

impl Request {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// The refusal to answer with, when a header is missing or ill-formed.
    pub fn parse(verb: Verb, block: &Block) -> Result<Request, Refusal> {
        let token = || block.header("Token").map(str::to_owned);
        Ok(match verb {
            Verb::Register => {
                Request::Register { name: name(block)?, ip: None, port: port(block)? }
            }
            Verb::Bridge => {
                Request::Bridge { name: name(block)?, peer: peer(block)?, via: via(block)? }
            }
            Verb::Info => Request::Info,
            Verb::Join => {
                // A token that is wrong is ignored, and so is one that is none.
                let token = block.header("Token").and_then(Secret::parse);
                Request::Join { name: name(block)?, token, since: since(block)? }
            }
            Verb::Say => Request::Say { text: text(block)? },
            Verb::Tell => {
                let peer = peer(block)?.ok_or_else(|| missing(block, "Peer"))?;
                Request::Tell { peer, text: text(block)? }
            }
            Verb::Ping => Request::Ping { token: token() },
            Verb::Pong => Request::Pong { token: token() },
            Verb::Quit => Request::Quit,
        })
    }

    /// The request as a block. REGISTER and BRIDGE without a peer have exactly the headers of the
    /// assignments, in their order: some of their servers exit on any other.
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
            Request::Join { name, token, since } => {
                let block = Block::new("JOIN").with("clientID", name);
                block.with_some("Token", token.as_ref()).with_some("Since", since.as_ref())
            }
            Request::Say { text } => Block::new("SAY").with("Text", text),
            Request::Tell { peer, text } => {
                Block::new("TELL").with("Peer", peer).with("Text", text)
            }
            Request::Ping { token } => Block::new("PING").with_some("Token", token.as_ref()),
            Request::Pong { token } => Block::new("PONG").with_some("Token", token.as_ref()),
            Request::Quit => Block::new("QUIT"),
        }
    }
}

fn missing(block: &Block, header: &str) -> Refusal {
    Refusal::new(Code::Malformed, format!("{} needs the header {header}", block.kind()))
}

fn required<'a>(block: &'a Block, header: &str) -> Result<&'a str, Refusal> {
    block.header(header).ok_or_else(|| missing(block, header))
}

fn name(block: &Block) -> Result<Name, Refusal> {
    Name::parse(required(block, "clientID")?).ok_or_else(|| Refusal::new(Code::BadName, NAME_RULE))
}

fn port(block: &Block) -> Result<u16, Refusal> {
    match required(block, "Port")?.parse() {
        Ok(port) if port >= MIN_PORT => Ok(port),
        _ => {
            Err(Refusal::new(Code::BadPort, format!("a port is a number from {MIN_PORT} to 65535")))
        }
    }
}

/// A peer that cannot be a name or an ID is a client that does not exist, not a mistake of grammar.
fn peer(block: &Block) -> Result<Option<Who>, Refusal> {
    let Some(peer) = block.header("Peer") else { return Ok(None) };
    match Who::parse(peer) {
        Some(Who::Address(_)) | None => Err(no_such_client(peer)),
        found => Ok(found),
    }
}

/// The refusal for a peer that is not there.
pub fn no_such_client(peer: impl fmt::Display) -> Refusal {
    Refusal::new(Code::NoSuchClient, format!("there is no client {peer}"))
}

fn via(block: &Block) -> Result<Via, Refusal> {
    let via = block.header("Via").map_or(Some(Via::Tcp), Via::parse);
    via.ok_or_else(|| Refusal::new(Code::Malformed, "Via is tcp or udp"))
}

fn since(block: &Block) -> Result<Option<u64>, Refusal> {
    let parse =
        |value: &str| value.parse().map_err(|_| Refusal::new(Code::Malformed, "Since is a number"));
    block.header("Since").map(parse).transpose()
}

fn text(block: &Block) -> Result<Text, Refusal> {
    Text::parse(required(block, "Text")?).map_err(|bad| {
        let code = if bad == BadText::TooLong { Code::TooLong } else { Code::BadText };
        Refusal::new(code, bad.to_string())
    })
}

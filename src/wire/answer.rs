//! What the server says, asked or unasked, as types: to and from blocks, without I/O.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::block::Block;
use super::name::Name;
use super::request::Via;
use super::secret::Secret;

/// Somebody in the directory; as a line, `alice 127.0.0.1:5556 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Name,
    /// Where this client listens, as the server sees it.
    pub address: SocketAddr,
    /// The server's number for this client.
    pub id: u64,
}

impl Entry {
    fn parse(line: &str) -> Option<Entry> {
        let mut words = line.split_whitespace();
        let name = Name::parse(words.next()?)?;
        let address = words.next()?.parse().ok()?;
        // The assignments' servers may know no IDs.
        let id = words.next().map_or(Some(0), |id| id.parse().ok())?;
        Some(Entry { name, address, id })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.address, self.id)
    }
}

/// The two secrets of an introduction: who shows the ticket is the caller, who shows the answer is the
/// called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouch {
    /// What the caller shows.
    pub ticket: Secret,
    /// What the called one answers with.
    pub answer: Secret,
}

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

    fn parse(text: &str) -> Option<Reason> {
        Reason::ALL.iter().find(|(_, word)| *word == text).map(|(reason, _)| *reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let word =
            Reason::ALL.iter().find(|(reason, _)| reason == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}

/// One block from the server. Its fields are the headers of PROTOCOL.md.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Answer {
    /// `room` tells our server from the assignments', which have neither rooms nor IDs.
    RegAck {
        name: Name,
        address: SocketAddr,
        id: u64,
        expires: u64,
        room: bool,
    },
    /// `None`: nobody else is there.
    BridgeAck(Option<Introduction>),
    InfoAck(Vec<Entry>),
    JoinAck {
        name: Name,
        id: u64,
        token: Secret,
        seq: u64,
        missed: u64,
        message: String,
        others: Vec<Entry>,
    },
    Said {
        seq: u64,
        time: String,
        id: u64,
        name: Name,
        text: String,
    },
    Told {
        time: String,
        id: u64,
        name: Name,
        text: String,
    },
    TellAck {
        id: u64,
        name: Name,
    },
    Joined(Entry),
    Left {
        id: u64,
        name: Name,
        reason: Option<Reason>,
    },
    /// Somebody was given this client's address and is about to use it.
    Call {
        caller: Entry,
        via: Via,
        vouch: Vouch,
    },
    Ping {
        token: Option<String>,
    },
    Pong {
        token: Option<String>,
    },
    Bye {
        reason: Option<Reason>,
    },
    Error {
        about: String,
        code: String,
        message: String,
    },
}

/// Whom a BRIDGE found. What is `None` was not sent: connections that have not joined get exactly the
/// assignments' headers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub struct Introduction {
    pub name: Name,
    pub address: SocketAddr,
    pub id: Option<u64>,
    pub vouched: Option<(Via, Vouch)>,
}

impl Answer {
    /// The block that says this.
    pub fn to_block(&self) -> Block {
        match self {
            Answer::RegAck { name, address, id, expires, room } => {
                let block = with_address(Block::new("REGACK").with("clientID", name), address);
                let block =
                    block.with("Status", "registered").with("ID", id).with("Expires", expires);
                block.with_some("Room", room.then_some("yes"))
            }
            Answer::BridgeAck(None) => {
                Block::new("BRIDGEACK").with("clientID", "").with("IP", "").with("Port", "")
            }
            Answer::BridgeAck(Some(found)) => found.to_block(),
            Answer::InfoAck(entries) => {
                entries.iter().fold(Block::new("INFOACK"), Block::with_line)
            }
            Answer::JoinAck { name, id, token, seq, missed, message, others } => {
                let block = Block::new("JOINACK").with("clientID", name).with("ID", id);
                let block = block.with("Token", token).with("Seq", seq).with("Missed", missed);
                others.iter().fold(block.with("Message", message), Block::with_line)
            }
            Answer::Said { seq, time, id, name, text } => {
                let block = Block::new("SAID").with("Seq", seq).with("Time", time).with("ID", id);
                block.with("clientID", name).with("Text", text)
            }
            Answer::Told { time, id, name, text } => {
                let block = Block::new("TOLD").with("Time", time).with("ID", id);
                block.with("clientID", name).with("Text", text)
            }
            Answer::TellAck { id, name } => with_client(Block::new("TELLACK"), *id, name),
            Answer::Joined(entry) => with_address(
                with_client(Block::new("JOINED"), entry.id, &entry.name),
                &entry.address,
            ),
            Answer::Left { id, name, reason } => {
                with_client(Block::new("LEFT"), *id, name).with_some("Reason", reason.as_ref())
            }
            Answer::Call { caller, via, vouch } => {
                let block = with_client(Block::new("CALL"), caller.id, &caller.name);
                with_vouch(with_address(block, &caller.address), *via, vouch)
            }
            Answer::Ping { token } => Block::new("PING").with_some("Token", token.as_ref()),
            Answer::Pong { token } => Block::new("PONG").with_some("Token", token.as_ref()),
            Answer::Bye { reason } => Block::new("BYE").with_some("Reason", reason.as_ref()),
            Answer::Error { about, code, message } => {
                Block::new("ERROR").with("For", about).with("Code", code).with("Message", message)
            }
        }
    }

    /// Reads a block from a server, which may be anybody's: `None` for what it does not understand.
    pub fn parse(block: &Block) -> Option<Answer> {
        let owned = |header| block.header(header).map(str::to_owned);
        Some(match block.kind() {
            "REGACK" => Answer::RegAck {
                name: name(block)?,
                address: address(block)?,
                id: number(block, "ID").unwrap_or(0),
                expires: number(block, "Expires").unwrap_or(0),
                room: block.header("Room") == Some("yes"),
            },
            "BRIDGEACK" if block.header("clientID")?.is_empty() => Answer::BridgeAck(None),
            "BRIDGEACK" => Answer::BridgeAck(Some(Introduction::parse(block)?)),
            "INFOACK" => Answer::InfoAck(entries(block)),
            "JOINACK" => Answer::JoinAck {
                name: name(block)?,
                id: number(block, "ID")?,
                token: secret(block, "Token")?,
                seq: number(block, "Seq")?,
                missed: number(block, "Missed").unwrap_or(0),
                message: owned("Message").unwrap_or_default(),
                others: entries(block),
            },
            "SAID" => Answer::Said {
                seq: number(block, "Seq")?,
                time: owned("Time")?,
                id: number(block, "ID")?,
                name: name(block)?,
                text: owned("Text")?,
            },
            "TOLD" => Answer::Told {
                time: owned("Time")?,
                id: number(block, "ID")?,
                name: name(block)?,
                text: owned("Text")?,
            },
            "TELLACK" => Answer::TellAck { id: number(block, "ID")?, name: name(block)? },
            "JOINED" => Answer::Joined(entry(block)?),
            "LEFT" => {
                Answer::Left { id: number(block, "ID")?, name: name(block)?, reason: reason(block) }
            }
            "CALL" => {
                let (via, vouch) = vouch(block)?;
                Answer::Call { caller: entry(block)?, via, vouch }
            }
            "PING" => Answer::Ping { token: owned("Token") },
            "PONG" => Answer::Pong { token: owned("Token") },
            "BYE" => Answer::Bye { reason: reason(block) },
            "ERROR" => Answer::Error {
                about: owned("For").unwrap_or_default(),
                code: owned("Code").unwrap_or_default(),
                message: owned("Message").unwrap_or_default(),
            },
            _ => return None,
        })
    }
}

impl Introduction {
    fn to_block(&self) -> Block {
        let block =
            with_address(Block::new("BRIDGEACK").with("clientID", &self.name), &self.address);
        let block = block.with_some("ID", self.id);
        match &self.vouched {
            Some((via, vouch)) => with_vouch(block, *via, vouch),
            None => block,
        }
    }

    fn parse(block: &Block) -> Option<Introduction> {
        Some(Introduction {
            name: name(block)?,
            address: address(block)?,
            id: number(block, "ID"),
            vouched: vouch(block),
        })
    }
}

fn with_client(block: Block, id: u64, name: &Name) -> Block {
    block.with("ID", id).with("clientID", name)
}

fn with_address(block: Block, address: &SocketAddr) -> Block {
    block.with("IP", address.ip()).with("Port", address.port())
}

fn with_vouch(block: Block, via: Via, vouch: &Vouch) -> Block {
    block.with("Via", via).with("Ticket", vouch.ticket).with("Answer", vouch.answer)
}

fn name(block: &Block) -> Option<Name> {
    Name::parse(block.header("clientID")?)
}

fn number(block: &Block, header: &str) -> Option<u64> {
    block.header(header)?.parse().ok()
}

fn secret(block: &Block, header: &str) -> Option<Secret> {
    Secret::parse(block.header(header)?)
}

fn reason(block: &Block) -> Option<Reason> {
    Reason::parse(block.header("Reason")?)
}

fn vouch(block: &Block) -> Option<(Via, Vouch)> {
    let via = block.header("Via").map_or(Some(Via::Tcp), Via::parse)?;
    Some((via, Vouch { ticket: secret(block, "Ticket")?, answer: secret(block, "Answer")? }))
}

fn entry(block: &Block) -> Option<Entry> {
    Some(Entry { name: name(block)?, address: address(block)?, id: number(block, "ID")? })
}

fn entries(block: &Block) -> Vec<Entry> {
    block.lines().filter_map(Entry::parse).collect()
}

/// The address in IP and Port. The assignments' servers may write a name of this machine.
fn address(block: &Block) -> Option<SocketAddr> {
    let ip = match block.header("IP")? {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip.parse().ok()?,
    };
    Some(SocketAddr::new(ip, block.header("Port")?.parse().ok()?))
}

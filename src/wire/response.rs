//! What the server answers to a request, as types: to and from blocks, without I/O.
//!
//! Each request that has an answer gets it as one block, in the order of the requests.
//! [`notification`](super::notification) has what the server says unasked.

use std::net::SocketAddr;

use super::block::Block;
use super::compat;
use super::entry::{Candidates, Credentials, Entry, address};
use super::name::Name;
use super::reach::is_secure;
use super::secret::Secret;
use super::via::Via;

/// The longest interval of PING that counts: a day.
const MOST_PING: u64 = 86_400;

/// An answer of the server. A BRIDGEACK of `None` says that there is no other client.
///
/// Compat: `room` in REGACK is false for the assignments' servers, which have neither rooms nor IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum Response {
    /// REGACK: the name is registered, under this address and for this many seconds.
    RegAck { name: Name, address: SocketAddr, id: u64, expires: u64, room: bool },
    /// BRIDGEACK: the client that was asked for.
    BridgeAck(Option<Introduction>),
    /// INFOACK: the whole directory.
    InfoAck(Vec<Entry>),
    /// JOINACK: the connection is in the room now.
    JoinAck(Welcome),
    /// TELLACK: the text was passed on to this client.
    TellAck { id: u64, name: Name },
    /// HISTORYACK: the end of a replay, and which messages were in it.
    HistoryAck { count: u64, first: u64, last: u64 },
    /// PONG: the answer to PING.
    Pong { token: Option<String> },
    /// RELAYACK: both clients are there, and what they write is passed on from here on.
    RelayAck,
    /// ERROR: the request was refused.
    Error { about: String, code: String, message: String },
}

/// The client that a BRIDGE has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// The client. Compat: its ID is [`NO_ID`](compat::NO_ID) for a connection that has not joined, and then there
    /// is no ID header, which the assignment does not have.
    pub entry: Entry,
    /// The secrets of the introduction, and the transport that they are for, if both clients have joined.
    pub credentials: Option<(Via, Credentials)>,
    /// Where else it may be found.
    pub candidates: Candidates,
}

/// What a new member is told: who it is, where the room's messages stand, and who else is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub struct Welcome {
    pub name: Name,
    pub id: u64,
    /// With this secret the client may return on another connection.
    pub token: Secret,
    /// The number of the room's last message.
    pub seq: u64,
    /// How many messages the client has missed that nobody keeps any more.
    pub missed: u64,
    /// The epoch of the log. A server of the first release names none.
    pub log: Option<Secret>,
    /// After which number of this log the replay begins, if the client has named a log that the server knows.
    pub since: Option<u64>,
    /// After how many seconds of silence the server asks a member with PING, if it says so.
    pub ping: Option<u64>,
    /// Whether the server tells by the header Secure who can be called by TLS. It says so only to those who can.
    pub secure: bool,
    /// With this secret the client asks, by REFLEX, which address the server sees.
    pub reflex: Option<Secret>,
    pub message: String,
    pub others: Vec<Entry>,
}

impl Welcome {
    /// Reads a JOINACK. Returns `None` if it lacks a header without which a client cannot be in a room.
    fn of(block: &Block) -> Option<Welcome> {
        Some(Welcome {
            name: block.get("clientID")?,
            id: block.get("ID")?,
            token: block.get("Token")?,
            seq: block.get("Seq")?,
            missed: block.get("Missed").unwrap_or(0),
            log: block.get("Log"),
            since: block.get("Since"),
            ping: block.get("Ping").filter(|seconds| (1..=MOST_PING).contains(seconds)),
            secure: is_secure(block),
            reflex: block.get("Reflex"),
            message: block.get("Message").unwrap_or_default(),
            others: Entry::list(block),
        })
    }

    /// Writes the JOINACK.
    fn to_block(&self) -> Block {
        let Welcome { name, id, token, seq, missed, log, since, ping, secure, reflex, .. } = self;
        let block = Block::new("JOINACK").with("clientID", name).with("ID", id);
        let block = block.with("Token", token).with("Seq", seq).with("Missed", missed);
        let block = block.with_some("Log", log.as_ref()).with_some("Since", since.as_ref());
        let block = block.with_some("Ping", ping.as_ref()).with_secure(*secure);
        let block = block.with_some("Reflex", reflex.as_ref()).with("Message", &self.message);
        self.others.iter().fold(block, Block::with_line)
    }
}

impl Response {
    /// The TYPE of the request that this answers. An ERROR tells it by its `For`, and may name any.
    pub fn request(&self) -> &str {
        match self {
            Response::RegAck { .. } => "REGISTER",
            Response::BridgeAck(_) => "BRIDGE",
            Response::InfoAck(_) => "INFO",
            Response::JoinAck(_) => "JOIN",
            Response::TellAck { .. } => "TELL",
            Response::HistoryAck { .. } => "HISTORY",
            Response::Pong { .. } => "PING",
            Response::RelayAck => "RELAY",
            Response::Error { about, .. } => about,
        }
    }

    /// Writes the answer as a block.
    pub fn to_block(&self) -> Block {
        match self {
            Response::RegAck { name, address, id, expires, room } => {
                let block = Block::new("REGACK").with("clientID", name).with_address(*address);
                let block = block.with("Status", "registered").with("ID", id);
                block.with("Expires", expires).with_some("Room", room.then_some("yes"))
            }
            Response::BridgeAck(None) => {
                Block::new("BRIDGEACK").with("clientID", "").with("IP", "").with("Port", "")
            }
            Response::BridgeAck(Some(Introduction { entry, credentials, candidates })) => {
                let block = Block::new("BRIDGEACK").with("clientID", &entry.name);
                let id = Some(entry.id).filter(|id| *id != compat::NO_ID);
                let block = block.with_address(entry.address).with_some("ID", id);
                let block = match credentials {
                    Some((via, credentials)) => block.with_credentials(*via, credentials),
                    None => block,
                };
                block.with_candidates(candidates)
            }
            Response::InfoAck(all) => all.iter().fold(Block::new("INFOACK"), Block::with_line),
            Response::JoinAck(welcome) => welcome.to_block(),
            Response::TellAck { id, name } => Block::new("TELLACK").with_client(*id, name),
            Response::HistoryAck { count, first, last } => {
                let block = Block::new("HISTORYACK").with("Count", count);
                block.with("First", first).with("Last", last)
            }
            Response::Pong { token } => Block::new("PONG").with_some("Token", token.as_ref()),
            Response::RelayAck => Block::new("RELAYACK"),
            Response::Error { about, code, message } => {
                Block::new("ERROR").with("For", about).with("Code", code).with("Message", message)
            }
        }
    }

    /// Reads an answer from a block. Returns `None` for a block that is no answer, or that lacks a header: the
    /// server may be another program.
    pub fn parse(block: &Block) -> Option<Response> {
        let or_empty = |header| block.get(header).unwrap_or_default();
        let or_zero = |header| block.get(header).unwrap_or(0);
        Some(match block.kind() {
            _ if compat::is_refusal(block) => {
                let (about, code) = ("REGISTER".to_owned(), compat::REFUSED.to_owned());
                Response::Error { about, code, message: compat::sentence(block) }
            }
            "REGACK" => Response::RegAck {
                name: block.get("clientID")?,
                address: address(block).unwrap_or(compat::NO_ADDRESS),
                id: or_zero("ID"),
                expires: or_zero("Expires"),
                room: block.header("Room") == Some("yes"),
            },
            "BRIDGEACK" if compat::is_nobody(block) => Response::BridgeAck(None),
            "BRIDGEACK" => {
                let (name, address) = (block.get("clientID")?, address(block)?);
                let entry = Entry { name, address, id: or_zero("ID") };
                let (credentials, candidates) = (Credentials::of(block), Candidates::of(block));
                Response::BridgeAck(Some(Introduction { entry, credentials, candidates }))
            }
            "INFOACK" => Response::InfoAck(Entry::list(block)),
            "JOINACK" => Response::JoinAck(Welcome::of(block)?),
            "TELLACK" => Response::TellAck { id: block.get("ID")?, name: block.get("clientID")? },
            "HISTORYACK" => {
                let [count, first, last] = ["Count", "First", "Last"].map(or_zero);
                Response::HistoryAck { count, first, last }
            }
            "PONG" => Response::Pong { token: block.get("Token") },
            "RELAYACK" => Response::RelayAck,
            "ERROR" => {
                let [about, code, message] = ["For", "Code", "Message"].map(or_empty);
                Response::Error { about, code, message }
            }
            _ => return None,
        })
    }
}

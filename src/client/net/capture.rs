//! Tracing (`--explain`): what a client's sockets send and receive, byte for byte.
//!
//! The threads at the sockets record the bytes. Nothing is put together from what the program believes, so a
//! trace also shows the program's own mistakes. Of a secret it shows only the first digits: screens are shown
//! around.
//!
//! ```text
//! | 12:35:01.123 -> bob CHAT (tcp, 127.0.0.1:40312 -> 127.0.0.1:5557)
//! |     clientID: alice
//! |     Ticket: 3f2a…
//! ```

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::SystemTime;

use crate::client::net::writer::ConnectionId;
use crate::clock;
use crate::net::Traced;
use crate::tls::RecordHead;
use crate::wire::block::is_kind;
use crate::wire::{Block, BlockReader, MAX_REQUEST_LINES, Via};

/// The most lines of a block that a terminal shows.
const SHOWN: usize = 40;
/// The most lines of a piece of a file that a terminal shows: its headers, and one that holds bytes.
const SHOWN_OF_PIECE: usize = 3;
/// How many characters of a line of such bytes are shown.
const SHOWN_OF_LINE: usize = 32;
/// Headers whose value is a secret.
const SECRETS: [&str; 5] = ["ticket", "answer", "token", "reflex", "proof"];
/// How many digits of a secret are shown: enough to see which one it is.
const DIGITS: usize = 4;
/// How many labels are kept: more than there can be callers.
const MAX_LABELS: usize = 128;

/// Which way captured bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// They were received.
    In,
    /// They were sent.
    Out,
    /// They were dropped or delayed on purpose (`--lossy`).
    Lost,
}

/// What a socket sent or received at one moment: a block, a line between peers, a datagram.
#[derive(Debug, Clone)]
pub struct Captured {
    /// The time of the capture.
    pub at: SystemTime,
    /// The direction of the bytes.
    pub direction: Direction,
    /// The transport.
    pub via: Via,
    /// The address of this client's socket.
    pub own: SocketAddr,
    /// The address of the other socket.
    pub other: SocketAddr,
    /// The bytes as they stand on the wire, or in the records there.
    pub bytes: Vec<u8>,
    /// The records in which they travelled, unless an earlier capture has shown them; `None` if there is no TLS.
    pub records: Option<Vec<RecordHead>>,
    /// Who is at the other end, if the thread at the socket knows it.
    pub with: Option<String>,
    /// The explanation: what a reader learns from the bytes. It may be empty.
    pub why: String,
}

impl Captured {
    /// Captures bytes of a connection; `None` if the connection is gone already.
    pub fn on(stream: &TcpStream, direction: Direction, traced: Traced) -> Option<Captured> {
        let (own, other) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        let Traced { bytes, records } = traced;
        Some(Captured { records, ..Captured::new(direction, Via::Tcp, own, other, bytes) })
    }

    /// Captures bytes of any socket. Addresses are written as IPv4 where they are mapped to IPv6 (RFC 4291,
    /// 2.5.5.2).
    pub fn new(
        direction: Direction,
        via: Via,
        own: SocketAddr,
        other: SocketAddr,
        bytes: Vec<u8>,
    ) -> Captured {
        let canonical = |address: SocketAddr| (address.ip().to_canonical(), address.port()).into();
        let (own, other) = (canonical(own), canonical(other));
        let (at, records, with, why) = (SystemTime::now(), None, None, String::new());
        Captured { at, direction, via, own, other, bytes, records, with, why }
    }

    /// The same with an explanation.
    #[must_use]
    pub fn because(self, why: String) -> Captured {
        Captured { why, ..self }
    }

    /// The same with more of an explanation.
    #[must_use]
    pub fn also(mut self, why: &str) -> Captured {
        self.why =
            if self.why.is_empty() { why.to_owned() } else { format!("{}; {why}", self.why) };
        self
    }

    /// The TYPE if the bytes begin like a block, else `text`; `TLS` for records of the handshake.
    pub fn name(&self) -> String {
        if self.bytes.is_empty() {
            return "TLS".to_owned();
        }
        let first = self.text().lines().next().unwrap_or("").to_owned();
        // A line in capitals that nothing follows is a text between peers.
        let is_block = is_kind(&first) && self.bytes.len() > first.len() + 2;
        if is_block { first } else { "text".to_owned() }
    }

    /// The bytes as text. Secrets are cut short, and so is what a piece of a file holds.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let shown = if self.is_piece() { shortened } else { masked };
        text.split_inclusive('\n').map(shown).collect()
    }

    /// Whether the bytes are a piece of a file.
    fn is_piece(&self) -> bool {
        self.bytes.starts_with(b"PIECE\r\n")
    }

    /// The time of day of the capture, in local time that is `offset` minutes ahead of UTC.
    pub fn time(&self, offset: i32) -> String {
        clock::precise(self.at, offset)
    }

    /// The lines that a terminal shows: a head, the bytes, the explanation. `with` is the label of the other
    /// end. `offset`: see [`clock`].
    pub fn lines(&self, with: &str, offset: i32) -> Vec<String> {
        let Captured { own, other, via, .. } = self;
        let arrow = match self.direction {
            Direction::In => "<-",
            Direction::Out => "->",
            Direction::Lost => "-x",
        };
        let (time, name, text) = (self.time(offset), self.name(), self.text());
        let by = if self.records.is_some() { "tls".to_owned() } else { via.to_string() };
        let head = format!("| {time} {arrow} {with} {name} ({by}, {own} {arrow} {other})");
        let records = self.records.iter().flatten().map(|record| format!("|   record: {record}"));
        let rest = text.lines().skip(usize::from(name != "text"));
        let rest: Vec<&str> = rest.filter(|line| !line.is_empty()).collect();
        let most = if self.is_piece() { SHOWN_OF_PIECE } else { SHOWN };
        let shown = rest.iter().take(most).map(|line| format!("|     {line}"));
        let more = rest.len().saturating_sub(most);
        let more = (more > 0).then(|| format!("|     ... and {more} more lines"));
        let why = (!self.why.is_empty()).then(|| format!("|   # {}", self.why));
        [head].into_iter().chain(records).chain(shown).chain(more).chain(why).collect()
    }

    /// Adds the explanation of the handshake of TLS, of a block between this client and the server, or of a peer's
    /// greeting. `claimed` is the IP address that this client gives as its own.
    pub fn explain(&mut self, claimed: IpAddr) {
        if let Some(records) = self.records.as_ref().filter(|_| self.bytes.is_empty()) {
            self.why = handshake(records).to_owned();
        } else if let (true, Some(block)) = (self.why.is_empty(), self.block()) {
            self.why = explanation(&block, self.direction, claimed).unwrap_or_default();
        }
    }

    /// The block at the beginning of the bytes, if there is one.
    pub fn block(&self) -> Option<Block> {
        let mut reader = BlockReader::new(self.bytes.as_slice(), MAX_REQUEST_LINES);
        reader.read().ok()??.ok()
    }
}

/// The label of the other end of each connection, as it was known when the connection last carried bytes. A
/// last QUIT may be captured after the chat is forgotten.
#[derive(Debug, Default)]
pub struct PeerLabels(VecDeque<(ConnectionId, String)>);

impl PeerLabels {
    /// The label of the other end: the one that is `known` now, or else the last one.
    pub fn label(&mut self, id: ConnectionId, known: Option<String>) -> Option<String> {
        let before = self.0.iter().position(|(end, _)| *end == id).and_then(|at| self.0.remove(at));
        let label = known.or_else(|| before.map(|(_, label)| label))?;
        self.0.push_back((id, label.clone()));
        if self.0.len() > MAX_LABELS {
            self.0.pop_front();
        }
        Some(label)
    }
}

/// A line with its secret cut short, if it holds one.
fn masked(line: &str) -> String {
    let secret = line.split_once(':').filter(|(name, value)| {
        SECRETS.contains(&name.to_ascii_lowercase().as_str()) && value.trim().len() > DIGITS
    });
    let Some((name, value)) = secret else { return line.to_owned() };
    let digits: String = value.trim().chars().take(DIGITS).collect();
    format!("{name}: {digits}…{}", &line[line.trim_end().len()..])
}

/// A line of a piece of a file: the beginning of its bytes, and how long it is.
fn shortened(line: &str) -> String {
    let content = line.trim_end();
    if content.contains(':') || content.chars().count() <= SHOWN_OF_LINE {
        return line.to_owned();
    }
    let (shown, length) = (content.chars().take(SHOWN_OF_LINE), content.chars().count());
    let end = &line[content.len()..];
    format!("{}… ({length} characters){end}", shown.collect::<String>())
}

/// What a reader learns from one side's part of a handshake. A client begins with one record, a server answers with
/// several, and the client has the last word.
fn handshake(records: &[RecordHead]) -> &'static str {
    match records {
        [hello] if hello.is_clear_handshake() => {
            "ClientHello: names a key, proves to have it, and brings a public key that is fresh"
        }
        [hello, ..] if hello.is_clear_handshake() => {
            "ServerHello brings the other public key: only the two can compute the keys of what follows"
        }
        _ => "Finished proves that nobody on the way has changed a byte of the handshake",
    }
}

/// What a reader learns from a block: what each secret proves, and to whom. `NAME` stands for the client of
/// the block.
///
/// Most blocks have no explanation: their headers say it.
fn explanation(block: &Block, direction: Direction, claimed: IpAddr) -> Option<String> {
    let name = block.header("clientID").unwrap_or("somebody");
    let has = |header| block.header(header).is_some();
    let sentence = match (block.kind(), direction) {
        _ if way(block, direction).is_some() => way(block, direction)?,
        ("REGACK", Direction::In) => {
            let seen = block.get::<IpAddr>("IP").filter(|seen| *seen != claimed)?;
            return Some(format!(
                "you claimed {claimed}; the server saw {seen} and gives that to others"
            ));
        }
        ("BRIDGEACK", Direction::In) if has("Ticket") => {
            "the Ticket proves to NAME who you are; the Answer proves to you that it is NAME"
        }
        ("CALL", Direction::In) => "NAME was given your address: a caller with this Ticket is NAME",
        ("CHAT", Direction::In) if has("Answer") => {
            "only the peer that the server introduced knows this Answer"
        }
        ("CHAT", Direction::In) if !has("Ticket") => {
            "without a Ticket anybody can claim to be NAME"
        }
        ("CHAT", Direction::Out) if !has("Ticket") && !has("Answer") => {
            "without a Ticket the peer cannot verify that it is you"
        }
        ("JOIN", Direction::Out) if has("Token") => {
            "the Token gets your name and ID back; Since asks for what you missed"
        }
        ("JOIN", Direction::Out) if has("Local") => {
            "Local is your own idea of your address: only somebody at the same public address is told"
        }
        ("FILE", Direction::In) => "nothing is stored before you accept it",
        ("FILEACK", _) => "From says how much of the file is there already: the rest follows",
        ("PIECE", _) => "base64 makes text of bytes: four characters for three of them",
        ("PIECEACK", _) => "stored, and not only arrived; at most 8 pieces are without this",
        ("SAID", Direction::In) if has("Replay") => "a replay: it was said earlier",
        ("PING", Direction::In) => "the server asks whether you are still there",
        _ => return None,
    };
    Some(sentence.replace("NAME", name))
}

/// What a reader learns from a block about a way through NATs.
fn way(block: &Block, direction: Direction) -> Option<&'static str> {
    let sentence = match (block.kind(), direction, block.header("Via")) {
        ("BRIDGE", Direction::Out, Some("back")) => {
            "nothing that was tried leads to the peer: it is asked to connect to you"
        }
        ("BRIDGE", Direction::Out, Some("relay")) => {
            "neither can connect to the other: the last way leads through the server"
        }
        ("CALL", Direction::In, Some("back")) => "NAME cannot connect to you: you connect to NAME",
        ("CALL", Direction::In, Some("relay")) => {
            "neither can connect to the other: both connect to the server"
        }
        ("RELAY", Direction::Out, _) if block.header("Ticket").is_some() => {
            "the Ticket shows the server that you have asked; it reads nothing of what follows"
        }
        ("RELAY", Direction::Out, _) => {
            "the Answer shows the server that you were called; it reads nothing of what follows"
        }
        ("RELAYACK", Direction::In, _) => {
            "both are there: what follows is their own TLS, and the server passes it on"
        }
        _ => return None,
    };
    Some(sentence)
}

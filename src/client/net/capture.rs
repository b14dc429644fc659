//! The wire made visible: what a client's sockets have sent and received, byte for byte and as it happened.
//! The threads at the sockets record it; nothing is put together from what the program believes.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::SystemTime;

use crate::client::net::writer::ConnectionId;
use crate::clock;
use crate::wire::block::{Block, MAX_REQUEST_LINES, is_kind};
use crate::wire::framing::BlockReader;
use crate::wire::request::Via;

/// The most lines of a block that are shown.
const SHOWN: usize = 40;
/// Headers whose value is a secret.
const SECRETS: [&str; 3] = ["ticket", "answer", "token"];
/// How many digits of a secret are shown: enough to see which one it is.
const DIGITS: usize = 4;
/// How many connections' ends are kept: as many as there can be callers, and some.
const MAX_ENDS: usize = 128;

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It has come.
    In,
    /// It was sent.
    Out,
    /// It was not sent, on purpose.
    Lost,
}

/// Something that a socket has sent or received: a block, a line between peers, a datagram.
#[derive(Debug, Clone)]
pub struct Captured {
    /// When.
    pub at: SystemTime,
    /// Which way.
    pub direction: Direction,
    /// On which transport.
    pub via: Via,
    /// Our end.
    pub own: SocketAddr,
    /// The other end.
    pub other: SocketAddr,
    /// What.
    pub bytes: Vec<u8>,
    /// What there is to learn from it, if there is something.
    pub why: String,
}

impl Captured {
    /// What has just happened on a connection; `None` if that is gone already.
    pub fn on(stream: &TcpStream, direction: Direction, bytes: Vec<u8>) -> Option<Captured> {
        let (own, other) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        Some(Captured::new(direction, Via::Tcp, own, other, bytes))
    }

    /// What has just happened on any socket.
    pub fn new(
        direction: Direction,
        via: Via,
        own: SocketAddr,
        other: SocketAddr,
        bytes: Vec<u8>,
    ) -> Captured {
        let canonical = |address: SocketAddr| (address.ip().to_canonical(), address.port()).into();
        let (own, other) = (canonical(own), canonical(other));
        Captured { at: SystemTime::now(), direction, via, own, other, bytes, why: String::new() }
    }

    /// The same with something to learn from it.
    #[must_use]
    pub fn because(self, why: String) -> Captured {
        Captured { why, ..self }
    }

    /// The TYPE if it begins like a block, else `text`.
    pub fn name(&self) -> String {
        let first = self.text().lines().next().unwrap_or("").to_owned();
        if is_kind(&first) && self.bytes.len() > first.len() + 2 {
            first
        } else {
            "text".to_owned()
        }
    }

    /// What was sent, as text. Of secrets only the first digits are left.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split_inclusive('\n').map(masked).collect()
    }

    /// When it was, in local time.
    pub fn time(&self, offset: i32) -> String {
        clock::precise(self.at, offset)
    }

    /// The lines that a terminal shows of it; `with` is who is at the other end.
    pub fn lines(&self, with: &str, offset: i32) -> Vec<String> {
        let Captured { own, other, via, .. } = self;
        let arrow = match self.direction {
            Direction::In => "<-",
            Direction::Out => "->",
            Direction::Lost => "-x",
        };
        let (time, name, text) = (self.time(offset), self.name(), self.text());
        let head = format!("| {time} {arrow} {with} {name} ({via}, {own} {arrow} {other})");
        let rest = text.lines().skip(usize::from(name != "text"));
        let rest = rest.filter(|line| !line.is_empty()).map(|line| format!("|     {line}"));
        let rest: Vec<String> = rest.collect();
        let more = rest.len().saturating_sub(SHOWN);
        let more = (more > 0).then(|| format!("|     ... and {more} more lines"));
        let why = (!self.why.is_empty()).then(|| format!("|   # {}", self.why));
        let rest = rest.into_iter().take(SHOWN);
        [head].into_iter().chain(rest).chain(more).chain(why).collect()
    }

    /// Looks for something to learn in a block between us and the server, or in a peer's greeting.
    /// `claimed` is the address that we call our own.
    pub fn explain(&mut self, claimed: IpAddr) {
        if let (true, Some(block)) = (self.why.is_empty(), self.block()) {
            self.why = explanation(&block, self.direction, claimed).unwrap_or_default();
        }
    }

    /// The block that it begins with, if it does.
    pub fn block(&self) -> Option<Block> {
        let mut reader = BlockReader::new(self.bytes.as_slice(), MAX_REQUEST_LINES);
        reader.read().ok()??.ok()
    }
}

/// Who is at the other end of each connection, as far as anybody knew when it carried something last. It may
/// carry a last QUIT when the chat is forgotten already.
#[derive(Debug, Default)]
pub struct PeerLabels(VecDeque<(ConnectionId, String)>);

impl PeerLabels {
    /// Who is at the other end: who is known there now, or was.
    pub fn label(&mut self, id: ConnectionId, known: Option<String>) -> Option<String> {
        let before = self.0.iter().position(|(end, _)| *end == id).and_then(|at| self.0.remove(at));
        let label = known.or_else(|| before.map(|(_, label)| label))?;
        self.0.push_back((id, label.clone()));
        if self.0.len() > MAX_ENDS {
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
    match secret {
        Some((name, value)) => {
            let digits: String = value.trim().chars().take(DIGITS).collect();
            let end = &line[line.trim_end().len()..];
            format!("{name}: {digits}…{end}")
        }
        None => line.to_owned(),
    }
}

/// What there is to learn from a block.
fn explanation(block: &Block, direction: Direction, claimed: IpAddr) -> Option<String> {
    let name = || block.header("clientID").unwrap_or("somebody");
    let has = |header| block.header(header).is_some();
    Some(match (block.kind(), direction) {
        ("REGACK", Direction::In) => {
            let seen = block.get::<IpAddr>("IP").filter(|seen| *seen != claimed)?;
            format!("you claimed {claimed}; the server saw {seen} and gives that to others")
        }
        ("BRIDGEACK", Direction::In) if has("Ticket") => {
            format!(
                "the Ticket proves to {} who you are; the Answer proves to you that it is {0}",
                name()
            )
        }
        ("CALL", Direction::In) => {
            format!("{} was given your address: a caller with this Ticket is {0}", name())
        }
        ("CHAT", Direction::In) if has("Answer") => {
            "only the peer that the server introduced knows this Answer".to_owned()
        }
        ("CHAT", Direction::In) if !has("Ticket") => {
            format!("without a Ticket anybody can claim to be {}", name())
        }
        ("CHAT", Direction::Out) if !has("Ticket") && !has("Answer") => {
            "without a Ticket the peer cannot verify that it is you".to_owned()
        }
        ("JOIN", Direction::Out) if has("Token") => {
            "the Token gets your name and ID back; Since asks for what you missed".to_owned()
        }
        ("SAID", Direction::In) if has("Replay") => "a replay: said before you joined".to_owned(),
        ("PING", Direction::In) => "the server asks whether you are still there".to_owned(),
        _ => return None,
    })
}

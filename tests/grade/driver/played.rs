//! The other side of a client, played by the grader: the server, and peers that it calls.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use crate::driver::block::Block;
use crate::driver::by_hand::{self, Moment};
use crate::driver::dice::Dice;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::story;
use crate::driver::wire::{Wire, is_waiting};

/// A server that the grader plays, or a peer that waits to be called.
#[derive(Debug)]
pub struct Played {
    listener: TcpListener,
    address: SocketAddr,
    /// Since when it has waited for the one who comes next.
    waits: Cell<Moment>,
}

impl Played {
    /// Listens on a free port of 127.0.0.1.
    pub fn open() -> Self {
        Self::open_at(0)
    }

    /// Listens on this port.
    #[track_caller]
    pub fn open_at(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address, waits: Cell::new(by_hand::now()) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Whether somebody has connected and was not accepted. Ask only after something that comes behind it.
    pub fn is_called(&self) -> bool {
        self.listener.accept().is_ok()
    }

    /// Waits for the next connection, and takes it.
    #[track_caller]
    pub fn accepts(&self, who: &str) -> Wire {
        let until = story::deadline();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let command = format!("\"$raw\" --raw --listen {}", self.address.port());
                    let hand = by_hand::enters_at(self.waits.get(), who, command);
                    by_hand::reads(b"");
                    self.waits.set(by_hand::now());
                    return Wire::over(who, stream, hand);
                }
                Err(error) if is_waiting(&error) => {
                    fail_if_one_has_failed();
                    if story::left(until).is_zero() {
                        let came = "nobody".to_owned() + &story::in_time();
                        story::time_out(story::instead(
                            format!("somebody connects to {who}"),
                            came,
                        ));
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                Err(error) => story::fail(format!("{who} cannot accept: {error}")),
            }
        }
    }

    /// As the server: takes in the client that comes next, under this ID, and tells it who is there already.
    #[track_caller]
    pub fn welcomes(&self, id: u64, others: &[&Peer]) -> Guest {
        let (mut guest, _) = self.registers(id);
        guest.wire.sends(guest.me.joinack(others, 0));
        guest
    }

    /// As the server: registers the client that comes next, and waits for its JOIN.
    #[track_caller]
    pub fn registers(&self, id: u64) -> (Guest, Block) {
        let mut wire = self.accepts("the server (played)");
        let me = Peer::registering(&wire.gets("REGISTER"), id);
        wire.sends(me.regack());
        let join = wire.gets("JOIN");
        join.has(&[("clientID", &me.name)]);
        (Guest { wire, me }, join)
    }
}

/// The token of everybody in the room.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Who is in the room of a server that the grader plays.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its number.
    pub id: u64,
}

impl Peer {
    /// Somebody of that name who listens there.
    pub fn new(name: &str, address: SocketAddr, id: u64) -> Self {
        Self { name: name.to_owned(), address, id }
    }

    /// The client that sends this REGISTER.
    pub fn registering(register: &Block, id: u64) -> Self {
        let Ok(port) = register.get("Port").parse::<u16>() else {
            story::fail(story::instead("a port to listen on, in REGISTER", register))
        };
        Self::new(register.get("clientID"), (Ipv4Addr::LOCALHOST, port).into(), id)
    }

    /// The answer to its REGISTER.
    pub fn regack(&self) -> String {
        let status = [("Status", "registered"), ("ID", &self.id.to_string())];
        let rest = [("Expires", "3600"), ("Room", "yes")];
        self.block("REGACK", &[], &[status, rest].concat())
    }

    /// The answer to its JOIN, when the last message of the room has had this number.
    pub fn joinack(&self, others: &[&Peer], seq: u64) -> String {
        let (id, name, seq) = (self.id.to_string(), &self.name, seq.to_string());
        let token = TOKEN;
        let numbers = [("ID", id.as_str()), ("Token", token), ("Seq", &seq), ("Missed", "0")];
        let welcome = format!("Welcome to the chat, {name}!");
        let rest = [("Message", welcome.as_str())];
        let head =
            Block::text("JOINACK", &[&[("clientID", name.as_str())], &numbers[..], &rest].concat());
        let lines: String = others
            .iter()
            .map(|peer| format!("{} {} {}\r\n", peer.name, peer.address, peer.id))
            .collect();
        format!("{}{lines}\r\n", &head[..head.len() - 2])
    }

    /// A block about this peer, with headers before its name and after its address.
    pub fn block(&self, kind: &str, before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let own = [("clientID", self.name.as_str()), ("IP", &ip), ("Port", &port)];
        Block::text(kind, &[before, &own, after].concat())
    }

    /// The CHAT with which it calls, or answers a call: `secret` is `Ticket` or `Answer` and its value.
    pub fn chat(&self, secret: &[(&str, &str)]) -> String {
        self.block("CHAT", &[], secret)
    }
}

/// A client in the room of a server that the grader plays.
#[derive(Debug)]
pub struct Guest {
    /// The connection to it.
    pub wire: Wire,
    /// Who it is.
    pub me: Peer,
}

impl Guest {
    /// Somebody has joined.
    pub fn hears_of(&mut self, peer: &Peer) {
        self.wire.sends(peer.block("JOINED", &[("ID", &peer.id.to_string())], &[]));
    }

    /// Somebody was given its address, and these secrets, to call it.
    pub fn is_told_of_call(&mut self, caller: &Peer, via: &str, secrets: &Secrets) {
        let block = caller.block("CALL", &[("ID", &caller.id.to_string())], &secrets.headers(via));
        self.wire.sends(block);
    }

    /// It asks for this peer, and is given its address and these secrets.
    pub fn is_introduced_to(&mut self, peer: &Peer, via: &str, secrets: &Secrets) {
        let bridge = self.wire.gets("BRIDGE");
        bridge.has(&[("clientID", &self.me.name)]);
        self.is_given(peer, via, secrets);
    }

    /// It is given a peer's address and these secrets.
    pub fn is_given(&mut self, peer: &Peer, via: &str, secrets: &Secrets) {
        let (id, headers) = (peer.id.to_string(), secrets.headers(via));
        self.wire.sends(peer.block(
            "BRIDGEACK",
            &[],
            &[&[("ID", id.as_str())], &headers[..]].concat(),
        ));
    }
}

/// The two secrets of an introduction.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The peer that shows this is the caller.
    pub ticket: String,
    /// The peer that shows this is the called one.
    pub answer: String,
}

impl Secrets {
    /// Fresh ones.
    pub fn new(dice: &mut Dice) -> Self {
        let mut secret = || (0..32).map(|_| *dice.pick(&HEX) as char).collect();
        Self { ticket: secret(), answer: secret() }
    }

    fn headers<'a>(&'a self, via: &'a str) -> [(&'static str, &'a str); 3] {
        [("Via", via), ("Ticket", &self.ticket), ("Answer", &self.answer)]
    }
}

const HEX: [u8; 16] = *b"0123456789abcdef";

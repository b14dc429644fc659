//! A friend by UDP: somebody in the room whose datagrams a test writes and reads itself.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::{Block, Client, Datagrams, Server, Wire};

/// One direction of a conversation: who speaks in it, and its two secrets.
#[derive(Clone, Debug)]
pub struct Way {
    /// The clientID of its MSGs.
    pub name: String,
    /// What a MSG shows.
    pub ticket: String,
    /// What an ACK shows.
    pub answer: String,
}

impl Way {
    /// The way that a BRIDGEACK or a CALL has opened.
    #[track_caller]
    pub fn of(name: &str, block: &Block) -> Self {
        let [ticket, answer] = ["Ticket", "Answer"].map(|secret| block.get(secret).to_owned());
        Self { name: name.to_owned(), ticket, answer }
    }

    /// A MSG of this way.
    pub fn msg(&self, seq: u64, first: u64, text: &str) -> String {
        let Self { name, ticket, .. } = self;
        let head = format!("MSG\r\nclientID: {name}\r\nTicket: {ticket}\r\n");
        format!("{head}Seq: {seq}\r\nFirst: {first}\r\nText: {text}\r\n\r\n")
    }

    /// An ACK of this way.
    pub fn ack(&self, seq: u64, upto: u64) -> String {
        format!("ACK\r\nAnswer: {}\r\nSeq: {seq}\r\nUpto: {upto}\r\n\r\n", self.answer)
    }

    /// Demands that a datagram is a MSG of this way with exactly the headers of the contract, in its order.
    #[track_caller]
    pub fn is_msg(&self, block: &Block, seq: u64, first: u64, text: &str) {
        assert_eq!(block.kind, "MSG", "{block}");
        block.has_exactly(&[
            ("clientID", &self.name),
            ("Ticket", &self.ticket),
            ("Seq", &seq.to_string()),
            ("First", &first.to_string()),
            ("Text", text),
        ]);
    }

    /// Demands that a datagram is an ACK of this way with exactly the headers of the contract, in its order.
    #[track_caller]
    pub fn is_ack(&self, block: &Block, seq: u64, upto: u64) {
        assert_eq!(block.kind, "ACK", "{block}");
        block.has_exactly(&[
            ("Answer", &self.answer),
            ("Seq", &seq.to_string()),
            ("Upto", &upto.to_string()),
        ]);
    }
}

/// Somebody in the room of a real server who chats by UDP with one client, alice.
#[derive(Debug)]
pub struct Friend {
    name: String,
    server: Rc<Server>,
    room: Wire,
    socket: Option<Datagrams>,
    alice: SocketAddr,
    to_alice: Option<Way>,
    from_alice: Option<Way>,
    heard: HashSet<u64>,
}

impl Friend {
    /// Joins under this name, with a UDP socket at the port that it registers.
    #[track_caller]
    fn joined(name: &str, server: Rc<Server>, alice: &Client) -> Self {
        let socket = Datagrams::open(name);
        let room = server.joined(name, socket.port());
        alice.sees(&format!("{name} joined (ID "));
        Self {
            name: name.to_owned(),
            server,
            room,
            socket: Some(socket),
            alice: alice.address(),
            to_alice: None,
            from_alice: None,
            heard: HashSet::new(),
        }
    }

    /// One more, in the same room.
    #[track_caller]
    pub fn another(&self, name: &str, alice: &Client) -> Self {
        Self::joined(name, Rc::clone(&self.server), alice)
    }

    /// Its connection to the server.
    pub fn room(&mut self) -> &mut Wire {
        &mut self.room
    }

    /// Its socket, for what has no word here.
    #[track_caller]
    pub fn socket(&self) -> &Datagrams {
        self.socket.as_ref().expect("its socket was closed")
    }

    /// Closes its socket: nobody listens at its port any more.
    pub fn closes(&mut self) {
        self.socket = None;
    }

    /// Has a new socket, at this port.
    #[track_caller]
    pub fn opens(&mut self, port: u16) {
        self.socket = Some(Datagrams::open_at(&self.name, port));
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.socket().address()
    }

    /// Queries alice: from now on it can speak.
    #[track_caller]
    pub fn queries(&mut self, alice: &Client) {
        let asked = [("clientID", self.name.as_str()), ("Peer", "alice"), ("Via", "udp")];
        self.room.asks("BRIDGE", &asked);
        let answer = self.room.skips_to("BRIDGEACK");
        self.to_alice = Some(Way::of(&self.name, &answer));
        alice.sees_line(&format!(
            "Incoming query from {} {} (verified, not encrypted)",
            self.name,
            self.address()
        ));
    }

    /// Lets alice query it: from now on it can be spoken to.
    #[track_caller]
    pub fn is_queried(&mut self, alice: &Client) {
        alice.types(&format!("/query {}", self.name));
        let call = self.room.skips_to("CALL");
        call.has(&[("clientID", "alice"), ("Via", "udp")]);
        self.from_alice = Some(Way::of("alice", &call));
        self.heard.clear();
        let (name, address) = (&self.name, self.address());
        alice.sees_line(&format!("conversation with {name} {address} (udp) is open"));
    }

    /// The way on which it speaks to alice.
    #[track_caller]
    pub fn own(&self) -> &Way {
        self.to_alice.as_ref().expect("it has not queried alice")
    }

    /// The way on which alice speaks to it.
    #[track_caller]
    pub fn alices(&self) -> &Way {
        self.from_alice.as_ref().expect("alice has not queried it")
    }

    /// Sends alice these bytes.
    #[track_caller]
    pub fn sends(&self, text: &str) {
        self.socket().sends(self.alice, text);
    }

    /// Sends alice a MSG.
    #[track_caller]
    pub fn says(&self, seq: u64, first: u64, text: &str) {
        self.sends(&self.own().msg(seq, first, text));
    }

    /// The same, and waits for its ACK with this Upto.
    #[track_caller]
    pub fn tells(&mut self, seq: u64, first: u64, text: &str, upto: u64) {
        self.says(seq, first, text);
        self.is_acked(seq, upto);
    }

    /// Sends alice an ACK.
    #[track_caller]
    pub fn acks(&self, seq: u64, upto: u64) {
        self.sends(&self.alices().ack(seq, upto));
    }

    /// Waits for the next datagram from alice that is no copy of a MSG heard before.
    #[track_caller]
    pub fn next(&mut self) -> Block {
        loop {
            let block = self.any();
            if block.kind != "MSG" || self.heard.insert(block.number("Seq")) {
                return block;
            }
        }
    }

    /// Waits for the next datagram from alice, also if it is a copy.
    #[track_caller]
    pub fn any(&mut self) -> Block {
        let (block, from) = self.socket().next();
        assert_eq!(from, self.alice, "who has sent this?\n{block}");
        block
    }

    /// Waits for the next datagram from alice, but only for so long.
    #[track_caller]
    pub fn within(&mut self, time: Duration) -> Option<Block> {
        self.socket().within(time).map(|(block, _)| block)
    }

    /// The next new datagram is this MSG.
    #[track_caller]
    pub fn hears(&mut self, seq: u64, first: u64, text: &str) {
        let block = self.next();
        self.alices().is_msg(&block, seq, first, text);
    }

    /// The same, and acknowledges it.
    #[track_caller]
    pub fn takes(&mut self, seq: u64, first: u64, text: &str) {
        self.hears(seq, first, text);
        self.acks(seq, seq);
    }

    /// Lets alice say something while nothing else is under way: it comes, and she is told that it has come.
    #[track_caller]
    pub fn is_told(&mut self, alice: &Client, seq: u64, text: &str) {
        alice.types(&format!("/msg {text}"));
        self.takes(seq, seq, text);
        alice.sees_line(&format!("Delivered to {} (udp): {text}", self.name));
    }

    /// The very next datagram is this MSG.
    #[track_caller]
    pub fn hears_next(&mut self, seq: u64, first: u64, text: &str) {
        let block = self.any();
        self.alices().is_msg(&block, seq, first, text);
    }

    /// Waits for one more copy of a MSG, skipping others.
    #[track_caller]
    pub fn hears_again(&mut self, seq: u64) -> Block {
        loop {
            let block = self.any();
            if block.kind == "MSG" && block.number("Seq") == seq {
                return block;
            }
        }
    }

    /// The next new datagram is this ACK.
    #[track_caller]
    pub fn is_acked(&mut self, seq: u64, upto: u64) {
        let block = self.next();
        self.own().is_ack(&block, seq, upto);
    }
}

/// Alice (ID 1) with these flags, and bob (ID 2), whom the test plays; neither has queried the other.
#[track_caller]
pub fn a_friend(flags: &[&str]) -> (Client, Friend) {
    let server = Rc::new(Server::start(&[]));
    let alice = Client::joined_with("alice", &server, flags);
    let bob = Friend::joined("bob", server, &alice);
    (alice, bob)
}

/// The same two, after each has queried the other.
#[track_caller]
pub fn friends(flags: &[&str]) -> (Client, Friend) {
    let (alice, mut bob) = a_friend(flags);
    bob.is_queried(&alice);
    bob.queries(&alice);
    (alice, bob)
}

//! A peer that sends and gets datagrams, and is played by the grader.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Instant;

use crate::driver::block::Block;
use crate::driver::by_hand::{self, How};
use crate::driver::cast::Client;
use crate::driver::datagrams::Datagrams;
use crate::driver::dice::Dice;
use crate::driver::played::{Guest, Peer, Played, Secrets};
use crate::driver::story;

/// Somebody with a UDP socket, who talks to bob.
#[derive(Debug)]
pub struct Post {
    socket: Datagrams,
    /// Who it is.
    pub me: Peer,
    /// The secrets between the two.
    pub secrets: Secrets,
    bob: SocketAddr,
    /// Its number in the play by hand.
    hand: usize,
}

/// Bob's client, and its line to the server that is played.
pub fn bob(played: &Played, flags: &[&str]) -> (Client, Guest) {
    let bob = Client::start_with("bob", played.address(), flags);
    let server = played.welcomes(2, &[]);
    bob.sees_line("Other clients' IDs: none");
    (bob, server)
}

impl Post {
    /// Somebody with this ID.
    pub fn new(id: u64, bob: &Client, dice: &mut Dice) -> Self {
        let name = dice.word();
        let socket = Datagrams::open(&name);
        let me = Peer::new(&name, socket.address(), id);
        let hand = by_hand::posts(&me.name, me.address, bob.address());
        Self { socket, me, secrets: Secrets::new(dice), bob: bob.address(), hand }
    }

    /// The same person at another address, of which nobody is told.
    pub fn moves(&self) -> Self {
        let (me, secrets) = (self.me.clone(), self.secrets.clone());
        let socket = Datagrams::open(&me.name);
        let hand = by_hand::posts(&me.name, socket.address(), self.bob);
        Self { socket, me, secrets, bob: self.bob, hand }
    }

    /// Queries bob: the server tells him.
    pub fn queries(&self, bob: &Client, server: &mut Guest) {
        let Peer { name, address, .. } = &self.me;
        story::step(format!("{name} queries bob: the server sends him CALL, via udp"));
        server.is_told_of_call(&self.me, "udp", &self.secrets);
        bob.sees_line(&format!("Incoming query from {name} {address} (verified)"));
    }

    /// Is queried by bob, through the server.
    pub fn is_queried(&self, bob: &Client, server: &mut Guest) {
        let Peer { name, address, id } = &self.me;
        story::step(format!("bob queries {name}"));
        server.hears_of(&self.me);
        bob.sees_line(&format!("{name} joined (ID {id}, {address})"));
        bob.types(&format!("/query {name}"));
        server.is_introduced_to(&self.me, "udp", &self.secrets);
        bob.sees_line(&format!("conversation with {name} {address} (udp) is open"));
    }

    /// Sends a message to bob.
    pub fn sends(&self, seq: u64, first: u64, text: &str) {
        self.sends_with(&self.secrets.ticket, seq, first, text);
    }

    /// The same with another Ticket.
    pub fn sends_with(&self, ticket: &str, seq: u64, first: u64, text: &str) {
        let (seq, first) = (seq.to_string(), first.to_string());
        let head = [("clientID", self.me.name.as_str()), ("Ticket", ticket)];
        let rest = [("Seq", seq.as_str()), ("First", &first), ("Text", text)];
        self.sends_block(&Block::text("MSG", &[&head[..], &rest].concat()));
    }

    /// Acknowledges a message, with this Answer.
    pub fn acknowledges(&self, answer: &str, seq: u64, upto: u64) {
        let (seq, upto) = (seq.to_string(), upto.to_string());
        let headers = [("Answer", answer), ("Seq", seq.as_str()), ("Upto", &upto)];
        self.sends_block(&Block::text("ACK", &headers));
    }

    fn sends_block(&self, text: &str) {
        by_hand::says(self.hand, text.as_bytes(), How::Datagram);
        self.socket.sends(self.bob, text);
    }

    /// Waits for the next datagram, and when it has come.
    pub fn gets(&self, kind: &str) -> (Block, Instant) {
        self.gets_until(kind, story::deadline()).unwrap_or_else(|| self.gets_nothing(kind))
    }

    /// The same, but only until then.
    pub fn gets_until(&self, kind: &str, until: Instant) -> Option<(Block, Instant)> {
        let (block, _) = self.socket.gets_until(until)?;
        if block.kind != kind {
            let expected = format!("a datagram {kind} to {}", self.me.name);
            story::fail(story::instead(expected, block));
        }
        Some((block, Instant::now()))
    }

    /// Waits for the ACK of this message, with this Upto.
    pub fn is_acknowledged(&self, seq: u64, upto: u64) {
        let (seq, upto) = (seq.to_string(), upto.to_string());
        let expected = [("Answer", self.secrets.answer.as_str()), ("Seq", &seq), ("Upto", &upto)];
        self.gets_exactly("ACK", &expected);
    }

    /// The same, and before it no ACK may come of this one: it is too far ahead.
    pub fn is_acknowledged_without(&self, dropped: u64, seq: u64, upto: u64) {
        let (block, _) = self.gets("ACK");
        if block.number("Seq") == dropped {
            let why = format!("{dropped} is 64 ahead: it must be dropped, not acknowledged");
            story::fail(format!("{why}; came:\n{block}"));
        }
        let (seq, upto) = (seq.to_string(), upto.to_string());
        let answer = self.secrets.answer.as_str();
        block.has_exactly(&[("Answer", answer), ("Seq", &seq), ("Upto", &upto)]);
    }

    /// Waits for a message from bob with this number, this First and this text.
    pub fn hears(&self, seq: u64, first: u64, text: &str) -> Instant {
        let (seq, first) = (seq.to_string(), first.to_string());
        let head = [("clientID", "bob"), ("Ticket", self.secrets.ticket.as_str())];
        let rest = [("Seq", seq.as_str()), ("First", &first), ("Text", text)];
        self.gets_exactly("MSG", &[&head[..], &rest].concat())
    }

    /// Waits for the first copy of a message. Copies of those before it that are not acknowledged may come first: on a
    /// busy machine more time passes than they wait.
    pub fn hears_first(&self, seq: u64, first: u64, text: &str) {
        loop {
            let (block, _) = self.gets("MSG");
            if block.number("Seq") >= seq || block.number("Seq") < first {
                let (seq, first) = (seq.to_string(), first.to_string());
                block.has(&[("Seq", &seq), ("First", &first), ("Text", text)]);
                return;
            }
        }
    }

    /// Reads what has come until now: only copies of messages up to this one may.
    pub fn reads_copies(&self, last: u64) {
        while let Some((block, _)) = self.gets_until("MSG", Instant::now()) {
            if block.number("Seq") > last {
                story::fail(story::instead(
                    format!("copies of {last}, or of messages before it"),
                    block,
                ));
            }
        }
    }

    /// Waits for the next datagram, which must have exactly these headers. Gives when it came.
    fn gets_exactly(&self, kind: &str, expected: &[(&str, &str)]) -> Instant {
        let found = self.gets_until(kind, story::deadline());
        let wanted = || self.gets_nothing(Block::wanted(kind, expected));
        let (block, at) = found.unwrap_or_else(wanted);
        block.has_exactly(expected);
        at
    }

    fn gets_nothing(&self, expected: impl Display) -> ! {
        let came = "nothing".to_owned() + &story::in_time();
        story::time_out(format!("to {}\n{}", self.me.name, story::instead(expected, came)))
    }
}

//! Sealed datagrams, as a peer that the grader plays writes and reads them. They are made from PROTOCOL.md, with the
//! primitives of lab 10's grader; they share nothing with your code.

use crate::driver::block::Block;
use crate::driver::played::Secrets;
use crate::driver::story;
use crate::lab10::crypto::{Hash, hmac, open, seal, sha256};

/// The side of a query that somebody is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// It has queried.
    Caller,
    /// It was queried.
    Called,
}

/// The keys of one query, as one side has them.
#[derive(Debug)]
pub struct Sealing {
    /// The identity of its ticket.
    identity: String,
    own: (Hash, [u8; 12]),
    other: (Hash, [u8; 12]),
}

impl Sealing {
    /// The keys of an introduction.
    pub fn new(secrets: &Secrets, side: Side) -> Self {
        let all = bytes(&format!("{}{}", secrets.ticket, secrets.answer));
        let secret = hmac(b"p2p-chat datagrams", &all);
        // HKDF-Expand, of which one block is enough (RFC 5869, 2.3).
        let expand = |label: String| hmac(&secret, &[label.as_bytes(), &[1]].concat());
        let keys = |name: &str| {
            let iv = expand(format!("{name} iv"));
            (expand(format!("{name} key")), iv[..12].try_into().unwrap())
        };
        let sides = if side == Side::Caller { ["caller", "called"] } else { ["called", "caller"] };
        let [own, other] = sides.map(keys);
        let name = sha256(format!("p2p-chat ticket {}", secrets.ticket).as_bytes());
        let identity = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { identity, own, other }
    }

    /// Whether a datagram is sealed under this ticket.
    pub fn is_of(&self, datagram: &[u8]) -> bool {
        datagram.starts_with(format!("SEALED\r\nFor: {}\r\n", self.identity).as_bytes())
    }

    /// A datagram under this number.
    pub fn seals(&self, number: u64, inner: &str) -> Vec<u8> {
        let number_text = number.to_string();
        let head = Block::text("SEALED", &[("For", &self.identity), ("N", &number_text)]);
        let sealed =
            seal(&self.own.0, &nonce(self.own.1, number), head.as_bytes(), inner.as_bytes());
        [head.as_bytes(), &sealed].concat()
    }

    /// Opens a datagram: its number, and the datagram that is in it.
    #[track_caller]
    pub fn opens(&self, datagram: &[u8]) -> (u64, Vec<u8>) {
        let end = datagram.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let (head, rest) = datagram.split_at(end.map_or(0, |end| end + 4));
        let number = match Block::datagram(head) {
            Ok(block) => block.number("N"),
            Err(why) => story::fail(why),
        };
        match open(&self.other.0, &nonce(self.other.1, number), head, rest) {
            Some(inner) => (number, inner),
            None => story::fail(format!("the sealed datagram number {number} does not open")),
        }
    }
}

/// The nonce of a number.
fn nonce(mut iv: [u8; 12], number: u64) -> [u8; 12] {
    iv[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
    iv
}

/// The bytes of hex digits.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

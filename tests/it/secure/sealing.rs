//! Sealed datagrams, as a played peer writes and reads them. Heads, keys and numbers are written from PROTOCOL.md.

use std::net::{SocketAddr, UdpSocket};

use p2p_chat::tls::chacha20poly1305::{open, seal};
use p2p_chat::tls::hkdf::{expand, extract};

use crate::driver::played::Secrets;
use crate::secure::key;
use crate::support::{Block, DEADLINE};
use crate::tls::bytes;

/// The socket of a played peer, whose datagrams are bytes.
pub struct Socket(pub UdpSocket);

impl Socket {
    /// Has a free port of 127.0.0.1.
    pub fn open() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    /// The same one once more.
    pub fn try_clone(&self) -> Self {
        Self(self.0.try_clone().unwrap())
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Sends a datagram.
    pub fn sends(&self, to: SocketAddr, bytes: impl AsRef<[u8]>) {
        self.0.send_to(bytes.as_ref(), to).unwrap();
    }

    /// Waits for the next datagram.
    #[track_caller]
    pub fn receives(&self) -> Vec<u8> {
        let mut bytes = vec![0; 2_000];
        let length = self.0.recv(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }
}

/// One query, as the one who has made it (`caller`) or the other one seals in it.
pub struct Sealing {
    /// The identity of its ticket.
    pub identity: String,
    own: ([u8; 32], [u8; 12]),
    other: ([u8; 32], [u8; 12]),
}

impl Sealing {
    /// The keys of the side `own`.
    pub fn of(secrets: &Secrets, own: &str, other: &str) -> Self {
        let all = bytes(&format!("{}{}", secrets.ticket, secrets.answer));
        let secret = extract(b"p2p-chat datagrams", &all);
        let keys = |side: &str| {
            let label = |what: &str| format!("{side} {what}").into_bytes();
            (expand(&secret, &label("key")), expand(&secret, &label("iv")))
        };
        let identity = String::from_utf8(key(secrets).identity).unwrap();
        Self { identity, own: keys(own), other: keys(other) }
    }

    /// A datagram under this number.
    pub fn seals(&self, number: u64, inner: &str) -> Vec<u8> {
        let head = format!("SEALED\r\nFor: {}\r\nN: {number}\r\n\r\n", self.identity);
        let mut text = inner.as_bytes().to_vec();
        let tag = seal(&self.own.0, &nonce(self.own.1, number), head.as_bytes(), &mut text);
        [head.as_bytes(), &text, &tag].concat()
    }

    /// Opens a datagram: its number, and what is in it.
    #[track_caller]
    pub fn opens(&self, sealed: &[u8]) -> (u64, Block) {
        let at = sealed.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let (head, rest) = sealed.split_at(at);
        let block = Block::parse(&head[..at - 4]).unwrap();
        assert_eq!(block.names(), ["For", "N"], "{block}");
        block.has(&[("For", &self.identity)]);
        let number = block.number("N");
        let (text, tag) = rest.split_at(rest.len() - 16);
        let mut text = text.to_vec();
        assert!(open(&self.other.0, &nonce(self.other.1, number), head, &mut text, tag));
        (number, Block::datagram(&text).unwrap())
    }
}

/// The nonce of a number.
fn nonce(mut iv: [u8; 12], number: u64) -> [u8; 12] {
    iv[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
    iv
}

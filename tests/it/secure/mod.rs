//! What the tests of encrypted chats share: a played server that tells who can be called by TLS, and peers that speak
//! TLS with the crate's own records. Keys, identities and blocks are written from PROTOCOL.md.

pub mod sealing;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use p2p_chat::tls::sha256::Sha256;
use p2p_chat::tls::{Secured, SharedKey, TlsError, accept, connect};

use crate::driver::played::{Guest, Peer, Secrets};
use crate::support::{Block, Client, DEADLINE, Dice, Played, Wire};
use crate::tls::{bytes, hex};

/// What says that TLS can be spoken.
pub const SECURE: (&str, &str) = ("Secure", "tls");

/// A client in the room of a played server, which has said that it tells who can be called by TLS.
#[track_caller]
pub fn welcomed(server: &Played, name: &str, id: u64) -> (Client, Guest) {
    let client = Client::start(name, server.address());
    let (mut guest, join) = server.registers(id);
    join.has(&[SECURE]);
    let ack = guest.me.joinack(&[], 0).replace("Message:", "Secure: tls\r\nMessage:");
    guest.wire.sends(ack);
    client.sees("Other clients' IDs: ");
    (client, guest)
}

/// Fresh secrets of an introduction.
pub fn fresh() -> Secrets {
    Secrets::new(&mut Dice::thrown())
}

/// The headers of an introduction.
pub fn introduction(secrets: &Secrets, is_secure: bool) -> Vec<(&'static str, &str)> {
    let mut all = vec![("Via", "tcp"), ("Ticket", &*secrets.ticket), ("Answer", &*secrets.answer)];
    all.extend(is_secure.then_some(SECURE));
    all
}

/// Tells a client that this peer is about to call it.
pub fn tells_of_call(guest: &mut Guest, caller: &Peer, secrets: &Secrets, is_secure: bool) {
    let id = caller.id.to_string();
    guest.wire.sends(caller.block("CALL", &[("ID", &id)], &introduction(secrets, is_secure)));
}

/// Answers a client's BRIDGE with this peer.
#[track_caller]
pub fn introduces(guest: &mut Guest, peer: &Peer, secrets: &Secrets, is_secure: bool) {
    guest.wire.gets("BRIDGE");
    let (id, more) = (peer.id.to_string(), introduction(secrets, is_secure));
    guest.wire.sends(peer.block("BRIDGEACK", &[], &[&[("ID", &*id)], &more[..]].concat()));
}

/// The key of an introduction.
pub fn key(secrets: &Secrets) -> SharedKey {
    let name = Sha256::of(format!("p2p-chat ticket {}", secrets.ticket).as_bytes());
    let identity = hex(&name).as_bytes()[..16].to_vec();
    SharedKey { identity, key: bytes(&format!("{}{}", secrets.ticket, secrets.answer)) }
}

/// A peer that speaks TLS.
pub struct SecurePeer {
    /// The connection.
    pub stream: TcpStream,
    /// Both directions.
    pub secured: Secured,
    /// What was opened and not read.
    read: Vec<u8>,
}

impl SecurePeer {
    /// Calls a client with the key of an introduction.
    #[track_caller]
    pub fn calls(client: &Client, secrets: &Secrets) -> Self {
        let stream = TcpStream::connect(client.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let secured = connect(&mut &stream, &mut &stream, &key(secrets), None).unwrap();
        Self { stream, secured, read: Vec::new() }
    }

    /// A connection that is secured already.
    pub fn over(stream: TcpStream, secured: Secured) -> Self {
        Self { stream, secured, read: Vec::new() }
    }

    /// Calls a client over a connection that is there already.
    #[track_caller]
    pub fn calls_over(wire: &Wire, secrets: &Secrets) -> Self {
        let stream = wire.stream().try_clone().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let secured = connect(&mut &stream, &mut &stream, &key(secrets), None).unwrap();
        Self { stream, secured, read: Vec::new() }
    }

    /// Answers a client's call with the key of an introduction.
    #[track_caller]
    pub fn answers(wire: &Wire, secrets: &Secrets) -> Self {
        let stream = wire.stream().try_clone().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let secured = accept((&[], &mut &stream), &mut &stream, &key(secrets), None).unwrap();
        Self { stream, secured, read: Vec::new() }
    }

    /// The records of a text.
    pub fn seals(&mut self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let mut records = Vec::new();
        assert!(self.secured.sealer.seal(text.as_ref(), &mut records));
        records
    }

    /// Sends a text.
    pub fn sends(&mut self, text: impl AsRef<[u8]>) {
        let records = self.seals(text);
        self.stream.write_all(&records).unwrap();
    }

    /// Waits for a block.
    #[track_caller]
    pub fn gets(&mut self, kind: &str) -> Block {
        let bytes = self.reads_to(b"\r\n\r\n");
        let block = Block::parse(&bytes).unwrap();
        assert_eq!(block.kind, kind, "{block}");
        block
    }

    /// Waits for a line.
    #[track_caller]
    pub fn line(&mut self) -> String {
        String::from_utf8(self.reads_to(b"\r\n")).unwrap().trim_end().to_owned()
    }

    #[track_caller]
    fn reads_to(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                return self.read.drain(..at + end.len()).collect();
            }
            let error = self.fills();
            assert_eq!(error, None, "what came: {:?}", String::from_utf8_lossy(&self.read));
        }
    }

    /// Reads once; gives how the connection has ended, if it has.
    fn fills(&mut self) -> Option<Result<(), TlsError>> {
        let opener = &mut self.secured.opener;
        match opener.fill(&mut &self.stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => return Some(Err(TlsError::of(&error).expect("an error of TLS"))),
            Ok(()) if opener.data().is_empty() => return Some(Ok(())),
            Ok(()) => self.read.extend_from_slice(opener.data()),
        }
        opener.consume(usize::MAX);
        None
    }

    /// Waits for the end, and gives how it was.
    pub fn ends(&mut self) -> Result<(), TlsError> {
        loop {
            if let Some(end) = self.fills() {
                return end;
            }
        }
    }
}

/// Waits until the other side closes a connection; gives what it sent before.
pub fn is_closed(stream: &TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let _ = (&*stream).read_to_end(&mut rest); // a reset is an end, too
    rest
}

/// The CHAT of a caller or a called one.
pub fn chat(peer: &Peer, headers: &[(&str, &str)]) -> String {
    peer.block("CHAT", &[], headers)
}

/// The commitment to a nonce.
pub fn commitment(nonce: &str) -> String {
    hex(&Sha256::of(&bytes(nonce)))
}

/// The code that both sides must show, from the secret of the connection and the nonces of the caller and the called
/// one.
pub fn code(peer: &SecurePeer, a: &str, b: &str) -> String {
    let exported: [u8; 32] = peer.secured.exporter.export("EXPERIMENTAL-p2p-chat-code", &[]);
    let all = [&b"p2p-chat code "[..], &exported, &bytes(a), &bytes(b)].concat();
    let number = u64::from_be_bytes(Sha256::of(&all)[..8].try_into().unwrap()) % 1_000_000;
    let digits = format!("{number:06}");
    format!("{} {}", &digits[..3], &digits[3..])
}

//! What the tests of `tls` share: hex digits, and the other side of a handshake, written from the RFC.

pub mod programs;

use std::io;
use std::sync::LazyLock;

use p2p_chat::tls::client::connect_with;
use p2p_chat::tls::handshake::Ephemeral;
use p2p_chat::tls::key_schedule::{EarlySecret, finished};
use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::server::accept_with;
use p2p_chat::tls::sha256::Sha256;
use p2p_chat::tls::x25519::{public_key, x25519};
use p2p_chat::tls::{Secured, SharedKey, TlsError};

/// Bytes from hex digits. White space between them does not count.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> =
        hex.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap()).collect();
    assert_eq!(digits.len() % 2, 0, "{hex}");
    digits.chunks(2).map(|pair| u8::try_from(16 * pair[0] + pair[1]).unwrap()).collect()
}

/// The same for a number of bytes that is known.
pub fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

/// The hex digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key that both sides have.
pub fn class_key() -> SharedKey {
    SharedKey {
        identity: b"class".to_vec(),
        key: array::<16>("00112233445566778899aabbccddeeff").into(),
    }
}

/// What the client draws.
pub fn client_draws() -> Ephemeral {
    Ephemeral { random: [1; 32], private: [2; 32] }
}

/// What the server draws.
pub fn server_draws() -> Ephemeral {
    Ephemeral { random: [3; 32], private: [4; 32] }
}

/// A record in the clear.
pub fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    [&[kind, 3, 3, high, low], content].concat()
}

/// A protected record.
pub fn sealed(keys: &mut TrafficKeys, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    keys.seal(kind, content, &mut out);
    out
}

/// The contents of records, with their true types. Those of type 23 have these keys.
pub fn contents(mut bytes: &[u8], keys: &mut TrafficKeys) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let (mut body, mut kind) = (rest[..length].to_vec(), header[0]);
        if kind == 23 {
            let (inner, end) = keys.open(header, &mut body).unwrap();
            (kind, body) = (inner, body[..end].to_vec());
        }
        found.push((kind, body));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "a part of a record: {bytes:?}");
    found
}

/// The server as these tests run it, against bytes that end: its result, and what it sent.
pub fn accepted(bytes: &[u8]) -> (io::Result<Secured>, Vec<u8>) {
    let mut out = Vec::new();
    let input = (&[][..], &mut &bytes[..]);
    let result = accept_with(input, &mut out, &class_key(), None, &server_draws());
    (result, out)
}

/// The same for the client.
pub fn connected(bytes: &[u8]) -> (io::Result<Secured>, Vec<u8>) {
    let mut out = Vec::new();
    let result = connect_with(&mut &bytes[..], &mut out, &class_key(), None, &client_draws());
    (result, out)
}

/// The error of a handshake that must fail.
pub fn error(result: io::Result<Secured>) -> TlsError {
    match result {
        Ok(_) => panic!("the handshake succeeds"),
        Err(error) => TlsError::of(&error).unwrap_or_else(|| panic!("{error}")),
    }
}

/// A whole handshake, byte by byte, as a client and a server would make it that draw what these tests draw. It is
/// written from the RFC, with nothing of the crate but the key schedule.
pub struct Trace {
    /// The messages.
    pub client_hello: Vec<u8>,
    pub server_hello: Vec<u8>,
    /// The secrets of both directions: of the handshake, then of the data; the client's first.
    pub handshake: [[u8; 32]; 2],
    pub traffic: [[u8; 32]; 2],
    /// The Finished of both sides, the client's first.
    pub finished: [Vec<u8>; 2],
}

impl Trace {
    /// The usual one.
    pub fn usual() -> Trace {
        Trace::with(&Hello::of_client(), &Hello::of_server(), &[8, 0, 0, 2, 0, 0])
    }

    /// One with these messages, whatever they say.
    pub fn with(client: &Hello, server: &Hello, extensions: &[u8]) -> Trace {
        static SHARED: LazyLock<[u8; 32]> =
            LazyLock::new(|| x25519(&client_draws().private, &public_key(&server_draws().private)));
        let (client_hello, server_hello) = (client.message(1), server.message(2));
        let mut all = [&client_hello[..], &server_hello].concat();
        let secret = EarlySecret::new(&class_key().key).handshake(&SHARED);
        let handshake = secret.traffic(&Sha256::of(&all));
        all.extend_from_slice(extensions);
        let server = message(20, &finished(&handshake[1], &Sha256::of(&all)));
        all.extend_from_slice(&server);
        let traffic = secret.master().traffic(&Sha256::of(&all));
        let client = message(20, &finished(&handshake[0], &Sha256::of(&all)));
        Trace { client_hello, server_hello, handshake, traffic, finished: [client, server] }
    }

    /// The server's flight as records.
    pub fn server_flight(&self, extensions: &[u8]) -> Vec<u8> {
        let mut keys = TrafficKeys::new(self.handshake[1]);
        let rest = [sealed(&mut keys, 22, extensions), sealed(&mut keys, 22, &self.finished[1])];
        [record(22, &self.server_hello), rest.concat()].concat()
    }

    /// The client's flights as records.
    pub fn client_flights(&self) -> Vec<u8> {
        let mut keys = TrafficKeys::new(self.handshake[0]);
        [record(22, &self.client_hello), sealed(&mut keys, 22, &self.finished[0])].concat()
    }
}

/// A handshake message: type, length, body.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [.., high, middle, low] = body.len().to_be_bytes();
    [&[kind, high, middle, low], body].concat()
}

/// A vector with its length in two bytes.
pub fn vector(body: &[u8]) -> Vec<u8> {
    let [.., high, low] = body.len().to_be_bytes();
    [&[high, low], body].concat()
}

/// A ClientHello or ServerHello in parts, to be changed.
#[derive(Clone)]
pub struct Hello {
    pub version: [u8; 2],
    pub random: [u8; 32],
    pub session: Vec<u8>,
    /// A vector in a ClientHello, a number in a ServerHello.
    pub suites: Vec<u8>,
    /// The same.
    pub compression: Vec<u8>,
    pub extensions: Vec<(u16, Vec<u8>)>,
    /// Behind the extensions.
    pub tail: Vec<u8>,
    /// Whether the binder is made right at last.
    pub bound: bool,
}

impl Hello {
    /// What a client offers.
    pub fn of_client() -> Hello {
        let share = [&[0, 29][..], &vector(&public_key(&client_draws().private))].concat();
        let extensions = vec![
            (43, vec![2, 3, 4]),
            (10, vec![0, 2, 0, 29]),
            (51, vector(&share)),
            (45, vec![1, 1]),
            (41, Hello::keys(&[b"class"], &[32])),
        ];
        Hello {
            version: [3, 3],
            random: [1; 32],
            session: vec![],
            suites: vec![0, 2, 0x13, 3],
            compression: vec![1, 0],
            extensions,
            tail: vec![],
            bound: true,
        }
    }

    /// What a server answers.
    pub fn of_server() -> Hello {
        let share = [&[0, 29][..], &vector(&public_key(&server_draws().private))].concat();
        Hello {
            random: [3; 32],
            suites: vec![0x13, 3],
            compression: vec![0],
            extensions: vec![(43, vec![3, 4]), (51, share), (41, vec![0, 0])],
            bound: false,
            ..Hello::of_client()
        }
    }

    /// The body of `pre_shared_key`: identities, and binders of these lengths.
    pub fn keys(identities: &[&[u8]], binders: &[u8]) -> Vec<u8> {
        let identities: Vec<Vec<u8>> =
            identities.iter().map(|id| [&vector(id)[..], &[0; 4]].concat()).collect();
        let binders: Vec<Vec<u8>> = binders
            .iter()
            .map(|length| [&[*length][..], &vec![0; (*length).into()]].concat())
            .collect();
        [vector(&identities.concat()), vector(&binders.concat())].concat()
    }

    /// Another body for an extension; a new extension comes first.
    pub fn extension(mut self, number: u16, body: &[u8]) -> Hello {
        match self.extensions.iter_mut().find(|(other, _)| *other == number) {
            Some((_, old)) => *old = body.to_vec(),
            None => self.extensions.insert(0, (number, body.to_vec())),
        }
        self
    }

    /// Without an extension.
    pub fn without(mut self, number: u16) -> Hello {
        self.extensions.retain(|(other, _)| *other != number);
        self
    }

    /// The handshake message.
    pub fn message(&self, kind: u8) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|(number, body)| [&number.to_be_bytes()[..], &vector(body)].concat())
            .collect();
        let session = [&[u8::try_from(self.session.len()).unwrap()], &self.session[..]].concat();
        let body = [
            &self.version[..],
            &self.random,
            &session,
            &self.suites,
            &self.compression,
            &vector(&extensions.concat()),
            &self.tail,
        ];
        let mut message = message(kind, &body.concat());
        if self.bound {
            let early = EarlySecret::new(&class_key().key);
            let end = message.len();
            let binder = early.binder(&Sha256::of(&message[..end - 35]));
            message[end - 32..].copy_from_slice(&binder);
        }
        message
    }
}

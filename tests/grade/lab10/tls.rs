//! The grader's own TLS 1.3, written from RFC 8446: a shared key, X25519, `TLS_CHACHA20_POLY1305_SHA256`, both roles.
//! It shares nothing with your code, so a mistake of yours is not made twice. And it can lie where it should not.

use crate::driver::block::Block;
use crate::driver::dice::Dice;
use crate::driver::story;
use crate::driver::wire::Wire;
use crate::lab10::crypto::{Hash, expand_label, hmac, open, public_key, seal, sha256, x25519};

/// The types of records.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const DATA: u8 = 23;
/// Alerts, with the level that goes with them.
pub const CLOSE_NOTIFY: [u8; 2] = [1, 0];
pub const UNEXPECTED_MESSAGE: u8 = 10;
pub const BAD_RECORD_MAC: u8 = 20;
pub const RECORD_OVERFLOW: u8 = 22;
pub const DECODE_ERROR: u8 = 50;
pub const DECRYPT_ERROR: u8 = 51;
/// The name of the class's key.
const IDENTITY: &[u8] = b"p2p-chat";
/// The bytes of the binders at the end of a ClientHello.
const BINDERS: usize = 2 + 1 + 32;

/// A name for an alert.
fn alert_name(number: u8) -> String {
    let names = [
        (0, "close_notify"),
        (UNEXPECTED_MESSAGE, "unexpected_message"),
        (BAD_RECORD_MAC, "bad_record_mac"),
        (RECORD_OVERFLOW, "record_overflow"),
        (47, "illegal_parameter"),
        (DECODE_ERROR, "decode_error"),
        (DECRYPT_ERROR, "decrypt_error"),
    ];
    let name = names.iter().find(|(known, _)| *known == number).map_or("?", |(_, name)| name);
    format!("the alert {number}, {name}")
}

/// A vector with its length before it, in so many bytes.
fn vector(bytes_of_length: usize, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().to_be_bytes();
    [&length[8 - bytes_of_length..], bytes].concat()
}

/// An extension.
fn extension(number: u8, body: &[u8]) -> Vec<u8> {
    [&[0, number], &vector(2, body)[..]].concat()
}

/// A handshake message.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &vector(3, body)[..]].concat()
}

/// A record as it travels.
pub fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &vector(2, body)[..]].concat()
}

/// Derive-Secret, after these messages.
fn derive(secret: &Hash, label: &str, messages: &[u8]) -> Hash {
    expand_label(secret, label, &sha256(messages), 32).try_into().unwrap()
}

/// The next secret of the schedule.
fn next(secret: &Hash, input: &[u8]) -> Hash {
    hmac(&derive(secret, "derived", &[]), input)
}

/// The proof of somebody who has this secret and has seen these messages.
fn proof(secret: &Hash, messages: &[u8]) -> Hash {
    hmac(&expand_label(secret, "finished", &[], 32), &sha256(messages))
}

/// Random bytes, the same for the same seed.
fn random(dice: &mut Dice) -> Hash {
    std::array::from_fn(|_| u8::try_from(dice.below(256)).unwrap())
}

/// The keys of one direction.
#[derive(Clone, Debug)]
pub struct Keys {
    key: Hash,
    iv: [u8; 12],
    number: u64,
}

impl Keys {
    fn new(secret: &Hash) -> Self {
        let [key, iv] =
            [("key", 32), ("iv", 12)].map(|(label, n)| expand_label(secret, label, &[], n));
        Self { key: key.try_into().unwrap(), iv: iv.try_into().unwrap(), number: 0 }
    }

    fn nonce(&mut self) -> [u8; 12] {
        let number = (u128::from(self.number)).to_be_bytes();
        self.number += 1;
        std::array::from_fn(|at| self.iv[at] ^ number[4 + at])
    }

    /// Seals a record with so many zeros behind its type.
    pub fn seal(&mut self, kind: u8, content: &[u8], zeros: usize) -> Vec<u8> {
        self.seal_inner(&[content, &[kind], &vec![0; zeros]].concat())
    }

    /// Seals whatever is to be in a record.
    pub fn seal_inner(&mut self, inner: &[u8]) -> Vec<u8> {
        let sealed = record(DATA, &vec![0; inner.len() + 16]);
        let nonce = self.nonce();
        [&sealed[..5], &seal(&self.key, &nonce, &sealed[..5], inner)].concat()
    }

    /// Opens a record: its true type, and its content.
    fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        let nonce = self.nonce();
        let mut inner = open(&self.key, &nonce, &record[..5], &record[5..])?;
        while inner.pop_if(|byte| *byte == 0).is_some() {}
        inner.pop().map(|kind| (kind, inner))
    }
}

/// A connection over TLS, as far as it has come.
#[derive(Debug)]
pub struct Channel {
    /// The bytes below it.
    pub wire: Wire,
    writes: Option<Keys>,
    reads: Option<Keys>,
    /// The handshake's messages that are opened and not used, and the data.
    messages: Vec<u8>,
    data: Vec<u8>,
}

impl Channel {
    fn over(wire: Wire) -> Self {
        Self { wire, writes: None, reads: None, messages: Vec::new(), data: Vec::new() }
    }

    fn who(&self) -> String {
        self.wire.who().to_owned()
    }

    /// Sends bytes that are records already.
    #[track_caller]
    pub fn sends(&mut self, what: &str, records: &[u8]) {
        story::told(&self.who(), "->", format!("({what}, {} bytes)", records.len()).as_bytes());
        self.wire.passes(records);
    }

    /// The next record with this content, for [`sends`](Self::sends).
    pub fn seals(&mut self, kind: u8, content: &[u8], zeros: usize) -> Vec<u8> {
        match &mut self.writes {
            Some(keys) => keys.seal(kind, content, zeros),
            None => record(kind, content),
        }
    }

    /// The keys with which this side seals.
    pub fn keys(&mut self) -> &mut Keys {
        self.writes.as_mut().unwrap()
    }

    /// Sends text in one record.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> &mut Self {
        let sealed = self.seals(DATA, text.as_bytes(), 0);
        story::told(&self.who(), "-> [record]", text.as_bytes());
        self.wire.passes(&sealed);
        self
    }

    /// Sends a request in one record.
    #[track_caller]
    pub fn asks(&mut self, kind: &str, headers: &[(&str, &str)]) -> &mut Self {
        self.says(&Block::text(kind, headers))
    }

    /// The next record: its true type, and its content. Nothing at the end of the bytes.
    #[track_caller]
    fn opens(&mut self, what: &str) -> Option<(u8, Vec<u8>)> {
        loop {
            let head = self.wire.takes(5, what)?;
            let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
            let whole = [head, self.wire.takes(length, what)?].concat();
            let in_the_clear = whole[0] == ALERT && length == 2;
            let opened = match &mut self.reads {
                _ if whole[0] == CHANGE_CIPHER_SPEC => continue,
                Some(keys) if !in_the_clear => keys.open(&whole),
                _ => Some((whole[0], whole[5..].to_vec())),
            };
            let Some((kind, content)) = opened else {
                story::told(&self.who(), "<-", &whole);
                self.wire.gets_instead(
                    format!("{what}, in a record that opens"),
                    format!("a record of {length} bytes that does not open: its key, its nonce or its header is wrong"),
                )
            };
            let shown = match (kind, &content[..]) {
                (DATA, _) => String::from_utf8_lossy(&content).into_owned(),
                (ALERT, [_, number]) => format!("({})", alert_name(*number)),
                (HANDSHAKE, [2, ..]) => "(ServerHello)".to_owned(),
                (HANDSHAKE, [8, ..]) => "(EncryptedExtensions)".to_owned(),
                (HANDSHAKE, [20, ..]) => "(Finished)".to_owned(),
                _ => format!("(a record of type {kind} with {} bytes)", content.len()),
            };
            let arrow = if kind == DATA { "<- [record]" } else { "<-" };
            story::told(&self.who(), arrow, shown.as_bytes());
            return Some((kind, content));
        }
    }

    /// Waits for the next message of the handshake, which must be of this type.
    #[track_caller]
    fn gets_message(&mut self, kind: u8, what: &str) -> Vec<u8> {
        loop {
            if let [_, high, middle, low, ..] = self.messages[..] {
                let end = 4 + u32::from_be_bytes([0, high, middle, low]) as usize;
                if self.messages.len() >= end {
                    let message: Vec<u8> = self.messages.drain(..end).collect();
                    if message[0] != kind {
                        let came = format!("a handshake message of type {}", message[0]);
                        self.wire.gets_instead(what, came);
                    }
                    return message;
                }
            }
            match self.opens(what) {
                Some((HANDSHAKE, content)) => self.messages.extend(content),
                other => self.gets_instead(what, other),
            }
        }
    }

    /// Ends the check: something else came.
    #[track_caller]
    fn gets_instead(&self, what: &str, came: Option<(u8, Vec<u8>)>) -> ! {
        let came = match came {
            None => "the end of the connection".to_owned(),
            Some((ALERT, content)) => alert_name(content.last().copied().unwrap_or(255)),
            Some((kind, content)) => {
                format!("a record of type {kind} with {} bytes", content.len())
            }
        };
        self.wire.gets_instead(what, came)
    }

    /// Waits for the next block.
    #[track_caller]
    pub fn block(&mut self, what: &str) -> Block {
        loop {
            if let Some(end) = self.data.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let bytes: Vec<u8> = self.data.drain(..end + 4).collect();
                match Block::parse(&bytes[..end]) {
                    Ok(block) => return block,
                    Err(why) => self.wire.gets_instead(format!("a block, {what}"), why),
                }
            }
            match self.opens(what) {
                Some((DATA, content)) => self.data.extend(content),
                other => self.gets_instead(what, other),
            }
        }
    }

    /// Waits for the next block, which must be of this type.
    #[track_caller]
    pub fn gets(&mut self, kind: &str) -> Block {
        let block = self.block(kind);
        if block.kind != kind {
            self.wire.gets_instead(kind, &block);
        }
        block
    }

    /// Sends a PING, and demands that its PONG is the very next thing.
    #[track_caller]
    pub fn hears_nothing_before(&mut self, token: &str) {
        self.asks("PING", &[("Token", token)]);
        let what = "PONG to the PING just sent, and nothing before it";
        let block = self.block(what);
        if block.kind != "PONG" {
            self.wire.gets_instead(what, &block);
        }
        block.has_exactly(&[("Token", token)]);
    }

    /// Registers and joins.
    #[track_caller]
    pub fn joins(&mut self, name: &str) {
        self.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", "6001")]);
        self.gets("REGACK");
        self.asks("JOIN", &[("clientID", name)]).gets("JOINACK");
    }

    /// Waits for the end of the connection, whatever comes before it.
    #[track_caller]
    pub fn is_over(&mut self) {
        while self.opens("the end of the connection").is_some() {}
    }

    /// Waits for this alert, and then for the end of the connection. No data may come before it.
    #[track_caller]
    pub fn is_told(&mut self, alert: u8) {
        let what = alert_name(alert);
        let next = self.opens(&what);
        self.ends_with(alert, next);
    }

    /// The same, and any data may come before it.
    #[track_caller]
    pub fn is_told_at_last(&mut self, alert: u8) {
        let what = alert_name(alert);
        let mut next = self.opens(&what);
        while matches!(next, Some((DATA, _))) {
            next = self.opens(&what);
        }
        self.ends_with(alert, next);
    }

    /// This is the alert, and the last that comes.
    #[track_caller]
    fn ends_with(&mut self, alert: u8, next: Option<(u8, Vec<u8>)>) {
        match next {
            Some((ALERT, content)) if content.last() == Some(&alert) => {}
            other => self.gets_instead(&alert_name(alert), other),
        }
        let after = "the end of the connection";
        if let Some(more) = self.opens(after) {
            self.gets_instead(after, Some(more));
        }
    }
}

/// A handshake: after the ServerHello, as far as both Finished.
#[derive(Debug)]
pub struct Handshake {
    /// The connection.
    pub channel: Channel,
    is_client: bool,
    /// All messages so far.
    messages: Vec<u8>,
    /// The secret that the next one is made from, and those of both directions.
    secret: Hash,
    client: Hash,
    server: Hash,
}

impl Handshake {
    /// A client with this key offers itself, and gets a ServerHello.
    #[track_caller]
    pub fn offers(wire: Wire, key: &[u8], dice: &mut Dice) -> Self {
        let mut channel = Channel::over(wire);
        let (early, private) = (hmac(&[0; 32], key), random(dice));
        let share = [&[0, 0x1d], &vector(2, &public_key(&private))[..]].concat();
        let identity = vector(2, &[&vector(2, IDENTITY)[..], &[0; 4]].concat());
        let extensions = [
            extension(43, &[2, 3, 4]),
            extension(10, &vector(2, &[0, 0x1d])),
            extension(51, &vector(2, &share)),
            extension(45, &[1, 1]),
            extension(41, &[identity, vector(2, &vector(1, &[0; 32]))].concat()),
        ];
        let body = [
            &[3, 3][..],
            &random(dice),
            &[0, 0, 2, 0x13, 0x03, 1, 0],
            &vector(2, &extensions.concat()),
        ];
        let mut hello = message(1, &body.concat());
        let bound = hello.len() - BINDERS;
        let binder = proof(&derive(&early, "ext binder", &[]), &hello[..bound]);
        hello[bound + 3..].copy_from_slice(&binder);
        channel.sends("ClientHello", &record(HANDSHAKE, &hello));
        let answer = channel.gets_message(2, "ServerHello");
        let Some(public) = key_share(&answer) else {
            channel
                .wire
                .gets_instead("a ServerHello with a key share of X25519", format!("{answer:?}"))
        };
        let shared = x25519(&private, &public);
        Self::with(channel, true, [hello, answer].concat(), next(&early, &shared))
    }

    /// A server with this key is offered something, and takes it.
    #[track_caller]
    pub fn takes(wire: Wire, key: &[u8], dice: &mut Dice) -> Self {
        let mut channel = Channel::over(wire);
        let hello = channel.gets_message(1, "ClientHello");
        let (early, private) = (hmac(&[0; 32], key), random(dice));
        let binder = proof(&derive(&early, "ext binder", &[]), &hello[..hello.len() - BINDERS]);
        if !hello.ends_with(&binder) {
            channel
                .wire
                .gets_instead("a ClientHello with the right binder", "one with another binder");
        }
        let Some(public) = key_share(&hello) else {
            channel
                .wire
                .gets_instead("a ClientHello with a key share of X25519", format!("{hello:?}"))
        };
        let share = [&[0, 0x1d], &vector(2, &public_key(&private))[..]].concat();
        let extensions = [extension(43, &[3, 4]), extension(51, &share), extension(41, &[0, 0])];
        let session = vector(1, &hello[39..39 + usize::from(hello[38])]);
        let body = [
            &[3, 3][..],
            &random(dice),
            &session,
            &[0x13, 0x03, 0],
            &vector(2, &extensions.concat()),
        ];
        let answer = message(2, &body.concat());
        channel.sends("ServerHello", &record(HANDSHAKE, &answer));
        let shared = x25519(&private, &public);
        Self::with(channel, false, [hello, answer].concat(), next(&early, &shared))
    }

    fn with(mut channel: Channel, is_client: bool, messages: Vec<u8>, secret: Hash) -> Self {
        let [client, server] =
            ["c hs traffic", "s hs traffic"].map(|label| derive(&secret, label, &messages));
        let (own, other) = if is_client { (client, server) } else { (server, client) };
        (channel.writes, channel.reads) = (Some(Keys::new(&own)), Some(Keys::new(&other)));
        Self { channel, is_client, messages, secret, client, server }
    }

    /// The client waits for what comes first under the new keys.
    #[track_caller]
    pub fn gets_extensions(&mut self) {
        let message = self.channel.gets_message(8, "EncryptedExtensions");
        self.messages.extend(message);
    }

    /// The client waits for the server's Finished.
    #[track_caller]
    pub fn gets_server_finished(&mut self) {
        self.gets_finished("the server's Finished", self.server);
    }

    #[track_caller]
    fn gets_finished(&mut self, whose: &str, secret: Hash) {
        let message = self.channel.gets_message(20, whose);
        let right = proof(&secret, &self.messages);
        if message[4..] != right {
            self.channel
                .wire
                .gets_instead(format!("{whose}: {right:?}"), format!("{:?}", &message[4..]));
        }
        self.messages.extend(message);
    }

    /// The right content of this side's Finished.
    pub fn finished(&self) -> Hash {
        proof(if self.is_client { &self.client } else { &self.server }, &self.messages)
    }

    /// The client sends its Finished, with so many zeros behind it. From here on each side has the keys for data.
    #[track_caller]
    pub fn ends(mut self, content: &[u8], zeros: usize) -> Channel {
        let sealed = self.channel.seals(HANDSHAKE, &message(20, content), zeros);
        self.channel.sends("Finished", &sealed);
        let (client, server) = self.data_keys();
        (self.channel.writes, self.channel.reads) = (Some(client), Some(server));
        self.channel
    }

    /// The server sends its EncryptedExtensions.
    #[track_caller]
    pub fn sends_extensions(&mut self) {
        self.sends_message("EncryptedExtensions", message(8, &[0, 0]), 0);
    }

    /// The server sends its Finished with this content, in a record with so many zeros.
    #[track_caller]
    pub fn sends_server_finished(&mut self, content: &[u8], zeros: usize) {
        self.sends_message("Finished", message(20, content), zeros);
    }

    #[track_caller]
    fn sends_message(&mut self, what: &str, message: Vec<u8>, zeros: usize) {
        let sealed = self.channel.seals(HANDSHAKE, &message, zeros);
        self.channel.sends(what, &sealed);
        self.messages.extend(message);
    }

    /// The server waits for the client's Finished. From here on each side has the keys for data.
    #[track_caller]
    pub fn gets_client_finished(mut self) -> Channel {
        let (client, server) = self.data_keys();
        self.gets_finished("the client's Finished", self.client);
        (self.channel.writes, self.channel.reads) = (Some(server), Some(client));
        self.channel
    }

    /// The keys for data, after the server's Finished.
    fn data_keys(&self) -> (Keys, Keys) {
        let master = next(&self.secret, &[0; 32]);
        let keys = |label| Keys::new(&derive(&master, label, &self.messages));
        (keys("c ap traffic"), keys("s ap traffic"))
    }
}

/// The public key for X25519 in a hello: what stands behind its group, and the length.
fn key_share(hello: &[u8]) -> Option<Hash> {
    let head = [0, 0x1d, 0, 32];
    let at = hello.windows(4).rposition(|bytes| bytes == head)?;
    hello.get(at + 4..at + 36)?.try_into().ok()
}

//! Sealed datagrams (PROTOCOL, UDP): each one is encrypted by itself, and carries its number in the clear.
//!
//! A stream counts its records, so a number need not travel. Datagrams get lost and overtake each other, so each says
//! its own, and a window keeps those that come again away. The keys come from the secrets of a query. So the server
//! could read all, and whoever learns the secrets later can read what was recorded.
//!
//! ```text
//! SEALED                  in the clear, but nobody can change it
//! For: 5d41402abc4b2a76   which ticket's keys
//! N: 7                    which nonce
//!                         (a blank line)
//! MSG, clientID, …        encrypted: the whole datagram as it would be without
//! 16 bytes                the proof
//! ```
//!
//! Each transmission has a number of its own, a further copy of the same message, too: two texts under one key must not
//! have one nonce. So a ticket serves once in a process, and its numbers never begin again.

use std::collections::{HashSet, VecDeque};

use crate::client::direct::secure::tickets::{identity, shared_key};
use crate::tls::ReplayWindow;
use crate::tls::chacha20poly1305::{open, seal};
use crate::tls::hkdf::{expand, extract};
use crate::tls::poly1305::TAG;
use crate::wire::datagram::SealedHead;
use crate::wire::{Credentials, MAX_SEALED, Secret};

/// The most seals: two for each conversation, and some of those that have ended.
const MAX_SEALS: usize = 1_024;
/// The most tickets that are remembered. Beyond that no query is opened any more: a number must never come twice.
const MAX_SEEN: usize = 65_536;

/// The seals of all queries, and the tickets that were seen.
#[derive(Debug, Default)]
pub struct Seals {
    held: VecDeque<(Secret, Seal)>,
    seen: HashSet<Secret>,
}

/// What a datagram from a socket turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsealed {
    /// It is not sealed.
    Plain,
    /// It was sealed under this ticket, with this number, and holds that datagram.
    Inner(Secret, u64, Vec<u8>),
    /// It has come before, under this ticket, or is so old that nobody knows.
    Repeated(Secret),
    /// It does not open: a stranger's.
    Unknown,
}

impl Seals {
    /// Begins to seal under a ticket, as the one who has queried, or as the queried one. Returns false if the ticket
    /// was seen before: its numbers would begin again.
    pub fn begin(&mut self, credentials: &Credentials, has_queried: bool) -> bool {
        if self.seen.len() >= MAX_SEEN || !self.seen.insert(credentials.ticket) {
            return false;
        }
        if self.held.len() >= MAX_SEALS {
            self.held.pop_front();
        }
        self.held.push_back((credentials.ticket, Seal::new(credentials, has_queried)));
        true
    }

    /// Seals a datagram under a ticket. `None` if there is no such seal any more: then nothing must be sent.
    pub fn seal(&mut self, ticket: Secret, datagram: &[u8]) -> Option<(u64, Vec<u8>)> {
        let (_, seal) = self.held.iter_mut().rev().find(|(held, _)| *held == ticket)?;
        Some(seal.seal(datagram))
    }

    /// How long a datagram is on the wire that is sealed under a ticket now.
    pub fn length(&self, ticket: Secret, datagram: &[u8]) -> Option<usize> {
        let (_, seal) = self.held.iter().rev().find(|(held, _)| *held == ticket)?;
        Some(seal.head(seal.next).len() + datagram.len() + TAG)
    }

    /// Opens what came from a socket. The window moves only for what opens: anybody can write any number on a forged
    /// datagram.
    pub fn open(&mut self, bytes: &[u8]) -> Unsealed {
        let Some((head, rest)) = SealedHead::split(bytes) else { return Unsealed::Plain };
        let named = |(_, seal): &&mut (Secret, Seal)| seal.identity == head.identity;
        let Some((ticket, seal)) = self.held.iter_mut().find(named) else {
            return Unsealed::Unknown;
        };
        if bytes.len() > MAX_SEALED {
            return Unsealed::Unknown;
        }
        let Some(inner) = seal.open(head.number, &bytes[..bytes.len() - rest.len()], rest) else {
            return Unsealed::Unknown;
        };
        if !seal.window.may_come(head.number) {
            return Unsealed::Repeated(*ticket);
        }
        seal.window.note(head.number);
        Unsealed::Inner(*ticket, head.number, inner)
    }
}

/// The keys of one query, in both directions.
struct Seal {
    identity: String,
    own: SideKeys,
    other: SideKeys,
    /// The number of the next datagram.
    next: u64,
    /// Which numbers of the other side have come.
    window: ReplayWindow,
}

/// The keys of one side.
struct SideKeys {
    key: [u8; 32],
    iv: [u8; 12],
}

impl std::fmt::Debug for Seal {
    /// Shows no key, so that no log can hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Makes the keys.
    fn new(credentials: &Credentials, has_queried: bool) -> Seal {
        let secret = extract(b"p2p-chat datagrams", &shared_key(credentials).key);
        let keys = |side: &str| {
            let label = |what| format!("{side} {what}").into_bytes();
            SideKeys { key: expand(&secret, &label("key")), iv: expand(&secret, &label("iv")) }
        };
        let (own, other) = if has_queried { ("caller", "called") } else { ("called", "caller") };
        let (own, other) = (keys(own), keys(other));
        let identity = identity(credentials.ticket);
        Seal { identity, own, other, next: 1, window: ReplayWindow::default() }
    }

    /// What stands in the clear before the datagram with this number.
    fn head(&self, number: u64) -> Vec<u8> {
        SealedHead { identity: self.identity.clone(), number }.to_bytes()
    }

    /// Seals a datagram. Each copy of it has a number of its own.
    fn seal(&mut self, datagram: &[u8]) -> (u64, Vec<u8>) {
        let number = self.next;
        self.next += 1;
        let mut bytes = self.head(number);
        let mut text = datagram.to_vec();
        let tag = seal(&self.own.key, &self.own.nonce(number), &bytes, &mut text);
        bytes.extend_from_slice(&text);
        bytes.extend_from_slice(&tag);
        (number, bytes)
    }

    /// Opens a datagram with this number and head.
    fn open(&self, number: u64, head: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
        let (text, tag) = rest.split_at(rest.len().checked_sub(TAG)?);
        let mut text = text.to_vec();
        let is_right = open(&self.other.key, &self.other.nonce(number), head, &mut text, tag);
        is_right.then_some(text)
    }
}

impl SideKeys {
    /// The nonce of a number, as in TLS (RFC 8446, 5.3).
    fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }
}

/// What a line says of a conversation whose datagrams are `sealed`, or not. A reader of the way to the server has the
/// keys, too. `says_plain`: the line must say it if nothing is encrypted.
pub fn standing(sealed: bool, server_is_secure: bool, says_plain: bool) -> &'static str {
    match (sealed && server_is_secure, says_plain) {
        (true, _) => "verified, encrypted; the server could read it",
        (_, true) => "verified, not encrypted",
        _ => "verified",
    }
}

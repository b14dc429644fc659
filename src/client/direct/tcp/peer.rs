//! The rules of direct chats over TCP: which caller is verified, and what a line means. A client is a server,
//! too.
//!
//! The threads around these rules are in [`line_reader`](super::line_reader) and [`listener`](super::listener).

use std::time::{Duration, Instant};

use crate::client::direct::eviction::evicted;
use crate::wire::{Credentials, Entry, Greeting, Name, Secret, compat};

/// How long a ticket is accepted after its announcement.
pub const TICKET: Duration = Duration::from_secs(60);
/// The most callers that the server can announce at a time.
const MAX_INVITATIONS: usize = 256;
/// The most announcements of one name.
const SHARE: usize = 8;

/// The callers that the server announced by CALL, with the time of each and the secrets of its call.
#[derive(Debug, Default)]
pub struct Invitations(Vec<(Instant, Entry, Credentials)>);

impl Invitations {
    /// Keeps an announcement: the server gave the address of this client to `caller`. Forgets those that are
    /// too old, and one more if there are too many.
    pub fn announce(&mut self, caller: Entry, credentials: Credentials, now: Instant) {
        self.0.retain(|(since, ..)| now.duration_since(*since) <= TICKET);
        let held = self.0.iter().map(|(since, entry, _)| (&entry.name, *since));
        let is_full = self.0.len() >= MAX_INVITATIONS;
        if let Some(place) = evicted(held, &caller.name, SHARE, is_full) {
            self.0.swap_remove(place);
        }
        self.0.push((now, caller, credentials));
    }

    /// Forgets the announcements of a caller: this client talks to it already, on a call of its own.
    pub fn revoke(&mut self, caller: &Name) {
        self.0.retain(|(_, entry, _)| entry.name != *caller);
    }

    /// Forgets the IDs of the callers: the server that gave them has ended. Their tickets are still good.
    pub fn forget_ids(&mut self) {
        self.0.iter_mut().for_each(|(_, caller, _)| caller.id = compat::NO_ID);
    }

    /// Accepts a caller with a good ticket. The ticket is used up: its announcement leaves the list. Returns
    /// the caller and the secret to answer with.
    // LAB 5: let a caller in whose ticket is good, once => None
    pub fn admit(&mut self, greeting: &Greeting, now: Instant) -> Option<(Entry, Secret)> {
        let found = self.find(greeting, now)?;
        let (_, caller, credentials) = self.0.swap_remove(found);
        Some((caller, credentials.answer))
    }

    /// Whether [`admit`](Invitations::admit) would accept the caller.
    pub fn expects(&self, greeting: &Greeting, now: Instant) -> bool {
        self.find(greeting, now).is_some()
    }

    /// Whether the server says that this caller can encrypt; `None` if it is not announced.
    pub fn promises_tls(&self, greeting: &Greeting, now: Instant) -> Option<bool> {
        self.find(greeting, now).map(|found| self.0[found].2.secure)
    }

    /// The place of the announcement that fits this CHAT: the ticket is known, at most 60 s old, and belongs
    /// to the caller's name.
    // LAB 5: find what was announced of a caller, by its ticket => None
    fn find(&self, greeting: &Greeting, now: Instant) -> Option<usize> {
        let ticket = greeting.ticket?;
        self.0.iter().position(|(since, caller, credentials)| {
            credentials.ticket == ticket
                && caller.name == greeting.name
                && now.duration_since(*since) <= TICKET
        })
    }
}

/// Whether the peer that answers a call is the called one. It proves that by the Answer, which the server
/// gives only to the caller and to the called peer. A ticket proves nothing here: the caller has sent it
/// itself.
// LAB 5: believe only who shows the Answer => true
pub fn is_called_one(greeting: &Greeting, answer: Secret) -> bool {
    greeting.answer == Some(answer)
}

/// What a line from a peer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerLine {
    /// Nothing: the line is empty.
    Nothing,
    /// A text to show. U+FFFD stands for bytes that are no UTF-8.
    Text(String),
    /// The end of the chat.
    Quit,
}

/// Parses a line from a peer, without its end. Empty means no bytes at all. `compat`: the peer may be a
/// program of another course, for which every line that begins with QUIT ends the chat.
// LAB 5: tell text from the end of a chat
pub fn parse_line(line: &[u8], compat: bool) -> PeerLine {
    if line.is_empty() {
        PeerLine::Nothing
    } else if line == b"QUIT" || (compat && line.starts_with(b"QUIT")) {
        PeerLine::Quit
    } else {
        PeerLine::Text(String::from_utf8_lossy(line).into_owned())
    }
}

/// A text as a line to a peer. A text that the peer could take for the end gets a space before it, which the
/// peer shows like the rest.
// LAB 5: write a text so that it is never the end => format!("{text}\r\n")
pub fn line_of(text: &str) -> String {
    let space = if text.starts_with("QUIT") { " " } else { "" };
    format!("{space}{text}\r\n")
}

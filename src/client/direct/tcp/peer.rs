//! Direct chats over TCP, the rules: who may come in, and what a line means. A client is a server, too.
//! The threads around them are in [`line_reader`](super::line_reader) and [`listener`](super::listener).

use std::time::{Duration, Instant};

use crate::wire::entry::{Credentials, Entry};
use crate::wire::greeting::Greeting;
use crate::wire::name::Name;
use crate::wire::secret::Secret;

/// A ticket is good for this long.
pub const TICKET: Duration = Duration::from_secs(60);
/// The most callers that the server can announce at a time.
const MAX_INVITATIONS: usize = 256;

/// The callers that the server has announced by CALL.
#[derive(Debug, Default)]
pub struct Invitations(Vec<(Instant, Entry, Credentials)>);

impl Invitations {
    /// The server has given our address to `caller`.
    pub fn announce(&mut self, caller: Entry, vouch: Credentials, now: Instant) {
        self.0.retain(|(since, ..)| now.duration_since(*since) <= TICKET);
        if self.0.len() < MAX_INVITATIONS {
            self.0.push((now, caller, vouch));
        }
    }

    /// Forgets what was announced of a caller: we are talking to it, on our own call.
    pub fn revoke(&mut self, caller: &Name) {
        self.0.retain(|(_, entry, _)| entry.name != *caller);
    }

    /// Lets a caller in whose ticket is good, and uses that up: takes it off the list. Gives who it is and
    /// the secret to answer with.
    // LAB 5: let a caller in whose ticket is good, once => None
    pub fn admit(&mut self, greeting: &Greeting, now: Instant) -> Option<(Entry, Secret)> {
        let found = self.find(greeting, now)?;
        let (_, caller, vouch) = self.0.swap_remove(found);
        Some((caller, vouch.answer))
    }

    /// Whether [`admit`](Invitations::admit) would let it in.
    pub fn expects(&self, greeting: &Greeting, now: Instant) -> bool {
        self.find(greeting, now).is_some()
    }

    /// The place of what was announced of whoever sends this CHAT: its ticket is known, at most 60 s old, and
    /// belongs to its name.
    // LAB 5: find what was announced of a caller, by its ticket => None
    fn find(&self, greeting: &Greeting, now: Instant) -> Option<usize> {
        let ticket = greeting.ticket?;
        self.0.iter().position(|(since, caller, vouch)| {
            vouch.ticket == ticket
                && caller.name == greeting.name
                && now.duration_since(*since) <= TICKET
        })
    }
}

/// Whether the one who answers our call is the one we have called: it shows the Answer that the server
/// has given to us and to nobody else but the called one. A ticket proves nothing, we have sent it ourselves.
// LAB 5: believe only who shows the Answer => true
pub fn is_called_one(greeting: &Greeting, answer: Secret) -> bool {
    greeting.answer == Some(answer)
}

/// What a line from a peer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerLine {
    /// It is empty: nothing.
    Nothing,
    /// Something to show. What was no UTF-8 is U+FFFD.
    Text(String),
    /// The end of the chat.
    Quit,
}

/// Reads a line from a peer, which has come without its end; empty means no bytes at all. In the
/// assignments' dialect all that begins with QUIT ends a chat.
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

/// A text as a line to a peer. One that the other side could take for the end gets a space, which is shown
/// there like the rest.
// LAB 5: write a text so that it is never the end => format!("{text}\r\n")
pub fn line_of(text: &str) -> String {
    let space = if text.starts_with("QUIT") { " " } else { "" };
    format!("{space}{text}\r\n")
}

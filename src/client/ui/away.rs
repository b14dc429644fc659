//! Who is away: this client's user, who has said so by `/away`, and others, as far as their clients have told.
//!
//! Each person who writes to somebody who is away, and not to the room, or calls, gets one automatic answer. It is a
//! text like any other that begins with [`MARK`], so every program understands it. A text with that mark is never
//! answered automatically: two clients whose users are away must not talk to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::mem::take;

use crate::client::net::ConnectionId;
use crate::client::ui::output::{Output, PeerInfo};
use crate::wire::text::BadText;
use crate::wire::{MAX_DATAGRAM_TEXT, Name, Text};

/// What an automatic answer begins with.
pub const MARK: &str = "[away]";
/// What is said without a text of the user.
const USUAL: &str = "I am away";
/// The most people who are answered in one absence, and the most others who are known to be away.
const MAX_PEOPLE: usize = 256;

/// Who is away.
#[derive(Debug, Default)]
pub struct Away {
    /// The automatic answer; `None` while the user is here.
    answer: Option<Text>,
    /// Who has got it, in small letters.
    answered: BTreeSet<String>,
    /// Who is to get it.
    due: Vec<Asker>,
    /// What others say of their absence, by their labels in small letters.
    others: BTreeMap<String, String>,
}

/// Somebody who is to get the automatic answer, by the way on which the question came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The peer of that direct chat.
    Chat(ConnectionId),
    /// The client of that name, through the server.
    Member(Name),
}

impl Away {
    /// Begins an absence, or another one with another text. Without a text it ends the absence, if there is one.
    /// Returns a sentence for the user.
    ///
    /// # Errors
    /// When the text cannot be sent: the sentence that tells why.
    pub fn choose(&mut self, text: Option<&str>) -> Result<&'static str, String> {
        if text.is_none() && self.end() {
            return Ok("you are no longer away");
        }
        let answer = Text::parse(&format!("{MARK} {}", text.unwrap_or(USUAL)));
        let short = |answer: &Text| answer.as_str().len() <= MAX_DATAGRAM_TEXT;
        let answer = answer.and_then(|it| if short(&it) { Ok(it) } else { Err(BadText::TooLong) });
        let most = MAX_DATAGRAM_TEXT - MARK.len() - 1;
        self.answer = Some(answer.map_err(|bad| match bad {
            BadText::TooLong => format!("this text is too long: at most {most} bytes"),
            bad => bad.to_string(),
        })?);
        self.answered.clear();
        Ok("you are away: whoever writes to you alone, or calls, is told so once. \
            /away ends it, and so does any text of yours")
    }

    /// Ends the absence. Returns whether there was one.
    pub fn end(&mut self) -> bool {
        self.due.clear();
        self.answer.take().is_some()
    }

    /// The automatic answer; `None` while the user is here.
    pub fn answer(&self) -> Option<&Text> {
        self.answer.as_ref()
    }

    /// Takes those who are to get the automatic answer now.
    pub fn take_due(&mut self) -> Vec<Asker> {
        take(&mut self.due)
    }

    /// Notes what an output says of its speaker: it is away, or here again, or waits for an answer.
    pub fn note(&mut self, output: &Output) {
        match output {
            Output::Room { name, own: false, .. } => self.forget(name),
            Output::Private { name, text, .. } => {
                self.heard(&name.to_string(), text, Asker::Member((*name).clone()));
            }
            Output::Received(peer, text) => {
                self.heard(&peer.label, text, Asker::Chat(peer.chat));
            }
            _ => {}
        }
    }

    /// Notes that a peer has called.
    pub fn called(&mut self, peer: &PeerInfo) {
        self.asked(&peer.label, Asker::Chat(peer.chat));
    }

    /// Forgets that somebody is away.
    pub fn forget(&mut self, label: impl Display) {
        if !self.others.is_empty() {
            self.others.remove(&label.to_string().to_lowercase());
        }
    }

    /// What somebody says of being away; `None` for those who are here, or of whom nothing is known.
    pub fn of(&self, label: impl Display) -> Option<&str> {
        self.others.get(&label.to_string().to_lowercase()).map(String::as_str)
    }

    /// Notes a text from one person to this user alone.
    fn heard(&mut self, label: &str, text: &str, asker: Asker) {
        match text.strip_prefix(MARK) {
            Some(text) if self.others.len() < MAX_PEOPLE => {
                self.others.insert(label.to_lowercase(), text.trim().to_owned());
            }
            Some(_) => {}
            None => {
                self.forget(label);
                self.asked(label, asker);
            }
        }
    }

    /// Notes that somebody must be answered, unless that has been done.
    fn asked(&mut self, label: &str, asker: Asker) {
        let is_open = self.answer.is_some() && self.answered.len() < MAX_PEOPLE;
        if is_open && self.answered.insert(label.to_lowercase()) {
            self.due.push(asker);
        }
    }
}

//! The list of all files on their way: which one a command means, and what is said when one ends.

use std::collections::BTreeMap;

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::files::transfer::{Transfer, tell};
use crate::client::event::TransferId;
use crate::client::net::ConnectionId;
use crate::wire::{FileBlock, FileEnd};

/// The files on their way, the oldest first.
#[derive(Debug, Default)]
pub struct TransferList(BTreeMap<TransferId, Transfer>);

impl TransferList {
    /// Adds a file.
    pub fn insert(&mut self, transfer: Transfer) {
        self.0.insert(transfer.key, transfer);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.0.values()
    }

    /// The one of that number in this client.
    pub fn get_mut(&mut self, key: TransferId) -> Option<&mut Transfer> {
        self.0.get_mut(&key)
    }

    /// The one of that number in a chat, if the peer has heard of it.
    pub fn find(&mut self, chat: ConnectionId, number: u64) -> Option<&mut Transfer> {
        let is_it = |each: &&mut Transfer| each.chat == chat && each.number == number;
        self.0.values_mut().filter(|each| each.is_known_to_peer()).find(is_it)
    }

    /// Sends the files that no peer has heard of in the chats that have taken the place of theirs.
    pub fn inherit(&mut self, chats: &Chats) {
        for transfer in self.0.values_mut().filter(|each| !each.is_known_to_peer()) {
            transfer.chat = chats.heir(transfer.chat);
        }
    }

    /// For each chat, the first file that is to be sent there.
    pub fn first_of_each_chat(&self) -> Vec<TransferId> {
        let mut first = BTreeMap::new();
        for transfer in self.iter().filter(|each| each.is_outgoing()) {
            first.entry(transfer.chat).or_insert(transfer.key);
        }
        first.into_values().collect()
    }

    /// The file that a command means: one of the lowest rank, in the chat that was typed, if one was.
    ///
    /// # Errors
    /// The sentence that tells that there is none, or more than one.
    pub fn meant(
        &self,
        command: &str,
        typed: Option<&str>,
        chats: &Chats,
        rank: impl Fn(&Transfer) -> Option<u8>,
    ) -> Result<TransferId, String> {
        let chat = typed.map_or(Ok(None), |typed| chats.meant(Some(typed)))?;
        let in_chat = self.iter().filter(|each| chat.is_none_or(|chat| each.chat == chat));
        let ranked: Vec<_> = in_chat.filter_map(|each| Some((rank(each)?, each))).collect();
        let lowest = ranked.iter().map(|(rank, _)| *rank).min();
        let mut found = ranked.into_iter().filter(|(rank, _)| Some(*rank) == lowest);
        let Some((_, first)) = found.next() else {
            return Err(match typed {
                Some(typed) => format!("no file is on its way with {typed}"),
                None => format!("{command}: no file is on its way"),
            });
        };
        let others: Vec<_> = found.map(|(_, each)| format!("{command} {}", each.label)).collect();
        if chat.is_none() && !others.is_empty() {
            return Err(format!("which one? {command} {}, {}", first.label, others.join(", ")));
        }
        Ok(first.key)
    }

    /// Takes a file from the list that is at its receiver.
    pub fn finish(&mut self, key: TransferId) -> Option<Transfer> {
        self.0.remove(&key)
    }

    /// Ends a file's way before that, and tells both sides why.
    pub fn end(&mut self, key: TransferId, code: FileEnd, why: &str, context: &mut Context) {
        if let Some(transfer) = self.0.get(&key).filter(|each| each.is_known_to_peer()) {
            let end = FileBlock::End { file: transfer.number, code };
            tell(transfer.chat, &end, context.chats); // a chat that is over takes its files with it
        }
        self.ended(key, code, why, context);
    }

    /// The same after the peer has ended it.
    pub fn ended_by_peer(&mut self, key: TransferId, code: FileEnd, context: &mut Context) {
        self.ended(key, code, sentence(code), context);
    }

    /// Takes a file from the list, and tells the user why.
    fn ended(&mut self, key: TransferId, code: FileEnd, why: &str, context: &mut Context) {
        let Some(transfer) = self.0.remove(&key) else { return };
        let (label, percent) = (&transfer.label, transfer.percent());
        let keeps = transfer.done > 0 && code != FileEnd::Mismatch;
        let kept = match (keeps, transfer.is_outgoing()) {
            (false, _) => String::new(),
            (_, true) => {
                format!("; {percent} % of it is kept there, and /send goes on behind that")
            }
            (_, false) => format!("; {percent} % of it is kept, and goes on when it is sent again"),
        };
        let verb = if transfer.is_outgoing() { "delivered to" } else { "received from" };
        let sentence = format!("not {verb} {label}: {transfer} ({why}{kept})");
        if transfer.is_offered() {
            context.screen.line(sentence); // the user has not wanted it yet
        } else {
            context.screen.failure(sentence);
        }
    }
}

/// Why the peer has ended a file's way.
fn sentence(code: FileEnd) -> &'static str {
    match code {
        FileEnd::Refused => "it was refused",
        FileEnd::Withdrawn => "the other side stopped it",
        FileEnd::NoFolder => "the other client was started without --files DIR",
        FileEnd::Busy => "too many files are offered there, or this one comes there already",
        FileEnd::TooLarge => "it is too large for the other side",
        FileEnd::Timeout => "the other side says that nothing has happened for too long",
        FileEnd::Changed => "it cannot be read there, or it has changed since it was offered",
        FileEnd::Disk => "the other side cannot store it",
        FileEnd::Mismatch => "what has arrived has another SHA-256",
        FileEnd::Done | FileEnd::Disorder => "the other side says that the protocol is not kept to",
    }
}

//! The room, as this client sees it: who is in it, what was said, and what of our own was not heard back.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crate::client::ui::output::Output;
use crate::client::ui::screen::Screen;
use crate::clock;
use crate::wire::block::MAX_ANSWER_LINES;
use crate::wire::entry::Entry;
use crate::wire::name::{Name, PeerRef};
use crate::wire::notification::Reason;

/// The room.
#[derive(Debug)]
pub struct RoomView {
    /// The number of the last message seen.
    pub seen: Option<u64>,
    others: BTreeMap<u64, Entry>,
    /// What we have said and not heard back.
    unheard: VecDeque<String>,
    /// How many of those were said before this connection, and the message by which they must have come.
    doubtful: usize,
    by: u64,
    /// Local time's minutes ahead of UTC.
    offset: i32,
}

impl RoomView {
    /// Nothing seen yet; local time is `offset` minutes ahead of UTC.
    pub fn new(offset: i32) -> RoomView {
        let (others, unheard) = (BTreeMap::new(), VecDeque::new());
        RoomView { seen: None, others, unheard, doubtful: 0, by: 0, offset }
    }

    /// We are in it, with these others, and the last message before us was number `seq`.
    pub fn enter(&mut self, others: Vec<Entry>, seq: u64, missed: u64, screen: &mut Screen) {
        let names = others.iter().map(|entry| format!("{} ({})", entry.id, entry.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "none" } else { &names };
        screen.line(format_args!("Other clients' IDs: {names}"));
        self.others = others.into_iter().map(|entry| (entry.id, entry)).collect();
        if missed > 0 {
            screen.line(format_args!("{missed} older messages are not shown"));
        }
        if *self.seen.get_or_insert(seq) > seq {
            screen.line("the server's log is new: this is a different room");
            self.seen = Some(seq);
        }
        (self.doubtful, self.by) = (self.unheard.len(), seq);
        self.give_up_doubtful(screen);
    }

    /// Who else is in it.
    pub fn others(&self) -> impl Iterator<Item = &Entry> {
        self.others.values()
    }

    /// Where somebody in the room listens.
    pub fn address_of(&self, who: &PeerRef) -> Option<SocketAddr> {
        self.others.values().find(|entry| entry.is(who)).map(|entry| entry.address)
    }

    /// Who in the room listens at an address.
    pub fn name_at(&self, address: SocketAddr) -> Option<Name> {
        let found = self.others.values().find(|entry| entry.address == address);
        found.map(|entry| entry.name.clone())
    }

    /// We have said something; it must come back.
    pub fn spoke(&mut self, text: &str) {
        self.unheard.push_back(text.to_owned());
    }

    /// How much of what we have said has not come back.
    pub fn unheard(&self) -> usize {
        self.unheard.len()
    }

    /// The server has refused what we have said first of all that has not come back.
    pub fn refused(&mut self, message: &str, screen: &mut Screen) {
        let text = self.unheard.pop_front().unwrap_or_default();
        screen.line(format_args!("not delivered: {text} ({message})"));
    }

    /// Somebody, perhaps ourselves (`own`), has said something.
    pub fn said(
        &mut self,
        (seq, time, name, text): (u64, &str, &Name, &str),
        own: bool,
        screen: &mut Screen,
    ) {
        let time = clock::hour_minute(time, self.offset);
        screen.show(&Output::Room { time: &time, name, text, own });
        let new = self.seen.is_none_or(|seen| seq > seen);
        self.seen = self.seen.max(Some(seq));
        if own
            && new
            && let Some(found) = self.unheard.iter().position(|unheard| unheard == text)
        {
            // What was said before it has been passed over.
            self.give_up(found, screen);
            self.unheard.pop_front();
            self.doubtful = self.doubtful.saturating_sub(1);
        }
        self.give_up_doubtful(screen);
    }

    /// What was said before this connection has come back by now, or it never will.
    fn give_up_doubtful(&mut self, screen: &mut Screen) {
        if self.seen.is_some_and(|seen| seen >= self.by) {
            self.give_up(self.doubtful, screen);
        }
    }

    /// The client ends: nothing will be heard back any more, whatever has become of it.
    pub fn close(&mut self, screen: &mut Screen) {
        for text in self.unheard.drain(..) {
            screen.line(format_args!("not confirmed: {text}"));
        }
    }

    fn give_up(&mut self, count: usize, screen: &mut Screen) {
        self.doubtful = self.doubtful.saturating_sub(count);
        for text in self.unheard.drain(..count) {
            screen.line(format_args!("not delivered: {text}"));
        }
    }

    /// Somebody has told us something in private.
    pub fn told(&self, time: &str, name: &Name, text: &str, screen: &mut Screen) {
        let time = clock::hour_minute(time, self.offset);
        screen.show(&Output::Private { time: &time, name, text });
    }

    /// Somebody has come in or has moved; perhaps that is us, with ID `own`.
    pub fn arrived(&mut self, entry: Entry, own: u64, screen: &mut Screen) {
        let Entry { name, address, id } = &entry;
        let moved = *id == own || self.others.contains_key(id);
        let verb = if moved { "moved" } else { "joined" };
        screen.line(format_args!("{name} {verb} (ID {id}, {address})"));
        if *id != own && self.others.len() < MAX_ANSWER_LINES {
            self.others.insert(*id, entry);
        }
    }

    /// Somebody has left.
    pub fn left(&mut self, id: u64, name: &Name, reason: Option<Reason>, screen: &mut Screen) {
        self.others.remove(&id);
        let reason = reason.unwrap_or(Reason::Gone);
        screen.line(format_args!("{name} left ({reason})"));
    }
}

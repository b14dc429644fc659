//! The room as this client sees it: its members, the last message seen, and this client's texts that have not
//! come back.
//!
//! The server confirms a text by sending it back as a message. A connection that breaks leaves texts in
//! doubt: the replay after the next JOIN shows which of them the server received.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use crate::client::ui::{Output, Screen};
use crate::wire::{
    Entry, LastSeen, MAX_ANSWER_LINES, Name, PeerRef, Reason, Secret, Welcome, compat,
};

/// The most texts that may not have come back. Further ones wait: a server that sends none back must not make the
/// client keep more.
const MAX_UNHEARD: usize = 256;
/// The most messages that are remembered as this client's own: as many as the server replays.
const MAX_OWN: usize = 1_000;

/// The room as this client sees it.
#[derive(Debug, Default)]
pub struct RoomView {
    /// The number of the last message seen.
    seen: Option<u64>,
    /// The epoch of the server's log that the number belongs to, if the server names one.
    log: Option<Secret>,
    /// The other members by their IDs.
    others: BTreeMap<u64, Entry>,
    /// The texts of this client that have not come back, the oldest first.
    unheard: VecDeque<String>,
    /// How many of those were said on an earlier connection.
    doubtful: usize,
    /// The number of the last message that can bring a doubtful text.
    by: u64,
    /// The IDs that this client has had in this run of the server.
    own_ids: BTreeSet<u64>,
    /// The numbers of this client's last messages: after a restart of the server they have no ID.
    own_messages: BTreeSet<u64>,
    /// Whether the server tells who can be called by TLS.
    pub tells_tls: bool,
}

impl RoomView {
    /// What this client has seen, for the server that it comes back to.
    pub fn last_seen(&self) -> Option<LastSeen> {
        let log = self.log.map(|log| log.to_string());
        self.seen.map(|seq| LastSeen { seq, log })
    }

    /// Enters the room, to which this client is welcome. `reissued`: the IDs of before mean nothing any more, unless it
    /// is still the same run of the server.
    pub fn enter(&mut self, welcome: Welcome, reissued: bool, screen: &mut Screen) {
        let Welcome { id, others, seq, missed, log, since, secure, .. } = welcome;
        self.tells_tls = secure;
        if reissued && (log.is_none() || log != self.log) {
            self.own_ids.clear();
        }
        self.own_ids.insert(id);
        let names = others.iter().map(|entry| format!("{} ({})", entry.id, entry.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "none" } else { &names };
        screen.line(format_args!("Other clients' IDs: {names}"));
        self.others = others.into_iter().map(|entry| (entry.id, entry)).collect();
        if missed > 0 {
            screen.line(format_args!("{missed} older messages are not shown"));
        }
        self.find_place(log, since, seq, screen);
        // Nothing was said on this connection yet: the texts that have not come back are in doubt until the replay
        // ends at `seq`.
        (self.doubtful, self.by) = (self.unheard.len(), seq);
        self.give_up_doubtful(screen);
    }

    /// Decides which number counts as the last one seen in a room whose last message is `seq`. A server that knows the
    /// `log` of the number that this client has sent says `since` when the messages are new to it.
    fn find_place(
        &mut self,
        log: Option<Secret>,
        since: Option<u64>,
        seq: u64,
        screen: &mut Screen,
    ) {
        let seen = *self.seen.get_or_insert(seq);
        let asked = log.is_some() && self.log.is_some();
        self.log = log;
        match since.filter(|_| asked) {
            Some(since) if since < seen => {
                let lost = seen - since;
                screen.line(format_args!(
                    "the server's log has lost the last {lost} messages that you have seen; it goes on without them"
                ));
                self.seen = Some(since);
            }
            None if asked || seen > seq => {
                screen.line("the server's log is new: this is a different room");
                self.seen = Some(seq);
            }
            _ => {}
        }
    }

    /// The other members.
    pub fn others(&self) -> impl Iterator<Item = &Entry> {
        self.others.values()
    }

    /// The address where a member listens.
    pub fn address_of(&self, who: &PeerRef) -> Option<SocketAddr> {
        self.others.values().find(|entry| entry.is(who)).map(|entry| entry.address)
    }

    /// The ID of the member of that name that listens there: whether a peer of that name and address is known.
    pub fn id_of(&self, name: &Name, address: SocketAddr) -> Option<u64> {
        let found =
            self.others.values().find(|entry| entry.name == *name && entry.address == address);
        found.map(|entry| entry.id)
    }

    /// The name of the member that listens at an address.
    pub fn name_at(&self, address: SocketAddr) -> Option<Name> {
        let found = self.others.values().find(|entry| entry.address == address);
        found.map(|entry| entry.name.clone())
    }

    /// Notes that this client said a text, which must come back.
    pub fn spoke(&mut self, text: &str) {
        self.unheard.push_back(text.to_owned());
    }

    /// The texts of this client that have not come back.
    pub fn unheard_texts(&self) -> impl Iterator<Item = &str> {
        self.unheard.iter().map(String::as_str)
    }

    /// How many texts of this client have not come back.
    pub fn unheard(&self) -> usize {
        self.unheard.len()
    }

    /// Whether the server owes the return of a text that was said on this connection.
    pub fn awaits_return(&self) -> bool {
        self.unheard.len() > self.doubtful
    }

    /// Whether too many texts have not come back: the next one must wait.
    pub fn is_full(&self) -> bool {
        self.unheard.len() >= MAX_UNHEARD
    }

    /// Handles a refusal of the server. It means the oldest text that has not come back, because responses keep
    /// the order of requests.
    pub fn refused(&mut self, message: &str, screen: &mut Screen) {
        let text = self.unheard.pop_front().unwrap_or_default();
        screen.failure(format_args!("not delivered: {text} ({message})"));
    }

    /// Whether this client has said a message under its name. The name alone proves nothing: it may have belonged to
    /// somebody else meanwhile. The server says an ID, but none with what was said before its last start.
    pub fn is_own(&self, (seq, id): (u64, u64), text: &str) -> bool {
        let is_awaited = || {
            let is_new = self.seen.is_none_or(|seen| seq > seen);
            is_new && self.unheard.iter().any(|unheard| unheard == text)
        };
        match id {
            compat::NO_ID => self.own_messages.contains(&seq) || is_awaited(),
            id => self.own_ids.contains(&id),
        }
    }

    /// Handles a message. `own`: this client said it, perhaps on an earlier connection.
    ///
    /// A new message of its own confirms the oldest text with the same words. The texts before that one are
    /// lost.
    pub fn said(
        &mut self,
        (seq, time, name, text): (u64, &str, &Name, &str),
        own: bool,
        screen: &mut Screen,
    ) {
        screen.show(&Output::Room { time, name, text, own });
        if own && self.own_messages.insert(seq) && self.own_messages.len() > MAX_OWN {
            self.own_messages.pop_first();
        }
        let new = self.seen.is_none_or(|seen| seq > seen);
        self.seen = self.seen.max(Some(seq));
        if own
            && new
            && let Some(found) = self.unheard.iter().position(|unheard| unheard == text)
        {
            // The server keeps the order: a text that was said before this one and has not come back is lost.
            self.give_up(found, screen);
            self.unheard.pop_front();
            self.doubtful = self.doubtful.saturating_sub(1);
        }
        self.give_up_doubtful(screen);
    }

    /// Gives up the doubtful texts when the replay is over: what it has not brought counts as lost.
    fn give_up_doubtful(&mut self, screen: &mut Screen) {
        if self.seen.is_some_and(|seen| seen >= self.by) {
            self.give_up(self.doubtful, screen);
        }
    }

    /// Forgets what was seen: this client comes back as somebody else. Its texts cannot return under another name.
    pub fn forget(&mut self, screen: &mut Screen) {
        self.close(screen);
        (self.seen, self.log, self.doubtful) = (None, None, 0);
        (self.own_ids, self.own_messages) = (BTreeSet::new(), BTreeSet::new());
    }

    /// Handles the end of the client: reports the texts of which nothing is known.
    pub fn close(&mut self, screen: &mut Screen) {
        for text in self.unheard.drain(..) {
            screen.failure(format_args!("not confirmed: {text}"));
        }
    }

    /// Reports the oldest texts as not delivered.
    fn give_up(&mut self, count: usize, screen: &mut Screen) {
        self.doubtful = self.doubtful.saturating_sub(count);
        for text in self.unheard.drain(..count) {
            screen.failure(format_args!("not delivered: {text}"));
        }
    }

    /// Shows a private message.
    pub fn told(&self, time: &str, name: &Name, text: &str, screen: &mut Screen) {
        screen.show(&Output::Private { time, name, text });
    }

    /// Adds a member, or moves it to another address. It may be this client, whose ID is `own`.
    pub fn arrived(&mut self, entry: Entry, own: u64, screen: &mut Screen) {
        let Entry { name, address, id } = &entry;
        let moved = *id == own || self.others.contains_key(id);
        let verb = if moved { "moved" } else { "joined" };
        screen.line(format_args!("{name} {verb} (ID {id}, {address})"));
        // A server must not make the client keep more members than a response can list.
        if *id != own && self.others.len() < MAX_ANSWER_LINES {
            self.others.insert(*id, entry);
        }
    }

    /// Removes a member that left.
    pub fn left(&mut self, id: u64, name: &Name, reason: Option<Reason>, screen: &mut Screen) {
        self.others.remove(&id);
        screen.away.forget(name);
        let reason = reason.unwrap_or(Reason::Gone);
        screen.line(format_args!("{name} left ({reason})"));
    }
}

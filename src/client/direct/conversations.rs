//! Conversations over UDP: who has queried whom, to which conversation a datagram belongs, and what is due.
//!
//! UDP has no connections, so one socket serves all conversations. A datagram belongs to the conversation whose
//! secret it shows: MSG shows the ticket of a direction, and ACK the answer of the same direction. The address that
//! it comes from decides nothing. A datagram without a known secret is a stranger's: it is counted, shows nothing
//! and gets no answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::eviction::evicted;
use crate::client::direct::secure::sealed::{Unsealed, standing};
use crate::client::direct::udp::socket::sealed_as;
use crate::client::direct::udp::{Conversation, Datagrams, Outgoing, Receiving, Sending};
use crate::client::net::{ConnectionId, Direction};
use crate::client::ui::Screen;
use crate::wire::{Candidates, Credentials, Datagram, Entry, Name, PeerRef, Secret};

/// The most conversations: neither a server nor a user must make the client keep more.
const MAX_CONVERSATIONS: usize = 256;
/// The most conversations with one name in turn that the user has not answered.
const SHARE: usize = 4;
/// How long after the last message its acknowledgement may be needed again: two of a sender's longest pauses and
/// a little, for one copy may be lost. TCP's `TIME_WAIT` (RFC 9293, 3.6) has the same purpose.
const LINGER: Duration = Duration::from_millis(1_700);

/// What all conversations share: the socket, and what happened on it.
#[derive(Debug)]
pub struct Conversations {
    /// The way out for datagrams.
    pub datagrams: Datagrams,
    /// How long a message is tried.
    give_up: Duration,
    /// How many datagrams showed no known ticket or answer.
    strangers: u64,
    /// When the last message arrived.
    last_message: Option<Instant>,
}

impl Conversations {
    /// No conversations yet.
    pub fn new(datagrams: Datagrams, give_up: Duration) -> Conversations {
        Conversations { datagrams, give_up, strangers: 0, last_message: None }
    }

    /// Opens this client's direction to a peer that the server has introduced. That chat is current from now on.
    pub fn query(
        &mut self,
        entry: Entry,
        credentials: Credentials,
        _: Candidates,
        context: &mut Context,
    ) {
        if !make_room(&entry, context) {
            let rule = format!("you have {MAX_CONVERSATIONS} conversations");
            let name = &entry.name;
            context.screen.line(format_args!("{rule}: /hangup one of them, then /query {name}"));
            return;
        }
        let Context { me, chats, screen, now } = context;
        let Some(own) = me.name.clone() else { return };
        let Entry { name, address, .. } = &entry;
        if credentials.secure && !self.datagrams.seals.begin(&credentials, true) {
            return screen
                .line(format_args!("the server gives an old ticket for {name}: not used"));
        }
        screen.line(format_args!("conversation with {name} {address} (udp) is open"));
        let conversation = with(&entry, own.clone(), chats, *now);
        (conversation.entry, conversation.me, conversation.is_broken) = (entry, own, false);
        conversation.stop_sending(screen); // the texts under the ticket before this one
        conversation.sending = Some((credentials, Sending::new(self.give_up)));
        let key = conversation.key;
        chats.current = Some(key);
    }

    /// Opens the direction of a peer that has queried this client. That chat becomes current if none is.
    pub fn queried(
        &mut self,
        caller: Entry,
        credentials: Credentials,
        _: Candidates,
        context: &mut Context,
    ) {
        let Some(own) = context.me.name.clone() else { return };
        if !make_room(&caller, context) {
            let rule = format!("you have {MAX_CONVERSATIONS} conversations");
            let name = &caller.name;
            return context.screen.line(format_args!("a query from {name} is ignored: {rule}"));
        }
        let Context { chats, screen, now, .. } = context;
        let Entry { name, address, .. } = &caller;
        if credentials.secure && !self.datagrams.seals.begin(&credentials, false) {
            return screen.line(format_args!("the server gives an old ticket of {name}: not used"));
        }
        let standing = standing(credentials.secure, chats.server_is_secure, chats.server_tells_tls);
        screen.line(format_args!("Incoming query from {name} {address} ({standing})"));
        let conversation = with(&caller, own, chats, *now);
        if conversation.sending.is_none() {
            screen.line(format_args!("query {name} back to answer: /query {name}"));
        }
        conversation.finish_receiving(screen); // the messages under the ticket before this one
        (conversation.entry, conversation.receiving) =
            (caller, Some((credentials, Receiving::default())));
        screen.called(&conversation.peer_info());
        let key = conversation.key;
        chats.current.get_or_insert(key);
    }

    /// Handles a datagram. Without a known secret it changes nothing and gets no answer.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>, context: &mut Context) {
        let Context { chats, screen, now, .. } = context;
        let question = (from, bytes.len());
        let (seal, bytes, why) = self.unsealed(bytes, chats);
        let datagram = Datagram::parse(&bytes);
        let mut captured = self.datagrams.capture(Direction::In, from, bytes).because(why);
        let known = datagram
            .as_ref()
            .and_then(|datagram| chats.over_udp_mut().find(|found| found.knows(datagram, seal)));
        match (known, datagram) {
            (Some(conversation), Some(Datagram::Ack { seq, upto, .. })) => {
                conversation.active = *now;
                screen.captured(&captured, &conversation.entry.name);
                conversation.acknowledged(seq, upto, screen, *now);
                conversation.work(&mut self.datagrams, screen, *now);
            }
            (Some(conversation), Some(Datagram::Msg { seq, first, text, .. })) => {
                conversation.active = *now;
                if let Some(ack) = conversation.receive((seq, first, text), captured, screen) {
                    let name = &conversation.entry.name;
                    self.answer((ack, seal), question, name, (screen, *now));
                }
            }
            (_, datagram) => {
                let ended = datagram.and_then(|datagram| chats.ended.acknowledge(&datagram, seal));
                if let Some((peer, ack)) = ended {
                    let why = "a copy of what came before the end: acknowledged again";
                    screen.captured(&captured.because(why.to_owned()), peer);
                    return self.answer((ack, seal), question, peer, (screen, *now));
                }
                // A copy of what was sealed has been counted.
                if captured.why.is_empty() {
                    self.strangers += 1;
                    let why = "from a stranger: dropped, not answered";
                    captured = captured.because(why.to_owned());
                }
                screen.captured(&captured, from);
            }
        }
    }

    /// What a datagram holds, the ticket under which it was sealed, if it was, and the explanation.
    fn unsealed(&mut self, bytes: Vec<u8>, chats: &mut Chats) -> (Option<Secret>, Vec<u8>, String) {
        match self.datagrams.seals.open(&bytes) {
            Unsealed::Inner(ticket, number, inner) => (Some(ticket), inner, sealed_as(number, "")),
            Unsealed::Plain | Unsealed::Unknown => (None, bytes, String::new()),
            Unsealed::Repeated(ticket) => {
                chats.over_udp_mut().for_each(|found| found.repeated(ticket));
                (None, bytes, "it has come before: dropped, not answered".to_owned())
            }
        }
    }

    /// Acknowledges a message. An answer longer than its question would let a forged address amplify a flood.
    fn answer(
        &mut self,
        (bytes, seal): (Vec<u8>, Option<Secret>),
        (to, length): (SocketAddr, usize),
        with: &Name,
        (screen, now): (&mut Screen, Instant),
    ) {
        if bytes.len() <= length {
            let outgoing = Outgoing { bytes, seal, to, with: with.clone(), why: String::new() };
            self.datagrams.send(outgoing, screen);
            self.last_message = Some(now);
        }
    }

    /// Sends and gives up what is due, in every conversation, and ends those in which nothing happens any more.
    pub fn tick(&mut self, context: &mut Context) {
        let Context { chats, screen, now, .. } = context;
        for conversation in chats.over_udp_mut() {
            conversation.work(&mut self.datagrams, screen, *now);
        }
        let idle = |conversation: &&Conversation| conversation.expires() <= *now;
        let idle: Vec<_> = chats.over_udp().filter(idle).map(|idle| idle.key).collect();
        for key in idle {
            end(key, context);
        }
    }

    /// Until when a peer may still send copies of what has arrived.
    pub fn lingers_until(&self) -> Option<Instant> {
        self.last_message.map(|last| last + LINGER)
    }

    /// Shows how many datagrams from strangers were dropped.
    pub fn list_strangers(&self, screen: &mut Screen) {
        match self.strangers {
            0 => {}
            1 => screen.line("1 datagram from a stranger was dropped"),
            many => screen.line(format_args!("{many} datagrams from strangers were dropped")),
        }
    }
}

/// When [`Conversations::tick`] has something to do.
pub fn deadline(chats: &Chats) -> Option<Instant> {
    let due = |conversation: &Conversation| {
        let expires = conversation.expires();
        conversation.deadline().map_or(expires, |deadline| deadline.min(expires))
    };
    chats.over_udp().map(due).min()
}

/// Makes a place for a conversation with that client, unless there is one. If all are taken, one that the user has not
/// answered must go. Returns whether there is a place.
fn make_room(peer: &Entry, context: &mut Context) -> bool {
    let chats = &context.chats;
    if find(peer, chats).is_some() {
        return true;
    }
    let is_chosen = |key| chats.current == Some(key) || chats.destination.is(key);
    let is_unanswered = |found: &&Conversation| found.sending.is_none() && !is_chosen(found.key);
    let unanswered: Vec<_> = chats.over_udp().filter(is_unanswered).collect();
    let held = unanswered.iter().map(|found| (&found.entry.name, found.active));
    let is_full = chats.over_udp().count() >= MAX_CONVERSATIONS;
    let place = evicted(held, &peer.name, SHARE, is_full).map(|place| unanswered[place].key);
    place.map(|key| end(key, context)).is_some() || !is_full
}

/// Ends a conversation in which nothing happens. Shows the messages that wait for earlier ones.
fn end(key: ConnectionId, context: &mut Context) {
    let Some(chat) = context.chats.take(key) else { return };
    let is_known = chat.udp().is_some_and(Conversation::has_said);
    let label = chat.label();
    context.chats.end(chat, context.screen);
    if is_known {
        context.screen.line(format_args!("the conversation with {label} is over: it was idle"));
    }
}

/// The conversation with a peer that still works: this client has queried, nothing was given up, and, as far as
/// the client knows, `is_there` is true of the peer's ID. (A peer that came back under the same name knows no old
/// ticket.)
pub fn open_to(
    peer: &PeerRef,
    chats: &Chats,
    is_there: impl Fn(u64) -> bool,
) -> Option<ConnectionId> {
    let last = chats.over_udp().rev().find(|conversation| conversation.entry.is(peer))?;
    let works = last.sending.is_some() && !last.is_broken && is_there(last.entry.id);
    works.then_some(last.key)
}

/// The number of the conversation with that client.
fn find(entry: &Entry, chats: &Chats) -> Option<ConnectionId> {
    chats.over_udp().find(|found| found.entry.is_same(entry)).map(|found| found.key)
}

/// The conversation with that client, or a new one.
fn with<'a>(entry: &Entry, me: Name, chats: &'a mut Chats, now: Instant) -> &'a mut Conversation {
    let key = find(entry, chats).unwrap_or_else(|| {
        let key = ConnectionId::next();
        chats.insert(DirectChat::Udp(Conversation::new(key, entry.clone(), me, now)));
        key
    });
    let found = chats.over_udp_mut().find(|conversation| conversation.key == key);
    let found = found.expect("BUG: the conversation was found or inserted");
    found.active = now;
    found
}

//! Conversations over UDP: who has queried whom, to which conversation a datagram belongs, and what is due.
//!
//! UDP has no connections, so one socket serves all conversations. A datagram belongs to the conversation whose
//! secret it shows: MSG shows the ticket of a direction, and ACK the answer of the same direction. The address that
//! it comes from decides nothing. A datagram without a known secret is a stranger's: it is counted, shows nothing
//! and gets no answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::call_limit::MAX_CALLS;
use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::conversation_places::{MAX_CONVERSATIONS, end, make_room, with};
use crate::client::direct::punching::{self, can_punch};
use crate::client::direct::secure::sealed::{Unsealed, standing};
use crate::client::direct::secure::tickets::identity;
use crate::client::direct::udp::path::Path;
use crate::client::direct::udp::socket::sealed_as;
use crate::client::direct::udp::{
    Conversation, Datagrams, Outgoing, Receiving, Sending, Strangers,
};
use crate::client::net::{Captured, Direction};
use crate::client::ui::Screen;
use crate::wire::{Candidates, Credentials, Datagram, Entry, Name, Secret};

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
    /// What showed no known ticket or answer.
    strangers: Strangers,
    /// When the last message arrived.
    last_message: Option<Instant>,
}

impl Conversations {
    /// No conversations yet.
    pub fn new(datagrams: Datagrams, give_up: Duration) -> Conversations {
        Conversations { datagrams, give_up, strangers: Strangers::default(), last_message: None }
    }

    /// Opens this client's direction to a peer that the server has introduced. That chat is current from now on.
    pub fn query(
        &mut self,
        entry: Entry,
        credentials: Credentials,
        candidates: Candidates,
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
        let name = &entry.name;
        if credentials.secure && !self.datagrams.seals.begin(&credentials, true) {
            return screen
                .line(format_args!("the server gives an old ticket for {name}: not used"));
        }
        let conversation = with(&entry, own.clone(), chats, *now);
        (conversation.entry, conversation.me, conversation.is_broken) = (entry, own, false);
        punching::introduced(conversation, (&credentials, &candidates), &self.datagrams);
        punching::announce(conversation, screen);
        conversation.stop_sending(screen); // the texts under the ticket before this one
        conversation.sending = Some((credentials, Sending::new(self.give_up)));
        let key = conversation.key;
        chats.current = Some(key);
        self.take_early(&credentials, context);
    }

    /// Opens the direction of a peer that has queried this client. That chat becomes current if none is.
    pub fn queried(
        &mut self,
        caller: Entry,
        credentials: Credentials,
        candidates: Candidates,
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
        if can_punch(&credentials, &candidates) && !chats.calls.allows(*now) {
            let rule = format!("more than {MAX_CALLS} came in a minute");
            return screen.line(format_args!("a query from {name} is ignored: {rule}"));
        }
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
        punching::introduced(conversation, (&credentials, &candidates), &self.datagrams);
        screen.called(&conversation.peer_info());
        let key = conversation.key;
        chats.current.get_or_insert(key);
        self.take_early(&credentials, context);
    }

    /// Handles what has come under a ticket before its introduction.
    fn take_early(&mut self, credentials: &Credentials, context: &mut Context) {
        for (from, bytes) in self.strangers.take(&identity(credentials.ticket), context.now) {
            self.datagram(from, bytes, context);
        }
    }

    /// Handles a datagram. Without a known secret it changes nothing and gets no answer.
    pub fn datagram(&mut self, from: SocketAddr, bytes: Vec<u8>, context: &mut Context) {
        let Context { chats, screen, now, .. } = context;
        let question = (from, bytes.len());
        let (seal, bytes, why) = self.unsealed(from, bytes, chats, *now);
        let datagram = Datagram::parse(&bytes);
        let mut captured = self.datagrams.capture(Direction::In, from, bytes).because(why);
        let known = datagram
            .as_ref()
            .and_then(|datagram| chats.over_udp_mut().find(|found| found.knows(datagram, seal)));
        if let (Some(conversation), Some(datagram)) = (known, &datagram) {
            return self.known(conversation, datagram, (question, seal), captured, (screen, *now));
        }
        let ended = datagram.and_then(|datagram| chats.ended.acknowledge(&datagram, seal));
        if let Some((peer, ack)) = ended {
            let why = "a copy of what came before the end: acknowledged again";
            screen.captured(&captured.because(why.to_owned()), peer);
            self.answer((ack, seal), question, peer, screen);
            self.last_message = Some(*now);
            return;
        }
        // A copy of what was sealed has been counted.
        if captured.why.is_empty() {
            self.strangers.drop_one();
            let why = "from a stranger: dropped, not answered";
            captured = captured.because(why.to_owned());
        }
        screen.captured(&captured, from);
    }

    /// Handles a datagram of a conversation, which came from an address, with a length, and under a ticket.
    fn known(
        &mut self,
        conversation: &mut Conversation,
        datagram: &Datagram,
        (question, seal): ((SocketAddr, usize), Option<Secret>),
        captured: Captured,
        (screen, now): (&mut Screen, Instant),
    ) {
        let from = question.0;
        conversation.route.path.iter_mut().for_each(Path::heard);
        match datagram {
            Datagram::Ack { seq, upto, .. } => {
                conversation.active = now;
                screen.captured(&captured, &conversation.entry.name);
                conversation.acknowledged(from, (*seq, *upto), screen, now);
                conversation.work(&mut self.datagrams, screen, now);
            }
            Datagram::Msg { seq, first, text, .. } => {
                conversation.active = now;
                let message = (*seq, *first, text.clone());
                if let Some(ack) = conversation.receive(message, captured, screen, now) {
                    self.answer((ack, seal), question, &conversation.entry.name, screen);
                    self.last_message = Some(now);
                }
            }
            Datagram::Punch { nonce } => {
                let (answer, why) = punching::punched(conversation, (from, *nonce), now);
                screen.captured(&captured.also(&why), &conversation.entry.name);
                let bytes = answer.to_block().to_string().into_bytes();
                self.answer((bytes, seal), question, &conversation.entry.name, screen);
            }
            Datagram::PunchAck { nonce } => {
                let why = punching::answered(conversation, (from, *nonce), screen, now);
                screen.captured(&captured.also(&why), &conversation.entry.name);
                conversation.work(&mut self.datagrams, screen, now);
            }
        }
    }

    /// What a datagram holds, the ticket under which it was sealed, if it was, and the explanation.
    fn unsealed(
        &mut self,
        from: SocketAddr,
        bytes: Vec<u8>,
        chats: &mut Chats,
        now: Instant,
    ) -> (Option<Secret>, Vec<u8>, String) {
        match self.datagrams.seals.open(&bytes) {
            Unsealed::Inner(ticket, number, inner) => (Some(ticket), inner, sealed_as(number, "")),
            Unsealed::Plain => (None, bytes, String::new()),
            Unsealed::Unknown => {
                self.strangers.keep(from, &bytes, now);
                (None, bytes, String::new())
            }
            Unsealed::Repeated(ticket) => {
                chats.over_udp_mut().for_each(|found| found.repeated(ticket));
                (None, bytes, "it has come before: dropped, not answered".to_owned())
            }
        }
    }

    /// Answers a datagram. An answer longer than its question would let a forged address amplify a flood.
    fn answer(
        &mut self,
        (bytes, seal): (Vec<u8>, Option<Secret>),
        (to, length): (SocketAddr, usize),
        with: &Name,
        screen: &mut Screen,
    ) {
        let sealed = seal.and_then(|ticket| self.datagrams.seals.length(ticket, &bytes));
        if sealed.unwrap_or(bytes.len()) <= length {
            let outgoing = Outgoing { bytes, seal, to, with: with.clone(), why: String::new() };
            self.datagrams.send(outgoing, screen);
        }
    }

    /// Sends and gives up what is due, in every conversation, and ends those in which nothing happens any more.
    pub fn tick(&mut self, context: &mut Context) {
        let Context { chats, screen, now, .. } = context;
        punching::begin_searches(chats, *now);
        loop {
            for conversation in chats.over_udp_mut() {
                punching::work(conversation, self.give_up, &mut self.datagrams, screen, *now);
                conversation.work(&mut self.datagrams, screen, *now);
            }
            // A search that has ended leaves its place to one that waits.
            if !punching::begin_searches(chats, *now) {
                break;
            }
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
        self.strangers.list(screen);
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

//! The door of the direct chats: calls that come in, calls that are answered, and who is let in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::chat::{Chat, Me, Stage};
use crate::client::chats::{Chats, UNSENT};
use crate::client::connection::{ConnectionId, Writer};
use crate::client::event::PeerEvent;
use crate::client::terminal::Screen;
use crate::wire::entry::{Entry, Vouch};
use crate::wire::greeting::Greeting;
use crate::wire::secret::Secret;

/// CALL and the connection that it announces race on different sockets: an unknown ticket is judged
/// after this time.
const JUDGEMENT: Duration = Duration::from_secs(2);
/// Two calls that cross within this time are one.
const CROSSING: Duration = Duration::from_secs(5);

impl Chats {
    /// The server has announced a caller. It may be waiting at the door already.
    pub fn invite(
        &mut self,
        caller: Entry,
        vouch: Vouch,
        me: &Me,
        screen: &mut Screen,
        now: Instant,
    ) {
        self.invitations.announce(caller, vouch, now);
        let judged = |chat: &Chat| matches!(chat.stage, Stage::Judged { .. });
        let waiting = self.all.iter().filter(|(_, chat)| judged(chat)).map(|(id, _)| *id);
        for id in waiting.collect::<Vec<_>>() {
            self.judge(id, me, screen, now);
        }
    }

    /// When [`Chats::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let until = |chat: &Chat| match chat.stage {
            Stage::Judged { until, .. } | Stage::Crossed { until, .. } => Some(until),
            Stage::Calling(_) | Stage::Open => None,
        };
        self.all.values().filter_map(until).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, me: &Me, screen: &mut Screen, now: Instant) {
        for id in self.all.keys().copied().collect::<Vec<_>>() {
            match self.all.get(&id).map(|chat| &chat.stage) {
                Some(Stage::Judged { until, .. }) if *until <= now => self.open(id, screen),
                Some(Stage::Crossed { answer, until }) if *until <= now => {
                    let answer = *answer;
                    self.receive(id, answer, None, me, screen);
                }
                _ => {}
            }
        }
    }

    /// Takes what has happened to a chat.
    pub fn event(
        &mut self,
        id: ConnectionId,
        event: PeerEvent,
        me: &Me,
        screen: &mut Screen,
        now: Instant,
    ) {
        match event {
            PeerEvent::Incoming(writer, address, greeting) => {
                self.incoming(id, writer, address, greeting, screen, now);
                self.judge(id, me, screen, now);
            }
            PeerEvent::Connected(writer) => {
                let Some(chat) = self.all.get_mut(&id) else { return };
                chat.writer = Some(writer);
                if matches!(chat.stage, Stage::Calling(None)) {
                    self.open(id, screen);
                }
            }
            PeerEvent::Answered(greeting) => self.answered(id, &greeting, screen),
            PeerEvent::Failed(cause) => self.failed(id, &cause, me, screen),
            PeerEvent::Said(text) => self.said(id, text, screen),
            PeerEvent::Ended(cause) => self.ended(id, cause, screen),
        }
    }

    /// Somebody is at the door. Without a ticket there is nothing to be judged.
    fn incoming(
        &mut self,
        id: ConnectionId,
        writer: Writer,
        from: SocketAddr,
        greeting: Option<Greeting>,
        screen: &mut Screen,
        now: Instant,
    ) {
        let claimed = greeting.as_ref().and_then(|greeting| greeting.address);
        let address = SocketAddr::new(from.ip(), claimed.unwrap_or(from).port());
        let name = greeting.as_ref().map(|greeting| greeting.name.clone());
        let judged = greeting.filter(|greeting| greeting.ticket.is_some());
        let (open, until) = (judged.is_none(), now + JUDGEMENT);
        let judge = |greeting| Stage::Judged { greeting, until, said: Vec::new() };
        let stage = judged.map_or(Stage::Open, judge);
        let chat = Chat { writer: Some(writer), ..Chat::new(name, 0, address, stage) };
        self.all.insert(id, chat);
        if open {
            self.open(id, screen);
        }
    }

    /// Lets a caller in whose ticket is good by now.
    fn judge(&mut self, id: ConnectionId, me: &Me, screen: &mut Screen, now: Instant) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let Stage::Judged { greeting, .. } = &chat.stage else { return };
        let Some((caller, answer)) = self.invitations.admit(greeting, now) else { return };
        chat.verify(&caller);
        let rival = self.all.iter().find(|(other, chat)| {
            let introduced = chat.verified || matches!(chat.stage, Stage::Calling(Some(_)));
            **other != id && introduced && chat.name.as_ref() == Some(&caller.name)
        });
        let rival = rival.map(|(id, chat)| (*id, chat.is_open(), chat.called));
        let crossing = rival.is_some_and(|(_, _, called)| {
            called.is_some_and(|at| now.duration_since(at) < CROSSING)
        });
        match rival {
            // Two who call each other at once: the call of the lower ID stays.
            Some((_, true, _)) if crossing && me.id < caller.id => self.remove(id),
            Some((_, false, _)) if crossing && me.id < caller.id => {
                let stage = Stage::Crossed { answer, until: now + CROSSING };
                self.all.entry(id).and_modify(|chat| chat.stage = stage);
            }
            rival => self.receive(id, answer, rival.map(|(rival, ..)| rival), me, screen),
        }
    }

    /// Answers a caller that has shown its ticket. A chat with the same peer that stood before, or was
    /// about to, is this one now.
    fn receive(
        &mut self,
        id: ConnectionId,
        answer: Secret,
        rival: Option<ConnectionId>,
        me: &Me,
        screen: &mut Screen,
    ) {
        let old = rival.and_then(|rival| self.all.remove(&rival));
        let Some(chat) = self.all.get_mut(&id) else { return };
        let (name, address) = (me.name.clone(), Some(me.address));
        let greeting = Greeting { name, address, ticket: None, answer: Some(answer) };
        // The queue of a fresh connection has room.
        let _ = chat.writer.as_ref().map(|writer| writer.block(&greeting.to_block()));
        if let Some(mut old) = old {
            if !old.is_open() {
                chat.unsent.append(&mut old.unsent);
            }
            old.cut(screen);
            if self.current == rival {
                self.current = Some(id);
            }
        }
        self.open(id, screen);
    }

    /// The one we have called greets back: with the right secret, or it is somebody else.
    fn answered(&mut self, id: ConnectionId, greeting: &Greeting, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        match chat.stage {
            Stage::Calling(Some(secret)) if greeting.answer == Some(secret) => {
                chat.verified = true;
                let name = chat.name.clone();
                let crossed =
                    |chat: &Chat| matches!(chat.stage, Stage::Crossed { .. }) && chat.name == name;
                let crossed = self.all.iter().find(|(_, chat)| crossed(chat)).map(|(id, _)| *id);
                if let Some(crossed) = crossed {
                    self.remove(crossed);
                }
                self.open(id, screen);
            }
            Stage::Calling(Some(_)) => {
                let Some(chat) = self.take(id) else { return };
                screen.line(format_args!("somebody else listens at {}", chat.address));
                chat.cut(screen);
            }
            _ => {}
        }
    }

    /// Our call has come to nothing, unless the same peer is calling us.
    fn failed(&mut self, id: ConnectionId, cause: &str, me: &Me, screen: &mut Screen) {
        let Some(call) = self.all.get(&id) else { return };
        let crossed = self.all.iter().find_map(|(other, chat)| match chat.stage {
            Stage::Crossed { answer, .. } if chat.name == call.name => Some((*other, answer)),
            _ => None,
        });
        if let Some((other, answer)) = crossed {
            return self.receive(other, answer, Some(id), me, screen);
        }
        let Some(chat) = self.take(id) else { return };
        screen.line(format_args!("cannot talk to {} at {}: {cause}", chat.label(), chat.address));
        chat.cut(screen);
    }

    /// The chat stands.
    fn open(&mut self, id: ConnectionId, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let (label, address) = (chat.label(), chat.address);
        let verified = if chat.verified { "verified" } else { "unverified" };
        if chat.called.is_some() {
            screen.line(format_args!("chat with {label} {address} is open ({verified})"));
        } else if chat.name.is_some() {
            screen.line(format_args!("Incoming chat request from {label} {address} ({verified})"));
        } else {
            screen.line(format_args!("Incoming chat request from {address} ({verified})"));
        }
        let said = match std::mem::replace(&mut chat.stage, Stage::Open) {
            Stage::Judged { said, .. } => said,
            _ => Vec::new(),
        };
        for text in std::mem::take(&mut chat.unsent) {
            chat.send(text, screen);
        }
        self.current.get_or_insert(id);
        for text in said {
            self.said(id, text, screen);
        }
    }

    fn said(&mut self, id: ConnectionId, text: String, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        match &mut chat.stage {
            Stage::Open => {
                screen.line(format_args!("{} (direct): {}", chat.label(), text));
            }
            Stage::Judged { said, .. } if said.len() < UNSENT => said.push(text),
            // Whoever has called or is called with a ticket does not talk before it is checked.
            _ => self.remove(id),
        }
    }

    fn ended(&mut self, id: ConnectionId, cause: Option<String>, screen: &mut Screen) {
        let judged = self.all.get(&id).map(|chat| &chat.stage);
        if matches!(judged, Some(Stage::Judged { said, .. }) if !said.is_empty()) {
            self.open(id, screen); // it has left, but what it said was said
        }
        let Some(chat) = self.take(id) else { return };
        if chat.is_open() {
            let cause = cause.map_or(String::new(), |cause| format!(" ({cause})"));
            screen.line(format_args!("{} ended the chat{cause}", chat.label()));
        }
        chat.cut(screen);
    }
}

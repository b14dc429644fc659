//! The door of the direct chats: calls that come in, calls that are answered, and who is let in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::chats::{Chats, UNSENT};
use crate::client::direct::tcp::chat::{Chat, ChatState, Context};
use crate::client::direct::tcp::peer::is_called_one;
use crate::client::event::PeerEvent;
use crate::client::net::writer::{ConnectionId, Writer};
use crate::client::ui::output::Output;
use crate::client::ui::screen::Screen;
use crate::wire::entry::{Credentials, Entry};
use crate::wire::greeting::Greeting;
use crate::wire::secret::Secret;

/// CALL and the connection that it announces race on different sockets: an unknown ticket is judged
/// after this time.
const JUDGEMENT: Duration = Duration::from_secs(2);

impl Chats {
    /// The server has announced a caller. It may be waiting at the door already.
    pub fn invite(&mut self, caller: Entry, vouch: Credentials, mut context: Context) {
        self.invitations.announce(caller, vouch, context.now);
        for id in self.all.keys().copied().collect::<Vec<_>>() {
            self.judge(id, &mut context);
        }
    }

    /// When [`Chats::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let until = |chat: &Chat| match chat.state {
            ChatState::AwaitingTicket { until, .. } | ChatState::SimultaneousOpen { until, .. } => {
                Some(until)
            }
            ChatState::Calling(_) | ChatState::Open => None,
        };
        self.all.values().filter_map(until).chain(self.by_udp.deadline()).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, mut context: Context) {
        self.by_udp.tick(&mut context);
        for id in self.all.keys().copied().collect::<Vec<_>>() {
            match self.all.get(&id).map(|chat| &chat.state) {
                Some(ChatState::AwaitingTicket { until, .. }) if *until <= context.now => {
                    self.open(id, context.screen);
                }
                Some(ChatState::SimultaneousOpen { answer, until }) if *until <= context.now => {
                    let answer = *answer;
                    self.receive(id, answer, &mut context);
                }
                _ => {}
            }
        }
    }

    /// Takes what has happened to a chat.
    pub fn event(&mut self, id: ConnectionId, event: PeerEvent, mut context: Context) {
        match event {
            PeerEvent::Incoming(writer, address, greeting) => {
                self.incoming(id, writer, address, greeting, &mut context);
                self.judge(id, &mut context);
            }
            PeerEvent::Connected(writer) => {
                let Some(chat) = self.all.get_mut(&id) else { return writer.cut() };
                chat.writer = Some(writer);
                if matches!(chat.state, ChatState::Calling(None)) {
                    self.open(id, context.screen);
                }
            }
            PeerEvent::Answered(greeting) => self.answered(id, &greeting, &mut context),
            PeerEvent::Said(text) => self.said(id, text, context.screen),
            PeerEvent::Ended(cause) => match self.all.get(&id).map(|chat| &chat.state) {
                Some(ChatState::Calling(_)) => self.failed(id, cause, &mut context),
                _ => self.ended(id, cause, context.screen),
            },
        }
    }

    /// Somebody is at the door. Without a ticket there is nothing to be judged.
    fn incoming(
        &mut self,
        id: ConnectionId,
        writer: Writer,
        from: SocketAddr,
        greeting: Option<Greeting>,
        context: &mut Context,
    ) {
        let claimed = greeting.as_ref().and_then(|greeting| greeting.address);
        let address = SocketAddr::new(from.ip(), claimed.unwrap_or(from).port());
        let name = greeting.as_ref().map(|greeting| greeting.name.clone());
        let judged = greeting.filter(|greeting| greeting.ticket.is_some());
        let (open, until) = (judged.is_none(), context.now + JUDGEMENT);
        let judge = |greeting| ChatState::AwaitingTicket { greeting, until, said: Vec::new() };
        let state = judged.map_or(ChatState::Open, judge);
        self.all.insert(id, Chat { writer: Some(writer), ..Chat::new(id, name, address, state) });
        if open {
            self.open(id, context.screen);
        }
    }

    /// Lets a caller in whose ticket is good by now.
    fn judge(&mut self, id: ConnectionId, context: &mut Context) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let ChatState::AwaitingTicket { greeting, .. } = &chat.state else { return };
        let Some((caller, answer)) = self.invitations.admit(greeting, context.now) else { return };
        chat.verify(&caller);
        // Two who call each other at once: the call of the lower ID stays.
        let rival = self.rival(id).and_then(|rival| self.all.get(&rival));
        let recent = |at: Instant| context.now.duration_since(at) < JUDGEMENT;
        match rival.filter(|_| context.me.id < caller.id) {
            Some(call) if !call.is_open() => {
                let state = ChatState::SimultaneousOpen { answer, until: context.now + JUDGEMENT };
                self.all.entry(id).and_modify(|chat| chat.state = state);
            }
            Some(chat) if chat.answered.is_some_and(recent) => self.remove(id),
            _ => self.receive(id, answer, context),
        }
    }

    /// Another chat with the same peer, which stands or for which we are calling. (IDs tell peers apart
    /// who have had the same name one after the other.)
    fn rival(&self, id: ConnectionId) -> Option<ConnectionId> {
        let ours = self.all.get(&id)?;
        let is_rival = |chat: &Chat| {
            let introduced = chat.verified || matches!(chat.state, ChatState::Calling(Some(_)));
            introduced && chat.name == ours.name && chat.id == ours.id
        };
        self.all.iter().find(|(other, chat)| **other != id && is_rival(chat)).map(|(id, _)| *id)
    }

    /// Answers a caller that has shown its ticket. A chat with the same peer that stood before, or was
    /// about to, is this one now.
    fn receive(&mut self, id: ConnectionId, answer: Secret, context: &mut Context) {
        let rival = self.rival(id);
        let old = rival.and_then(|rival| self.all.remove(&rival));
        let Some(chat) = self.all.get_mut(&id) else { return };
        let (name, address) = (context.me.name.clone(), Some(context.me.address));
        let greeting = Greeting { name, address, ticket: None, answer: Some(answer) };
        if let Some(writer) = &chat.writer {
            writer.block(&greeting.to_block()); // the queue of a fresh connection has room
        }
        if let Some(mut old) = old {
            if !old.is_open() {
                chat.unsent.append(&mut old.unsent);
            }
            old.cut(context.screen);
            if self.current == rival {
                self.current = Some(id);
            }
        }
        self.open(id, context.screen);
    }

    /// The one we have called greets back: with the right secret, or it is somebody else.
    fn answered(&mut self, id: ConnectionId, greeting: &Greeting, context: &mut Context) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        match chat.state {
            ChatState::Calling(Some(answer)) if is_called_one(greeting, answer) => {
                (chat.verified, chat.answered) = (true, Some(context.now));
                if context.me.id < chat.id {
                    // A call of theirs that crosses ours is given up, even if it arrives only now.
                    chat.name.iter().for_each(|name| self.invitations.revoke(name));
                }
                if let Some(crossed) = self.crossed(id) {
                    self.remove(crossed);
                }
                self.open(id, context.screen);
            }
            ChatState::Calling(Some(_)) => {
                let Some(chat) = self.take(id) else { return };
                context.screen.line(format_args!("somebody else listens at {}", chat.address));
                chat.cut(context.screen);
            }
            _ => {}
        }
    }

    /// The call of the peer whom we are calling ourselves.
    fn crossed(&self, id: ConnectionId) -> Option<ConnectionId> {
        let name = &self.all.get(&id)?.name;
        let crosses = |chat: &Chat| {
            matches!(chat.state, ChatState::SimultaneousOpen { .. }) && chat.name == *name
        };
        self.all.iter().find(|(_, chat)| crosses(chat)).map(|(id, _)| *id)
    }

    /// Our call has come to nothing, unless the same peer is calling us.
    fn failed(&mut self, id: ConnectionId, cause: Option<String>, context: &mut Context) {
        let crossed =
            self.crossed(id).and_then(|other| Some((other, &self.all.get(&other)?.state)));
        if let Some((other, ChatState::SimultaneousOpen { answer, .. })) = crossed {
            let answer = *answer;
            return self.receive(other, answer, context);
        }
        let Some(chat) = self.take(id) else { return };
        let cause = cause.unwrap_or_else(|| "it has hung up".to_owned());
        context.screen.line(format_args!("cannot talk to {}: {cause}", chat.place()));
        chat.cut(context.screen);
    }

    /// The chat stands.
    fn open(&mut self, id: ConnectionId, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let said = match std::mem::replace(&mut chat.state, ChatState::Open) {
            ChatState::AwaitingTicket { said, .. } => said,
            _ => Vec::new(),
        };
        let verified = if chat.verified { "verified" } else { "unverified" };
        let who = match chat.name {
            Some(_) => format!("{} {}", chat.label(), chat.address),
            None => chat.label(),
        };
        if chat.called {
            screen.line(format_args!("chat with {who} is open ({verified})"));
        } else {
            screen.line(format_args!("Incoming chat request from {who} ({verified})"));
        }
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
        match &mut chat.state {
            ChatState::Open => {
                screen.show(&Output::Received(&chat.peer_info(), &text));
            }
            ChatState::AwaitingTicket { said, .. } if said.len() < UNSENT => said.push(text),
            // Whoever has called or is called with a ticket does not talk before it is checked.
            _ => self.remove(id),
        }
    }

    fn ended(&mut self, id: ConnectionId, cause: Option<String>, screen: &mut Screen) {
        let judged = self.all.get(&id).map(|chat| &chat.state);
        if matches!(judged, Some(ChatState::AwaitingTicket { said, .. }) if !said.is_empty()) {
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

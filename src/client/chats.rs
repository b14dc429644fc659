//! The direct chats: who is called, who calls, which one is current, and what was said but not sent yet.
//! The loop owns this; the threads behind it only send events.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::calls;
use crate::client::connection::Writer;
use crate::client::event::{ConnectionId, Events, PeerEvent};
use crate::client::peer::{Invitations, TICKET, line_of};
use crate::client::terminal::Screen;
use crate::wire::answer::Introduction;
use crate::wire::entry::{Entry, Vouch};
use crate::wire::greeting::Greeting;
use crate::wire::name::{Name, Who};
use crate::wire::secret::Secret;
use crate::wire::text::{Text, escape};

/// CALL and the connection that it announces race on different sockets: an unknown ticket is judged
/// after this time.
const JUDGEMENT: Duration = Duration::from_secs(2);
/// Two calls that cross within this time are one.
const CROSSING: Duration = Duration::from_secs(5);
/// How many texts to one peer may wait to be written.
const UNSENT: usize = 128;

/// Who we are to our peers.
#[derive(Debug, Clone)]
pub struct Me {
    /// Our name.
    pub name: Name,
    /// Our ID, or 0.
    pub id: u64,
    /// Where we listen.
    pub address: SocketAddr,
}

/// One direct chat.
struct Chat {
    /// Who it is. Unverified, it is only a claim.
    name: Option<Name>,
    verified: bool,
    /// The server's number for it, or 0.
    id: u64,
    address: SocketAddr,
    /// We have called, at that time.
    called: Option<Instant>,
    stage: Stage,
    writer: Option<Writer>,
    /// What was typed and is not written yet.
    unsent: VecDeque<String>,
}

enum Stage {
    /// We are calling; the secret that the other side must show.
    Calling(Option<Secret>),
    /// It shows a ticket that we do not know (yet); what it has said meanwhile.
    Judged {
        greeting: Greeting,
        until: Instant,
        said: Vec<String>,
    },
    /// It calls us while we call it, and our call goes first.
    Crossed {
        answer: Secret,
        until: Instant,
    },
    Open,
}

/// All direct chats.
pub struct Chats {
    events: Events,
    all: BTreeMap<ConnectionId, Chat>,
    current: Option<ConnectionId>,
    invitations: Invitations,
    /// Whom the server has introduced, by address: the last one for each.
    introductions: HashMap<SocketAddr, (Instant, Introduction)>,
}

impl Chat {
    fn new(name: Option<Name>, id: u64, address: SocketAddr, stage: Stage) -> Chat {
        let (called, writer, unsent) = (None, None, VecDeque::new());
        Chat { name, verified: false, id, address, called, stage, writer, unsent }
    }

    /// How this peer is shown: `bob`, or `bob?` while that is only a claim, or an address.
    fn label(&self) -> String {
        match &self.name {
            Some(name) if self.verified => name.to_string(),
            Some(name) => format!("{name}?"),
            None => self.address.to_string(),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Whether this is whom a person means.
    fn is(&self, who: &Who) -> bool {
        match who {
            Who::Name(name) => self.name.as_ref() == Some(name),
            Who::Id(id) => self.id == *id && self.verified,
            Who::Address(address) => self.address == *address,
        }
    }

    /// Gives the connection a text, or says that it takes none.
    fn send(&mut self, text: String, screen: &mut Screen) {
        let sent = self.writer.as_ref().is_some_and(|writer| writer.text(&line_of(&text)));
        if sent {
            self.unsent.push_back(text);
        } else {
            screen.line(format_args!("not delivered to {}: {text}", self.label()));
        }
    }

    fn verify(&mut self, caller: &Entry) {
        self.verified = true;
        self.name = Some(caller.name.clone());
        (self.id, self.address) = (caller.id, caller.address);
    }
}

impl Chats {
    /// No chats yet.
    pub fn new(events: Events) -> Chats {
        Chats {
            events,
            all: BTreeMap::new(),
            current: None,
            invitations: Invitations::default(),
            introductions: HashMap::new(),
        }
    }

    /// Keeps whom the server has introduced, for a call to that address.
    pub fn introduce(&mut self, introduction: Introduction, now: Instant) {
        self.introductions.retain(|_, (since, _)| now.duration_since(*since) <= TICKET);
        self.introductions.insert(introduction.address, (now, introduction));
    }

    /// Where the server has said that somebody is, a moment ago.
    pub fn introduced(&self, who: &Who) -> Option<SocketAddr> {
        let is = |found: &Introduction| match who {
            Who::Name(name) => found.name == *name,
            Who::Id(id) => found.id == Some(*id),
            Who::Address(address) => found.address == *address,
        };
        let mut found = self.introductions.values().map(|(_, found)| found);
        found.find(|found| is(found)).map(|found| found.address)
    }

    /// Calls an address, as whom the server has introduced there if it has. The call is current from
    /// now on. `name` is who is thought to listen there.
    pub fn call(
        &mut self,
        address: SocketAddr,
        name: Option<Name>,
        me: &Me,
        screen: &mut Screen,
        now: Instant,
    ) {
        let introduction =
            self.introductions.remove(&address).map(|(_, introduction)| introduction);
        let vouch = introduction.as_ref().and_then(|found| found.vouched).map(|(_, vouch)| vouch);
        let name = introduction.as_ref().map(|found| found.name.clone()).or(name);
        let verified = |chat: &Chat| chat.is_open() && chat.verified && chat.name == name;
        if let Some((id, chat)) = self.all.iter().find(|(_, chat)| name.is_some() && verified(chat))
        {
            screen.line(format_args!("you are in a chat with {} already", chat.label()));
            self.current = Some(*id);
            return;
        }
        let id = ConnectionId::next();
        let number = introduction.and_then(|found| found.id).unwrap_or(0);
        let stage = Stage::Calling(vouch.map(|vouch| vouch.answer));
        let chat = Chat { called: Some(now), ..Chat::new(name, number, address, stage) };
        screen.line(format_args!("calling {} at {address}", chat.label()));
        self.all.insert(id, chat);
        self.current = Some(id);
        let ticket = vouch.map(|vouch| vouch.ticket);
        let (name, own) = (me.name.clone(), Some(me.address));
        calls::call(
            id,
            address,
            Greeting { name, address: own, ticket, answer: None },
            &self.events,
        );
    }

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

    /// Says something to the current peer. To one that is being called it is kept until the call stands.
    ///
    /// # Errors
    /// The sentence that tells why it was not said.
    pub fn say(&mut self, text: &Text, screen: &mut Screen) -> Result<(), String> {
        let current = self.current.and_then(|id| self.all.get_mut(&id));
        let chat = current.ok_or("no direct chat: use /chat or /query first")?;
        match chat.stage {
            Stage::Open => chat.send(text.to_string(), screen),
            _ => chat.unsent.push_back(text.to_string()),
        }
        Ok(())
    }

    /// Whether the current peer has not taken what was said to it before: what is typed must wait.
    pub fn is_busy(&self) -> bool {
        let current = self.current.and_then(|id| self.all.get(&id));
        current.is_some_and(|chat| chat.unsent.len() >= UNSENT)
    }

    /// Whether all that was said has been sent, or never will be.
    pub fn is_quiet(&self) -> bool {
        self.all.values().all(|chat| chat.unsent.is_empty())
    }

    /// Shows all chats.
    pub fn list(&self, screen: &mut Screen) {
        if self.all.is_empty() {
            screen.line("no direct chats");
        }
        for (id, chat) in &self.all {
            let current = if self.current == Some(*id) { "*" } else { " " };
            let state = match (&chat.stage, chat.verified) {
                (Stage::Open, true) => "verified",
                (Stage::Open, false) => "unverified",
                (Stage::Calling(_), _) => "calling",
                (Stage::Judged { .. } | Stage::Crossed { .. }, _) => "calls us",
            };
            screen.line(format_args!("{current} {} {} tcp ({state})", chat.label(), chat.address));
        }
    }

    /// Makes a chat the current one.
    ///
    /// # Errors
    /// When there is none with that peer.
    pub fn choose(&mut self, who: &Who, screen: &mut Screen) -> Result<(), String> {
        let found = self.all.iter().find(|(_, chat)| chat.is(who));
        let (id, chat) = found.ok_or_else(|| format!("no direct chat with {who}"))?;
        self.current = Some(*id);
        screen.line(format_args!("/msg goes to {} now", chat.label()));
        Ok(())
    }

    /// Ends the current chat.
    ///
    /// # Errors
    /// When there is none.
    pub fn hang_up(&mut self, screen: &mut Screen) -> Result<(), String> {
        let chat = self.current.take().and_then(|id| self.all.remove(&id));
        let chat = chat.ok_or("no direct chat")?;
        screen.line(format_args!("you have ended the chat with {}", chat.label()));
        end(chat, screen);
        Ok(())
    }

    /// Ends all chats.
    pub fn quit(&mut self, screen: &mut Screen) {
        for chat in std::mem::take(&mut self.all).into_values() {
            end(chat, screen);
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

    /// A text has been taken by its connection.
    pub fn written(&mut self, id: ConnectionId, screen: &mut Screen) {
        let Some(chat) = self.all.get_mut(&id) else { return };
        let Some(text) = chat.unsent.pop_front() else { return };
        match chat.id {
            0 => screen.line(format_args!("Sent to {}: {text}", chat.label())),
            id => screen.line(format_args!("Sent to {} (ID {id}): {text}", chat.label())),
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
            cut(old, screen);
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
                cut(chat, screen);
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
        cut(chat, screen);
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
                screen.line(format_args!("{} (direct): {}", chat.label(), escape(&text)));
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
        cut(chat, screen);
    }

    /// Takes a chat out of the list. It is current no more.
    fn take(&mut self, id: ConnectionId) -> Option<Chat> {
        self.current = self.current.filter(|current| *current != id);
        self.all.remove(&id)
    }

    /// Drops a connection that nobody has been told of.
    fn remove(&mut self, id: ConnectionId) {
        if let Some(chat) = self.take(id) {
            let _ = chat.writer.map(|writer| writer.cut());
        }
    }
}

/// Ends a chat from our side.
fn end(mut chat: Chat, screen: &mut Screen) {
    if chat.is_open() {
        // What has been given to the connection is written before this.
        chat.unsent.clear();
        let _ = chat.writer.as_ref().map(|writer| writer.block(&"QUIT\r\n\r\n"));
    }
    report_unsent(&chat, screen);
}

/// Forgets a chat whose connection is of no use any more.
fn cut(chat: Chat, screen: &mut Screen) {
    report_unsent(&chat, screen);
    let _ = chat.writer.map(|writer| writer.cut());
}

fn report_unsent(chat: &Chat, screen: &mut Screen) {
    for text in &chat.unsent {
        screen.line(format_args!("not delivered to {}: {text}", chat.label()));
    }
}

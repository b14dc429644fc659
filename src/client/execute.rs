//! What the user asks. Lines are obeyed in their order: what is typed while the server has not answered waits.

use std::time::Instant;

use crate::client::command::{Command, HELP};
use crate::client::direct::tcp::chat::{Context, LocalPeer};
use crate::client::net::writer::ConnectionId;
use crate::client::state::{Pending, State};
use crate::wire::name::{Name, PeerRef};
use crate::wire::request::{Request, Via};
use crate::wire::text::Text;

impl State {
    /// Does what a line asks for, or says why not.
    pub fn execute(&mut self, command: Command) {
        if let Err(message) = self.attempt(command) {
            self.screen.line(message);
        }
    }

    fn attempt(&mut self, command: Command) -> Result<(), String> {
        let Some(me) = self.me() else { return Ok(()) };
        let screen = &mut self.screen;
        match command {
            Command::Nothing | Command::Quit => {} // to quit is the loop's matter
            Command::Mistake(message) => return Err(message),
            Command::Say(text) => self.membership.say(&checked(&text)?, screen),
            Command::Msg(text) => self.message(None, &text, &me)?,
            Command::MsgTo(id, text) => self.message(Some(id), &text, &me)?,
            Command::Chat(who) => self.call(who, &me)?,
            Command::Query(who) => self.query(who, me.name)?,
            Command::Peers => self.chats.list(screen),
            Command::Peer(who) => self.chats.choose(&who, screen)?,
            Command::Hangup(peer) => self.chats.hang_up(peer.as_deref(), screen)?,
            Command::Tell(peer, text) => {
                let text = checked(&text)?;
                let request = Request::Tell { peer: peer.clone(), text: text.clone() };
                self.ask(request, Pending::Receipt(peer, text))?;
            }
            Command::Info => self.ask(Request::Info, Pending::Info)?,
            Command::History(last) => {
                self.ask(Request::History { before: None, last }, Pending::History)?;
            }
            Command::Bridge(peer) => {
                let request = Request::Bridge { name: me.name, peer, via: Via::Tcp };
                self.ask(request, Pending::Bridge)?;
            }
            Command::Register => self.register()?,
            Command::Id => screen.line(me),
            Command::Explain(on) => {
                screen.line(if on { "the wire is shown" } else { "the wire is shown no more" });
                self.explain(on);
            }
            Command::Help => HELP.lines().for_each(|line| screen.line(line)),
        }
        Ok(())
    }

    /// Says something in one chat, or in the current one.
    fn message(
        &mut self,
        to: Option<ConnectionId>,
        text: &str,
        me: &LocalPeer,
    ) -> Result<(), String> {
        let (text, now) = (checked(text)?, Instant::now());
        let context = Context { me, screen: &mut self.screen, now };
        match to {
            Some(id) => self.chats.say_to(id, &text, context),
            None => self.chats.say(&text, context),
        }
    }

    fn register(&mut self) -> Result<(), String> {
        self.membership.register()?;
        if self.membership.is_joined() {
            self.expect(Pending::Registration);
        }
        Ok(())
    }

    /// Calls somebody. Who is in the room is called with an introduction of the server, even if only the
    /// address was typed; strangers, and everybody while the server cannot introduce, without one.
    fn call(&mut self, who: PeerRef, me: &LocalPeer) -> Result<(), String> {
        let in_room = match &who {
            PeerRef::Address(address) if *address == me.address => {
                return Err("this is you".to_owned());
            }
            PeerRef::Address(address) if self.chats.has_ticket(*address, Instant::now()) => None,
            PeerRef::Address(address) => {
                self.membership.room().name_at(*address).map(PeerRef::Name)
            }
            _ => Some(who.clone()),
        };
        match (in_room, self.address_of(&who)) {
            (Some(peer), address) if self.membership.is_joined() || address.is_none() => {
                let (name, via) = (me.name.clone(), Via::Tcp);
                self.ask(Request::Bridge { name, peer: Some(peer), via }, Pending::Call(who))?;
            }
            (_, Some(address)) => self.dial(address),
            (_, None) => {}
        }
        Ok(())
    }

    /// Opens a conversation by UDP, unless there is one that works.
    fn query(&mut self, who: PeerRef, name: Name) -> Result<(), String> {
        let room = self.membership.is_joined().then(|| self.membership.room());
        let is_there = |id| room.is_none_or(|room| room.address_of(&PeerRef::Id(id)).is_some());
        if let Some(id) = self.chats.by_udp.open_to(&who, is_there) {
            self.screen.line("you have queried them already: /msg goes there");
            self.chats.current = Some(id);
            return Ok(());
        }
        self.ask(Request::Bridge { name, peer: Some(who), via: Via::Udp }, Pending::Query)
    }
}

/// A text that may be sent, or why not.
fn checked(text: &str) -> Result<Text, String> {
    Text::parse(text).map_err(|bad| {
        let beginning: String = text.chars().take(40).collect();
        format!("not sent: {bad}: {beginning}")
    })
}

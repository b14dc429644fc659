//! What the server says, and what it makes of this client's standing: registering, joining, the room's
//! notices, being sent away.

use std::net::SocketAddr;

use crate::client::event::LinkEvent;
use crate::client::net::writer::ConnectionId;
use crate::client::rendezvous::membership::{FIRST_PAUSE, Membership, Stage};
use crate::client::ui::screen::Screen;
use crate::wire::block::Block;
use crate::wire::entry::{Credentials, Entry};
use crate::wire::notification::{Notification, Reason};
use crate::wire::request::{Request, Via, code};
use crate::wire::response::{Response, Welcome};

/// What the rest of the client must know.
#[derive(Debug)]
pub enum Update {
    /// The answer to what the user has asked for.
    Response(Response),
    /// Somebody was given our address and is about to use it.
    Call(Entry, Via, Credentials),
    /// The name cannot be had; the server's sentence.
    NameRefused(String),
}

impl Membership {
    /// Takes what has happened to a connection to the server.
    pub fn event(
        &mut self,
        id: ConnectionId,
        event: LinkEvent,
        screen: &mut Screen,
    ) -> Option<Update> {
        if self.link != Some(id) {
            return None; // from a connection that was given up
        }
        if self.stage == Stage::Legacy {
            return self.run_errand(event);
        }
        match event {
            LinkEvent::Up(writer, own) => {
                self.ip = own;
                if let Some(request) = self.registration() {
                    writer.block(&request.to_block());
                }
                self.writer = Some(writer);
                self.await_answer(Stage::Registering);
                None
            }
            LinkEvent::Block(block) => self.block(&block, screen),
            LinkEvent::Nonsense => {
                screen.line("the server has sent something that is no block");
                None
            }
            LinkEvent::Down(cause) => {
                self.lose(
                    &cause.unwrap_or_else(|| "it has closed the connection".to_owned()),
                    screen,
                );
                None
            }
        }
    }

    /// One request on a connection of its own, to a server without a room.
    fn run_errand(&mut self, event: LinkEvent) -> Option<Update> {
        match event {
            LinkEvent::Up(writer, _) => {
                if let Some(request) = &self.errand {
                    writer.block(&request.to_block());
                }
                self.writer = Some(writer);
                None
            }
            LinkEvent::Block(block) => {
                self.writer = None;
                self.errand.take().and(Response::parse(&block)).map(Update::Response)
            }
            LinkEvent::Nonsense => None,
            LinkEvent::Down(cause) => {
                (self.writer, self.link) = (None, None);
                let about = self.errand.take()?.to_block().kind().to_owned();
                let message = cause.unwrap_or_else(|| "the server has not answered".to_owned());
                Some(Update::Response(Response::Error { about, code: String::new(), message }))
            }
        }
    }

    /// A block from the server.
    fn block(&mut self, block: &Block, screen: &mut Screen) -> Option<Update> {
        if let Some(notice) = Notification::parse(block) {
            return self.notice(notice, screen);
        }
        let Some(answer) = Response::parse(block) else {
            let kind = block.kind();
            screen.line(format_args!("the server has sent a {kind} that makes no sense"));
            return None;
        };
        match (answer, self.stage) {
            (Response::RegAck { address, room, .. }, Stage::Registering) => {
                self.registered(address, room, screen);
            }
            (Response::Error { code, message, .. }, Stage::Registering | Stage::Joining) => {
                return self.refused(&code, &message, screen);
            }
            (Response::JoinAck(welcome), Stage::Joining) => self.joined(welcome, screen),
            (Response::Error { about, message, .. }, _) if about == "SAY" => {
                self.room.refused(&message, screen);
            }
            (answer, _) => return Some(Update::Response(answer)),
        }
        None
    }

    /// What the server says unasked.
    fn notice(&mut self, notice: Notification, screen: &mut Screen) -> Option<Update> {
        match notice {
            Notification::Said { seq, time, name, text, .. } => {
                let own = self.name.as_ref() == Some(&name);
                self.room.said((seq, &time, &name, &text), own, screen);
            }
            Notification::Told { time, name, text, .. } => {
                self.room.told(&time, &name, &text, screen);
            }
            Notification::Joined(entry) => self.room.arrived(entry, self.id, screen),
            Notification::Left { id, name, reason } => {
                self.room.left(id, &name, reason, screen);
            }
            Notification::Call { caller, via, vouch } => {
                return Some(Update::Call(caller, via, vouch));
            }
            Notification::Ping { token } => {
                // A queue that is full has enough to show that we are there.
                let _ = self.writer.as_ref().map(|w| w.block(&Request::Pong { token }.to_block()));
            }
            Notification::Bye { reason } => self.dismissed(reason, screen),
        }
        None
    }

    fn registered(&mut self, address: SocketAddr, room: bool, screen: &mut Screen) {
        self.ip = address.ip();
        if !room {
            (self.stage, self.until, self.settled) = (Stage::Legacy, None, true);
            self.writer = None; // one connection a request
            screen.line(format_args!("registered at {address}; this server has no room"));
            screen.line(format_args!("Your public IP: {}", address.ip()));
            return;
        }
        self.join();
    }

    fn join(&mut self) {
        let (Some(name), Some(writer)) = (self.name.clone(), &self.writer) else { return };
        let request = Request::Join { name, token: self.token, since: self.room.seen };
        writer.block(&request.to_block());
        self.await_answer(Stage::Joining);
    }

    fn refused(&mut self, code: &str, message: &str, screen: &mut Screen) -> Option<Update> {
        match (code, self.stage) {
            // Our own connection, half dead: the token takes it over.
            (code::NAME_TAKEN, Stage::Registering) if self.token.is_some() => self.join(),
            (code::NAME_TAKEN | code::BAD_NAME, _) if self.id != 0 => {
                screen.line(format_args!("cannot come back: {message}; /register tries again"));
                self.stay_away();
            }
            (code::NAME_TAKEN | code::BAD_NAME, _) => {
                self.stay_away();
                return Some(Update::NameRefused(message.to_owned()));
            }
            (code::BAD_PORT, _) => {
                screen.line(format_args!("the server refuses to register us: {message}"));
                self.stay_away();
            }
            _ => self.lose(message, screen),
        }
        None
    }

    fn joined(&mut self, welcome: Welcome, screen: &mut Screen) {
        let Welcome { id, token, seq, missed, message, others, .. } = welcome;
        let before = std::mem::replace(&mut self.id, id);
        (self.stage, self.until, self.pause) = (Stage::Joined, None, FIRST_PAUSE);
        (self.settled, self.told, self.token) = (true, false, Some(token));
        screen.line(message);
        match before {
            0 => {
                screen.line(format_args!("Your ID: {id}"));
                screen.line(format_args!("Your public IP: {}", self.ip));
            }
            before if before != id => screen.line(format_args!("Your ID: {id} (was {before})")),
            _ => {}
        }
        self.room.enter(others, seq, missed, screen);
    }

    fn dismissed(&mut self, reason: Option<Reason>, screen: &mut Screen) {
        match reason {
            Some(Reason::Kicked) => {
                screen.line("the server has sent you away (kicked); /register comes back");
            }
            Some(Reason::Replaced) => {
                screen.line("you have joined from elsewhere (replaced); /register comes back");
            }
            reason => {
                let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
                return self.lose(&format!("it said goodbye{reason}"), screen);
            }
        }
        self.stay_away();
    }
}

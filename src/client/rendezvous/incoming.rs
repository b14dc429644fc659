//! Events of the connection to the server: each block is given to the part of the client that it concerns.
//!
//! Notifications (SAID, JOINED, LEFT, TOLD) go to the room. Responses to REGISTER and JOIN go to the session. All
//! other responses answer the user, and CALL concerns the direct chats: these are returned as an [`Update`],
//! because this module knows neither the commands nor the chats.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::event::LinkEvent;
use crate::client::net::ConnectionId;
use crate::client::rendezvous::link::{LinkState, Stage};
use crate::client::rendezvous::liveness::Word;
use crate::client::rendezvous::quote::marked;
use crate::client::rendezvous::requests::Pending;
use crate::client::rendezvous::server_session::ServerSession;
use crate::client::ui::Screen;
use crate::wire::{
    Block, Candidates, Credentials, Entry, Notification, Reason, Request, Response, Via, compat,
};

/// What the rest of the client must know.
#[derive(Debug)]
pub enum Update {
    /// The response to a request of the user. Without the request, it came too late or was not asked for.
    Response(Option<Pending>, Response),
    /// The members of the room are others now, or have other addresses. `reissued`: IDs that were told before mean
    /// nothing any more.
    #[allow(missing_docs, reason = "the lines above say it")]
    Members { reissued: bool },
    /// The server has given this client's address to somebody who is about to use it.
    Call(Entry, Via, Credentials, Candidates),
    /// The name is refused; the server's sentence.
    NameRefused(String),
}

/// Handles an event of a connection to the server. Returns what the rest of the client must know of it.
///
/// A connection that was given up may still have events in the channel; they change nothing.
pub fn event(
    session: &mut ServerSession,
    id: ConnectionId,
    event: LinkEvent,
    screen: &mut Screen,
) -> Option<Update> {
    if !session.is_link(id) {
        return None;
    }
    if let LinkState::Legacy(exchange) = &mut session.link {
        let response = exchange.as_mut()?.event(event)?;
        *exchange = None;
        return Some(answer(session, response));
    }
    match event {
        LinkEvent::Up(writer, own, to) => session.connected((id, writer), own.ip(), to),
        LinkEvent::Block(block) => {
            let update = self::block(session, &block, screen);
            session.heard(if block.kind() == "PING" { Word::Ping } else { Word::Other });
            return update;
        }
        LinkEvent::Nonsense => {
            screen.line("the server sent something that is not a block");
            session.heard(Word::Other);
        }
        LinkEvent::Down(cause) => {
            let cause = cause.unwrap_or_else(|| "it has closed the connection".to_owned());
            session.lose(&cause, screen);
        }
    }
    None
}

/// Handles a block of the server, which may be anybody's server: what cannot be understood gets a sentence.
fn block(session: &mut ServerSession, block: &Block, screen: &mut Screen) -> Option<Update> {
    if let Some(notification) = Notification::parse(block) {
        return self::notification(session, notification, screen);
    }
    let Some(response) = Response::parse(block) else {
        let kind = block.kind();
        screen.line(format_args!("the server sent a {kind} that makes no sense"));
        return None;
    };
    let response = marked(response, session.name.as_ref());
    // The same TYPE means something else before and after the client has joined.
    match (response, session.link.stage()) {
        (Response::RegAck { address, room, .. }, Some(Stage::Registering(_))) => {
            let is_told = address != compat::NO_ADDRESS;
            let address = if is_told { address } else { session.address() };
            session.registered(address, room, screen);
        }
        (Response::JoinAck(welcome), Some(Stage::Joining(_))) => {
            let reissued = session.joined(welcome, screen);
            return Some(Update::Members { reissued });
        }
        (Response::Error { about, code, message }, Some(stage)) if stage.is_about(&about) => {
            return session.refused(&code, &message, screen).map(Update::NameRefused);
        }
        (Response::Error { about, message, .. }, Some(Stage::Joined(_))) if about == "SAY" => {
            session.room.refused(&message, screen);
        }
        (response, _) => return Some(answer(session, response)),
    }
    None
}

/// Handles a datagram. Returns whether it is the server's answer to a REFLEX of this client.
pub fn datagram(session: &mut ServerSession, from: SocketAddr, bytes: &[u8], now: Instant) -> bool {
    let reflex = session.link.link().and_then(|link| link.reflex.as_mut());
    reflex.is_some_and(|reflex| reflex.answered(from, bytes, now))
}

/// A response with the request of the user that it belongs to: the oldest one of the TYPE that it answers.
fn answer(session: &mut ServerSession, response: Response) -> Update {
    Update::Response(session.requests.answered(response.request()), response)
}

/// Handles what the server says unasked.
fn notification(
    session: &mut ServerSession,
    notification: Notification,
    screen: &mut Screen,
) -> Option<Update> {
    match notification {
        Notification::Said { seq, time, id, name, text } => {
            let is_named = session.name.as_ref() == Some(&name);
            let own = is_named && session.room.is_own((seq, id), &text);
            session.room.said((seq, &time, &name, &text), own, screen);
        }
        Notification::Told { time, name, text, .. } => {
            session.room.told(&time, &name, &text, screen);
        }
        Notification::Joined(entry) => {
            session.room.arrived(entry, session.id, screen);
            return Some(Update::Members { reissued: false });
        }
        Notification::Left { id, name, reason } => session.room.left(id, &name, reason, screen),
        Notification::Call { caller, via, credentials, candidates } => {
            return Some(Update::Call(caller, via, credentials, candidates));
        }
        Notification::Ping { token } => {
            // A queue that is full has enough in it to show that this client is alive.
            let pong = Request::Pong { token }.to_block();
            let _ = session.link.link().map(|link| link.send(&pong));
        }
        Notification::Bye { reason } => dismissed(session, reason, screen),
    }
    None
}

/// Handles BYE: the server has a reason to be rid of this client, or ends itself.
fn dismissed(session: &mut ServerSession, reason: Option<Reason>, screen: &mut Screen) {
    let what = match reason {
        Some(Reason::Kicked) => "the server disconnected you (kicked)",
        Some(Reason::Replaced) => "you joined from another connection (replaced)",
        Some(reason) => return session.lose(&format!("it sent BYE ({reason})"), screen),
        None => return session.lose("it sent BYE", screen),
    };
    screen.line(format_args!("{what}; /register joins again"));
    session.stay_away();
}

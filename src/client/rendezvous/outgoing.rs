//! What the user asks of the server: each function sends one thing, or tells why it is not sent. The opposite
//! direction is [`incoming`](super::incoming).

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::rendezvous::backoff::Backoff;
use crate::client::rendezvous::compat::Exchange;
use crate::client::rendezvous::link::{LinkState, Stage};
use crate::client::rendezvous::patience::ANSWER;
use crate::client::rendezvous::requests::Pending;
use crate::client::rendezvous::server_session::ServerSession;
use crate::client::ui::Screen;
use crate::wire::{Name, Request, Text};

/// Says a text to the room, or tells the user why not.
pub fn say(session: &mut ServerSession, text: &Text, screen: &mut Screen) {
    match &mut session.link {
        LinkState::Up(link) if matches!(link.stage, Stage::Joined(_)) => {
            if link.say(&Request::Say { text: text.clone() }.to_block()) {
                link.asked(Instant::now());
                session.room.spoke(text.as_str());
            } else {
                screen.failure(format_args!("the server is too slow; not sent: {text}"));
            }
        }
        LinkState::Legacy(_) => screen.failure("this server has no room"),
        _ => screen.failure(format_args!("not connected to the server; not sent: {text}")),
    }
}

/// Sends a request of the user, which is `pending` from then on. A server without a room gets it on a connection of
/// its own, if it knows such a request.
///
/// # Errors
/// The sentence that tells why nothing is sent.
pub fn ask(session: &mut ServerSession, request: Request, pending: Pending) -> Result<(), String> {
    let (joined, now) = (session.is_joined(), Instant::now());
    match &mut session.link {
        LinkState::Up(link) if joined => {
            if !link.send(&request.to_block()) {
                return Err("the server is too slow; nothing was sent".to_owned());
            }
            link.asked(now);
        }
        LinkState::Legacy(exchange) if Exchange::is_known(&request) => {
            let until = now + ANSWER;
            let server = (session.server.as_str(), session.key.as_ref());
            let begun = Exchange::begin(server, &session.events, request, until)?;
            *exchange = Some(begun);
        }
        LinkState::Legacy(_) => return Err("this server has no room".to_owned()),
        _ => return Err("not connected to the server".to_owned()),
    }
    session.requests.sent(pending);
    Ok(())
}

/// The REFLEX that is due, as bytes, and where it goes.
pub fn reflex(session: &mut ServerSession, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
    let reflex = session.link.link()?.reflex.as_mut()?;
    let question = reflex.due(now)?;
    Some((reflex.server, question.to_block().to_string().into_bytes()))
}

/// Takes a request that gets no answer any more, and the sentence that tells why.
pub fn unanswered(session: &mut ServerSession) -> Option<(Pending, &'static str)> {
    let why = match session.link {
        LinkState::Legacy(Some(_)) => return None,
        _ if session.is_joined() => return None,
        LinkState::Legacy(None) => "the server does not answer",
        _ => "the connection ended before the server answered",
    };
    Some((session.requests.give_up()?, why))
}

/// Registers again: on the connection that stands, or by connecting at once.
///
/// # Errors
/// The sentence that tells why nothing is sent.
pub fn register(session: &mut ServerSession) -> Result<(), String> {
    match session.link {
        // Some of the assignments' servers count a second registration as a second client.
        LinkState::Legacy(_) => Err("you are already registered; nothing was sent".to_owned()),
        LinkState::Offline(_) => {
            (session.trouble, session.settled) = (None, false);
            session.connect();
            Ok(())
        }
        _ if session.is_joined() => {
            ask(session, session.registration().ok_or("you have no name yet")?, Pending::Register)
        }
        _ => Ok(()),
    }
}

/// Takes another name, and goes to the server with it as somebody new: without the token, and without the number
/// of the last message. Only somebody who is not in the room can do that.
///
/// # Errors
/// The sentence that tells why the name stays.
pub fn rename(session: &mut ServerSession, name: Name, screen: &mut Screen) -> Result<(), String> {
    if session.is_joined() || matches!(session.link, LinkState::Legacy(_)) {
        let own = session.name.iter().map(Name::to_string).collect::<String>();
        return Err(format!(
            "you are there as {own}: leave first (/quit), then come back as {name}"
        ));
    }
    session.room.forget(screen);
    (session.id, session.token, session.trouble) = (0, None, None);
    session.backoff = Backoff::default();
    session.begin(name);
    Ok(())
}

//! The server's responses to the user's requests.
//!
//! A response needs no number: it belongs to the oldest request of the TYPE that it answers, and ERROR tells that TYPE.
//! The [requests](super::rendezvous::requests) find it.

use std::time::Instant;

use crate::client::direct::announced;
use crate::client::rendezvous::Update;
use crate::client::rendezvous::requests::{Pending, Purpose};
use crate::client::state::State;
use crate::client::ui::Output;
use crate::client::ways;
use crate::wire::{Candidates, Credentials, Entry, Introduction, Response, Via};

/// Handles what the server's session leaves to others. Returns the sentence of the server if the user must choose
/// another name.
pub fn update(state: &mut State, update: Update) -> Option<String> {
    match update {
        Update::Response(asked, response) => handle(state, asked, response),
        Update::Members { reissued } => state.members_changed(reissued),
        Update::Call(caller, via, credentials, candidates) => {
            called(state, caller, (via, credentials), candidates);
        }
        Update::NameRefused(message) => return Some(message),
    }
    None
}

/// Handles CALL: the server has given this client's address to somebody who is about to use it, or to be connected to.
fn called(
    state: &mut State,
    caller: Entry,
    (via, credentials): (Via, Credentials),
    candidates: Candidates,
) {
    state.with_chats(Instant::now(), |handshakes, conversations, context| match via {
        Via::Udp => conversations.queried(caller, credentials, candidates, context),
        via => announced::invite(handshakes, caller, (via, credentials), candidates, context),
    });
}

/// Handles a response: shows it, or does what the request was for. One to no request is not shown, unless it is an
/// ERROR: it came too late, or the server makes mistakes.
fn handle(state: &mut State, asked: Option<Pending>, response: Response) {
    let screen = &mut state.screen;
    match (asked, response) {
        (Some(Pending::Info), Response::InfoAck(entries)) => {
            screen.line(format_args!("{} registered:", entries.len()));
            for entry in entries {
                let away = screen.away.of(&entry.name).map(|text| format!(" (away: {text})"));
                screen.line(format_args!("{entry}{}", away.unwrap_or_default()));
            }
        }
        (Some(Pending::History), Response::HistoryAck { count, .. }) => {
            screen.line(last(count));
        }
        (Some(Pending::Bridge(Purpose::Way(chat, via))), response) => {
            ways::answered(state, (chat, via), response);
        }
        (Some(Pending::Bridge(_)), Response::BridgeAck(None)) => {
            screen.line("nobody else is registered");
        }
        (Some(Pending::Bridge(purpose)), Response::BridgeAck(Some(found))) => {
            introduced(state, &purpose, found);
        }
        (Some(Pending::Tell(_, text)), Response::TellAck { id, name }) => {
            screen.show(&Output::Told(&format!("Sent to {name} (ID {id}): {text}")));
        }
        (Some(Pending::Register), Response::RegAck { name, address, .. }) => {
            screen.line(format_args!("registered as {name} at {address}"));
        }
        (Some(Pending::Tell(peer, text)), Response::Error { message, .. }) => {
            screen.failure(format_args!("not delivered to {peer}: {text} ({message})"));
        }
        (_, Response::Error { message, .. }) => screen.line(message),
        _ => {}
    }
}

/// What is said after so many old messages.
fn last(count: u64) -> String {
    match count {
        0 => "there are no messages".to_owned(),
        1 => "this was the last message".to_owned(),
        count => format!("these were the last {count} messages"),
    }
}

/// Uses an introduction for its purpose: shows the address, calls it, or opens a conversation over UDP. The secrets
/// of an introduction that is only shown are kept, in case the user calls that address soon.
fn introduced(state: &mut State, purpose: &Purpose, found: Introduction) {
    let Entry { name, address, .. } = found.entry.clone();
    match (purpose, found.credentials) {
        (Purpose::Query, None) => {
            let line = format!("{name} is not in the room: /chat {name} calls over TCP");
            state.screen.line(line);
        }
        (Purpose::Query, Some((_, credentials))) => {
            state.query(found.entry, credentials, found.candidates);
        }
        (Purpose::Call(_), _) => {
            state.handshakes.introductions.keep(found, Instant::now());
            state.dial(address);
        }
        (Purpose::Way(..), _) => {} // handled before
        (Purpose::Show, _) => {
            state.screen.line(format_args!("{name} is at {address}: /chat {address}"));
            state.handshakes.introductions.keep(found, Instant::now());
        }
    }
}

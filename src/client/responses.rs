//! The server's responses to the user's requests.
//!
//! The client has at most one request under way, so a response needs no number: it belongs to the pending request
//! if it is of the right TYPE. ERROR answers any request.

use std::time::Instant;

use crate::client::state::{Pending, Purpose, State};
use crate::wire::{Entry, Introduction, Response};

/// Handles a response: shows it, or does what the request was for.
///
/// One that does not fit the pending request came too late for its own, and is dropped.
pub fn handle(state: &mut State, response: Response) {
    let asked = state.pending.take();
    let screen = &mut state.screen;
    match (asked.as_ref().map(|(pending, _)| pending), response) {
        (Some(Pending::Info), Response::InfoAck(entries)) => {
            screen.line(format_args!("{} registered:", entries.len()));
            for entry in entries {
                screen.line(entry);
            }
        }
        (Some(Pending::History), Response::HistoryAck { count, .. }) => {
            screen.line(format_args!("these were the last {count} messages"));
        }
        (Some(Pending::Bridge(_)), Response::BridgeAck(None)) => {
            screen.line("nobody else is registered");
        }
        (Some(Pending::Bridge(purpose)), Response::BridgeAck(Some(found))) => {
            introduced(state, purpose, found);
        }
        (Some(Pending::Tell(_, text)), Response::TellAck { id, name }) => {
            screen.line(format_args!("Sent to {name} (ID {id}): {text}"));
        }
        (Some(Pending::Register), Response::RegAck { name, address, .. }) => {
            screen.line(format_args!("registered as {name} at {address}"));
        }
        (Some(Pending::Tell(peer, text)), Response::Error { message, .. }) => {
            screen.line(format_args!("not delivered to {peer}: {text} ({message})"));
        }
        (_, Response::Error { message, .. }) => screen.line(message),
        _ => state.pending = asked,
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
        (Purpose::Query, Some((_, credentials))) => state.query(found.entry, credentials),
        (Purpose::Call(_), _) => {
            state.handshakes.introductions.keep(found, Instant::now());
            state.dial(address);
        }
        (Purpose::Show, _) => {
            state.screen.line(format_args!("{name} is at {address}: /chat {address}"));
            state.handshakes.introductions.keep(found, Instant::now());
        }
    }
}

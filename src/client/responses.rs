//! What becomes of what was asked, once the server has answered.

use std::time::Instant;

use crate::client::state::{Pending, State};
use crate::wire::entry::Entry;
use crate::wire::response::{Introduction, Response};

impl State {
    /// The server has answered.
    pub fn answered(&mut self, answer: Response) {
        let asked = self.pending_request.take();
        let screen = &mut self.screen;
        match (asked.as_ref().map(|(pending_request, _)| pending_request), answer) {
            (Some(Pending::Info), Response::InfoAck(entries)) => {
                screen.line(format_args!("{} registered:", entries.len()));
                for entry in entries {
                    screen.line(entry);
                }
            }
            (Some(Pending::History), Response::HistoryAck { count, .. }) => {
                screen.line(format_args!("these were the last {count} messages"));
            }
            (Some(wanted), Response::BridgeAck(None)) if wanted.is_introduction() => {
                screen.line("nobody else is there");
            }
            (Some(wanted), Response::BridgeAck(Some(found))) if wanted.is_introduction() => {
                self.introduced(wanted.clone(), found);
            }
            (Some(Pending::Receipt(_, text)), Response::TellAck { id, name }) => {
                screen.line(format_args!("Sent to {name} (ID {id}): {text}"));
            }
            (Some(Pending::Registration), Response::RegAck { name, address, .. }) => {
                screen.line(format_args!("registered as {name} at {address}"));
            }
            (Some(Pending::Receipt(peer, text)), Response::Error { message, .. }) => {
                screen.line(format_args!("not delivered to {peer}: {text} ({message})"));
            }
            (_, Response::Error { message, .. }) => screen.line(message),
            _ => self.pending_request = asked, // not what was asked for: an answer that came too late
        }
    }

    /// The server has told where somebody is.
    fn introduced(&mut self, wanted: Pending, found: Introduction) {
        let Entry { name, address, .. } = found.entry.clone();
        match (wanted, found.vouched) {
            (Pending::Query, None) => {
                self.screen
                    .line(format_args!("{name} is not in the room: /chat {name} calls by TCP"));
            }
            (Pending::Query, Some((_, vouch))) => {
                self.chats.query(found.entry, vouch, &mut self.screen);
            }
            (Pending::Call(_), _) => {
                self.chats.introduce(found, Instant::now());
                self.dial(address);
            }
            _ => {
                self.screen.line(format_args!("{name} is at {address}: /chat {address}"));
                self.chats.introduce(found, Instant::now());
            }
        }
    }
}

//! What becomes of what was asked, once the server has answered.

use std::time::Instant;

use crate::client::session::{Awaited, Session};
use crate::wire::answer::{Answer, Introduction};
use crate::wire::entry::Entry;

impl Session {
    /// The server has answered.
    pub fn answered(&mut self, answer: Answer) {
        let asked = self.awaited.take();
        let screen = &mut self.screen;
        match (asked.as_ref().map(|(awaited, _)| awaited), answer) {
            (Some(Awaited::Info), Answer::InfoAck(entries)) => {
                screen.line(format_args!("{} registered:", entries.len()));
                for entry in entries {
                    screen.line(entry);
                }
            }
            (Some(Awaited::History), Answer::HistoryAck { count, .. }) => {
                screen.line(format_args!("these were the last {count} messages"));
            }
            (Some(wanted), Answer::BridgeAck(None)) if wanted.is_introduction() => {
                screen.line("nobody else is there");
            }
            (Some(wanted), Answer::BridgeAck(Some(found))) if wanted.is_introduction() => {
                self.introduced(wanted.clone(), found);
            }
            (Some(Awaited::Receipt(_, text)), Answer::TellAck { id, name }) => {
                screen.line(format_args!("Sent to {name} (ID {id}): {text}"));
            }
            (Some(Awaited::Registration), Answer::RegAck { name, address, .. }) => {
                screen.line(format_args!("registered as {name} at {address}"));
            }
            (Some(Awaited::Receipt(peer, text)), Answer::Error { message, .. }) => {
                screen.line(format_args!("not delivered to {peer}: {text} ({message})"));
            }
            (_, Answer::Error { message, .. }) => screen.line(message),
            _ => self.awaited = asked, // not what was asked for: an answer that came too late
        }
    }

    /// The server has told where somebody is.
    fn introduced(&mut self, wanted: Awaited, found: Introduction) {
        let Entry { name, address, .. } = found.entry.clone();
        match (wanted, found.vouched) {
            (Awaited::Query, None) => {
                self.screen
                    .line(format_args!("{name} is not in the room: /chat {name} calls by TCP"));
            }
            (Awaited::Query, Some((_, vouch))) => {
                self.chats.query(found.entry, vouch, &mut self.screen);
            }
            (Awaited::Call(_), _) => {
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

//! The keyboard at a prompt: what keys do to the line and to the client.

use crate::client::chat::Chat;
use crate::client::event::Event;
use crate::client::session::Session;
use crate::client::terminal::editor::{Editor, Wish};
use crate::wire::name::Name;

/// How many names Tab lists.
const MAX_LISTED: usize = 100;

/// The keyboard at a prompt.
#[derive(Debug, Default)]
pub struct Keyboard {
    editor: Editor,
}

impl Keyboard {
    /// Takes what the keyboard has sent. Gives what comes of it for the client.
    pub fn take(&mut self, bytes: &[u8], session: &mut Session) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            match self.editor.take(*byte) {
                None => {}
                Some(Wish::Line(line)) => {
                    let label = label(session);
                    session.screen.line(format_args!("{label}{line}"));
                    events.push(Event::Typed(line));
                }
                Some(Wish::Complete(again)) => {
                    let mut found = self.editor.complete(names(session));
                    found.truncate(MAX_LISTED);
                    if again && !found.is_empty() {
                        session.screen.line(found.join("  "));
                    }
                }
                Some(Wish::End) => events.push(Event::InputEnded),
                Some(Wish::Leave) => events.push(Event::Typed("/quit".to_owned())),
                Some(Wish::Stop) => session.screen.stop(),
            }
        }
        events
    }

    /// Shows the line as it is now; nothing if the client ends.
    pub fn show(&self, session: &mut Session, ends: bool) {
        let (label, (line, cursor)) = (label(session), self.editor.line());
        let text = (!ends).then(|| (format!("{label}{line}"), label.len() + cursor));
        session.screen.prompt(text);
    }
}

/// What stands before the line: whom `/msg` would reach. (Plain text goes to the room.)
fn label(session: &Session) -> String {
    session.chats.current_label().map_or("> ".to_owned(), |peer| format!("[/msg to {peer}] > "))
}

/// Everybody about whom a command may be.
fn names(session: &Session) -> Vec<String> {
    let room = session.membership.room().others().map(|entry| entry.name.to_string());
    let by_tcp = session.chats.by_tcp().map(Chat::label);
    let by_udp = session.chats.by_udp.names().map(Name::to_string);
    room.chain(by_tcp).chain(by_udp).collect()
}

//! The keyboard at a prompt: what keys do to the line and to the client.

use crate::client::direct::tcp::chat::Chat;
use crate::client::event::Event;
use crate::client::state::State;
use crate::client::ui::terminal::editor::{Action, Editor};
use crate::wire::name::Name;

/// How many names Tab lists.
const MAX_LISTED: usize = 100;

/// The keyboard at a prompt.
#[derive(Debug, Default)]
pub struct Input {
    editor: Editor,
}

impl Input {
    /// Takes what the keyboard has sent. Gives what comes of it for the client.
    pub fn take(&mut self, bytes: &[u8], state: &mut State) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            match self.editor.take(*byte) {
                None => {}
                Some(Action::Line(line)) => {
                    let label = label(state);
                    state.screen.line(format_args!("{label}{line}"));
                    events.push(Event::Typed(line));
                }
                Some(Action::Complete(again)) => {
                    let mut found = self.editor.complete(names(state));
                    found.truncate(MAX_LISTED);
                    if again && !found.is_empty() {
                        state.screen.line(found.join("  "));
                    }
                }
                Some(Action::End) => events.push(Event::InputEnded),
                Some(Action::Leave) => events.push(Event::Typed("/quit".to_owned())),
                Some(Action::Stop) => state.screen.stop(),
            }
        }
        events
    }

    /// Shows the line as it is now; nothing if the client ends.
    pub fn show(&self, state: &mut State, ends: bool) {
        let (label, (line, cursor)) = (label(state), self.editor.line());
        let text = (!ends).then(|| (format!("{label}{line}"), label.len() + cursor));
        state.screen.prompt(text);
    }
}

/// What stands before the line: whom `/msg` would reach. (Plain text goes to the room.)
fn label(state: &State) -> String {
    state.chats.current_label().map_or("> ".to_owned(), |peer| format!("[/msg to {peer}] > "))
}

/// Everybody about whom a command may be.
fn names(state: &State) -> Vec<String> {
    let room = state.membership.room().others().map(|entry| entry.name.to_string());
    let by_tcp = state.chats.by_tcp().map(Chat::label);
    let by_udp = state.chats.by_udp.names().map(Name::to_string);
    room.chain(by_tcp).chain(by_udp).collect()
}

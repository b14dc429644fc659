//! The keyboard at a prompt: what keys do to the typed line and to the client.
//!
//! The [editor](crate::client::ui::terminal::editor) knows the line and nothing else. This module knows the client:
//! it completes names, and draws the prompt.

use crate::client::direct::tcp::Chat;
use crate::client::state::State;
use crate::client::ui::terminal::editor::{Action, Editor};

/// The most names that Tab lists.
const MAX_LISTED: usize = 100;

/// What keys have entered.
#[derive(Debug)]
pub enum Entered {
    /// A whole line.
    Line(String),
    /// The end of input.
    End,
}

/// The keyboard at a prompt.
#[derive(Debug, Default)]
pub struct Input {
    editor: Editor,
}

impl Input {
    /// Handles bytes of the keyboard. Returns what they have entered.
    pub fn take(&mut self, bytes: &[u8], state: &mut State) -> Vec<Entered> {
        let mut entered = Vec::new();
        for byte in bytes {
            match self.editor.take(*byte) {
                None => {}
                Some(Action::Line(line)) => {
                    let label = label(state);
                    state.screen.line(format_args!("{label}{line}"));
                    entered.push(Entered::Line(line));
                }
                Some(Action::Complete(again)) => {
                    let mut found = self.editor.complete(names(state));
                    found.truncate(MAX_LISTED);
                    if again && !found.is_empty() {
                        state.screen.line(found.join("  "));
                    }
                }
                Some(Action::End) => entered.push(Entered::End),
                Some(Action::Leave) => entered.push(Entered::Line("/quit".to_owned())),
                Some(Action::Stop) => state.screen.stop(),
            }
        }
        entered
    }

    /// Draws the prompt and the line as they are now; nothing while the client ends.
    pub fn show(&self, state: &mut State, ends: bool) {
        let (label, (line, cursor)) = (label(state), self.editor.line());
        let text = (!ends).then(|| (format!("{label}{line}"), label.len() + cursor));
        state.screen.prompt(text);
    }
}

/// The text before the line: where plain text goes, and where `/msg` goes.
fn label(state: &State) -> String {
    state.chats.prompt(state.server.status() == "lost")
}

/// The names that a command may mean, for Tab.
fn names(state: &State) -> Vec<String> {
    let room = state.server.room.others().map(|entry| entry.name.to_string());
    let known = |chat: &&Chat| chat.is_open() || chat.is_calling();
    let by_tcp = state.chats.over_tcp().filter(known).map(Chat::label);
    let by_udp = state.chats.over_udp().map(|conversation| conversation.entry.name.to_string());
    room.chain(by_tcp).chain(by_udp).collect()
}

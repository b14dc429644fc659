//! The chats over TCP that have ended while texts were still to be written, or to be reported as written. They are over
//! for the user, and only the fate of these texts is of interest.

use std::collections::BTreeMap;

use crate::client::direct::tcp::Chat;
use crate::client::net::ConnectionId;
use crate::client::ui::Screen;

/// The chats that are ending, by the numbers of their connections.
#[derive(Default)]
pub struct EndingChats(BTreeMap<ConnectionId, Chat>);

impl EndingChats {
    /// Adds a chat whose writer has not ended, if there is one.
    pub fn extend(&mut self, chat: Option<Chat>) {
        self.0.extend(chat.map(|chat| (chat.passage.connection.unwrap_or(chat.key), chat)));
    }

    /// The chat whose connection has that number.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Chat> {
        self.0.get_mut(&id)
    }

    /// How many texts are not written yet.
    pub fn waiting(&self) -> usize {
        self.0.values().map(|chat| chat.unsent.len()).sum()
    }

    /// Handles the end of a connection's writer: what it has not written until then is lost.
    pub fn writer_ended(&mut self, id: ConnectionId, screen: &mut Screen) {
        if let Some(chat) = self.0.remove(&id) {
            chat.cut(screen);
        }
    }

    /// Gives up what is not written yet: the client ends.
    pub fn give_up(&mut self, screen: &mut Screen) {
        for chat in std::mem::take(&mut self.0).into_values() {
            chat.cut(screen);
        }
    }
}

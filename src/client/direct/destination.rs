//! Where plain text goes, and how the prompt says it.
//!
//! Only the user changes it, with `/to` and `/room`. If the chat of `/to` ends, plain text is refused: what was meant
//! for one peer must not become public by somebody's hanging up.

use crate::client::net::ConnectionId;

/// Where plain text goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// To everyone in the room.
    #[default]
    Room,
    /// To that direct chat, and nowhere else: its number, if there ever was such a chat, and its label.
    Chat(Option<ConnectionId>, String),
}

impl Destination {
    /// Whether plain text goes to that chat.
    pub fn is(&self, chat: ConnectionId) -> bool {
        matches!(self, Destination::Chat(Some(id), _) if *id == chat)
    }

    /// Lets one chat with a peer take the place of another with the same peer.
    pub fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        if let Destination::Chat(id, _) = self
            && *id == Some(old)
        {
            *id = Some(new);
        }
    }

    /// The text of the prompt: where plain text goes, and where `/msg` goes if that is somewhere else. `named` says how
    /// a chat is shown, `current` is the one of `/msg`, and `lost` says that the server is.
    ///
    /// ```
    /// use p2p_chat::client::direct::Destination;
    ///
    /// let nobody = |_| None;
    /// assert_eq!(Destination::Room.prompt(nobody, None, false), "> ");
    /// assert_eq!(Destination::Room.prompt(nobody, None, true), "[room lost] > ");
    /// let ended = Destination::Chat(None, "emil".to_owned());
    /// assert_eq!(ended.prompt(nobody, None, false), "[emil: no chat] > ");
    /// ```
    pub fn prompt(
        &self,
        named: impl Fn(ConnectionId) -> Option<String>,
        current: Option<ConnectionId>,
        lost: bool,
    ) -> String {
        let (mut parts, chat) = match self {
            Destination::Room => (vec![if lost { "room lost" } else { "room" }.to_owned()], None),
            Destination::Chat(id, label) => {
                let found = id.and_then(&named);
                let mut parts = vec![found.unwrap_or_else(|| format!("{label}: no chat"))];
                parts.extend(lost.then(|| "room lost".to_owned()));
                (parts, *id)
            }
        };
        let other = current.filter(|_| current != chat).and_then(named);
        parts.extend(other.map(|other| format!("/msg: {other}")));
        match parts.join("; ").as_str() {
            "room" => "> ".to_owned(),
            parts => format!("[{parts}] > "),
        }
    }
}

//! Which chat stands in the place of another one with the same peer by now.
//!
//! What was typed for a chat may be on its way to it in a queue, or in the page, when another one takes its place.

use std::collections::BTreeMap;

use crate::client::net::ConnectionId;

/// The most replaced chats that are remembered.
const MAX_REPLACED: usize = 64;

/// The chats that another chat with the same peer has replaced, and that other one.
#[derive(Debug, Default)]
pub struct Heirs(BTreeMap<ConnectionId, ConnectionId>);

impl Heirs {
    /// Notes that one chat takes the place of another.
    pub fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        if self.0.len() >= MAX_REPLACED {
            self.0.pop_first();
        }
        self.0.insert(old, new);
    }

    /// The chat that stands in the place of this one by now: most often it is the same.
    pub fn heir(&self, mut id: ConnectionId) -> ConnectionId {
        for _ in 0..MAX_REPLACED {
            let Some(heir) = self.0.get(&id) else { break };
            id = *heir;
        }
        id
    }
}

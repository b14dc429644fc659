//! What a direct chat needs of the rest of the client when something happens to it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use crate::client::direct::chats::Chats;
use crate::client::ui::Screen;
use crate::wire::Name;

/// This client, as its peers know it.
#[derive(Debug, Clone)]
pub struct LocalPeer {
    /// Its name. Without one it talks to those who have called it, and can neither call nor show who it is.
    pub name: Option<Name>,
    /// Its ID, or 0 before the server has given one.
    pub id: u64,
    /// The address where it listens.
    pub address: SocketAddr,
}

impl fmt::Display for LocalPeer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let LocalPeer { name, id, address } = self;
        let id = if *id == 0 { "no ID".to_owned() } else { format!("ID {id}") };
        match name {
            Some(name) => write!(f, "you are {name} ({id}) at {address}"),
            None => write!(f, "you have no name yet, and listen at {address}"),
        }
    }
}

/// The surroundings of one event.
pub struct Context<'a> {
    /// This client.
    pub me: LocalPeer,
    /// The list of chats.
    pub chats: &'a mut Chats,
    /// The screen that shows what comes of the event.
    pub screen: &'a mut Screen,
    /// The time of the event.
    pub now: Instant,
}

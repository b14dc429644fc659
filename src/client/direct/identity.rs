//! Who a chat's peer is among the server's clients: a chat belongs to the peer with whom it was verified.
//!
//! Names and IDs may have new owners after the server was started again. The connection of a chat proves that its peer
//! is still the same one, and the peer's address tells which client it is now. So an ID is forgotten when the server
//! that gave it is gone, and learned anew.

use std::net::SocketAddr;

use crate::client::direct::chats::Chats;
use crate::client::direct::handshake::Handshakes;
use crate::client::direct::tcp::Introductions;
use crate::client::net::ConnectionId;
use crate::wire::Name;
use crate::wire::compat::NO_ID;

/// Forgets the IDs of a server that has ended: it may give them to others.
pub fn forget_ids(chats: &mut Chats, handshakes: &mut Handshakes) {
    handshakes.introductions = Introductions::default();
    handshakes.invitations.forget_ids();
    for id in over_tcp(chats) {
        chats.tcp_mut(id).into_iter().for_each(|chat| chat.id = NO_ID);
    }
    chats.over_udp_mut().for_each(|conversation| conversation.entry.id = NO_ID);
}

/// Learns the IDs of verified peers whose ID is not known. `id_of` gives the ID of the client that has a name and
/// listens at an address: two clients may have one name in turn, but not at one address while one of them is there.
pub fn learn_ids(chats: &mut Chats, id_of: impl Fn(&Name, SocketAddr) -> Option<u64>) {
    for id in over_tcp(chats) {
        if let Some(chat) = chats.tcp_mut(id)
            && let Some(name) = chat.name.as_ref().filter(|_| chat.verified && chat.id == NO_ID)
        {
            chat.id = id_of(name, chat.address).unwrap_or(NO_ID);
        }
    }
    for entry in chats.over_udp_mut().map(|conversation| &mut conversation.entry) {
        if entry.id == NO_ID {
            entry.id = id_of(&entry.name, entry.address).unwrap_or(NO_ID);
        }
    }
}

/// The numbers of the chats over TCP.
fn over_tcp(chats: &Chats) -> Vec<ConnectionId> {
    chats.over_tcp().map(|chat| chat.key).collect()
}

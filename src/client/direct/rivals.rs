//! Two chats with one peer: one of them is open, or both sides call each other at the same time.
//!
//! These functions only find them; [`handshake`](super::handshake) decides which one stays.

use crate::client::direct::chats::Chats;
use crate::client::direct::tcp::{Chat, ChatState};
use crate::client::net::ConnectionId;
use crate::wire::{Entry, Secret};

/// Whether a further call to the same peer is not needed. A caller that has yet to tell its nonce has this client's
/// answer already: to it the chat is open. And one to which this client has connected is about to answer.
pub fn stands(chat: &Chat) -> bool {
    match chat.state {
        ChatState::Open | ChatState::AwaitingNonce { .. } => chat.verified,
        ChatState::Calling(_) => !chat.called || chat.passage.ladder.is_some(),
        _ => false,
    }
}

/// The call of this client to that peer which tries one way after the other, to be changed.
pub fn climbs_to<'a>(peer: &Entry, chats: &'a mut Chats) -> Option<&'a mut Chat> {
    let is_it = |chat: &&Chat| chat.passage.ladder.is_some() && chat.is_with(peer);
    let id = chats.over_tcp().find(is_it)?.key;
    chats.tcp_mut(id)
}

/// Another chat with the same peer, open or being called.
pub fn rival(id: ConnectionId, chats: &Chats) -> Option<&Chat> {
    let ours = chats.tcp(id)?;
    let entry = ours.entry()?;
    let is_rival = |chat: &&Chat| {
        let introduced = chat.verified || matches!(chat.state, ChatState::Calling(Some(_)));
        introduced && chat.is_with(&entry) && chat.key != id
    };
    chats.over_tcp().find(is_rival)
}

/// The call of the peer that this client calls itself, and the secret to answer it with.
pub fn crossing(id: ConnectionId, chats: &Chats) -> Option<(ConnectionId, Secret)> {
    let name = &chats.tcp(id)?.name;
    chats.over_tcp().filter(|chat| chat.name == *name).find_map(|chat| match chat.state {
        ChatState::SimultaneousOpen { answer, .. } => Some((chat.key, answer)),
        _ => None,
    })
}

//! How a chat over TCP comes to stand beside others with the same peer: it replaces them, or becomes the one that was
//! waiting for it.
//!
//! A chat that replaces another has its own number, and the [list](super::chats) remembers whose heir it is. A chat
//! that was waiting for a connection keeps its number: it was one call all the time.
//!
//! ```text
//! the ticket of a caller counts ──► receive ──► replace_rival ──┬─ encrypted: AwaitingNonce ──► Open
//!                                     ▲                         └─ plain: Open
//! the peer was asked to connect ──► adopt
//! ```

use std::net::IpAddr;

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::course::open;
use crate::client::direct::encryption::REVEAL;
use crate::client::direct::places;
use crate::client::direct::rivals::rival;
use crate::client::direct::secure::Comparison;
use crate::client::direct::tcp::ChatState;
use crate::client::net::ConnectionId;
use crate::wire::{Greeting, Secret};

/// Answers a caller that has shown its ticket. This chat replaces an older one with the same peer. In an encrypted chat
/// the answer carries this client's nonce, and the chat opens when the caller has told its own. A client without a name
/// cannot answer, and drops the caller without a word.
pub fn receive(id: ConnectionId, answer: Secret, context: &mut Context) {
    // The server has announced the caller to somebody with a name.
    let Some(name) = context.me.name.clone() else {
        return places::drop_silently(id, None, context);
    };
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    let (address, files) = (Some(context.me.address), chat.takes_files);
    let nonce = chat.comparison.as_ref().map(Comparison::own);
    // Like Files, it answers a caller that has said so.
    let secure = chat.comparison.is_some()
        || matches!(&chat.state, ChatState::AwaitingTicket { greeting, .. } if greeting.secure);
    let (ticket, answer, commit) = (None, Some(answer), None);
    let greeting = Greeting { name, address, ticket, answer, files, secure, commit, nonce };
    if let Some(writer) = &chat.writer {
        writer.block(&greeting.to_block()); // the queue of a fresh connection has room
    }
    replace_rival(id, context);
    match context.chats.tcp_mut(id).filter(|chat| chat.comparison.is_some()) {
        Some(chat) => chat.state = ChatState::AwaitingNonce { until: context.now + REVEAL },
        None => open(id, context),
    }
}

/// Lets a chat take the place of an older one with the same peer. If the older one was a call that is not open yet, the
/// texts that wait in it move to the new one. The new chat becomes the current one if the older one was.
pub fn replace_rival(id: ConnectionId, context: &mut Context) {
    let Some(rival) = rival(id, context.chats).map(|chat| chat.key) else { return };
    let was_current = context.chats.current == Some(rival);
    let old = context.chats.take_tcp(rival);
    if let Some(mut old) = old {
        old.passage.leave();
        if let Some(chat) = context.chats.tcp_mut(id).filter(|_| !old.is_open()) {
            chat.unsent.append(&mut old.unsent); // texts for the same peer, which the call has not sent
        }
        old.cut(context.screen);
    }
    context.chats.replace(rival, id, context.screen);
    if was_current {
        context.chats.current = Some(id);
    }
}

/// Makes the connection of a caller that of the chat which was waiting for it. Returns whether there is such a chat.
/// The ticket tells that the two belong together. Only the peer was given it, so the chat is verified. The entry of the
/// caller leaves the list. This client is `own`.
pub fn adopt(
    id: ConnectionId,
    ticket: Option<Secret>,
    own: IpAddr,
    chats: &mut Chats,
) -> Option<ConnectionId> {
    let awaits = |chat: Option<Secret>| chat.is_some() && chat == ticket;
    let owner = chats.over_tcp().find(|chat| awaits(chat.passage.awaits))?.key;
    let caller = chats.take_tcp(id)?;
    let chat = chats.tcp_mut(owner)?;
    chat.passage.connection = Some(id);
    chat.passage.stands(caller.address.ip(), own);
    (chat.writer, chat.comparison) = (caller.writer, caller.comparison);
    (chat.state, chat.takes_files, chat.verified) = (caller.state, caller.takes_files, true);
    Some(owner)
}

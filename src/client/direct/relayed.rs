//! Chats that go through the server end with it. The one who has called calls again when the server is back.
//!
//! When a server dies, two connections of this client end: the one to the room and the one of the chat. Either may be
//! noticed first, so what has happened is known a moment later. A peer that has died looks the same on the chat's
//! connection alone.
//!
//! ```text
//! Open ──► Unclear ──┬─ the room is there still: the peer is gone
//!                    └─ the room is gone, too ──┬─ this client has called: AwaitsServer ──► Calling …
//!                                               └─ it was called: the chat is over
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::direct::chats::Chats;
use crate::client::direct::climbing::{Climbing, give_up};
use crate::client::direct::context::Context;
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::places::drop_silently;
use crate::client::direct::rivals::rival;
use crate::client::direct::tcp::ladder::Ladder;
use crate::client::direct::tcp::{Chat, ChatState, RelayCut, Way};
use crate::client::net::ConnectionId;
use crate::wire::{Name, Secret};

/// How long the two connections to a server that is gone may take to say so. What the room's connection says in that
/// time decides between the two cases.
const GRACE: Duration = Duration::from_secs(1);
/// How long the server may take to come back.
const AWAY: Duration = Duration::from_secs(600);
/// How long the peer may take, once the server is back, until it is there, too.
const PEER_AWAY: Duration = Duration::from_secs(30);

/// Handles the end of an open chat through the server that nobody has ended. Returns whether it is one. It keeps its
/// number, so that what is typed for it waits. An end without a `cause` is one that a user wanted, and such a chat is
/// simply over.
pub fn was_cut(id: ConnectionId, cause: Option<&str>, context: &mut Context) -> bool {
    let chats = &mut *context.chats;
    let is_one = |chat: &Chat| chat.is_open() && chat.passage.way == Some(Way::Relayed);
    let (true, Some(cause)) = (chats.tcp(id).is_some_and(is_one), cause) else { return false };
    let current = chats.current;
    let Some(old) = chats.take_tcp(id) else { return false };
    let state = ChatState::Cut(RelayCut::Unclear(context.now + GRACE, cause.to_owned()));
    let mut chat = Chat::new(id, old.name.clone(), old.address, state);
    (chat.called, chat.id, chat.verified) = (old.called, old.id, old.verified);
    (chat.passage.connection, chat.passage.way) = (None, Some(Way::Relayed));
    chats.ending.extend(old.ended(context.screen));
    chats.insert(DirectChat::Tcp(chat));
    chats.current = current;
    tick(id, context);
    true
}

/// When [`tick`] has something to do. A chat in any other state has no time here.
pub fn deadline(chat: &Chat) -> Option<Instant> {
    match &chat.state {
        ChatState::Cut(RelayCut::Unclear(at, _) | RelayCut::AwaitsServer(at)) => Some(*at),
        _ => None,
    }
}

/// Does what is due for a chat that was cut. Once the server is known to be gone, the one who has called waits for it,
/// and the called one ends the chat. If the room still stands after `GRACE`, the peer is gone.
pub fn tick(id: ConnectionId, context: &mut Context) {
    let server_is_gone = context.chats.server_is_gone;
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    let label = chat.label();
    match &chat.state {
        ChatState::Cut(RelayCut::Unclear(..)) if server_is_gone && chat.called => {
            chat.state = ChatState::Cut(RelayCut::AwaitsServer(context.now + AWAY));
            context.screen.line(format_args!(
                "the chat with {label} went through the server, which is gone: {label} is called again when it is back"
            ));
        }
        ChatState::Cut(RelayCut::Unclear(..)) if server_is_gone => {
            context.screen.line(format_args!(
                "{label} ended the chat (it went through the server, which is gone)"
            ));
            context.chats.take_tcp(id).into_iter().for_each(|chat| chat.cut(context.screen));
        }
        ChatState::Cut(RelayCut::Unclear(until, cause)) if *until <= context.now => {
            context.screen.line(format_args!("{label} ended the chat ({cause})"));
            context.chats.take_tcp(id).into_iter().for_each(|chat| chat.cut(context.screen));
        }
        ChatState::Cut(RelayCut::AwaitsServer(until)) if *until <= context.now => {
            let why = if server_is_gone { "the server has" } else { "it has" };
            give_up(id, &format!("{why} not come back"), context);
        }
        // What is typed for a peer that is another one now, or at another place, must not wait for long.
        ChatState::Cut(RelayCut::AwaitsServer(until)) if !server_is_gone => {
            let until = (*until).min(context.now + PEER_AWAY);
            chat.state = ChatState::Cut(RelayCut::AwaitsServer(until));
        }
        _ => {}
    }
}

/// The chats that the server has cut whose peers are in the room again, and their IDs: `id_of` gives the ID of the
/// member with a name and an address. Somebody else of that name is not called.
pub fn cut(
    chats: &Chats,
    id_of: impl Fn(&Name, SocketAddr) -> Option<u64>,
) -> Vec<(ConnectionId, u64)> {
    let awaits = |chat: &&Chat| matches!(chat.state, ChatState::Cut(RelayCut::AwaitsServer(_)));
    let found = |chat: &Chat| Some((chat.key, id_of(chat.name.as_ref()?, chat.address)?));
    chats.over_tcp().filter(awaits).filter_map(found).collect()
}

/// Calls the peers of these chats again. The peer has to prove itself anew, and the ladder begins at its first way: by
/// now the two may reach each other directly.
pub fn call_again(chats: Vec<(ConnectionId, u64)>, climbing: &mut Climbing, context: &mut Context) {
    for (id, peer) in chats {
        let Some(chat) = context.chats.tcp_mut(id) else { continue };
        (chat.id, chat.verified) = (peer, false);
        // The user may have called the same peer meanwhile.
        if let Some(other) = rival(id, context.chats).map(|chat| chat.key) {
            drop_silently(id, Some(other), context);
            continue;
        }
        let Some(chat) = context.chats.tcp_mut(id) else { continue };
        chat.state = ChatState::Calling(Some(Secret::random())); // nobody knows this one
        chat.passage.ladder = Some(Ladder::asking());
        context.screen.line(format_args!("the server is back: calling {} again", chat.place()));
        climbing.ask(id, context);
    }
}

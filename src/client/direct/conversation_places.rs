//! Which conversations over UDP there are, one with each client, and which must go when there are too many.
//!
//! A peer that is announced by the server costs this client a conversation, and the server may announce as many as it
//! likes. So only those can go that the user has neither answered nor chosen to write to.
//!
//! ```text
//! there is one with that client                 no further place is needed
//! its name has SHARE that are not answered      the oldest of these goes
//! MAX_CONVERSATIONS are there                   the oldest of the name with the most unanswered ones goes
//! all of them are answered or chosen            no place
//! ```

use std::time::Instant;

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::direct_chat::DirectChat;
use crate::client::direct::eviction::evicted;
use crate::client::direct::udp::Conversation;
use crate::client::net::ConnectionId;
use crate::wire::{Entry, Name, PeerRef};

/// The most conversations: neither a server nor a user must make the client keep more.
pub const MAX_CONVERSATIONS: usize = 256;
/// The most conversations with one name in turn that the user has not answered. A further one takes the place of the
/// oldest of these, so one name cannot push out the others.
const SHARE: usize = 4;

/// Makes a place for a conversation with that client, unless there is one. If all are taken, one that the user has not
/// answered must go. Returns whether there is a place.
pub(super) fn make_room(peer: &Entry, context: &mut Context) -> bool {
    let chats = &context.chats;
    if find(peer, chats).is_some() {
        return true;
    }
    let is_chosen = |key| chats.current == Some(key) || chats.destination.is(key);
    let is_unanswered = |found: &&Conversation| found.sending.is_none() && !is_chosen(found.key);
    let unanswered: Vec<_> = chats.over_udp().filter(is_unanswered).collect();
    let held = unanswered.iter().map(|found| (&found.entry.name, found.active));
    let is_full = chats.over_udp().count() >= MAX_CONVERSATIONS;
    let place = evicted(held, &peer.name, SHARE, is_full).map(|place| unanswered[place].key);
    place.map(|key| end(key, context)).is_some() || !is_full
}

/// Ends a conversation in which nothing happens. Shows the messages that wait for earlier ones. The user is told that
/// it is over only if something was said in it, or the user has opened it.
pub(super) fn end(key: ConnectionId, context: &mut Context) {
    let Some(chat) = context.chats.take(key) else { return };
    let is_known = chat.udp().is_some_and(Conversation::has_said);
    let label = chat.label();
    context.chats.end(chat, context.screen);
    if is_known {
        context.screen.line(format_args!("the conversation with {label} is over: it was idle"));
    }
}

/// The conversation with a peer that still works: this client has queried, nothing was given up, and, as far as the
/// client knows, `is_there` is true of the peer's ID. (A peer that came back under the same name knows no old ticket.)
/// Of several that the reference means, the newest one counts.
pub fn open_to(
    peer: &PeerRef,
    chats: &Chats,
    is_there: impl Fn(u64) -> bool,
) -> Option<ConnectionId> {
    let last = chats.over_udp().rev().find(|conversation| conversation.entry.is(peer))?;
    let works = last.sending.is_some() && !last.is_broken && is_there(last.entry.id);
    works.then_some(last.key)
}

/// The number of the conversation with that client. Where both IDs are known, they tell two clients of one name
/// apart, and else the addresses do.
fn find(entry: &Entry, chats: &Chats) -> Option<ConnectionId> {
    chats.over_udp().find(|found| found.entry.is_same(entry)).map(|found| found.key)
}

/// The conversation with that client, or a new one. It counts as active from `now` on.
pub(super) fn with<'a>(
    entry: &Entry,
    me: Name,
    chats: &'a mut Chats,
    now: Instant,
) -> &'a mut Conversation {
    let key = find(entry, chats).unwrap_or_else(|| {
        let key = ConnectionId::next();
        chats.insert(DirectChat::Udp(Conversation::new(key, entry.clone(), me, now)));
        key
    });
    let found = chats.over_udp_mut().find(|conversation| conversation.key == key);
    let found = found.expect("BUG: the conversation was found or inserted");
    found.active = now;
    found
}

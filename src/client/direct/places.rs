//! Places for callers over TCP: how many there are, and who must go when they are taken.
//!
//! A caller that the server has announced always finds a place of its own. All others share the rest, and those of
//! them that say nothing must not keep anybody out.

use std::time::{Duration, Instant};

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::tcp::{Chat, ChatState};
use crate::client::net::ConnectionId;
use crate::wire::Name;

/// The most callers at a time that the server has not announced. Announced ones count, too, but are not refused for
/// this.
const MAX_CALLERS: usize = 64;
/// The most announced callers at a time. A name has one of these places.
const MAX_ANNOUNCED: usize = 64;
/// The most callers at a time whose ticket waits for its announcement.
const MAX_AWAITING: usize = 64;
/// How long a caller that was not announced may say nothing, unless the user has written to it.
const SILENCE: Duration = Duration::from_secs(30);

/// How easily a caller must give way, the easiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// It has sent nothing at all.
    Nothing,
    /// It has not said anything for a while.
    Stale,
    /// It has told its name.
    Name,
}

/// The caller's claim to its place; `None` if it must not lose it.
fn claim(chat: &Chat, now: Instant) -> Option<Claim> {
    let silent_since = chat.silent_since.filter(|_| chat.is_open())?;
    match (chat.has_spoken, &chat.name) {
        (true, _) => (now.duration_since(silent_since) >= SILENCE).then_some(Claim::Stale),
        (false, Some(_)) => Some(Claim::Name),
        (false, None) => Some(Claim::Nothing),
    }
}

/// Makes a place for a caller that has just connected. Returns whether there is one.
pub fn admit(chat: &Chat, context: &mut Context) -> bool {
    if is_awaiting(chat) {
        make_room_to_await(context);
        return true;
    }
    make_room(chat.name.is_some(), context)
}

/// Makes a place for a caller that was not announced. If all are taken, a silent one must go. Returns whether there is
/// a place.
pub fn make_room(named: bool, context: &mut Context) -> bool {
    let is_caller = |chat: &&Chat| !chat.called && !is_awaiting(chat);
    if context.chats.over_tcp().filter(is_caller).count() < MAX_CALLERS {
        return true;
    }
    let most = if named { Claim::Name } else { Claim::Stale };
    let claims = context.chats.over_tcp().filter_map(|chat| {
        let claim = claim(chat, context.now).filter(|claim| *claim <= most)?;
        Some((claim, chat.silent_since, chat.key))
    });
    let Some((.., id)) = claims.min() else { return false };
    hang_up(id, "others want its place", context);
    true
}

/// Makes a place for a caller that shows a ticket. If all are taken, the one goes that has waited longest for its
/// announcement.
fn make_room_to_await(context: &mut Context) {
    let awaiting = context.chats.over_tcp().filter(|chat| is_awaiting(chat)).map(|chat| chat.key);
    let awaiting: Vec<_> = awaiting.collect();
    if awaiting.len() >= MAX_AWAITING {
        drop_silently(awaiting[0], None, context); // the numbers of connections only grow
    }
}

/// Whether there is a place for a caller of this name that was announced. A further call of a name replaces the first.
pub fn has_room_for(name: &Name, chats: &Chats) -> bool {
    let other = |chat: &&Chat| !chat.called && chat.verified && chat.name.as_ref() != Some(name);
    chats.over_tcp().filter(other).count() < MAX_ANNOUNCED
}

/// When [`tick`] has something to do.
pub fn deadline(chats: &Chats) -> Option<Instant> {
    chats.over_tcp().filter_map(ends_at).min()
}

/// Hangs up on callers that have said nothing for too long.
pub fn tick(context: &mut Context) {
    let now = context.now;
    let is_due = |chat: &&Chat| ends_at(chat).is_some_and(|at| at <= now);
    let due: Vec<_> = context.chats.over_tcp().filter(is_due).map(|chat| chat.key).collect();
    for id in due {
        hang_up(id, "it said nothing for 30 s", context);
    }
}

/// When a caller must have said something.
fn ends_at(chat: &Chat) -> Option<Instant> {
    let since = chat.silent_since.filter(|_| chat.is_open() && !chat.has_spoken)?;
    Some(since + SILENCE)
}

/// Whether a caller's ticket waits for its announcement.
fn is_awaiting(chat: &Chat) -> bool {
    matches!(chat.state, ChatState::AwaitingTicket { .. })
}

/// Ends the chat of a caller whose place is needed.
fn hang_up(id: ConnectionId, why: &str, context: &mut Context) {
    let Some(chat) = context.chats.take_tcp(id) else { return };
    context.screen.line(format_args!("hung up on {}: {why}", chat.label()));
    chat.cut(context.screen);
}

/// Drops a chat of which the user was told nothing. What the user has written to it goes on in the `other` chat with
/// the same peer, or is reported.
pub fn drop_silently(id: ConnectionId, other: Option<ConnectionId>, context: &mut Context) {
    let was_current = context.chats.current == Some(id);
    let Some(mut chat) = context.chats.take_tcp(id) else { return };
    if let Some(other) = other {
        chat.passage.leave();
        context.chats.replace(id, other, context.screen);
        if let Some(other) = context.chats.tcp_mut(other) {
            for text in std::mem::take(&mut chat.unsent) {
                other.resume(text, context.screen);
            }
        }
    }
    if was_current {
        context.chats.current = other;
    }
    chat.cut(context.screen);
}

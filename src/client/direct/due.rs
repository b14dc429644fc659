//! What is due of chats over TCP, without anything that happens.
//!
//! Each state that does not last for ever has a time of its own: a ticket that nobody announces, a call that crosses
//! another, a nonce that is not told, a way of a call, a chat whose server is gone.
//!
//! | state | what is due at the end of its time |
//! | --- | --- |
//! | `AwaitingTicket` | No CALL has named the caller. The chat opens unverified if there is a place for it. |
//! | `SimultaneousOpen` | This client's own call has not been answered. So it answers the peer's call. |
//! | `AwaitingNonce` | The caller is refused. |
//! | `Calling` | The way has failed, and the [ladder](Ladder) says what comes next. |
//! | `Cut` | The peer is gone, or the server has not come back: see [`relayed`]. |

use std::time::Instant;

use crate::client::direct::accepting::receive;
use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::course::{open, refuse};
use crate::client::direct::handshake::{Handshakes, ids};
use crate::client::direct::places;
use crate::client::direct::relayed;
use crate::client::direct::rivals::crossing;
use crate::client::direct::tcp::ladder::Ladder;
use crate::client::direct::tcp::{Chat, ChatState};

/// When [`tick`] has something to do. An open chat has no time of its own, and neither has a call without further ways:
/// its thread reports the end. `None` means that nothing is due before an event comes.
pub fn deadline(chats: &Chats) -> Option<Instant> {
    let silent = places::deadline(chats);
    let until = |chat: &Chat| match chat.state {
        ChatState::AwaitingTicket { until, .. }
        | ChatState::SimultaneousOpen { until, .. }
        | ChatState::AwaitingNonce { until } => Some(until),
        ChatState::Calling(_) => chat.passage.ladder.as_ref().and_then(Ladder::deadline),
        ChatState::Cut(_) => relayed::deadline(chat),
        ChatState::Open => None,
    };
    chats.over_tcp().filter_map(until).chain(silent).min()
}

/// Opens the chats that have waited long enough: unverified without a CALL, verified without a crossing call. Hangs up
/// on callers that say nothing, and goes on with calls by their next way. A call whose peer calls, too, is not tried by
/// a further way: the call of the peer is answered.
pub fn tick(handshakes: &mut Handshakes, context: &mut Context) {
    places::tick(context);
    for id in ids(context.chats) {
        let Some(chat) = context.chats.tcp(id) else { continue };
        let ladder = chat.passage.ladder.as_ref().and_then(Ladder::deadline);
        match &chat.state {
            ChatState::AwaitingTicket { until, .. } if *until <= context.now => {
                if places::make_room(true, context) {
                    open(id, context);
                } else {
                    places::drop_silently(id, None, context);
                }
            }
            ChatState::SimultaneousOpen { answer, until } if *until <= context.now => {
                let answer = *answer;
                receive(id, answer, context);
            }
            ChatState::AwaitingNonce { until } if *until <= context.now => {
                refuse(id, "it tells no nonce", context);
            }
            ChatState::Calling(_) if ladder.is_some_and(|until| until <= context.now) => {
                match crossing(id, context.chats) {
                    Some((other, answer)) => receive(other, answer, context),
                    None => handshakes.climbing.tick(id, context),
                }
            }
            ChatState::Cut(_) => relayed::tick(id, context),
            _ => {}
        }
    }
}

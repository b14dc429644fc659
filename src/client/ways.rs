//! The introductions that calls need for their next way: what is asked of the server, and its answers.
//!
//! The direct chats know nothing of the session with the server. So a call [notes](Wish) what it needs, and this file
//! asks.
//!
//! ```text
//! a way of a call has failed ──► Wish ──► ask: BRIDGE ──┬─ BRIDGEACK  answered ──► the call tries the next way
//!                                                       └─ ERROR      fails ─────► the call goes on without that way
//! ```

use std::time::Instant;

use crate::client::direct::climbing::Wish;
use crate::client::net::ConnectionId;
use crate::client::rendezvous::requests::{Pending, Purpose};
use crate::client::state::State;
use crate::wire::{Request, Response, Via};

/// Asks the server for the introductions that calls need by now. A request that cannot be sent counts as a way that
/// leads nowhere, and so does one without a name: then this client is not in the room. The call may need the next one
/// at once.
pub fn ask(state: &mut State) {
    loop {
        let wishes = state.handshakes.climbing.take_wishes();
        if wishes.is_empty() {
            return;
        }
        for Wish { chat, peer, via } in wishes {
            let named = state.server.name.clone().ok_or_else(|| "you have no name".to_owned());
            let asked = named.and_then(|name| {
                let request = Request::Bridge { name, peer: Some(peer), via };
                state.ask(request, Pending::Bridge(Purpose::Way(chat, via)))
            });
            if let Err(why) = asked {
                fails(state, chat, &why);
            }
        }
    }
}

/// Handles the server's answer. Every other answer than an introduction counts as a way that leads nowhere. The message
/// of an ERROR becomes the reason that the user may read.
pub fn answered(state: &mut State, (chat, via): (ConnectionId, Via), response: Response) {
    match response {
        Response::BridgeAck(Some(found)) => {
            state.with_chats(Instant::now(), |handshakes, _, context| {
                handshakes.introduced((chat, via), &found, context);
            });
        }
        Response::Error { message, .. } => fails(state, chat, &message),
        _ => fails(state, chat, "the server does not know it"),
    }
}

/// Handles that a call gets no introduction for its next way. The call asks for its next way, rests, or is over.
fn fails(state: &mut State, chat: ConnectionId, why: &str) {
    state.with_chats(Instant::now(), |handshakes, _, context| {
        handshakes.climbing.fails(chat, why, context);
    });
}

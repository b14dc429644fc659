//! The introductions that calls need for their next way: what is asked of the server, and its answers.
//!
//! The direct chats know nothing of the session with the server. So a call [notes](Wish) what it needs, and this file asks.
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

/// Asks the server for the introductions that calls need by now. Without a name this client is not in the room, and
/// drops what the calls need. A request that cannot be sent counts as a way that leads nowhere.
pub fn ask(state: &mut State) {
    for Wish { chat, peer, via } in state.handshakes.climbing.take_wishes() {
        let Some(name) = state.server.name.clone() else { continue };
        let request = Request::Bridge { name, peer: Some(peer), via };
        if let Err(why) = state.ask(request, Pending::Bridge(Purpose::Way(chat, via))) {
            fails(state, chat, &why);
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

//! CALL: the server tells of somebody who is about to call, or asks this client to connect.
//!
//! Two clients may ask for each other at the same moment, and each may have to try several ways. Of two calls by one
//! way the lower ID's stays (see [`handshake`](super::handshake)). Of two ladders it is the same: the client with the
//! lower ID goes on as if nobody had called, and ignores what the other one asks it to do. The client with the higher
//! ID goes along with the other's calls, and lets its own ladder rest as long as these may take. If nothing comes of
//! them, it goes on.
//!
//! ```text
//! CALL Via: tcp     the ticket counts from now on: a caller that waits is verified
//! CALL Via: back    this client connects to the caller, and shows the ticket itself
//! CALL Via: relay   this client connects to the server; the ticket counts, for the caller comes through it
//! ```
//!
//! A CALL by TCP may come from a program that knows no other way. The two others count only between clients that know
//! the ways through NATs and speak TLS.

use crate::client::direct::context::Context;
use crate::client::direct::handshake::{Handshakes, ids};
use crate::client::direct::rivals::climbs_to;
use crate::wire::{Candidates, Credentials, Entry, Via};

/// Handles the server's announcement of a caller, whose connection may be there already, or which asks this client to
/// connect. A CALL by UDP is not for chats over TCP, and changes nothing here. One that lets
/// a ticket count has the callers judged anew that wait for theirs.
pub fn invite(
    handshakes: &mut Handshakes,
    caller: Entry,
    (via, credentials): (Via, Credentials),
    candidates: Candidates,
    context: &mut Context,
) {
    let knows_ways = candidates.seen.is_some() && credentials.secure;
    if knows_ways {
        let call = (via, credentials.ticket);
        handshakes.callbacks.note(&caller, call, candidates, context.now);
        // Two that climb to each other: the ladder of the lower ID goes first, and the other one's waits.
        match climbs_to(&caller, context.chats).and_then(|chat| chat.passage.ladder.as_mut()) {
            Some(_) if context.me.id < caller.id && via != Via::Tcp => return,
            Some(ladder) if context.me.id > caller.id => ladder.gives_way(via, context.now),
            _ => {}
        }
    }
    match via {
        Via::Back if knows_ways => {
            let call = (credentials, candidates);
            return handshakes.callbacks.connect(caller, call, &handshakes.events, context);
        }
        Via::Relay if knows_ways => {
            let (server, means) =
                (handshakes.climbing.server.clone(), (&handshakes.tickets, &handshakes.events));
            handshakes.callbacks.relay(caller.clone(), credentials, server, means, context);
        }
        Via::Tcp => {}
        _ => return,
    }
    if credentials.secure {
        handshakes.tickets.announce(&caller.name, &credentials, context.now);
    }
    handshakes.invitations.announce(caller, credentials, context.now);
    for id in ids(context.chats) {
        handshakes.judge(id, context);
    }
}

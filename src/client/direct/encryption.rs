//! What is said and checked of encryption while a call becomes a chat: nonces for the comparison code, and promises
//! that somebody on the way has taken out.
//!
//! A server that is not on the way between two peers could still take `Secure: tls` out of what it tells them. Then
//! both talk in the clear, and somebody else listens. So both say it again in their CHATs, which the server does not
//! touch, and hang up if one of the two says less than the other can. An older server tells nothing of it, and says so
//! by its JOINACK: then nothing was taken out.

use std::time::Duration;

use crate::client::direct::context::Context;
use crate::client::direct::course::{open, refuse};
use crate::client::direct::tcp::{Chat, ChatState};
use crate::client::net::ConnectionId;
use crate::wire::{Greeting, Secret, greeting};

/// How long the caller of an encrypted chat may take to tell its nonce.
pub const REVEAL: Duration = Duration::from_secs(3);

/// Handles what the called one says of encryption. If the chat is encrypted, tells it the nonce of this side.
///
/// # Errors
/// Why the chat must not stand. `server_tells`: the server says who can be called by TLS.
pub fn reveal(
    chat: &mut Chat,
    greeting: &Greeting,
    server_tells: bool,
) -> Result<(), &'static str> {
    let Some(comparison) = &mut chat.comparison else {
        return stripped(false, greeting.secure && server_tells).map_or(Ok(()), Err);
    };
    if !greeting.nonce.is_some_and(|nonce| comparison.answered(nonce)) {
        return Err("it sends no nonce");
    }
    if let Some(writer) = &chat.writer {
        writer.block(&greeting::nonce_block(comparison.own())); // the queue of a fresh connection has room
    }
    Ok(())
}

/// Handles the caller's nonce. Before it, nothing is shown of the caller, and nothing is sent.
pub fn revealed(id: ConnectionId, nonce: Secret, context: &mut Context) {
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    let awaits = matches!(chat.state, ChatState::AwaitingNonce { .. });
    if awaits && chat.comparison.as_mut().is_some_and(|comparison| comparison.revealed(nonce)) {
        return open(id, context);
    }
    refuse(id, "it tells another nonce than the one it was bound to", context);
}

/// Why a call with a ticket in the clear must not stand: the server has `promised` that the other one encrypts, or both
/// can and the server has not told them.
pub fn stripped(promised: bool, both_can: bool) -> Option<&'static str> {
    match (promised, both_can) {
        (true, _) => Some("it does not encrypt, although it can"),
        (_, true) => Some("it can encrypt, but the server says that it cannot"),
        _ => None,
    }
}

//! The course of a chat over TCP after the calls of [`handshake`](super::handshake): it opens, its peer says something,
//! it ends.

use crate::client::direct::chats::MAX_WAITING;
use crate::client::direct::context::Context;
use crate::client::direct::places;
use crate::client::direct::tcp::ChatState;
use crate::client::net::ConnectionId;
use crate::client::ui::Output;

/// Opens a chat. It becomes current if none is.
pub fn open(id: ConnectionId, context: &mut Context) {
    let says_plain = context.chats.server_tells_tls;
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    let texts = chat.open(says_plain, context.screen);
    context.chats.current.get_or_insert(id);
    for text in texts {
        said(id, text, context);
    }
}

/// Shows a text of a peer, or keeps it, in bounded number, while the peer's ticket is judged.
pub fn said(id: ConnectionId, text: String, context: &mut Context) {
    let Some(chat) = context.chats.tcp_mut(id) else { return };
    chat.has_spoken = true;
    chat.silent_since = chat.silent_since.map(|_| context.now);
    match &mut chat.state {
        ChatState::Open => {
            context.screen.show(&Output::Received(&chat.peer_info(), &text));
        }
        ChatState::AwaitingTicket { said, .. } if said.len() < MAX_WAITING => said.push(text),
        // With a ticket, neither side talks before the other is verified.
        _ => places::drop_silently(id, None, context),
    }
}

/// Handles the end of a chat by the peer.
pub fn ended(id: ConnectionId, cause: Option<String>, context: &mut Context) {
    let state = context.chats.tcp(id).map(|chat| &chat.state);
    if matches!(state, Some(ChatState::AwaitingTicket { said, .. }) if !said.is_empty()) {
        open(id, context); // the caller is gone, but its texts must be shown
    }
    let Some(chat) = context.chats.take_tcp(id) else { return };
    if chat.is_open() {
        let cause = cause.map_or(String::new(), |cause| format!(" ({cause})"));
        context.screen.line(format_args!("{} ended the chat{cause}", chat.label()));
    } else if matches!(chat.state, ChatState::AwaitingNonce { .. }) && chat.called {
        let cause = cause.unwrap_or_else(|| "it hung up".to_owned());
        context.screen.line(format_args!("cannot talk to {}: {cause}", chat.place()));
    } else if matches!(chat.state, ChatState::AwaitingNonce { .. }) {
        let cause = cause.unwrap_or_else(|| "it hung up".to_owned());
        let line = format_args!("an encrypted call from {} came to nothing: {cause}", chat.label());
        context.screen.line(line);
    }
    context.chats.ending.extend(chat.ended(context.screen));
}

/// Hangs up on a peer with which something is wrong.
pub fn refuse(id: ConnectionId, why: &str, context: &mut Context) {
    let Some(chat) = context.chats.take_tcp(id) else { return };
    context.screen.line(format_args!("hung up on {}: {why}", chat.label()));
    chat.cut(context.screen);
}

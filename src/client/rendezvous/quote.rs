//! The server's own words, marked as such.
//!
//! A server may be anybody's, and its sentences may say anything. A user must be able to tell them from the client's
//! own, so they are marked here, where they come in.

use crate::wire::{Name, Response};

/// Marks the sentences of a response that the server chose freely: an ERROR's, and a welcome to a client that is
/// called `own` unless it is the usual one.
pub fn marked(response: Response, own: Option<&Name>) -> Response {
    match response {
        Response::Error { about, code, message } => {
            Response::Error { about, code, message: quoted(&message) }
        }
        Response::JoinAck(mut welcome) => {
            let usual = format!("Welcome to the chat, {}!", welcome.name);
            if welcome.message != usual || own != Some(&welcome.name) {
                welcome.message = quoted(&welcome.message);
            }
            Response::JoinAck(welcome)
        }
        other => other,
    }
}

/// A sentence as the server's.
fn quoted(words: &str) -> String {
    format!("the server says: {words}")
}

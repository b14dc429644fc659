//! A replay that is told in pieces: what is left of it, and what must wait until it is over.
//!
//! The standard library does not show how much the operating system still holds for a client that does not read, and
//! that may be megabytes. So a long replay is told in pieces, each with a PING behind it, and the next piece follows
//! when the client has answered: then it has read the piece before. What is left is two numbers. The messages
//! themselves stay in the [`history`](super::history), once for all.
//!
//! It is a rule without a socket and without a lock: those are around it, in [`outbox`](super::outbox).

use crate::wire::{Notification, Secret};

/// The most bytes of a replay that are told at once.
pub const PIECE: usize = 64 * 1024;

/// A replay of which the next piece waits for the client's PONG.
#[derive(Debug)]
pub struct Pieces {
    /// The first message of the next piece, and the last one of the replay.
    pub left: (u64, u64),
    /// What the client must read after the replay.
    held: Vec<u8>,
    /// The Token of the PING behind the last piece; `None` once it is answered.
    token: Option<Secret>,
}

impl Pieces {
    /// Begins after the first piece. `left`: see the field. `held` comes after the replay.
    pub fn new(left: (u64, u64), held: Vec<u8>) -> Pieces {
        Pieces { left, held, token: None }
    }

    /// Appends the PING that asks whether a piece has arrived.
    pub fn ask(&mut self, piece: &mut Vec<u8>) {
        let token = Secret::random();
        self.token = Some(token);
        let ping = Notification::Ping { token: Some(token.to_string()) };
        piece.extend_from_slice(ping.to_block().to_string().as_bytes());
    }

    /// Takes a PONG. Returns whether it answers the last PING, for the first time. A token cannot be guessed, so the
    /// client has read everything before it.
    pub fn answered(&mut self, token: &str) -> bool {
        let right = self.token.is_some_and(|expected| token.parse() == Ok(expected));
        right && self.token.take().is_some()
    }

    /// Keeps bytes until the replay is over. Returns whether no more than `limit` bytes are kept.
    pub fn hold(&mut self, bytes: &[u8], limit: usize) -> bool {
        let fits = self.held.len() + bytes.len() <= limit;
        if fits {
            self.held.extend_from_slice(bytes);
        }
        fits
    }

    /// What comes after the last piece.
    pub fn into_held(self) -> Vec<u8> {
        self.held
    }
}

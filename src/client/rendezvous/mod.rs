//! The server's side of a client: the connection to it, the registration, the room.

pub mod connection;
pub mod room;
pub mod membership;
pub mod incoming;

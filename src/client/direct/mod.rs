//! Direct chats: bytes go from one client to the other, and the server is not involved.

pub mod tcp;
pub mod udp;
pub mod chats;
pub mod handshake;

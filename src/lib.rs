//! p2p-chat.
pub mod clock;
pub mod wire;

//! p2p-chat.
pub mod clock;
pub mod cause;
pub mod arguments;
pub mod lock;
pub mod wire;
pub mod server;
pub mod client;

//! One direct chat over TCP (PROTOCOL, "What peers say to each other").

pub mod peer;
pub mod introductions;
pub mod way;
pub mod ladder;
pub mod passage;
pub mod line_reader;
pub mod relay;
pub mod calling;
pub mod listener;
pub mod chat_state;
pub mod chat;

pub use chat::Chat;
pub use chat_state::{ChatState, RelayCut};
pub use introductions::Introductions;
pub use passage::Passage;
pub use peer::Invitations;
pub use way::Way;

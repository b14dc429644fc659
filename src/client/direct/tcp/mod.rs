//! One direct chat over TCP (PROTOCOL, "What peers say to each other").

pub mod peer;
pub mod introductions;
pub mod line_reader;
pub mod listener;
pub mod chat;

pub use chat::{Chat, ChatState};
pub use introductions::Introductions;
pub use peer::Invitations;

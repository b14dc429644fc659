//! Direct chats over TCP (PROTOCOL, "What peers say to each other").

pub mod peer;
pub mod line_reader;
pub mod listener;
pub mod chat;

//! One conversation over UDP (PROTOCOL, "What peers say to each other").

pub mod reliable;
pub mod lossy;
pub mod socket;
pub mod conversation;
pub mod ended;

pub use conversation::Conversation;
pub use ended::EndedConversations;
pub use reliable::{Receiving, Sending};
pub use socket::{Datagrams, Outgoing};

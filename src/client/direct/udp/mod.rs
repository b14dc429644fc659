//! One conversation over UDP (PROTOCOL, "What peers say to each other").

pub mod congestion;
pub mod reliable;
pub mod lossy;
pub mod socket;
pub mod punches;
pub mod path;
pub mod trial;
pub mod route;
pub mod counts;
pub mod strangers;
pub mod conversation;
pub mod ended;

pub use conversation::Conversation;
pub use ended::EndedConversations;
pub use path::Path;
pub use reliable::{Receiving, Sending};
pub use socket::{Datagrams, Outgoing};
pub use strangers::Strangers;

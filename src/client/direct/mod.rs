//! Direct chats: bytes go from one client to the other, and the server is not involved.
//!
//! [`tcp`] and [`udp`] hold one chat of their kind and its rules, and know nothing of each other. [`chats`] is the one
//! list of both; [`destination`] is where plain text goes. [`handshake`] and [`conversations`] stand beside the list
//! because they work on it: calls over TCP from the first byte to the open chat, and datagrams from the first query on;
//! [`punching`] finds a way for them through NATs. [`identity`] tells which client of the server a chat's peer is.
//! [`listening`] holds the sockets of both kinds. [`secure`] makes a chat over TCP unreadable for others, and
//! [`encryption`] is what two peers say of it. [`climbing`] and [`callbacks`] are the ways through NATs, from both
//! sides; [`relayed`] is the last one's end. [`course`] has what happens to a chat after the call. [`files`] travel
//! over verified chats. [`places`], [`conversation_places`] and [`eviction`] say who must go when there are too many;
//! [`call_limit`] says on how many CALLs a client acts. [`round_trip`] measures the way.

pub mod eviction;
pub mod call_limit;
pub mod round_trip;
pub mod secure;
pub mod tcp;
pub mod udp;
pub mod destination;
pub mod direct_chat;
pub mod ending;
pub mod heirs;
pub mod chats;
pub mod context;
pub mod places;
pub mod rivals;
pub mod course;
pub mod encryption;
pub mod accepting;
pub mod dialing;
pub mod climbing;
pub mod relayed;
pub mod callbacks;
pub mod handshake;
pub mod announced;
pub mod due;
pub mod files;
pub mod identity;
pub mod punching;
pub mod conversation_places;
pub mod conversations;
pub mod listening;

pub use chats::Chats;
pub use context::{Context, LocalPeer};
pub use conversations::Conversations;
pub use destination::Destination;
pub use direct_chat::DirectChat;
pub use files::Transfers;
pub use handshake::Handshakes;
pub use listening::Listening;
pub use round_trip::RoundTrip;

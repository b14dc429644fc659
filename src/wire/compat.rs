//! Compat: what is here for the sake of the assignments' programs, and nobody else.
//!
//! This protocol began as a course assignment, and many programs speak that older dialect. They know REGISTER,
//! BRIDGE, INFO and CHAT, but no rooms, IDs, tickets or errors. The server and the client talk to them all the
//! same, by these rules:
//!
//! - REGISTER and a BRIDGE without a peer have exactly the assignment's headers, in its order: some of the servers
//!   exit on any other ([`Request::to_block`](super::request::Request::to_block)).
//! - A connection that has not joined reads no header that the assignment does not have in BRIDGEACK
//!   ([`Introduction`](super::response::Introduction)).
//! - Such a server leaves headers out, and that is no error: an ID that is missing is [`NO_ID`], and a REGACK without
//!   `Room: yes` says that there is no room.
//! - Some of them write a name where an IP address belongs ([`ip`]).
//! - Some of them lose a text that comes together with CHAT ([`BEFORE_TEXT`]).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The ID of a client that has none. The server never gives it, and blocks do not show it.
pub const NO_ID: u64 = 0;

/// How long a caller without a ticket waits between its CHAT and its first text.
pub const BEFORE_TEXT: Duration = Duration::from_millis(300);

/// Parses an IP address, or the name of this machine, which some servers write instead.
pub fn ip(text: &str) -> Option<IpAddr> {
    if text == "localhost" { Some(Ipv4Addr::LOCALHOST.into()) } else { text.parse().ok() }
}

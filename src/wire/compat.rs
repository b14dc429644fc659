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
//! - Some of them lose a text that comes together with CHAT ([`BEFORE_TEXT`]), and some put the text into CHAT
//!   ([`texts`]).
//! - Some servers have other words for a refusal ([`is_refusal`]), leave the address out of REGACK ([`NO_ADDRESS`]),
//!   close the connection instead of sending a blank line ([`may_end_with_stream`]), or say `None` for nobody
//!   ([`is_nobody`]).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use super::block::Block;

/// The ID of a client that has none. The server never gives it, and blocks do not show it.
pub const NO_ID: u64 = 0;

/// The address in a REGACK that has none. The server has recorded one, and does not tell which.
pub const NO_ADDRESS: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

/// The code of a refusal that comes without one.
pub const REFUSED: &str = "refused";

/// The headers of a CHAT that are no text.
const OF_CHAT: [&str; 7] = ["clientID", "IP", "Port", "Ticket", "Answer", "Commit", "Nonce"];
/// The headers in which programs put a text, even beside an address.
const OF_TEXT: [&str; 5] = ["content", "message", "text", "msg", "body"];

/// How long a caller without a ticket waits between its CHAT and its first text.
pub const BEFORE_TEXT: Duration = Duration::from_millis(300);

/// Parses an IP address, or the name of this machine, which some servers write instead.
pub fn ip(text: &str) -> Option<IpAddr> {
    if text == "localhost" { Some(Ipv4Addr::LOCALHOST.into()) } else { text.parse().ok() }
}

/// Whether a block refuses a REGISTER: a REGNACK, or a REGACK whose Status tells of an error.
pub fn is_refusal(block: &Block) -> bool {
    let status = block.header("Status").unwrap_or_default().to_ascii_lowercase();
    let bad = ["error", "fail", "refused", "rejected", "denied"];
    match block.kind() {
        "REGNACK" => true,
        "REGACK" => bad.iter().any(|word| status.starts_with(word)),
        _ => false,
    }
}

/// What a refusal says to a person.
pub fn sentence(refusal: &Block) -> String {
    let found = ["Message", "Reason", "Error"].iter().find_map(|name| refusal.header(name));
    found.or_else(|| refusal.header("Status")).unwrap_or("REGNACK, without a reason").to_owned()
}

/// Whether a block may be whole without its blank line, because the server closes the connection after it.
pub fn may_end_with_stream(block: &Block) -> bool {
    ["REGACK", "REGNACK", "BRIDGEACK", "INFOACK"].contains(&block.kind())
}

/// Whether a BRIDGEACK says that there is nobody: its clientID is empty or not there, or `None` without an IP.
pub fn is_nobody(block: &Block) -> bool {
    let [name, ip] = ["clientID", "IP"].map(|header| block.header(header).unwrap_or_default());
    name.is_empty() || (name == "None" && ["", "None"].contains(&ip))
}

/// The texts that a CHAT carries, if its caller shows no secret: the values of headers like `content` or `message`,
/// and, in a CHAT without an address, each line that is no header of ours.
pub fn texts(chat: &Block) -> impl Iterator<Item = &str> {
    let has = |name| chat.header(name).is_some();
    let (unverified, address) = (!has("Ticket") && !has("Answer"), has("IP") || has("Port"));
    let is = |name: &str, of: &[&str]| of.iter().any(|known| known.eq_ignore_ascii_case(name));
    chat.lines().filter(move |_| unverified).filter_map(move |line| match line.split_once(':') {
        Some((name, value)) if is(name, &OF_TEXT) => Some(value.trim()),
        Some((name, _)) if address || is(name, &OF_CHAT) => None,
        None if address => None,
        _ => Some(line),
    })
}

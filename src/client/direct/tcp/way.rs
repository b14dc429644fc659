//! Which way the bytes of a chat go, and to which addresses a client connects for it.
//!
//! All of it are functions of addresses: what a hostile server can make of them is tested without a socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::net::interface::are_neighbours;

/// The lowest port on which a client listens: below it are the services of systems.
const LEAST_PORT: u16 = 1_024;

/// The way of a chat between two clients that know the ways through NATs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From one to the other.
    Direct,
    /// The same, without leaving the network of both.
    Lan,
    /// Through the server.
    Relayed,
}

impl Way {
    /// The way of a connection with this address, for a client that is `own`, if the server has told that the peer is
    /// at `local` in the same network. On loopback there is nothing to say.
    pub fn over(address: IpAddr, local: Option<SocketAddr>, own: IpAddr) -> Option<Way> {
        let is_local = local.is_some_and(|local| local.ip() == address);
        let is_local = is_local || are_neighbours(own, address);
        match (address.is_loopback(), is_local) {
            (true, _) => None,
            (_, true) => Some(Way::Lan),
            _ => Some(Way::Direct),
        }
    }

    /// The way in a word, for the page.
    pub fn word(self) -> &'static str {
        match self {
            Way::Direct => "direct",
            Way::Lan => "lan",
            Way::Relayed => "relayed",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Way::Direct => "direct",
            Way::Lan => "direct by the LAN",
            Way::Relayed => "through the server (relayed)",
        })
    }
}

/// The addresses at which a client looks for a peer, the nearest first: where the peer says that it is in the network
/// of both, if the server has told that, and where the server lists it.
pub fn places(listed: SocketAddr, local: Option<SocketAddr>) -> Vec<SocketAddr> {
    let is_place = |local: &SocketAddr| *local != listed && is_listener(*local, listed);
    local.filter(is_place).into_iter().chain([listed]).collect()
}

/// Whether a client may listen there that the server lists at another address.
fn is_listener(local: SocketAddr, listed: SocketAddr) -> bool {
    let ip = local.ip();
    let is_none = ip.is_unspecified() || ip.is_multicast();
    !is_none && local.port() >= LEAST_PORT && (!ip.is_loopback() || listed.ip().is_loopback())
}

/// Whether a client that is `own` may connect there because the server says that somebody there has called it. Any
/// server can say that of any address. So it must not be one of a private network, unless this client itself is in such
/// a network, or the server says that the two are `together` at one IP; and never one of this machine, unless the
/// server is on it, too.
///
/// ```
/// use p2p_chat::client::direct::tcp::way::may_call_back;
///
/// let may = |to: &str, own: &str, together| {
///     may_call_back(to.parse().unwrap(), own.parse().unwrap(), together)
/// };
/// assert!(may("203.0.113.20:5557", "192.168.1.5", false));
/// assert!(may("192.168.2.5:5557", "192.168.1.5", false));
/// assert!(!may("10.0.0.1:5557", "192.168.1.5", false));
/// assert!(may("10.0.0.1:5557", "192.168.1.5", true));
/// assert!(!may("127.0.0.1:5557", "192.168.1.5", true));
/// assert!(!may("203.0.113.20:25", "192.168.1.5", true));
/// ```
pub fn may_call_back(to: SocketAddr, own: IpAddr, together: bool) -> bool {
    let (ip, own) = (to.ip().to_canonical(), own.to_canonical());
    if ip.is_unspecified() || ip.is_multicast() || to.port() < LEAST_PORT {
        return false;
    }
    let is_near = network(ip) == network(own);
    network(ip).is_none() || is_near || (together && !ip.is_loopback())
}

/// Which of the networks that are not the world's an address is in.
fn network(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => match ip.octets() {
            [127, ..] => Some("127/8"),
            [10, ..] => Some("10/8"),
            [172, 16..=31, ..] => Some("172.16/12"),
            [192, 168, ..] => Some("192.168/16"),
            [169, 254, ..] => Some("169.254/16"),
            [100, 64..=127, ..] => Some("100.64/10"),
            [0, ..] | [255, 255, 255, 255] => Some("none"),
            _ => None,
        },
        IpAddr::V6(ip) if ip.is_loopback() => Some("::1"),
        IpAddr::V6(ip) if ip.is_unicast_link_local() => Some("fe80::/10"),
        IpAddr::V6(ip) if ip.is_unique_local() => Some("fc00::/7"),
        IpAddr::V6(_) => None,
    }
}

//! Link-local addresses of IPv6, which mean nothing without their network interface (RFC 4007).
//!
//! Every link has its own `fe80::/10`, so `fe80::1` may be a different machine on each of them. An address gets its
//! interface from the person who types it (`fe80::1%eth0`), or from a connection on that link. On the wire addresses
//! stand without one, because its number means nothing on another machine.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Whether an address needs its interface and does not have it.
fn lacks_interface(address: &SocketAddr) -> bool {
    match address {
        SocketAddr::V6(v6) => v6.ip().is_unicast_link_local() && v6.scope_id() == 0,
        SocketAddr::V4(_) => false,
    }
}

/// Refuses an address that cannot be reached, because its interface is not known.
///
/// # Errors
/// The sentence that tells what is missing.
pub fn check(address: &SocketAddr) -> io::Result<()> {
    let message = "a link-local address needs its interface, as in [fe80::1%eth0]:5555";
    if lacks_interface(address) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(())
}

/// The number of the interface in an address; 0 if there is none.
pub fn of(address: &SocketAddr) -> u32 {
    if let SocketAddr::V6(v6) = address { v6.scope_id() } else { 0 }
}

/// The address on this interface, if it needs one and has none.
pub fn on(interface: u32, mut address: SocketAddr) -> SocketAddr {
    if lacks_interface(&address)
        && let SocketAddr::V6(v6) = &mut address
    {
        v6.set_scope_id(interface);
    }
    address
}

/// An IPv4 address that was seen through an IPv6 socket as what it is; any other one as it was.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}

/// Whether two addresses are in one network, as far as anybody can tell without its mask: the first 24 bits of private
/// addresses of IPv4 (RFC 1918), and the first 64 of IPv6 (RFC 4291, 2.5.1). Of public addresses of IPv4 that tells
/// nothing: between two of them there may be firewalls.
///
/// ```
/// use p2p_chat::net::interface::are_neighbours;
///
/// let are = |one: &str, other: &str| are_neighbours(one.parse().unwrap(), other.parse().unwrap());
/// assert!(are("192.168.1.5", "192.168.1.6") && are("fe80::5", "fe80::6"));
/// assert!(!are("192.168.1.5", "192.168.2.5") && !are("203.0.113.5", "203.0.113.6"));
/// ```
pub fn are_neighbours(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let is_private = one.is_private() || one.is_link_local();
            is_private && one.octets()[..3] == other.octets()[..3]
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => one.octets()[..8] == other.octets()[..8],
        _ => false,
    }
}

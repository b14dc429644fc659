//! The network: TCP, UDP, and the links between hosts.

mod link;
mod listener;
mod pipe;
mod socket;
mod stream;
mod udp;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
    ToSocketAddrs,
};

pub use link::{Link, link};
pub use listener::TcpListener;
pub use stream::TcpStream;
pub use udp::UdpSocket;

use crate::turns::HostId;

/// Cuts the link between two hosts, or mends it. What is on its way meanwhile arrives after that (TCP) or never (UDP).
pub fn cut(one: HostId, other: HostId, is_cut: bool) {
    link::cut(one, other, is_cut);
    socket::cut(one, other, is_cut);
}

/// Closes all sockets of a host, as its system does when the processes are killed. With `silently` nobody hears of it,
/// as when the power fails.
pub fn close_all(host: HostId, silently: bool) {
    socket::close_all(host, silently);
    listener::close_all(host);
    udp::close_all(host);
}

/// A host is back after its power has failed: it knows nothing of the old connections, and says so to whoever uses
/// them.
pub fn back(host: HostId) {
    socket::back(host);
}

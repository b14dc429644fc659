//! Listening on `::`, which means both families, IPv6 and IPv4, on every system.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether a socket on `::` takes IPv6 alone. RFC 3493 (5.3) leaves that to an option, which is set on Windows.
const IPV6_ALONE: bool = cfg!(windows);

/// Where to listen as well, if a socket listens on `own`: `0.0.0.0` with the same port, where `::` is IPv6 alone.
pub fn ipv4_twin(own: SocketAddr) -> Option<SocketAddr> {
    let lacks_ipv4 = IPV6_ALONE && own.ip() == Ipv6Addr::UNSPECIFIED;
    lacks_ipv4.then(|| (Ipv4Addr::UNSPECIFIED, own.port()).into())
}

//! An address as a host: what counts as one where many share something that is limited.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// One host, as far as fairness goes: an IPv4 address, or an IPv6 network of 64 bits.
///
/// A machine with IPv6 usually has a whole network of that size, and may use a new address of it for each connection
/// (RFC 8981). An IPv4 address seen through an IPv6 socket is the same host as without. Programs behind one NAT are
/// one host: the server cannot tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(IpAddr);

/// The bits of an IPv6 address that tell its network (RFC 4291, 2.5.4).
const NETWORK: u128 = !0 << 64;

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        Host(match address.to_canonical() {
            IpAddr::V6(ip) if !ip.is_loopback() => {
                Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into()
            }
            whole => whole,
        })
    }
}

impl Host {
    /// Whether this host is the machine itself.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            IpAddr::V6(network) if !network.is_loopback() => write!(f, "{network}/64"),
            address => address.fmt(f),
        }
    }
}

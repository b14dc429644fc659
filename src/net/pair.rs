//! Two sockets with one address: a listener for TCP, and beside it one for datagrams, UDP. Others are told one port
//! number, and reach both by it.
//!
//! TCP and UDP count their ports apart. So a port that is free for one may be taken for the other.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use crate::net::twin::ipv4_twin;

/// How often [`bind`] tries to find a port that is free for both. One try is nearly always enough.
const TRIES: u32 = 100;

/// Two sockets with the same address.
pub type Pair = (TcpListener, Arc<UdpSocket>);
/// Why a socket cannot be bound; the string names it.
type Failed = (String, io::Error);

/// Binds both sockets, and two more for IPv4 where a socket on `::` is IPv6 alone. With port 0 the operating system
/// chooses a port for the first one; if that is taken for another, this tries again.
///
/// # Errors
/// When a socket cannot be bound; the string names it.
pub fn bind(address: SocketAddr) -> Result<(Pair, Option<Pair>), Failed> {
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match bind_families(address) {
            Err(_) if tries > 0 => {}
            done => return done,
        }
    }
}

/// Binds a pair of sockets, and its twin where it needs one.
fn bind_families(address: SocketAddr) -> Result<(Pair, Option<Pair>), Failed> {
    let pair = bind_pair(address)?;
    let own = pair.0.local_addr().map_err(|error| (address.to_string(), error))?;
    Ok((pair, ipv4_twin(own).map(bind_pair).transpose()?))
}

/// Binds a listener to `address`, and a socket for datagrams to the address that the listener then has. (If `address`
/// has port 0, the operating system chooses the port.)
// LAB 0: give both sockets one port => let failed = |error| (address.to_string(), error); let listener = TcpListener::bind(address).map_err(failed)?; let socket = UdpSocket::bind((address.ip(), 0)).map_err(failed)?; Ok((listener, Arc::new(socket)))
fn bind_pair(address: SocketAddr) -> Result<Pair, Failed> {
    let failed = |error| (address.to_string(), error);
    let listener = TcpListener::bind(address).map_err(failed)?;
    let own = listener.local_addr().map_err(failed)?;
    let socket = UdpSocket::bind(own).map_err(|error| (format!("{address} (udp)"), error))?;
    Ok((listener, Arc::new(socket)))
}

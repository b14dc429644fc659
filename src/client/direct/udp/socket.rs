//! The sockets that a client listens on, TCP and UDP with one port number, and the thread that waits for
//! datagrams. What they mean is in [`conversations`](crate::client::direct::conversations).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::client::direct::udp::lossy::{Lossy, Rates};
use crate::client::event::{Event, Events};
use crate::client::net::capture::{Captured, Direction};
use crate::client::ui::screen::Screen;
use crate::wire::datagram::MAX_DATAGRAM;
use crate::wire::name::Name;
use crate::wire::request::Via;

/// How often a port is looked for that is free for both. One try is nearly always enough.
const TRIES: u32 = 100;
/// The largest datagram that there is.
const LARGEST: usize = 65_536;
/// The pause after an error of the socket.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds both sockets. With port 0 the system chooses for TCP, and what is taken for UDP is not taken.
///
/// # Errors
/// When the address cannot be had; which socket it was is said.
pub fn bind(address: SocketAddr) -> Result<(TcpListener, UdpSocket), (String, io::Error)> {
    let mut tries = 0;
    loop {
        tries += 1;
        let failed = |error| (address.to_string(), error);
        let listener = TcpListener::bind(address).map_err(failed)?;
        match UdpSocket::bind(listener.local_addr().map_err(failed)?) {
            Ok(socket) => return Ok((listener, socket)),
            Err(_) if address.port() == 0 && tries < TRIES => {}
            Err(error) => return Err((format!("{address} (udp)"), error)),
        }
    }
}

/// Starts the thread that waits for datagrams.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(socket: &Arc<UdpSocket>, events: Events) -> io::Result<()> {
    let socket = Arc::clone(socket);
    let hearing = move || {
        let mut buffer = vec![0; LARGEST];
        loop {
            match socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => {
                    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                    let bytes = buffer[..bytes.min(MAX_DATAGRAM + 1)].to_vec(); // too long is too long
                    if events.send(Event::Datagram(from, bytes)).is_err() {
                        return; // the program ends
                    }
                }
                // Windows tells here that nobody listens where we have sent something.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(_) => thread::sleep(PAUSE),
            }
        }
    };
    thread::Builder::new().name("datagrams".to_owned()).spawn(hearing).map(drop)
}

/// A datagram to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The block.
    pub bytes: Vec<u8>,
    /// Where it goes.
    pub to: SocketAddr,
    /// What there is to learn from it, if there is something.
    pub why: String,
}

/// The way out for datagrams.
#[derive(Debug)]
pub struct Datagrams {
    socket: Arc<UdpSocket>,
    own: SocketAddr,
    lossy: Option<Lossy<Outgoing>>,
}

impl Datagrams {
    /// Through this socket, spoiled on purpose if that is wanted.
    pub fn new(socket: Arc<UdpSocket>, lossy: Option<Rates>) -> Datagrams {
        let own = socket.local_addr().unwrap_or_else(|_| (Ipv4Addr::UNSPECIFIED, 0).into());
        Datagrams { socket, own, lossy: lossy.map(Lossy::new) }
    }

    /// Sends a block to somebody called `with`. What the system refuses to send is lost, as much on the
    /// way may be.
    pub fn send(&mut self, outgoing: Outgoing, with: &Name, screen: &mut Screen) {
        let sent = match &mut self.lossy {
            Some(lossy) => lossy.pass(outgoing.clone()),
            None => vec![outgoing.clone()],
        };
        if sent.is_empty() {
            let why = "lost or delayed on purpose (--lossy)".to_owned();
            screen.captured(
                &self.capture(Direction::Lost, outgoing.to, outgoing.bytes).because(why),
                with,
            );
        }
        for Outgoing { bytes, to, why } in sent {
            let _ = self.socket.send_to(&bytes, self.reachable(to));
            screen.captured(&self.capture(Direction::Out, to, bytes).because(why), with);
        }
    }

    /// What this socket has sent or received, for those who watch the wire.
    pub fn capture(&self, direction: Direction, other: SocketAddr, bytes: Vec<u8>) -> Captured {
        Captured::new(direction, Via::Udp, self.own, other, bytes)
    }

    /// From a socket of IPv6, an IPv4 address is reached as one of IPv6.
    fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.own.is_ipv6() => (ip.to_ipv6_mapped(), to.port()).into(),
            _ => to,
        }
    }
}

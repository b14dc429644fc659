//! The socket for datagrams, and the thread that receives them. [`conversations`](crate::client::direct::conversations)
//! decides what a datagram means.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::client::direct::secure::sealed::Seals;
use crate::client::direct::udp::lossy::{Lossy, Rates};
use crate::client::event::{Event, Events};
use crate::client::net::{Captured, Direction};
use crate::client::ui::Screen;
use crate::net::interface;
use crate::wire::{MAX_SEALED, Name, Secret, Via};

/// More than the largest UDP datagram (RFC 768: its length field has 16 bits).
const LARGEST: usize = 65_536;
/// The pause after an error of the socket, which could come again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// How PUNCH and its answer begin. They do not pass through the bad network of `--lossy`: when they are sent is a
/// matter of milliseconds, and with one seed always the same texts must be lost.
const PUNCH: &[u8] = b"PUNCH";

/// Starts the thread that receives datagrams and sends them to the loop.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(socket: &Arc<UdpSocket>, events: Events) -> io::Result<()> {
    let socket = Arc::clone(socket);
    let receiving = move || {
        let mut buffer = vec![0; LARGEST];
        loop {
            match socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => {
                    let from = interface::canonical(from);
                    // One byte more than allowed is enough to know that a datagram is too long.
                    let bytes = buffer[..bytes.min(MAX_SEALED + 1)].to_vec();
                    if events.send(Event::Datagram(from, bytes)).is_err() {
                        return; // the program ends
                    }
                }
                // Windows reports here that nothing listens where an earlier datagram went (ICMP).
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(_) => thread::sleep(PAUSE),
            }
        }
    };
    thread::Builder::new().name("datagrams".to_owned()).spawn(receiving).map(drop)
}

/// The explanation of a datagram that is sealed, for tracing: what is shown is what is in it.
pub fn sealed_as(number: u64, why: &str) -> String {
    let rest = if why.is_empty() { String::new() } else { format!("; {why}") };
    format!("sealed as number {number}{rest}")
}

/// A datagram to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The block as bytes.
    pub bytes: Vec<u8>,
    /// The ticket under which it must be sealed, if it must.
    pub seal: Option<Secret>,
    /// The destination.
    pub to: SocketAddr,
    /// The peer's name, for tracing. A datagram that is held back may go out together with one for another peer.
    pub with: Name,
    /// The explanation for tracing. It may be empty.
    pub why: String,
}

/// The sending side of the UDP sockets.
#[derive(Debug)]
pub struct Datagrams {
    /// The sockets, with their addresses.
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    /// The network interface of the connection to the server, for link-local addresses; 0 if it has none.
    pub interface: u32,
    /// This client's own address on that connection, once there was one.
    pub local: Option<IpAddr>,
    /// The bad network of `--lossy`. Without that flag its rates are 0.
    lossy: Lossy<(Outgoing, Vec<u8>)>,
    /// The keys of the queries whose datagrams are sealed.
    pub seals: Seals,
}

impl Datagrams {
    /// No sockets yet. They will send as through a bad network if there are `lossy` rates.
    pub fn new(lossy: Option<Rates>) -> Datagrams {
        let lossy = Lossy::new(lossy.unwrap_or_default());
        let (sockets, seals) = (Vec::new(), Seals::default());
        Datagrams { sockets, interface: 0, local: None, lossy, seals }
    }

    /// Adds a socket, which has the address `own`.
    pub fn add(&mut self, socket: Arc<UdpSocket>, own: SocketAddr) {
        self.sockets.push((own, socket));
    }

    /// Sends a datagram. If the operating system refuses it, it is lost, as it might be on its way: the timers of
    /// [`reliable`](super::reliable) know what to do.
    pub fn send(&mut self, mut outgoing: Outgoing, screen: &mut Screen) {
        let mut wire = outgoing.bytes.clone();
        if let Some(ticket) = outgoing.seal {
            let Some((number, sealed)) = self.seals.seal(ticket, &wire) else { return };
            (wire, outgoing.why) = (sealed, sealed_as(number, &outgoing.why));
        }
        let is_spoiled = !outgoing.bytes.starts_with(PUNCH);
        let sent = (outgoing.clone(), wire);
        let sent = if is_spoiled { self.lossy.pass(sent) } else { vec![sent] };
        if sent.is_empty() {
            let why = "lost or delayed on purpose (--lossy)".to_owned();
            let captured = self.capture(Direction::Lost, outgoing.to, outgoing.bytes);
            screen.captured(&captured.because(why), &outgoing.with);
        }
        for (Outgoing { bytes, to, with, why, .. }, wire) in sent {
            if let Some((own, socket)) = self.route(to) {
                let _ = socket.send_to(&wire, self.reachable(to, own));
            }
            screen.captured(&self.capture(Direction::Out, to, bytes).because(why), &with);
        }
    }

    /// Asks the server something. That does not pass through the bad network either, which stands between peers.
    pub fn ask(&self, server: SocketAddr, question: Vec<u8>, screen: &mut Screen) {
        if let Some((own, socket)) = self.route(server) {
            let _ = socket.send_to(&question, self.reachable(server, own)); // an error: it is lost
        }
        let why =
            "where do my datagrams come from? The server tells others, who need it behind a NAT";
        let captured = self.capture(Direction::Out, server, question);
        screen.captured(&captured.because(why.to_owned()), "server");
    }

    /// Shows the server's answer.
    pub fn told(&self, server: SocketAddr, answer: Vec<u8>, screen: &mut Screen) {
        let why = "the address that the server sees; if it is not your own, a NAT stands between";
        let captured = self.capture(Direction::In, server, answer);
        screen.captured(&captured.because(why.to_owned()), "server");
    }

    /// Captures a datagram of these sockets, for tracing.
    pub fn capture(&self, direction: Direction, other: SocketAddr, bytes: Vec<u8>) -> Captured {
        let own = self.route(other).map_or((Ipv4Addr::UNSPECIFIED, 0).into(), |(own, _)| *own);
        Captured::new(direction, Via::Udp, own, other, bytes)
    }

    /// An address as a socket at `own` needs it. An IPv6 socket needs an IPv4 address mapped to IPv6 (RFC 4291,
    /// 2.5.5.2).
    fn reachable(&self, to: SocketAddr, own: &SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if own.is_ipv6() => (ip.to_ipv6_mapped(), to.port()).into(),
            _ => interface::on(self.interface, to),
        }
    }

    /// The socket that can reach an address: best one whose own address is of the same kind.
    fn route(&self, to: SocketAddr) -> Option<&(SocketAddr, Arc<UdpSocket>)> {
        let (family, local) = (to.is_ipv4(), to.ip().is_loopback());
        self.sockets.iter().min_by_key(|(own, _)| match own.ip() {
            ip if ip.is_unspecified() && own.is_ipv4() == family => 1,
            ip if ip.is_unspecified() && own.is_ipv6() => 2,
            ip if own.is_ipv4() == family => {
                if ip.is_loopback() == local {
                    0
                } else {
                    3
                }
            }
            _ => 4,
        })
    }
}

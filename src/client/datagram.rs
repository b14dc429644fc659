//! The sockets that a client listens on, TCP and UDP with one port number, and the thread that waits for
//! datagrams. What they mean is in [`conversations`](super::conversations).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::client::event::{Event, Events};
use crate::client::lossy::{Lossy, Rates};
use crate::wire::datagram::Datagram;

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
                    let datagram = Datagram::parse(&buffer[..bytes]);
                    if events.send(Event::Datagram { from, bytes, datagram }).is_err() {
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

/// The way out for datagrams.
#[derive(Debug)]
pub struct Datagrams {
    socket: Arc<UdpSocket>,
    is_ipv4: bool,
    lossy: Option<Lossy<(Vec<u8>, SocketAddr)>>,
}

impl Datagrams {
    /// Through this socket, spoiled on purpose if that is wanted.
    pub fn new(socket: Arc<UdpSocket>, lossy: Option<Rates>) -> Datagrams {
        let is_ipv4 = socket.local_addr().is_ok_and(|own| own.is_ipv4());
        Datagrams { socket, is_ipv4, lossy: lossy.map(Lossy::new) }
    }

    /// Sends a block. What the system refuses to send is lost, as much on the way may be.
    pub fn send(&mut self, bytes: Vec<u8>, to: SocketAddr) {
        let to = match to.ip() {
            IpAddr::V4(ip) if !self.is_ipv4 => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        };
        let sent = match &mut self.lossy {
            Some(lossy) => lossy.pass((bytes, to)),
            None => vec![(bytes, to)],
        };
        for (bytes, to) in sent {
            let _ = self.socket.send_to(&bytes, to);
        }
    }
}

//! An echo server (RFC 862): what a connection says comes back to it, and so does each datagram that comes to the same
//! port. It shows [the accept loop](crate::net::accept) and [the pair of sockets](crate::net::pair) alone.
//!
//! ```text
//! parts echo PORT [--host IP]      on 127.0.0.1 without --host; PORT 0 is any free one
//! ```
//!
//! A datagram from a port below 1024, or from this port of another host, gets no answer, as with inetd: there is a
//! service, and if it answers, too (another echo, say), the two go on for ever. Two of these servers on different ports
//! cannot tell each other from clients. Somebody who forges a datagram from one to the other makes them talk until a
//! datagram is lost; TCP has no such forgery, for a connection takes a handshake. So this is a server to learn with, on
//! 127.0.0.1 unless it is told otherwise.
//!
//! The first line on stdout is `listening on IP:PORT`. Later lines tell who comes and goes. It ends with its input. If
//! it cannot have the port for both, it ends with code 1, and a line on stderr names the port.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::cli::Failure;
use crate::net::accept::accept;
use crate::net::{Accept, Slot, Slots, pair};

/// The most connections at a time. One more is turned away: it is closed at once.
const MOST: usize = 32;
/// How much is read at once, and more than the largest datagram.
const PIECE: usize = 65_536;
/// Ports below this are those of services (RFC 6335, 6: system ports).
const SYSTEM_PORTS: u16 = 1024;
/// The pause after an error of the socket for datagrams.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves at this address until the input is over.
///
/// # Errors
/// When a socket cannot be bound, a thread cannot be started, or the input cannot be read.
pub fn run(address: SocketAddr, mut input: impl BufRead) -> Result<(), Failure> {
    let bound = pair::bind(address);
    let (pair, twin) =
        bound.map_err(|(place, error)| Failure::cannot("listen on", &place, &error))?;
    let failed = |error| Failure::cannot("serve", "echoes", &error);
    let own = pair.0.local_addr().map_err(failed)?;
    say(format_args!("listening on {own}"));
    let slots = Slots::new(MOST);
    for (listener, socket) in iter::once(pair).chain(twin) {
        start(listener, EchoService(slots.clone())).map_err(failed)?;
        let answering = move || answer(&socket, own.port());
        thread::Builder::new().name("datagrams".to_owned()).spawn(answering).map_err(failed)?;
    }
    io::copy(&mut input, &mut io::sink()).map_err(failed).map(drop)
}

/// Starts the thread of a listener.
fn start(listener: TcpListener, mut service: EchoService) -> io::Result<()> {
    let accepting = move || accept(&listener, &mut service);
    thread::Builder::new().name("accept".to_owned()).spawn(accepting).map(drop)
}

/// Tells it on stdout.
fn say(line: std::fmt::Arguments) {
    let _ = writeln!(io::stdout(), "{line}"); // stdout may be closed
}

/// Sends back each datagram to where it comes from, unless a service may be there.
fn answer(socket: &UdpSocket, own_port: u16) -> ! {
    let mut datagram = vec![0; PIECE];
    loop {
        match socket.recv_from(&mut datagram) {
            Ok((_, from)) if from.port() < SYSTEM_PORTS || from.port() == own_port => {
                say(format_args!("{from} gets no answer: it may be a service that answers, too"));
            }
            Ok((count, from)) => {
                say(format_args!("{from} has sent a datagram of {count} bytes"));
                let _ = socket.send_to(&datagram[..count], from); // an error: it is lost
            }
            // Windows reports here that nothing listens where an earlier datagram went (ICMP).
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// The service of the listeners, with the places that they share.
struct EchoService(Slots);

impl Accept for EchoService {
    type Admitted = (TcpStream, SocketAddr, Slot);

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) -> Option<Self::Admitted> {
        let slot = self.0.take();
        let what = if slot.is_some() { "has connected" } else { "is one too many" };
        say(format_args!("{peer} {what}"));
        Some((stream, peer, slot?))
    }

    fn thread(_: SocketAddr) -> thread::Builder {
        thread::Builder::new().name("echo".to_owned())
    }

    fn serve((stream, peer, _slot): Self::Admitted) {
        // At the end the slot goes first and the stream last: a client that sees the end finds a free place.
        let _ = echo(&stream); // an error: the other side is gone
        say(format_args!("{peer} has ended"));
    }

    fn failed(&mut self, error: &io::Error) {
        say(format_args!("cannot accept a connection: {error}"));
    }

    fn unserved(&mut self, peer: SocketAddr, error: &io::Error) {
        say(format_args!("cannot serve {peer}: {error}"));
    }
}

/// Sends back what comes, up to its end.
fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            count => stream.write_all(&piece[..count])?,
        }
    }
}

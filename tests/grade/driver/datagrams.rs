//! A UDP socket that speaks one block per datagram.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::program::SLICE;
use crate::driver::story;
use crate::driver::wire::is_waiting;

/// A socket on 127.0.0.1. It is known in the story by a name.
#[derive(Debug)]
pub struct Datagrams {
    who: String,
    socket: UdpSocket,
}

impl Datagrams {
    /// Has a port that is free for TCP, too: who registers it must not name the server's own by chance.
    #[track_caller]
    pub fn open(who: &str) -> Self {
        let socket = loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
                break socket;
            }
        };
        Self { who: who.to_owned(), socket }
    }

    /// Has this port, perhaps one on which somebody listens by TCP.
    #[track_caller]
    pub fn open_at(who: &str, port: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        Self { who: who.to_owned(), socket }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The port that it has.
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Sends one datagram.
    pub fn sends(&self, to: SocketAddr, bytes: impl AsRef<[u8]>) {
        story::told(&self.who, "~>", bytes.as_ref());
        self.socket.send_to(bytes.as_ref(), to).unwrap();
    }

    /// Sends one datagram, of which the story tells in another way.
    pub fn passes(&self, to: SocketAddr, bytes: &[u8]) {
        self.socket.send_to(bytes, to).unwrap();
    }

    /// Waits for the next datagram, but only until then. Gives also where it is from.
    #[track_caller]
    pub fn gets_until(&self, until: Instant) -> Option<(Block, SocketAddr)> {
        let (bytes, from) = self.takes_until(until)?;
        story::told(&self.who, "<~", &bytes);
        match Block::datagram(&bytes) {
            Ok(block) => Some((block, from)),
            Err(why) => story::fail(why),
        }
    }

    /// The same for bytes of any kind, of which the story tells in another way.
    #[track_caller]
    pub fn takes_until(&self, until: Instant) -> Option<(Vec<u8>, SocketAddr)> {
        let mut buffer = vec![0; 65_536];
        loop {
            let slice = story::left(until).min(SLICE).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(slice)).unwrap();
            match self.socket.recv_from(&mut buffer) {
                Ok((count, from)) => {
                    buffer.truncate(count);
                    return Some((buffer, from));
                }
                Err(error) if is_waiting(&error) => {
                    fail_if_one_has_failed();
                    if story::left(until).is_zero() {
                        return None;
                    }
                }
                // Windows tells here that nobody listens where something was sent.
                Err(_) => {}
            }
        }
    }

    /// Throws away what has come until now and was not read.
    pub fn forgets(&self) {
        self.socket.set_nonblocking(true).unwrap();
        while self.socket.recv_from(&mut [0; 2048]).is_ok() {}
        self.socket.set_nonblocking(false).unwrap();
    }
}

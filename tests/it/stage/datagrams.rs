//! A UDP socket that a test holds in its hand.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::{Block, DEADLINE};

/// A UDP socket on 127.0.0.1 that speaks one block per datagram.
#[derive(Debug)]
pub struct Datagrams(UdpSocket);

impl Datagrams {
    /// Binds a free port.
    #[track_caller]
    pub fn bind() -> Self {
        Self::bind_to(0)
    }

    /// Binds this port, perhaps one on which somebody listens, too.
    #[track_caller]
    pub fn bind_to(port: u16) -> Self {
        Self(UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap())
    }

    /// The port that it has.
    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Sends one datagram.
    #[track_caller]
    pub fn sends(&self, to: SocketAddr, text: &str) {
        self.sends_bytes(to, text.as_bytes());
    }

    /// Sends one datagram, also if it is no text.
    #[track_caller]
    pub fn sends_bytes(&self, to: SocketAddr, bytes: &[u8]) {
        self.0.send_to(bytes, to).unwrap();
    }

    /// Waits for the next datagram, whatever it is. No program of ours sends one of more than 1,200 bytes.
    #[track_caller]
    pub fn next(&self) -> (Block, SocketAddr) {
        self.within(DEADLINE).expect("nothing came by UDP")
    }

    /// Waits for the next datagram, but only for so long: for who plays a peer and has a clock of its own.
    #[track_caller]
    pub fn within(&self, time: Duration) -> Option<(Block, SocketAddr)> {
        let mut bytes = [0; 2048];
        self.0.set_read_timeout(Some(time)).unwrap();
        let (length, from) = self.0.recv_from(&mut bytes).ok()?;
        Some((Block::datagram(&bytes[..length]).unwrap(), from))
    }

    /// Waits for the next datagram of this type, skipping others (a MSG comes again until it is acknowledged).
    #[track_caller]
    pub fn gets(&self, kind: &str) -> (Block, SocketAddr) {
        loop {
            let (block, from) = self.within(DEADLINE).unwrap_or_else(|| panic!("no {kind} by UDP"));
            if block.kind == kind {
                return (block, from);
            }
        }
    }

    /// Throws away what has come until now and was not read.
    pub fn forgets(&self) {
        self.0.set_nonblocking(true).unwrap();
        while self.0.recv_from(&mut [0; 2048]).is_ok() {}
        self.0.set_nonblocking(false).unwrap();
    }
}

//! Somebody who is called: a TCP listener and a UDP socket that a test holds in its hand.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Block, DEADLINE, Wire};

/// A listener on 127.0.0.1 that plays a peer, or a server of somebody else's.
///
/// A thread accepts, because the standard library has no accept with a deadline.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    callers: Receiver<TcpStream>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on a free port.
    #[track_caller]
    pub fn bind() -> Self {
        Self::bind_to(0)
    }

    /// Listens on this port.
    #[track_caller]
    pub fn bind_to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, callers) = mpsc::channel();
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let work = move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) || sender.send(stream).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("listener".to_owned()).spawn(work).unwrap();
        Self { address, callers, over, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for the next caller.
    #[track_caller]
    pub fn accept(&self) -> Wire {
        let caller = self.callers.recv_timeout(DEADLINE);
        Wire::over(caller.unwrap_or_else(|_| panic!("nobody called {}", self.address)))
    }

    /// Whether somebody has called who was not accepted yet. Ask only after something that a call would precede.
    pub fn was_called(&self) -> bool {
        self.callers.try_recv().is_ok()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more caller wakes the thread out of its accept, so that the port is free again afterwards.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// A UDP socket on 127.0.0.1 that speaks one block per datagram.
#[derive(Debug)]
pub struct Datagrams(UdpSocket);

impl Datagrams {
    /// Binds a free port.
    #[track_caller]
    pub fn bind() -> Self {
        Self::bind_to(0)
    }

    /// Binds this port, perhaps the one of a [`Listener`].
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
        assert!(length <= 1200, "a datagram of {length} bytes");
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        Some((Block::datagram(text), from))
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

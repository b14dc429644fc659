//! Somebody who is called: a TCP listener and a UDP socket that a test holds in its hand.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

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
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    /// The port that it has.
    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Sends one datagram.
    #[track_caller]
    pub fn sends(&self, to: SocketAddr, text: &str) {
        self.0.send_to(text.as_bytes(), to).unwrap();
    }

    /// Waits for the next datagram of this type, skipping others (a MSG comes again until it is acknowledged).
    #[track_caller]
    pub fn gets(&self, kind: &str) -> (Block, SocketAddr) {
        let mut bytes = [0; 2048];
        loop {
            let (length, from) =
                self.0.recv_from(&mut bytes).unwrap_or_else(|_| panic!("no {kind} by UDP"));
            let text = std::str::from_utf8(&bytes[..length]).unwrap();
            let block = Block::datagram(text);
            if block.kind == kind {
                return (block, from);
            }
        }
    }
}

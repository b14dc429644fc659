//! Accepting connections: one loop for every listener, and a limit for those that treat all connections alike.
//!
//! A connection occupies a [`Slot`] as long as somebody serves it. The slot is a guard: dropping it gives it back,
//! whether its thread returns, panics, or is never started.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The pause after accept has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// A limited number of slots, shared by all its clones: a counting semaphore that never waits.
#[derive(Debug, Clone)]
pub struct Slots {
    taken: Arc<AtomicUsize>,
    limit: usize,
}

/// One slot that is taken. Dropping it gives it back.
#[derive(Debug)]
pub struct Slot(Arc<AtomicUsize>);

impl Slots {
    /// Creates `limit` free slots.
    pub fn new(limit: usize) -> Slots {
        Slots { taken: Arc::default(), limit }
    }

    /// Takes a slot; returns `None` if all are taken.
    pub fn take(&self) -> Option<Slot> {
        // Counts first and compares afterwards: two threads can never both take the last slot.
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.taken));
        (taken < self.limit).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a listener does with its connections.
pub trait Accept {
    /// Serves a connection, or turns it away. It must not wait: the connection gets a thread of its own, which owns
    /// what stands for its place, a [`Slot`] say.
    fn serve(&mut self, stream: TcpStream, peer: SocketAddr);

    /// Notes that accept has failed.
    fn failed(&mut self, _error: &io::Error) {}
}

/// Accepts connections for ever. How many are open at a time is the matter of the service.
///
/// An error of accept (no free descriptors, say) would return at once and for ever, so the loop pauses after it.
pub fn accept(listener: &TcpListener, service: &mut impl Accept) -> ! {
    loop {
        match listener.accept() {
            Ok((stream, peer)) => service.serve(stream, peer),
            Err(error) => {
                service.failed(&error);
                thread::sleep(PAUSE);
            }
        }
    }
}

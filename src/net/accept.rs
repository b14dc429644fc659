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
    /// A connection that was let in: all that its thread owns, also what stands for its place, a [`Slot`] say.
    type Admitted: Send + 'static;

    /// Lets a connection in, or turns it away. It must not wait: meanwhile nobody else is accepted.
    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) -> Option<Self::Admitted>;

    /// The thread for a connection from there: what it is called, and how large its stack is.
    fn thread(peer: SocketAddr) -> thread::Builder;

    /// Serves a connection to its end: the body of its thread.
    fn serve(admitted: Self::Admitted);

    /// Notes that accept has failed.
    fn failed(&mut self, _error: &io::Error) {}

    /// Notes that there is no thread for a connection. It is closed already, and its place is free.
    fn unserved(&mut self, _peer: SocketAddr, _error: &io::Error) {}
}

/// Accepts connections for ever. Each one that [`Accept::admit`] lets in is served by [`Accept::serve`], in a thread of
/// its own from [`Accept::thread`]; if that cannot be started, this calls [`Accept::unserved`]. How many are open at a
/// time is the matter of the service.
///
/// After an error of accept (no free descriptors, say) this calls [`Accept::failed`] and pauses for `PAUSE`, because
/// the same error would come again at once, and for ever.
// LAB 0: serve each connection in a thread of its own => one_after_the_other(listener, service)
pub fn accept<S: Accept>(listener: &TcpListener, service: &mut S) -> ! {
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                let Some(admitted) = service.admit(stream, peer) else { continue };
                let serving = move || S::serve(admitted);
                // Without a thread the connection and its place go with the closure.
                if let Err(error) = S::thread(peer).spawn(serving) {
                    service.unserved(peer, &error);
                }
            }
            Err(error) => {
                service.failed(&error);
                thread::sleep(PAUSE);
            }
        }
    }
}

/// The naive loop: one connection after the other. The next one waits until the one before it has ended. The lab course
/// begins with it.
pub fn one_after_the_other<S: Accept>(listener: &TcpListener, service: &mut S) -> ! {
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                if let Some(admitted) = service.admit(stream, peer) {
                    S::serve(admitted);
                }
            }
            Err(error) => service.failed(&error), // no pause: that is for the lab
        }
    }
}

//! The accept loop that the server, the page and the peers share: a limit to its connections, and a slot that comes
//! back however a connection ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::net::accept::{Accept, Slot, Slots, accept};
use p2p_chat::net::deadline::linger;

/// Sends back the first byte of each connection and panics: the worst end that a session can come to.
struct Panicking(Slots);

impl Accept for Panicking {
    type Admitted = (TcpStream, Slot);

    fn admit(&mut self, stream: TcpStream, _: SocketAddr) -> Option<(TcpStream, Slot)> {
        Some((stream, self.0.take()?))
    }

    fn thread(_: SocketAddr) -> thread::Builder {
        thread::Builder::new().name("panicking".to_owned())
    }

    fn serve((stream, slot): (TcpStream, Slot)) {
        // Dropped in this order: a client that sees the end finds the slot free.
        let (mut stream, _slot) = (stream, slot);
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        stream.write_all(&byte).unwrap();
        panic!("as it should");
    }
}

/// Connects, and asks for an echo; `None` when turned away.
fn echo(address: SocketAddr) -> Option<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(b"x"); // it may have been closed already
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said); // the same
    said.first().copied()
}

#[test]
fn a_panic_at_the_end_of_a_connection_gives_its_slot_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = move || accept(&listener, &mut Panicking(Slots::new(1)));
    thread::Builder::new().name("accepting".to_owned()).spawn(accepting).unwrap();
    for _ in 0..3 {
        assert_eq!(echo(address), Some(b'x'));
    }
    let mut first = TcpStream::connect(address).unwrap();
    assert_eq!(echo(address), None, "there is one slot, and it is taken");
    first.write_all(b"x").unwrap();
    assert_eq!(first.read(&mut [0; 8]).unwrap(), 1);
    assert_eq!(first.read(&mut [0; 8]).unwrap_or(0), 0);
    assert_eq!(echo(address), Some(b'x'));
}

#[test]
fn slots_are_as_many_as_they_were_whatever_is_taken_and_dropped() {
    let slots = Slots::new(2);
    let (first, second) = (slots.take(), slots.clone().take());
    assert!(first.is_some() && second.is_some());
    for _ in 0..3 {
        assert!(slots.take().is_none());
    }
    drop(first);
    assert!(slots.take().is_some(), "and it is dropped at once");
    let again = slots.take();
    assert!(again.is_some() && slots.take().is_none());
}

#[test]
fn a_lingering_close_ends_with_the_other_side_or_with_its_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let begun = Instant::now();
    other.write_all(&[0; 10_000]).unwrap();
    linger(&stream, Duration::from_millis(200));
    assert!(begun.elapsed() >= Duration::from_millis(200), "the other side is still there");
    other.write_all(&[0; 10_000]).unwrap();
    drop(other);
    linger(&stream, Duration::from_secs(60));
    assert!(begun.elapsed() < Duration::from_secs(50), "the other side is gone");
}

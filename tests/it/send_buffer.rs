//! What waits for one client, without any client: the rules that nobody can see from outside. How much memory it
//! takes, what a write's errors mean, what a greeting may cost, and the last microsecond of the three seconds.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::server::room::outbox::{Outbox, WriteOutcome};
use p2p_chat::server::room::sealed_buffer::WriteMode;
use p2p_chat::server::room::send_buffer::{SendBuffer, write_and_wait};
use p2p_chat::wire::notification::Reason;

const STUCK: Duration = Duration::from_secs(3);
const SOON: Duration = Duration::from_micros(1);

/// A socket that takes so many bytes with each write, and remembers what it has taken and how often it was asked.
#[derive(Default)]
struct Socket {
    taken: RefCell<Vec<u8>>,
    asked: RefCell<usize>,
}

impl Socket {
    fn takes(&self, most: usize) -> impl Fn(&[u8]) -> io::Result<usize> + '_ {
        move |bytes| {
            assert!(!bytes.is_empty(), "there is nothing to be written");
            *self.asked.borrow_mut() += 1;
            let count = most.min(bytes.len());
            self.taken.borrow_mut().extend_from_slice(&bytes[..count]);
            if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.taken.borrow().clone()).unwrap()
    }
}

/// What a write gives that fails so.
fn failing(kind: ErrorKind) -> impl Fn(&[u8]) -> io::Result<usize> {
    move |_| Err(kind.into())
}

#[track_caller]
fn is_slow(sent: &io::Result<()>) {
    assert_eq!(sent.as_ref().unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_short_write_is_the_last_one_and_what_waits_goes_first() {
    let (now, socket) = (Instant::now(), Socket::default());
    let mut buffer = SendBuffer::new(100, now);
    buffer.send(b"hello", now, socket.takes(3)).unwrap();
    assert_eq!((socket.text().as_str(), *socket.asked.borrow()), ("hel", 1));
    assert!(!buffer.is_empty());
    buffer.send(b" world", now, socket.takes(1)).unwrap();
    assert_eq!((socket.text().as_str(), *socket.asked.borrow()), ("hell", 2));
    buffer.send(b"", now, socket.takes(100)).unwrap();
    assert_eq!(socket.text(), "hello world");
    assert!(buffer.is_empty());
    buffer.send(b"", now, socket.takes(100)).unwrap();
}

#[test]
fn errors_that_only_say_wait_are_none_and_others_are() {
    let now = Instant::now();
    for waiting in [false, true] {
        for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
            let (mut buffer, socket) = (SendBuffer::new(100, now), Socket::default());
            buffer.send(b"hello", now, socket.takes(if waiting { 2 } else { 5 })).unwrap();
            buffer.send(b" world", now, failing(kind)).unwrap();
            buffer.send(b"", now, socket.takes(100)).unwrap();
            assert_eq!(socket.text(), "hello world", "{kind}");
        }
        for kind in [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset] {
            let (mut buffer, socket) = (SendBuffer::new(100, now), Socket::default());
            buffer.send(b"hello", now, socket.takes(if waiting { 2 } else { 5 })).unwrap();
            assert_eq!(buffer.send(b"!", now, failing(kind)).unwrap_err().kind(), kind);
        }
        let mut buffer = SendBuffer::new(100, now);
        buffer.send(b"hello", now, Socket::default().takes(if waiting { 2 } else { 5 })).unwrap();
        let sent = buffer.send(b"!", now, |_| Ok(0));
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::WriteZero);
    }
}

#[test]
fn what_was_interrupted_is_tried_again() {
    let (now, tries) = (Instant::now(), RefCell::new(0));
    let mut buffer = SendBuffer::new(100, now);
    let write = |bytes: &[u8]| {
        *tries.borrow_mut() += 1;
        if *tries.borrow() < 3 { Err(ErrorKind::Interrupted.into()) } else { Ok(bytes.len()) }
    };
    buffer.send(b"hello", now, write).unwrap();
    assert!(buffer.is_empty() && *tries.borrow() == 3);
}

#[test]
fn three_seconds_count_from_the_last_byte_taken() {
    let begun = Instant::now();
    let (mut buffer, socket) = (SendBuffer::new(100, begun), Socket::default());
    // Nothing waits, however long.
    let mut now = begun + 10 * STUCK;
    buffer.send(b"hello", now, socket.takes(1)).unwrap();
    for _ in 0..3 {
        now += STUCK;
        buffer.send(b"", now, socket.takes(0)).unwrap();
        buffer.send(b"", now, socket.takes(1)).unwrap();
    }
    is_slow(&buffer.send(b"", now + STUCK + SOON, socket.takes(0)));
    buffer.send(b"", now + STUCK, socket.takes(1)).unwrap();
    assert!(buffer.is_empty() && socket.text() == "hello");
    buffer.send(b"", now + 10 * STUCK, socket.takes(0)).unwrap();
    buffer.send(b"again", now + 20 * STUCK, socket.takes(0)).unwrap();
    buffer.send(b"", now + 21 * STUCK, socket.takes(0)).unwrap();
    is_slow(&buffer.send(b"", now + 21 * STUCK + SOON, socket.takes(0)));
}

#[test]
fn the_limit_may_wait_and_not_a_byte_more() {
    let (now, socket) = (Instant::now(), Socket::default());
    let mut buffer = SendBuffer::new(10, now);
    buffer.send(&[b'x'; 13], now, socket.takes(3)).unwrap();
    is_slow(&buffer.send(b"y", now, socket.takes(0)));
    buffer.send(b"y", now, socket.takes(1)).unwrap();
    is_slow(&buffer.send(b"z", now, socket.takes(0)));
    is_slow(&SendBuffer::new(10, now).send(&[b'x'; 14], now, socket.takes(3)));
}

#[test]
fn what_has_been_written_takes_no_memory_for_ever() {
    let (now, socket) = (Instant::now(), Socket::default());
    let mut buffer = SendBuffer::new(1000, now);
    buffer.send(&[b'x'; 500], now, socket.takes(0)).unwrap();
    let mut most = 0;
    for _ in 0..1000 {
        buffer.send(&[b'x'; 100], now, socket.takes(100)).unwrap();
        most = most.max(kept(&buffer));
    }
    // The 500 bytes that wait, and of what is written at most half of the limit and what one write takes.
    assert!((500..=1100).contains(&most), "{most}");
    buffer.send(b"", now, socket.takes(500)).unwrap();
    assert!(buffer.is_empty() && kept(&buffer) == 0);
}

/// How many bytes it keeps, written or not.
fn kept(buffer: &SendBuffer) -> usize {
    let shown = format!("{buffer:?}");
    let (_, bytes) = shown.split_once("waiting: [").unwrap();
    bytes.split_once(']').unwrap().0.matches("120").count()
}

#[test]
fn the_naive_way_waits_until_all_is_written() {
    let (socket, turn) = (Socket::default(), RefCell::new(0));
    let write = |bytes: &[u8]| {
        *turn.borrow_mut() += 1;
        match *turn.borrow() % 4 {
            1 => Err(ErrorKind::WouldBlock.into()),
            2 => Err(ErrorKind::Interrupted.into()),
            _ => socket.takes(2)(bytes),
        }
    };
    write_and_wait(b"hello world", write).unwrap();
    assert_eq!(socket.text(), "hello world");
    let zero = write_and_wait(b"hello", |_| Ok(0));
    assert_eq!(zero.unwrap_err().kind(), ErrorKind::WriteZero);
    let gone = write_and_wait(b"hello", failing(ErrorKind::BrokenPipe));
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

/// How much one delivery has here, and the limit.
const PIECE: usize = 64 * 1024;

/// Delivers until the socket is full, and gives how much that was.
fn fill(outbox: &Outbox) -> usize {
    let piece = vec![b'x'; PIECE];
    for pieces in 1..4096 {
        match outbox.deliver(&piece, WriteMode::NonBlocking) {
            WriteOutcome::Written => {}
            WriteOutcome::Buffered => return pieces * PIECE,
            WriteOutcome::Closed => panic!("it is over before anything has waited"),
        }
    }
    panic!("a socket that nobody reads takes everything");
}

#[test]
fn a_greeting_does_not_count_until_nothing_waits() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let outbox = Outbox::new(listener.accept().unwrap().0, PIECE).unwrap();
    let sent = fill(&outbox) + 20 * PIECE;
    let greeting = vec![b'x'; 20 * PIECE];
    assert_eq!(outbox.greet(greeting, 20 * PIECE, None), WriteOutcome::Written);
    assert_eq!(outbox.end(), None);
    let reading = thread::Builder::new().spawn(move || {
        let mut all = vec![0; sent];
        client.read_exact(&mut all).unwrap();
        client
    });
    while outbox.retry_slow(Instant::now()) {
        thread::yield_now();
    }
    let _client = reading.unwrap().join().unwrap();
    fill(&outbox);
    let after = [0; 2].map(|_| outbox.deliver(&vec![b'x'; PIECE], WriteMode::NonBlocking));
    assert_eq!((after[1], outbox.end()), (WriteOutcome::Closed, Some(Reason::Slow)));
}

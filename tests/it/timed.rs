//! Reading with a time limit: in one wait, and in slices, as Windows needs it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::io_error::is_waiting;
use p2p_chat::net::TimedStream;

/// How long a read may wait.
const LIMIT: Duration = Duration::from_millis(60);
/// The longest waits in one system call. The last one is longer than the limit.
const SLICES: [Option<Duration>; 3] =
    [None, Some(Duration::from_millis(7)), Some(Duration::from_secs(100))];

/// Both ends of a fresh connection.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

#[test]
fn a_read_gives_up_when_its_whole_time_is_over_and_each_byte_buys_that_again() {
    for slice in SLICES {
        let (one, mut other) = connection();
        let mut stream = TimedStream::sliced(&one, slice);
        stream.limit = Some(LIMIT);
        for _ in 0..3 {
            other.write_all(b"x").unwrap();
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
            let begun = Instant::now();
            let error = stream.read(&mut [0; 8]).unwrap_err();
            assert!(is_waiting(&error), "{error}");
            assert!(begun.elapsed() >= LIMIT, "{slice:?}: {:?}", begun.elapsed());
        }
    }
}

#[test]
fn a_limit_may_be_lifted() {
    for slice in SLICES {
        let (one, mut other) = connection();
        let mut stream = TimedStream::sliced(&one, slice);
        stream.limit = Some(LIMIT);
        stream.read(&mut [0; 8]).unwrap_err();
        stream.limit = None;
        let reading = thread::scope(|scope| {
            let reading = scope.spawn(|| stream.read(&mut [0; 8]).unwrap());
            other.write_all(b"at last").unwrap();
            reading.join().unwrap()
        });
        assert_eq!(reading, 7);
    }
}

#[test]
fn a_shutdown_in_another_thread_ends_a_read_that_may_wait_for_ever() {
    let (one, _other) = connection();
    thread::scope(|scope| {
        let reading = scope.spawn(|| TimedStream::new(&one).read(&mut [0; 8]).unwrap());
        one.shutdown(Shutdown::Both).unwrap();
        assert_eq!(reading.join().unwrap(), 0);
    });
}

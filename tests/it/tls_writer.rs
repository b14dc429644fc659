//! The writer of a connection that is secured by TLS: what it says before it goes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::client::net::{Progress, Writer};
use p2p_chat::tls::{Alert, Secured, TlsError, accept, connect};

use crate::support::DEADLINE;
use crate::tls::class_key;

/// A full queue of which nothing is taken for this long belongs to a writer that is stuck.
const STUCK: Duration = Duration::from_millis(300);

/// One side that writes by a writer, and the other side of its connection.
struct Pair {
    /// The socket of the first side, and its writer.
    stream: Arc<TcpStream>,
    writer: Writer,
    progress: Receiver<Progress>,
    /// What the first side opens with.
    opener: p2p_chat::tls::Opener,
    /// The other side.
    other: TcpStream,
    theirs: Secured,
}

/// Makes a secured connection.
fn pair() -> Pair {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let stream = Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let other = listener.accept().unwrap().0;
    other.set_read_timeout(Some(DEADLINE)).unwrap();
    let (ours, theirs) = thread::scope(|scope| {
        let accepted = scope.spawn(|| accept((&[], &mut &other), &mut &other, &class_key(), None));
        let ours = connect(&mut &*stream, &mut &*stream, &class_key(), None).unwrap();
        (ours, accepted.join().unwrap().unwrap())
    });
    let (tell, progress) = mpsc::channel();
    let tell = move |event| drop(tell.send(event));
    let (writer, _reading) = Writer::start(&stream, Some(ours.sealer), tell).unwrap();
    Pair { stream, writer, progress, opener: ours.opener, other, theirs }
}

/// Reads the other side to its end: what came, and the error at the end, if it was none of the orderly ones.
fn rest(other: &TcpStream, theirs: &mut Secured) -> (Vec<u8>, Option<TlsError>) {
    let mut all = Vec::new();
    loop {
        match theirs.opener.fill(&mut &*other) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return (all, Some(TlsError::of(&error).expect("an error of TLS"))),
            Ok(()) if theirs.opener.data().is_empty() => return (all, None),
            Ok(()) => all.extend_from_slice(theirs.opener.data()),
        }
        theirs.opener.consume(usize::MAX);
    }
}

#[test]
fn what_is_queued_is_sealed_and_the_end_is_said() {
    let Pair { writer, progress, other, mut theirs, .. } = pair();
    assert!(writer.block(&"JOIN\r\n\r\n") && writer.text(&"Hello\r\n"));
    drop(writer);
    assert_eq!(rest(&other, &mut theirs), (b"JOIN\r\n\r\nHello\r\n".to_vec(), None));
    let told: Vec<String> = progress
        .iter()
        .take(4)
        .map(|event| match event {
            Progress::Writing(traced) => String::from_utf8(traced.bytes).unwrap(),
            event => format!("{event:?}"),
        })
        .collect();
    assert_eq!(told, ["JOIN\r\n\r\n", "Hello\r\n", "Written", "Done"]);
}

#[test]
fn a_connection_that_is_cut_still_says_its_end() {
    let Pair { writer, other, mut theirs, .. } = pair();
    writer.text(&"before\r\n");
    let mut come = Vec::new();
    while come != b"before\r\n" {
        let _ = theirs.opener.fill(&mut &other);
        come.extend_from_slice(theirs.opener.data());
        theirs.opener.consume(usize::MAX);
    }
    writer.pause(DEADLINE / 100); // what is queued behind it is not written any more
    writer.text(&"after\r\n");
    writer.cut();
    drop(writer);
    assert_eq!(rest(&other, &mut theirs), (Vec::new(), None));
}

#[test]
fn a_fault_of_the_other_side_is_told_as_the_last_word() {
    let Pair { stream, writer, mut opener, mut other, mut theirs, .. } = pair();
    let mut records = Vec::new();
    theirs.sealer.seal(b"Hello", &mut records);
    *records.last_mut().unwrap() ^= 1;
    other.write_all(&records).unwrap();
    let error = opener.fill(&mut &*stream).unwrap_err();
    assert_eq!(TlsError::of(&error), Some(TlsError::Found(Alert::BAD_RECORD_MAC)));
    writer.text(&"not any more\r\n");
    writer.cut();
    drop(writer);
    let told = Some(TlsError::Received(Alert::BAD_RECORD_MAC));
    assert_eq!(rest(&other, &mut theirs), (Vec::new(), told));
}

#[test]
fn a_writer_that_is_stuck_is_cut_a_moment_later() {
    let Pair { writer, progress, mut other, .. } = pair();
    let (piece, mut taken) = ("x".repeat(10_000), Instant::now());
    while taken.elapsed() < STUCK {
        if writer.text(&piece) {
            taken = Instant::now();
        }
        thread::yield_now();
    }
    writer.cut();
    drop(writer);
    let done = progress.iter().find(|event| *event == Progress::Done);
    assert_eq!(done, Some(Progress::Done));
    let _ = other.read(&mut [0; 64]); // it has what was written before, or its end
}

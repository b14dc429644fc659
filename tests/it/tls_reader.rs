//! The buffered reader of a connection that is secured by TLS: its limits, its record, its end.

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::io_error::is_waiting;
use p2p_chat::net::Reader;
use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::{Opener, TlsError};

use crate::support::DEADLINE;
use crate::tls::sealed;

/// The secret of what comes in.
const SECRET: [u8; 32] = [9; 32];
/// How long a read may wait.
const LIMIT: Duration = Duration::from_millis(60);

/// Both ends of a fresh connection.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

/// A reader that opens records.
fn reader(stream: &TcpStream) -> Reader<'_> {
    let mut reader = Reader::new(stream);
    reader.secure(Opener::with_secret(true, SECRET));
    reader
}

/// The other side sends these pieces, one after another, until the reader has given up, and then the rest.
fn gives_up(pieces: &mut (impl Iterator<Item = Vec<u8>> + Send), rest: &[u8], expected: &[u8]) {
    let (one, mut other) = connection();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let begun = Instant::now();
            while !stop.load(Ordering::Relaxed) && begun.elapsed() < DEADLINE {
                pieces.next().map_or(Ok(()), |piece| other.write_all(&piece)).unwrap();
                thread::yield_now();
            }
            pieces.take(20_000).for_each(|piece| other.write_all(&piece).unwrap());
            other.write_all(rest).unwrap();
        });
        let mut reader = reader(&one);
        reader.set_limit(Some(LIMIT));
        let begun = Instant::now();
        let result = reader.fill_buf().map(<[u8]>::len);
        let waited = begun.elapsed();
        stop.store(true, Ordering::Relaxed);
        assert!(is_waiting(&result.unwrap_err()) && waited >= LIMIT, "{waited:?}");
        // Nothing is lost.
        reader.set_limit(Some(DEADLINE));
        let mut data = vec![0; expected.len()];
        reader.read_exact(&mut data).unwrap();
        assert_eq!(data, expected);
    });
}

#[test]
fn a_part_of_a_record_buys_no_time() {
    let data = [7; 16_000];
    let record = sealed(&mut TrafficKeys::new(SECRET), 23, &data);
    let (first, rest) = record.split_at(15_000);
    gives_up(&mut first.iter().map(|byte| vec![*byte]), rest, &data);
}

#[test]
fn empty_records_buy_no_time() {
    let mut keys = TrafficKeys::new(SECRET);
    let records: Vec<Vec<u8>> = (0..20_000).map(|_| sealed(&mut keys, 23, &[])).collect();
    gives_up(&mut records.into_iter(), &sealed(&mut keys, 23, b"end"), b"end");
}

#[test]
fn the_deadline_holds_for_records_too() {
    let (one, _other) = connection();
    let mut reader = reader(&one);
    reader.set_limit(Some(DEADLINE));
    reader.deadline = Some(Instant::now());
    assert_eq!(reader.fill_buf().unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn without_a_limit_a_reader_waits_for_a_whole_record() {
    let (one, mut other) = connection();
    let mut keys = TrafficKeys::new(SECRET);
    let bytes = [sealed(&mut keys, 23, &[]), sealed(&mut keys, 23, b"Hello")].concat();
    thread::scope(|scope| {
        scope.spawn(move || bytes.chunks(3).for_each(|piece| other.write_all(piece).unwrap()));
        let mut reader = reader(&one);
        assert_eq!(reader.fill_buf().unwrap(), b"Hello");
        assert_eq!(reader.buffered(), b"Hello");
    });
}

#[test]
fn the_copy_has_what_was_in_the_records_and_the_end_is_told_from_a_cut() {
    let (one, mut other) = connection();
    let mut keys = TrafficKeys::new(SECRET);
    other.write_all(&sealed(&mut keys, 23, b"Hello, everyone!")).unwrap();
    let mut reader = Reader::new(&one).recorded(Arc::new(AtomicBool::new(true)));
    reader.secure(Opener::with_secret(true, SECRET));
    let mut word = [0; 5];
    reader.read_exact(&mut word).unwrap();
    let traced = reader.take_record();
    assert_eq!((&traced.bytes[..], reader.buffered()), (&b"Hello"[..], &b", everyone!"[..]));
    assert_eq!(traced.records.map(|heads| heads.len()), Some(1));
    reader.consume(11);
    other.shutdown(Shutdown::Write).unwrap();
    let error = reader.fill_buf().unwrap_err();
    assert_eq!(TlsError::of(&error), Some(TlsError::Cut));
}

#[test]
fn a_flood_fills_the_buffer() {
    let (one, mut other) = connection();
    thread::scope(|scope| {
        let mut reader = reader(&one);
        let mut keys = TrafficKeys::new(SECRET);
        let flood: Vec<u8> = (0..50).flat_map(|_| sealed(&mut keys, 23, &[7; 5000])).collect();
        scope.spawn(move || other.write_all(&flood).unwrap());
        let (mut read, mut full) = (0, false);
        while read < 250_000 {
            let length = reader.fill_buf().unwrap().len();
            full |= reader.is_full();
            read += length;
            reader.consume(length);
        }
        assert!(
            full || cfg!(not(target_os = "linux")),
            "a socket of Linux has more than 32 KiB waiting"
        );
    });
}

#[test]
fn behind_the_last_word_the_bytes_are_read_as_they_are() {
    let mut keys = TrafficKeys::new(SECRET);
    let records = [sealed(&mut keys, 23, b"Hello"), sealed(&mut keys, 21, &[1, 0])].concat();
    // What comes behind looks like a record, too: nothing of it may be opened.
    let behind = [sealed(&mut keys, 23, b"hidden"), vec![7; 3_000]].concat();
    let bytes = [records.clone(), behind.clone()].concat();
    for cut in (0..records.len() + 40).step_by(3).chain([records.len(), bytes.len()]) {
        let (one, mut other) = connection();
        let (first, last) = bytes.split_at(cut);
        other.write_all(first).unwrap();
        let mut reader = reader(&one);
        let mut read = || {
            let mut word = [0; 5];
            reader.read_exact(&mut word).unwrap();
            assert_eq!(&word, b"Hello");
            reader.unsecure().unwrap();
            let mut rest = vec![0; behind.len()];
            reader.read_exact(&mut rest).unwrap();
            assert_eq!(rest, behind, "cut at {cut}");
            assert_eq!(reader.fill_buf().unwrap(), b"");
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                other.write_all(last).unwrap();
                other.shutdown(Shutdown::Write).unwrap();
            });
            read();
        });
    }
}

#[test]
fn data_before_the_last_word_and_a_cut_are_errors() {
    for (kind, content, expected) in [
        (Some(23), &b"more"[..], ErrorKind::InvalidData),
        (Some(21), &[2, 40], ErrorKind::ConnectionAborted),
        (None, &[], ErrorKind::UnexpectedEof),
    ] {
        let (one, mut other) = connection();
        let mut keys = TrafficKeys::new(SECRET);
        let record = kind.map(|kind| sealed(&mut keys, kind, content)).unwrap_or_default();
        other.write_all(&record).unwrap();
        other.shutdown(Shutdown::Write).unwrap();
        assert_eq!(reader(&one).unsecure().unwrap_err().kind(), expected);
    }
}

//! Records after the handshake: pieces, timeouts, ends, new keys, and the alert of each fault.

use std::io::{self, ErrorKind, Read};

use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::{Alert, Opener, Secured, TlsError};

use crate::tls::{Trace, accepted, connected, contents, message, record, sealed};

/// A client that is connected, and the keys of what the server sends to it.
fn client() -> (Secured, TrafficKeys) {
    let trace = Trace::usual();
    let secured = connected(&trace.server_flight(&[8, 0, 0, 2, 0, 0])).0.unwrap();
    (secured, TrafficKeys::new(trace.traffic[1]))
}

/// The same for a server.
fn server() -> (Secured, TrafficKeys) {
    let trace = Trace::usual();
    (accepted(&trace.client_flights()).0.unwrap(), TrafficKeys::new(trace.traffic[0]))
}

/// The keys of what the client sends.
fn client_keys() -> TrafficKeys {
    TrafficKeys::new(Trace::usual().traffic[0])
}

/// A socket that has these bytes, gives at most so many at once, and then is silent. It notes how much was asked for.
struct Socket {
    bytes: Vec<u8>,
    most: usize,
    asked: Vec<usize>,
}

impl Socket {
    fn new(bytes: Vec<u8>) -> Socket {
        Socket { bytes, most: usize::MAX, asked: Vec::new() }
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.asked.push(into.len());
        if self.bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = into.len().min(self.most).min(self.bytes.len());
        into[..read].copy_from_slice(&self.bytes[..read]);
        self.bytes.drain(..read);
        Ok(read)
    }
}

/// Opens all that a socket has, and returns the data.
fn read_all(opener: &mut Opener, socket: &mut Socket) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        match opener.fill(socket) {
            Ok(()) => data.extend_from_slice(opener.data()),
            Err(error) if error.kind() == ErrorKind::WouldBlock && socket.bytes.is_empty() => break,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        opener.consume(opener.data().len());
    }
    data
}

#[test]
fn a_record_that_comes_byte_by_byte_loses_nothing_over_timeouts() {
    let (mut secured, mut keys) = client();
    let bytes = [sealed(&mut keys, 23, b"Hello, "), sealed(&mut keys, 23, b"everyone!")].concat();
    let (mut data, mut waits) = (Vec::new(), 0);
    for byte in &bytes {
        // A byte, and then a timeout: each is one call.
        let mut socket = Socket::new(vec![*byte]);
        for _ in 0..2 {
            match secured.opener.fill(&mut socket) {
                Ok(()) => data.extend_from_slice(secured.opener.data()),
                Err(error) => waits += usize::from(error.kind() == ErrorKind::WouldBlock),
            }
            secured.opener.consume(usize::MAX);
        }
        assert!(socket.asked.len() <= 2, "one read for each call");
    }
    assert_eq!(data, b"Hello, everyone!");
    assert_eq!(waits, 2 * bytes.len() - 2);
}

#[test]
fn all_records_of_one_read_are_one_piece_of_data() {
    let (mut secured, mut keys) = client();
    let records: Vec<u8> = (0..20).flat_map(|n| sealed(&mut keys, 23, &[n; 10])).collect();
    let mut socket = Socket::new(records[..records.len() - 1].to_vec());
    secured.opener.fill(&mut socket).unwrap();
    let expected: Vec<u8> = (0..19).flat_map(|n| [n; 10]).collect();
    assert_eq!(secured.opener.data(), expected);
    secured.opener.consume(5);
    secured.opener.fill(&mut socket).unwrap(); // reads nothing: there are data
    assert_eq!((secured.opener.data(), socket.asked.len()), (&expected[5..], 1));
}

#[test]
fn what_has_no_data_is_nothing_to_read() {
    let (mut secured, mut keys) = client();
    let ticket = message(4, &[0; 40]);
    for (kind, content) in [(23, &[][..]), (22, &ticket), (21, &[1, 90]), (22, &message(24, &[0]))]
    {
        let mut socket = Socket::new(sealed(&mut keys, kind, content));
        let error = secured.opener.fill(&mut socket).unwrap_err();
        assert_eq!((error.kind(), socket.asked.len()), (ErrorKind::WouldBlock, 1), "{kind}");
        if content.first() == Some(&24) {
            keys.update();
        }
    }
    let mut socket = Socket::new(sealed(&mut keys, 23, b"Hello"));
    assert_eq!(read_all(&mut secured.opener, &mut socket), b"Hello");
}

#[test]
fn padding_is_taken_off() {
    let (mut secured, mut keys) = client();
    // The type is the last byte that is not zero. So this is a record of type 23 with zeros behind it.
    let padded = sealed(&mut keys, 0, b"Hello\0\x17\0\0\0\0\0\0\0\0\0");
    let mut socket = Socket::new([padded, sealed(&mut keys, 0, &[[23], [0]].concat())].concat());
    assert_eq!(read_all(&mut secured.opener, &mut socket), b"Hello\0");
}

#[test]
fn a_record_may_be_as_long_as_the_rfc_says_and_no_longer() {
    // 256 bytes more than the content are allowed to ciphers that make it longer. This one adds 17.
    for (content, padding, opens) in [(16384, 0, true), (16000, 384, true), (16000, 385, false)] {
        let (mut secured, mut keys) = client();
        let inner = [&vec![7; content][..], &[23], &vec![0; padding]].concat();
        let (kind, inner) = (inner[inner.len() - 1], &inner[..inner.len() - 1]);
        let mut socket = Socket::new(sealed(&mut keys, kind, inner));
        socket.most = 5;
        let result = loop {
            match secured.opener.fill(&mut socket) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => break result,
            }
        };
        match result {
            Ok(()) => assert_eq!((secured.opener.data().len(), true), (content, opens)),
            Err(error) => {
                assert_eq!(TlsError::of(&error), Some(TlsError::Found(Alert::RECORD_OVERFLOW)));
                assert!(!opens, "{content} bytes and {padding} zeros");
            }
        }
    }
}

#[test]
fn the_buffer_is_small_until_it_must_grow() {
    let (mut secured, mut keys) = client();
    let mut socket = Socket::new(sealed(&mut keys, 23, b"Hello"));
    assert_eq!(read_all(&mut secured.opener, &mut socket), b"Hello");
    assert!(socket.asked.iter().all(|asked| *asked == 1024), "{:?}", socket.asked);
    assert!(!secured.opener.is_full());

    // A whole long record fits as soon as its length is known.
    let mut socket = Socket::new(sealed(&mut keys, 23, &[7; 16384]));
    assert_eq!(read_all(&mut secured.opener, &mut socket), [7; 16384]);
    assert!(socket.asked[1] + 1024 >= 16384 + 22, "{:?}", socket.asked);

    let flood: Vec<u8> = (0..100).flat_map(|_| sealed(&mut keys, 23, &[8; 4000])).collect();
    let mut socket = Socket::new(flood);
    let mut full = false;
    let mut data = 0;
    while !socket.bytes.is_empty() {
        let _ = secured.opener.fill(&mut socket);
        full |= secured.opener.is_full();
        data += secured.opener.data().len();
        secured.opener.consume(secured.opener.data().len());
    }
    assert_eq!((full, data), (true, 400_000));
    assert!(socket.asked.iter().all(|asked| *asked <= 32 * 1024));
    assert!(!secured.opener.is_full(), "the last read did not fill it");
}

/// After these records a client has this data, and then fails; it goes on failing, and says the alert.
fn fault(records: &[(u8, &[u8])], alert: Alert) {
    let (mut secured, mut keys) = client();
    let mut bytes = sealed(&mut keys, 23, b"before");
    for (kind, content) in records {
        match kind {
            0 => bytes.extend_from_slice(content),
            kind => bytes.extend(sealed(&mut keys, *kind, content)),
        }
        if content[..] == message(24, &[0]) {
            keys.update();
        }
    }
    bytes.extend(sealed(&mut keys, 23, b"behind"));
    let mut socket = Socket::new(bytes);
    secured.opener.fill(&mut socket).unwrap();
    assert_eq!(secured.opener.data(), b"before", "what was right comes first");
    secured.opener.consume(6);
    for _ in 0..2 {
        let error = secured.opener.fill(&mut socket).unwrap_err();
        assert_eq!(TlsError::of(&error), Some(TlsError::Found(alert)));
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
    let mut out = Vec::new();
    assert!(!secured.sealer.seal(b"nobody gets this", &mut out));
    secured.sealer.close(&mut out);
    assert_eq!(contents(&out, &mut client_keys()), [(21, vec![2, alert.0])]);
}

const UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

table! { fault:
    a_forged_record(&[(0, &record(23, &[0; 40]))], Alert::BAD_RECORD_MAC);
    a_record_shorter_than_its_tag(&[(0, &record(23, &[]))], Alert::BAD_RECORD_MAC);
    a_record_in_the_clear(&[(0, &record(22, &UPDATE))], Alert::UNEXPECTED_MESSAGE);
    an_alert_in_the_clear(&[(0, &record(21, &[1, 0]))], Alert::UNEXPECTED_MESSAGE);
    a_late_change_cipher_spec(&[(0, &record(20, &[1]))], Alert::UNEXPECTED_MESSAGE);
    no_tls_at_all(&[(0, b"SAID bob\n")], Alert::UNEXPECTED_MESSAGE);
    a_protected_record_that_is_too_long(&[(0, &[23, 3, 3, 0x41, 1])], Alert::RECORD_OVERFLOW);
    an_unknown_type(&[(99, b"?")], Alert::UNEXPECTED_MESSAGE);
    a_protected_change_cipher_spec(&[(20, &[1])], Alert::UNEXPECTED_MESSAGE);
    zeros_alone(&[(0, &ZEROS)], Alert::UNEXPECTED_MESSAGE);
    an_empty_message(&[(22, &[])], Alert::UNEXPECTED_MESSAGE);
    an_empty_protected_alert(&[(21, &[])], Alert::UNEXPECTED_MESSAGE);
    two_alerts_in_a_record(&[(21, &[1, 90, 1, 0])], Alert::DECODE_ERROR);
    data_inside_of_a_message(&[(22, &UPDATE[..2]), (23, b"x")], Alert::UNEXPECTED_MESSAGE);
    more_behind_a_key_update(&[(22, &[UPDATE, UPDATE].concat())], Alert::UNEXPECTED_MESSAGE);
    a_key_update_without_a_body(&[(22, &[24, 0, 0, 0])], Alert::DECODE_ERROR);
    a_key_update_with_a_wrong_body(&[(22, &[24, 0, 0, 1, 2])], Alert::ILLEGAL_PARAMETER);
    a_finished_again(&[(22, &message(20, &[0; 32]))], Alert::UNEXPECTED_MESSAGE);
    a_late_request_for_a_certificate(&[(22, &message(13, &[0, 0, 0]))], Alert::UNEXPECTED_MESSAGE);
    a_message_that_is_too_long_to_wait_for(&[(22, &[4, 255, 255, 255])], Alert::ILLEGAL_PARAMETER);
    a_flood_of_key_updates(&[(22, &UPDATE[..]); 32], Alert::UNEXPECTED_MESSAGE);
}

/// A record of zeros, sealed with the number that it has in its test.
static ZEROS: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let (_, mut keys) = client();
    sealed(&mut keys, 23, b"before");
    sealed(&mut keys, 0, &[0; 20])
});

#[test]
fn a_record_repeated_left_out_or_moved_does_not_open() {
    let order = |order: &[usize]| {
        let (mut secured, mut keys) = client();
        let records: Vec<Vec<u8>> = (0..3).map(|n| sealed(&mut keys, 23, &[n; 3])).collect();
        let bytes: Vec<u8> = order.iter().flat_map(|n| records[*n].clone()).collect();
        let mut socket = Socket::new(bytes);
        let first = secured.opener.fill(&mut socket);
        secured.opener.consume(100);
        let error = first.and_then(|()| secured.opener.fill(&mut socket)).unwrap_err();
        TlsError::of(&error)
    };
    assert_eq!(order(&[0, 1, 2]), None);
    for wrong in [&[0, 0][..], &[1], &[0, 2], &[0, 2, 1]] {
        assert_eq!(order(wrong), Some(TlsError::Found(Alert::BAD_RECORD_MAC)), "{wrong:?}");
    }
}

#[test]
fn a_cut_is_told_from_an_end() {
    for length in 0..=22 + 5 {
        let (mut secured, mut keys) = client();
        let record = sealed(&mut keys, 23, b"Hello");
        // An empty slice is a socket that is closed.
        let mut error = secured.opener.fill(&mut &record[..length]);
        secured.opener.consume(5);
        if length > 0 {
            assert_eq!(error.is_ok(), length == record.len());
            error = secured.opener.fill(&mut io::empty());
        }
        let error = error.unwrap_err();
        assert_eq!(TlsError::of(&error), Some(TlsError::Cut), "after {length} bytes");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let mut out = Vec::new();
        assert!(!secured.sealer.seal(b"Hello?", &mut out));
        secured.sealer.close(&mut out);
        assert_eq!(out, [], "nothing is said to who has gone");
    }
    let (mut secured, mut keys) = client();
    let end = [sealed(&mut keys, 23, b"bye"), sealed(&mut keys, 21, &[1, 0]), b"whatever".to_vec()];
    let mut socket = Socket::new(end.concat());
    secured.opener.fill(&mut socket).unwrap();
    assert_eq!(secured.opener.data(), b"bye");
    secured.opener.consume(3);
    for _ in 0..2 {
        secured.opener.fill(&mut socket).unwrap();
        assert_eq!(secured.opener.data(), b"");
    }
    // The other direction is still open.
    let mut out = Vec::new();
    assert!(secured.sealer.seal(b"last words", &mut out));
    secured.sealer.close(&mut out);
    secured.sealer.close(&mut out);
    assert!(!secured.sealer.seal(b"too late", &mut out));
    let expected = [(23, b"last words".to_vec()), (21, vec![1, 0])];
    assert_eq!(contents(&out, &mut client_keys()), expected);
}

/// The other side's first record may not be in the clear either: anybody could write an end that nobody has meant.
#[test]
fn an_end_in_the_clear_is_none() {
    for (mut secured, _) in [client(), server()] {
        let error = secured.opener.fill(&mut Socket::new(record(21, &[1, 0]))).unwrap_err();
        let expected = TlsError::Found(Alert::UNEXPECTED_MESSAGE);
        assert_eq!(TlsError::of(&error), Some(expected));
    }
}

#[test]
fn an_alert_ends_both_directions() {
    let (mut secured, mut keys) = client();
    let mut socket = Socket::new(sealed(&mut keys, 21, &[2, 20]));
    let error = secured.opener.fill(&mut socket).unwrap_err();
    assert_eq!(TlsError::of(&error), Some(TlsError::Received(Alert::BAD_RECORD_MAC)));
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!(error.to_string(), "TLS: the other side says bad_record_mac");
    let mut out = Vec::new();
    assert!(!secured.sealer.seal(b"Hello?", &mut out));
    assert_eq!(out, []);
}

#[test]
fn key_updates_are_followed_and_answered_once() {
    let (mut secured, mut keys) = client();
    let mut bytes = Vec::new();
    for round in 0..100_u8 {
        bytes.extend(sealed(&mut keys, 22, &message(24, &[round % 2])));
        keys.update();
        if round % 31 == 30 {
            bytes.extend(sealed(&mut keys, 23, &[round]));
        }
    }
    let mut socket = Socket::new(bytes);
    assert_eq!(read_all(&mut secured.opener, &mut socket), [30, 61, 92]);
    let mut out = Vec::new();
    secured.sealer.seal(b"answer", &mut out);
    let first = out.len();
    secured.sealer.seal(b"more", &mut out);
    let mut old = client_keys();
    assert_eq!(contents(&out[..27], &mut old), [(22, UPDATE.to_vec())]);
    old.update();
    assert_eq!(contents(&out[27..first], &mut old), [(23, b"answer".to_vec())]);
    assert_eq!(contents(&out[first..], &mut old), [(23, b"more".to_vec())]);
}

#[test]
fn empty_records_do_not_count_between_key_updates() {
    let (mut secured, mut keys) = client();
    let mut bytes = Vec::new();
    for _ in 0..32 {
        bytes.extend(sealed(&mut keys, 22, &UPDATE));
        keys.update();
        bytes.extend(sealed(&mut keys, 23, &[]));
    }
    let mut socket = Socket::new(bytes);
    let error = loop {
        let error = secured.opener.fill(&mut socket).unwrap_err();
        if error.kind() != ErrorKind::WouldBlock || socket.bytes.is_empty() {
            break error;
        }
    };
    assert_eq!(TlsError::of(&error), Some(TlsError::Found(Alert::UNEXPECTED_MESSAGE)));
}

#[test]
fn only_a_client_gets_tickets() {
    let (mut secured, mut keys) = server();
    let mut socket = Socket::new(sealed(&mut keys, 22, &message(4, &[0; 40])));
    let error = secured.opener.fill(&mut socket).unwrap_err();
    assert_eq!(TlsError::of(&error), Some(TlsError::Found(Alert::UNEXPECTED_MESSAGE)));
}

#[test]
fn each_record_is_22_bytes_longer_than_its_data() {
    let (mut secured, _) = client();
    let mut keys = client_keys();
    for (length, records) in [(0, 0), (1, 1), (16384, 1), (16385, 2), (100_000, 7)] {
        let (data, mut out) = (vec![7; length], Vec::new());
        assert!(secured.sealer.seal(&data, &mut out));
        assert_eq!(out.len(), length + 22 * records);
        let pieces = contents(&out, &mut keys);
        assert!(pieces.iter().all(|(kind, piece)| *kind == 23 && piece.len() <= 16384));
        assert_eq!(pieces.iter().flat_map(|(_, piece)| piece.clone()).collect::<Vec<_>>(), data);
    }
}

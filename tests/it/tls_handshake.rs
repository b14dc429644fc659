//! Both roles against each other: over a socket, byte by byte, with keys that do not fit, and with a key log.

use std::fs;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;

use p2p_chat::io_error::is_waiting;
use p2p_chat::tls::client::connect_with;
use p2p_chat::tls::key_schedule::EarlySecret;
use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::server::accept_with;
use p2p_chat::tls::sha256::Sha256;
use p2p_chat::tls::{Alert, KeyLog, Keyring, Secured, SharedKey, TlsError, accept, connect};

use crate::support::Folder;
use crate::tls::{
    Hello, Trace, accepted, class_key, client_draws, connected, error, hex, record, sealed,
    server_draws,
};

/// Both results of a handshake over a socket, the client's first, and the sockets.
type Met = [(io::Result<Secured>, TcpStream); 2];

/// Runs both roles against each other over a socket.
fn meet(key: &SharedKey, keyring: &(impl Keyring + Sync)) -> Met {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    thread::scope(|scope| {
        let accepted = scope.spawn(|| accept((&[], &mut &server), &mut &server, keyring, None));
        let connected = connect(&mut &client, &mut &client, key, None);
        let accepted = accepted.join().unwrap();
        [(connected, client.try_clone().unwrap()), (accepted, server.try_clone().unwrap())]
    })
}

/// Sends words from one side to the other.
fn say(from: &mut (Secured, TcpStream), to: &mut (Secured, TcpStream), words: &[u8]) {
    let mut out = Vec::new();
    assert!(from.0.sealer.seal(words, &mut out));
    io::Write::write_all(&mut from.1, &out).unwrap();
    while to.0.opener.data().len() < words.len() {
        match to.0.opener.fill(&mut to.1) {
            Err(error) if !is_waiting(&error) => panic!("{error}"),
            _ => {}
        }
    }
    assert_eq!(to.0.opener.data(), words);
    to.0.opener.consume(words.len());
}

#[test]
fn both_roles_meet_over_a_socket() {
    let mut codes = Vec::new();
    for _ in 0..2 {
        let [(client, c), (server, s)] = meet(&class_key(), &class_key());
        let (mut client, mut server) = ((client.unwrap(), c), (server.unwrap(), s));
        let code =
            |secured: &Secured| secured.exporter.export::<32>("EXPERIMENTAL-p2p-chat-code", b"");
        assert_eq!(code(&client.0), code(&server.0));
        codes.push(code(&client.0));
        for words in [&b"Hello"[..], b"x", &[7; 1000]] {
            say(&mut client, &mut server, words);
            say(&mut server, &mut client, words);
        }
    }
    assert_ne!(codes[0], codes[1], "each connection has keys of its own");
}

/// A server's thread for a client has no more than this.
#[test]
fn a_handshake_needs_little_stack() {
    let flights = Trace::usual().client_flights();
    let run = move || accepted(&flights).0.is_ok();
    let thread = thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn no_log_can_hold_a_key() {
    let trace = Trace::usual();
    let secured = accepted(&trace.client_flights()).0.unwrap();
    let shown = format!("{:?} {secured:?}", class_key()).replace(": 0", "");
    for secret in [&class_key().key[..], &trace.traffic[0], &trace.traffic[1]] {
        let numbers = format!("{secret:?}");
        assert!(!shown.contains(&numbers[1..20]) && !shown.contains(&hex(secret)), "{shown}");
    }
    assert!(shown.contains("SharedKey(…)") && shown.contains("Exporter(…)"));
}

#[test]
fn a_wrong_key_and_an_unknown_one_are_told() {
    let wrong = SharedKey { key: b"another key".to_vec(), ..class_key() };
    let unknown = SharedKey { identity: b"glass".to_vec(), ..class_key() };
    for (key, alert) in [(wrong, Alert::DECRYPT_ERROR), (unknown, Alert::UNKNOWN_PSK_IDENTITY)] {
        let [(client, _), (server, _)] = meet(&key, &class_key());
        assert_eq!(error(server), TlsError::Found(alert));
        assert_eq!(error(client), TlsError::Received(alert));
        assert!(alert.refuses_key());
    }
}

/// A keyring whose key another client has used.
struct UsedUp;

impl Keyring for UsedUp {
    fn find(&self, identities: &[&[u8]]) -> Option<(usize, Vec<u8>)> {
        class_key().find(identities)
    }

    fn use_up(&self, identity: &[u8]) -> bool {
        assert_eq!(identity, b"class");
        false
    }
}

#[test]
fn a_key_that_is_used_up_lets_nobody_in() {
    let [(client, mut socket), (server, _)] = meet(&class_key(), &UsedUp);
    assert_eq!(error(server), TlsError::Found(Alert::UNKNOWN_PSK_IDENTITY));
    let error = client.unwrap().opener.fill(&mut socket).unwrap_err();
    let told = TlsError::Received(Alert::UNKNOWN_PSK_IDENTITY);
    assert_eq!(TlsError::of(&error), Some(told));
}

/// A replayed ClientHello has a valid binder. What it lacks is the Finished, and so the key is still there.
#[test]
fn a_replayed_hello_uses_no_key_up() {
    struct Never;
    impl Keyring for Never {
        fn find(&self, identities: &[&[u8]]) -> Option<(usize, Vec<u8>)> {
            class_key().find(identities)
        }

        fn use_up(&self, _: &[u8]) -> bool {
            panic!("a replay uses the key up")
        }
    }
    let trace = Trace::usual();
    let replay = [record(22, &trace.client_hello), record(23, &[0; 53])].concat();
    let input = (&[][..], &mut &replay[..]);
    let result = accept_with(input, &mut Vec::new(), &Never, None, &server_draws());
    assert_eq!(error(result), TlsError::Found(Alert::BAD_RECORD_MAC));
}

#[test]
fn the_first_identity_that_is_known_is_taken() {
    let hello = Hello::of_client().extension(41, &Hello::keys(&[b"other", b"class"], &[32, 32]));
    let mut hello = Hello { bound: false, ..hello }.message(1);
    let end = hello.len();
    let early = EarlySecret::new(&class_key().key);
    let binder = early.binder(&Sha256::of(&hello[..end - 2 - 33 - 33]));
    hello[end - 32..].copy_from_slice(&binder);
    let (_, sent) = accepted(&record(22, &hello));
    let answer = Hello::of_server().extension(41, &[0, 1]);
    assert!(sent.starts_with(&record(22, &answer.message(2))));
}

/// Reads bytes in pieces, each after an interruption, then waits for ever.
struct Pieces<'a>(usize, &'a [u8], bool);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.2 = !self.2;
        if self.2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = self.0.min(into.len());
        self.1.read(&mut into[..most])
    }
}

#[test]
fn a_handshake_may_come_in_any_pieces() {
    let trace = Trace::usual();
    let (flight, flights) = (trace.server_flight(&[8, 0, 0, 2, 0, 0]), trace.client_flights());
    for piece in [1, 2, 5, 6, 50, 1000] {
        let mut input = Pieces(piece, &flight, false);
        let key = class_key();
        assert!(connect_with(&mut input, &mut Vec::new(), &key, None, &client_draws()).is_ok());
        // What was read before it was clear that this is TLS, and the rest.
        let (read, rest) = flights.split_at(piece.min(flights.len()));
        let input = (read, &mut Pieces(piece, rest, false));
        assert!(accept_with(input, &mut Vec::new(), &key, None, &server_draws()).is_ok());
    }
}

#[test]
fn a_message_may_come_in_several_records_and_a_record_have_several_messages() {
    let trace = Trace::usual();
    let extensions = [8, 0, 0, 2, 0, 0];
    let mut keys = TrafficKeys::new(trace.handshake[1]);
    let mut flight = Vec::new();
    trace.server_hello.chunks(7).for_each(|piece| flight.extend(record(22, piece)));
    flight.extend(record(20, &[1]));
    let both = [&extensions[..], &trace.finished[1]].concat();
    both.chunks(10).for_each(|piece| flight.extend(sealed(&mut keys, 22, piece)));
    assert!(connected(&flight).0.is_ok());
}

/// Data may come in the same read as the Finished. Nobody may wait for another read then.
#[test]
fn data_that_come_with_the_finished_are_there() {
    let trace = Trace::usual();
    let mut keys = TrafficKeys::new(trace.traffic[1]);
    let flight = [trace.server_flight(&[8, 0, 0, 2, 0, 0]), sealed(&mut keys, 23, b"Hello")];
    let mut secured = connected(&flight.concat()).0.unwrap();
    secured.opener.fill(&mut Pieces(1, &[], false)).unwrap();
    assert_eq!(secured.opener.data(), b"Hello");
}

#[test]
fn the_end_of_a_deadline_ends_a_handshake_without_an_alert() {
    let trace = Trace::usual();
    let flight = trace.server_flight(&[8, 0, 0, 2, 0, 0]);
    for length in [0, 3, 60, flight.len() - 1] {
        let mut sent = Vec::new();
        let mut input = Pieces(1000, &flight[..length], false);
        let result = connect_with(&mut input, &mut sent, &class_key(), None, &client_draws());
        let error = result.err().unwrap();
        assert_eq!((error.kind(), TlsError::of(&error)), (io::ErrorKind::WouldBlock, None));
        assert_eq!(sent, record(22, &trace.client_hello));
    }
}

#[test]
fn the_key_log_has_all_secrets_and_is_for_its_owner_alone() {
    let folder = Folder::fresh();
    let path = folder.path().join("keys.log");
    let log = KeyLog::open(&path).unwrap();
    let trace = Trace::usual();
    let (flight, flights) = (trace.server_flight(&[8, 0, 0, 2, 0, 0]), trace.client_flights());
    let (key, mut sink) = (class_key(), Vec::new());
    let secured =
        connect_with(&mut &flight[..], &mut sink, &key, Some(&log), &client_draws()).unwrap();
    drop(secured);
    let input = (&[][..], &mut &flights[..]);
    assert!(accept_with(input, &mut sink, &key, Some(&log), &server_draws()).is_ok());
    let random = hex(&[1; 32]);
    let line = |label: &str, secret: &[u8]| format!("{label} {random} {}", hex(secret));
    let expected = [
        line("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &trace.handshake[0]),
        line("SERVER_HANDSHAKE_TRAFFIC_SECRET", &trace.handshake[1]),
        line("CLIENT_TRAFFIC_SECRET_0", &trace.traffic[0]),
        line("SERVER_TRAFFIC_SECRET_0", &trace.traffic[1]),
    ];
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(
        (&lines[..4], &lines[5..9]),
        (&expected.each_ref().map(|it| &it[..])[..], &lines[..4])
    );
    assert!(lines[4].starts_with("EXPORTER_SECRET 0101") && lines[4] == lines[9]);
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

//! `/query` through NATs: a client finds its peer by PUNCH, says nothing before, and sends nobody else more than a
//! little.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::wire::Secret;

use crate::crypto::hmac;
use crate::driver::played::{Guest, Peer, Secrets};
use crate::secure::sealing::{Sealing, Socket};
use crate::secure::{SECURE, fresh, welcomed};
use crate::support::{Block, Client, DEADLINE, Datagrams, Played, Server, friends, lan_address};
use crate::tls::{bytes, hex};

/// What the user is told when there is no way.
const NO_WAY: &str = "no way to alice was found by UDP: \
                      /chat alice calls over TCP, and through the server if it must";

/// The played alice in a conversation with bob.
struct Alice {
    socket: Socket,
    secrets: Secrets,
    sealing: Sealing,
    number: Cell<u64>,
}

impl Alice {
    /// Bob queries her, or she him.
    fn new(is_queried: bool) -> Self {
        let [ticket, answer] = [(); 2].map(|()| Secret::random().to_string());
        let secrets = Secrets { ticket, answer };
        let (own, other) = if is_queried { ("called", "caller") } else { ("caller", "called") };
        let sealing = Sealing::of(&secrets, own, other);
        Self { socket: Socket::open(), secrets, sealing, number: Cell::new(0) }
    }

    fn address(&self) -> SocketAddr {
        self.socket.address()
    }

    /// Seals something under her next number.
    fn seals(&self, inner: &str) -> Vec<u8> {
        self.number.set(self.number.get() + 1);
        self.sealing.seals(self.number.get(), inner)
    }

    /// The next datagram that comes to a socket.
    #[track_caller]
    fn gets(&self, socket: &Socket) -> Block {
        self.sealing.opens(&socket.receives()).1
    }

    /// The next PUNCH that comes to a socket, and its Nonce.
    #[track_caller]
    fn is_punched(&self, socket: &Socket) -> String {
        let punch = self.gets(socket);
        assert_eq!((&*punch.kind, punch.names()), ("PUNCH", vec!["Nonce", "Pad"]), "{punch}");
        let nonce = punch.get("Nonce").to_owned();
        assert!(nonce.len() == 16 && nonce.bytes().all(|it| b"0123456789abcdef".contains(&it)));
        nonce
    }

    /// The next datagram that comes to a socket and is no PUNCH.
    #[track_caller]
    fn hears(&self, socket: &Socket) -> Block {
        loop {
            let block = self.gets(socket);
            if block.kind != "PUNCH" {
                return block;
            }
        }
    }

    /// Answers a PUNCH from a socket.
    fn answers(&self, socket: &Socket, to: &Client, nonce: &str) {
        socket.sends(to.address(), self.seals(&format!("PUNCHACK\r\nNonce: {nonce}\r\n\r\n")));
    }

    /// Sends a PUNCH from a socket; gives how long it is.
    fn punches(&self, socket: &Socket, to: &Client, nonce: &str) -> usize {
        let pad = ".".repeat(22);
        let punch = self.seals(&format!("PUNCH\r\nNonce: {nonce}\r\nPad: {pad}\r\n\r\n"));
        socket.sends(to.address(), &punch);
        punch.len()
    }

    /// A MSG of hers in the direction that she has opened.
    fn msg(&self, seq: u64, text: &str) -> Vec<u8> {
        let head = format!("MSG\r\nclientID: alice\r\nTicket: {}\r\n", self.secrets.ticket);
        self.seals(&format!("{head}Seq: {seq}\r\nFirst: 1\r\nText: {text}\r\n\r\n"))
    }

    /// Acknowledges a MSG of bob.
    fn acks(&self, socket: &Socket, bob: &Client, seq: u64) {
        let answer = &self.secrets.answer;
        let ack = format!("ACK\r\nAnswer: {answer}\r\nSeq: {seq}\r\nUpto: {seq}\r\n\r\n");
        socket.sends(bob.address(), self.seals(&ack));
    }

    /// The headers of her introduction, with these candidates.
    fn headers<'a>(&'a self, more: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
        let Secrets { ticket, answer } = &self.secrets;
        let all = [("Via", "udp"), ("Ticket", &**ticket), ("Answer", &**answer), SECURE];
        [&all[..], more].concat()
    }
}

/// The server introduces bob, who has asked, to alice.
#[track_caller]
fn introduces(guest: &mut Guest, alice: &Alice, listed: SocketAddr, seen: SocketAddr) {
    guest.wire.gets("BRIDGE").has(&[("Peer", "alice"), ("Via", "udp")]);
    let (peer, seen) = (Peer::new("alice", listed, 1), seen.to_string());
    let headers = [vec![("ID", "1")], alice.headers(&[("Seen", &seen)])].concat();
    guest.wire.sends(peer.block("BRIDGEACK", &[], &headers));
}

/// The server tells bob that somebody queries him, who is seen there.
fn calls(guest: &mut Guest, name: &str, id: u64, alice: &Alice, seen: SocketAddr) {
    let (id, peer) = (id.to_string(), Peer::new(name, seen, id));
    let seen = seen.to_string();
    guest.wire.sends(peer.block("CALL", &[("ID", &id)], &alice.headers(&[("Seen", &seen)])));
}

/// Bob, who queries the played alice; she is seen where she is.
#[track_caller]
fn bob_queries_alice() -> (Played, Client, Guest, Alice) {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let alice = Alice::new(true);
    bob.types("/query alice");
    introduces(&mut guest, &alice, alice.address(), alice.address());
    bob.sees_line(&format!("conversation with alice {} (udp) is open", alice.address()));
    (server, bob, guest, alice)
}

/// The same, after she has answered.
#[track_caller]
fn bob_has_a_way_to_alice() -> (Played, Client, Guest, Alice) {
    let (server, bob, guest, alice) = bob_queries_alice();
    let nonce = alice.is_punched(&alice.socket);
    alice.answers(&alice.socket, &bob, &nonce);
    bob.types("/msg hi");
    alice.hears(&alice.socket).has(&[("Seq", "1"), ("Text", "hi")]);
    alice.acks(&alice.socket, &bob, 1);
    bob.sees_line("Delivered to alice (udp): hi");
    (server, bob, guest, alice)
}

#[test]
fn a_text_waits_until_the_peer_has_answered_a_punch() {
    let (_server, bob, _guest, alice) = bob_queries_alice();
    bob.types("/msg hi");
    let since = Instant::now();
    let nonces = [(); 4].map(|()| alice.is_punched(&alice.socket));
    assert!(since.elapsed() > Duration::from_millis(300), "0, .1, .2, .4 s");
    assert!(nonces.iter().all(|nonce| *nonce == nonces[0]), "{nonces:?}");
    alice.answers(&alice.socket, &bob, &nonces[0]);
    alice.hears(&alice.socket).has(&[("Seq", "1"), ("First", "1"), ("Text", "hi")]);
    // The way is found: nothing more is punched.
    alice.acks(&alice.socket, &bob, 1);
    bob.asks_line("/msg again", "Sent to alice (ID 1): again");
    let mut next = std::iter::repeat_with(|| alice.gets(&alice.socket));
    let next = next.find(|block| block.kind != "MSG" || block.number("Seq") != 1);
    next.unwrap().has(&[("Seq", "2"), ("Text", "again")]);
}

#[test]
fn an_answer_from_elsewhere_or_with_another_nonce_proves_nothing() {
    let (_server, bob, _guest, alice) = bob_queries_alice();
    bob.types("/msg hi");
    let (nonce, third) = (alice.is_punched(&alice.socket), Socket::open());
    alice.answers(&third, &bob, &nonce);
    alice.answers(&alice.socket, &bob, "0123456789abcdef");
    let plain = format!("PUNCHACK\r\nNonce: {nonce}\r\n\r\n");
    alice.socket.sends(bob.address(), plain);
    for _ in 0..3 {
        alice.is_punched(&alice.socket);
    }
    alice.answers(&alice.socket, &bob, &nonce);
    assert_eq!(alice.hears(&alice.socket).kind, "MSG");
    bob.asks("/peers", "1 datagram from a stranger was dropped");
    third.0.set_nonblocking(true).unwrap();
    assert!(third.0.recv(&mut [0; 1]).is_err(), "the third one was sent something");
}

#[test]
fn a_peer_that_comes_from_where_nobody_has_seen_it_is_found_there() {
    let (_server, bob, _guest, alice) = bob_queries_alice();
    bob.types("/msg hi");
    let elsewhere = Socket::open();
    let length = alice.punches(&elsewhere, &bob, "00112233445566ff");
    let ack = elsewhere.receives();
    assert!(ack.len() <= length, "the answer has {} bytes, its question {length}", ack.len());
    let (_, ack) = alice.sealing.opens(&ack);
    assert_eq!(ack.kind, "PUNCHACK");
    ack.has_exactly(&[("Nonce", "00112233445566ff")]);
    let [there, here] = [&elsewhere, &alice.socket].map(|socket| alice.is_punched(socket));
    assert_ne!(there, here);
    alice.answers(&elsewhere, &bob, &there);
    alice.hears(&elsewhere).has(&[("Text", "hi")]);
    bob.asks("/peers", &format!("* alice {} udp (verified, not", elsewhere.address()));
}

#[test]
fn no_answer_is_longer_than_its_question_whatever_their_numbers() {
    let (_server, bob, _guest, alice) = bob_queries_alice();
    for _ in 0..1_005 {
        let length = alice.punches(&alice.socket, &bob, "00112233445566ff");
        loop {
            let came = alice.socket.receives();
            if alice.sealing.opens(&came).1.kind == "PUNCHACK" {
                assert!(came.len() <= length, "{} bytes for {length}", came.len());
                break;
            }
        }
        // Her numbers stay short, and bob's grow.
        alice.number.set(alice.number.get().min(9_999));
    }
}

#[test]
fn without_a_way_texts_are_reported_and_another_query_asks_anew() {
    let (_server, bob, mut guest, alice) = bob_queries_alice();
    bob.types("/msg one");
    bob.types("/msg two");
    let since = Instant::now();
    for _ in 0..8 {
        alice.is_punched(&alice.socket);
    }
    bob.sees_line("not delivered to alice: one");
    bob.sees_line("not delivered to alice: two");
    bob.sees_line(NO_WAY);
    assert!(since.elapsed() < Duration::from_secs(6), "{:?}", since.elapsed());
    bob.asks_line("/msg three", "not sent, no way to alice was found: three");
    bob.types("/query alice");
    let alice = Alice::new(true);
    introduces(&mut guest, &alice, alice.address(), alice.address());
    let nonce = alice.is_punched(&alice.socket);
    alice.answers(&alice.socket, &bob, &nonce);
    bob.types("/msg four");
    alice.hears(&alice.socket).has(&[("Seq", "1"), ("Text", "four")]);
}

#[test]
fn a_peer_that_comes_after_the_last_punch_is_found_all_the_same() {
    let (_server, bob, _guest, alice) = bob_queries_alice();
    bob.sees_line(NO_WAY);
    while let Ok(1..) = alice.socket.0.peek(&mut [0; 2_000]) {
        alice.socket.receives();
        alice.socket.0.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    }
    alice.socket.0.set_read_timeout(Some(DEADLINE)).unwrap();
    alice.punches(&alice.socket, &bob, "00112233445566ff");
    let block = alice.hears(&alice.socket);
    assert_eq!(block.kind, "PUNCHACK");
    let nonce = alice.is_punched(&alice.socket);
    alice.answers(&alice.socket, &bob, &nonce);
    bob.sees_line(&format!("conversation with alice {} (udp) is open", alice.address()));
    bob.types("/msg at last");
    alice.hears(&alice.socket).has(&[("Text", "at last")]);
}

#[test]
fn what_comes_before_its_introduction_is_no_strangers() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let [alice, mut carol] = [(); 2].map(|()| Alice::new(false));
    calls(&mut guest, "carol", 3, &carol, carol.address());
    assert_eq!(carol.gets(&carol.socket).kind, "PUNCH");
    carol.socket = alice.socket.try_clone();
    alice.punches(&alice.socket, &bob, "00112233445566ff");
    // He has had it when he has answered what comes behind it.
    carol.punches(&carol.socket, &bob, "ffeeddccbbaa9988");
    assert_eq!(carol.hears(&carol.socket).kind, "PUNCHACK");
    calls(&mut guest, "alice", 1, &alice, alice.address());
    let answered = std::iter::repeat_with(|| alice.socket.receives());
    let is_hers = |came: &Vec<u8>| came[13..29] == *alice.sealing.identity.as_bytes();
    let mut hers = answered.filter(is_hers).map(|came| alice.sealing.opens(&came).1);
    let answer = hers.find(|block| block.kind == "PUNCHACK").unwrap();
    answer.has(&[("Nonce", "00112233445566ff")]);
    bob.types_bytes(b"/peers\n/id\n");
    bob.sees_without("stranger", "you are bob");
}

/// Starts a thread that ends with the test.
fn begins(run: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name("datagrams".to_owned()).spawn(run).unwrap();
}

/// Counts what comes to a socket until it is told to stop.
struct Victim {
    socket: Socket,
    bytes: Arc<AtomicUsize>,
}

impl Victim {
    fn new() -> Self {
        let (socket, bytes) = (Socket::open(), Arc::<AtomicUsize>::default());
        let (own, count) = (socket.0.try_clone().unwrap(), Arc::clone(&bytes));
        own.set_read_timeout(None).unwrap();
        begins(move || {
            while let Ok(length) = own.recv(&mut [0; 2_000]) {
                count.fetch_add(length, Ordering::SeqCst);
            }
        });
        Self { socket, bytes }
    }

    /// How many bytes have come.
    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

#[test]
fn a_sealed_datagram_that_is_repeated_from_elsewhere_redirects_nothing() {
    let (_server, bob, mut guest, alice) = bob_has_a_way_to_alice();
    let theirs = Alice::new(false);
    calls(&mut guest, "alice", 1, &theirs, alice.address());
    bob.sees("Incoming query from alice ");
    // She says something, and somebody sends it on from an address that is somebody else's.
    let victim = Victim::new();
    victim.socket.sends(bob.address(), theirs.msg(1, "really mine"));
    bob.sees_line("alice (udp): really mine");
    let text = "x".repeat(900);
    for _ in 0..60 {
        bob.types(&format!("/msg {text}"));
    }
    let mut heard = BTreeSet::from([1]);
    while heard.len() < 61 {
        let came = alice.socket.receives();
        if came.windows(16).any(|it| it == theirs.sealing.identity.as_bytes()) {
            let (_, punch) = theirs.sealing.opens(&came);
            assert!(punch.kind == "PUNCH", "{punch}");
            continue;
        }
        let (_, msg) = alice.sealing.opens(&came);
        if msg.kind == "MSG" {
            alice.acks(&alice.socket, &bob, msg.number("Seq"));
            heard.insert(msg.number("Seq"));
        }
    }
    assert!(victim.bytes() < 2_000, "{} bytes for one datagram", victim.bytes());
}

#[test]
fn a_datagram_in_the_clear_that_is_repeated_from_elsewhere_redirects_nothing() {
    let (alice, mut bob) = friends(&[]);
    let victim = Victim::new();
    victim.socket.sends(alice.address(), bob.own().msg(1, 1, "really mine"));
    alice.sees_line("bob (udp): really mine");
    let text = "x".repeat(900);
    for _ in 0..60 {
        alice.types(&format!("/msg {text}"));
    }
    let mut heard = BTreeSet::new();
    while heard.len() < 60 {
        let block = bob.any();
        bob.acks(block.number("Seq"), 0);
        heard.insert(block.number("Seq"));
    }
    assert!(victim.bytes() < 4 * 1_200, "{} bytes for one datagram", victim.bytes());
}

#[test]
fn who_really_moves_is_followed_after_an_answer() {
    let (_server, bob, mut guest, alice) = bob_has_a_way_to_alice();
    let theirs = Alice::new(false);
    calls(&mut guest, "alice", 1, &theirs, alice.address());
    let nonce = loop {
        let came = alice.socket.receives();
        if came.windows(16).any(|it| it == theirs.sealing.identity.as_bytes()) {
            break theirs.sealing.opens(&came).1.get("Nonce").to_owned();
        }
    };
    theirs.answers(&alice.socket, &bob, &nonce);
    let away = Socket::open();
    away.sends(bob.address(), theirs.msg(1, "on my way"));
    bob.sees_line("alice (udp): on my way");
    assert_eq!(theirs.hears(&away).kind, "ACK");
    let nonce = theirs.is_punched(&away);
    bob.types("/msg still at home?");
    let came = alice.socket.receives();
    alice.sealing.opens(&came).1.has(&[("Text", "still at home?")]);
    alice.acks(&alice.socket, &bob, 2);
    bob.sees_line("Delivered to alice (udp): still at home?");
    theirs.answers(&away, &bob, &nonce);
    let begun = Instant::now();
    while !bob.asks("/peers", "* alice ").contains(&format!("{} udp", away.address())) {
        assert!(begun.elapsed() < DEADLINE, "bob stays with the old address");
    }
    bob.types("/msg away?");
    alice.hears(&away).has(&[("Text", "away?")]);
}

#[test]
fn hanging_up_ends_the_search_at_once() {
    let (_server, bob, mut guest, alice) = bob_queries_alice();
    alice.is_punched(&alice.socket);
    bob.asks_line("/hangup alice udp", "you ended the chat with alice (udp)");
    bob.types("/query alice");
    let anew = Alice::new(true);
    introduces(&mut guest, &anew, alice.address(), alice.address());
    // Those before may still have been on their way; then only those of the new search come, 3.2 s long.
    let mut seen = 0;
    while seen < 7 {
        let came = alice.socket.receives();
        let is_new = came.windows(16).any(|it| it == anew.sealing.identity.as_bytes());
        assert!(is_new || seen == 0, "the search goes on");
        seen += usize::from(is_new);
    }
}

#[test]
fn a_server_makes_a_client_search_for_eight_at_once_and_take_thirty_calls_a_minute() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let socket = Socket::open();
    for id in 0..=30 {
        let caller = Alice::new(false);
        calls(&mut guest, &format!("p{id}"), 100 + id, &caller, socket.address());
    }
    bob.sees_line("a query from p30 is ignored: more than 30 came in a minute");
    let mut seen = BTreeSet::new();
    let mut count = 0;
    while count < 8 * 7 {
        let came = socket.receives();
        seen.insert(String::from_utf8_lossy(&came[13..29]).into_owned());
        count += 1;
    }
    assert_eq!(seen.len(), 8, "in the first seconds");
}

#[test]
fn candidates_count_only_where_datagrams_are_sealed() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (listed, seen) = (Datagrams::open("alice"), Socket::open());
    let secrets = fresh();
    bob.types("/query alice");
    guest.wire.gets("BRIDGE");
    let (peer, at) = (Peer::new("alice", listed.address(), 1), seen.address().to_string());
    let Secrets { ticket, answer } = &secrets;
    let headers =
        [("ID", "1"), ("Via", "udp"), ("Ticket", ticket), ("Answer", answer), ("Seen", &at)];
    guest.wire.sends(peer.block("BRIDGEACK", &[], &headers));
    bob.types("/msg hi");
    listed.gets("MSG").0.has(&[("Text", "hi")]);
    seen.0.set_nonblocking(true).unwrap();
    assert!(seen.0.recv(&mut [0; 1]).is_err(), "something went to Seen");
}

#[test]
fn quitting_does_not_wait_longer_for_a_way_than_for_texts() {
    let (_server, bob, _guest, _alice) = bob_queries_alice();
    bob.types("/msg never");
    let since = Instant::now();
    bob.types("/quit");
    bob.exits(1);
    assert!(since.elapsed() < Duration::from_secs(6), "{:?}", since.elapsed());
    let output = bob.output();
    assert!(output.contains("not delivered to alice: never") || output.contains("not confirmed"));
}

/// Bob at a server that tells him this secret, and the server's socket.
#[track_caller]
fn bob_who_asks(server: &Played, secret: &str) -> (Client, Guest, Datagrams) {
    let socket = Datagrams::open_at("the server's UDP", server.port());
    let bob = Client::start("bob", server.address());
    let (mut guest, join) = server.registers(2);
    join.has(&[SECURE, ("Local", &bob.address().to_string())]);
    let told = format!("Secure: tls\r\nReflex: {secret}\r\nMessage:");
    let ack = guest.me.joinack(&[], 0).replace("Message:", &told);
    guest.wire.sends(ack);
    bob.sees("Other clients' IDs: ");
    (bob, guest, socket)
}

/// Demands that a block is a REFLEX with this number and the right proof.
#[track_caller]
fn is_reflex(block: &Block, number: u64, secret: &str) {
    assert_eq!(block.kind, "REFLEX", "{block}");
    assert_eq!(block.names(), ["clientID", "N", "Proof", "Pad"], "{block}");
    let proof = hmac(&bytes(secret), format!("bob{number}").as_bytes());
    block.has(&[("clientID", "bob"), ("N", &number.to_string()), ("Proof", &hex(&proof)[..32])]);
    let longest =
        "REFLEXACK\r\nN: 1\r\nIP: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\r\nPort: 65535\r\n\r\n";
    assert!(block.length() >= longest.len(), "{block}");
}

#[test]
fn a_client_asks_three_times_which_address_the_server_sees() {
    let (server, secret) = (Played::open(), fresh().ticket);
    let (bob, _guest, socket) = bob_who_asks(&server, &secret);
    let since = Instant::now();
    for number in 1..=3 {
        let (block, from) = socket.next();
        is_reflex(&block, number, &secret);
        assert_eq!(from, bob.address());
    }
    assert!(since.elapsed() > Duration::from_millis(300));
    assert!(socket.within(Duration::from_millis(1_500)).is_none(), "it asks on");
}

#[test]
fn an_answer_from_the_server_alone_is_believed() {
    let (server, secret) = (Played::open(), fresh().ticket);
    let (bob, _guest, socket) = bob_who_asks(&server, &secret);
    let (port, stranger) = (bob.port().to_string(), Datagrams::open("stranger"));
    is_reflex(&socket.next().0, 1, &secret);
    let answer = |number: &str| {
        Block::text("REFLEXACK", &[("N", number), ("IP", "127.0.0.1"), ("Port", &port)])
    };
    stranger.sends(bob.address(), answer("1"));
    socket.sends(bob.address(), answer("2"));
    is_reflex(&socket.next().0, 2, &secret);
    socket.sends(bob.address(), answer("2"));
    // It is his own address: there is no NAT, and nothing more to ask.
    assert!(socket.within(Duration::from_secs(1)).is_none(), "it asks on");
    bob.asks("/peers", "2 datagrams from strangers were dropped");
}

#[test]
fn a_server_without_reflex_is_asked_nothing() {
    let server = Played::open();
    let socket = Datagrams::open_at("the server's UDP", server.port());
    let (_bob, _guest) = welcomed(&server, "bob", 2);
    assert!(socket.within(Duration::from_secs(1)).is_none(), "it was asked");
}

#[test]
fn the_trace_shows_how_a_way_is_found_and_why() {
    let server = Server::start(&[]);
    let alice = Client::joined_with("alice", &server, &["--explain"]);
    let bob = Client::joined("bob", &server);
    alice.types("/query bob");
    bob.sees("Incoming query from alice ");
    alice.sees("it repeats the Nonce that was sent there: this address is proven");
    let output = alice.output();
    for part in [
        "-> server REFLEX (udp, ",
        "<- server REFLEXACK (udp, ",
        "-> bob PUNCH (udp, ",
        "<- bob PUNCHACK (udp, ",
    ] {
        assert!(output.contains(part), "{part}\n{output}");
    }
}

/// Two clients in one network that is not loopback: the lines say by which way they talk.
#[test]
fn the_lines_say_that_bytes_go_by_the_lan() {
    let Some(ip) = lan_address() else { return };
    let server = Server::start(&["--host", &ip.to_string()]);
    let alice = Client::joined("alice", &server);
    let bob = Client::joined("bob", &server);
    alice.types("/query bob");
    alice.sees_line("looking for a way to bob by UDP");
    let line = alice.sees("conversation with bob ");
    assert!(line.ends_with(" (udp, direct by the LAN) is open"), "{line}");
    alice.types("/msg hi");
    bob.sees_line("alice (udp): hi");
    let line = alice.asks("/peers", "* bob ");
    assert!(line.ends_with(" udp (verified, not encrypted; direct by the LAN)"), "{line}");
}

/// A NAT for two clients in the test's own process: what one sends to a port here comes to the other from another port.
struct Between {
    /// Where alice is for bob, and bob for alice.
    seen: [SocketAddr; 2],
}

/// How the two NATs filter: whether what comes to a socket passes, by what has gone the other way.
#[derive(Clone, Copy, PartialEq)]
enum Filter {
    /// Only after something has gone out to the other one.
    BothRestricted,
    /// What alice sends comes from a port that nobody has announced; what goes to the announced one is lost.
    AliceSymmetric,
    /// The same at both.
    BothSymmetric,
}

impl Between {
    fn new(filter: Filter) -> (Self, Arc<OnceLock<[SocketAddr; 2]>>) {
        // Which clients they are is known later.
        let clients = Arc::<OnceLock<[SocketAddr; 2]>>::default();
        let open = || Arc::new(UdpSocket::bind(("127.0.0.1", 0)).unwrap());
        // What bob sends to alice goes to `announced[0]`, and what alice sends comes to bob from there or from
        // `hidden`.
        let (announced, hidden) = ([open(), open()], open());
        let seen = [0, 1].map(|at: usize| announced[at].local_addr().unwrap());
        let went = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let listen = |socket: Arc<UdpSocket>, to: usize, back: Arc<UdpSocket>, is_open: bool| {
            let (clients, went) = (Arc::clone(&clients), Arc::clone(&went));
            begins(move || {
                let mut bytes = [0; 2_000];
                while let Ok((length, _)) = socket.recv_from(&mut bytes) {
                    went[1 - to].fetch_add(1, Ordering::SeqCst);
                    let is_expected = went[to].load(Ordering::SeqCst) > 0;
                    if is_open
                        && is_expected
                        && let Some(clients) = clients.get()
                    {
                        let _ = back.send_to(&bytes[..length], clients[to]);
                    }
                }
            });
        };
        let [alice, bob] = announced;
        match filter {
            Filter::BothRestricted => {
                listen(Arc::clone(&alice), 0, Arc::clone(&bob), true);
                listen(bob, 1, alice, true);
            }
            Filter::AliceSymmetric => {
                listen(alice, 0, Arc::clone(&bob), false);
                listen(Arc::clone(&hidden), 0, Arc::clone(&bob), true);
                listen(bob, 1, hidden, true);
            }
            Filter::BothSymmetric => {
                listen(Arc::clone(&alice), 0, Arc::clone(&bob), false);
                listen(bob, 1, alice, false);
            }
        }
        (Self { seen }, clients)
    }
}

/// Lets a client query the other one; the server tells each where the other is seen.
#[track_caller]
fn queries_the_other(
    client: &Client,
    [own, called]: [&mut Guest; 2],
    (name, id, here): (&str, u64, SocketAddr),
    (other, other_id, there): (&str, u64, SocketAddr),
) {
    client.types(&format!("/query {other}"));
    own.wire.gets("BRIDGE");
    let secrets = Alice::new(true);
    calls(called, name, id, &secrets, here);
    let (id, seen) = (other_id.to_string(), there.to_string());
    let headers = [vec![("ID", &*id)], secrets.headers(&[("Seen", &seen)])].concat();
    own.wire.sends(Peer::new(other, there, other_id).block("BRIDGEACK", &[], &headers));
    client.sees(&format!("conversation with {other} "));
}

/// Two real clients, each behind a NAT, and a played server that introduces them when alice queries bob.
#[track_caller]
fn alice_queries_bob_through(filter: Filter) -> (Played, [Client; 2], [Guest; 2]) {
    let (between, clients) = Between::new(filter);
    let server = Played::open();
    let (alice, mut one) = welcomed(&server, "alice", 1);
    let (bob, mut two) = welcomed(&server, "bob", 2);
    clients.set([alice.address(), bob.address()]).unwrap();
    let [at_alice, at_bob] = between.seen;
    queries_the_other(&alice, [&mut one, &mut two], ("alice", 1, at_alice), ("bob", 2, at_bob));
    queries_the_other(&bob, [&mut two, &mut one], ("bob", 2, at_bob), ("alice", 1, at_alice));
    (server, [alice, bob], [one, two])
}

/// Two clients find each other through these NATs, and texts go both ways.
fn talk_through(filter: Filter) {
    let (_server, [alice, bob], _guests) = alice_queries_bob_through(filter);
    for number in 0..5 {
        alice.types(&format!("/msg {number} from alice"));
        bob.types(&format!("/msg {number} from bob"));
        bob.sees_line(&format!("alice (udp): {number} from alice"));
        alice.sees_line(&format!("bob (udp): {number} from bob"));
    }
    alice.asks_line("/msg the last one", "Delivered to bob (udp): the last one");
}

table! { talk_through:
    two_clients_talk_through_two_nats_that_let_in_only_answers(Filter::BothRestricted);
    two_clients_talk_although_one_of_them_has_a_port_for_each_destination(Filter::AliceSymmetric);
}

#[test]
fn two_clients_with_a_port_for_each_destination_are_told_that_there_is_no_way() {
    let (_server, [alice, bob], _guests) = alice_queries_bob_through(Filter::BothSymmetric);
    alice.types("/msg lost");
    alice.sees_line("not delivered to bob: lost");
    alice.sees("no way to bob was found by UDP: /chat bob ");
    bob.sees("no way to alice was found by UDP: /chat alice ");
}

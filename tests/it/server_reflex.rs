//! What the server tells of addresses behind NATs: REFLEX, and the headers Seen and Local of an introduction.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use crate::crypto::hmac;
use crate::support::{Block, DEADLINE, Datagrams, Folder, Server, Wire, lan_address};

/// The IPv4 address of the server's own machine.
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A member that knows the ways through NATs, with its secret for REFLEX.
pub struct Member {
    /// Its connection to the server.
    pub wire: Wire,
    /// Its name.
    pub name: &'static str,
    reflex: String,
}

impl Member {
    /// Joins as one that says this of its own address.
    #[track_caller]
    pub fn joins(server: &Server, name: &'static str, port: u16, local: &str) -> Self {
        let headers = [("Secure", "tls"), ("Local", local)];
        let (wire, ack) = joins(server.address(), name, port, &headers);
        let reflex = ack.get("Reflex").to_owned();
        assert!(reflex.len() == 32 && reflex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        Self { wire, name, reflex }
    }

    /// Its question with this number.
    fn question(&self, number: u64) -> String {
        question(self.name, number, &self.reflex)
    }

    /// Asks for a peer by a way, and gives what both are told.
    #[track_caller]
    pub fn is_introduced(&mut self, peer: &mut Self, via: &str) -> (Block, Block) {
        let headers = [("clientID", self.name), ("Peer", peer.name), ("Via", via)];
        self.wire.asks("BRIDGE", &headers);
        let (answer, call) = (self.wire.skips_to("BRIDGEACK"), peer.wire.skips_to("CALL"));
        answer.has(&[("Via", via)]);
        call.has(&[("Via", via)]);
        (answer, call)
    }
}

/// Joins with these headers, and gives JOINACK.
#[track_caller]
fn joins(at: SocketAddr, name: &str, port: u16, more: &[(&str, &str)]) -> (Wire, Block) {
    let mut wire = Wire::connect(name, at);
    wire.registers(name, port);
    wire.asks("JOIN", &[&[("clientID", name)], more].concat());
    let ack = wire.skips_to("JOINACK");
    (wire, ack)
}

/// Bytes as digits.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A question of somebody with this secret.
fn question(name: &str, number: u64, reflex: &str) -> String {
    let key: Vec<u8> = (0..16).map(|at| digit(&reflex[2 * at..2 * at + 2])).collect();
    let proof = digits(&hmac(&key, format!("{name}{number}").as_bytes())[..16]);
    with_proof(name, number, &proof)
}

/// The byte that two digits are.
fn digit(two: &str) -> u8 {
    u8::from_str_radix(two, 16).unwrap()
}

/// A question with this proof.
fn with_proof(name: &str, number: u64, proof: &str) -> String {
    let pad = "x".repeat(40);
    format!("REFLEX\r\nclientID: {name}\r\nN: {number}\r\nProof: {proof}\r\nPad: {pad}\r\n\r\n")
}

/// Sends these, none of which may be answered, and then a question that must be the first to be.
#[track_caller]
fn only_the_last_is_answered(
    socket: &Datagrams,
    to: SocketAddr,
    silent: &[String],
    last: (&Member, u64),
) {
    for datagram in silent {
        socket.sends(to, datagram);
    }
    let (member, number) = last;
    is_answered(socket, to, &member.question(number), number);
}

/// Sends a question, and demands its answer.
#[track_caller]
fn is_answered(socket: &Datagrams, to: SocketAddr, question: &str, number: u64) {
    socket.sends(to, question);
    let (answer, from) = socket.gets_until(Instant::now() + DEADLINE).expect("no answer");
    assert_eq!(from, to);
    assert_eq!(answer.kind, "REFLEXACK");
    let (ip, port) = (socket.address().ip().to_string(), socket.port().to_string());
    answer.has_exactly(&[("N", &number.to_string()), ("IP", &ip), ("Port", &port)]);
    assert!(answer.to_string().len() <= question.len(), "{answer}");
}

#[test]
fn a_member_is_told_where_its_datagrams_come_from() {
    let server = Server::start(&[]);
    let alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let socket = Datagrams::open("alice's socket");
    for number in [1, 2, 7, u64::MAX] {
        is_answered(&socket, server.address(), &alice.question(number), number);
    }
}

#[test]
fn only_who_says_local_beside_secure_has_a_secret() {
    let server = Server::start(&[]);
    let (tls, local) = (("Secure", "tls"), ("Local", "127.0.0.1:20001"));
    let without: [&[(&str, &str)]; 5] =
        [&[], &[tls], &[local], &[("Secure", "ssl"), local], &[tls, ("Local", "here")]];
    for (number, headers) in (1..).zip(without) {
        let (_wire, ack) = joins(server.address(), &format!("client{number}"), 20_001, headers);
        assert_eq!(ack.find("Reflex"), None, "{headers:?}");
    }
    let secrets =
        ["alice", "bob"].map(|name| Member::joins(&server, name, 20_001, "127.0.0.1:20001").reflex);
    assert_ne!(secrets[0], secrets[1]);
}

#[test]
fn strangers_and_wrong_questions_are_not_answered() {
    let server = Server::start(&[]);
    let alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let bob = Member::joins(&server, "bob", 20_002, "127.0.0.1:20002");
    let socket = Datagrams::open("a socket");
    let right = alice.question(3);
    let zeros = "0".repeat(32);
    let silent = [
        with_proof("alice", 3, &zeros),
        with_proof("nobody", 3, &zeros),
        question("alice", 3, &bob.reflex),
        question("nobody", 3, &alice.reflex),
        right.replace("N: 3", "N: 4"),
        right.replace("N: 3", "N: -3"),
        right.replace("alice", "bob"),
        right.replace("REFLEX", "REFLEXACK"),
        right.replace("Proof", "Prove"),
        format!("{right}{right}"),
        format!("{right}\r\n"),
        right.trim_end().to_owned(),
        right.replace("Pad: ", &format!("Pad: {}", "x".repeat(4_000))),
        String::new(),
        "INFO\r\n\r\n".to_owned(),
    ];
    only_the_last_is_answered(&socket, server.address(), &silent, (&alice, 3));
}

#[test]
fn no_answer_is_longer_than_its_question() {
    let server = Server::start(&[]);
    let alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let socket = Datagrams::open("a socket");
    // The proof alone makes the shortest question longer than an answer with an IPv4 address.
    let short =
        alice.question(1).lines().filter(|line| !line.starts_with("Pad")).fold(
            String::new(),
            |text, line| if line.is_empty() { text } else { text + line + "\n" },
        ) + "\n";
    is_answered(&socket, server.address(), &short, 1);
}

#[test]
fn a_number_counts_once_and_must_rise() {
    let server = Server::start(&[]);
    let mut alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let mut bob = Member::joins(&server, "bob", 20_002, "127.0.0.1:20002");
    let (own, thief) = (Datagrams::open("alice's socket"), Datagrams::open("a thief"));
    is_answered(&own, server.address(), &alice.question(5), 5);
    // A thief that has seen the question repeats it from elsewhere, and no answer may come of that.
    for number in [5, 4, 0] {
        thief.sends(server.address(), alice.question(number));
    }
    only_the_last_is_answered(&own, server.address(), &[alice.question(5)], (&alice, 6));
    assert!(thief.gets_until(Instant::now()).is_none());
    let (_, call) = alice.is_introduced(&mut bob, "udp");
    call.has(&[("Seen", &own.address().to_string())]);
}

#[test]
fn a_secret_ends_with_its_membership() {
    let server = Server::start(&[]);
    let mut bob = Member::joins(&server, "bob", 20_002, "127.0.0.1:20002");
    let first = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let socket = Datagrams::open("alice's socket");
    is_answered(&socket, server.address(), &first.question(1), 1);
    let (stale, Member { mut wire, .. }) = (first.question(9), first);
    wire.asks("QUIT", &[]);
    bob.wire.skips_to("LEFT").has(&[("clientID", "alice")]);
    let mut alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    // What was seen of the one before her is not hers.
    let (_, call) = alice.is_introduced(&mut bob, "udp");
    call.has(&[("Seen", "127.0.0.1:20001")]);
    only_the_last_is_answered(&socket, server.address(), &[stale], (&alice, 1));
}

#[test]
fn both_are_told_where_the_other_one_is_seen() {
    let server = Server::start(&[]);
    let mut alice = Member::joins(&server, "alice", 20_001, "192.168.1.7:20001");
    let mut bob = Member::joins(&server, "bob", 20_002, "127.0.0.1:30002");
    for via in ["tcp", "udp", "back"] {
        let (answer, call) = alice.is_introduced(&mut bob, via);
        answer.has(&[("Seen", "127.0.0.1:20002"), ("Local", "127.0.0.1:30002")]);
        call.has(&[("Seen", "127.0.0.1:20001"), ("Local", "192.168.1.7:20001")]);
    }
    let socket = Datagrams::open("bob's socket");
    is_answered(&socket, server.address(), &bob.question(1), 1);
    let (answer, _) = alice.is_introduced(&mut bob, "udp");
    answer.has(&[("Seen", &socket.address().to_string()), ("Port", "20002")]);
}

#[test]
fn who_does_not_know_the_ways_is_introduced_as_before() {
    let server = Server::start(&[]);
    let mut alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let (mut bob, _) = joins(server.address(), "bob", 20_002, &[("Secure", "tls")]);
    {
        let (asker, peer, called) = (&mut alice.wire, "bob", &mut bob);
        asker.asks("BRIDGE", &[("clientID", "alice"), ("Peer", peer), ("Via", "udp")]);
        for block in [asker.skips_to("BRIDGEACK"), called.skips_to("CALL")] {
            assert_eq!((block.find("Seen"), block.find("Local")), (None, None), "{block}");
        }
        for via in ["back", "relay"] {
            asker.asks("BRIDGE", &[("clientID", "alice"), ("Peer", peer), ("Via", via)]);
            asker.refuses("BRIDGE", "no-such-call");
        }
        called.asks("BRIDGE", &[("clientID", peer), ("Peer", "alice"), ("Via", "back")]);
        called.refuses("BRIDGE", "no-such-call");
        asker.hears_nothing();
    }
    let mut carol = server.registered("carol", 20_003);
    carol.asks("BRIDGE", &[("clientID", "carol"), ("Peer", "alice"), ("Via", "back")]);
    carol.refuses("BRIDGE", "no-such-call");
    carol.asks("BRIDGE", &[("clientID", "carol"), ("Peer", "alice")]);
    let answer = carol.gets("BRIDGEACK");
    answer.has_exactly(&[("clientID", "alice"), ("IP", "127.0.0.1"), ("Port", "20001")]);
}

#[test]
fn an_own_address_that_could_harm_others_is_not_told() {
    let server = Server::start(&[]);
    let mut bob = Member::joins(&server, "bob", 20_002, "127.0.0.1:20002");
    let told = [
        "127.0.0.1:1024",
        "10.1.2.3:4000",
        "172.31.0.1:4000",
        "192.168.0.9:4000",
        "[fd00::1]:4000",
    ];
    let kept = [
        "203.0.113.7:4000",
        "127.0.0.1:1023",
        "10.1.2.3:53",
        "0.0.0.0:4000",
        "224.0.0.1:4000",
        "255.255.255.255:4000",
        "169.254.1.1:4000",
        "172.32.0.1:4000",
        "[::]:4000",
        "[ff02::1]:4000",
        "[2001:db8::1]:4000",
        "[fe80::1]:4000",
    ];
    let all = told.iter().map(|local| (local, true)).chain(kept.iter().map(|local| (local, false)));
    for (local, is_told) in all {
        let mut alice = Member::joins(&server, "alice", 20_001, local);
        let (_, call) = alice.is_introduced(&mut bob, "udp");
        assert_eq!(call.find("Local"), is_told.then_some(*local), "{call}");
        call.has(&[("Seen", "127.0.0.1:20001")]);
        alice.wire.asks("QUIT", &[]);
        bob.wire.skips_to("LEFT");
    }
}

#[test]
fn only_who_is_seen_at_the_same_ip_is_told_an_own_address() {
    let Some(own) = lan_address() else { return };
    let server = Server::start(&["--host", "0.0.0.0"]);
    let near = SocketAddr::from((HERE, server.port()));
    let far = SocketAddr::from((own, server.port()));
    let local = [("Secure", "tls"), ("Local", "10.0.0.7:20001")];
    let loopback = [("Secure", "tls"), ("Local", "127.0.0.1:20003")];
    let (mut alice, _) = joins(near, "alice", 20_001, &local);
    let (mut bob, _) = joins(far, "bob", 20_002, &local);
    let (mut carol, _) = joins(far, "carol", 20_003, &loopback);
    for (peer, wire) in [("bob", &mut bob), ("carol", &mut carol)] {
        alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", peer)]);
        for block in [alice.skips_to("BRIDGEACK"), wire.skips_to("CALL")] {
            assert!(block.find("Seen").is_some(), "{block}");
            assert_eq!(block.find("Local"), None, "{block}");
        }
    }
    // Loopback means oneself: it is told to nobody by a client that is not seen there.
    bob.asks("BRIDGE", &[("clientID", "bob"), ("Peer", "carol")]);
    assert_eq!(bob.skips_to("BRIDGEACK").find("Local"), None);
    carol.skips_to("CALL").has(&[("Local", "10.0.0.7:20001")]);
}

#[test]
fn a_member_cannot_have_itself_seen_at_another_host() {
    let Some(own) = lan_address() else { return };
    let server = Server::start(&["--host", "0.0.0.0"]);
    let near = SocketAddr::from((HERE, server.port()));
    let alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let far = UdpSocket::bind((own, 0)).unwrap();
    far.send_to(alice.question(1).as_bytes(), (own, server.port())).unwrap();
    let socket = Datagrams::open("alice's socket");
    is_answered(&socket, near, &alice.question(1), 1);
}

#[test]
fn by_ipv6_it_is_the_same() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("not checked: this machine has no IPv6");
        return;
    }
    let server = Server::start(&["--host", "::"]);
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, server.port()));
    let headers = [("Secure", "tls"), ("Local", "[::1]:20001")];
    let (_wire, ack) = joins(six, "alice", 20_001, &headers);
    let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let ask = |number| {
        socket.send_to(question("alice", number, ack.get("Reflex")).as_bytes(), six).unwrap();
        let mut buffer = [0; 2_000];
        let count = socket.recv(&mut buffer).unwrap();
        Block::datagram(&buffer[..count]).unwrap()
    };
    let port = socket.local_addr().unwrap().port().to_string();
    ask(1).has_exactly(&[("N", "1"), ("IP", "::1"), ("Port", &port)]);
    // Seen through the same socket, an IPv4 address is one.
    let four = SocketAddr::from((HERE, server.port()));
    let (_wire, ack) = joins(four, "bob", 20_002, &headers);
    is_answered(&Datagrams::open("bob's socket"), four, &question("bob", 1, ack.get("Reflex")), 1);
}

#[test]
fn a_flood_of_datagrams_delays_nobody() {
    let server = Server::start(&[]);
    let alice = Member::joins(&server, "alice", 20_001, "127.0.0.1:20001");
    let mut bob = server.joined("bob", 20_002);
    let (flood, socket) = (UdpSocket::bind((HERE, 0)).unwrap(), Datagrams::open("alice's socket"));
    let wrong = with_proof("alice", 9, &"0".repeat(32));
    let much = "x".repeat(60_000);
    for number in 0..10_000 {
        let datagram = if number % 100 == 0 { &much } else { &wrong };
        flood.send_to(datagram.as_bytes(), server.address()).unwrap();
    }
    bob.speaks("said in a flood");
    // What waits in the socket may be lost with it; a client asks again.
    let answered = (10..100).any(|number| {
        socket.sends(server.address(), alice.question(number));
        socket.gets_until(Instant::now() + Duration::from_millis(200)).is_some()
    });
    assert!(answered);
    flood.set_nonblocking(true).unwrap();
    assert!(flood.recv(&mut [0]).is_err());
}

#[test]
fn without_its_udp_port_the_server_goes_on() {
    let taken = Datagrams::open("somebody with the port");
    let server = Server::start_in(Folder::fresh(), taken.port(), &[]);
    server.sees(&format!("cannot bind UDP {}: ", taken.address()));
    let headers = [("Secure", "tls"), ("Local", "127.0.0.1:20001")];
    let (mut alice, ack) = joins(server.address(), "alice", 20_001, &headers);
    assert_eq!(ack.find("Reflex"), None);
    let (mut bob, _) = joins(server.address(), "bob", 20_002, &headers);
    alice.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "bob"), ("Via", "back")]);
    alice.skips_to("BRIDGEACK").has(&[("Seen", "127.0.0.1:20002")]);
    bob.skips_to("CALL").has(&[("Seen", "127.0.0.1:20001")]);
}

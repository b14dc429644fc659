//! Calls that try one way after the other: directly, with the peer asked to connect back, and through the server.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use p2p_chat::client::direct::tcp::ladder::{CONNECT, Climb, Ladder, PROOF};
use p2p_chat::client::direct::tcp::way::{Way, places};
use p2p_chat::tls::connect;
use p2p_chat::wire::Via;

use crate::driver::played::{Guest, Peer, Secrets};
use crate::secure::{SECURE, SecurePeer, chat, code, commitment, fresh, is_closed, welcomed};
use crate::support::{Client, Played, Wire, free_port};

/// A nonce.
const NONCE: &str = "00112233445566778899aabbccddeeff";

/// The headers of an introduction of two that know the ways through NATs.
fn headers<'a>(via: &'a str, secrets: &'a Secrets, seen: &'a str) -> Vec<(&'static str, &'a str)> {
    let secrets = [("Ticket", &*secrets.ticket), ("Answer", &*secrets.answer)];
    [&[("Via", via)], &secrets[..], &[SECURE, ("Seen", seen)]].concat()
}

/// The client asks for this way to a peer, and gets it.
#[track_caller]
fn introduces(guest: &mut Guest, peer: &Peer, via: &str) -> Secrets {
    let bridge = guest.wire.gets("BRIDGE");
    bridge.has(&[("Via", via)]);
    gives(guest, peer, via)
}

/// The client gets this way to a peer.
fn gives(guest: &mut Guest, peer: &Peer, via: &str) -> Secrets {
    let (secrets, id, seen) = (fresh(), peer.id.to_string(), peer.address.to_string());
    let more = headers(via, &secrets, &seen);
    guest.wire.sends(peer.block("BRIDGEACK", &[], &[&[("ID", &*id)], &more[..]].concat()));
    secrets
}

/// The client is told that this peer calls by a way.
fn tells_of_call(guest: &mut Guest, caller: &Peer, via: &str) -> Secrets {
    let (secrets, id, seen) = (fresh(), caller.id.to_string(), caller.address.to_string());
    tells_of_call_with(guest, caller, via, &secrets, &[("ID", &id)], &seen);
    secrets
}

/// The same with these secrets.
fn tells_of_call_with(
    guest: &mut Guest,
    caller: &Peer,
    via: &str,
    secrets: &Secrets,
    before: &[(&str, &str)],
    seen: &str,
) {
    guest.wire.sends(caller.block("CALL", before, &headers(via, secrets, seen)));
}

/// Bob, where nobody listens.
fn nowhere(name: &str, id: u64) -> Peer {
    Peer::new(name, ([127, 0, 0, 1], free_port()).into(), id)
}

/// Alice's client has called bob, who is nowhere. The server is asked to let him connect.
#[track_caller]
fn alice_asks_bob_back() -> (Played, Client, Guest, Peer, Secrets) {
    let server = Played::open();
    let (alice, guest) = welcomed(&server, "alice", 1);
    let stands = alice_calls(server, alice, guest);
    stands.1.types("/msg hello, bob");
    stands
}

/// The same, and she has said nothing.
#[track_caller]
fn alice_calls(
    server: Played,
    alice: Client,
    mut guest: Guest,
) -> (Played, Client, Guest, Peer, Secrets) {
    let bob = nowhere("bob", 2);
    alice.types("/chat bob");
    introduces(&mut guest, &bob, "tcp");
    let secrets = introduces(&mut guest, &bob, "back");
    (server, alice, guest, bob, secrets)
}

/// The same, in a fresh room.
#[track_caller]
fn alice_calls_alone() -> (Played, Client, Guest, Peer, Secrets) {
    let server = Played::open();
    let (alice, guest) = welcomed(&server, "alice", 1);
    alice_calls(server, alice, guest)
}

/// Bob does not come. The server is asked to pass on what they say, and alice is there.
#[track_caller]
fn alice_asks_for_a_relay() -> (Played, Client, Guest, Peer, Secrets) {
    let (server, alice, mut guest, bob, _) = alice_asks_bob_back();
    let secrets = introduces(&mut guest, &bob, "relay");
    (server, alice, guest, bob, secrets)
}

/// The peer that calls says its first words, and is answered. Returns the code to compare.
#[track_caller]
fn calls(call: &mut SecurePeer, peer: &Peer, secrets: &Secrets) -> String {
    call.sends(chat(peer, &[("Ticket", &secrets.ticket), SECURE, ("Commit", &commitment(NONCE))]));
    let answer = call.gets("CHAT");
    answer.has(&[("Answer", &secrets.answer), SECURE]);
    call.sends(format!("NONCE\r\nNonce: {NONCE}\r\n\r\n"));
    code(call, NONCE, answer.get("Nonce"))
}

/// The peer that is called answers. Returns the code to compare.
#[track_caller]
fn answers(call: &mut SecurePeer, peer: &Peer, secrets: &Secrets) -> String {
    let words = call.gets("CHAT");
    words.has(&[("Ticket", &secrets.ticket), SECURE]);
    call.sends(chat(peer, &[("Answer", &secrets.answer), SECURE, ("Nonce", NONCE)]));
    let nonce = call.gets("NONCE").get("Nonce").to_owned();
    assert_eq!(commitment(&nonce), words.get("Commit"));
    code(call, &nonce, NONCE)
}

#[test]
fn who_cannot_be_reached_connects_back() {
    let (_server, alice, mut guest, bob, secrets) = alice_asks_bob_back();
    let mut call = SecurePeer::calls(&alice, &secrets);
    let code = calls(&mut call, &bob, &secrets);
    let address = bob.address;
    alice.sees_line(&format!(
        "chat with bob {address} is open (verified, encrypted; compare {code})"
    ));
    assert_eq!(call.line(), "hello, bob");
    call.sends("hello, alice\r\n");
    alice.sees_line("bob (direct): hello, alice");
    alice.asks("/peers", &format!("* bob {address} tcp (verified, encrypted; compare {code})"));
    // It was one chat all the time, and the calls that came to nothing were not told of.
    let told = alice.output();
    assert_eq!(
        [told.matches("calling bob").count(), told.matches("cannot").count()],
        [1, 0],
        "{told}"
    );
    guest.wire.sends("PING\r\nToken: x\r\n\r\n");
    assert_eq!(guest.wire.block("nothing more is asked for").kind, "PONG");
}

#[test]
fn somebody_who_cannot_prove_to_be_the_peer_is_no_way() {
    for says in [&b""[..], b"hello\r\n", &[21, 3, 3, 0, 2, 2, 115]] {
        let (server, stranger) = (Played::open(), Played::open());
        let (alice, mut guest) = welcomed(&server, "alice", 1);
        let bob = Peer::new("bob", stranger.address(), 2);
        alice.types("/chat bob");
        introduces(&mut guest, &bob, "tcp");
        let mut call = stranger.accepts("somebody");
        call.sends(says);
        let secrets = introduces(&mut guest, &bob, "back");
        assert_eq!(records(&is_closed(call.stream())), 1, "it has read more than a ClientHello");
        let mut call = SecurePeer::calls(&alice, &secrets);
        calls(&mut call, &bob, &secrets);
        alice.sees("chat with bob ");
    }
}

/// How many records of TLS these bytes are; all must be of the handshake.
fn records(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let [kind, _, _, high, low, ..] = *bytes {
        let is_alert = kind == 21; // says why it ends
        assert!(kind == 22 || is_alert, "{bytes:?}");
        bytes = &bytes[5 + usize::from(u16::from_be_bytes([high, low]))..];
        count += usize::from(!is_alert);
    }
    count
}

#[test]
fn the_last_way_leads_through_the_server() {
    let (server, alice, _guest, bob, secrets) = alice_asks_for_a_relay();
    let mut relay = server.accepts("the relay (played)");
    let request = relay.gets("RELAY");
    request.has_exactly(&[("clientID", "alice"), ("Ticket", &secrets.ticket)]);
    relay.sends("RELAYACK\r\n\r\n");
    let mut call = SecurePeer::answers(&relay, &secrets);
    let code = answers(&mut call, &bob, &secrets);
    assert_eq!(call.line(), "hello, bob");
    let standing = format!("(verified, encrypted; compare {code}; through the server (relayed))");
    let address = bob.address;
    alice.sees_line(&format!("chat with bob {address} is open {standing}"));
    alice.asks("/peers", &format!("* bob {address} tcp {standing}"));
    call.sends("hello, alice\r\nQUIT\r\n\r\n");
    alice.sees_line("bob (direct): hello, alice");
    alice.sees_line("bob ended the chat");
}

#[test]
fn bytes_behind_the_acknowledgement_are_the_peers() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let alice = nowhere("alice", 1);
    let secrets = tells_of_call(&mut guest, &alice, "relay");
    let mut relay = server.accepts("the relay (played)");
    relay.gets("RELAY").has_exactly(&[("clientID", "bob"), ("Answer", &secrets.answer)]);
    // The ClientHello comes in the same segment.
    let mut hello = b"RELAYACK\r\n\r\n".to_vec();
    let secured = {
        let stream = relay.stream();
        let mut first = First { before: Some(std::mem::take(&mut hello)), to: stream };
        connect(&mut &*stream, &mut first, &crate::secure::key(&secrets), None)
    };
    let stream = relay.stream().try_clone().unwrap();
    let mut call = SecurePeer::over(stream, secured.unwrap());
    let code = calls(&mut call, &alice, &secrets);
    let standing = format!("(verified, encrypted; compare {code}; through the server (relayed))");
    let address = alice.address;
    bob.sees_line(&format!("Incoming chat request from alice {address} {standing}"));
    call.sends("hello, bob\r\n");
    bob.sees_line("alice (direct): hello, bob");
    bob.types("/msg hello, alice");
    assert_eq!(call.line(), "hello, alice");
    bob.types("/hangup");
    assert_eq!(call.line(), "QUIT");
}

/// Writes something before the first bytes, in one segment.
struct First<'a> {
    before: Option<Vec<u8>>,
    to: &'a TcpStream,
}

impl std::io::Write for First<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let before = self.before.take().unwrap_or_default();
        self.to.write_all(&[&before, bytes].concat())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_client_that_is_asked_connects_to_the_caller() {
    let (server, listener) = (Played::open(), Played::open());
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let alice = Peer::new("alice", listener.address(), 1);
    let secrets = tells_of_call(&mut guest, &alice, "back");
    let mut call = SecurePeer::answers(&listener.accepts("alice"), &secrets);
    let code = answers(&mut call, &alice, &secrets);
    let address = alice.address;
    bob.sees_line(&format!(
        "Incoming chat request from alice {address} (verified, encrypted; compare {code})"
    ));
    call.sends("hello, bob\r\n");
    bob.sees_line("alice (direct): hello, bob");
    bob.types("/msg hello, alice");
    assert_eq!(call.line(), "hello, alice");
}

/// All ways fail; the user is told so in one sentence.
fn is_told_in_one_sentence(relay: Option<&str>, sentence: &str) {
    let (server, alice, mut guest, bob, _) = alice_asks_bob_back();
    let message = |code: &str, what: &str| {
        format!("ERROR\r\nFor: {code}\r\nCode: relay-full\r\nMessage: {what}\r\n\r\n")
    };
    if let Some(what) = relay {
        introduces(&mut guest, &bob, "relay");
        let mut relay = server.accepts("the relay (played)");
        relay.gets("RELAY");
        relay.sends(message("RELAY", what));
    } else {
        guest.wire.gets("BRIDGE").has(&[("Via", "relay")]);
        guest.wire.sends(message("BRIDGE", "this server relays nothing"));
    }
    let place = format!("cannot talk to bob at {}: ", bob.address);
    let told = alice.sees(&place);
    let ways =
        "no way leads there (directly: connection refused; it cannot reach you: it does not come; ";
    assert_eq!(told, format!("{place}{ways}through the server: {sentence})"));
    alice.sees_line("not delivered to bob: hello, bob");
    alice.asks("/peers", "no direct chats");
    assert_eq!(alice.output().matches("cannot").count(), 2, "{}", alice.output()); // twice in that line
}

table! { is_told_in_one_sentence:
    a_full_relay_is_told_of_in_the_sentence_about_all_ways(
        Some("all relays are in use"), "the server says: all relays are in use");
    a_server_that_relays_nothing_is_told_of_in_that_sentence(
        None, "the server says: this server relays nothing");
}

#[test]
fn a_peer_that_leaves_meanwhile_is_told_of() {
    let (_server, alice, mut guest, ..) = alice_asks_bob_back();
    let error = |code: &str| {
        format!("ERROR\r\nFor: BRIDGE\r\nCode: {code}\r\nMessage: there is no bob\r\n\r\n")
    };
    guest.wire.gets("BRIDGE").has(&[("Via", "relay"), ("Peer", "2")]);
    guest.wire.sends(error("no-such-client"));
    alice.sees("through the server: the server says: there is no bob)");
}

#[test]
fn who_hangs_up_is_not_called_any_more_by_any_way() {
    let (_server, alice, mut guest, bob, secrets) = alice_calls_alone();
    alice.types("/hangup");
    alice.sees_line("you ended the chat with bob");
    // Bob may have been asked before, or after: he is hung up on at once, or a little later.
    let stream = TcpStream::connect(alice.address()).unwrap();
    let secured = connect(&mut &stream, &mut &stream, &crate::secure::key(&secrets), None);
    if let Ok(secured) = secured {
        let mut call = SecurePeer::over(stream, secured);
        let commit = commitment(NONCE);
        call.sends(chat(&bob, &[("Ticket", &secrets.ticket), SECURE, ("Commit", &commit)]));
        assert!(call.ends().is_ok());
    }
    alice.asks("/peers", "no direct chats");
    guest.wire.sends("PING\r\nToken: x\r\n\r\n");
    assert_eq!(guest.wire.block("no other way is asked for").kind, "PONG");
    assert!(!alice.output().contains("Incoming"), "{}", alice.output());
}

#[test]
fn a_call_through_the_server_is_given_up_at_once() {
    let (server, alice, mut guest, bob, _) = alice_calls_alone();
    introduces(&mut guest, &bob, "relay");
    let mut relay = server.accepts("the relay (played)");
    relay.gets("RELAY");
    alice.asks("/peers", "* bob ");
    assert!(alice.output().contains("(calling: through the server)"), "{}", alice.output());
    alice.types("/hangup");
    relay.is_closed();
    alice.sees_line("you ended the chat with bob");
    alice.asks("/peers", "no direct chats");
}

#[test]
fn a_direct_call_is_given_up_at_once() {
    let (server, stranger) = (Played::open(), Played::open());
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    alice.types("/chat bob");
    introduces(&mut guest, &Peer::new("bob", stranger.address(), 2), "tcp");
    let call = stranger.accepts("somebody");
    alice.types("/hangup");
    alice.sees_line("you ended the chat with bob");
    let began = Instant::now();
    is_closed(call.stream());
    assert!(began.elapsed() < PROOF, "it waits for a proof that nobody wants");
    alice.types("/quit");
    alice.exits(0);
}

#[test]
fn peers_that_do_not_know_the_ways_are_called_directly_alone() {
    let server = Played::open();
    let (alice, mut guest) = welcomed(&server, "alice", 1);
    let bob = nowhere("bob", 2);
    alice.types("/chat bob");
    crate::secure::introduces(&mut guest, &bob, &fresh(), true);
    alice.sees_line(&format!("cannot talk to bob at {}: connection refused", bob.address));
    guest.wire.sends("PING\r\nToken: x\r\n\r\n");
    assert_eq!(guest.wire.block("nothing more is asked for").kind, "PONG");
    // And nobody else makes it connect.
    let listener = Played::open();
    let carol = Peer::new("carol", listener.address(), 3);
    let (secrets, id) = (fresh(), "3");
    for via in ["back", "relay"] {
        let headers = [("Via", via), ("Ticket", &*secrets.ticket), ("Answer", &secrets.answer)];
        guest.wire.sends(carol.block("CALL", &[("ID", id)], &[&headers[..], &[SECURE]].concat()));
    }
    alice.answers();
    assert!(!listener.is_called() && !server.is_called());
}

#[test]
fn of_two_that_call_each_other_the_lower_id_climbs_and_there_is_one_chat() {
    let server = Played::open();
    let (alice, mut at_alice) = welcomed(&server, "alice", 1);
    let (bob, mut at_bob) = welcomed(&server, "bob", 2);
    alice.types("/chat bob\n/msg from alice");
    bob.types("/chat alice\n/msg from bob");
    let [to_alice, to_bob] = [("alice", 1), ("bob", 2)].map(|(name, id)| nowhere(name, id));
    for guest in [&mut at_alice, &mut at_bob] {
        guest.wire.gets("BRIDGE").has(&[("Via", "tcp")]);
    }
    // Each is told of the other's call before the answer to its own.
    tells_of_call(&mut at_alice, &to_bob, "tcp");
    tells_of_call(&mut at_bob, &to_alice, "tcp");
    gives(&mut at_alice, &to_bob, "tcp");
    gives(&mut at_bob, &to_alice, "tcp");
    let secrets = introduces(&mut at_alice, &to_bob, "back");
    let caller = Peer::new("alice", alice.address(), 1);
    let seen = caller.address.to_string();
    tells_of_call_with(&mut at_bob, &caller, "back", &secrets, &[("ID", "1")], &seen);
    alice.sees_line("bob (direct): from bob");
    bob.sees_line("alice (direct): from alice");
    for (client, peer) in [(&alice, "bob"), (&bob, "alice")] {
        client.types("/peers\n/id");
        client.sees("you are ");
        assert_eq!(
            client.output().matches(&format!("* {peer} ")).count(),
            1,
            "{}",
            client.output()
        );
    }
    for guest in [&mut at_alice, &mut at_bob] {
        guest.wire.sends("PING\r\nToken: x\r\n\r\n");
        assert_eq!(guest.wire.block("nothing more is asked for").kind, "PONG");
    }
}

#[test]
fn a_hostile_server_makes_a_client_connect_thirty_times_a_minute_at_most() {
    let (server, third) = (Played::open(), Played::open());
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    for number in 0..40 {
        let caller = Peer::new(&format!("c{number}"), third.address(), 100 + number);
        tells_of_call(&mut guest, &caller, "back");
    }
    // One that would be at a service of the system, and some that are nowhere for anybody.
    for address in ["127.0.0.1:80", "10.1.2.3:5557", "192.168.1.1:5557", "0.0.0.0:5557"] {
        let caller = Peer::new("mallory", address.parse().unwrap(), 200);
        tells_of_call(&mut guest, &caller, "back");
    }
    let first = third.accepts("a third one");
    let mut count = 1;
    bob.answers();
    let until = Instant::now() + CONNECT;
    while Instant::now() < until {
        count += usize::from(third.is_called());
    }
    assert!(count <= 30, "{count} connections");
    assert_eq!(records(&is_closed(first.stream())), 1, "more than a ClientHello goes out");
}

#[test]
fn a_caller_is_connected_to_by_one_connection_at_a_time() {
    let (server, listener) = (Played::open(), Played::open());
    let (_bob, mut guest) = welcomed(&server, "bob", 2);
    let alice = Peer::new("alice", listener.address(), 1);
    tells_of_call(&mut guest, &alice, "back");
    let first = listener.accepts("alice");
    let secrets = tells_of_call(&mut guest, &alice, "back");
    let second = listener.accepts("alice");
    is_closed(first.stream());
    let mut call = SecurePeer::answers(&second, &secrets);
    answers(&mut call, &alice, &secrets);
}

/// A relayed chat of alice with bob.
#[track_caller]
fn relayed_chat() -> (Played, Client, Guest, Peer, SecurePeer) {
    let (server, alice, guest, bob, secrets) = alice_asks_for_a_relay();
    let mut relay = server.accepts("the relay (played)");
    relay.gets("RELAY");
    relay.sends("RELAYACK\r\n\r\n");
    let mut call = SecurePeer::answers(&relay, &secrets);
    answers(&mut call, &bob, &secrets);
    assert_eq!(call.line(), "hello, bob");
    (server, alice, guest, bob, call)
}

#[test]
fn a_chat_through_the_server_ends_with_it_and_is_called_again_when_it_is_back() {
    let (server, alice, guest, bob, call) = relayed_chat();
    let port = server.port();
    drop((server, guest, call));
    alice.sees_line(
        "the chat with bob went through the server, which is gone: bob is called again when it is back",
    );
    alice.types("/msg typed meanwhile");
    let server = Played::open_at(port);
    let (mut guest, _) = server.registers(1);
    let ack = guest.me.joinack(&[], 0).replace("Message:", "Secure: tls\r\nMessage:");
    guest.wire.sends(ack);
    // Bob comes later.
    guest.hears_of(&Peer::new("bob", bob.address, 7));
    let place = format!("the server is back: calling bob at {} again", bob.address);
    alice.sees_line(&place);
    let bob = Peer::new("bob", bob.address, 7);
    introduces(&mut guest, &bob, "tcp");
    let secrets = introduces(&mut guest, &bob, "back");
    let mut call = SecurePeer::calls(&alice, &secrets);
    calls(&mut call, &bob, &secrets);
    assert_eq!(call.line(), "typed meanwhile");
    assert_eq!(alice.output().matches(&place).count(), 1, "{}", alice.output());
}

#[test]
fn a_peer_that_is_gone_is_told_from_a_server_that_is() {
    let (_server, alice, mut guest, _, call) = relayed_chat();
    drop(call);
    alice.sees_line("bob ended the chat (cut off: its last words may be missing)");
    guest.wire.sends("PING\r\nToken: x\r\n\r\n");
    assert_eq!(guest.wire.block("nothing is asked for").kind, "PONG");
}

/// Alice, whom nothing reaches, calls bob through the server: bob's connection to it, and her call over that.
#[track_caller]
fn alice_calls_by_the_relay(server: &Played, guest: &mut Guest) -> (Wire, SecurePeer) {
    let alice = nowhere("alice", 1);
    let secrets = tells_of_call(guest, &alice, "relay");
    let mut relay = server.accepts("the relay (played)");
    relay.gets("RELAY");
    relay.sends("RELAYACK\r\n\r\n");
    let mut call = SecurePeer::calls_over(&relay, &secrets);
    calls(&mut call, &alice, &secrets);
    (relay, call)
}

#[test]
fn the_called_one_of_a_relayed_chat_is_told_why_it_ends() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    let (relay, call) = alice_calls_by_the_relay(&server, &mut guest);
    bob.sees("Incoming chat request from alice ");
    drop((server, guest, relay, call));
    bob.sees_line("alice ended the chat (it went through the server, which is gone)");
}

#[test]
fn tracing_shows_why_a_relay_is_asked_for() {
    let server = Played::open();
    let (bob, mut guest) = welcomed(&server, "bob", 2);
    bob.asks("/explain on", "tracing is on");
    let _call = alice_calls_by_the_relay(&server, &mut guest);
    bob.sees("-> server (relay) RELAY (tcp, ");
    bob.sees("<- server (relay) RELAYACK (tcp, ");
    bob.sees("# both are there: what follows is their own TLS, and the server passes it on");
}

/// A time for the machine.
fn after(seconds: f64, start: Instant) -> Instant {
    start + Duration::from_secs_f64(seconds)
}

#[test]
fn a_ladder_has_three_ways_and_then_one_sentence() {
    let start = Instant::now();
    let mut ladder = Ladder::direct(1, start);
    assert_eq!(ladder.deadline(), Some(start + CONNECT + PROOF));
    assert_eq!(ladder.fails("refused", start), Climb::Ask(Via::Back));
    assert!(ladder.awaits(Via::Back) && ladder.deadline().is_none());
    ladder.introduced(1, start);
    assert_eq!(ladder.tick(after(1.5, start)), Climb::Wait);
    assert_eq!(ladder.tick(after(2.3, start)), Climb::Ask(Via::Relay));
    ladder.introduced(1, start);
    let over = "no way leads there (directly: refused; it cannot reach you: it does not come; \
                through the server: full)";
    assert_eq!(ladder.fails("full", start), Climb::Over(over.to_owned()));
}

#[test]
fn a_ladder_that_gives_way_waits_and_then_goes_on() {
    let start = Instant::now();
    let mut ladder = Ladder::direct(1, start);
    ladder.gives_way(Via::Tcp, start);
    assert_eq!(ladder.fails("refused", start), Climb::Wait);
    ladder.gives_way(Via::Back, after(3.0, start));
    assert_eq!(ladder.tick(after(6.0, start)), Climb::Wait);
    let until = ladder.deadline().unwrap();
    assert_eq!(ladder.tick(until), Climb::Ask(Via::Back));
}

/// Where a client looks for a peer.
fn looks(listed: &str, local: &str, expected: &[&str]) {
    let address = |text: &str| text.parse::<SocketAddr>().ok();
    let found = places(address(listed).unwrap(), address(local));
    let expected: Vec<_> = expected.iter().filter_map(|text| address(text)).collect();
    assert_eq!(found, expected);
}

table! { looks:
    for_a_peer_in_the_world("203.0.113.5:5557", "", &["203.0.113.5:5557"]);
    first_in_the_network_of_both("203.0.113.5:5557", "192.168.1.5:5557", &["192.168.1.5:5557", "203.0.113.5:5557"]);
    once_at_each_address("192.168.1.5:5557", "192.168.1.5:5557", &["192.168.1.5:5557"]);
    nowhere_on_its_own_machine("203.0.113.5:5557", "127.0.0.1:5557", &["203.0.113.5:5557"]);
    not_for_services_of_the_system("203.0.113.5:5557", "192.168.1.5:22", &["203.0.113.5:5557"]);
}

#[test]
fn a_way_is_named_where_there_is_one_to_name() {
    let local = Some("192.168.1.5:5557".parse().unwrap());
    let own = "10.0.0.5".parse().unwrap();
    let over = |ip: &str| Way::over(ip.parse().unwrap(), local, own).map(|way| way.to_string());
    assert_eq!(over("192.168.1.5").as_deref(), Some("direct by the LAN"));
    assert_eq!(over("10.0.0.6").as_deref(), Some("direct by the LAN"));
    assert_eq!(over("203.0.113.5").as_deref(), Some("direct"));
    assert_eq!([over("127.0.0.1"), over("::1")], [None, None]);
}

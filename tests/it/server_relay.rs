//! Relays: two members, each over a connection of its own, between whom the server passes bytes on as they are.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::client::direct::secure::tickets::shared_key;
use p2p_chat::server::directory::registration::{Membership, Presence, Registration};
use p2p_chat::server::relay::Relays;
use p2p_chat::server::relay::relays::RelayClaim;
use p2p_chat::server::room::{Outbox, Room};
use p2p_chat::tls::{accept, connect};
use p2p_chat::wire::{Credentials, Entry, Refusal, RelayProof, Secret};

use crate::server_reflex::Member;
use crate::support::keyed::Tunnel;
use crate::support::{Block, DEADLINE, Dice, Keyed, Lane, Server, Wire};

/// Members with these names.
fn members<const N: usize>(server: &Server, names: [&'static str; N]) -> [Member; N] {
    names.map(|name| Member::joins(server, name, 20_001, "127.0.0.1:20001"))
}

/// The block by which a client asks to be relayed.
fn relay(name: &str, secret: (&str, &str)) -> String {
    Block::text("RELAY", &[("clientID", name), secret])
}

/// Two members are introduced to each other by this way: what each of them has to say.
#[track_caller]
fn introduced(asking: &mut Member, called: &mut Member) -> [String; 2] {
    let (answer, call) = asking.is_introduced(called, "relay");
    let ticket = relay(asking.name, ("Ticket", answer.get("Ticket")));
    [ticket, relay(called.name, ("Answer", call.get("Answer")))]
}

/// The connection of one of them, on which it says this.
#[track_caller]
fn comes(server: &Server, who: &str, words: &str) -> Wire {
    let mut wire = server.connect(who);
    wire.sends(words);
    wire
}

/// Both come, and are relayed.
#[track_caller]
fn both_come(server: &Server, words: &[String; 2]) -> [Wire; 2] {
    let mut wires = ["asking", "called"].map(|who| server.connect(who));
    for (wire, words) in wires.iter_mut().zip(words) {
        wire.sends(words);
    }
    for wire in &mut wires {
        wire.gets("RELAYACK").has_exactly(&[]);
    }
    wires
}

/// A server, and alice and bob in its room and relayed.
#[track_caller]
fn relayed(flags: &[&str]) -> (Server, [Member; 2], [Wire; 2]) {
    let server = Server::start(flags);
    let mut two = members(&server, ["alice", "bob"]);
    let [alice, bob] = &mut two;
    let words = introduced(alice, bob);
    let wires = both_come(&server, &words);
    (server, two, wires)
}

/// Bytes of every kind.
fn noise(count: usize) -> Vec<u8> {
    let mut dice = Dice::of("noise");
    (0..count).map(|_| u8::try_from(dice.below(256)).unwrap()).collect()
}

#[test]
fn what_one_writes_the_other_reads_byte_for_byte() {
    let (server, _members, [mut alice, mut bob]) = relayed(&[]);
    server.sees("RELAY: alice bob (1 of 16)");
    let bytes = noise(3_000);
    for (from, to) in [(0, 1), (1, 0)] {
        let wires = [&mut alice, &mut bob];
        wires[from].passes(&bytes);
        assert_eq!(wires[to].takes(bytes.len(), "the noise").unwrap(), bytes);
    }
    // What looks like a request is none any more.
    alice.sends("PING\r\nToken: 1\r\n\r\nQUIT\r\n\r\n");
    bob.gets_bytes("PING\r\nToken: 1\r\n\r\nQUIT\r\n\r\n").sends("still here");
    alice.gets_bytes("still here");
}

#[test]
fn what_comes_behind_relay_in_one_piece_is_passed_on() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [ticket, answer] = introduced(&mut alice, &mut bob);
    // The called one may be the first, and either may speak before the other is there.
    let mut called = comes(&server, "called", &format!("{answer}first words\r\n\r\nof bob"));
    called.sends(", and more");
    let mut asking = comes(&server, "asking", &format!("{ticket}\x16\x03\x01"));
    asking.gets("RELAYACK");
    asking.gets_bytes("first words\r\n\r\nof bob, and more");
    called.gets("RELAYACK");
    called.gets_bytes("\x16\x03\x01");
}

#[test]
fn an_end_is_passed_on_one_way_and_then_the_other() {
    let (server, _members, [mut alice, mut bob]) = relayed(&[]);
    alice.sends("the last word").ends();
    bob.gets_bytes("the last word").is_closed();
    bob.sends("is bob's").ends();
    alice.gets_bytes("is bob's").is_closed();
    let line = server.sees("RELAY: alice bob ended after ");
    assert!(line.ends_with(" s, 13 bytes there and 8 back"), "{line}");
}

#[test]
fn a_relay_ends_with_either_connection_and_nothing_that_came_before_is_lost() {
    for side in [0, 1] {
        let (server, _members, wires) = relayed(&[]);
        let mut wires = Vec::from(wires);
        let bytes = noise(5_000);
        wires[side].passes(&bytes);
        let gone = wires.remove(side);
        gone.vanishes();
        let mut other = wires.remove(0);
        assert_eq!(other.takes(bytes.len(), "the noise").unwrap(), bytes);
        other.is_closed();
        drop(other);
        server.sees("RELAY: alice bob ended after ");
        server.types("/relays");
        server.sees_line("0 relayed");
    }
}

#[test]
fn only_the_two_are_let_in_each_by_its_own_secret_and_once() {
    let server = Server::start(&["--rate", "0"]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [_mallory, _carol] = members(&server, ["mallory", "carol"]);
    let (answer, _) = alice.is_introduced(&mut bob, "relay");
    let (other_answer, _) = alice.is_introduced(&mut bob, "udp");
    let [ticket, secret] = ["Ticket", "Answer"].map(|name| answer.get(name).to_owned());
    let mut stranger = server.connect("a stranger");
    for (name, proof) in [
        ("mallory", ("Ticket", &ticket[..])),
        ("mallory", ("Answer", &secret)),
        ("alice", ("Answer", &secret)),
        ("bob", ("Ticket", &ticket)),
        ("alice", ("Ticket", &secret)),
        ("alice", ("Ticket", other_answer.get("Ticket"))),
        ("alice", ("Ticket", &"0".repeat(32))),
        ("nobody", ("Ticket", &ticket)),
    ] {
        stranger.sends(relay(name, proof));
        stranger.refuses("RELAY", "no-such-call");
    }
    for (block, code) in [
        (relay("alice", ("Ticket", "here")), "malformed"),
        (relay("alice", ("Secret", &ticket)), "malformed"),
        (relay("a b", ("Ticket", &ticket)), "bad-name"),
        (relay("alice", ("Ticket", &"0".repeat(5_000))), "too-long"),
    ] {
        stranger.sends(block);
        stranger.refuses("RELAY", code);
    }
    bob.wire.sends(relay("bob", ("Answer", &secret)));
    bob.wire.refuses("RELAY", "already-joined");
    // None of that has used it up.
    let words = [relay("alice", ("Ticket", &ticket)), relay("BOB", ("Answer", &secret))];
    let _wires = both_come(&server, &words);
    for words in &words {
        stranger.sends(words);
        stranger.refuses("RELAY", "no-such-call");
    }
}

#[test]
fn who_waits_holds_its_place_against_a_second_one_with_the_secret() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [ticket, answer] = introduced(&mut alice, &mut bob);
    let mut first = comes(&server, "one with the ticket", &ticket);
    let mut second = comes(&server, "another one with it", &ticket);
    let begun = Instant::now();
    while !second.hears_within(Duration::from_millis(10)) {
        std::mem::swap(&mut first, &mut second); // whoever is refused was the second
        assert!(begun.elapsed() < Duration::from_secs(5), "none is refused");
    }
    second.refuses("RELAY", "no-such-call");
    let mut called = comes(&server, "called", &answer);
    called.gets("RELAYACK");
    first.gets("RELAYACK");
    called.sends("you");
    first.gets_bytes("you");
}

#[test]
fn who_comes_alone_waits_ten_seconds() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [ticket, answer] = introduced(&mut alice, &mut bob);
    let begun = Instant::now();
    let mut asking = comes(&server, "asking", &ticket);
    asking.refuses("RELAY", "no-such-call");
    let waited = begun.elapsed();
    assert!((9..15).contains(&waited.as_secs()), "{waited:?}");
    let mut called = comes(&server, "called", &answer);
    called.refuses("RELAY", "no-such-call");
    asking.is_closed(); // its time for a first request is over, too
}

#[test]
fn a_newer_introduction_voids_the_older_one() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [stale, stale_answer] = introduced(&mut alice, &mut bob);
    let mut waiting = comes(&server, "waiting", &stale);
    // By the other one, too; and who waits need not wait on.
    let begun = Instant::now();
    let [ticket, answer] = introduced(&mut bob, &mut alice);
    waiting.refuses("RELAY", "no-such-call");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let mut late = comes(&server, "late", &stale_answer);
    late.refuses("RELAY", "no-such-call");
    let [mut one, mut other] = both_come(&server, &[ticket, answer]);
    one.sends("hello");
    other.gets_bytes("hello");
}

#[test]
fn other_ways_void_no_relay() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let words = introduced(&mut alice, &mut bob);
    for via in ["tcp", "udp", "back"] {
        alice.is_introduced(&mut bob, via);
    }
    both_come(&server, &words);
}

#[test]
fn a_pair_has_one_relay_and_the_newer_one_ends_the_older() {
    let (server, [mut alice, mut bob], [mut old, mut old_bob]) = relayed(&["--relays", "1"]);
    old.sends("before");
    old_bob.gets_bytes("before");
    let words = introduced(&mut bob, &mut alice);
    old.sends(", still");
    old_bob.gets_bytes(", still");
    let [mut one, mut other] = both_come(&server, &words);
    old.is_closed();
    old_bob.is_closed();
    other.sends("after");
    one.gets_bytes("after");
    server.sees("RELAY: bob alice (1 of 1)");
}

#[test]
fn there_are_as_many_as_the_operator_allows() {
    let server = Server::start(&["--relays", "1"]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [mut carol, mut dave] = members(&server, ["carol", "dave"]);
    let words = introduced(&mut alice, &mut bob);
    let early = introduced(&mut carol, &mut dave);
    let wires = both_come(&server, &words);
    let mut late = comes(&server, "carol", &early[0]);
    late.refuses("RELAY", "relay-full");
    carol.wire.asks("BRIDGE", &[("clientID", "carol"), ("Peer", "dave"), ("Via", "relay")]);
    carol.wire.refuses("BRIDGE", "relay-full");
    dave.wire.hears_nothing();
    drop(wires);
    server.sees("RELAY: alice bob ended after ");
    // It was too early, and not used up.
    both_come(&server, &early);
}

#[test]
fn a_server_may_relay_nothing() {
    let server = Server::start(&["--relays", "0"]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    alice.wire.skips_to("JOINED");
    alice.wire.asks("BRIDGE", &[("clientID", "alice"), ("Peer", "bob"), ("Via", "relay")]);
    alice.wire.refuses("BRIDGE", "relay-full");
    alice.is_introduced(&mut bob, "back");
}

#[test]
fn so_many_bytes_a_second_pass_one_way_and_do_not_hold_up_the_other() {
    const BYTES: usize = 48 * 1024;
    let (server, [mut member, _bob], [mut alice, mut bob]) = relayed(&[]);
    let bytes = noise(BYTES);
    let begun = Instant::now();
    alice.passes(&bytes);
    // Bob reads nothing yet, and nobody is the worse for it.
    bob.sends("meanwhile");
    alice.gets_bytes("meanwhile");
    member.wire.says("in the room");
    member.wire.skips_to("SAID");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(bob.takes(BYTES, "the noise").unwrap(), bytes);
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(2_600), "{took:?}");
    server.types("/relays");
    server.sees_line("1 relayed");
    let line = server.sees("alice bob ");
    assert!(line.ends_with(&format!("{BYTES} bytes there and 9 back")), "{line}");
}

/// Both ends of a connection.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    one.set_read_timeout(Some(DEADLINE)).unwrap();
    (one, listener.accept().unwrap().0)
}

#[test]
fn who_reads_nothing_is_given_nothing_more_and_loses_nothing() {
    let (mut client, stream) = connection();
    let outbox = Outbox::new(stream, 4_096).unwrap();
    outbox.relay(b"RELAYACK\r\n\r\n");
    let bytes = noise(8 << 20);
    let mut passed = 0;
    let offer = |passed: &mut usize| {
        let end = bytes.len().min(*passed + 4_096);
        let taken = outbox.pass(&bytes[*passed..end]).unwrap();
        *passed += taken;
        taken > 0
    };
    while offer(&mut passed) {}
    assert!(passed < bytes.len(), "a socket takes everything");
    let mut came = vec![0; 12];
    client.read_exact(&mut came).unwrap();
    assert_eq!(came, b"RELAYACK\r\n\r\n");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut came = vec![0; bytes.len()];
            client.read_exact(&mut came).unwrap();
            assert!(came == bytes, "bytes are lost or new");
            assert_eq!(client.read(&mut came).unwrap(), 0);
        });
        while passed < bytes.len() {
            if !offer(&mut passed) {
                thread::yield_now();
            }
        }
        assert!(outbox.end_passing());
    });
}

#[test]
fn nothing_of_the_server_is_written_into_a_relay() {
    let (server, members, [mut alice, mut bob]) = relayed(&[]);
    alice.sends("half a wo");
    bob.gets_bytes("half a wo");
    server.types("/kick bob");
    server.sees("RELAY: alice bob ended after ");
    alice.is_closed();
    bob.is_closed();
    let [mut member, _bob] = members;
    member.wire.skips_to("LEFT");
}

#[test]
fn a_member_that_was_sent_away_cannot_be_relayed_any_more() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let words = introduced(&mut alice, &mut bob);
    server.types("/kick bob");
    alice.wire.skips_to("LEFT");
    for words in words {
        let mut wire = comes(&server, "too late", &words);
        wire.gets("ERROR").has(&[("For", "RELAY"), ("Code", "no-such-call")]);
    }
}

#[test]
fn a_ban_of_a_name_ends_what_has_outlived_its_membership() {
    let (server, [alice, mut bob], [mut one, mut other]) = relayed(&[]);
    let mut alice = alice.wire;
    bob.wire.asks("QUIT", &[]);
    alice.skips_to("LEFT");
    // A relay needs its members no more.
    other.sends("still talking");
    one.gets_bytes("still talking");
    server.types("/ban bob");
    one.is_closed();
    other.is_closed();
}

#[test]
fn the_end_of_the_server_ends_relays() {
    let (server, [alice, _bob], [mut one, mut other]) = relayed(&[]);
    one.sends("a word");
    other.gets_bytes("a word");
    server.types("/quit");
    let mut alice = alice.wire;
    alice.skips_to("BYE").has(&[("Reason", "shutdown")]);
    one.is_closed();
    other.is_closed();
}

#[test]
fn a_relay_gives_way_to_no_flood_of_idle_connections() {
    let (server, [mut alice, mut bob], [mut one, mut other]) = relayed(&["--max-clients", "6"]);
    let mut idle: Vec<Wire> =
        (0..2).map(|number| server.connect(&format!("idle{number}"))).collect();
    for wire in &mut idle {
        wire.hears_nothing();
    }
    let mut more = server.connect("one more");
    more.refuses("", "server-full");
    one.sends("still here");
    other.gets_bytes("still here");
    for member in [&mut alice, &mut bob] {
        member.wire.says("and so are we");
        member.wire.skips_to("SAID");
    }
}

#[test]
fn a_flood_of_relays_hurts_nobody() {
    let server = Server::start(&["--max-clients", "12", "--register-timeout", "2"]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let wrong = relay("alice", ("Ticket", &"0".repeat(32)));
    let mut flood: Vec<Wire> = (0..6)
        .map(|number| {
            let mut wire = server.connect(&format!("flood{number}"));
            wire.passes(wrong.repeat(2_000).as_bytes());
            wire
        })
        .collect();
    let begun = Instant::now();
    for member in [&mut alice, &mut bob] {
        member.wire.says("in a flood");
        member.wire.skips_to("SAID");
    }
    let words = introduced(&mut alice, &mut bob);
    let [mut one, mut other] = both_come(&server, &words);
    one.sends("hello");
    other.gets_bytes("hello");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // A refused RELAY is no sign of life.
    for wire in &mut flood {
        while !wire.is_over() {}
    }
}

#[test]
fn a_relay_that_drips_in_has_no_more_time_than_others() {
    let server = Server::start(&["--register-timeout", "1"]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let [ticket, _] = introduced(&mut alice, &mut bob);
    let mut wire = server.connect("dripping");
    let begun = Instant::now();
    let longest = ticket.len() - 1;
    let mut dripped = ticket.as_bytes().chunks(1).take(longest).cycle();
    while wire.drips(dripped.next().unwrap()) {
        assert!(begun.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() > Duration::from_millis(900));
}

/// A member's connection by TLS that asks to be relayed.
#[track_caller]
fn comes_by_tls(server: &Keyed, words: &str) -> Tunnel {
    let mut tunnel = server.connect(server.0.address());
    tunnel.sends(words);
    tunnel
}

/// Says the last word of a tunnel and these bytes behind it.
fn steps_out(tunnel: &mut Tunnel, bytes: &[u8]) {
    let mut last = Vec::new();
    tunnel.secured.sealer.close(&mut last);
    last.extend_from_slice(bytes);
    tunnel.socket.write_all(&last).unwrap();
}

/// Reads to the server's last word, and then so many bytes in the clear.
#[track_caller]
fn reads_behind(tunnel: &mut Tunnel, count: usize) -> Vec<u8> {
    let (words, end) = tunnel.rest();
    assert_eq!((words.as_str(), end.is_ok()), ("RELAYACK\r\n\r\n", true));
    let mut bytes = tunnel.secured.opener.rest().unwrap().to_vec();
    let had = bytes.len();
    bytes.resize(count.max(had), 0);
    tunnel.socket.read_exact(&mut bytes[had..]).unwrap();
    bytes
}

#[test]
fn by_tls_both_sides_step_out_of_it_and_go_on_in_the_clear() {
    let server = Keyed::start(&["--allow-plain"]);
    let [mut alice, mut bob] = members(&server.0, ["alice", "bob"]);
    let bytes = noise(9_000);
    // In one piece with the last word, or behind it.
    for cut in [0, 1, 3_000, bytes.len()] {
        let [ticket, answer] = introduced(&mut alice, &mut bob);
        let mut asking = comes_by_tls(&server, &ticket);
        let mut called = comes_by_tls(&server, &answer);
        steps_out(&mut asking, &bytes[..cut]);
        asking.socket.write_all(&bytes[cut..]).unwrap();
        assert_eq!(reads_behind(&mut called, bytes.len()), bytes);
        steps_out(&mut called, b"and back");
        assert_eq!(reads_behind(&mut asking, 8), b"and back");
    }
}

#[test]
fn one_may_speak_tls_to_the_server_and_the_other_not() {
    let server = Keyed::start(&["--allow-plain"]);
    let [mut alice, mut bob] = members(&server.0, ["alice", "bob"]);
    let [ticket, answer] = introduced(&mut alice, &mut bob);
    let mut asking = comes_by_tls(&server, &ticket);
    let mut called = comes(&server.0, "called", &answer);
    called.gets("RELAYACK");
    called.sends("in the clear");
    assert_eq!(reads_behind(&mut asking, 12), b"in the clear");
    steps_out(&mut asking, b"so am I");
    called.gets_bytes("so am I");
}

#[test]
fn who_goes_on_in_tls_or_cuts_it_is_not_relayed() {
    let server = Keyed::start(&["--allow-plain"]);
    let [mut alice, mut bob] = members(&server.0, ["alice", "bob"]);
    for cuts in [false, true] {
        let [ticket, answer] = introduced(&mut alice, &mut bob);
        let mut asking = comes_by_tls(&server, &ticket);
        let mut called = comes(&server.0, "called", &answer);
        called.gets("RELAYACK");
        if cuts {
            asking.socket.shutdown(Shutdown::Write).unwrap();
        } else {
            asking.sends("more of the outer TLS");
        }
        called.is_closed();
        server.0.sees("RELAY: alice bob ended after ");
    }
}

/// An introduction's secrets, as its two members have read them.
fn secrets_of(block: &Block) -> Credentials {
    let [ticket, answer] = ["Ticket", "Answer"].map(|name| block.get(name).parse().unwrap());
    Credentials { ticket, answer, secure: true }
}

#[test]
fn the_relay_reads_nothing_of_what_two_say_by_their_own_tls() {
    let server = Server::start(&[]);
    let [mut alice, mut bob] = members(&server, ["alice", "bob"]);
    let (ack, call) = alice.is_introduced(&mut bob, "relay");
    // All that the server itself is told of the chat.
    let lane = Lane::to(server.address());
    let come = |words: String| {
        let mut wire = Wire::connect("one of the two", lane.address());
        wire.sends(words);
        wire
    };
    let mut asking = come(relay("alice", ("Ticket", ack.get("Ticket"))));
    let mut called = come(relay("bob", ("Answer", call.get("Answer"))));
    asking.gets("RELAYACK");
    called.gets("RELAYACK");
    let (asking, called) = (asking.stream(), called.stream());
    let (at_alice, at_bob) = (shared_key(&secrets_of(&ack)), shared_key(&secrets_of(&call)));
    let (mut tls_alice, mut tls_bob) = thread::scope(|scope| {
        let accepted = scope.spawn(|| accept((&[], &mut &*called), &mut &*called, &at_bob, None));
        let connected = connect(&mut &*asking, &mut &*asking, &at_alice, None).unwrap();
        (connected, accepted.join().unwrap().unwrap())
    });
    for text in ["nobody else must read this", "nor this"] {
        let mut records = Vec::new();
        tls_alice.sealer.seal(text.as_bytes(), &mut records);
        (&*asking).write_all(&records).unwrap();
        while tls_bob.opener.data().is_empty() {
            let _ = tls_bob.opener.fill(&mut &*called); // a record may come in parts
        }
        assert_eq!(tls_bob.opener.data(), text.as_bytes());
        tls_bob.opener.consume(text.len());
    }
    let heard = String::from_utf8_lossy(&lane.heard()).into_owned();
    assert!(heard.matches("RELAYACK").count() == 2 && !heard.contains("this"), "{heard}");
}

#[test]
fn a_server_with_a_key_relays_by_tls_alone() {
    let server = Keyed::start(&[]);
    let mut plain = comes(&server.0, "plain", &relay("alice", ("Ticket", &"0".repeat(32))));
    plain.refuses("RELAY", "tls-required");
    plain.is_closed();
}

/// A member by hand, with its end of a connection.
fn by_hand(name: &str, id: u64) -> (Registration, Arc<Outbox>, TcpStream) {
    let (client, stream) = connection();
    let outbox = Arc::new(Outbox::new(stream, 4_096).unwrap());
    let address: SocketAddr = format!("192.0.2.{id}:4000").parse().unwrap();
    let entry = Entry { name: name.parse().unwrap(), address, id };
    let member = Membership {
        outbox: Arc::clone(&outbox),
        token: Secret::random(),
        secure: true,
        whereabouts: None,
    };
    (Registration { entry, place: id, presence: Presence::Joined(member) }, outbox, client)
}

/// Fresh secrets.
fn credentials() -> Credentials {
    Credentials { ticket: Secret::random(), answer: Secret::random(), secure: true }
}

#[test]
fn a_secret_counts_for_a_minute() {
    let relays = Relays::new(16, Arc::new(Room::new(0)), Arc::default());
    let [(alice, one, _a), (bob, other, _b)] = [by_hand("alice", 1), by_hand("bob", 2)];
    let (now, secrets) = (Instant::now(), credentials());
    relays.introduce(&alice, &bob, &secrets, now).unwrap();
    let claim = |name: &str, proof, outbox, seconds| {
        let name = name.parse().unwrap();
        relays.claim(&name, proof, outbox, now + Duration::from_secs(seconds))
    };
    let (ticket, answer) = (RelayProof::Ticket(secrets.ticket), RelayProof::Answer(secrets.answer));
    assert_eq!(claim("alice", ticket, &one, 60).unwrap_err().code, "no-such-call");
    let Ok(RelayClaim::First(hears)) = claim("alice", ticket, &one, 59) else { panic!("refused") };
    assert_eq!(claim("bob", answer, &other, 60).unwrap_err().code, "no-such-call");
    assert!(matches!(claim("bob", answer, &other, 59), Ok(RelayClaim::Second(_))));
    assert_eq!(hears.recv().unwrap().names[0], alice.entry.name);
}

#[test]
fn no_host_takes_all_relays_and_no_member_all_introductions() {
    let relays = Relays::new(8, Arc::new(Room::new(0)), Arc::default());
    let now = Instant::now();
    let (greedy, own, _g) = by_hand("greedy", 1);
    let mut open = Vec::new();
    let mut relay = |asking: &Registration, id: u64| {
        let (called, other, client) = by_hand(&format!("called{id}"), id);
        let secrets = credentials();
        relays.introduce(asking, &called, &secrets, now)?;
        let name = &asking.entry.name;
        let ticket = RelayProof::Ticket(secrets.ticket);
        let answer = RelayProof::Answer(secrets.answer);
        relays.claim(name, ticket, &own, now)?;
        relays.claim(&called.entry.name, answer, &other, now)?;
        open.push((other, client));
        Ok::<_, Refusal>(())
    };
    for id in 10..16 {
        relay(&greedy, id).unwrap();
    }
    assert_eq!(relay(&greedy, 16).unwrap_err().code, "relay-full");
    let (carol, ..) = by_hand("carol", 2);
    let (dave, ..) = by_hand("dave", 3);
    relay(&carol, 17).unwrap();
    assert_eq!(relay(&carol, 18).unwrap_err().code, "relay-full");
    relay(&dave, 19).unwrap();
    let (erin, ..) = by_hand("erin", 4);
    assert_eq!(relay(&erin, 20).unwrap_err().code, "relay-full");
    relays.end_all(Some(&"called10".parse().unwrap()));
    relay(&erin, 20).unwrap();

    // The oldest of one member's introductions gives way to a ninth.
    let relays = Relays::new(8, Arc::new(Room::new(0)), Arc::default());
    let made: Vec<Secret> = (0..9)
        .map(|number| {
            let secrets = credentials();
            let (called, ..) = by_hand("called", 100 + number);
            relays
                .introduce(&greedy, &called, &secrets, now + Duration::from_millis(number))
                .unwrap();
            secrets.ticket
        })
        .collect();
    let counts = |ticket: &Secret| {
        let proof = RelayProof::Ticket(*ticket);
        relays.claim(&greedy.entry.name, proof, &own, now).is_ok()
    };
    assert_eq!(made.iter().map(counts).collect::<Vec<bool>>(), [&[false][..], &[true; 8]].concat());
}

//! What happens to chats through routers when something else happens: the server is killed, a router forgets or moves,
//! the relay is full, somebody forges an address, nobody says anything, or somebody records at the relay.

use std::fs;
use std::time::{Duration, Instant};

use crate::nat_namespaces::{Class, Course, finds, opens};
use crate::support::namespaces::{Internet, OPEN_PORT, Router};
use crate::support::{DEADLINE, Folder, Program};
use crate::tls::programs::{decoded, find, tells};

/// A conversation of alice with bob in which both may write.
#[track_caller]
fn both_query(alice: &Program, bob: &Program, course: Course) {
    opens(alice, "/query bob", course);
    bob.sees("Incoming query from alice ");
    opens(bob, "/query alice", course);
}

/// Somebody says something by UDP, which arrives.
#[track_caller]
fn sends(one: &Program, other: &Program, own: &str, text: &str) {
    one.types(&format!("/msg {text}"));
    other.sees(&format!("{own} (udp): {text}"));
    one.sees(&format!("(udp): {text}"));
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_chats_outlive_the_server_unless_it_relays_them() {
    let Some(internet) = Internet::open() else { return };
    let home = |number, kind, name| internet.home(number, kind, &[name]);
    let homes = [
        home(1, Router::Cone, "alice"),
        home(2, Router::Cone, "bob"),
        home(3, Router::Open, "carol"),
    ];
    let class = Class::on(&internet.server, &[]);
    let [alice, bob, carol] = [("alice", 0), ("bob", 1), ("carol", 2)]
        .map(|(name, home): (_, usize)| class.joins(name, homes[home].machine(0), OPEN_PORT));
    both_query(&alice, &bob, Course::Direct);
    opens(&alice, "/chat carol", Course::Direct);
    opens(&alice, "/chat bob", Course::Relayed);
    bob.sees("Incoming chat request from alice ");
    class.server.kill();
    alice.sees("the chat with bob went through the server, which is gone: bob is called again");
    bob.sees("alice ended the chat (it went through the server, which is gone)");
    alice.types("/msg this waits for the server");
    alice.types("/peer bob udp");
    sends(&alice, &bob, "alice", "punched, and going on");
    alice.types("/peer carol");
    alice.types("/msg direct, and going on");
    carol.sees("alice (direct): direct, and going on");
    let _class = Class::on(&internet.server, &[]);
    alice.sees("the server is back: calling bob at ");
    alice.sees(Course::Relayed.words());
    bob.sees("alice (direct): this waits for the server");
    alice.types("/peer bob");
    alice.types("/msg relayed again");
    bob.sees("alice (direct): relayed again");
}

/// What is asked of a router that forgets after 20 seconds (Ford et al. saw such ones), and of a home network.
#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_silence_is_kept_alive_through_routers_and_is_none_of_the_home_networks_business() {
    let Some(internet) = Internet::open() else { return };
    let homes = [
        internet.home(1, Router::Cone, &["alice", "carol"]),
        internet.home(2, Router::Cone, &["bob"]),
    ];
    for home in &homes {
        home.remembers_for(20);
    }
    let class = Class::on(&internet.server, &[]);
    let alice = class.joins("alice", homes[0].machine(0), OPEN_PORT);
    let _carol = class.joins("carol", homes[0].machine(1), OPEN_PORT + 1);
    let bob = class.joins("bob", homes[1].machine(0), OPEN_PORT);
    // Beside the clients two sockets that send nothing to keep their way open.
    let [here, there] = [&homes[0], &homes[1]].map(|home| home.machine(0).probe(4100));
    here.types("to 203.0.113.20 4100 hole");
    here.types("connect 203.0.113.1 9"); // nobody listens: the answer shows that the line before is done
    here.sees_line("not connected");
    there.types("to 203.0.113.10 4100 through");
    here.sees_line("from 203.0.113.20:4100 through");
    opens(&alice, "/query carol", Course::Lan);
    opens(&alice, "/chat carol", Course::Lan);
    both_query(&alice, &bob, Course::Direct);
    sends(&alice, &bob, "alice", "before the silence");
    let neighbour = format!("ip saddr {}", homes[0].machine(0).address);
    let at_carol = homes[0].machine(1).counts("neighbour", &neighbour);
    let peer = format!("iifname wan ip saddr 203.0.113.10 udp dport {OPEN_PORT}");
    let at_bob = homes[1].router.counts("peer", &peer);
    at_bob.reaches(3, 60);
    assert_eq!(at_carol.now(), (0, 0), "an idle chat in one network has sent something");
    let begun = Instant::now();
    sends(&alice, &bob, "alice", "after the silence");
    sends(&bob, &alice, "bob", "and back");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // The routers do forget: the other two sockets have lost their way.
    there.types("to 203.0.113.10 4100 lost");
    there.types("connect 203.0.113.1 9"); // nobody listens: the answer shows that the line before is done
    there.sees_line("not connected");
    here.types("to 203.0.113.20 4100 hole");
    there.sees_line("from 203.0.113.10:4100 hole");
    there.types("to 203.0.113.10 4100 found");
    here.sees_line_without(&["lost"], "from 203.0.113.20:4100 found");
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_conversations_follow_a_router_that_changes_its_address_and_ports() {
    let Some(internet) = Internet::open() else { return };
    let mut here = internet.home(1, Router::Cone, &["alice"]);
    let there = internet.home(2, Router::Open, &["bob"]);
    let class = Class::on(&internet.server, &[]);
    let [alice, bob] = [("alice", &here), ("bob", &there)]
        .map(|(name, home)| class.joins(name, home.machine(0), OPEN_PORT));
    both_query(&alice, &bob, Course::Direct);
    sends(&alice, &bob, "alice", "before");
    here.moves_to("203.0.113.11", "20000-20999");
    sends(&alice, &bob, "alice", "the one who has moved speaks first");
    sends(&bob, &alice, "bob", "and is answered");
    let at_bob = there.machine(0).counts("moved", "ip saddr 203.0.113.12 ip protocol udp");
    here.moves_to("203.0.113.12", "21000-21999");
    // Nobody knows of it before the next sign of life.
    at_bob.reaches(1, 30);
    sends(&bob, &alice, "bob", "the other one speaks first");
    sends(&alice, &bob, "alice", "and is answered");
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_relays_have_an_end_and_the_next_pair_reads_why() {
    let Some(internet) = Internet::open() else { return };
    let homes = [
        internet.home(1, Router::Symmetric, &["alice", "carol"]),
        internet.home(2, Router::Symmetric, &["bob", "dave"]),
    ];
    let class = Class::on(&internet.server, &["--relays", "1"]);
    let join = |name, home: usize, machine| {
        class.joins(name, homes[home].machine(machine), OPEN_PORT + u16::try_from(machine).unwrap())
    };
    let (alice, bob) = (join("alice", 0, 0), join("bob", 1, 0));
    let (carol, _dave) = (join("carol", 0, 1), join("dave", 1, 1));
    opens(&alice, "/chat bob", Course::Relayed);
    carol.asks("/chat dave", "relay");
    alice.types("/msg goes on");
    bob.sees("alice (direct): goes on");
    alice.types("/hangup");
    bob.sees("alice ended the chat");
    opens(&carol, "/chat dave", Course::Relayed);
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_a_forged_address_is_not_flooded() {
    let Some(internet) = Internet::open() else { return };
    let homes =
        [internet.home(1, Router::Open, &["alice"]), internet.home(2, Router::Cone, &["bob"])];
    let class = Class::on(&internet.server, &[]);
    let [alice, bob] = [("alice", 0), ("bob", 1)]
        .map(|(name, home): (_, usize)| class.joins(name, homes[home].machine(0), OPEN_PORT));
    both_query(&alice, &bob, Course::Direct);
    let at_stranger = internet.stranger.counts("stranger", "ip protocol udp");
    internet.forges(2, &internet.stranger);
    bob.types("/msg from somewhere else");
    alice.sees("bob (udp): from somewhere else");
    internet.is_honest();
    let long = "x".repeat(900);
    for number in 0..100 {
        alice.types(&format!("/msg {number} {long}"));
    }
    for number in 0..100 {
        bob.sees(&format!("alice (udp): {number} x"));
    }
    alice.sees("Delivered to bob (udp): 99 x");
    let (datagrams, bytes) = at_stranger.now();
    println!("90,000 bytes of text, and to the stranger {datagrams} datagrams, {bytes} bytes");
    assert!((1..=16).contains(&datagrams), "{datagrams} datagrams");
    assert!(bytes < 4_000, "{bytes} bytes");
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_private_addresses_of_one_home_reach_nobody_in_another() {
    let Some(internet) = Internet::open() else { return };
    let homes = [
        internet.home_in("192.168.1", 1, Router::Cone, &["alice", "carol"]),
        internet.home_in("192.168.1", 2, Router::Cone, &["dave", "bob"]),
    ];
    let class = Class::on(&internet.server, &[]);
    // Carol's machine has the address, and she has the port, that bob has in his home.
    let neighbour = format!("ip saddr {}", homes[0].machine(0).address);
    let at_carol = homes[0].machine(1).counts("neighbour", &neighbour);
    let alice = class.joins("alice", homes[0].machine(0), OPEN_PORT);
    let bob = class.joins("bob", homes[1].machine(1), OPEN_PORT);
    both_query(&alice, &bob, Course::Direct);
    opens(&alice, "/chat bob", Course::Relayed);
    alice.types("/hangup");
    bob.sees("alice ended the chat");
    opens(&bob, "/chat alice", Course::Relayed);
    assert_eq!(at_carol.now(), (0, 0));
}

/// Two customers of a provider who has one public address for all of them (RFC 6598): the server sees both at it, and
/// tells each the other's private address, which leads to somebody else at home.
#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_homes_behind_one_providers_address_find_the_relay() {
    let Some(internet) = Internet::open() else { return };
    let mut provider = internet.home_in("100.64.3", 3, Router::Cone, &["router1", "router2"]);
    let here = provider.customer("192.168.1", Router::Cone, &["alice", "carol"]);
    let there = provider.customer("192.168.1", Router::Cone, &["dave", "bob"]);
    let class = Class::on(&internet.server, &[]);
    // Carol's machine has the address, and a port open, that bob's has in his home.
    let carol = here.machine(1).probe(OPEN_PORT);
    let alice = class.joins("alice", here.machine(0), OPEN_PORT);
    let bob = class.joins("bob", there.machine(1), OPEN_PORT);
    opens(&alice, "/query bob", Course::Offered);
    // Carol's machine takes the connection, and says nothing that only bob could say.
    let took = finds(&alice, "/chat bob", Course::Relayed);
    assert!(took < Duration::from_secs(9), "{took:?}");
    alice.types("/msg not to a neighbour");
    bob.sees("alice (direct): not to a neighbour");
    assert!(!carol.output().contains("alice"), "{}", carol.output());
}

/// The parts of recorded connections: what each side has sent, as a whole.
#[track_caller]
fn streams(capture: &str, folder: &Folder) -> Vec<[Vec<u8>; 2]> {
    let tshark = find("tshark").unwrap();
    let run = |arguments: &[&str]| {
        Program::start("tshark", &tshark, &[&["-r", capture], arguments].concat(), folder).ends().0
    };
    let mut numbers = run(&["-Y", "tcp", "-T", "fields", "-e", "tcp.stream"]);
    numbers.sort();
    numbers.dedup();
    let each = numbers.iter().map(|number| {
        let mut sides = [Vec::new(), Vec::new()];
        for line in run(&["-q", "-z", &format!("follow,tcp,raw,{number}")]) {
            let digits = line.trim_start_matches('\t');
            let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_hex {
                let pairs = (0..digits.len()).step_by(2);
                let bytes = pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
                sides[usize::from(digits.len() < line.len())].extend(bytes);
            }
        }
        sides
    });
    each.collect()
}

/// The types of the TLS records that a side has sent, which must have sent nothing else. A handshake record of which
/// the first message is a `ClientHello` is 1.
#[track_caller]
fn records_of(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [kind, 3, 1 | 3, high, low, rest @ ..] = bytes {
        let (record, behind) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        types.push(if *kind == 22 && record[0] == 1 { 1 } else { *kind });
        bytes = behind;
    }
    assert!(bytes.is_empty(), "no TLS: {:?}", String::from_utf8_lossy(bytes));
    types
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn nat_relays_read_nothing() {
    let (Some(internet), Some(dumpcap)) = (Internet::open(), find("dumpcap")) else { return };
    let homes =
        [internet.home(1, Router::Cone, &["alice"]), internet.home(2, Router::Cone, &["bob"])];
    let folder = &internet.server.folder;
    let (capture, keys) = (folder.file("relay.pcapng"), folder.file("keys.log"));
    let [capture, keys] = [&capture, &keys].map(|path| path.to_str().unwrap());
    let flags = ["-i", "wan", "-f", "port 5555", "-w", capture];
    let recorder = internet.server.runs("dumpcap", &dumpcap, &flags);
    tells(&recorder, "File:");
    let log = [("CHAT_KEYLOG", keys.to_owned())];
    let class = Class::on_with(&internet.server, &[], &log);
    let [alice, bob] = [("alice", 0), ("bob", 1)]
        .map(|(name, home): (_, usize)| class.joins(name, homes[home].machine(0), OPEN_PORT));
    opens(&alice, "/chat bob", Course::Relayed);
    alice.types("/msg for your eyes only");
    bob.sees("alice (direct): for your eyes only");
    alice.types("but the room may read this");
    bob.sees(" alice: but the room may read this");
    alice.types("/hangup");
    bob.sees("alice ended the chat");
    let stranger = internet.stranger.probe(4100);
    stranger.types("to 203.0.113.1 5555 nothing-comes-after-this");
    let until = Instant::now() + DEADLINE;
    let has = |text: &str| {
        let all = fs::read(capture).unwrap();
        all.windows(text.len()).any(|window| window == text.as_bytes())
    };
    while !has("nothing-comes-after-this") {
        assert!(Instant::now() < until, "the recording has no end");
        std::thread::sleep(Duration::from_millis(50)); // between two looks into a file
    }
    assert!(!has("for your eyes only") && !has("RELAY") && !has("CHAT"));
    let hellos = streams(capture, folder).into_iter().map(|sides| {
        let sent = sides.iter().flat_map(|side| records_of(side));
        sent.filter(|kind| *kind == 1).count()
    });
    let mut hellos: Vec<usize> = hellos.collect();
    hellos.sort_unstable();
    assert_eq!(hellos, [1, 1, 2, 2], "two in the room, and two that are relayed");
    // The server itself, with all keys that it has, reads who wants to be relayed, and nothing of what is said.
    let read = decoded(capture, 5555, keys, folder).join(" ");
    assert!(read.contains("RELAY") && read.contains("but the room may read this"), "{read}");
    assert!(!read.contains("for your eyes only"), "{read}");
}

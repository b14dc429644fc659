//! The directory: REGISTER, INFO and BRIDGE, the addresses that are seen, and what expires.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Instant;

use crate::support::{DEADLINE, Server, Wire, alice_joined, connected};

#[test]
fn registering_is_answered_with_what_was_recorded() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("alice", 20_001).has_exactly(&[
        ("clientID", "alice"),
        ("IP", "127.0.0.1"),
        ("Port", "20001"),
        ("Status", "registered"),
        ("ID", "1"),
        ("Expires", "3600"),
        ("Room", "yes"),
    ]);
}

#[test]
fn the_address_is_the_one_seen_and_not_the_one_claimed() {
    let (_server, mut wire) = connected(&[]);
    for claim in ["10.1.2.3", "", "not an address", "::1"] {
        wire.asks("REGISTER", &[("clientID", "alice"), ("IP", claim), ("Port", "20001")]);
        wire.gets("REGACK").has(&[("IP", "127.0.0.1")]);
    }
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn registering_again_keeps_id_and_place_and_replaces_the_port() {
    let (server, mut wire) = connected(&[]);
    for (name, port) in [("alice", 20_001), ("bob", 20_002), ("carol", 20_003)] {
        wire.registers(name, port);
    }
    let mut other = server.connect("other");
    other.registers("alice", 20_011).has(&[("ID", "1"), ("Port", "20011")]);
    let expected = ["alice 127.0.0.1:20011 1", "bob 127.0.0.1:20002 2", "carol 127.0.0.1:20003 3"];
    assert_eq!(wire.lists(), expected);
    wire.obtains("BRIDGE", &[("clientID", "carol")])
        .has(&[("clientID", "alice"), ("Port", "20011")]);
}

#[test]
fn an_entry_outlives_its_connection() {
    let server = Server::start(&[]);
    let mut first = server.registered("alice", 20_001);
    first.ends();
    first.is_closed();
    assert_eq!(server.connect("somebody").lists(), ["alice 127.0.0.1:20001 1"]);
}

#[test]
fn names_differ_by_more_than_case() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("Alice", 20_001).has(&[("ID", "1")]);
    wire.registers("aLICE", 20_002).has(&[("ID", "1"), ("Port", "20002")]);
    wire.registers("bob", 20_003).has(&[("ID", "2")]);
    assert_eq!(wire.lists().len(), 2);
    wire.obtains("BRIDGE", &[("clientID", "BOB"), ("Peer", "alICE")]).has(&[("Port", "20002")]);
}

#[test]
fn a_name_is_shown_as_its_owner_wrote_it() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("McAlice", 20_001).has(&[("clientID", "McAlice")]);
    wire.registers("bob", 20_002);
    wire.obtains("BRIDGE", &[("clientID", "bob"), ("Peer", "mcalice")])
        .has(&[("clientID", "McAlice")]);
}

#[test]
fn bridge_without_a_peer_gives_the_first_other_in_order_of_registration() {
    let (_server, mut wire) = connected(&[]);
    wire.registers("zoe", 20_001);
    wire.obtains("BRIDGE", &[("clientID", "zoe")]).has_exactly(&[
        ("clientID", ""),
        ("IP", ""),
        ("Port", ""),
    ]);
    wire.registers("bob", 20_002);
    wire.registers("alice", 20_003);
    for (asker, answer, port) in
        [("zoe", "bob", "20002"), ("bob", "zoe", "20001"), ("alice", "zoe", "20001")]
    {
        wire.asks("BRIDGE", &[("clientID", asker)]);
        let expected = [("clientID", answer), ("IP", "127.0.0.1"), ("Port", port)];
        wire.gets("BRIDGEACK").has_exactly(&expected);
    }
}

#[test]
fn bridge_with_a_peer_gives_that_one_by_name_or_id() {
    let (_server, mut wire) = connected(&[]);
    for (name, port) in [("alice", 20_001), ("bob", 20_002), ("carol", 20_003)] {
        wire.registers(name, port);
    }
    for (peer, name, port) in
        [("bob", "bob", "20002"), ("2", "bob", "20002"), ("CAROL", "carol", "20003")]
    {
        wire.asks("BRIDGE", &[("clientID", "alice"), ("Peer", peer)]);
        // Exactly the assignments' headers, because this connection has not joined.
        let expected = [("clientID", name), ("IP", "127.0.0.1"), ("Port", port)];
        wire.gets("BRIDGEACK").has_exactly(&expected);
    }
}

#[test]
fn ids_are_never_given_twice() {
    let server = Server::start(&[]);
    let mut stays = server.connect("stays");
    stays.registers("stays", 20_001).has(&[("ID", "1")]);
    for id in 2..6_u32 {
        let mut wire = server.connect("wire");
        wire.registers("alice", 20_002).has(&[("ID", &id.to_string())]);
        wire.joins("alice").has(&[("ID", &id.to_string())]);
        wire.asks("QUIT", &[]).is_closed();
    }
    assert_eq!(stays.lists(), ["stays 127.0.0.1:20001 1"]);
}

#[test]
fn an_entry_expires_unless_it_is_renewed_or_joined() {
    let server = Server::start(&["--expires", "1"]);
    let mut alice = server.connect("alice");
    alice.registers("alice", 20_001).has(&[("Expires", "1")]);
    alice.joins("alice");
    let mut wire = server.registered("bob", 20_002);
    wire.registers("carol", 20_003).has(&[("ID", "3")]);
    let since = Instant::now();
    loop {
        wire.registers("carol", 20_003).has(&[("ID", "3")]);
        let names = wire.lists();
        if names == ["alice 127.0.0.1:20001 1", "carol 127.0.0.1:20003 3"] {
            break;
        }
        assert_eq!(names.len(), 3, "who renews or has joined stays: {names:?}");
        assert!(since.elapsed() < DEADLINE, "bob does not expire: {names:?}");
    }
    wire.registers("bob", 20_002).has(&[("ID", "4")]);
}

#[test]
fn who_has_joined_may_move_to_another_port() {
    let (server, mut alice) = alice_joined(&[]);
    alice.asks("REGISTER", &[("clientID", "alice"), ("IP", ""), ("Port", "20011")]);
    alice.skips_to("REGACK").has(&[("ID", "1"), ("Port", "20011")]);
    let mut wire = server.connect("wire");
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20011 1"]);
}

#[test]
fn a_name_that_is_joined_is_taken() {
    let server = Server::start(&[]);
    let _alice = server.joined("Alice", 20_001);
    let mut wire = server.connect("wire");
    for name in ["Alice", "alice", "ALICE"] {
        wire.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", "20002")]);
        wire.refuses("REGISTER", "name-taken");
        wire.asks("JOIN", &[("clientID", name)]);
        wire.refuses("JOIN", "name-taken");
    }
    assert_eq!(wire.lists(), ["Alice 127.0.0.1:20001 1"]);
}

#[test]
fn a_name_is_free_again_when_its_owner_is_gone() {
    let server = Server::start(&[]);
    let mut bob = server.joined("bob", 20_002);
    let alice = server.joined("alice", 20_001);
    bob.gets("JOINED");
    drop(alice);
    bob.gets("LEFT").has(&[("clientID", "alice"), ("Reason", "gone")]);
    assert_eq!(bob.lists(), ["bob 127.0.0.1:20002 1"]);
    let mut again = server.joined("alice", 20_003);
    assert_eq!(again.lists(), ["bob 127.0.0.1:20002 1", "alice 127.0.0.1:20003 3"]);
}

/// A server on all addresses, and how to reach it by IPv4 and by IPv6; `None` where the machine has no IPv6.
fn both_families() -> Option<(Server, SocketAddr, SocketAddr)> {
    if !cfg!(target_os = "linux") || TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("not checked: this machine has no socket for both IPv4 and IPv6");
        return None;
    }
    let server = Server::start(&["--host", "::"]);
    let port = server.port();
    Some((server, (Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()))
}

#[test]
fn both_families_are_written_as_they_are() {
    let Some((_server, four, six)) = both_families() else { return };
    let (mut alice, mut bob) = (Wire::connect("somebody", six), Wire::connect("somebody", four));
    alice.registers("alice", 20_001).has(&[("IP", "::1"), ("Port", "20001")]);
    bob.registers("bob", 20_002).has(&[("IP", "127.0.0.1")]);
    let expected = ["alice [::1]:20001 1", "bob 127.0.0.1:20002 2"];
    assert_eq!(alice.lists(), expected);
    bob.obtains("BRIDGE", &[("clientID", "bob")]).has_exactly(&[
        ("clientID", "alice"),
        ("IP", "::1"),
        ("Port", "20001"),
    ]);
}

#[test]
fn an_entry_belongs_to_its_address() {
    let Some((_server, four, six)) = both_families() else { return };
    let (mut alice, mut eve) = (Wire::connect("somebody", six), Wire::connect("somebody", four));
    alice.registers("alice", 20_001);
    eve.asks("REGISTER", &[("clientID", "alice"), ("IP", "::1"), ("Port", "20009")]);
    eve.refuses("REGISTER", "name-taken");
    eve.asks("JOIN", &[("clientID", "alice")]);
    eve.refuses("JOIN", "not-registered");
    eve.asks("BRIDGE", &[("clientID", "alice")]);
    eve.refuses("BRIDGE", "not-registered");
    assert_eq!(eve.lists(), ["alice [::1]:20001 1"]);
}

#[test]
fn a_directory_has_as_many_entries_as_clients_are_allowed() {
    let (_server, mut wire) = connected(&["--max-clients", "2"]);
    wire.registers("alice", 20_001);
    wire.registers("bob", 20_002);
    wire.asks("REGISTER", &[("clientID", "carol"), ("IP", ""), ("Port", "20003")]);
    wire.refuses("REGISTER", "server-full");
    wire.registers("bob", 20_012).has(&[("ID", "2")]);
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20001 1", "bob 127.0.0.1:20012 2"]);
}

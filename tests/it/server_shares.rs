//! A share of each table for each host: one that fills the directory, the connections or the tokens locks nobody out.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::support::{Server, Wire, lan_address};

/// A server on all addresses, and how to reach it by IPv4 and by IPv6: from two hosts, so to say. `None` where the
/// machine has no IPv6.
fn two_hosts(arguments: &[&str]) -> Option<(Server, SocketAddr, SocketAddr)> {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("not checked: this machine has no IPv6");
        return None;
    }
    let server = Server::start(&[&["--host", "::"], arguments].concat());
    let port = server.port();
    Some((server, (Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()))
}

/// So many connections, which the server has accepted.
#[track_caller]
fn connections(address: SocketAddr, count: usize) -> Vec<Wire> {
    let wires = (0..count).map(|number| {
        let mut wire = Wire::connect(&format!("number {number}"), address);
        wire.hears_nothing();
        wire
    });
    wires.collect()
}

/// Registers a name, which must be refused.
#[track_caller]
fn finds_it_full(wire: &mut Wire, name: &str) {
    wire.asks("REGISTER", &[("clientID", name), ("IP", ""), ("Port", "20001")]);
    wire.refuses("REGISTER", "server-full");
}

#[test]
fn one_connection_cannot_lock_others_out_of_the_directory() {
    let Some((_server, four, six)) = two_hosts(&["--max-clients", "16"]) else { return };
    let mut member = Wire::joined(four, "member", 20_001);
    let mut greedy = Wire::connect("greedy", four);
    for number in 2..=16 {
        greedy.registers(&format!("greedy{number}"), 20_001);
    }
    greedy.registers("greedy2", 20_002); // the one that is renewed is the youngest
    finds_it_full(&mut greedy, "greedy17");
    let mut bob = Wire::connect("bob", six);
    for (number, gone) in [(1, 3), (2, 4), (3, 5), (4, 6)] {
        bob.registers(&format!("bob{number}"), 20_001);
        let there: Vec<String> = bob.lists();
        assert_eq!(there.len(), 16);
        assert!(!there.iter().any(|line| line.starts_with(&format!("greedy{gone} "))), "{there:?}");
    }
    // With a quarter of the directory bob is no newcomer any more.
    finds_it_full(&mut bob, "bob5");
    member.hears_nothing();
    assert!(member.lists().iter().any(|line| line.starts_with("member ")));
}

#[test]
fn members_keep_their_entries() {
    let Some((_server, four, six)) = two_hosts(&["--max-clients", "4"]) else { return };
    let mut members = ["one", "two", "three"].map(|name| Wire::joined(four, name, 20_001));
    let mut bob = Wire::connect("bob", six);
    members[0].asks("REGISTER", &[("clientID", "idle"), ("IP", ""), ("Port", "20002")]);
    members[0].skips_to("REGACK");
    bob.registers("bob", 20_003);
    finds_it_full(&mut bob, "bob2");
    let names: Vec<String> =
        bob.lists().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["one", "two", "three", "bob"]);
}

#[test]
fn many_losses_of_others_do_not_cost_a_client_its_token() {
    let Some((_server, four, six)) = two_hosts(&["--max-clients", "16"]) else { return };
    let mut watcher = Wire::joined(four, "watcher", 20_001);
    let mut lose = |address: SocketAddr, name: &str| {
        let mut wire = Wire::connect(name, address);
        wire.registers(name, 20_002);
        let joined = wire.joins(name);
        drop(wire);
        watcher.skips_to("LEFT").has(&[("clientID", name), ("Reason", "gone")]);
        joined
    };
    for number in 0..20 {
        lose(four, &format!("passer-by{number}"));
    }
    let alice = lose(six, "alice");
    for number in 20..40 {
        lose(four, &format!("passer-by{number}"));
    }
    // The host that has lost so many has forgotten its oldest, and not the last one.
    let last = lose(four, "last");
    for (name, address, joined) in [("alice", six, alice), ("last", four, last)] {
        let mut wire = Wire::connect(name, address);
        wire.registers(name, 20_003);
        let again = wire.obtains("JOIN", &[("clientID", name), ("Token", joined.get("Token"))]);
        again.has(&[("ID", joined.get("ID")), ("Token", joined.get("Token"))]);
    }
}

#[test]
fn one_host_cannot_keep_others_from_connecting() {
    let Some((_server, four, six)) = two_hosts(&["--max-clients", "8"]) else { return };
    let mut greedy = connections(four, 8);
    let mut others = Vec::new();
    for oldest in &mut greedy[..2] {
        others.append(&mut connections(six, 1));
        oldest.refuses("", "server-full");
        oldest.is_closed();
    }
    // With a quarter of the connections the other host is no newcomer any more.
    let mut third = Wire::connect("third", six);
    third.refuses("", "server-full");
    third.is_closed();
    others[0].hears_nothing();
    greedy[2].hears_nothing();
}

#[test]
fn members_keep_their_connections() {
    let Some((_server, four, six)) = two_hosts(&["--max-clients", "8"]) else { return };
    let mut members: Vec<Wire> =
        (0..7).map(|number| Wire::joined(four, &format!("member{number}"), 20_001)).collect();
    let mut idle = connections(four, 1);
    let mut bob = Wire::joined(six, "bob", 20_001);
    idle[0].refuses("", "server-full");
    idle[0].is_closed();
    let mut carol = Wire::connect("carol", six);
    carol.refuses("", "server-full");
    carol.is_closed();
    bob.speaks("nobody had to go");
    for member in &mut members {
        member.skips_to("SAID").has(&[("Text", "nobody had to go")]);
    }
}

#[test]
fn the_last_quarter_is_for_those_who_have_no_connection() {
    let Some(own) = lan_address() else { return };
    let server = Server::start(&["--host", "0.0.0.0", "--max-clients", "8"]);
    let (near, far) = ((Ipv4Addr::LOCALHOST, server.port()).into(), (own, server.port()).into());
    let mut greedy = connections(far, 6);
    for _ in 0..2 {
        let mut wire = Wire::connect("one more", far);
        wire.refuses("", "server-full");
        wire.is_closed();
    }
    // Programs on the server's own machine may fill it, and then take from the greediest up to their quarter.
    let _near = connections(near, 2);
    greedy[0].hears_nothing();
    let mut third = Wire::connect("third", near);
    third.refuses("", "server-full");
}

//! A share of each table for each host: one that fills the directory, the connections or the tokens locks nobody out.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::support::{Server, Wire};

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

//! Where a client listens and where it looks for its server: names with two addresses, no port, link-local addresses.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr, TcpListener, ToSocketAddrs};

use crate::support::{Client, Server, alice_alone};

/// Two clients that find the server so chat with each other by TCP and by UDP.
#[track_caller]
fn chat_by_both(server: &str) {
    let [alice, bob] = ["alice", "bob"].map(|name| {
        let client = Client::start_with(name, server, &[]);
        client.sees("Other clients' IDs: ");
        client
    });
    alice.sees("bob joined");
    bob.types("/chat alice");
    bob.types("/msg by tcp");
    alice.sees("Incoming chat request from bob ");
    alice.sees_line("bob (direct): by tcp");
    for (client, peer, who) in [(&*alice, &bob, "bob"), (&bob, &alice, "alice")] {
        client.asks(&format!("/query {who}"), &format!("conversation with {who} "));
        peer.sees("Incoming query from ");
        client.types("/msg by udp");
        peer.sees(" (udp): by udp");
        client.sees_line(&format!("Delivered to {who} (udp): by udp"));
    }
}

/// A server on `::1` alone, and its address by a name that means 127.0.0.1, too; `None` where there is no such name.
fn behind_localhost() -> Option<(Server, String)> {
    let both = ("localhost", 0).to_socket_addrs().unwrap().map(|address| address.ip());
    let both: HashSet<IpAddr> = both.filter(IpAddr::is_loopback).collect();
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    (both.len() > 1 && has_ipv6).then(|| {
        let server = Server::start(&["--host", "::1"]);
        let place = format!("localhost:{}", server.port());
        (server, place)
    })
}

#[test]
fn a_client_listens_where_its_connection_to_the_server_stands() {
    let Some((_server, place)) = behind_localhost() else { return };
    chat_by_both(&place);
}

#[test]
fn a_port_that_is_in_use_where_others_look_is_told() {
    let Some((_server, place)) = behind_localhost() else { return };
    let taken = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    let taken = taken.local_addr().unwrap().port();
    let client = Client::with_args(&["alice", &taken.to_string(), &place]);
    let sentence = format!("cannot listen on [::1]:{taken}, where others look: address in use; ");
    client.sees(&sentence);
}

/// A link-local address of this machine, with its interface.
#[cfg(target_os = "linux")]
fn link_local() -> Option<(Ipv6Addr, String)> {
    let all = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    all.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = Ipv6Addr::from_bits(u128::from_str_radix(words[0], 16).ok()?);
        address.is_unicast_link_local().then(|| (address, words[5].to_owned()))
    })
}

#[cfg(target_os = "linux")]
#[test]
fn link_local_addresses_work_with_their_interface() {
    let Some((address, interface)) = link_local() else { return };
    let server = Server::start(&["--host", "::"]);
    chat_by_both(&format!("[{address}%{interface}]:{}", server.port()));
}

#[test]
fn a_link_local_address_without_its_interface_is_a_sentence() {
    let arguments = ["alice", "0", "[fe80::1]:5555"];
    Client::refuses(&arguments, "a link-local address needs its interface", 1);
    let (_server, alice) = alice_alone(&[]);
    alice.asks("/chat [fe80::1]:5556", "a link-local address needs its interface");
}

#[test]
fn a_server_without_a_port_is_at_5555() {
    // Who else would be there?
    let forms: [&[&str]; 5] = [
        &["alice", "--server", "127.0.0.9"],
        &["alice", "--server=127.0.0.9"],
        &["alice", "127.0.0.9"],
        &["alice", "0", "127.0.0.9"],
        &["--id", "alice", "--server", "127.0.0.9:5555"],
    ];
    for arguments in forms {
        let client = Client::with_args(arguments);
        client.sees("the server 127.0.0.9:5555: ");
    }
    Client::show_usage(&["alice --server ::1", "alice --server [::1", "alice --server host:"]);
}

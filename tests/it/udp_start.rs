//! What a client needs for UDP before it starts: the port of its listener once more, and flags with sense.

use std::net::{Ipv4Addr, UdpSocket};

use crate::support::{Client, Datagrams, Server, alice_alone, free_port};

/// Whether somebody has this port for UDP.
fn has_udp(port: u16) -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

#[test]
fn any_free_port_is_free_for_both() {
    let server = Server::start(&[]);
    let clients: Vec<Client> =
        (0..10).map(|number| Client::joined(&format!("c{number}"), &server)).collect();
    for client in &clients {
        assert!(has_udp(client.port()), "{}", client.output());
    }
}

#[test]
fn a_given_port_is_had_for_both() {
    let server = Server::start(&[]);
    let port = free_port();
    assert!(!has_udp(port));
    let flags = ["alice", &port.to_string(), &server.address().to_string()];
    let alice = Client::with_args(&flags);
    alice.sees_line(&format!("alice running on 127.0.0.1:{port}"));
    assert!(has_udp(port), "{}", alice.output());
    alice.sees("Your ID: 1");
    alice.quits();
    assert!(!has_udp(port));
}

#[test]
fn a_udp_port_that_is_taken_is_a_sentence() {
    let server = Server::start(&[]);
    let taken = Datagrams::open_at("somebody", free_port());
    let port = taken.port().to_string();
    let alice = Client::with_args(&["alice", &port, &server.address().to_string()]);
    let line = alice.complains(&format!("127.0.0.1:{port}"));
    assert!(line.contains("address in use") && line.to_lowercase().contains("udp"), "{line}");
    alice.exits(1);
    assert_eq!(alice.errors().lines().count(), 1, "{}", alice.errors());
    assert_eq!(alice.output(), "");
}

#[test]
fn bad_numbers_of_udp_show_the_usage_and_end_with_2() {
    let lossy = ["", "x", "101", "-1", "1e1", "20,", "20,,10", "20,101", "20,10,x", "1,2,3,4,5"];
    let give_up = ["x", "0", "18446744073709551615", "-1", ""];
    let line = |flag: &str, value: &str| format!("--id alice --port 0 {flag} {value}");
    Client::show_usage(&lossy.map(|value| line("--lossy", value)));
    Client::show_usage(&[line("--lossy", "20,10,10,seed")]);
    Client::show_usage(&give_up.map(|value| line("--give-up", value)));
}

#[test]
fn the_usage_knows_the_flags_of_udp() {
    let client = Client::refuses(&["--what"], "usage: client", 2);
    for flag in ["--lossy", "--give-up"] {
        assert!(client.errors().contains(flag), "{}", client.errors());
    }
}

#[test]
fn the_help_knows_the_commands_of_udp() {
    let (_server, alice) = alice_alone(&[]);
    alice.asks("/help", "/query ");
}

#[test]
fn lossy_says_what_it_does_on_purpose() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    let told = [
        (
            "20,10,10,7",
            "20 % of the datagrams are lost, 10 % duplicated, 10 % reordered on purpose (seed 7)",
        ),
        (
            "100,0,5,0",
            "100 % of the datagrams are lost, 0 % duplicated, 5 % reordered on purpose (seed 0)",
        ),
        (
            "20,10,10",
            "20 % of the datagrams are lost, 10 % duplicated, 10 % reordered on purpose (seed ",
        ),
        ("20,10", "20 % of the datagrams are lost, 10 % duplicated"),
        ("20", "20 % of the datagrams are lost"),
        ("0", "0 % of the datagrams are lost"),
    ];
    for (value, line) in told {
        let client = Client::with_args(&["--id", "alice", "--server", &address, "--lossy", value]);
        client.sees(line);
        client.quits();
        server.sees("alice");
    }
    let honest = Client::joined("honest", &server);
    assert!(!honest.output().contains("on purpose"), "{}", honest.output());
}

//! How the operator sends somebody away, and keeps a name or an address out.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use crate::support::{Client, DEADLINE, Server, Wire, connected, lan_address, two_joined};

/// Registers a name, or joins with these headers, and finds that it is kept out.
#[track_caller]
fn is_banned(wire: &mut Wire, request: &str, headers: &[(&str, &str)]) {
    wire.asks(request, headers);
    wire.refuses(request, "banned");
}

/// The headers of REGISTER.
fn named(name: &str) -> [(&str, &str); 3] {
    [("clientID", name), ("IP", ""), ("Port", "20003")]
}

#[test]
fn a_kicked_client_is_kept_out_with_its_name_and_its_token() {
    let server = Server::start(&[]);
    let mut bob = server.registered("bob", 20_001);
    let token = bob.joins("bob").get("Token").to_owned();
    server.types("/kick BOB");
    bob.gets("BYE").has_exactly(&[("Reason", "kicked")]);
    server.sees_line("bob left (kicked)");
    server.sees_line("bob is kept out for 60 s");
    let mut again = server.connect("again");
    is_banned(&mut again, "REGISTER", &named("Bob"));
    is_banned(&mut again, "JOIN", &[("clientID", "bob")]);
    again.registers("robert", 20_002);
    is_banned(&mut again, "JOIN", &[("clientID", "robert"), ("Token", &token)]);
    again.joins("robert");
    assert_eq!(again.lists(), ["robert 127.0.0.1:20002 2"]);
}

#[test]
fn a_kick_ends_after_the_time_that_was_given() {
    let (server, _alice, _bob) = two_joined(&[]);
    server.asks_line("/kick bob 1", "bob left (kicked)");
    server.sees_line("bob is kept out for 1 s");
    let mut again = server.connect("again");
    let since = Instant::now();
    loop {
        again.asks("REGISTER", &named("bob"));
        let answer = again.block("a block");
        if answer.kind == "REGACK" {
            break;
        }
        answer.has(&[("Code", "banned")]);
        assert!(since.elapsed() < DEADLINE, "{answer}");
    }
    server.asks_line("/kick alice 0", "alice left (kicked)");
    again.registers("alice", 20_004);
    server.asks_line("/bans", "0 barred");
}

#[test]
fn the_time_of_a_kick_is_said() {
    let (server, _alice, _bob) = two_joined(&[]);
    server.types("/kick bob 1000");
    server.sees_line("bob is kept out for 1000 s");
    let mut again = server.connect("again");
    again.asks("REGISTER", &named("bob"));
    let message = again.refuses("REGISTER", "banned").get("Message").to_owned();
    let seconds = message.strip_prefix("the operator keeps bob out for ").unwrap();
    let seconds: u64 = seconds.strip_suffix(" s").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&seconds), "{message}");
}

#[test]
fn a_banned_name_stays_out_until_it_is_let_in() {
    let (server, mut alice, mut bob) = two_joined(&[]);
    server.types("/ban Bob");
    bob.gets("BYE").has_exactly(&[("Reason", "kicked")]);
    bob.is_closed();
    alice.gets("LEFT").has(&[("clientID", "bob"), ("Reason", "kicked")]);
    server.sees_line("Bob is barred");
    // One that is not there may be barred, too, and one that is only registered leaves the directory.
    server.asks_line("/ban mallory", "mallory is barred");
    let mut wire = server.registered("eve", 20_003);
    server.asks_line("/ban eve", "eve is barred");
    assert_eq!(wire.lists(), ["alice 127.0.0.1:20001 1"]);
    for name in ["bob", "mallory", "EVE"] {
        is_banned(&mut wire, "REGISTER", &named(name));
    }
    server.types("/kick alice 100");
    server.asks("/bans", "4 barred");
    server.sees("Bob");
    server.sees("alice (");
    server.sees_line("eve");
    server.sees_line("mallory");
    server.asks_line("/unban BOB", "BOB may come in again");
    server.asks_line("/unban bob", "bob is not barred");
    wire.registers("bob", 20_002);
}

/// What the operator types, and what the server says to it.
#[track_caller]
fn answered(line: &str, answer: &str) {
    let (server, mut alice, mut bob) = two_joined(&[]);
    server.asks_line(line, answer);
    alice.speaks("nobody had to go");
    bob.gets("SAID");
    server.asks_line("/bans", "0 barred");
}

table! { answered:
    this_machine_is_not_barred("/ban 127.0.0.1", "127.0.0.1 is this machine: whoever is on it would be barred, too");
    nor_is_any_other_of_its_own_addresses("/ban 127.5.6.7", "127.5.6.7 is this machine: whoever is on it would be barred, too");
    nor_is_its_address_of_ipv6("/ban ::1", "::1 is this machine: whoever is on it would be barred, too");
    nor_is_it_in_another_form("/ban ::ffff:127.0.0.1", "127.0.0.1 is this machine: whoever is on it would be barred, too");
    a_number_that_nobody_has_is_not_barred("/ban 77", "there is no client 77");
    what_can_be_no_name_is_not_barred("/ban a b", "there is no client a b");
    a_kick_lasts_a_number_of_seconds("/kick bob soon", "SECONDS must be a number from 0 to 86400, not 'soon'");
    a_kick_lasts_a_day_at_most("/kick bob 86401", "SECONDS must be a number from 0 to 86400, not '86401'");
    who_is_not_barred_is_not_let_in("/unban bob", "bob is not barred");
    an_address_that_is_not_barred_is_not_let_in("/unban 192.0.2.7", "192.0.2.7 is not barred");
    the_console_says_what_it_knows("/help",
        "the console knows /info, /kick NAME [SECONDS], /ban NAME|IP, /unban NAME|IP, /bans, /relays and /quit");
}

#[test]
fn there_is_an_end_to_the_list_of_names() {
    let (server, _wire) = connected(&[]);
    for number in 0..1024 {
        server.types(&format!("/ban n{number}"));
    }
    server.sees_line("n1023 is barred");
    server.asks_line("/ban one-more", "1024 are barred already: /unban somebody first");
    server.asks_line("/ban n7", "n7 is barred");
    server.asks_line("/unban n7", "n7 may come in again");
    server.asks_line("/ban one-more", "one-more is barred");
}

#[test]
fn a_barred_address_is_refused_with_all_who_share_it() {
    let Some(own) = lan_address() else { return };
    let server = Server::start(&["--host", "0.0.0.0"]);
    let (near, far): (SocketAddr, SocketAddr) =
        ((Ipv4Addr::LOCALHOST, server.port()).into(), (own, server.port()).into());
    let mut alice = Wire::joined(near, "alice", 20_001);
    let mut members = ["bob", "carol"].map(|name| Wire::joined(far, name, 20_002));
    let mut idle = Wire::connect("idle", far);
    idle.registers("idle", 20_003);
    server.asks_line(&format!("/ban {own}"), &format!("2 members share the address {own}"));
    server.sees_line(&format!("{own} is barred"));
    for member in &mut members {
        member.skips_to("BYE").has_exactly(&[("Reason", "kicked")]);
        member.is_closed();
    }
    idle.refuses("", "banned");
    idle.is_closed();
    let mut newcomer = Wire::connect("newcomer", far);
    newcomer.refuses("", "banned");
    newcomer.is_closed();
    alice.skips_to("LEFT").has(&[("Reason", "kicked")]);
    alice.skips_to("LEFT").has(&[("Reason", "kicked")]);
    assert_eq!(alice.lists(), ["alice 127.0.0.1:20001 1"]);
    server.asks_line("/bans", "1 barred");
    server.sees_line(&own.to_string());
    server.types(&format!("/unban {own}"));
    server.sees_line(&format!("{own} may come in again"));
    Wire::connect("newcomer", far).hears_nothing();
}

#[test]
fn a_network_of_ipv6_is_barred_and_let_in() {
    let (server, _wire) = connected(&[]);
    server.asks_line("/ban 2001:db8::1:2:3", "no member has the address 2001:db8::/64");
    server.sees_line("2001:db8::/64 is barred");
    server.asks_line("/bans", "1 barred");
    server.sees_line("2001:db8::/64");
    server.asks_line("/unban 2001:db8::/64", "2001:db8::/64 may come in again");
    server.asks_line("/bans", "0 barred");
}

#[test]
fn our_client_says_that_it_is_banned_and_stays_away() {
    let server = Server::start(&[]);
    server.asks_line("/ban alice", "alice is barred");
    let alice = Client::start("alice", server.address());
    alice.sees_line("not registered: the server says: the operator has barred alice");
    alice.asks("hello", "not connected");
    server.asks_line("/unban alice", "alice may come in again");
    alice.asks("/register", "Your ID: 1");
}

#[test]
fn our_client_that_is_banned_while_it_is_there_stays_away() {
    let server = Server::start(&[]);
    let alice = Client::joined("alice", &server);
    server.types("/ban alice");
    alice.sees("the server disconnected you (kicked); /register joins again");
    alice.types("/register");
    alice.sees_line("not registered: the server says: the operator has barred alice");
    alice.asks("hello", "not connected");
}

//! A server that does not let a client in: what is said about it is so, it is said once, and the client keeps asking.

use std::net::{Ipv4Addr, SocketAddr};

use p2p_chat::net::connect::{LIMIT, connect};

use crate::driver::played::TOKEN;
use crate::support::{
    Block, Client, Lane, Played, Server, alice_alone, free_port, query_each_other,
};

/// As the server: refuses the client that comes next, whose old connection is not there any more.
#[track_caller]
fn name_is_taken(server: &Played) {
    let mut wire = server.accepts("the server (played)");
    for kind in ["REGISTER", "JOIN"] {
        let block = wire.gets(kind);
        block.has(&[("clientID", "alice")]);
        let message = ("Message", "the name alice is taken");
        wire.sends(Block::text("ERROR", &[("For", kind), ("Code", "name-taken"), message]));
    }
    wire.is_closed();
}

#[test]
fn a_name_that_is_taken_is_told_once_and_asked_for_until_it_is_free() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    drop(server.welcomes(1, &[]));
    alice.sees("lost the server");
    for _ in 0..3 {
        name_is_taken(&server);
    }
    alice.sees("the name alice is taken; asking again until the name is free");
    let (mut guest, join) = server.registers(7);
    join.has(&[("Token", TOKEN)]);
    guest.wire.sends(guest.me.joinack(&[], 0));
    alice.sees_line("Your ID: 7 (was 1)");
    let told = alice.output().matches("is taken").count();
    assert_eq!(told, 1, "{}", alice.output());
}

#[test]
fn another_name_comes_without_token_and_since() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    drop(server.welcomes(1, &[]));
    name_is_taken(&server);
    alice.sees("/nick NEW");
    alice.asks("/nick", "usage: /nick NAME");
    alice.asks("/nick 77", "a name");
    alice.types("/nick carol");
    let (mut guest, join) = loop {
        let mut wire = server.accepts("the server (played)");
        // One more attempt under the old name may be under way.
        if wire.gets("REGISTER").get("clientID") == "carol" {
            let carol = crate::driver::played::Peer::new("carol", alice.address(), 5);
            wire.sends(carol.regack());
            let join = wire.gets("JOIN");
            break (crate::driver::played::Guest { wire, me: carol }, join);
        }
    };
    let local = alice.address().to_string();
    join.has_exactly(&[("clientID", "carol"), ("Secure", "tls"), ("Local", &local)]);
    guest.wire.sends(guest.me.joinack(&[], 9));
    alice.sees_line("Your ID: 5");
    alice.asks("/nick dave", "you are there as carol: leave first (/quit)");
    alice.asks("/id", "you are carol (ID 5)");
}

#[test]
fn open_chats_keep_the_name_with_which_they_were_verified() {
    let server = Server::start(&[]);
    let lane = Lane::to(server.address());
    let alice = Client::start("alice", lane.address());
    alice.sees("Other clients' IDs: none");
    let bob = Client::start("bob", lane.address());
    alice.sees("bob joined (ID 2, ");
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice");
    query_each_other(&alice, &bob);
    lane.breaks();
    let server = Server::start(&[]);
    let _thief = server.joined("alice", 20_001);
    lane.leads_to(server.address());
    alice.sees("asking again until the name is free");
    bob.sees("lost the server");
    bob.sees("Other clients' IDs: 1 (alice)");
    alice.types("/nick carol");
    bob.sees("carol joined (ID 3, ");
    // Carol is somebody new, who has seen no other room.
    alice.sees_without("a different room", "Other clients' IDs: 1 (alice), 2 (bob)");
    for (way, word) in [("bob tcp", "direct"), ("bob udp", "udp")] {
        alice.types(&format!("/peer {way}"));
        alice.types(&format!("/msg still me by {word}"));
        bob.sees_line(&format!("alice ({word}): still me by {word}"));
    }
    // A conversation that is opened anew is carol's.
    alice.types("/hangup bob udp");
    alice.types("/query bob");
    bob.sees("Incoming query from carol");
    alice.types("/msg a new name");
    bob.sees_line("carol (udp): a new name");
}

#[test]
fn a_server_that_is_full_is_not_said_to_be_out_of_reach() {
    let (server, alice) = alice_alone(&["--max-clients", "1"]);
    let bob = Client::start("bob", server.address());
    let line = bob.sees("does not let you in");
    assert!(line.ends_with("the server has its largest number of clients; asking again"), "{line}");
    alice.quits();
    bob.sees("Your ID: ");
    assert!(!bob.output().contains("cannot reach"), "{}", bob.output());
}

#[test]
fn a_server_that_goes_after_it_has_refused_is_told_of() {
    let server = Played::open();
    let (port, alice) = (server.port(), Client::start("alice", server.address()));
    let mut wire = server.accepts("the server (played)");
    wire.gets("REGISTER");
    wire.sends("ERROR\r\nFor: REGISTER\r\nCode: server-full\r\nMessage: it is full\r\n\r\n");
    alice.sees("does not let you in: the server says: it is full");
    drop((wire, server));
    alice.sees(&format!("cannot reach the server 127.0.0.1:{port}: connection refused"));
}

#[test]
fn each_address_that_was_tried_is_told_with_its_own_cause() {
    let addresses = [0, 0].map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
    let error = connect(&addresses, LIMIT).unwrap_err().to_string();
    let told = addresses.map(|address| format!("{address}: connection refused"));
    assert_eq!(error, told.join("; "));
    let single = connect(&addresses[..1], LIMIT).unwrap_err();
    assert_eq!(single.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn who_is_kicked_is_not_said_to_be_connecting() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    let alice = Client::with_args(&["alice", "0", &address, "--page", "--no-open"]);
    let page = alice.sees("page: ");
    let site = crate::support::Site::at(page.strip_prefix("page: ").unwrap());
    alice.sees("Other clients' IDs: ");
    server.types("/kick alice");
    alice.sees("kicked");
    site.listens().reads_of("\"status\":\"away\"");
}

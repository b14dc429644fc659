//! Servers that are not there yet, or any more: one line about it, direct chats as ever, and coming back.

use crate::support::{Client, Folder, Server, alice_alone, alice_calls_bob, all_see, free_port};

/// How many lines of a client's output have this in them.
fn count(client: &Client, text: &str) -> usize {
    client.output().lines().filter(|line| line.contains(text)).count()
}

/// Demands twenty messages from one to the other and back, all over the direct chat.
#[track_caller]
fn twenty_each_way(alice: &Client, bob: &Client) {
    for (from, name, to) in [(alice, "alice", bob), (bob, "bob", alice)] {
        for number in 0..20 {
            from.types(&format!("/msg number {number} from {name}"));
        }
        for number in 0..20 {
            let line = format!(" (direct): number {number} from {name}");
            to.sees_without("ended", &line);
        }
    }
}

#[test]
fn the_server_is_killed_and_twenty_more_messages_arrive() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let address = server.address().to_string();
    server.kill();
    all_see([&alice, &bob], &address);
    twenty_each_way(&alice, &bob);
    for client in [&alice, &bob] {
        assert_eq!(count(client, &address), 1, "{}", client.output());
        assert_eq!(client.errors(), "");
    }
}

#[test]
fn the_server_comes_back_and_so_do_the_clients() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    server.kill();
    all_see([&alice, &bob], "the server");
    twenty_each_way(&alice, &bob);
    let _server = server.starts_again();
    all_see([&alice, &bob], "Other clients' IDs: ");
    bob.asks("/info", &alice.address().to_string());
    alice.says(&bob, "back in the room");
    bob.says(&alice, "so am I");
    twenty_each_way(&bob, &alice);
}

#[test]
fn an_id_that_has_changed_is_told_with_the_old_one() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::joined("bob", &server);
    alice.quits();
    bob.sees_line("alice left (quit)");
    // With another log it is another server, which gives its own IDs.
    let port = server.port();
    drop(server.crashes());
    let _server = Server::start_in(Folder::fresh(), port, &[]);
    bob.sees_line("Your ID: 1 (was 2)");
    bob.asks("/id", "ID 1");
}

#[test]
fn again_and_again() {
    let mut server = Server::start(&[]);
    let alice = Client::joined("alice", &server);
    for round in 0..3 {
        server = server.starts_again();
        alice.sees("lost the server");
        alice.sees("Other clients' IDs: none");
        alice.asks(&format!("round {round}"), &format!(" alice: round {round}"));
    }
}

#[test]
fn what_is_said_without_a_server_is_said_to_be_unsaid() {
    let (server, alice) = alice_alone(&[]);
    server.kill();
    alice.sees("the server");
    alice.asks("is anybody there?", "is anybody there?");
    let _server = server.starts_again();
    alice.sees("Other clients' IDs: none");
    alice.types("now there is");
    alice.sees_without("is anybody there?", " alice: now there is");
}

#[test]
fn commands_that_need_a_server_say_that_there_is_none() {
    let (server, alice) = alice_alone(&[]);
    server.kill();
    alice.sees("the server");
    for command in ["/info", "/bridge", "/tell bob hi", "/chat stranger"] {
        alice.asks(command, "not connected to the server");
    }
}

#[test]
fn a_server_that_is_not_there_yet_is_one_line_and_then_it_joins_by_itself() {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let alice = Client::start_with("alice", &address, &[]);
    let bob = Client::start_with("bob", &address, &[]);
    all_see([&alice, &bob], &address);
    // Direct chats work meanwhile, if only with an address.
    alice.types(&format!("/chat {}", bob.address()));
    alice.types("/msg without a server");
    bob.sees_line(&format!("Incoming chat request from alice? {} (unverified)", alice.address()));
    bob.sees_line("alice? (direct): without a server");
    twenty_each_way(&alice, &bob);
    for client in [&alice, &bob] {
        assert_eq!(count(client, &address), 1, "{}", client.output());
        assert_eq!(client.errors(), "");
    }
    let _server = Server::start_in(Folder::fresh(), port, &[]);
    for client in [&alice, &bob] {
        client.sees("Your ID: ");
        client.sees("Other clients' IDs: ");
    }
    alice.says(&bob, "and with one");
    twenty_each_way(&bob, &alice);
}

#[test]
fn register_tries_at_once() {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let alice = Client::start_with("alice", &address, &[]);
    alice.sees(&address);
    let _server = Server::start_in(Folder::fresh(), port, &[]);
    alice.asks_line("/register", "Your ID: 1");
}

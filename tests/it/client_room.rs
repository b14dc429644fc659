//! The room as its members see it: IDs, arrivals and departures, what is said, and the assignments' words.

use crate::support::{Client, Server, alice_alone, alice_and_bob, begins_like, free_port};

#[test]
fn newcomers_are_told_their_id_their_address_and_the_others() {
    let server = Server::start(&[]);
    let alice = Client::start("alice", server.address());
    for line in ["Your ID: 1", "Your public IP: 127.0.0.1", "Other clients' IDs: none"] {
        alice.sees_line(line);
    }
    let _bob = Client::joined("bob", &server);
    let _carol = Client::joined("carol", &server);
    let dave = Client::start("dave", server.address());
    for line in [
        "Your ID: 4",
        "Your public IP: 127.0.0.1",
        "Other clients' IDs: 1 (alice), 2 (bob), 3 (carol)",
    ] {
        dave.sees_line(line);
    }
}

#[test]
fn a_client_picks_an_id_and_talks_to_it() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types("/connect 2");
    alice.tells(&bob, "Hello number two");
    alice.sees_line("Sent to bob (ID 2): Hello number two");
    bob.asks_line("/msg Hello number one", "Sent to alice (ID 1): Hello number one");
    alice.sees_line("bob (direct): Hello number one");
    alice.types("/connect 99");
    alice.types("/connect 1");
    alice.tells(&bob, "still there?");
}

#[test]
fn everybody_hears_of_arrivals_and_departures() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::joined("bob", &server);
    alice.sees_line(&format!("bob joined (ID 2, {})", bob.address()));
    bob.quits();
    alice.sees_line("bob left (quit)");
    let carol = Client::joined("carol", &server);
    alice.sees_line(&format!("carol joined (ID 3, {})", carol.address()));
    carol.kill();
    alice.sees_line("carol left (gone)");
}

#[test]
fn plain_text_goes_to_all_and_comes_back_as_its_receipt() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for text in ["Hello everyone!", "/say Hello again", "  kept as it is: é \u{1f600}  "] {
        bob.types(text);
        let text = text.strip_prefix("/say ").unwrap_or(text);
        for client in [&alice, &bob] {
            let line = client.sees(text);
            let said = line.get(6..) == Some(&*format!("bob: {text}"));
            assert!(said && begins_like(&line, "00:00 "), "{line:?}");
        }
    }
}

#[test]
fn conn_to_peer_and_close() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.types(&format!("conn:{}", bob.address()));
    alice.types("to_peer:Hello, bob: you");
    bob.sees("alice");
    bob.sees(" (direct): Hello, bob: you");
    alice.types("and plain text to all");
    carol.sees_without("to_peer", " alice: and plain text to all");
    alice.types("close");
    alice.exits(0);
    bob.sees(" ended the chat");
    carol.sees_line("alice left (quit)");
}

#[test]
fn conn_to_whom_the_server_has_introduced_is_verified() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types("/bridge bob");
    alice.types(&format!("conn:{}", bob.address()));
    alice.types("to_peer:it is me");
    bob.sees(&format!(
        "Incoming chat request from alice {} (verified, encrypted; compare ",
        alice.address()
    ));
    bob.sees_line("alice (direct): it is me");
}

#[test]
fn username_hostname_port() {
    let server = Server::start(&[]);
    let port = server.port().to_string();
    let alice = Client::with_args(&["alice", "127.0.0.1", &port]);
    alice.sees("alice running on 127.0.0.1:");
    alice.sees("Welcome");
    alice.sees_line("Your ID: 1");
    let bob = Client::with_args(&["bob", "localhost", &port]);
    bob.sees("Welcome");
    alice.sees("bob joined (ID 2, 127.0.0.1:");
    bob.types("Hello everyone!");
    alice.sees(" bob: Hello everyone!");
    bob.kill();
    alice.sees_line("bob left (gone)");
}

#[test]
fn the_server_keeps_a_log_of_the_room() {
    let (server, alice, bob) = alice_and_bob(&[]);
    bob.says(&alice, "Hello everyone!");
    assert!(server.log_text().contains("[bob]: Hello everyone!"), "{}", server.log_text());
}

#[test]
fn exit_and_list_are_commands_only_as_whole_lines() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for text in
        ["List of things", "Exit is that way", "closed", "list", "exit", "Listen", "a close"]
    {
        bob.types(text);
        alice.sees(&format!(" bob: {text}"));
    }
    bob.asks_line("List", &format!("alice {} 1", alice.address()));
    bob.sees_line(&format!("bob {} 2", bob.address()));
    bob.types("Exit");
    bob.exits(0);
    alice.sees_without("bob: List", "bob left (quit)");
}

#[test]
fn a_private_message_reaches_one_only() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.asks_line("/tell bob between us", "Sent to bob (ID 2): between us");
    bob.sees("alice (private): between us");
    alice.asks("/tell nobody hello?", "not delivered to nobody: hello?");
    alice.types("to all");
    carol.sees_without("between us", " alice: to all");
}

#[test]
fn a_newcomer_reads_what_was_said_before() {
    let (server, alice) = alice_alone(&[]);
    for number in 0..3 {
        alice.asks(&format!("earlier {number}"), &format!(" alice: earlier {number}"));
    }
    let bob = Client::joined("bob", &server);
    for number in 0..3 {
        bob.sees(&format!(" alice: earlier {number}"));
    }
    alice.types("now");
    bob.sees_without("earlier", " alice: now");
}

#[test]
fn a_client_on_a_port_of_its_choice_is_found_there() {
    let (server, alice) = alice_alone(&[]);
    let port = free_port();
    let bob = Client::with_args(&["bob", &port.to_string(), &server.address().to_string()]);
    bob.sees_line(&format!("bob running on 127.0.0.1:{port}"));
    alice.sees_line(&format!("bob joined (ID 2, 127.0.0.1:{port})"));
}

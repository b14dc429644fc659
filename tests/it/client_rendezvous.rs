//! The course's flow, word for word: register, bridge, chat, msg, info, quit.

use crate::support::{Client, Program, Server, alice_alone, free_port};

/// `client NAME PORT 127.0.0.1:5555` as the assignment has it, with free ports in place of its own.
#[track_caller]
fn starts(name: &str, port: u16, server: &Server) -> Program {
    let client = Client::with_args(&[name, &port.to_string(), &server.address().to_string()]);
    client.sees_line(&format!("{name} running on 127.0.0.1:{port}"));
    client.sees("Other clients' IDs: ");
    client
}

#[test]
fn register_bridge_chat_msg_info_quit() {
    let server = Server::start(&[]);
    let (at_alice, at_bob) = (free_port(), free_port());
    let alice = starts("alice", at_alice, &server);
    let bob = starts("bob", at_bob, &server);
    for (client, name, port) in [(&alice, "alice", at_alice), (&bob, "bob", at_bob)] {
        client.asks("/register", &format!("registered as {name} at 127.0.0.1:{port}"));
    }
    alice.asks("/bridge", &format!("bob is at 127.0.0.1:{at_bob}"));
    alice.types(&format!("/chat 127.0.0.1:{at_bob}"));
    alice.types("/msg Hello Bob!");
    bob.sees(&format!(
        "Incoming chat request from alice 127.0.0.1:{at_alice} (verified, encrypted; compare "
    ));
    bob.sees_line("alice (direct): Hello Bob!");
    alice.sees_line("Sent to bob (ID 2): Hello Bob!");
    bob.asks_line("/msg How are you Alice", "Sent to alice (ID 1): How are you Alice");
    alice.sees_line("bob (direct): How are you Alice");
    alice.asks_line("/info", &format!("alice 127.0.0.1:{at_alice} 1"));
    alice.sees_line(&format!("bob 127.0.0.1:{at_bob} 2"));
    bob.quits();
    alice.sees_line("bob ended the chat");
    alice.quits();
}

#[test]
fn the_answer_comes_back_on_the_connection_of_the_call() {
    let server = Server::start(&[]);
    let (at_alice, at_bob) = (free_port(), free_port());
    let alice = starts("alice", at_alice, &server);
    let bob = starts("bob", at_bob, &server);
    alice.types("/bridge");
    alice.types(&format!("/chat 127.0.0.1:{at_bob}"));
    alice.types("/msg first");
    bob.sees("alice (direct): first");
    bob.types("/msg second");
    alice.sees("bob (direct): second");
    // Bob has not called back: one chat is all that either of them has.
    for (client, peer) in [(&alice, at_bob), (&bob, at_alice)] {
        client.asks("/peers", &format!("127.0.0.1:{peer}"));
        client.types("/id");
        client.sees_without(&format!("127.0.0.1:{peer}"), "you are ");
        assert!(!client.output().contains("no direct chats"));
    }
    assert!(!alice.output().contains("Incoming chat request"), "{}", alice.output());
}

#[test]
fn bridge_with_a_name_chat_with_a_name_and_with_an_id() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::joined("bob", &server);
    let carol = Client::joined("carol", &server);
    alice.asks("/bridge carol", &format!("carol is at {}", carol.address()));
    for (called, who, name) in [(&bob, "BOB", "bob"), (&carol, "3", "carol")] {
        alice.types(&format!("/chat {who}"));
        alice.types(&format!("/msg hello {name}"));
        called.sees(&format!(
            "Incoming chat request from alice {} (verified, encrypted; compare ",
            alice.address()
        ));
        called.sees_line(&format!("alice (direct): hello {name}"));
        alice.sees(&format!("Sent to {name} (ID "));
    }
}

#[test]
fn alone_there_is_nobody_to_be_bridged_to() {
    let (_server, alice) = alice_alone(&[]);
    alice.asks("/bridge", "nobody else");
    alice.types("/chat nobody");
    alice.asks("/msg are you there?", "nobody");
    alice.asks_line("/info", &format!("alice {} 1", alice.address()));
    assert!(!alice.output().contains("Sent to"), "{}", alice.output());
}

#[test]
fn registering_again_changes_nothing() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::joined("bob", &server);
    for _ in 0..3 {
        alice.asks("/register", &format!("registered as alice at {}", alice.address()));
    }
    alice.types("still alice");
    bob.sees_without("joined", " alice: still alice");
    bob.asks_line("/info", &format!("alice {} 1", alice.address()));
    bob.sees_line(&format!("bob {} 2", bob.address()));
}

#[test]
fn a_call_to_where_nobody_listens_fails_with_a_sentence() {
    let (_server, alice) = alice_alone(&[]);
    let nowhere = free_port();
    alice.asks(&format!("/chat 127.0.0.1:{nowhere}"), "connection refused");
    alice.asks_line("/msg anybody?", "no direct chat: use /chat or /query first");
}

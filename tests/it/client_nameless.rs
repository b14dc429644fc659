//! Chats while the user is asked for a name: what peers say is shown, and can be answered.

use std::net::{Ipv4Addr, SocketAddr};

use crate::support::{Client, Program, Server, Wire, free_port};

/// A client that asks for a nickname, and bob, who has called it.
#[track_caller]
fn asked_and_called() -> (Server, Program, Wire, u16) {
    let (server, port) = (Server::start(&[]), free_port());
    let (address, own) = (server.address().to_string(), port.to_string());
    let client = Client::with_args(&["--port", &own, "--server", &address]);
    client.sees("Your nickname?");
    let mut bob = Wire::connect("bob", SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    bob.asks("CHAT", &[("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", "20002")]);
    bob.sends("are you there?\r\n");
    client.sees("Incoming chat request from bob? 127.0.0.1:20002 (unverified)");
    client.sees_line("bob? (direct): are you there?");
    (server, client, bob, port)
}

#[test]
fn a_chat_can_be_read_and_answered_before_there_is_a_name() {
    let (_server, client, mut bob, port) = asked_and_called();
    client.types("/msg yes, but who am I?");
    assert_eq!(bob.line(), "yes, but who am I?");
    client.asks("/id", "you have no name yet");
    client.asks_line("/chat bob", "give your nickname first");
    client.asks("/no-such-command", "there is no command /no-such-command");
    client.asks_line("alice", &format!("alice running on 127.0.0.1:{port}"));
    client.sees("Your ID: 1");
    bob.sends("now I know\r\n");
    client.sees_line("bob? (direct): now I know");
}

#[test]
fn a_chat_that_ends_before_there_is_a_name_is_gone() {
    let (_server, client, mut bob, _) = asked_and_called();
    bob.ends();
    client.sees_line("bob? ended the chat");
    client.asks_line("/peers", "no direct chats");
}

#[test]
fn a_chat_lives_while_another_name_is_asked_for() {
    let (server, client, mut bob, _) = asked_and_called();
    let _alice = server.joined("alice", 20_001);
    client.types("alice");
    client.sees("taken");
    client.sees("Your nickname?");
    bob.sends("still there?\r\n");
    client.sees_line("bob? (direct): still there?");
    client.types("/msg still here");
    assert_eq!(bob.line(), "still here");
    client.types("/nick carol");
    client.sees("Your ID: ");
    client.asks("/id", "you are carol");
}

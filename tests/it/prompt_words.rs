//! What the prompt says, and what Tab makes of commands and names.

use crate::support::{Client, Server, Terminal};

#[test]
fn the_prompt_says_where_msg_would_go() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    alice.presses("/chat bob\r");
    bob.sees("Incoming chat request");
    alice.sees("is open (verified)");
    alice.shows(&["[/msg to bob] > "], 16);
    alice.presses("/query bob\r");
    alice.shows(&["[/msg to bob (udp)] > "], 22);
    alice.presses("/peer bob\r");
    alice.shows(&["/msg now goes to bob", "[/msg to bob] > "], 16);
    alice.presses("half a li");
    bob.types("/hangup");
    alice.sees("bob ended the chat");
    alice.shows(&["bob ended the chat", "> half a li"], 11);
    alice.presses("ne\r");
    bob.sees("alice: half a line");
}

#[test]
fn tab_completes_commands_and_who_is_there() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let _bob = Client::joined("bob", &server);
    let _bobby = Client::joined("bobby", &server);
    let _carol = Client::joined("carol", &server);
    alice.sees("carol joined");
    alice.presses("/ch\t").shows(&["> /chat "], 8);
    alice.presses("B\t").shows(&["> /chat bob"], 11);
    alice.presses("\t").shows(&["bob  bobby", "> /chat bob"], 11);
    alice.presses("\x17c\t").shows(&["> /chat carol "], 14);
    alice.presses("\x15/pe\t").shows(&["> /peer"], 7);
    alice.presses("\t").shows(&["/peer  /peers", "> /peer"], 7);
}

#[test]
fn the_history_is_there_to_be_said_again() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    alice.presses("one\r");
    bob.sees("alice: one");
    alice.sees("alice: one");
    alice.presses("begun\x1b[A").shows(&["> one"], 5);
    alice.presses("\x1b[B").shows(&["> begun"], 7);
    alice.presses("\x1b[A!\r");
    bob.sees("alice: one!");
}

#[test]
fn a_nickname_is_typed_at_the_prompt_too() {
    let server = Server::start(&[]);
    let command = format!("'{}' --server {}", env!("CARGO_BIN_EXE_client"), server.address());
    let Some(alice) = Terminal::running(&command) else { return };
    alice.shows(&["Your nickname?", "> "], 2);
    alice.presses("no name\r");
    alice.sees("a name must have 1 to 32");
    alice.presses("alicia\x7f\x7fe\r");
    alice.sees("alice running on ");
    alice.sees("Other clients' IDs: none");
}

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
    alice.sees("is open (verified, encrypted; compare ");
    alice.shows(&["[room; /msg: bob] > "], 20);
    alice.presses("/query bob\r");
    alice.shows(&["[room; /msg: bob (udp)] > "], 26);
    alice.presses("/peer bob\r");
    alice.shows(&["/msg now goes to bob", "[room; /msg: bob] > "], 20);
    alice.presses("half a li");
    bob.types("/hangup");
    alice.sees("bob ended the chat");
    alice.shows(&["bob ended the chat", "> half a li"], 11);
    alice.presses("ne\r");
    bob.sees("alice: half a line");
}

#[test]
fn what_is_typed_goes_where_the_prompt_says() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    let carol = Client::joined("carol", &server);
    alice.sees("carol joined");
    bob.asks("/chat alice", "is open");
    alice.shows(&["[room; /msg: bob] > "], 20);
    alice.presses("/to bob\r").shows(&["[bob] > "], 8);
    alice.presses("a secret\r");
    bob.sees_line("alice (direct): a secret");
    carol.asks("/chat alice", "is open");
    alice.sees("Incoming chat request from carol");
    alice.presses("/peer carol\r").shows(&["/msg now goes to carol", "[bob; /msg: carol] > "], 21);
    alice.presses("another one\r");
    bob.sees_line("alice (direct): another one");
    alice.presses("//quit\r");
    bob.sees_line("alice (direct): /quit");
    // What is private does not become public because bob hangs up.
    alice.presses("the third sec");
    bob.types("/hangup");
    alice.sees("bob ended the chat");
    alice.presses("ret\r");
    alice.sees("not sent, there is no chat with bob");
    alice.shows(&["[bob: no chat; /msg: carol] > "], 30);
    bob.asks("/chat alice", "is open");
    alice.presses("the fourth\r");
    alice.sees("not sent, there is no chat with bob");
    alice.presses("/to bob\r").shows(&["[bob] > "], 8);
    alice.presses("/to nobody\r").shows(&["[nobody: no chat; /msg: bob] > "], 31);
    alice.presses("the fifth\r");
    alice.sees("not sent, there is no chat with nobody");
    alice.presses("/room\r").shows(&["[room; /msg: bob] > "], 20);
    alice.presses("public\r");
    for other in [&bob, &carol] {
        other.sees_without("sec", " alice: public");
    }
}

#[test]
fn the_prompt_says_that_the_server_is_lost_and_that_udp_waits_for_a_query() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    bob.asks("/query alice", "is open");
    alice.sees("query bob back");
    alice.shows(&["[room; /msg: bob (udp), query back] > "], 38);
    alice.presses("/to bob\r").shows(&["[bob (udp), query back] > "], 26);
    alice.presses("/query bob\r").shows(&["[bob (udp)] > "], 14);
    server.kill();
    alice.sees("lost the server");
    alice.shows(&["[bob (udp); room lost] > "], 25);
    alice.presses("still\r");
    bob.sees_line("alice (udp): still");
    alice.presses("/room\r").shows(&["[room lost; /msg: bob (udp)] > "], 31);
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
    alice.presses("\x15/roo\t").shows(&["> /room "], 8);
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
fn the_prompt_says_that_who_was_kicked_is_not_in_the_room() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    server.types("/kick alice");
    alice.sees("kicked");
    alice.shows(&["[room lost] > "], 14);
}

#[test]
fn a_nickname_is_typed_at_the_prompt_too() {
    let server = Server::start(&[]);
    let command = format!("'{}' --server {}", env!("CARGO_BIN_EXE_client"), server.address());
    let Some(alice) = Terminal::running(&command) else { return };
    alice.shows(&["Your nickname?", "nickname > "], 11);
    alice.presses("no name\r");
    alice.sees("a name must have 1 to 32");
    alice.presses("alicia\x7f\x7fe\r");
    alice.sees("alice running on ");
    alice.sees("Other clients' IDs: none");
}

//! At a prompt each text of the user is shown once: above the prompt while it is on its way, then where it belongs.

use crate::support::terminal::client;
use crate::support::{Client, Played, Server, Terminal};

/// How many rows on the glass hold that text.
fn rows_with(alice: &Terminal, text: &str) -> usize {
    alice.rows().iter().filter(|row| row.contains(text)).count()
}

#[test]
fn a_text_for_the_room_is_one_line_that_changes_its_state() {
    let server = Played::open();
    let client = format!("'{}' alice --server {}", env!("CARGO_BIN_EXE_client"), server.address());
    let Some(alice) = Terminal::running(&client) else { return };
    let mut guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    for text in ["first", "second"] {
        alice.presses(&format!("{text}\r"));
        guest.wire.gets("SAY");
    }
    alice.presses("thr").shows(&["… first", "… second", "> thr"], 5);
    for (seq, text) in [(1, "first"), (2, "second")] {
        guest.wire.sends(format!(
            "SAID\r\nSeq: {seq}\r\nTime: 2026-11-27 12:35:01\r\nID: 1\r\nclientID: alice\r\nText: {text}\r\n\r\n"
        ));
    }
    alice.sees_prompt("alice: second");
    alice.presses("ee").shows(&["> three"], 7);
    let rows = alice.rows();
    assert!(rows[rows.len() - 2].ends_with(" alice: second"), "{rows:#?}");
    assert_eq!([rows_with(&alice, "first"), rows_with(&alice, "second")], [1, 1], "{rows:#?}");
    // Of many the last are shown.
    alice.presses("\x15");
    for number in 0..8 {
        alice.presses(&format!("n{number}\r"));
    }
    alice.shows(&["… and 3 before", "… n3", "… n4", "… n5", "… n6", "… n7", "> "], 2);
}

#[test]
fn a_direct_text_is_one_line_too_over_tcp_and_over_udp() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::running(&client("alice", &server)) else { return };
    alice.sees("Other clients' IDs: none");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    alice.presses("/chat bob\r");
    bob.sees("Incoming chat");
    alice.sees("is open");
    alice.presses("/msg by TCP\r");
    alice.sees_prompt("Sent to bob (ID 2): by TCP");
    alice.presses("/query bob\r");
    alice.sees("(udp) is open");
    alice.presses("/to bob udp\r");
    alice.presses("by UDP\r");
    alice.sees_prompt("Delivered to bob (udp): by UDP");
    alice.presses("x").shows(&["[bob (udp)] > x"], 15);
    assert_eq!(
        [rows_with(&alice, "by TCP"), rows_with(&alice, "by UDP")],
        [1, 1],
        "{:#?}",
        alice.rows()
    );
}

#[test]
fn a_text_that_is_refused_is_shown_with_the_reason() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    alice.presses("/msg to nobody\r");
    let rows = ["> to nobody", "no direct chat: use /chat or /query firs", "t", "> "];
    alice.shows(&rows, 2);
    let bob = Client::joined("bob", &server);
    bob.asks("/query alice", "is open");
    alice.sees_prompt("query bob back");
    alice.presses("/to bob\r").presses("too early\r");
    alice.shows(
        &["> too early", "query bob back first: /query bob", "[bob (udp), query back] > "],
        26,
    );
}

#[test]
fn a_tab_in_a_text_is_shown_as_spaces() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    bob.types("if x:\treturn");
    alice.sees(" bob: if x:    return");
}

#[test]
fn a_private_text_through_the_server_is_one_line_too() {
    let server = Played::open();
    let client = format!("'{}' alice --server {}", env!("CARGO_BIN_EXE_client"), server.address());
    let Some(alice) = Terminal::running(&client) else { return };
    let mut guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    for text in ["first", "second"] {
        alice.presses(&format!("/tell bob {text}\r"));
    }
    guest.wire.gets("TELL");
    alice.presses("x").shows(&["… /tell bob first", "… /tell bob second", "> x"], 3);
    guest.wire.asks("TELLACK", &[("ID", "2"), ("clientID", "bob")]);
    guest.wire.gets("TELL");
    alice.sees_prompt(" Sent to bob (ID 2): first");
    alice.presses("y").shows(&["… /tell bob second", "> xy"], 4);
    let refused = [("For", "TELL"), ("Code", "no-such-client"), ("Message", "gone")];
    guest.wire.asks("ERROR", &refused);
    alice.sees("not delivered to bob: second");
    alice.presses("z").shows(&["> xyz"], 5);
    assert_eq!([rows_with(&alice, "first"), rows_with(&alice, "second")], [1, 1]);
}

#[test]
fn a_private_text_that_is_refused_at_once_is_shown_with_the_reason() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    drop(server);
    alice.sees("lost the server");
    alice.presses("/tell bob hello\r");
    alice.shows(&["> /tell bob hello", "not connected to the server", "[room lost] > "], 14);
}

//! Who is who: the server vouches for both sides of a call, and everybody else is a claim.

use std::net::SocketAddr;

use crate::support::{Block, Played, Server, Wire, alice_alone, alice_and_bob};

/// A ticket that the server never made.
const MADE_UP: &str = "0123456789abcdef0123456789abcdef";

/// Calls a client as somebody of that name, with these further headers.
#[track_caller]
fn rings(client: SocketAddr, name: &str, more: &[(&str, &str)]) -> Wire {
    let mut wire = Wire::connect(name, client);
    let mut headers = vec![("clientID", name), ("IP", "127.0.0.1"), ("Port", "20009")];
    headers.extend(more);
    wire.asks("CHAT", &headers);
    wire
}

/// Bob as a connection in the room, who has asked for alice and been given a ticket.
#[track_caller]
fn introduced(server: &Server, port: u16) -> (Wire, Block) {
    let mut bob = server.joined("bob", port);
    let ack = asks_for_alice(&mut bob);
    (bob, ack)
}

/// Asks once more.
#[track_caller]
fn asks_for_alice(bob: &mut Wire) -> Block {
    bob.asks("BRIDGE", &[("clientID", "bob"), ("Peer", "alice")]);
    bob.skips_to("BRIDGEACK")
}

#[test]
fn both_sides_are_verified() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    bob.types("/chat alice");
    bob.types("/msg it is bob");
    alice.sees(&format!(
        "Incoming chat request from bob {} (verified, encrypted; compare ",
        bob.address()
    ));
    alice.sees_line("bob (direct): it is bob");
    bob.sees_line("Sent to alice (ID 1): it is bob");
    alice.tells(&bob, "it is alice");
    for client in [alice, bob] {
        assert!(!client.output().contains("unverified"), "{}", client.output());
    }
}

#[test]
fn a_ticket_opens_and_its_answer_comes_back() {
    let (server, alice) = alice_alone(&[]);
    let (_bob, ack) = introduced(&server, 20_009);
    let mut call = rings(alice.address(), "bob", &[("Ticket", ack.get("Ticket"))]);
    let port = alice.port().to_string();
    call.gets("CHAT").has_exactly(&[
        ("clientID", "alice"),
        ("IP", "127.0.0.1"),
        ("Port", &port),
        ("Answer", ack.get("Answer")),
    ]);
    call.sends("hello\r\n");
    alice.sees_line("Incoming chat request from bob 127.0.0.1:20009 (verified, not encrypted)");
    alice.sees_line("bob (direct): hello");
    alice.types("/msg hello bob");
    assert_eq!(call.line(), "hello bob");
}

#[test]
fn a_stranger_is_shown_with_a_question_mark_beside_the_friend() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    bob.types("/chat alice");
    bob.types("/msg the true one");
    alice.sees(&format!(
        "Incoming chat request from bob {} (verified, encrypted; compare ",
        bob.address()
    ));
    alice.sees_line("bob (direct): the true one");
    let mut stranger = rings(alice.address(), "bob", &[]);
    stranger.sends("the false one\r\n");
    alice.sees_line("Incoming chat request from bob? 127.0.0.1:20009 (unverified, not encrypted)");
    alice.sees_line("bob? (direct): the false one");
    alice.types("/peer bob");
    alice.tells(&bob, "for the true one");
    drop(stranger);
    alice.sees_line("bob? ended the chat");
    bob.tells(&alice, "still the true one");
}

#[test]
fn a_stranger_who_came_first_does_not_get_what_is_meant_for_the_friend() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let mut stranger = rings(alice.address(), "bob", &[]);
    alice.sees_line("Incoming chat request from bob? 127.0.0.1:20009 (unverified, not encrypted)");
    bob.types("/chat alice");
    bob.tells(&alice, "the true one");
    alice.types("/peer bob");
    alice.tells(&bob, "for the true one");
    alice.types("/quit");
    assert_eq!(stranger.line(), "QUIT");
}

#[test]
fn a_ticket_that_was_made_up_verifies_nobody() {
    let (_server, alice) = alice_alone(&[]);
    let mut call = rings(alice.address(), "bob", &[("Ticket", MADE_UP)]);
    call.sends("I am bob\r\n");
    alice.sees_line("Incoming chat request from bob? 127.0.0.1:20009 (unverified, not encrypted)");
    alice.sees_line("bob? (direct): I am bob");
    // No CHAT comes back: what alice says is the first line.
    alice.types("/msg you are not");
    assert_eq!(call.line(), "you are not");
}

#[test]
fn a_ticket_is_good_only_once() {
    let (server, alice) = alice_alone(&[]);
    let (_bob, ack) = introduced(&server, 20_009);
    let ticket = [("Ticket", ack.get("Ticket"))];
    let mut first = rings(alice.address(), "bob", &ticket);
    first.gets("CHAT");
    alice.sees_line("Incoming chat request from bob 127.0.0.1:20009 (verified, not encrypted)");
    let mut second = rings(alice.address(), "bob", &ticket);
    second.sends("me, too\r\n");
    alice.sees_line("Incoming chat request from bob? 127.0.0.1:20009 (unverified, not encrypted)");
    alice.sees_line("bob? (direct): me, too");
    first.sends("me first\r\n");
    alice.sees_line("bob (direct): me first");
}

#[test]
fn a_ticket_is_good_only_for_its_name() {
    let (server, alice) = alice_alone(&[]);
    let (_bob, ack) = introduced(&server, 20_009);
    let mut mallory = rings(alice.address(), "mallory", &[("Ticket", ack.get("Ticket"))]);
    mallory.sends("hello\r\n");
    alice.sees_line(
        "Incoming chat request from mallory? 127.0.0.1:20009 (unverified, not encrypted)",
    );
    alice.sees_line("mallory? (direct): hello");
    // It was not used up by that.
    let mut bob = rings(alice.address(), "bob", &[("Ticket", ack.get("Ticket"))]);
    bob.gets("CHAT").has(&[("Answer", ack.get("Answer"))]);
    alice.sees_line("Incoming chat request from bob 127.0.0.1:20009 (verified, not encrypted)");
}

#[test]
fn the_answer_of_a_call_is_no_ticket() {
    let (server, alice) = alice_alone(&[]);
    let (_bob, ack) = introduced(&server, 20_009);
    let mut call = rings(alice.address(), "bob", &[("Ticket", ack.get("Answer"))]);
    call.sends("hello\r\n");
    alice.sees_line("Incoming chat request from bob? 127.0.0.1:20009 (unverified, not encrypted)");
}

#[test]
fn a_ticket_that_overtakes_its_announcement_is_waited_for() {
    let (server, alice) = alice_alone(&[]);
    let mut bob = server.joined("bob", 20_009);
    for round in 0..10 {
        // The ticket is shown as soon as it is there; CALL is on its way to alice just then.
        let ack = asks_for_alice(&mut bob);
        let mut call = rings(alice.address(), "bob", &[("Ticket", ack.get("Ticket"))]);
        call.gets("CHAT").has(&[("Answer", ack.get("Answer"))]);
        call.sends(format!("round {round}\r\nQUIT\r\n\r\n"));
        alice.sees_line("Incoming chat request from bob 127.0.0.1:20009 (verified, not encrypted)");
        alice.sees_line(&format!("bob (direct): round {round}"));
        alice.sees_line("bob ended the chat");
    }
}

#[test]
fn an_invitation_outlives_other_callers() {
    let (server, alice) = alice_alone(&[]);
    let listener = Played::open();
    let (_bob, ack) = introduced(&server, listener.port());
    for name in ["x", "y"] {
        rings(alice.address(), name, &[]).sends("hello\r\n");
        alice.sees(&format!("{name}? (direct): hello"));
    }
    let mut call = rings(alice.address(), "BOB", &[("Ticket", ack.get("Ticket"))]);
    call.gets("CHAT").has(&[("Answer", ack.get("Answer"))]);
}

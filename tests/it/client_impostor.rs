//! Calling somebody whose port somebody else has by now, and two who call each other at once.

use crate::support::{Block, Client, Played, Server, Wire, alice_alone};

/// Alice, and bob who is in the room as a connection with somebody's listener at his port.
fn alice_and_a_listener() -> (Server, Client, Wire, Played) {
    let listener = Played::open();
    let (server, alice) = alice_alone(&[]);
    let bob = server.joined("bob", listener.port());
    alice.sees("bob joined (ID 2, ");
    (server, alice, bob, listener)
}

/// Lets alice call bob and say something; gives the call, its CHAT, and the CALL that bob was sent.
#[track_caller]
fn alice_calls(alice: &Client, bob: &mut Wire, listener: &Played) -> (Wire, Block, Block) {
    alice.types_bytes(b"/chat bob\n/msg for bob alone\n/id\n");
    let mut wire = listener.accepts("the other side");
    let chat = wire.gets("CHAT");
    // The text has been taken before anything happens to the call.
    alice.sees("you are alice");
    (wire, chat, bob.skips_to("CALL"))
}

/// Demands that alice says that it was not bob, and that her text is not delivered.
#[track_caller]
fn is_exposed(alice: &Client, mut wire: Wire, listener: &Played) {
    wire.is_closed();
    alice.sees(": for bob alone");
    let output = alice.output();
    let address = listener.address();
    let told = output.contains(&format!("somebody else listens at {address}"))
        || (output.contains("cannot talk to ") && output.contains(&format!(" {address}: ")));
    assert!(told, "{output}");
    assert!(output.contains("not delivered to bob"), "{output}");
    assert!(!output.contains("Sent to"), "{output}");
    alice.asks_line("/msg and now?", "no direct chat: use /chat or /query first");
}

#[test]
fn the_called_one_shows_its_answer_before_any_text_is_sent() {
    let (_server, alice, mut bob, listener) = alice_and_a_listener();
    let (mut wire, chat, call) = alice_calls(&alice, &mut bob, &listener);
    let port = alice.port().to_string();
    chat.has(&[("clientID", "alice"), ("IP", "127.0.0.1"), ("Port", &port)]);
    chat.has(&[("Ticket", call.get("Ticket"))]);
    assert_eq!(chat.find("Answer"), None, "{chat}");
    wire.asks("CHAT", &[("clientID", "bob"), ("Answer", call.get("Answer"))]);
    assert_eq!(wire.line(), "for bob alone");
    alice.sees_line("Sent to bob (ID 2): for bob alone");
    wire.sends("thank you\r\n");
    alice.sees_line("bob (direct): thank you");
}

/// Somebody else listens at bob's port: what is not bob's answer gets no text.
fn gets_no_text(answers: impl FnOnce(&mut Wire, &Block, &Block)) {
    let (_server, alice, mut bob, listener) = alice_and_a_listener();
    let (mut wire, chat, call) = alice_calls(&alice, &mut bob, &listener);
    answers(&mut wire, &chat, &call);
    is_exposed(&alice, wire, &listener);
    assert!(!alice.output().contains("trust me"), "{}", alice.output());
}

/// Sends the CHAT with which somebody says to be bob.
fn chats(wire: &mut Wire, more: &[(&str, &str)]) {
    wire.asks("CHAT", &[&[("clientID", "bob")], more].concat());
}

table! { gets_no_text:
    a_wrong_answer_gets_no_text(|wire, _, call| {
        let wrong: String = call.get("Answer").chars().rev().collect();
        chats(wire, &[("Answer", &wrong)]);
    });
    a_ticket_given_back_as_the_answer_gets_no_text(|wire, chat, _| {
        chats(wire, &[("Answer", chat.get("Ticket"))]);
    });
    a_chat_without_an_answer_gets_no_text(|wire, _, _| {
        chats(wire, &[("IP", "127.0.0.1"), ("Port", "20002")]);
    });
    silence_gets_no_text(|_, _, _| {});
    talk_without_an_answer_gets_no_text_and_is_not_shown(|wire, _, _| {
        wire.sends("trust me\r\n");
    });
    a_listener_that_hangs_up_gets_no_text(|wire, _, _| wire.ends());
}

#[test]
fn a_listener_that_resets_the_call_is_told_of() {
    let (_server, alice, _bob, listener) = alice_and_a_listener();
    alice.types("/chat bob");
    // Its CHAT has not been read: closing now is a reset.
    let wire = listener.accepts("the other side");
    let mut byte = [0];
    wire.stream().peek(&mut byte).unwrap();
    drop(wire);
    alice.sees(&format!("cannot talk to bob at {}", listener.address()));
}

#[test]
fn only_a_wrong_answer_is_said_to_be_somebody_else() {
    let (_server, alice, mut bob, listener) = alice_and_a_listener();
    let place = format!("cannot talk to bob at {}: ", listener.address());
    let (mut wire, ..) = alice_calls(&alice, &mut bob, &listener);
    wire.ends();
    alice.sees_line(&format!("{place}it hung up without an answer"));
    let (mut wire, ..) = alice_calls(&alice, &mut bob, &listener);
    wire.sends("busy\r\n");
    alice.sees_line(&format!("{place}it answers with something else than CHAT"));
    assert!(!alice.output().contains("introduced"), "{}", alice.output());
    let (mut wire, ..) = alice_calls(&alice, &mut bob, &listener);
    chats(&mut wire, &[("Answer", "0123456789abcdef0123456789abcdef")]);
    let sentence = "it is not the one the server introduced";
    alice.sees_line(&format!("somebody else listens at {}: {sentence}", listener.address()));
}

#[test]
fn each_call_shows_a_ticket_of_its_own() {
    let (_server, alice, mut bob, listener) = alice_and_a_listener();
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let (wire, chat, call) = alice_calls(&alice, &mut bob, &listener);
        assert_eq!(chat.get("Ticket"), call.get("Ticket"));
        assert!(!tickets.contains(&chat.get("Ticket").to_owned()), "{chat}");
        tickets.push(chat.get("Ticket").to_owned());
        drop(wire);
        alice.sees(": for bob alone");
    }
}

#[test]
fn two_who_call_each_other_at_once_have_one_chat() {
    let server = Server::start(&[]);
    for round in 0..10 {
        let alice = Client::joined("alice", &server);
        let bob = Client::joined("bob", &server);
        alice.sees("bob joined");
        let (to_bob, to_alice) = (format!("for bob {round}"), format!("for alice {round}"));
        // One of them first, by turns, so that now and then they really meet.
        let lines = [(&alice, "bob", &to_bob), (&bob, "alice", &to_alice)];
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let (caller, name, text) = lines[index];
            caller.types_bytes(format!("/chat {name}\n/msg {text}\n").as_bytes());
        }
        bob.sees_line(&format!("alice (direct): {to_bob}"));
        alice.sees_line(&format!("bob (direct): {to_alice}"));
        for (from, name, to) in [(&alice, "alice", &bob), (&bob, "bob", &alice)] {
            from.types("/msg and more");
            to.sees_line(&format!("{name} (direct): and more"));
            from.types_bytes(b"/peers\n/id\n");
            from.sees(&format!("you are {name} (ID "));
            let listed = |line: &&str| line.contains(" tcp (verified, encrypted; compare ");
            assert_eq!(from.output().lines().filter(listed).count(), 1, "{}", from.output());
            assert!(!from.output().contains("unverified"), "{}", from.output());
            assert!(!from.output().contains("not delivered"), "{}", from.output());
        }
        alice.types("/quit");
        bob.sees_line("alice ended the chat");
        bob.quits();
        server.sees("alice");
    }
}

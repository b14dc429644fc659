//! Somebody who is away: each person who writes to them alone, or calls, is told once, and two who are away do not talk
//! to each other.

use crate::support::{Client, Server, Terminal, Wire, a_friend, alice_alone, alice_and_bob};

/// How often a line with that text came.
fn count(client: &Client, text: &str) -> usize {
    client.output().lines().filter(|line| line.contains(text)).count()
}

#[test]
fn who_tells_who_calls_and_who_writes_is_told_once() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.asks("/away at lunch", "you are away: whoever writes to you alone");
    bob.types("to all");
    alice.sees(" bob: to all");
    // By a private text, and then by a call.
    bob.types("/tell alice one");
    bob.sees("alice (private): [away] at lunch");
    bob.asks("/chat alice", "is open (verified, encrypted; compare ");
    bob.asks("/msg two", "Sent to alice");
    alice.sees_line("bob (direct): two");
    bob.asks("/tell alice three", "Sent to alice");
    alice.sees("bob (private): three");
    // By a call alone.
    carol.types("/chat alice");
    carol.sees_line("alice (direct): [away] at lunch");
    carol.asks("/msg hello", "Sent to alice");
    alice.sees_line("carol (direct): hello");
    // What comes after anything that was sent before it: nobody was told twice.
    alice.types("/peer bob");
    alice.asks("/msg I am back", "you are no longer away");
    bob.sees_line("alice (direct): I am back");
    assert_eq!([count(&bob, "[away]"), count(&carol, "[away]")], [1, 1]);
    bob.types("/tell alice four");
    alice.sees("bob (private): four");
    alice.types("/tell bob no more");
    bob.sees_without("[away]", "alice (private): no more");
}

#[test]
fn another_absence_tells_again_and_the_command_alone_ends_it() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for (command, told) in [("/away", "[away] I am away"), ("/away asleep", "[away] asleep")] {
        alice.asks(command, "you are away");
        for text in ["one", "two"] {
            bob.types(&format!("/tell alice {text}"));
            alice.sees(&format!("bob (private): {text}"));
        }
        bob.sees(&format!("alice (private): {told}"));
    }
    alice.asks_line("/away", "you are no longer away");
    bob.types("/tell alice three");
    alice.sees("bob (private): three");
    alice.types("/tell bob hello");
    bob.sees_without("[away]", "alice (private): hello");
    let long = "x".repeat(1_000);
    alice.asks_line(&format!("/away {long}"), "this text is too long: at most 993 bytes");
    alice.asks("/id", "you are alice");
}

#[test]
fn who_is_ignored_is_not_told() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.asks("/ignore bob", "is not shown");
    alice.asks("/away at lunch", "you are away");
    bob.asks("/tell alice hello", "Sent to alice");
    bob.asks("/chat alice", "is open (verified, encrypted; compare ");
    carol.types("/chat alice");
    carol.sees_line("alice (direct): [away] at lunch");
    alice.types("/peer bob");
    alice.types("/msg here");
    bob.sees_without("[away]", "alice (direct): here");
}

#[test]
fn two_who_are_away_do_not_answer_each_other() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.asks("/away A", "you are away");
    bob.asks("/away B", "you are away");
    // A call is no text: whoever calls is still away.
    bob.types("/chat alice");
    bob.sees_line("alice (direct): [away] A");
    alice.asks("/peers", "bob ");
    bob.asks("/away", "you are no longer away");
    bob.asks("/msg done", "Sent to alice");
    alice.sees_without("[away] B", "bob (direct): done");
}

#[test]
fn those_who_are_away_are_listed_so_until_they_say_something() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.asks("/away at \u{202e}lunch", "you are away");
    bob.types("/chat alice");
    bob.sees_line("alice (direct): [away] at \\u{202e}lunch");
    bob.asks_line("/peers", "    away: at \\u{202e}lunch");
    let listed = bob.asks("/list", &format!("alice {} 1", alice.address()));
    assert!(listed.ends_with(" 1 (away: at \\u{202e}lunch)"), "{listed}");
    alice.types("here again");
    bob.sees("alice: here again");
    bob.asks_line("/list", &format!("alice {} 1", alice.address()));
}

#[test]
fn a_query_is_answered_through_the_server_and_in_the_conversation() {
    let (alice, mut bob) = a_friend(&[]);
    alice.asks("/away at lunch", "you are away");
    bob.queries(&alice);
    // The server may pass it on before it answers bob's request, or after.
    alice.sees("Sent to bob (ID 2): [away] at lunch");
    alice.asks("/away at tea", "you are away");
    bob.is_queried(&alice);
    bob.tells(1, 1, "are you there?", 1);
    bob.hears(1, 1, "[away] at tea");
}

#[test]
fn a_program_without_a_ticket_is_told_too_and_keeps_no_place_by_that() {
    let (_server, alice) = alice_alone(&[]);
    alice.asks("/away at lunch", "you are away");
    let callers: Vec<Wire> = (0..65)
        .map(|number| {
            let mut caller = alice.is_called_by("stranger");
            caller.sends(format!("CHAT\r\nclientID: old{number}\r\n\r\n"));
            assert_eq!(caller.line(), "[away] at lunch");
            caller
        })
        .collect();
    // The last one has no place of its own. A text of the user's would have kept the first one its place.
    alice.sees("hung up on old0?: others want its place");
    drop(callers);
}

#[test]
fn the_prompt_says_so() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    alice.presses("/away\r").shows(&["[away] > "], 9);
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    bob.types("/chat alice");
    alice.sees("Incoming chat");
    bob.sees("[away] I am away");
    alice.shows(&["[away; room; /msg: bob] > "], 26);
    alice.presses("hello\r");
    bob.sees("alice: hello");
    alice.shows(&["[room; /msg: bob] > "], 20);
}

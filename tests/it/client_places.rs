//! Places for callers: whoever says nothing keeps nobody out, and an announced caller always finds one.

use std::io::Read;

use crate::driver::played::{Guest, Peer, Secrets};
use crate::support::{
    Client, DEADLINE, Dice, Wire, alice_alone, alice_and_bob, peer, with_played_server,
};

/// Calls alice with a name and no word.
#[track_caller]
fn silent(alice: &Client, name: &str) -> Wire {
    let mut wire = alice.is_called_by(name);
    wire.sends(format!("CHAT\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n"));
    alice.sees_line(&format!(
        "Incoming chat request from {name}? 127.0.0.1:6202 (unverified, not encrypted)"
    ));
    wire
}

/// Bob calls with the ticket that the server has announced, and is verified.
#[track_caller]
fn bob_is_verified(alice: &Client, bob: &Peer, secrets: &Secrets) {
    let mut wire = alice.is_called_by("bob");
    wire.sends(bob.chat(&[("Ticket", &secrets.ticket)]));
    wire.gets("CHAT").has(&[("Answer", &secrets.answer)]);
    wire.sends("it is me\r\n");
    alice.sees_line("bob (direct): it is me");
}

#[test]
fn sixty_four_silent_callers_do_not_keep_an_introduced_one_out() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let _silent: Vec<Wire> =
        (0..64).map(|number| silent(&alice, &format!("silent{number}"))).collect();
    bob.types("/chat alice");
    bob.tells(&alice, "at last");
}

#[test]
fn sixty_four_speakers_do_not_keep_an_introduced_one_out() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let mut speakers = Vec::new();
    for number in 0..64 {
        let mut wire = alice.is_called_by("speaker");
        wire.sends(format!("number {number}\r\n"));
        alice.sees(&format!("(direct): number {number}"));
        speakers.push(wire);
    }
    bob.types("/chat alice");
    bob.tells(&alice, "at last");
    // A caller that has just spoken keeps its place before one more that is not announced.
    alice.is_called_by("somebody").sends("CHAT\r\nclientID: eve\r\n\r\n").is_closed();
    speakers[0].sends("still here\r\n");
    alice.sees(" (direct): still here");
}

#[test]
fn the_caller_that_has_been_silent_longest_goes_when_all_places_are_taken() {
    let (_server, alice) = alice_alone(&[]);
    let mut callers: Vec<Wire> =
        (0..64).map(|number| silent(&alice, &format!("caller{number}"))).collect();
    callers[0].sends("I am not silent\r\n");
    alice.sees_line("caller0? (direct): I am not silent");
    alice.asks_line("/peer caller1?", "/msg now goes to caller1?");
    alice.types("/msg you have an answer");
    assert_eq!(callers[1].line(), "you have an answer");
    let mut bob = alice.is_called_by("bob");
    bob.sends("CHAT\r\nclientID: bob\r\n\r\nhello\r\n");
    alice.sees("hung up on caller2?: others want its place");
    alice.sees_line("bob? (direct): hello");
    callers[2].is_closed();
    callers[0].sends("nor now\r\n");
    alice.sees_line("caller0? (direct): nor now");
}

#[test]
fn a_caller_that_says_nothing_goes_after_half_a_minute() {
    let (_server, alice) = alice_alone(&[]);
    let nobody = alice.is_called_by("nobody");
    let label = nobody.local();
    alice.sees_line(&format!("Incoming chat request from {label} (unverified, not encrypted)"));
    let (mut speaks, mut answered) = (silent(&alice, "speaks"), silent(&alice, "answered"));
    speaks.sends("hello\r\n");
    alice.sees_line("speaks? (direct): hello");
    alice.asks_line("/peer answered?", "/msg now goes to answered?");
    alice.types("/msg who are you?");
    assert_eq!(answered.line(), "who are you?");
    // Half a minute is longer than a step may take.
    let mut stream = nobody.stream();
    stream.set_read_timeout(Some(2 * DEADLINE)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    alice.sees_line(&format!("hung up on {label}: it said nothing for 30 s"));
    for (wire, name) in [(&mut speaks, "speaks"), (&mut answered, "answered")] {
        wire.sends("still here\r\n");
        alice.sees_line(&format!("{name}? (direct): still here"));
    }
}

/// The server announces bob, and 256 others before and behind him: he is verified all the same.
fn announced_among(others: impl Fn(u64) -> Peer) {
    let (_server, alice, mut guest) = with_played_server();
    let (mut dice, bob) = (Dice::thrown(), peer("bob", 2));
    let mut announce = |guest: &mut Guest, from: u64| {
        for number in from..from + 255 {
            guest.is_told_of_call(&others(number), "tcp", &Secrets::new(&mut dice));
        }
    };
    let secrets =
        Secrets { ticket: "0123456789abcdef".repeat(2), answer: "fedcba9876543210".repeat(2) };
    announce(&mut guest, 1000);
    announce(&mut guest, 2000);
    guest.is_told_of_call(&bob, "tcp", &secrets);
    announce(&mut guest, 3000);
    alice.answers();
    bob_is_verified(&alice, &bob, &secrets);
}

table! { announced_among:
    one_name_that_is_announced_often_keeps_no_other_out(|id| peer("mallory", id));
    many_names_that_are_announced_once_keep_nobody_out(|id| peer(&format!("mallory{id}"), id));
    a_few_names_that_are_announced_often_keep_nobody_out(|id| peer(&format!("mallory{}", id % 5), id));
}

#[test]
fn callers_with_tickets_that_nobody_has_announced_keep_nobody_out() {
    let (_server, alice, mut guest) = with_played_server();
    let (mut dice, bob) = (Dice::thrown(), peer("bob", 2));
    let mut liars = Vec::new();
    for number in 0..200 {
        let mut wire = alice.is_called_by("liar");
        let made_up = Secrets::new(&mut dice);
        let name = format!("liar{number}");
        wire.sends(peer(&name, number).chat(&[("Ticket", &made_up.ticket)]));
        liars.push(wire);
    }
    let secrets = Secrets::new(&mut dice);
    guest.is_told_of_call(&bob, "tcp", &secrets);
    bob_is_verified(&alice, &bob, &secrets);
}

#[test]
fn what_was_said_to_a_caller_that_is_dropped_is_reported() {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    let ticket = Secrets::new(&mut Dice::thrown()).ticket;
    bob.sends(peer("bob", 2).chat(&[("Ticket", &ticket)]));
    // Its ticket is judged for two seconds. Meanwhile it can be seen, and chosen.
    while !alice.asks("/peers", "").contains("(calls us)") {}
    alice.types_bytes(b"/peer bob?\n/msg who are you?\n");
    alice.sees("/msg now goes to bob?");
    bob.sends("too much\r\n".repeat(200));
    alice.sees_line("not delivered to bob?: who are you?");
}

//! Your client is called.

use std::time::{Duration, Instant};

use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::exact::{comes_before, only_until};
use crate::driver::played::{Guest, Peer, Played, Secrets};
use crate::driver::story::step;
use crate::driver::wire::Wire;

/// Somebody's address; nobody listens there.
pub fn address(port: u16) -> std::net::SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// Bob's client in the room of a server that the grader plays.
pub fn bob(played: &Played) -> (Client, Guest) {
    let bob = Client::start("bob", played.address());
    let server = played.welcomes(2, &[]);
    bob.sees_line("Other clients' IDs: none");
    (bob, server)
}

/// A caller that is silent for a second has no name, and no Ticket.
const SILENCE: Duration = Duration::from_secs(1);
/// How long a Ticket that bob does not know may wait for its CALL.
const JUDGEMENT: Duration = Duration::from_secs(2);

/// Somebody calls bob with this Ticket.
pub fn calls(bob: &Client, caller: &Peer, ticket: &str) -> Wire {
    let begun = Instant::now();
    let mut wire = bob.is_called_by(&caller.name);
    wire.sends(caller.chat(&[("Ticket", ticket)]));
    comes_before(begun, SILENCE, "a caller's CHAT");
    wire
}

/// The line that bob reads when somebody calls.
pub fn incoming(caller: &Peer, is_verified: bool) -> String {
    let (mark, word) = if is_verified { ("", "verified") } else { ("?", "unverified") };
    format!("Incoming chat request from {}{mark} {} ({word})", caller.name, caller.address)
}

/// Bob answers a caller who has shown the right Ticket, and shows that it is verified.
pub fn lets_in(bob: &Client, guest: &Guest, caller: &Peer, wire: &mut Wire, secrets: &Secrets) {
    let chat = wire.gets("CHAT");
    chat.has(&[("clientID", &guest.me.name), ("Answer", &secrets.answer)]);
    bob.sees_line_without(&["Incoming"], &incoming(caller, true));
}

/// The one whom bob takes for a stranger gets no Answer, whatever it says.
fn is_a_stranger(bob: &Client, caller: &Peer, wire: &mut Wire, text: &str) {
    wire.sends(format!("{text}\r\n"));
    bob.sees_line_without(&["Incoming", "(direct)"], &incoming(caller, false));
    bob.sees_line(&format!("{}? (direct): {text}", caller.name));
    wire.ends();
    bob.sees_line(&format!("{}? ended the chat", caller.name));
    wire.is_closed();
}

pub fn who_shows_the_ticket_is_verified_and_who_does_not_is_not(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let names = dice.words(3);
    let friend = Peer::new(&names[0], address(6001), 1);
    let secrets = Secrets::new(dice);
    step(format!("the server announces {} to bob, by CALL", names[0]));
    server.is_told_of_call(&friend, "tcp", &secrets);
    step(format!("{} calls with the Ticket, is answered with the Answer, and talks", names[0]));
    let mut wire = calls(&bob, &friend, &secrets.ticket);
    lets_in(&bob, &server, &friend, &mut wire, &secrets);
    let text = dice.text();
    wire.sends(format!("{text}\r\n"));
    bob.sees_line(&format!("{} (direct): {text}", names[0]));

    step(format!("{} calls with a Ticket that nobody has announced", names[1]));
    let stranger = Peer::new(&names[1], address(6002), 3);
    let mut other = calls(&bob, &stranger, &Secrets::new(dice).ticket);
    is_a_stranger(&bob, &stranger, &mut other, &dice.text());

    step(format!("{} calls before it is announced: CALL is a little late", names[2]));
    let (late, secrets) = (Peer::new(&names[2], address(6003), 4), Secrets::new(dice));
    let begun = Instant::now();
    let mut wire = calls(&bob, &late, &secrets.ticket);
    std::thread::sleep(Duration::from_millis(300));
    server.is_told_of_call(&late, "tcp", &secrets);
    only_until(begun + JUDGEMENT, || lets_in(&bob, &server, &late, &mut wire, &secrets));
}

pub fn a_ticket_is_used_up(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let names = dice.words(2);
    let friend = Peer::new(&names[0], address(6001), 1);
    let (first, second) = (Secrets::new(dice), Secrets::new(dice));
    step(format!("the server announces {} twice, with two Tickets", names[0]));
    server.is_told_of_call(&friend, "tcp", &first);
    server.is_told_of_call(&friend, "tcp", &second);

    step(format!("{} has heard of a Ticket that is not its own", names[1]));
    let thief = Peer::new(&names[1], address(6002), 3);
    let mut wire = calls(&bob, &thief, &first.ticket);
    is_a_stranger(&bob, &thief, &mut wire, &dice.text());

    step(format!("{} uses the first, and ends the chat", names[0]));
    let mut wire = calls(&bob, &friend, &first.ticket);
    lets_in(&bob, &server, &friend, &mut wire, &first);
    wire.sends("QUIT\r\n\r\n");
    bob.sees_line(&format!("{} ended the chat", names[0]));

    step("somebody calls with the same name and the same Ticket again");
    let mut wire = calls(&bob, &friend, &first.ticket);
    is_a_stranger(&bob, &friend, &mut wire, &dice.text());

    step("the second Ticket is still good, once");
    let mut wire = calls(&bob, &friend, &second.ticket);
    lets_in(&bob, &server, &friend, &mut wire, &second);
}

pub fn a_caller_without_a_ticket_is_a_claim(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let name = dice.word();
    let caller = Peer::new(&name, address(6001), 1);
    step(format!("the server has announced {name}, but this one shows no Ticket"));
    let secrets = Secrets::new(dice);
    server.is_told_of_call(&caller, "tcp", &secrets);
    let mut wire = bob.is_called_by(&name);
    wire.sends(caller.chat(&[]));
    bob.sees_line_without(&["(verified)"], &incoming(&caller, false));
    let texts: Vec<String> = (0..5).map(|_| dice.text()).collect();
    step(format!("{name} talks, in pieces, and bob answers"));
    let lines: String = texts.iter().map(|text| format!("{text}\n")).collect();
    wire.sends(lines);
    for text in &texts {
        bob.sees_line(&format!("{name}? (direct): {text}"));
    }
    let text = dice.text();
    bob.types(&format!("/msg {text}"));
    bob.sees_line(&format!("Sent to {name}?: {text}"));
    expect_line(&mut wire, &text);
    step(format!("the real {name} calls, with the Ticket"));
    let mut real = calls(&bob, &caller, &secrets.ticket);
    lets_in(&bob, &server, &caller, &mut real, &secrets);
}

/// The next line must be this text.
pub fn expect_line(wire: &mut Wire, text: &str) {
    let line = wire.line();
    if line != text {
        wire.gets_instead(format!("the line {text:?}"), format!("the line {line:?}"));
    }
}

//! Your client calls somebody.

use std::time::{Duration, Instant};

use super::called::{bob, expect_line};
use crate::driver::dice::Dice;
use crate::driver::exact::only_until;
use crate::driver::played::{Peer, Played, Secrets};
use crate::driver::story::step;

/// How long a caller waits for the Answer at least: the other side may wait so long for its CALL.
const ANSWER: Duration = Duration::from_secs(2);

pub fn who_is_called_must_show_the_answer(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let names = dice.words(4);

    step(format!("{} joins, and bob calls", names[0]));
    let door = Played::open();
    let friend = Peer::new(&names[0], door.address(), 3);
    let (secrets, text) = (Secrets::new(dice), dice.text());
    server.hears_of(&friend);
    bob.sees_line(&format!("{} joined (ID 3, {})", names[0], friend.address));
    bob.types(&format!("/chat {}", names[0]));
    bob.types(&format!("/msg {text}"));
    let begun = Instant::now();
    server.is_introduced_to(&friend, "tcp", &secrets);
    let mut wire = door.accepts(&names[0]);
    let chat = wire.gets("CHAT");
    chat.has(&[("clientID", "bob"), ("Ticket", &secrets.ticket)]);
    step(format!("{} answers with the Answer: now the text comes", names[0]));
    only_until(begun + ANSWER, || {
        wire.sends(friend.chat(&[("Answer", &secrets.answer)]));
        expect_line(&mut wire, &text);
    });
    bob.sees_line(&format!("Sent to {} (ID 3): {text}", names[0]));

    for (name, id) in names[1..].iter().zip(4_u64..) {
        let door = Played::open();
        let other = Peer::new(name, door.address(), id);
        let (secrets, text) = (Secrets::new(dice), dice.text());
        let guess = Secrets::new(dice).answer;
        // The caller's own Ticket proves nothing, and neither does a guess, nor a greeting.
        let (what, shown) = match id {
            4 => ("another Answer", vec![("Answer", guess.as_str())]),
            5 => ("the Ticket as its Answer", vec![("Answer", secrets.ticket.as_str())]),
            _ => ("no Answer", Vec::new()),
        };
        step(format!("bob calls {name}; somebody else listens there, with {what}"));
        server.hears_of(&other);
        bob.sees_line(&format!("{name} joined (ID {id}, {})", other.address));
        bob.types(&format!("/chat {name}"));
        bob.types(&format!("/msg {text}"));
        let begun = Instant::now();
        server.is_introduced_to(&other, "tcp", &secrets);
        let mut wire = door.accepts(name);
        wire.gets("CHAT").has(&[("Ticket", &secrets.ticket)]);
        only_until(begun + ANSWER, || {
            wire.sends(other.chat(&shown));
        });
        step(format!("bob hangs up, keeps the text, and says that {name} has not got it"));
        wire.is_closed();
        bob.sees_line_without(&["Sent to"], &format!("not delivered to {name}: {text}"));
    }
    step(format!("{} is still there", names[0]));
    let text = dice.text();
    bob.types(&format!("/peer {}", names[0]));
    bob.types(&format!("/msg {text}"));
    expect_line(&mut wire, &text);
}

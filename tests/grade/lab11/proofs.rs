//! Which way a conversation takes, and what moves it: bob's client, and a peer with many addresses.

use std::time::{Duration, Instant};

use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::exact::only_until;
use crate::driver::played::{Guest, Played};
use crate::driver::story::{fail, instead, late, step};
use crate::lab11::peer::{Ann, Came, SEARCH, Spot, WAITING, bob};

/// A Nonce of the peer's.
const NONCE: &str = "00112233445566ff";
/// How many addresses a peer pretends to have.
const MANY: usize = 12;
/// The most addresses that are tried.
const MOST: usize = 5;
/// How many texts are said while somebody tries to catch them, and how long each is.
const TEXTS: u64 = 20;
const LENGTH: usize = 900;
/// The LAN is tried alone for so long.
const HEAD_START: Duration = Duration::from_millis(200);
/// What a third party may get for one datagram: an answer, and a search.
const MOST_BYTES: usize = 1_200;

pub fn the_lan_is_tried_before_the_world(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let [lan, seen, listed] =
        ["its place in the LAN", "where it is seen", "its listed address"].map(Spot::new);
    let ann = Ann::new(3, listed.address(), &bob, dice);
    let (name, begun) = (&ann.me.name, Instant::now());
    step(format!(
        "bob queries {name}, who is in the same network: the server tells Local, Seen, the listed address"
    ));
    ann.is_queried(&bob, &mut server, seen.address(), Some(lan.address()));
    step("the LAN's address gets two PUNCHes before any other gets one (N counts what bob sends)");
    let first = ann.is_sent(&lan, "PUNCH");
    let second = ann.is_sent(&lan, "PUNCH");
    let took = begun.elapsed();
    let others = [&seen, &listed].map(|spot| ann.is_sent(spot, "PUNCH"));
    let is_before = |came: &Came| second.number < came.number;
    if first.number != 1 || !others.iter().all(is_before) {
        let numbers = [&first, &second, &others[0], &others[1]].map(|came| came.number);
        let came = format!(
            "LAN {} and {}, Seen {}, listed {}",
            numbers[0], numbers[1], numbers[2], numbers[3]
        );
        let words = instead("N 1 and 2 at the LAN's address, and higher ones elsewhere", came);
        // A client that stood still until all were due may send them in any order.
        if took < HEAD_START { fail(words) } else { late(words) }
    }
    let nonces = [&first, &others[0], &others[1]].map(|came| came.block.get("Nonce"));
    if nonces[0] == nonces[1] || nonces[0] == nonces[2] || nonces[1] == nonces[2] {
        fail(instead("three Nonces, one for each address", format!("{nonces:?}")));
    }
    step("it answers in the LAN: the text goes there");
    only_until(begun + SEARCH, || {
        ann.answers(&lan, nonces[0]);
        ann.hears(&lan, 1, WAITING);
    });
    bob.sees_line(&format!("Delivered to {name} (udp): {WAITING}"));
}

pub fn an_answer_counts_only_from_where_its_nonce_was_sent(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let [seen, listed, third] =
        ["where it is seen", "its listed address", "a third party"].map(Spot::new);
    let ann = Ann::new(3, listed.address(), &bob, dice);
    let (name, begun) = (&ann.me.name, Instant::now());
    step(format!("bob queries {name}; two addresses are tried, and a text waits"));
    ann.is_queried(&bob, &mut server, seen.address(), None);
    let [at_seen, at_listed] = [&seen, &listed].map(|spot| ann.is_punched(spot));
    let why = "no address is proven, so no text may go out";
    for (what, from, nonce) in [
        (
            "the Nonce that was sent to its listed address comes from where it is seen",
            &seen,
            &at_listed,
        ),
        (
            "the Nonce that was sent to where it is seen comes from its listed address",
            &listed,
            &at_seen,
        ),
        ("the Nonce that was sent to where it is seen comes from a third party", &third, &at_seen),
        ("a Nonce that was never sent comes from where it is seen", &seen, &NONCE.to_owned()),
    ] {
        step(what);
        ann.answers(from, nonce);
        ann.punches_through(&seen, NONCE, why);
        [&seen, &listed, &third].iter().for_each(|spot| ann.has_only_punches(spot, why));
    }
    if third.unread_bytes() > 0 {
        fail("something was sent to the third party, which never asked");
    }
    step("the right answer comes from its listed address: the text goes there");
    only_until(begun + SEARCH, || {
        ann.answers(&listed, &at_listed);
        ann.hears(&listed, 1, WAITING);
    });
    bob.sees_line(&format!("Delivered to {name} (udp): {WAITING}"));
}

pub fn a_peer_may_come_from_a_port_that_nobody_announced(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let [seen, hidden] = ["where it is seen", "a port that nobody announced"].map(Spot::new);
    let ann = Ann::new(3, seen.address(), &bob, dice);
    let (name, begun) = (&ann.me.name, Instant::now());
    step(format!("bob queries {name}, whose NAT takes another port for each destination"));
    ann.is_queried(&bob, &mut server, seen.address(), None);
    let at_seen = ann.is_punched(&seen);
    step("its PUNCH comes from there: it is answered, and that address is tried, too");
    let why = "that address is not proven yet, so no text may go there";
    ann.punches_through(&hidden, NONCE, why);
    let at_hidden = ann.is_punched(&hidden);
    if at_hidden == at_seen {
        fail(instead("a Nonce of its own for the new address", "the one that was sent elsewhere"));
    }
    step("it answers: the text goes there");
    only_until(begun + SEARCH, || {
        ann.answers(&hidden, &at_hidden);
        ann.hears(&hidden, 1, WAITING);
    });
    bob.sees_line(&format!("Delivered to {name} (udp): {WAITING}"));
    many_addresses_are_bounded(&bob, &mut server, dice);
}

/// A PUNCH from each of many places: what they make bob send is bounded.
fn many_addresses_are_bounded(bob: &Client, server: &mut Guest, dice: &mut Dice) {
    let seen = Spot::new("where it is seen");
    let ann = Ann::new(4, seen.address(), bob, dice);
    let name = &ann.me.name;
    step(format!(
        "bob queries {name}, whose PUNCH comes from {MANY} more places: {MOST} are tried in all"
    ));
    ann.is_queried(bob, server, seen.address(), None);
    ann.is_punched(&seen);
    let places: Vec<Spot> =
        (1..=MANY).map(|number| Spot::new(&format!("place {number}"))).collect();
    let why = "no address is proven, so no text may go out";
    places.iter().for_each(|place| ann.punches_through(place, NONCE, why));
    // The next two to an address that is tried come after the first one to each other.
    ann.is_punched(&seen);
    ann.is_punched(&seen);
    let punched = places.iter().filter(|place| place.unread_bytes() > 0).count() + 1;
    if punched > MOST {
        fail(instead(format!("PUNCH to at most {MOST} addresses"), format!("to {punched}")));
    }
}

/// Bob and a peer who talk: each has queried the other, and the way leads to this spot.
fn talk(id: u64, home: &Spot, bob: &Client, server: &mut Guest, dice: &mut Dice) -> Ann {
    let ann = Ann::new(id, home.address(), bob, dice);
    let name = &ann.me.name;
    step(format!("bob queries {name}, who answers at home"));
    let begun = Instant::now();
    ann.is_queried(bob, server, home.address(), None);
    let nonce = ann.is_punched(home);
    only_until(begun + SEARCH, || {
        ann.answers(home, &nonce);
        ann.hears(home, 1, WAITING);
    });
    bob.sees_line(&format!("Delivered to {name} (udp): {WAITING}"));
    ann.queries(bob, server, home.address());
    // PUNCH under the new ticket goes to the address in use.
    let nonce = loop {
        let came = ann.gets(home, "PUNCH");
        match came.block.kind.as_str() {
            "PUNCH" if came.block.get("Nonce") != nonce => {
                break came.block.get("Nonce").to_owned();
            }
            "PUNCH" => {}
            // A copy that was sent before its ACK came.
            "MSG" => drop(came.block.has(&[("Seq", "1")])),
            _ => fail(instead("PUNCH to home", &came.block)),
        }
    };
    ann.answers(home, &nonce);
    ann
}

pub fn nobody_else_redirects_a_conversation(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let [home, third] = ["home", "a third party"].map(Spot::new);
    let ann = talk(3, &home, &bob, &mut server, dice);
    let name = &ann.me.name;
    step("a third party forges what it cannot seal");
    ann.forges(&third, &format!("PUNCH\r\nNonce: {NONCE}\r\nPad: ......................\r\n\r\n"));
    ann.forges(&third, &format!("PUNCHACK\r\nNonce: {NONCE}\r\n\r\n"));
    step(format!(
        "what {name} says does not arrive: the third party catches it, and sends it on from its own place"
    ));
    let text = dice.text();
    let caught = ann.writes(1, &text);
    ann.passes(&third, &format!("MSG … Text: {text}"), &caught);
    bob.sees_line(&format!("{name} (udp): {text}"));
    step("it sends the same bytes again and again");
    for _ in 0..3 {
        ann.passes(&third, "the same", &caught);
    }
    step(format!("bob says {TEXTS} things of {LENGTH} letters: all go home"));
    for number in 0..TEXTS {
        let text = "x".repeat(LENGTH);
        bob.types(&format!("/msg {text}"));
        ann.hears(&home, number + 2, &text);
    }
    let bytes = third.unread_bytes();
    if bytes > MOST_BYTES {
        let why = "one ACK, and PUNCH while that address is tried";
        fail(instead(
            format!("at most {MOST_BYTES} bytes to the third party: {why}"),
            format!("{bytes} bytes"),
        ));
    }
}

pub fn a_peer_that_moves_is_followed_once_it_answers(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played);
    let [home, away] = ["home", "away"].map(Spot::new);
    let ann = talk(3, &home, &bob, &mut server, dice);
    let name = &ann.me.name;
    step(format!("{name}'s NAT gives it another port: what it says comes from there"));
    let (text, moved) = (dice.text(), Instant::now());
    ann.passes(&away, &format!("MSG, Seq 1: {text}"), &ann.writes(1, &text));
    bob.sees_line(&format!("{name} (udp): {text}"));
    step("its ACK goes back to where it came from, and that address is tried");
    ann.is_sent_at_last(&away, "ACK");
    let nonce = ann.is_punched(&away);
    step("until it has answered there, bob's texts go to the old address");
    let text = dice.text();
    bob.types(&format!("/msg {text}"));
    ann.hears(&home, 2, &text);
    bob.sees_line(&format!("Delivered to {name} (udp): {text}"));
    ann.has_only_punches(&away, "it has not answered there yet");
    step("it answers there: now they go to the new one");
    ann.answers(&away, &nonce);
    ann.punches_through(&away, NONCE, "the text was typed before the answer");
    let text = dice.text();
    bob.types(&format!("/msg {text}"));
    only_until(moved + SEARCH, || ann.hears(&away, 3, &text));
    bob.sees_line(&format!("Delivered to {name} (udp): {text}"));
}

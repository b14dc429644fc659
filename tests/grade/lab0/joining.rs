//! Both directions of a copy.

use super::starts;
use crate::driver::dice::Dice;
use crate::driver::played::Played;
use crate::driver::program::Program;
use crate::driver::story::{self, fail, instead, step};
use crate::driver::wire::Wire;

/// How much each side says at once, how often, and after how many of these the other side begins to read.
const PIECE: usize = 8_000;
const PIECES: usize = 50;
const BEHIND: usize = 6;

pub fn both_directions_are_copied_and_each_has_its_own_end(dice: &mut Dice) {
    let places = [Played::open(), Played::open()];
    let (joined, mut one, mut other) = joins(&places);
    one_ends_first(&joined, [&mut one, &mut other], dice);
    let (joined, mut one, mut other) = joins(&places);
    step("both talk, without taking turns");
    for (turn, (is_one, lines)) in (1..).zip([(true, 3), (false, 1), (true, 1)]) {
        let (from, to) = if is_one { (&mut one, &mut other) } else { (&mut other, &mut one) };
        for line in 1..=lines {
            let text = format!("{turn}.{line} {}\n", dice.text());
            from.sends(&text);
            to.gets_bytes(&text);
        }
    }
    step("both say much at the same time, any bytes, and both read late");
    let texts = [(); 2].map(|()| bytes(dice));
    for place in 0..PIECES + BEHIND {
        for (text, from) in texts.iter().zip([&mut one, &mut other]) {
            if let Some(piece) = text.chunks(PIECE).nth(place) {
                from.passes(piece);
            }
        }
        for (text, to) in texts.iter().zip([&mut other, &mut one]) {
            if let Some(before) = place.checked_sub(BEHIND) {
                hears(to, text.chunks(PIECE).nth(before).unwrap_or_default());
            }
        }
    }
    one_ends_first(&joined, [&mut other, &mut one], dice);
}

/// Starts a part that joins two connections.
fn joins(places: &[Played; 2]) -> (Program, Wire, Wire) {
    let [one, other] = [&places[0], &places[1]].map(|place| place.address().to_string());
    step(format!("two connections are joined: parts join {one} {other}"));
    let joined = starts(&["join", &one, &other]);
    let [one, other] =
        [(&places[0], "alice"), (&places[1], "bob")].map(|(it, who)| it.accepts(who));
    (joined, one, other)
}

/// One has nothing more to say; the other one has.
fn one_ends_first(joined: &Program, [one, other]: [&mut Wire; 2], dice: &mut Dice) {
    let text = dice.text() + "\n";
    step(format!("{} says goodbye and ends; {} hears that", one.who(), other.who()));
    one.sends(&text);
    one.ends();
    other.gets_bytes(&text);
    other.is_closed();
    let much = bytes(dice);
    step(format!("{} has still much to say, and {} hears it", other.who(), one.who()));
    for piece in much.chunks(PIECE) {
        other.passes(piece);
        hears(one, piece);
    }
    step(format!("{} ends, too", other.who()));
    other.ends();
    one.is_closed();
    joined.exits(0);
}

/// Bytes of every kind.
fn bytes(dice: &mut Dice) -> Vec<u8> {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    (0..PIECE * PIECES).map(|_| *dice.pick(&all)).collect()
}

/// These bytes must come.
#[track_caller]
fn hears(wire: &mut Wire, expected: &[u8]) {
    let what = format!("{} bytes of what was said", expected.len());
    let came = wire.takes(expected.len(), &what);
    let Some(came) = came else { wire.gets_instead(what, "the end of the connection") };
    story::told(wire.who(), "<-", format!("({} bytes)", came.len()).as_bytes());
    if let Some(at) = came.iter().zip(expected).position(|(came, expected)| came != expected) {
        let [expected, came] =
            [expected[at], came[at]].map(|byte| format!("byte {byte}, number {at}"));
        fail(format!("to {}\n{}", wire.who(), instead(expected, came)));
    }
}

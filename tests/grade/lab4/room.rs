//! Who comes and goes while others talk.

use crate::driver::block::Block;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{fail, step};
use crate::driver::wire::Wire;

pub fn arrivals_and_departures_are_told(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(4);
    let [alice, bob, carol, dave] = names.as_slice() else { return };
    let mut wire = server.connect(alice);
    let id = wire.registers(alice, 6001).get("ID").to_owned();
    let others = wire.joins(alice);
    if !others.others().is_empty() {
        fail(format!("nobody else has joined, but JOINACK has\n{others}"));
    }
    wire.hears_nothing_else(dice);

    let there = [format!("{alice} 127.0.0.1:6001 {id}")];
    let (mut second, id) = arrives(&server, bob, 6002, &mut wire, &there);
    step(format!("{carol} only registers: that is told to nobody"));
    let mut third = server.registered(carol, 6003);
    wire.hears_nothing_else(dice);
    second.hears_nothing_else(dice);
    step(format!("{alice} says something: {carol}, who has not joined, does not hear it"));
    let text = dice.text();
    wire.says(&text).gets("SAID").has(&[("Text", &text)]);
    second.gets("SAID").has(&[("Text", &text)]);
    third.hears_nothing_else(dice);

    step(format!("{bob} quits, and hears nothing of that itself"));
    second.asks("QUIT", &[]).is_closed();
    is_told(&mut wire, bob, &id, "quit");
    let (fourth, id) = arrives(&server, dave, 6004, &mut wire, &there);
    step(format!("{dave}'s connection is just gone"));
    fourth.vanishes();
    is_told(&mut wire, dave, &id, "gone");
    wire.hears_nothing_else(dice);
    third.hears_nothing_else(dice);
}

/// Somebody joins: `witness` is told, and the newcomer is told who is there. Gives its ID, too.
fn arrives(
    server: &Server,
    name: &str,
    port: u16,
    witness: &mut Wire,
    there: &[String],
) -> (Wire, String) {
    step(format!("{name} registers and joins"));
    let mut wire = server.connect(name);
    let id = wire.registers(name, port).get("ID").to_owned();
    let ack = wire.joins(name);
    if ack.others() != there {
        fail(format!("JOINACK must list {there:?}, and has\n{ack}"));
    }
    let port = port.to_string();
    let here = [("IP", "127.0.0.1"), ("Port", port.as_str())];
    let joined = witness.gets("JOINED");
    joined.has_exactly(&[&[("ID", id.as_str()), ("clientID", name)], &here[..]].concat());
    (wire, id)
}

fn is_told(witness: &mut Wire, name: &str, id: &str, reason: &str) {
    let left = witness.gets("LEFT");
    left.has_exactly(&[("ID", id), ("clientID", name), ("Reason", reason)]);
}

/// How many waves of newcomers there are, and how many come with each.
const WAVES: u16 = 8;
const NEWCOMERS: u16 = 3;
/// How much is said before, between and after those who come.
const SAID: usize = 20;

pub fn a_newcomer_misses_nothing_and_hears_nothing_twice(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(2 + usize::from(WAVES * NEWCOMERS));
    step("forty are in the room, so that telling all of them takes a while; two of them speak");
    let _others: Vec<Wire> =
        (0..38).map(|number| server.joined(&format!("other-{number}"), 7000 + number)).collect();
    let mut speakers = [server.joined(&names[0], 6001), server.joined(&names[1], 6002)];
    let (mut said, mut newcomers): (Vec<String>, Vec<Wire>) = (Vec::new(), Vec::new());
    for (wave, names) in names[2..].chunks(NEWCOMERS.into()).enumerate() {
        step(format!(
            "wave {}: while two speak, {} join and want all since 0",
            wave + 1,
            names.len()
        ));
        let mut coming: Vec<Wire> =
            names.iter().zip(6003..).map(|(name, port)| server.registered(name, port)).collect();
        for (turn, (name, newcomer)) in names.iter().zip(&mut coming).enumerate() {
            speakers[turn % 2].sends(talk(dice));
            newcomer.asks("JOIN", &[("clientID", name), ("Since", "0")]);
            speakers[1 - turn % 2].sends(talk(dice));
        }
        newcomers.append(&mut coming);
        for _ in 0..2 * names.len() * SAID {
            said.push(speakers[0].skips_to("SAID").get("Text").to_owned());
        }
        while speakers[1].skips_to("SAID").number("Seq") < said.len() as u64 {}
    }
    for newcomer in &mut newcomers {
        hears_all(newcomer, &said, dice);
    }
}

/// Something to say in one go.
fn talk(dice: &mut Dice) -> String {
    (0..SAID).map(|_| Block::text("SAY", &[("Text", &dice.text())])).collect()
}

/// What was said before the newcomer joined comes as a replay, the rest as it was said; the numbers have
/// neither gap nor double.
fn hears_all(newcomer: &mut Wire, said: &[String], dice: &mut Dice) {
    step(format!("{} has heard all {}", newcomer.who(), said.len()));
    let before = newcomer.gets("JOINACK").number("Seq");
    for (text, seq) in said.iter().zip(1_u64..) {
        let (block, number) = (newcomer.skips_to("SAID"), seq.to_string());
        if (block.find("Replay") == Some("yes")) != (seq <= before) {
            fail(format!("Replay is for what came up to Seq {before}, when it joined:\n{block}"));
        }
        let mut expected = vec![("Seq", number.as_str()), ("Time", "*"), ("ID", "*")];
        expected.extend([("clientID", "*"), ("Text", text)]);
        if seq <= before {
            expected.insert(1, ("Replay", "yes"));
        }
        block.has_exactly(&expected);
    }
    newcomer.hears_joins_only(dice);
}

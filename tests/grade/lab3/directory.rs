//! INFO and BRIDGE: who is there.

use std::thread;
use std::time::Duration;

use crate::driver::block::Block;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{self, fail, step, time_out};
use crate::driver::wire::Wire;

/// Who should be in the directory, and on which connection.
struct Entry {
    name: String,
    port: u16,
    id: u64,
    joined: Option<Wire>,
}

pub fn info_is_the_whole_directory(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut asker = server.connect("somebody");
    step("an empty directory");
    asker.obtains("INFO", &[]).has_exactly(&[]);
    let mut model: Vec<Entry> = Vec::new();
    for (name, port) in dice.words(45).into_iter().zip(6001..) {
        let who = dice.below(model.len().max(1));
        match dice.below(4) {
            0 if !model.is_empty() => leave(&mut model, who),
            1 if !model.is_empty() => renew(&server, &mut model[who], port + 1000),
            _ => {}
        }
        step(format!("{name} registers"));
        let mut wire = server.connect(&name);
        let id = wire.registers(&name, port).number("ID");
        let joined = dice.below(2) == 0;
        if joined {
            step(format!("{name} joins"));
            wire.joins(&name);
        }
        model.push(Entry { name, port, id, joined: joined.then_some(wire) });
        if dice.below(8) == 0 {
            compare(&mut asker, &model);
        }
    }
    compare(&mut asker, &model);
    comes_back(&server, dice, &mut model);
    compare(&mut asker, &model);
}

/// Somebody is lost and comes back to a lower ID than that of one who has registered before that.
fn comes_back(server: &Server, dice: &mut Dice, model: &mut Vec<Entry>) {
    let (early, late) = (format!("{}-1", dice.word()), format!("{}-2", dice.word()));
    step(format!("{early} joins, and its connection is just gone; then {late} registers"));
    let mut wire = server.registered(&early, 7001);
    let ack = wire.joins(&early);
    wire.vanishes();
    let id = server.connect(&late).registers(&late, 7002).number("ID");
    step(format!("{early} registers again and comes back by the Token, to the ID of before"));
    let mut back = server.connect(&early);
    back.registers_in_the_end(&early, 7003);
    back.obtains("JOIN", &[("clientID", &early), ("Token", ack.get("Token"))])
        .has(&[("ID", ack.get("ID"))]);
    model.push(Entry { name: early, port: 7003, id: ack.number("ID"), joined: Some(back) });
    model.push(Entry { name: late, port: 7002, id, joined: None });
}

/// Somebody leaves, if it is in the room; who has only registered cannot.
fn leave(model: &mut Vec<Entry>, who: usize) {
    if model[who].joined.is_some() {
        let Entry { name, joined, .. } = model.remove(who);
        step(format!("{name} leaves"));
        if let Some(mut wire) = joined {
            wire.asks("QUIT", &[]);
        }
    }
}

/// A client that is not in the room registers again, with another port.
fn renew(server: &Server, entry: &mut Entry, port: u16) {
    if entry.joined.is_none() {
        step(format!("{} registers again, with another port", entry.name));
        server.connect(&entry.name).registers(&entry.name, port);
        entry.port = port;
    }
}

/// INFO must be what the model is. Somebody may be about to leave, so it is asked until it is.
fn compare(asker: &mut Wire, model: &[Entry]) {
    step("INFO");
    let line = |entry: &Entry| format!("{} 127.0.0.1:{} {}", entry.name, entry.port, entry.id);
    let expected: Vec<String> = model.iter().map(line).collect();
    let until = story::deadline();
    loop {
        let found = asker.obtains("INFO", &[]);
        if found.lines == expected {
            return;
        }
        if story::left(until).is_zero() {
            let expected = Block { kind: "INFOACK".to_owned(), lines: expected };
            time_out(story::instead(expected, found));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// So many that nobody is the first of them by chance.
const CROWD: usize = 30;

pub fn bridge_gives_the_first_other_or_who_is_asked_for(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(4 + CROWD);
    let [first, second, third, ..] = names.as_slice() else { return };
    let bridge = |name: &str, peer: &[(&str, &str)]| {
        let mut wire = server.connect(name);
        wire.asks("BRIDGE", &[&[("clientID", name)], peer].concat());
        wire
    };
    let gives = |mut wire: Wire, name: &str, port: &str| {
        let ip = if name.is_empty() { "" } else { "127.0.0.1" };
        wire.gets("BRIDGEACK").has_exactly(&[("clientID", name), ("IP", ip), ("Port", port)]);
    };
    step(format!("{first} is alone: an answer with empty values"));
    server.registered(first, 6001);
    gives(bridge(first, &[]), "", "");
    step("with three in the directory");
    server.registered(second, 6002);
    server.registered(third, 6003);
    gives(bridge(first, &[]), second, "6002");
    gives(bridge(second, &[]), first, "6001");
    gives(bridge(third, &[]), first, "6001");
    step(format!("{first} registers again, and is still the first"));
    server.registered(first, 6009);
    gives(bridge(third, &[]), first, "6009");
    step(format!("{CROWD} more register, and {first} and {second} are still the first two"));
    let mut crowd = server.connect("somebody");
    for name in &names[4..] {
        crowd.registers(name, 6004);
    }
    gives(bridge(first, &[]), second, "6002");
    gives(bridge(second, &[]), first, "6009");
    step("with Peer: a name in any case, or an ID");
    gives(bridge(first, &[("Peer", &third.to_ascii_uppercase())]), third, "6003");
    let id = server.connect(second).registers(second, 6002).get("ID").to_owned();
    gives(bridge(first, &[("Peer", &id)]), second, "6002");
    step("who cannot be had");
    bridge(first, &[("Peer", &names[3])]).refuses("BRIDGE", "no-such-client");
    bridge(first, &[("Peer", "4711")]).refuses("BRIDGE", "no-such-client");
    bridge(first, &[("Peer", first)]).refuses("BRIDGE", "self");
    bridge(&names[3], &[]).refuses("BRIDGE", "not-registered");
    step(format!("{third} has joined, and may not ask for {second}"));
    let mut joined = server.joined(third, 6003);
    joined.asks("BRIDGE", &[("clientID", second)]).refuses("BRIDGE", "not-registered");
    let found = joined.obtains("BRIDGE", &[("clientID", third)]);
    found.has(&[("clientID", first), ("Port", "6009")]);
    if found.find("ID").is_none() {
        fail("to somebody who has joined, BRIDGEACK gives the ID of the peer, too");
    }
    is_by_registration(&names);
}

/// A member that was lost and is back has its old ID, but has registered after those who came meanwhile.
fn is_by_registration(names: &[String]) {
    let server = Server::start(&[]);
    let [lost, next, asking, ..] = names else { return };
    step(format!("{lost} joins, and its connection is just gone; then {next} registers"));
    let mut wire = server.registered(lost, 6001);
    let ack = wire.joins(lost);
    wire.vanishes();
    server.registered(next, 6002);
    step(format!("{lost} registers again and comes back by the Token, to the ID of before"));
    let mut back = server.connect(lost);
    back.registers_in_the_end(lost, 6003);
    back.obtains("JOIN", &[("clientID", lost), ("Token", ack.get("Token"))])
        .has(&[("ID", ack.get("ID"))]);
    step(format!("{asking} is given {next}, who has registered first of those who are there"));
    let mut wire = server.registered(asking, 6004);
    wire.asks("BRIDGE", &[("clientID", asking)]);
    let found = [("clientID", next.as_str()), ("IP", "127.0.0.1"), ("Port", "6002")];
    wire.gets("BRIDGEACK").has_exactly(&found);
}

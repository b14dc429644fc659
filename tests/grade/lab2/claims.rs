//! Many want the same name, and people leave.

use std::collections::{BTreeSet, HashSet};

use crate::driver::block::Block;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{self, fail, step};
use crate::driver::wire::Wire;
use crate::lab2::returns::WRONG;

/// How many names there are, and how many want each.
const NAMES: usize = 12;
const RIVALS: usize = 5;

pub fn of_many_who_want_a_name_one_gets_it(dice: &mut Dice) {
    let server = Server::start_shaken(dice.below(1 << 30), &[]);
    let mut ids = HashSet::new();
    for name in dice.words(NAMES) {
        step(format!("{RIVALS} connections register and join as {name} at the same moment"));
        let spelled = [name.to_ascii_uppercase(), name.clone()];
        let mut rivals: Vec<Wire> =
            (0..RIVALS).map(|rival| server.connect(&format!("{name}-{rival}"))).collect();
        for (rival, port) in rivals.iter_mut().zip(6001_u16..) {
            let (name, port) = (dice.pick(&spelled).as_str(), port.to_string());
            let register = [("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)];
            let register = Block::text("REGISTER", &register);
            rival.sends(register + &Block::text("JOIN", &[("clientID", name)]));
        }
        let claims: Vec<Claim> = rivals.iter_mut().map(Claim::of).collect();
        let winners: Vec<u64> = claims.iter().filter_map(|claim| claim.joined).collect();
        if winners.len() != 1 {
            fail(format!(
                "{} of {RIVALS} are in the room as {name}; it must be one",
                winners.len()
            ));
        }
        if let Some(other) = claims.iter().filter_map(|c| c.registered).find(|id| *id != winners[0])
        {
            fail(format!("{name} was registered with two IDs, {} and {other}", winners[0]));
        }
        if !ids.insert(winners[0]) {
            fail(format!("the ID {} was given to somebody else, too", winners[0]));
        }
    }
}

pub fn whoever_is_there_is_listed_or_announced(dice: &mut Dice) {
    let server = Server::start_shaken(dice.below(1 << 30), &[]);
    let mut names = dice.words(NAMES);
    step(format!("{NAMES} register, one after the other"));
    let mut wires: Vec<Wire> = names.iter().map(|name| server.registered(name, 6001)).collect();
    let _absent = server.registered("absent", 6002);
    step("all of them join at the same moment");
    for (name, wire) in names.iter().zip(&mut wires) {
        wire.asks("JOIN", &[("clientID", name)]);
    }
    names.sort();
    for wire in &mut wires {
        step(format!(
            "{} hears of each of the others once, and in JOINACK by their IDs",
            wire.who()
        ));
        let ack = wire.gets("JOINACK");
        let others: Vec<_> = ack.others().into_iter().map(str::to_owned).collect();
        let ids = others.iter().map(|line| line.rsplit(' ').next().unwrap_or(line).parse::<u64>());
        if !ids.is_sorted_by(|one, next| matches!((one, next), (Ok(one), Ok(next)) if one < next)) {
            fail(format!("these lines are not in the order of IDs:\n{ack}"));
        }
        let listed = others.iter().map(|line| line.split(' ').next().unwrap_or(line).to_owned());
        let mut known: BTreeSet<String> = listed.collect();
        if !known.insert(wire.who().to_owned()) {
            fail(format!("JOINACK lists the others, and not {} itself:\n{ack}", wire.who()));
        }
        while known.len() < NAMES {
            let joined = wire.gets("JOINED");
            if !known.insert(joined.get("clientID").to_owned()) {
                fail(format!("{} knows of that one already:\n{joined}", wire.who()));
            }
        }
        if !known.iter().eq(&names) {
            fail(format!("{} has heard of {known:?}", wire.who()));
        }
        wire.hears_nothing_else(dice);
    }
}

/// What one of the rivals was told.
struct Claim {
    /// The ID in its REGACK.
    registered: Option<u64>,
    /// The ID in its JOINACK.
    joined: Option<u64>,
}

impl Claim {
    fn of(rival: &mut Wire) -> Self {
        let registered = Self::answer(rival, "REGISTER", "REGACK");
        Self { registered, joined: Self::answer(rival, "JOIN", "JOINACK") }
    }

    fn answer(rival: &mut Wire, request: &str, ack: &str) -> Option<u64> {
        let block = rival.block(ack);
        if block.kind == ack {
            return Some(block.number("ID"));
        }
        if block.kind != "ERROR" {
            fail(format!("{request} is answered by {ack} or ERROR, and not by\n{block}"));
        }
        block.has(&[("For", request), ("Code", "name-taken")]);
        None
    }
}

/// How many requests for a name are on their way while somebody leaves it.
const TRIES: usize = 12;

pub fn a_name_that_is_left_is_free(dice: &mut Dice) {
    let server = Server::start_shaken(dice.below(1 << 30), &[]);
    let name = dice.word();
    let mut witness = server.joined("witness", 6000);
    let (mut wire, mut before) = (server.registered(&name, 6001), 0);
    let mut id = wire.joins(&name).number("ID");
    witness.gets("JOINED").has(&[("clientID", &name)]);
    for how in ["QUIT", "the end of the stream", "a connection that is just gone"].repeat(4) {
        if id <= before {
            fail(format!("the ID {id} is not above {before}, which {name} had before leaving"));
        }
        step(format!("while {name} is there, nobody else can be"));
        let mut other = server.connect("the next one");
        other.asks("REGISTER", &[("clientID", &name), ("IP", "127.0.0.1"), ("Port", "6002")]);
        other.refuses("REGISTER", "name-taken");
        step(format!("somebody asks for {name} over and over, and {name} leaves: {how}"));
        asks_for(&mut other, &name);
        match how {
            "the end of the stream" => wire.ends(),
            "a connection that is just gone" => wire.vanishes(),
            _ => wire.asks("QUIT", &[]).is_closed(),
        }
        let reason = if how == "QUIT" { "quit" } else { "gone" };
        let [leaver, next] = [id, gets_in(&mut other, &name)].map(|id| id.to_string());
        step("the room hears who has left, and then who has come");
        witness.gets("LEFT").has_exactly(&[
            ("ID", &leaver),
            ("clientID", &name),
            ("Reason", reason),
        ]);
        witness.gets("JOINED").has(&[("ID", &next), ("clientID", &name)]);
        (wire, before, id) = (other, id, next.parse().unwrap());
    }
}

/// Asks for a name again and again, without waiting for the answers.
fn asks_for(wire: &mut Wire, name: &str) {
    let register = [("clientID", name), ("IP", "127.0.0.1"), ("Port", "6002")];
    let both = Block::text("REGISTER", &register) + &Block::text("JOIN", &[("clientID", name)]);
    wire.sends(both.repeat(TRIES));
}

/// Waits until one of those has been granted, and asks again if none is. Gives the new ID.
fn gets_in(wire: &mut Wire, name: &str) -> u64 {
    let until = story::deadline();
    loop {
        let mut id = None;
        for _ in 0..2 * TRIES {
            let mut block = wire.block("JOINACK");
            while ["JOINED", "LEFT"].contains(&block.kind.as_str()) {
                block = wire.block("JOINACK");
            }
            if block.kind == "JOINACK" {
                id = Some(block.number("ID"));
            }
        }
        if let Some(id) = id {
            return id;
        }
        if story::left(until).is_zero() {
            story::time_out(format!("{name} is not free"));
        }
        asks_for(wire, name);
    }
}

pub fn the_end_of_an_old_connection_takes_nothing_away(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let name = dice.word();
    let mut old = server.connect(&format!("{name}, at first"));
    old.registers(&name, 6001);
    let ack = old.joins(&name);
    let (id, token) = (ack.get("ID").to_owned(), ack.get("Token").to_owned());

    step("a wrong Token opens nothing");
    let mut other = server.connect("another");
    other.asks("JOIN", &[("clientID", &name), ("Token", WRONG)]).refuses("JOIN", "name-taken");

    step(format!("{name} comes back on a new connection, with the Token"));
    let mut new = server.connect(&format!("{name}, again"));
    new.obtains("JOIN", &[("clientID", &name), ("Token", &token)])
        .has(&[("ID", &id), ("Token", &token)]);
    old.gets("BYE").has_exactly(&[("Reason", "replaced")]);
    old.is_closed();
    old.vanishes();

    step("the old connection is gone; the name is still taken, and it stays so");
    for _ in 0..30 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        other.asks("REGISTER", &[("clientID", &name), ("IP", "127.0.0.1"), ("Port", "6002")]);
        other.refuses("REGISTER", "name-taken");
    }
    new.hears_nothing_else(dice);
    step("and when the new one leaves, it is free");
    new.asks("QUIT", &[]).is_closed();
    other.registers_in_the_end(&name, 6002);
}

//! Many want the same name, and people leave.

use std::collections::HashSet;

use crate::block::Block;
use crate::cast::Server;
use crate::dice::Dice;
use crate::story::{fail, step};
use crate::wire::Wire;

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

pub fn a_name_that_is_left_is_free(dice: &mut Dice) {
    let server = Server::start(&[]);
    let name = dice.word();
    let mut before = 0;
    for how in ["QUIT", "the end of the stream", "a connection that is just gone", "QUIT again"] {
        let mut wire = server.connect(&name);
        let id = wire.registers_in_the_end(&name, 6001).number("ID");
        if id <= before {
            fail(format!("the ID {id} is not above {before}, which {name} had before leaving"));
        }
        before = id;
        wire.joins(&name);
        step(format!("while {name} is there, nobody else can be"));
        let mut other = server.connect("another");
        other.asks("REGISTER", &[("clientID", &name), ("IP", "127.0.0.1"), ("Port", "6002")]);
        other.refuses("REGISTER", "name-taken");
        step(format!("{name} leaves: {how}"));
        match how {
            "the end of the stream" => wire.ends(),
            "a connection that is just gone" => wire.vanishes(),
            _ => wire.asks("QUIT", &[]).is_closed(),
        }
    }
    step("the name is free at the end, too");
    server.connect("the last").registers_in_the_end(&name, 6003);
}

pub fn the_end_of_an_old_connection_takes_nothing_away(dice: &mut Dice) {
    let server = Server::start(&[]);
    let name = dice.word();
    let mut old = server.connect(&format!("{name}, at first"));
    old.registers(&name, 6001);
    let ack = old.joins(&name);
    let (id, token) = (ack.get("ID").to_owned(), ack.get("Token").to_owned());

    step("a wrong Token opens nothing");
    let mut other = server.connect("another");
    let wrong = "0123456789abcdef0123456789abcdef";
    other.asks("JOIN", &[("clientID", &name), ("Token", wrong)]).refuses("JOIN", "name-taken");

    step(format!("{name} comes back on a new connection, with the Token"));
    let mut new = server.connect(&format!("{name}, again"));
    new.asks("JOIN", &[("clientID", &name), ("Token", &token)]);
    new.gets("JOINACK").has(&[("ID", &id), ("Token", &token)]);
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

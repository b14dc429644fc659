//! A member that was lost comes back; an entry that is not renewed goes.

use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::exact::only_until;
use crate::driver::settings::settings;
use crate::driver::story::{self, fail, step};
use crate::driver::wire::Wire;

/// A Token that nobody has been given.
pub const WRONG: &str = "0123456789abcdef0123456789abcdef";

pub fn who_was_lost_comes_back_by_the_token(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let names = dice.words(2);
    let name = &names[0];
    let mut witness = server.joined(&names[1], 6002);
    let mut wire = server.registered(name, 6001);
    let first = wire.joins(name);
    let (id, token) = (first.get("ID").to_owned(), first.get("Token").to_owned());
    witness.gets("JOINED").has(&[("ID", &id)]);

    step(format!("{name}'s connection is just gone; a new one shows the Token"));
    wire.vanishes();
    witness.gets("LEFT").has(&[("ID", &id), ("Reason", "gone")]);
    let (wire, ack) = returns(&server, name, &token);
    ack.has(&[("ID", &id), ("Token", &token)]);
    witness.gets("JOINED").has(&[("ID", &id), ("clientID", name)]);

    step(format!("{name} is gone again; somebody comes with a Token that nobody was given"));
    wire.vanishes();
    witness.gets("LEFT").has(&[("ID", &id)]);
    let (mut other, ack) = returns(&server, name, WRONG);
    is_new(&ack, &[&id], &[&token, WRONG]);
    let second = ack.get("ID").to_owned();
    witness.gets("JOINED").has(&[("ID", &second)]);
    step("while that one is there, the Token of before opens nothing");
    let mut wire = server.connect(name);
    wire.asks("JOIN", &[("clientID", name), ("Token", &token)]).refuses("JOIN", "name-taken");

    step("that one quits, and the name is free; the Token of who was lost is still good");
    other.asks("QUIT", &[]).is_closed();
    witness.gets("LEFT").has(&[("ID", &second), ("Reason", "quit")]);
    let (mut wire, back) = returns(&server, name, &token);
    back.has(&[("ID", &id), ("Token", &token)]);
    step(format!("{name} quits, too: who leaves on purpose is forgotten"));
    wire.asks("QUIT", &[]).is_closed();
    for token in [&token, ack.get("Token")] {
        let (mut wire, back) = returns(&server, name, token);
        is_new(&back, &[&id, &second], &[token]);
        wire.asks("QUIT", &[]).is_closed();
    }
}

/// Somebody registers the name once it is free, and joins with this Token.
fn returns(server: &Server, name: &str, token: &str) -> (Wire, Block) {
    let mut wire = server.connect(&format!("{name}, again"));
    wire.registers_in_the_end(name, 6001);
    let ack = wire.obtains("JOIN", &[("clientID", name), ("Token", token)]);
    (wire, ack)
}

/// This one is somebody new, and none of the old ones.
fn is_new(ack: &Block, ids: &[&str], tokens: &[&str]) {
    if ids.contains(&ack.get("ID")) || tokens.contains(&ack.get("Token")) {
        fail(format!("somebody new has an ID and a Token that nobody has had, and not\n{ack}"));
    }
}

/// How often an entry is renewed, in a check whose entries last for a second or, on a busy machine, some. Of one that
/// was renewed later than that, nothing is known.
const PAUSE: Duration = Duration::from_millis(50);
const TOO_LONG: Duration = Duration::from_millis(800);

pub fn an_entry_lasts_as_long_as_it_is_renewed(dice: &mut Dice) {
    let lasting = Duration::from_secs(settings().slow_flag().into());
    let expires = lasting.as_secs().to_string();
    let server = Server::start_watched(&["--expires", &expires, "--max-clients", "3"]);
    let names = dice.words(4);
    let [member, renewed, forgotten, waiting] = names.as_slice() else { return };
    step(format!("{member} joins, {renewed} and {forgotten} only register, for {expires} s"));
    let mut there = server.joined(member, 6001);
    let mut wire = server.connect("somebody");
    let mut last = Instant::now();
    let [mut id, gone] = [renewed, forgotten].map(|name| wire.registers(name, 6002).number("ID"));
    step(format!("{renewed} is renewed over and over, until there is room for {waiting}"));
    let (until, mut asked) = (story::deadline(), Instant::now());
    let headers = [("clientID", waiting.as_str()), ("IP", "127.0.0.1"), ("Port", "6003")];
    while wire.asks("REGISTER", &headers).block("REGACK").kind != "REGACK" {
        if story::left(until).is_zero() {
            story::time_out(format!("nobody has renewed {forgotten}, and it is still there"));
        }
        std::thread::sleep(PAUSE);
        let (renewing, now) = (Instant::now(), wire.registers(renewed, 6002).number("ID"));
        if now != id && last.elapsed() < TOO_LONG {
            fail(format!("{renewed} was renewed in time, and has another ID"));
        }
        (id, last, asked) = (now, renewing, Instant::now());
    }
    step(format!("{forgotten} is not registered any more; {member}, who has joined, is there"));
    wire.asks("JOIN", &[("clientID", forgotten)]).refuses("JOIN", "not-registered");
    there.hears_nothing_else(dice);
    wire.asks("REGISTER", &[("clientID", member), ("IP", "127.0.0.1"), ("Port", "6002")]);
    wire.refuses("REGISTER", "name-taken");
    step(format!("{waiting} makes room; {forgotten} registers anew, and is somebody new"));
    only_until(asked + lasting, || wire.joins(waiting));
    wire.asks("QUIT", &[]).is_closed();
    let mut wire = server.connect(forgotten);
    if wire.registers_in_the_end(forgotten, 6002).number("ID") <= gone {
        fail(format!("{forgotten} has the ID of before"));
    }
}

//! How long the silent are waited for.

use std::time::{Duration, Instant};

use crate::cast::Server;
use crate::dice::Dice;
use crate::settings::settings;
use crate::story::{fail, instead, step};
use crate::wire::Wire;

/// `--register-timeout 1` and `--ping 1` make the waits as short as they can be.
const LIMIT: Duration = Duration::from_secs(1);

pub fn bytes_alone_buy_no_time(dice: &mut Dice) {
    let server = Server::start(&["--register-timeout", "1"]);
    let begun = Instant::now();
    let mut good = server.connect("somebody who asks in time");
    let mut drips: Vec<(Wire, &[u8], Option<Duration>)> = [
        ("one who sends half a word", &b"PING\r\nColour: "[..], b"x"),
        ("one who sends blank lines", b"", b"\n"),
    ]
    .map(|(who, head, drop): (&str, &[u8], &[u8; 1])| {
        let mut wire = server.connect(who);
        wire.sends(head);
        (wire, &drop[..], None)
    })
    .into();
    let mut silent = server.connect("one who says nothing");
    good.hears_nothing_else(dice);
    step("a byte now and then, for as long as the server takes it");
    let most = LIMIT * 3 * 2_u32.pow(u32::from(settings().slow > 1.0));
    while begun.elapsed() < most && drips.iter().any(|(.., closed)| closed.is_none()) {
        for (wire, drop, closed) in &mut drips {
            if closed.is_none() && !wire.drips(drop) {
                *closed = Some(begun.elapsed());
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for (wire, _, closed) in &drips {
        match closed {
            None => {
                let expected = format!("{} is hung up on after {LIMIT:?}", wire.who());
                fail(instead(expected, format!("it is still heard after {most:?}")));
            }
            Some(after) if *after < LIMIT * 9 / 10 => {
                let expected = format!("{} is hung up on after {LIMIT:?}", wire.who());
                fail(instead(expected, format!("it was hung up on after {after:.1?} already")));
            }
            Some(_) => {}
        }
    }
    step("silence is no better");
    silent.is_closed();
    step("whoever has asked for something in time is still served");
    good.hears_nothing_else(dice);
}

pub fn a_silent_member_is_asked_and_let_go(dice: &mut Dice) {
    let server = Server::start(&["--ping", "1"]);
    let names = dice.words(2);
    let mut alive = server.joined(&names[0], 6001);
    let mut silent = server.joined(&names[1], 6002);
    let begun = Instant::now();
    step(format!("{} is asked, and does not answer", names[1]));
    let asked = silent.gets("PING");
    asked.has_exactly(&[("Token", "*")]);
    within(begun, LIMIT * 9 / 10, LIMIT * 2, "asked");
    step(format!("{} is asked, too, and answers", names[0]));
    let token = alive.skips_to("PING").get("Token").to_owned();
    alive.asks("PONG", &[("Token", &token)]);
    step(format!("{} is let go", names[1]));
    silent.gets("BYE").has_exactly(&[("Reason", "timeout")]);
    silent.is_closed();
    within(begun, LIMIT * 14 / 10, LIMIT * 3, "let go");
    step("its name is free");
    let mut other = server.connect("somebody else");
    other.registers_in_the_end(&names[1], 6003);
    step(format!("{} is asked again, later, and is still there", names[0]));
    let token = alive.skips_to("PING").get("Token").to_owned();
    alive.asks("PONG", &[("Token", &token)]);
    alive.asks("PING", &[("Token", "still")]);
    alive.skips_to("PONG").has_exactly(&[("Token", "still")]);
    step("who has only registered is not asked");
    other.hears_nothing_else(dice);
}

fn within(begun: Instant, least: Duration, most: Duration, what: &str) {
    let after = begun.elapsed();
    let most = most.mul_f64(settings().slow);
    if after < least || after > most {
        let expected = format!("{what} after {least:.1?} to {most:.1?}");
        fail(instead(expected, format!("{what} after {after:.1?}")));
    }
}

pub fn whoever_speaks_is_not_asked(dice: &mut Dice) {
    let server = Server::start(&["--ping", "1"]);
    let names = dice.words(2);
    let mut talker = server.joined(&names[0], 6001);
    step(format!("{} asks something every 0.2 s, for 2 s", names[0]));
    for _ in 0..10 {
        talker.hears_nothing_else(dice);
        std::thread::sleep(Duration::from_millis(200));
    }
    talker.hears_nothing_else(dice);
    step("then it is silent, and is asked");
    talker.gets("PING").has_exactly(&[("Token", "*")]);
    step("any request is a sign of life");
    talker.hears_nothing_else(dice);
    step("so it is not let go, but asked again");
    talker.gets("PING").has_exactly(&[("Token", "*")]);
    talker.hears_nothing_else(dice);
}

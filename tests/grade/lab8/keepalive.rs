//! How long the silent are waited for.

use std::thread;
use std::time::{Duration, Instant};

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::exact::comes_between;
use crate::driver::settings::settings;
use crate::driver::story::{fail, instead, step};
use crate::driver::wire::Wire;

/// `--register-timeout 1` makes the wait as short as it can be.
const LIMIT: Duration = Duration::from_secs(1);
/// `--ping 2`: half of it can be told from all of it, on a busy machine, too.
const PING: Duration = Duration::from_secs(2);

pub fn bytes_alone_buy_no_time(dice: &mut Dice) {
    let server = Server::start(&["--register-timeout", "1"]);
    let begun = Instant::now();
    let mut good = server.connect("somebody who asks in time");
    let mut drips: Vec<(Wire, &[u8], Option<Duration>)> = [
        ("one who sends half a word", &b"PING\r\nColour: "[..], &b"x"[..]),
        ("one who sends blank lines", b"", b"\n"),
        ("one who sends what is no request", b"", b"HUM\n\n"),
    ]
    .map(|(who, head, drop): (&str, &[u8], &[u8])| {
        let mut wire = server.connect(who);
        wire.sends(head);
        (wire, drop, None)
    })
    .into();
    let mut silent = server.connect("one who says nothing");
    good.hears_nothing_else(dice);
    step("a byte now and then, for as long as the server takes it");
    let most = LIMIT * 3 * 2_u32.pow(u32::from(settings().slow() > 1.0));
    while begun.elapsed() < most && drips.iter().any(|(.., closed)| closed.is_none()) {
        for (wire, drop, closed) in &mut drips {
            if closed.is_none() && !wire.drips(drop) {
                *closed = Some(begun.elapsed());
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    for (wire, _, closed) in &drips {
        match closed {
            None => {
                let expected = format!("{} is hung up on after {LIMIT:?}", wire.who());
                fail(instead(expected, format!("it is still heard after {most:?}")));
            }
            Some(after) if *after < LIMIT => {
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
    let server = Server::start(&["--ping", "2"]);
    let names = dice.words(3);
    let mut onlooker = server.registered(&names[2], 6003);
    let begun = Instant::now();
    let mut alive = server.joined(&names[0], 6001);
    let mut silent = server.joined(&names[1], 6002);
    step(format!("{} sends the first half of a request", names[0]));
    alive.sends("PING\r\nToken: st");
    step(format!("{} is asked, once, and does not answer", names[1]));
    silent.gets("PING").has_exactly(&[("Token", "*")]);
    comes_between(begun, PING, PING * 7 / 4, "asked");
    step(format!("{} is asked, too, and sends the second half a little later", names[0]));
    alive.skips_to("PING");
    thread::sleep(PING / 4);
    let answered = Instant::now();
    alive.sends("ill\r\n\r\n");
    alive.skips_to("PONG").has_exactly(&[("Token", "still")]);
    step(format!("{} is let go", names[1]));
    silent.gets("BYE").has_exactly(&[("Reason", "timeout")]);
    // Who waits for the answer as long as for the question lets go after four seconds, and never before.
    comes_between(begun, PING * 3 / 2, PING * 2, "let go");
    silent.is_closed();
    step("the others hear that it has left");
    alive.skips_to("LEFT").has(&[("clientID", &names[1]), ("Reason", "timeout")]);
    step(format!("{}, who has only registered, is not asked", names[2]));
    onlooker.hears_nothing_else(dice);
    is_asked_anew(&mut alive, answered, dice);
}

/// Who was asked and has answered then has the whole time again.
fn is_asked_anew(alive: &mut Wire, answered: Instant, dice: &mut Dice) {
    step(format!("{} is asked again, after a silence of 2 s, and is still there", alive.who()));
    let token = alive.skips_to("PING").get("Token").to_owned();
    comes_between(answered, PING, PING * 7 / 4, "asked again");
    alive.asks("PONG", &[("Token", &token)]);
    alive.hears_nothing_else(dice);
}

pub fn whoever_speaks_is_not_asked(dice: &mut Dice) {
    let server = Server::start(&["--ping", "1"]);
    let names = dice.words(2);
    let mut talker = server.joined(&names[0], 6001);
    let mut slow = server.joined(&names[1], 6002);
    talker.gets("JOINED");
    step(format!(
        "every 0.2 s, for 2 s, {} asks something, and {} sends a byte of one request",
        names[0], names[1]
    ));
    slow.sends("PING\r\nColour: ");
    for _ in 0..10 {
        talker.hears_nothing_else(dice);
        slow.sends("x");
        thread::sleep(Duration::from_millis(200));
    }
    talker.hears_nothing_else(dice);
    slow.sends("\r\nToken: slow\r\n\r\n").gets("PONG").has_exactly(&[("Token", "slow")]);
    slow.asks("QUIT", &[]);
    talker.gets("LEFT");
    step(format!("then {} is silent, and is asked", names[0]));
    talker.gets("PING").has_exactly(&[("Token", "*")]);
    step("any request is a sign of life");
    talker.hears_nothing_else(dice);
    step("so it is not let go, but asked again");
    talker.gets("PING").has_exactly(&[("Token", "*")]);
    talker.hears_nothing_else(dice);
}

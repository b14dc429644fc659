//! How long the silent are waited for.

use std::thread;
use std::time::{Duration, Instant};

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::exact::{comes_before, comes_between, only_until};
use crate::driver::settings::settings;
use crate::driver::story::{fail, instead, step, time_out};
use crate::driver::wire::Wire;

/// `--register-timeout 1` makes the wait as short as it can be. On a busy machine both are more.
const LIMIT: Duration = Duration::from_secs(1);
/// `--ping 2`: half of it can be told from all of it, on a busy machine, too.
const PING: Duration = Duration::from_secs(2);

/// A time for this machine, and the flag that sets it.
fn stretched(time: Duration) -> (Duration, String) {
    let time = time * settings().slow_flag();
    (time, time.as_secs().to_string())
}

pub fn bytes_alone_buy_no_time(dice: &mut Dice) {
    let (limit, flag) = stretched(LIMIT);
    let server = Server::start(&["--register-timeout", &flag]);
    let begun = Instant::now();
    let mut good = server.connect("somebody who asks in time");
    let mut drips: Vec<(Wire, &[u8], Option<Duration>)> = [
        ("one who sends half a word", &b"PING\r\nColour: "[..], &b"x"[..]),
        ("one who sends blank lines", b"", b"\n"),
        ("one who sends what is no request", b"", b"HUM\n\n"),
    ]
    .map(|(who, head, more): (&str, &[u8], &[u8])| {
        let mut wire = server.connect(who);
        only_until(begun + limit, || {
            wire.sends(head);
        });
        (wire, more, None)
    })
    .into();
    let mut silent = server.connect("one who says nothing");
    only_until(begun + limit, || {
        good.hears_nothing_else(dice);
    });
    step("a byte now and then, for as long as the server takes it");
    let most = 3 * limit;
    while begun.elapsed() < most && drips.iter().any(|(.., closed)| closed.is_none()) {
        for (wire, more, closed) in &mut drips {
            if closed.is_none() && !wire.drips(more) {
                *closed = Some(begun.elapsed());
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    for (wire, _, closed) in &drips {
        match closed {
            None => {
                let expected = format!("{} is hung up on after {limit:?}", wire.who());
                time_out(instead(expected, format!("it is still heard after {most:?}")));
            }
            Some(after) if *after < limit => {
                let expected = format!("{} is hung up on after {limit:?}", wire.who());
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
    let (ping, flag) = stretched(PING);
    let server = Server::start(&["--ping", &flag]);
    let names = dice.words(3);
    let mut onlooker = server.registered(&names[2], 6003);
    let begun = Instant::now();
    let mut alive = server.joined(&names[0], 6001);
    let mut silent = server.joined(&names[1], 6002);
    step(format!("{} sends the first half of a request", names[0]));
    alive.sends("PING\r\nToken: st");
    step(format!("{} is asked, once, and does not answer", names[1]));
    silent.gets("PING").has_exactly(&[("Token", "*")]);
    comes_between(begun, ping, ping * 7 / 4, "asked");
    step(format!("{} is asked, too, and sends the second half a little later", names[0]));
    // It is let go after that, if this machine takes so long.
    let answered = only_until(begun + ping * 3 / 2, || {
        alive.skips_to("PING");
        thread::sleep(ping / 4);
        let answered = Instant::now();
        alive.sends("ill\r\n\r\n");
        alive.skips_to("PONG").has_exactly(&[("Token", "still")]);
        answered
    });
    step(format!("{} is let go", names[1]));
    silent.gets("BYE").has_exactly(&[("Reason", "timeout")]);
    // A server that waits for the answer as long as for the question lets go after twice the time, and never before.
    comes_between(begun, ping * 3 / 2, ping * 2, "let go");
    silent.is_closed();
    step("the others hear that it has left");
    alive.skips_to("LEFT").has(&[("clientID", &names[1]), ("Reason", "timeout")]);
    step(format!("{}, who has only registered, is not asked", names[2]));
    onlooker.hears_nothing_else(dice);
    is_asked_anew(&mut alive, answered, ping, dice);
}

/// A member that was asked and has answered then has the whole time again.
fn is_asked_anew(alive: &mut Wire, answered: Instant, ping: Duration, dice: &mut Dice) {
    step(format!("{} is asked again, after a silence of {ping:?}, and is there", alive.who()));
    let token = alive.skips_to("PING").get("Token").to_owned();
    comes_between(answered, ping, ping * 7 / 4, "asked again");
    only_until(answered + ping * 3 / 2, || {
        alive.asks("PONG", &[("Token", &token)]);
        alive.hears_nothing_else(dice);
    });
}

pub fn whoever_speaks_is_not_asked(dice: &mut Dice) {
    let (ping, flag) = stretched(PING / 2);
    let server = Server::start(&["--ping", &flag]);
    let names = dice.words(2);
    let mut last = Instant::now();
    let mut talker = server.joined(&names[0], 6001);
    let mut slow = server.joined(&names[1], 6002);
    talker.gets("JOINED");
    step(format!(
        "every {:?}, for {:?}, {} asks something, and {} sends a byte of one request",
        ping / 5,
        ping * 2,
        names[0],
        names[1]
    ));
    slow.sends("PING\r\nColour: ");
    for turn in 0..=10 {
        let now = Instant::now();
        only_until(last + ping, || {
            talker.hears_nothing_else(dice);
            slow.sends("x");
            if turn == 10 {
                slow.sends("\r\nToken: slow\r\n\r\n")
                    .gets("PONG")
                    .has_exactly(&[("Token", "slow")]);
            }
        });
        comes_before(last, ping, "both speak again");
        last = now;
        thread::sleep(if turn == 10 { Duration::ZERO } else { ping / 5 });
    }
    slow.asks("QUIT", &[]);
    only_until(last + ping, || talker.gets("LEFT"));
    step(format!("then {} is silent, and is asked", names[0]));
    talker.gets("PING").has_exactly(&[("Token", "*")]);
    step("any request is a sign of life");
    let answered = Instant::now();
    only_until(last + ping * 3 / 2, || {
        talker.hears_nothing_else(dice);
    });
    step("so it is not let go, but asked again");
    only_until(answered + ping * 3 / 2, || {
        talker.gets("PING").has_exactly(&[("Token", "*")]);
        talker.hears_nothing_else(dice);
    });
}

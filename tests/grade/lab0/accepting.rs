//! The loop of a listener.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use super::starts;
use crate::driver::dice::Dice;
use crate::driver::folder::Folder;
use crate::driver::program::{Around, Program};
use crate::driver::story::{self, fail, instead, step, time_out};
use crate::driver::wire::Wire;

/// More connections than `parts echo` has places.
const MANY: usize = 40;
/// More connections than a program can have with so few descriptors.
const CROWD: usize = 20;
const CRAMPED: &str = "ulimit -n 16; exec \"$0\" \"$@\"";
/// How long the crowd stays. A loop that pauses tells of a few errors in this time, one that does not of thousands.
const STAY: Duration = Duration::from_millis(500);
const PER_SECOND: u128 = 200;

pub fn a_silent_connection_delays_nobody(dice: &mut Dice) {
    step("an echo server: parts echo 0");
    let echo = starts(&["echo", "0"]);
    let address = listens(&echo);
    let mut silent = Wire::connect("silent", address);
    let mut slow = Wire::connect("slow", address);
    step("one has connected and says nothing; one says half a word");
    slow.sends("half a ").gets_bytes("half a ");
    let names = dice.words(3);
    let mut wires: Vec<Wire> = names.iter().map(|name| Wire::connect(name, address)).collect();
    dice.shuffle(&mut wires);
    for wire in &mut wires {
        let text = dice.text() + "\n";
        step(format!("{} says something, and hears it", wire.who()));
        wire.sends(&text).gets_bytes(&text);
    }
    let mut leaving = wires.remove(0);
    step(format!("{} ends, and nobody else does", leaving.who()));
    leaving.ends();
    leaving.is_closed();
    for wire in &mut wires {
        wire.sends("still here\n").gets_bytes("still here\n");
    }
    slow.sends("word\n").gets_bytes("word\n");
    step(format!("{MANY} connections, one after the other: each is served, and ends"));
    for number in 1..=MANY {
        comes_and_goes(address, number);
    }
    step("the silent one says its first word");
    silent.sends("at last\n").gets_bytes("at last\n");
    drop((silent, slow, wires, echo));
    a_crowd_is_served_in_the_end();
}

/// Waits until a part listens, and gives where.
#[track_caller]
pub fn listens(echo: &Program) -> SocketAddr {
    let address = echo
        .waits("`listening on HOST:PORT`", |line| line.strip_prefix("listening on ")?.parse().ok());
    echo.listens(address);
    address
}

fn comes_and_goes(address: SocketAddr, number: usize) {
    let mut wire = Wire::connect(&format!("number {number}"), address);
    let text = format!("I am number {number}\n");
    wire.sends(&text).gets_bytes(&text);
    wire.ends();
    wire.is_closed();
}

/// Where a shell can limit the descriptors: more connections than can be accepted at once.
fn a_crowd_is_served_in_the_end() {
    if !Path::new("/bin/sh").exists() {
        return;
    }
    step(format!("a server that can have few connections: {CRAMPED}"));
    let around = Around { shell: Some(CRAMPED), ..Around::default() };
    let title = "parts echo, cramped";
    let echo = Program::start_within(title, "parts", &["echo", "0"], &Folder::fresh(), around);
    let address = listens(&echo);
    let (begun, until) = (Instant::now(), story::deadline());
    let mut crowd: Vec<Wire> =
        (1..=CROWD).map(|number| Wire::connect(&format!("number {number}"), address)).collect();
    step(format!("{CROWD} connect at once, and the first talks for a while"));
    let count = || {
        let told = echo.output() + &echo.errors();
        told.lines().filter(|line| line.contains("cannot accept")).count()
    };
    while begun.elapsed() < STAY || count() == 0 {
        crowd[0].sends("and on\n").gets_bytes("and on\n");
        if story::left(until).is_zero() {
            let came = "not a word of one".to_owned() + &story::in_time();
            time_out(instead("`failed` is told of each error of accept", came));
        }
    }
    let errors = count();
    // So many may have come before the loop could pause at all.
    if errors as u128 > 20 + begun.elapsed().as_millis() * PER_SECOND / 1000 {
        let came = format!("{errors} errors of accept, in {:.1} s", begun.elapsed().as_secs_f64());
        fail(instead("a pause after each error of accept", came));
    }
    step("they say something, and leave when they have heard it, in the order in which they came");
    for (number, wire) in (1..).zip(&mut crowd) {
        let text = format!("I am number {number}\n");
        wire.sends(&text).gets_bytes(&text);
        wire.ends();
        wire.is_closed();
    }
}

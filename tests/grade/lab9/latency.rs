//! How long messages take.

use std::thread;
use std::time::{Duration, Instant};

use super::audience::{Measured, measure};
use crate::driver::dice::Dice;
use crate::driver::settings::settings;
use crate::driver::story::{fail, instead, late, step};

/// How late the late ones are, and below what the others stay: milliseconds.
const LATE: f64 = 200.0;
const SOON: f64 = 100.0;

/// How often it is measured again if the machine is so busy that messages are late by themselves.
const TRIES: usize = 4;

/// Measures with one member, to whom the messages of these numbers come late.
fn measure_with_late(messages: usize, late: impl Fn(usize) -> bool) -> Measured {
    let once = || {
        let mut writing = Duration::ZERO;
        let mut measured = measure(1, messages, |mut delivery| {
            if late(delivery.number) {
                thread::sleep(Duration::from_secs_f64(slow(LATE) / 1000.0));
            }
            let begun = Instant::now();
            delivery.to([0]);
            writing = writing.max(begun.elapsed());
        });
        measured.pause = measured.pause.max(writing);
        measured
    };
    let measured = (1..TRIES).map(|_| once()).find(is_calm);
    let measured = measured.unwrap_or_else(once);
    if measured.code != 0 {
        fail(format!("nothing was lost, and the exit code is {}", measured.code));
    }
    measured
}

/// Whether nobody was kept from running for long: a message is under way between two pauses, so it was no more than
/// twice the longest of them late by itself.
fn is_calm(measured: &Measured) -> bool {
    measured.pause < Duration::from_secs_f64(slow(SOON) / 2500.0)
}

fn slow(milliseconds: f64) -> f64 {
    milliseconds * settings().slow()
}

/// A late message takes as long as it was held back at least, and not much longer.
fn is_late(measured: &Measured, column: &str) {
    is_between(measured, column, slow(LATE), slow(LATE) * 5.0);
}

fn is_soon(measured: &Measured, column: &str) {
    is_between(measured, column, 0.0, slow(SOON));
}

/// Demands that a time is from `least` to `most`. On a machine that is not calm, it may be longer by itself.
fn is_between(measured: &Measured, column: &str, least: f64, most: f64) {
    let found = measured.number(column);
    if found > most && !is_calm(measured) {
        late(instead(format!("{column} is at most {most}"), format!("{column} is {found}")));
    }
    measured.is_within(column, least, most);
}

pub fn a_run_without_faults_has_none(dice: &mut Dice) {
    let messages = 100 + dice.below(100);
    for members in [1, 3] {
        let found = measure(members, messages, |mut delivery| delivery.to(0..members));
        found.has("members", members);
        found.has("speakers", 1);
        found.has("messages", messages);
        found.has("lost", 0);
        found.has("disorder", 0);
        is_soon(&found, "p50");
        if !is_calm(&found) && found.number("deliveries/s") < 10.0 {
            late(format!(
                "the longest pause was {:.1?}, and deliveries/s is below 10",
                found.pause
            ));
        }
        found.is_within("deliveries/s", 10.0, 10_000_000.0);
        if found.code != 0 {
            fail(format!("the exit code is {}", found.code));
        }
    }
}

pub fn a_tenth_that_is_late_shows_in_p99_and_not_in_p50(dice: &mut Dice) {
    let place = dice.below(10);
    let found = measure_with_late(100, |number| number % 10 == place);
    is_soon(&found, "p50");
    is_late(&found, "p99");
    is_late(&found, "max");
    step("and the pauses take time: 100 messages in more than 2 s");
    // `load` prints a whole number, so the limit is one, too.
    found.is_within("deliveries/s", 1.0, (50.0 / settings().slow()).ceil());
}

pub fn a_percentile_is_a_value_that_was_measured(_: &mut Dice) {
    step("two of five are late: p50 is the third, p90 the fifth");
    let found = measure_with_late(5, |number| number % 2 == 0);
    is_soon(&found, "p50");
    is_late(&found, "p90");
    step("three of five are late: p50 is one of them");
    let found = measure_with_late(5, |number| number % 2 == 1);
    is_late(&found, "p50");
    step("two of four are late: p50 is the second, and no mean of two");
    let found = measure_with_late(4, |number| number > 2);
    is_soon(&found, "p50");
    is_late(&found, "p90");
    step("one of ten is late: p90 is the ninth, p99 the tenth");
    let found = measure_with_late(10, |number| number == 3);
    is_soon(&found, "p90");
    is_late(&found, "p99");
    is_late(&found, "p99.9");
    step("one of a thousand: p99.9 is the 999th, max the last");
    let found = measure_with_late(1000, |number| number == 500);
    is_soon(&found, "p99");
    is_soon(&found, "p99.9");
    is_late(&found, "max");
    step("the only one is hung up on before it has heard anything: nothing was measured");
    let found = measure(1, 5, |mut delivery| delivery.hangs_up_on(0));
    found.has("p50", 0);
    found.has("max", 0);
    if found.code != 1 {
        fail(format!("what was said is lost, and the exit code is {}", found.code));
    }
}

//! What measures nothing.

use super::timer::{Measured, Model};
use crate::driver::dice::Dice;
use crate::driver::story::{instead, step};

/// So many messages in a row that measure nothing double the timer.
const PATIENCE: u64 = 3;

pub fn what_was_sent_twice_measures_nothing(dice: &mut Dice) {
    let mut measured = Measured::start();
    copies_move_no_mean(&mut measured, dice);
    an_upto_moves_no_mean(&mut measured);
    a_round_trip_is_measured_once(&mut measured);
}

fn copies_move_no_mean(measured: &mut Measured, dice: &mut Dice) {
    step("an ACK after 100 ms is measured");
    measured.takes(100);
    let (timer, why) = (measured.model.timer(), measured.model.told());
    let answered = 5 + dice.below(20) as u64;
    step(format!("{PATIENCE} messages, each with a copy, and an ACK {answered} ms after the copy"));
    for count in 0..PATIENCE {
        let why = format!("{why}; {count} in a row have measured nothing");
        measured.is_late_after(timer, &why, answered);
    }
    step(format!("so many that were sent twice, in a row: the timer doubles, from {timer} ms on"));
    for count in PATIENCE..2 * PATIENCE {
        let why = format!("twice {timer} ms, as {count} in a row have measured nothing");
        measured.is_late_after(2 * timer, &why, answered);
    }
    step("and once more, up to its cap");
    measured.is_late_after(800, "four times, but at most 800 ms", answered);
    step("an ACK after 120 ms, of a message without a copy: the timer is what was measured");
    measured.takes(120);
    measured.follows();
}

fn an_upto_moves_no_mean(measured: &mut Measured) {
    step("a new beginning; 1 and 2 are sent, and the ACK of 1 gets lost: that of 2 comes for both");
    measured.begins();
    let (sender, model) = (&mut measured.sender, &mut measured.model);
    let sent = sender.says(0, 1);
    let more = sender.says(30, 1);
    if (sent.new, more.new) != (vec![1], vec![2]) {
        sender.fails(instead("sends 1, and 30 ms later sends 2", more.line));
    }
    sender.acknowledges(130, 2, 2);
    *model = Model::default();
    model.takes(100);
    step("the ACK of 1 comes after all, 900 ms later: it is no news, and measures nothing");
    sender.acknowledges(1_030, 1, 2);
    (measured.now, measured.next) = (1_030, 3);
    measured.follows();
}

fn a_round_trip_is_measured_once(measured: &mut Measured) {
    step("a new beginning; 1 to 5 are sent, and their ACKs come one by one, from 100 ms on");
    measured.begins();
    let (sender, model) = (&mut measured.sender, &mut measured.model);
    sender.says(0, 5);
    for seq in 1..=5 {
        sender.acknowledges(90 + 10 * seq, seq, seq);
    }
    step("only the first one is measured: the others were sent before it came");
    model.takes(100);
    (measured.now, measured.next) = (140, 6);
    measured.follows();
}

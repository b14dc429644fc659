//! What does not arrive, or not in order. All faults happen to others than the speaker, who goes on when its
//! own come back.

use super::audience::{Measured, measure, measure_without};
use crate::dice::Dice;
use crate::story::{fail, step};

const MESSAGES: usize = 60;

/// Some different numbers, in order, each so far from the others.
fn some(dice: &mut Dice, apart: usize) -> Vec<usize> {
    let count = 3 + dice.below(5);
    (0..count).map(|place| 2 + place * apart + dice.below(apart - 2)).collect()
}

fn complains(found: &Measured, word: &str) {
    if found.code != 1 {
        fail(format!("the exit code is {}, and it must be 1", found.code));
    }
    if !found.errors.contains(word) {
        fail(format!("stderr says nothing of {word:?}: {:?}", found.errors));
    }
}

pub fn what_is_lost_is_counted(dice: &mut Dice) {
    let lost = some(dice, 7);
    step(format!("the second of three never gets the messages {lost:?}"));
    let found = measure(3, MESSAGES, |mut delivery| {
        let missing = lost.contains(&delivery.number);
        delivery.to((0..3).filter(|member| *member != 1 || !missing));
    });
    found.has("messages", MESSAGES);
    found.has("lost", lost.len());
    found.has("disorder", 0);
    complains(&found, &format!("{} lost", lost.len()));

    step("the second of two is hung up on before the last three: nothing shows a gap");
    let found = measure(2, MESSAGES, |mut delivery| {
        if delivery.number == MESSAGES - 2 {
            delivery.hangs_up_on(1);
        }
        delivery.to(0..2);
    });
    found.has("lost", 3);
    complains(&found, "3 lost");

    let numbers = some(dice, 7);
    step(format!(
        "no message has the Seq {numbers:?}: the speaker's own numbers have no gap, the room's have"
    ));
    let found = measure_without(&numbers, 2, MESSAGES, |mut delivery| delivery.to(0..2));
    found.has("messages", MESSAGES);
    found.has("lost", 2 * numbers.len());
    found.has("disorder", 0);
    complains(&found, &format!("{} lost", 2 * numbers.len()));
}

pub fn what_is_out_of_order_is_counted(dice: &mut Dice) {
    let late = some(dice, 7);
    step(format!("the second of three gets the messages {late:?} after the next one"));
    let mut kept: Option<String> = None;
    let found = measure(3, MESSAGES, |mut delivery| {
        delivery.to([0, 2]);
        if late.contains(&delivery.number) {
            kept = Some(delivery.block.to_owned());
            return;
        }
        delivery.to([1]);
        if let Some(kept) = kept.take() {
            delivery.brings(1, &kept);
        }
    });
    found.has("lost", 0);
    found.has("disorder", late.len());
    complains(&found, "out of order");

    let twice = some(dice, 7);
    step(format!("the last of three gets the messages {twice:?} twice"));
    let found = measure(3, MESSAGES, |mut delivery| {
        delivery.to(0..3);
        if twice.contains(&delivery.number) {
            delivery.to([2]);
        }
    });
    found.has("lost", 0);
    found.has("disorder", twice.len());
    complains(&found, "twice");
}

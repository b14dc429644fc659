//! What does not arrive, or not in order. All faults happen to others than the speaker, who goes on when its
//! own come back.

use super::audience::{Delivery, Measured, measure, measure_talk, measure_without};
use crate::driver::dice::Dice;
use crate::driver::story::{fail, step};

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

    step("the server gives the second of two the highest number that there is, and load lives");
    let found = measure(2, MESSAGES, |mut delivery| {
        let (seq, highest) = (format!("Seq: {}\r\n", delivery.number), u64::MAX);
        let far = delivery.block.replace(&seq, &format!("Seq: {highest}\r\n"));
        let is_last = delivery.number == MESSAGES;
        delivery.brings(1, if is_last { &far } else { delivery.block });
        delivery.to([0]);
    });
    found.has("messages", MESSAGES);
    complains(&found, " lost");

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

    step(
        "two speak, and the third is hung up on before the last three of one and two of the other",
    );
    let found = measure_talk(2, &[], 3, MESSAGES + 1, |mut delivery| {
        if delivery.number == MESSAGES - 3 {
            delivery.hangs_up_on(2);
        }
        delivery.to(0..3);
    });
    found.has("speakers", 2);
    found.has("messages", MESSAGES + 1);
    found.has("lost", 5);
    complains(&found, "5 lost");
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
    some_of_a_gap_come_late(dice);
    the_rooms_order_counts_too(dice);
}

/// Brings messages to the second of two in this order. Those of its numbers that are not in it never come
/// there; those above its last one come as they are said.
fn measure_with_order(order: &[usize]) -> Measured {
    let mut blocks: Vec<String> = Vec::new();
    let last = order.iter().copied().max().unwrap_or(0);
    measure(2, MESSAGES, |mut delivery| {
        delivery.to([0]);
        blocks.push(delivery.block.to_owned());
        if delivery.number == last {
            order.iter().for_each(|number| delivery.brings(1, &blocks[number - 1]));
        } else if delivery.number > last {
            delivery.to([1]);
        }
    })
}

fn some_of_a_gap_come_late(dice: &mut Dice) {
    let (a, b, c) = (3 + dice.below(5), 15 + dice.below(5), 30 + dice.below(5));
    let mut order: Vec<usize> = (1..a).collect();
    // Three are skipped, and the middle one comes late.
    order.extend([a + 3, a + 1]);
    order.extend(a + 4..b);
    // Three are skipped, and all come late.
    order.extend([b + 3, b + 1, b, b + 2]);
    order.extend(b + 4..c);
    // One is skipped, and comes late, and again; and so does one that was never missing.
    order.extend([c + 1, c, c, c + 1, c + 2]);
    step(format!("the second of two gets the messages 1 to {} in this order: {order:?}", c + 2));
    let found = measure_with_order(&order);
    found.has("lost", 2);
    found.has("disorder", 1 + 3 + 1 + 2);
    complains(&found, "2 lost, 5 out of order, 2 delivered twice");
}

fn the_rooms_order_counts_too(dice: &mut Dice) {
    let late = some(dice, 7);
    step(format!(
        "two speak in turn; the third gets the messages {late:?} after the other's next one"
    ));
    let mut kept: Option<String> = None;
    let swaps = |mut delivery: Delivery| {
        delivery.to([0, 1]);
        if late.contains(&delivery.number) {
            kept = Some(delivery.block.to_owned());
            return;
        }
        delivery.to([2]);
        if let Some(kept) = kept.take() {
            delivery.brings(2, &kept);
        }
    };
    let found = measure_talk(2, &[], 3, MESSAGES, swaps);
    found.has("lost", 0);
    found.has("disorder", late.len());
    complains(&found, &format!("{} out of order", late.len()));

    step("the third message comes to the second of two with the Seq of the second");
    let found = measure(2, MESSAGES, |mut delivery| {
        delivery.to([0]);
        let block = delivery.block.replace("Seq: 3\r\n", "Seq: 2\r\n");
        delivery.brings(1, &block);
    });
    found.has("lost", 1);
    found.has("disorder", 1);
    complains(&found, "1 lost, 1 delivered twice");
}

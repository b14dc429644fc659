//! Your client sends datagrams.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::post::{Post, bob};
use crate::cast::Client;
use crate::dice::Dice;
use crate::played::{Played, Secrets};
use crate::settings::settings;
use crate::story::{fail, step};

/// So many copies of one message may come before another comes, on a busy machine.
const MOST_COPIES: usize = 6;
/// So many copies may have been on their way when their ACK was sent, on a busy machine.
const STRAYS: usize = 3;

pub fn a_message_is_sent_again_until_it_is_acknowledged(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.is_queried(&bob, &mut server);
    let name = ann.me.name.clone();
    let text = dice.text();
    step("bob says something; nobody acknowledges it");
    bob.types(&format!("/msg {text}"));
    bob.sees(&format!("Sent to {name} (ID 3): {text}"));
    let mut before = ann.hears(1, 1, &text);
    for wait in [200, 400, 800, 800] {
        let at = ann.hears(1, 1, &text);
        let (pause, wait) = (at - before, Duration::from_millis(wait));
        let most = (wait * 2 + Duration::from_millis(300)).mul_f64(settings().slow);
        if pause < wait / 2 || pause > most {
            fail(format!("the next copy comes after {pause:.0?} instead of {wait:.0?}"));
        }
        before = at;
    }
    step("an ACK with another Answer counts for nothing: a copy comes all the same");
    ann.acknowledges(&Secrets::new(dice).answer, 1, 1);
    ann.acknowledges(&ann.secrets.ticket, 1, 1);
    ann.hears(1, 1, &text);
    step("the true ACK comes, and nothing is sent any more but the next message");
    ann.acknowledges(&ann.secrets.answer, 1, 1);
    bob.sees(&format!("Delivered to {name} (udp): {text}"));
    std::thread::sleep(Duration::from_secs(1));
    let next = dice.text();
    bob.types(&format!("/msg {next}"));
    ann.hears(2, 2, &next);
    ann.acknowledges(&ann.secrets.answer, 2, 2);
    bob.sees_without(&["Delivered"], &format!("Delivered to {name} (udp): {next}"));
    upto_acknowledges_those_before(&bob, &ann, dice);
    at_most_64_are_unacknowledged(&bob, &ann);
}

/// Up to 2 all was acknowledged.
fn upto_acknowledges_those_before(bob: &Client, ann: &Post, dice: &mut Dice) {
    step("three at once; Upto acknowledges those before, too");
    let texts = dice.words(3);
    for (text, seq) in texts.iter().zip(3..) {
        bob.types(&format!("/msg {text}"));
        ann.hears(seq, 3, text);
    }
    ann.acknowledges(&ann.secrets.answer, 5, 5);
    for text in &texts {
        bob.sees(&format!("Delivered to {} (udp): {text}", ann.me.name));
    }
}

/// Up to 5 all was acknowledged.
fn at_most_64_are_unacknowledged(bob: &Client, ann: &Post) {
    step("seventy more, 6 to 75, and no ACK: 69 is the last that comes, again and again");
    (6..=75).for_each(|seq| bob.types(&format!("/msg number {seq}")));
    comes_and_none_above(ann, 69, 2);
    step("6 is acknowledged: 70 comes");
    ann.acknowledges(&ann.secrets.answer, 6, 6);
    comes_and_none_above(ann, 70, 2);
}

/// Waits until message `last` has come so often, and fails if one with a higher number comes before.
fn comes_and_none_above(ann: &Post, last: u64, times: usize) {
    let mut copies = HashMap::new();
    while copies.get(&last).is_none_or(|count| *count < times) {
        let seq = ann.gets("MSG").0.number("Seq");
        if seq > last {
            fail(format!("{seq} is sent while more than 64 are unacknowledged"));
        }
        let count = copies.entry(seq).or_insert(0);
        *count += 1;
        if *count > MOST_COPIES {
            fail(format!("{seq} comes for the {count}th time, and {last} does not"));
        }
    }
}

pub fn what_does_not_arrive_is_told(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &["--give-up", "1"]);
    let ann = Post::new(3, &bob, dice);
    ann.is_queried(&bob, &mut server);
    let name = ann.me.name.clone();
    let texts: Vec<String> = (0..3).map(|_| dice.text()).collect();
    step("bob says three things; the first and the third are acknowledged");
    let begun = Instant::now();
    texts.iter().for_each(|text| bob.types(&format!("/msg {text}")));
    let mut numbers = HashMap::new();
    while numbers.len() < 3 {
        let (block, _) = ann.gets("MSG");
        numbers.insert(block.number("Seq"), block.get("Text").to_owned());
    }
    if (1..=3).zip(&texts).any(|(seq, text)| numbers.get(&seq) != Some(text)) {
        fail(format!("the messages are {texts:?}, and were sent as {numbers:?}"));
    }
    ann.acknowledges(&ann.secrets.answer, 3, 0);
    ann.acknowledges(&ann.secrets.answer, 1, 1);
    let told = |what: &str, text: &str| format!("{what} to {name}{text}");
    bob.sees(&told("Delivered", &format!(" (udp): {}", texts[2])));
    bob.sees(&told("Delivered", &format!(" (udp): {}", texts[0])));
    step("the second is tried for a second, and then bob is told");
    bob.sees_without(&["Delivered"], &told("not delivered", &format!(": {}", texts[1])));
    let after = begun.elapsed();
    if after < Duration::from_millis(900) || after > Duration::from_secs(3).mul_f64(settings().slow)
    {
        fail(format!("it was given up after {after:.1?} instead of 1 s"));
    }
    first_has_moved_on(&bob, &ann, dice);
    nothing_is_repeated_any_more(&bob, &ann);
}

/// The first and the third of three were acknowledged, the second was given up.
fn first_has_moved_on(bob: &Client, ann: &Post, dice: &mut Dice) {
    step("from now on First says that nobody tries the second any more");
    let last = dice.text();
    bob.types(&format!("/msg {last}"));
    loop {
        let (block, _) = ann.gets("MSG");
        if block.number("First") > 2 {
            // The third may come once more, for its First alone.
            ann.acknowledges(&ann.secrets.answer, block.number("Seq"), block.number("Seq"));
        }
        if block.number("Seq") == 4 {
            block.has(&[("Text", &last)]);
            if block.number("First") <= 2 {
                fail(format!("First says that the second is still tried:\n{block}"));
            }
            break;
        }
    }
    let delivered = format!("Delivered to {} (udp): {last}", ann.me.name);
    bob.sees_without(&["not delivered"], &delivered);
}

/// Up to 4 all was acknowledged or given up, and the other side knows it.
fn nothing_is_repeated_any_more(bob: &Client, ann: &Post) {
    step("Upto is 4: nothing is left to be told, and after a while the next thing is said");
    let (pause, mut copies) = (Instant::now() + Duration::from_millis(500), 0);
    let mut is_said = false;
    loop {
        let block = if is_said {
            ann.gets("MSG").0
        } else if let Some((block, _)) = ann.gets_until("MSG", pause) {
            block
        } else {
            bob.types("/msg the fifth");
            is_said = true;
            continue;
        };
        let seq = block.number("Seq");
        ann.acknowledges(&ann.secrets.answer, seq, seq.max(4));
        if seq == 5 {
            break;
        }
        copies += 1;
        if copies > STRAYS {
            fail(format!("{seq} comes again and again, and Upto was 4 in each ACK"));
        }
    }
    bob.sees(&format!("Delivered to {} (udp): the fifth", ann.me.name));
}

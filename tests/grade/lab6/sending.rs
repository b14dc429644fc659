//! Your client sends datagrams.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::post::{Post, bob};
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::exact::{Came, came, only_until};
use crate::driver::played::{Guest, Played, Secrets};
use crate::driver::settings::settings;
use crate::driver::story::{self, fail, late, step, time_out};

/// So many copies of one message may come before another comes, and more as long as the step has time.
const MOST_COPIES: usize = 6;
/// So many copies may have been on their way when their ACK was sent. More of them need a fourth copy of one message,
/// which takes so long.
const STRAYS: usize = 3;
const FOURTH: Duration = Duration::from_millis(1_400);
/// `--give-up 1`.
const GIVE_UP: Duration = Duration::from_secs(1);
/// When it is told too late in any case, on a machine at rest.
const MUCH_LATER: Duration = Duration::from_secs(3);
/// With `--give-up 1`, when it is told by a client that looks only when the next copy is due: that is 200, 400 and
/// 800 ms after the ones before.
const NEXT_COPY: Duration = Duration::from_millis(1400);
/// How often it is measured anew, for a busy machine may be late by itself.
const TRIES: u64 = 3;

pub fn a_message_is_sent_again_until_it_is_acknowledged(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &[]);
    let ann = Post::new(3, &bob, dice);
    ann.is_queried(&bob, &mut server);
    let name = ann.me.name.clone();
    let (seq, text) = copies_come_in_time(&bob, &ann, dice);
    step("an ACK with another Answer counts for nothing: a copy comes all the same");
    ann.acknowledges(&Secrets::new(dice).answer, seq, seq);
    ann.acknowledges(&ann.secrets.ticket, seq, seq);
    ann.hears(seq, seq, &text);
    step("the true ACK comes, twice, and nothing is sent any more but the next message");
    ann.acknowledges(&ann.secrets.answer, seq, seq);
    ann.acknowledges(&ann.secrets.answer, seq, seq);
    bob.sees_line(&format!("Delivered to {name} (udp): {text}"));
    ann.reads_copies(seq);
    std::thread::sleep(Duration::from_secs(1));
    let (seq, next) = (seq + 1, dice.text());
    bob.types(&format!("/msg {next}"));
    ann.hears(seq, seq, &next);
    ann.acknowledges(&ann.secrets.answer, seq, seq);
    bob.sees_line_without(&["Delivered"], &format!("Delivered to {name} (udp): {next}"));
    upto_acknowledges_all_up_to_it(&bob, &ann, seq, dice);
    each_has_its_own_time(&bob, &ann, seq + 3);
    only_numbers_below_first_and_64_are_sent(&bob, &ann, seq + 5);
}

/// When the copies of a message are due, in milliseconds after it was sent, and when those of the nearest wrong program
/// are: the one that gives the first copy twice the time. The waits are 200, 400, 800 and 800 ms.
const COPIES: [(u64, u64); 4] = [(200, 1200), (600, 1200), (1400, 2000), (2200, 2800)];

/// Bob says something, and its copies are waited for; if they are late, it is acknowledged, and he says
/// something else. Gives what is not acknowledged.
fn copies_come_in_time(bob: &Client, ann: &Post, dice: &mut Dice) -> (u64, String) {
    let mut seq = 1;
    loop {
        let (text, begun) = (dice.text(), Instant::now());
        step("bob says something; nobody acknowledges it");
        bob.types(&format!("/msg {text}"));
        bob.sees_line(&format!("Sent to {} (ID 3): {text}", ann.me.name));
        match copies_in_time(ann, seq, &text, begun) {
            Ok(()) => return (seq, text),
            Err(why) if seq == TRIES => late(why),
            Err(_) => {}
        }
        step("that was not in time; perhaps the machine is busy, so once more");
        ann.acknowledges(&ann.secrets.answer, seq, seq);
        bob.sees_line(&format!("Delivered to {} (udp): {text}", ann.me.name));
        ann.reads_copies(seq);
        seq += 1;
    }
}

/// The first five copies of a message that was typed at `begun`, and their times. An error: one was late.
fn copies_in_time(ann: &Post, seq: u64, text: &str, begun: Instant) -> Result<(), String> {
    ann.hears(seq, seq, text);
    for (number, (due, wrong)) in (2..).zip(COPIES) {
        let after = ann.hears(seq, seq, text) - begun;
        // A quarter is left to those who measure time in coarse steps.
        let [least, most] = [due * 3 / 4, wrong].map(Duration::from_millis);
        let why = || format!("copy {number} comes after {} instead of {due} ms", ms(after));
        match came(after, least, most) {
            Came::Early => fail(why()),
            Came::InTime => {}
            Came::Late => return Err(why()),
        }
    }
    Ok(())
}

/// A time, for people.
fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// Up to `seq` all was acknowledged.
fn upto_acknowledges_all_up_to_it(bob: &Client, ann: &Post, seq: u64, dice: &mut Dice) {
    step("three at once; only the first one's ACK does not get lost, and its Upto is the third");
    let texts = dice.words(3);
    for (text, next) in texts.iter().zip(seq + 1..) {
        bob.types(&format!("/msg {text}"));
        ann.hears_first(next, seq + 1, text);
    }
    ann.acknowledges(&ann.secrets.answer, seq + 1, seq + 3);
    for text in &texts {
        let delivered = format!("Delivered to {} (udp): {text}", ann.me.name);
        bob.sees_line_without(&["Delivered"], &delivered);
    }
    ann.reads_copies(seq + 3);
}

/// Up to `seq` all was acknowledged.
fn each_has_its_own_time(bob: &Client, ann: &Post, seq: u64) {
    let (one, two) = (seq + 1, seq + 2);
    step(format!("{one} is not acknowledged, and its fourth copy is due after 800 ms"));
    let begun = Instant::now();
    bob.types("/msg one");
    for _ in 0..3 {
        ann.hears(one, one, "one");
    }
    step(format!("{two} is said now: its second copy, after 200 ms, comes before that"));
    bob.types("/msg two");
    only_until(begun + FOURTH, || {
        for _ in 0..2 {
            ann.hears(two, one, "two");
        }
    });
    ann.acknowledges(&ann.secrets.answer, two, two);
    bob.sees_line(&format!("Delivered to {} (udp): two", ann.me.name));
    ann.reads_copies(two);
}

/// Up to `seq` all was acknowledged.
fn only_numbers_below_first_and_64_are_sent(bob: &Client, ann: &Post, seq: u64) {
    let (first, last) = (seq + 1, seq + 64);
    step(format!("seventy more from {first} on, and no ACK: {last} is the last, again and again"));
    (1..=70).for_each(|number| bob.types(&format!("/msg number {number}")));
    comes_and_none_above(ann, last, 2, last);
    step(format!("{first} is acknowledged: {} comes", last + 1));
    ann.acknowledges(&ann.secrets.answer, first, first);
    comes_and_none_above(ann, last + 1, 1, last + 1);
    let (first, last) = (first + 1, last + 1);
    step(format!(
        "all but {first} are acknowledged: it is First still, so it comes again, and alone"
    ));
    (first + 1..=last).for_each(|seq| ann.acknowledges(&ann.secrets.answer, seq, first - 1));
    comes_and_none_above(ann, first, 2, last);
    step(format!("{first} is acknowledged, too: {} comes", last + 1));
    ann.acknowledges(&ann.secrets.answer, first, last);
    comes_and_none_above(ann, last + 1, 1, seq + 70);
}

/// Waits until message `seq` has come so often, and fails if one with a higher number than `last` comes before.
fn comes_and_none_above(ann: &Post, seq: u64, times: usize, last: u64) {
    let (mut copies, until) = (HashMap::new(), story::deadline());
    while copies.get(&seq).is_none_or(|count| *count < times) {
        let (block, _) = ann.gets("MSG");
        let (came, first) = (block.number("Seq"), block.number("First"));
        if came > last {
            fail(format!("{came} is sent before {} is acknowledged: First is {first}", last - 63));
        }
        let count = copies.entry(came).or_insert(0);
        *count += 1;
        if *count > MOST_COPIES && story::left(until).is_zero() {
            time_out(format!("{came} comes for the {count}th time, and {seq} does not"));
        }
    }
}

pub fn what_does_not_arrive_is_told(dice: &mut Dice) {
    let played = Played::open();
    let (bob, mut server) = bob(&played, &["--give-up", "1"]);
    let ann = Post::new(3, &bob, dice);
    ann.is_queried(&bob, &mut server);
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
    is_delivered(&bob, &ann, &texts[2], begun);
    is_delivered(&bob, &ann, &texts[0], begun);
    step("the second is tried for a second, and then bob is told");
    let lost = format!("not delivered to {}: {}", ann.me.name, texts[1]);
    bob.sees_line_without(&["Delivered"], &lost);
    let after = begun.elapsed();
    let why = || format!("it was given up after {} instead of {}", ms(after), ms(GIVE_UP));
    match came(after, GIVE_UP, MUCH_LATER.mul_f64(settings().slow())) {
        Came::Early => fail(why()),
        Came::InTime => {}
        Came::Late => time_out(why()),
    }
    let begun = first_has_moved_on(&bob, &ann, dice);
    nothing_is_repeated_any_more(&bob, &ann, begun);
    it_is_told_when_it_is_time(&bob, &mut server, dice);
}

/// What was typed at `begun` at the earliest, and is acknowledged, is delivered. If the ACK has come after the time to
/// give up, it is too late.
fn is_delivered(bob: &Client, ann: &Post, text: &str, begun: Instant) {
    let (name, lost) = (&ann.me.name, format!("not delivered to {}: {text}", ann.me.name));
    let delivered = format!("Delivered to {name} (udp): {text}");
    only_until(begun + GIVE_UP, || {
        bob.waits(&format!("the line {delivered:?}"), |line| {
            if line == lost {
                bob.shows_instead(&delivered, line);
            }
            (line == delivered).then_some(())
        });
    });
}

/// The first and the third of three were acknowledged, the second was given up. Gives when the fourth was typed.
fn first_has_moved_on(bob: &Client, ann: &Post, dice: &mut Dice) -> Instant {
    step("from now on First says that nobody tries the second any more");
    let (last, begun) = (dice.text(), Instant::now());
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
    is_delivered(bob, ann, &last, begun);
    begun
}

/// Up to 4 all was acknowledged or given up, and the other side knows it. 4 was typed then.
fn nothing_is_repeated_any_more(bob: &Client, ann: &Post, typed: Instant) {
    step("Upto is 4: nothing is left to be told, and after a while the next thing is said");
    step("an old ACK, of 1 and with Upto 1, comes late, each time, and changes nothing");
    ann.acknowledges(&ann.secrets.answer, 1, 1);
    let (pause, mut copies) = (Instant::now() + Duration::from_millis(500), 0);
    let mut begun = None;
    loop {
        let block = if begun.is_some() {
            ann.gets("MSG").0
        } else if let Some((block, _)) = ann.gets_until("MSG", pause) {
            block
        } else {
            begun = Some(Instant::now());
            bob.types("/msg the fifth");
            continue;
        };
        let seq = block.number("Seq");
        ann.acknowledges(&ann.secrets.answer, seq, seq.max(4));
        ann.acknowledges(&ann.secrets.answer, 1, 1);
        if seq == 5 {
            break;
        }
        copies += 1;
        if copies > STRAYS {
            let why = format!("{seq} comes again and again, and Upto was 4 in each ACK");
            if typed.elapsed() < FOURTH { fail(why) } else { late(why) }
        }
    }
    begun.into_iter().for_each(|begun| is_delivered(bob, ann, "the fifth", begun));
}

/// The time to give up may be before the next copy would be due.
fn it_is_told_when_it_is_time(bob: &Client, server: &mut Guest, dice: &mut Dice) {
    let ben = Post::new(4, bob, dice);
    ben.is_queried(bob, server);
    step("nobody answers: copies would be due after 200, 600 and 1400 ms, and 1 s is the end");
    step("what is said a little later has its own second");
    let mut tries = 1;
    loop {
        let (text, next, begun) = (dice.text(), dice.text(), Instant::now());
        bob.types(&format!("/msg {text}"));
        std::thread::sleep(GIVE_UP / 4);
        let later = Instant::now();
        bob.types(&format!("/msg {next}"));
        bob.sees_line(&format!("not delivered to {}: {text}", ben.me.name));
        let after = begun.elapsed();
        bob.sees_line(&format!("not delivered to {}: {next}", ben.me.name));
        if later.elapsed() < GIVE_UP {
            let after = ms(later.elapsed());
            fail(format!("{next:?} was given up after {after} instead of {}", ms(GIVE_UP)));
        }
        let why = || format!("it was given up after {} instead of {}", ms(after), ms(GIVE_UP));
        match came(after, GIVE_UP, NEXT_COPY) {
            Came::Early => fail(why()),
            Came::InTime => break,
            Came::Late if tries == TRIES => late(why()),
            Came::Late => {}
        }
        step("that was not in time; perhaps the machine is busy, so once more");
        tries += 1;
    }
}

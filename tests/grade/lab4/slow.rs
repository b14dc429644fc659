//! Members who do not read, or read slowly.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::by_hand;
use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::exact::{comes_before, only_until};
use crate::driver::settings::settings;
use crate::driver::story::{fail, instead, late, step, time_out};
use crate::driver::wire::Wire;

/// A text nearly as long as may be: a few thousand of them are more than loopback swallows by itself.
const LONG: usize = 1990;
/// How many are said at once.
const BATCH: usize = 50;
/// What is not the same by hand.
const READS_SLOWLY: &str = "who reads slowly in the story reads all at once here: play that one at a terminal, with Ctrl-Z and fg";
/// How long a batch may take to come back when somebody else does not read. A server that waits for somebody else does
/// so for three seconds.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A text of that length that tells its number.
fn text(number: usize) -> String {
    let head = format!("{number} ");
    let rest = "x".repeat(LONG - head.len());
    head + &rest
}

/// Says the next batch.
fn says_batch(speaker: &mut Wire, batch: usize) {
    let first = batch * BATCH + 1;
    let blocks: String = (first..first + BATCH)
        .map(|number| Block::text("SAY", &[("Text", &text(number))]))
        .collect();
    speaker.sends(blocks);
}

/// Hears the next batch, with all its numbers.
fn hears_batch(wire: &mut Wire, batch: usize) {
    let first = batch * BATCH + 1;
    (first..first + BATCH).for_each(|number| hears(wire, number));
}

fn hears(wire: &mut Wire, number: usize) {
    let said = wire.skips_to("SAID");
    if said.number("Seq") != number as u64 || said.get("Text") != text(number) {
        fail(format!("{} expects message {number} and gets\n{said}", wire.who()));
    }
}

pub fn a_member_that_never_reads_delays_nobody(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(4);
    let [first, speaks, listens, last] = names.as_slice() else { return };
    step(format!(
        "{first} and {last}, who will never read, join before and after {speaks} and {listens}, who do"
    ));
    let deaf = server.joined(first, 6001);
    let mut speaker = server.joined(speaks, 6002);
    let mut listener = server.joined(listens, 6003);
    let deaf = [deaf, server.joined(last, 6004)];
    deaf.iter().for_each(Wire::reads_no_more);
    let batches = 6_600_000 / (BATCH * LONG);
    step(format!(
        "{speaks} says {batches} times {BATCH} long messages, 6.6 MB; {speaks} and {listens} hear them"
    ));
    for batch in 0..batches {
        let begun = Instant::now();
        says_batch(&mut speaker, batch);
        hears_batch(&mut speaker, batch);
        hears_batch(&mut listener, batch);
        if begun.elapsed() > AT_ONCE {
            let (took, last) = (begun.elapsed(), (batch + 1) * BATCH);
            late(format!("it took {took:.1?} until message {last} had reached those who read"));
        }
    }
}

/// How often a batch is said at most: that is more than loopback swallows.
const BATCHES: usize = 100;

pub fn who_never_reads_is_let_go_in_the_end(dice: &mut Dice) {
    let server = Server::start(&["--backlog", "100000"]);
    let names = dice.words(3);
    let [speaker, asking, silent] = names.as_slice() else { return };
    let mut witness = server.joined(speaker, 6001);
    let said = says_all(&mut witness);
    let (mut stalled, id) = comes(&server, asking, &mut witness);
    step(format!(
        "{asking} asks for all of it {ANSWERS} times, 10 MB, then tells {speaker} something, and reads \
         nothing: it is let go before {speaker} hears that"
    ));
    stalled.reads_no_more();
    asks_for_all_and_tells(&mut stalled, speaker);
    is_slow(&witness.gets("LEFT"), &id, asking);
    step(format!("its connection ends, and {speaker} is told nothing more"));
    is_over(&mut stalled, ANSWERS * (LAST + 2));
    witness.hears_nothing_else(dice);

    let (mut stalled, id) = comes(&server, silent, &mut witness);
    stalled.reads_no_more();
    step(format!("{speaker} speaks until {silent}, who does not read, is let go"));
    for batch in said..said + BATCHES {
        says_batch(&mut witness, batch);
        for number in 0..BATCH {
            let block = witness.block("SAID");
            if block.kind == "LEFT" {
                is_slow(&block, &id, silent);
                step(format!("{speaker} still hears the rest"));
                (number..BATCH).for_each(|number| hears(&mut witness, batch * BATCH + number + 1));
                witness.hears_nothing_else(dice);
                step("its connection ends");
                return is_over(&mut stalled, (batch + 1) * BATCH);
            }
        }
    }
    fail(instead("LEFT, with Reason: slow", "10 MB that were said, and no LEFT"));
}

/// This is LEFT, for being slow.
fn is_slow(left: &Block, id: &str, name: &str) {
    left.has_exactly(&[("ID", id), ("clientID", name), ("Reason", "slow")]);
}

/// What was on its way may still come, and then the end.
fn is_over(stalled: &mut Wire, most: usize) {
    for _ in 0..=most {
        if stalled.is_over() {
            return;
        }
    }
    fail(instead("the end of the connection", "more than was on its way"));
}

/// A fifth is next to nothing where a busy machine makes the room slow, and a member that takes nothing for 3 s is let
/// go. So in each second the slow one reads at least so many messages: twice what the system waits for until it tells
/// the server that there is room again. If the grader itself stands still for longer, that second and all, the slow one
/// is let go by right.
const AWAKE: Duration = Duration::from_secs(1);
const AT_LEAST: usize = 131_000 / LONG;
const STILL: Duration = Duration::from_secs(2);

pub fn a_slow_member_gets_every_byte_in_order(dice: &mut Dice) {
    let server = Server::start(&["--backlog", "30000000"]);
    let names = dice.words(2);
    let mut slow = server.joined(&names[0], 6001);
    let mut speaker = server.joined(&names[1], 6002);
    let batches = 9_000_000 / (BATCH * LONG);
    step(format!("{} says 9 MB; {} reads a fifth of it meanwhile", names[1], names[0]));
    by_hand::note(READS_SLOWLY);
    let (mut read, mut answered, mut second) = (0, 0, (Instant::now(), 0));
    let mut last = Instant::now();
    for batch in 0..batches {
        says_batch(&mut speaker, batch);
        hears_batch(&mut speaker, batch);
        slow.asks("PING", &[("Token", &batch.to_string())]);
        for _ in 0..BATCH / 5 {
            takes(&mut slow, &mut read, &mut answered, &mut last);
        }
        if second.0.elapsed() > AWAKE {
            while read < (second.1 + AT_LEAST).min((batch + 1) * BATCH) {
                takes(&mut slow, &mut read, &mut answered, &mut last);
            }
            second = (Instant::now(), read);
        }
    }
    step(format!("{} reads the rest", names[0]));
    while read < batches * BATCH || answered < batches {
        takes(&mut slow, &mut read, &mut answered, &mut last);
    }
    slow.hears_nothing_else(dice);
}

/// The next block of the slow one: the next message, or the next PONG.
fn takes(slow: &mut Wire, read: &mut usize, answered: &mut usize, last: &mut Instant) {
    let block = awake(last, || slow.block("SAID or PONG"));
    match block.kind.as_str() {
        "SAID" => {
            *read += 1;
            block.has(&[("Seq", &read.to_string()), ("Text", &text(*read))]);
        }
        "PONG" => {
            block.has_exactly(&[("Token", &answered.to_string())]);
            *answered += 1;
        }
        "JOINED" => {}
        _ => fail(format!("this is neither a message nor a PONG:\n{block}")),
    }
}

/// Reads something, which must follow the last time soon: see [`AWAKE`].
fn awake<T>(last: &mut Instant, reads: impl FnOnce() -> T) -> T {
    let now = Instant::now();
    let came = only_until(*last + STILL, reads);
    comes_before(*last, STILL, "the grader reads on");
    *last = now;
    came
}

/// How long a member may take nothing while something waits for it.
const STUCK: Duration = Duration::from_secs(3);
/// How many messages HISTORY gives at most, and how many answers are more than loopback swallows.
const LAST: usize = 200;
const ANSWERS: usize = 25;
/// How much a slow reader takes at a time, and how long it waits before the next.
const SOME: usize = 100;
const PAUSE: Duration = Duration::from_millis(300);

pub fn who_takes_nothing_for_three_seconds_is_let_go(dice: &mut Dice) {
    let server = Server::start(&["--backlog", "60000000"]);
    let names = dice.words(4);
    let [speaker, stalled, slow, late] = names.as_slice() else { return };
    let mut witness = server.joined(speaker, 6001);
    says_all(&mut witness);
    step(format!("{stalled}, {slow} and {late} join"));
    let (mut stuck, id) = comes(&server, stalled, &mut witness);
    let (mut taker, _) = comes(&server, slow, &mut witness);
    let (mut sleeper, _) = comes(&server, late, &mut witness);
    step(format!("{late} asks for all of it {ANSWERS} times, 10 MB, and reads that"));
    let mut last = Instant::now();
    waits_for_all(&mut sleeper, &mut witness, speaker);
    reads(&mut sleeper, 0..ANSWERS * LAST, &mut last);
    step(format!(
        "{stalled} and {slow} ask for as much; {stalled} does not read, {slow} does, slowly"
    ));
    stuck.reads_no_more();
    by_hand::note(READS_SLOWLY);
    let (begun, mut read, mut left) = (Instant::now(), 0, None);
    let mut last = begun;
    [&mut stuck, &mut taker].into_iter().for_each(asks_for_all);
    let until = begun + 3 * STUCK.mul_f64(settings().slow());
    while left.is_none() {
        reads(&mut taker, read..read + SOME, &mut last);
        read += SOME;
        if witness.hears_within(PAUSE) {
            comes_before(last, STILL, "the grader reads on");
            is_slow(&witness.gets("LEFT"), &id, stalled);
            left = Some(begun.elapsed());
        } else if Instant::now() > until {
            time_out(format!("{stalled} has taken nothing for a long time, and is still there"));
        }
    }
    if let Some(soon) = left.filter(|left| *left < STUCK) {
        fail(format!("{stalled} was let go after {soon:.1?} already"));
    }
    step(format!("{slow}, for whom something waits as long as for {stalled}, goes on reading"));
    for _ in 0..3 {
        reads(&mut taker, read..read + SOME, &mut last);
        read += SOME;
        witness.hears_within(PAUSE);
    }
    step(format!(
        "{slow} and {late}, for whom nothing waits, are there; {late} asks for all again"
    ));
    is_there(&mut witness, slow);
    is_there(&mut witness, late);
    sleeper.skips_to("TOLD");
    let mut last = Instant::now();
    waits_for_all(&mut sleeper, &mut witness, speaker);
    step(format!("{late} reads it only now, and that is soon enough"));
    reads(&mut sleeper, 0..ANSWERS * LAST, &mut last);
    step(format!("the connection of {stalled} ends"));
    is_over(&mut stuck, ANSWERS * (LAST + 2));
}

/// Says as many messages as HISTORY gives, and hears them. Gives the number of batches.
fn says_all(speaker: &mut Wire) -> usize {
    step(format!("{} says {LAST} long messages", speaker.who()));
    let batches = LAST / BATCH;
    (0..batches).for_each(|batch| says_batch(speaker, batch));
    (0..batches).for_each(|batch| hears_batch(speaker, batch));
    batches
}

/// Somebody joins who has heard all. Gives the ID, too.
fn comes(server: &Server, name: &str, witness: &mut Wire) -> (Wire, String) {
    let mut wire = server.registered(name, 6002);
    let id = wire
        .obtains("JOIN", &[("clientID", name), ("Since", &LAST.to_string())])
        .get("ID")
        .to_owned();
    witness.gets("JOINED");
    (wire, id)
}

/// What asks for all that was said, so often that the answers are more than loopback swallows.
fn wishes() -> String {
    Block::text("HISTORY", &[("Last", &LAST.to_string())]).repeat(ANSWERS)
}

fn asks_for_all(wire: &mut Wire) {
    wire.sends(wishes());
}

/// When the witness has heard of it, most of it waits in the server.
fn waits_for_all(wire: &mut Wire, witness: &mut Wire, its_name: &str) {
    asks_for_all_and_tells(wire, its_name);
    witness.gets("TOLD");
}

/// In one go, for it may be hung up on before the last of it.
fn asks_for_all_and_tells(wire: &mut Wire, peer: &str) {
    let tell = Block::text("TELL", &[("Peer", peer), ("Text", "I have asked for it.")]);
    wire.sends(wishes() + &tell);
}

/// Reads these of the messages that it has asked for, the first of them soon after the last time.
fn reads(wire: &mut Wire, messages: Range<usize>, last: &mut Instant) {
    messages.for_each(|message| awake(last, || hears(wire, message % LAST + 1)));
}

/// Only who is in the room can be told something.
fn is_there(witness: &mut Wire, name: &str) {
    witness
        .obtains("TELL", &[("Peer", name), ("Text", "Are you there?")])
        .has(&[("clientID", name)]);
}

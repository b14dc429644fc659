//! Flows over a link.

use super::link::{Count, Line, World};
use crate::driver::by_hand;
use crate::driver::dice::Dice;
use crate::driver::story::{fail, instead, step};

/// The least share of the rate, in percent.
const LEAST: u64 = 80;
/// The most copies for a hundred messages, and the least index of fairness in thousandths.
const MOST_COPIES: u64 = 15;
const FAIR: u64 = 900;

pub fn flows_fill_the_link_and_share_it(dice: &mut Dice) {
    nothing_is_lost_without_congestion(dice);
    for line in
        [Line { rate: 100, places: 20, delay: 50 }, Line { rate: 50, places: 10, delay: 100 }]
    {
        one_fills(line);
    }
    two_share(Line { rate: 100, places: 20, delay: 50 }, dice);
    a_slower_way_is_not_flooded();
}

/// What each flow has done since these counts: messages and copies.
fn since(world: &World, before: &[Count]) -> (Vec<u64>, Vec<u64>) {
    before.iter().enumerate().map(|(flow, before)| world.count(flow).since(*before)).unzip()
}

/// The index of fairness, in thousandths: 1000 if all have the same, 500 if one of two has everything. `parts link` has
/// it, too; the grader uses nothing of what it grades.
fn fairness(shares: &[u64]) -> u64 {
    let (all, squares): (u64, u64) =
        (shares.iter().sum(), shares.iter().map(|share| share * share).sum());
    (1_000 * all * all).checked_div(shares.len() as u64 * squares).unwrap_or(0)
}

/// Fails unless so many were shown with so few copies.
fn must_fill(line: Line, seconds: u64, shown: u64, copies: u64) {
    let most = line.rate * seconds;
    if shown * 100 < most * LEAST || copies * 100 > shown * MOST_COPIES {
        let expected = format!(
            "at least {} of {most} messages in {seconds} s, and at most {MOST_COPIES} copies for 100 of them",
            most * LEAST / 100
        );
        fail(instead(expected, format!("{shown} messages and {copies} copies")));
    }
}

fn nothing_is_lost_without_congestion(dice: &mut Dice) {
    let line = Line { rate: 500, places: 80, delay: 5 + dice.below(15) as u64 };
    by_hand::cannot(&line.by_hand(1, 5, ""));
    step(format!("{line}; one flow, 5 s: a whole window of 64 has room in the queue"));
    let mut world = World::new(line, &[0]);
    world.runs(5_000);
    let (shown, copies) = world.count(0).since(Count::default());
    must_fill(line, 5, shown, copies);
    if copies > 0 {
        fail(instead("no copies, for nothing was dropped and nothing was late", copies));
    }
}

fn one_fills(line: Line) {
    by_hand::cannot(&line.by_hand(1, 40, ""));
    step(format!("{line}; one flow, 40 s"));
    let mut world = World::new(line, &[0]);
    world.runs(5_000);
    let before = [world.count(0)];
    world.runs(35_000);
    let (shown, copies) = since(&world, &before);
    must_fill(line, 35, shown[0], copies[0]);
}

fn two_share(line: Line, dice: &mut Dice) {
    let later = 5_000 + 100 * dice.below(20) as u64;
    by_hand::cannot(&line.by_hand(2, 80, ""));
    step(format!(
        "{line}; two flows, the second one {later} ms after the first; 25 s, and then 60"
    ));
    let mut world = World::new(line, &[0, later]);
    world.runs(25_000);
    let before = [world.count(0), world.count(1)];
    world.runs(60_000);
    let (shares, copies) = since(&world, &before);
    if fairness(&shares) < FAIR {
        let came = format!("0.{:03}, for {shares:?} messages", fairness(&shares));
        fail(instead("Jain's index at least 0.900", came));
    }
    must_fill(line, 60, shares.iter().sum(), copies.iter().sum());
}

/// The way becomes so slow that each copy is sent before the ACK can have come.
fn a_slower_way_is_not_flooded() {
    let line = Line { rate: 100, places: 100, delay: 20 };
    by_hand::cannot(&line.by_hand(1, 40, "--slower 250"));
    step(format!("{line}; one flow, 20 s"));
    let mut world = World::new(line, &[0]);
    world.runs(20_000);
    step("each way takes 250 ms from now on, for 20 s: an ACK needs more than 500 ms");
    let before = world.count(0);
    world.slower(250);
    world.runs(20_000);
    let (shown, copies) = world.count(0).since(before);
    if copies * 10 > shown || shown < 500 {
        let expected = "at least 500 messages in these 20 s, and a copy of at most every tenth";
        fail(instead(expected, format!("{shown} messages and {copies} copies")));
    }
}

//! Notices of arrivals and departures: which the room is told of at once, and what is left of those that are held back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use p2p_chat::server::notices::{HOLD, Notices};
use p2p_chat::wire::{Entry, Notification, Reason};

use crate::support::{Dice, Server, Wire};

/// Bob with this ID at this port.
fn bob(id: u64, port: u16) -> Entry {
    Entry { name: "bob".parse().unwrap(), address: ([127, 0, 0, 1], port).into(), id }
}

/// What is told of it, in a few letters.
fn told(given: &[Notification]) -> String {
    let words = given.iter().map(|notice| match notice {
        Notification::Joined(entry) => format!("+{}:{}", entry.id, entry.address.port()),
        Notification::Left { id, reason, .. } => format!("-{id} {}", reason.unwrap()),
        other => panic!("{other:?}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// One change of bob's, with what is told at once of it.
#[derive(Clone, Copy)]
enum Step {
    /// It joins with this ID and port.
    Joins(u64, u16),
    /// It moves to this port.
    Moves(u64, u16),
    /// It leaves.
    Leaves(u64, u16, Reason),
}

/// Does one thing after another, none of which is free, and demands what is told in the end.
fn comes_to(steps: &[Step], expected: &str) {
    let (mut notices, now) = (Notices::default(), Instant::now());
    for step in steps {
        let given = match *step {
            Step::Joins(id, port) => notices.arrived(&bob(id, port), false, false, now),
            Step::Moves(id, port) => notices.arrived(&bob(id, port), true, false, now),
            Step::Leaves(id, port, reason) => notices.left(&bob(id, port), reason, false, now),
        };
        assert_eq!(told(&given), "");
    }
    let before = now + HOLD.checked_sub(Duration::from_millis(1)).unwrap();
    assert_eq!(told(&notices.give_due(before)), "");
    assert_eq!(told(&notices.give_due(now + HOLD)), expected);
    assert_eq!(notices.next_due(), None);
}

table! { comes_to:
    who_joins_is_told_of_later(&[Step::Joins(1, 5)], "+1:5");
    who_moves_again_and_again_is_told_of_once(&[Step::Moves(1, 5), Step::Moves(1, 6), Step::Moves(1, 7)], "+1:7");
    who_joins_and_moves_has_joined(&[Step::Joins(1, 5), Step::Moves(1, 6)], "+1:6");
    who_leaves_is_told_of_later(&[Step::Leaves(1, 5, Reason::Quit)], "-1 quit");
    who_joins_and_leaves_was_never_there(&[Step::Joins(1, 5), Step::Leaves(1, 5, Reason::Quit)], "");
    who_moves_and_leaves_has_left(&[Step::Moves(1, 6), Step::Leaves(1, 6, Reason::Slow)], "-1 slow");
    who_leaves_and_comes_back_as_the_same_was_never_away(
        &[Step::Leaves(1, 5, Reason::Gone), Step::Joins(1, 5)], "");
    who_comes_back_elsewhere_has_moved(&[Step::Leaves(1, 5, Reason::Gone), Step::Joins(1, 6)], "+1:6");
    who_comes_back_as_another_is_another(
        &[Step::Leaves(1, 5, Reason::Gone), Step::Joins(2, 5)], "-1 gone, +2:5");
    who_comes_and_goes_all_the_time_has_left_once(&[
        Step::Leaves(1, 5, Reason::Gone), Step::Joins(2, 5), Step::Leaves(2, 5, Reason::Quit), Step::Joins(3, 5),
        Step::Leaves(3, 5, Reason::Quit),
    ], "-1 gone");
}

#[test]
fn what_is_free_is_told_at_once_with_what_was_held_back() {
    let (mut notices, now) = (Notices::default(), Instant::now());
    assert_eq!(told(&notices.arrived(&bob(1, 5), false, true, now)), "+1:5");
    assert_eq!(told(&notices.left(&bob(1, 5), Reason::Quit, false, now)), "");
    assert_eq!(told(&notices.arrived(&bob(2, 5), false, true, now)), "-1 quit, +2:5");
    assert_eq!(told(&notices.give_due(now + HOLD)), "");
}

#[test]
fn who_is_about_to_be_heard_is_told_of_before() {
    let (mut notices, now) = (Notices::default(), Instant::now());
    let name = bob(1, 5).name;
    assert_eq!(told(&notices.settle(&name)), "");
    notices.arrived(&bob(1, 5), false, false, now);
    assert!(notices.holds(&name));
    assert_eq!(told(&notices.settle(&name)), "+1:5");
    assert!(!notices.holds(&name));
    // What is held back later is due later.
    notices.left(&bob(1, 5), Reason::Quit, false, now + HOLD / 2);
    assert_eq!(told(&notices.give_due(now + HOLD)), "");
    assert_eq!(told(&notices.give_due(now + HOLD * 3 / 2)), "-1 quit");
}

#[test]
fn in_the_end_the_room_knows_who_is_there() {
    for seed in 0..200 {
        let mut dice = Dice::of(&format!("seed {seed}"));
        let (mut notices, mut now) = (Notices::default(), Instant::now());
        let (mut there, mut known) = (None::<Entry>, BTreeMap::new());
        for id in 1..100 {
            now += HOLD * u32::try_from(dice.below(5)).unwrap() / 3;
            let free = dice.below(4) == 0;
            let mut given = notices.give_due(now);
            given.extend(match there.take() {
                None => {
                    // Sometimes it comes back with the ID that it had.
                    let entry = bob(id - dice.below(2) as u64, 5);
                    there = Some(entry.clone());
                    notices.arrived(&entry, false, free, now)
                }
                Some(entry) if dice.below(2) == 0 => notices.left(&entry, Reason::Gone, free, now),
                Some(Entry { id, address, .. }) => {
                    let entry = bob(id, address.port() + 1);
                    there = Some(entry.clone());
                    notices.arrived(&entry, true, free, now)
                }
            });
            given.extend(
                (dice.below(5) == 0).then(|| notices.settle(&bob(0, 0).name)).into_iter().flatten(),
            );
            hears(&mut known, given);
        }
        hears(&mut known, notices.give_due(now + HOLD));
        assert_eq!(known.into_values().collect::<Vec<_>>(), Vec::from_iter(there), "seed {seed}");
    }
}

/// Notes what the room is told: nobody leaves who was not there.
#[track_caller]
fn hears(known: &mut BTreeMap<u64, Entry>, given: Vec<Notification>) {
    for notice in given {
        match notice {
            Notification::Joined(entry) => drop(known.insert(entry.id, entry)),
            Notification::Left { id, .. } => {
                assert!(known.remove(&id).is_some(), "{id} was not there");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A host has 50 notices at once and then one a second, and no other limit that is reached here. Two are spent.
fn alice_and_bob_are_here() -> (Server, Wire, Wire) {
    let server = Server::start(&["--rate", "0", "--rate-address", "250"]);
    let mut alice = server.joined("alice", 20_001);
    let bob = server.joined("bob", 20_002);
    alice.gets("JOINED");
    (server, alice, bob)
}

#[test]
fn a_port_that_changes_all_the_time_is_told_of_now_and_then() {
    let (_server, mut alice, mut bob) = alice_and_bob_are_here();
    for port in 1..=400 {
        bob.sends(format!("REGISTER\r\nclientID: bob\r\nPort: {}\r\n\r\n", 10_000 + port));
    }
    let mut told = 0;
    while alice.gets("JOINED").get("Port") != "10400" {
        told += 1;
    }
    assert!(told < 100, "alice was told of {told} of 399 ports");
    let ports: Vec<String> =
        (0..400).map(|_| bob.skips_to("REGACK").get("Port").to_owned()).collect();
    assert_eq!(ports, (1..=400).map(|port| (10_000 + port).to_string()).collect::<Vec<_>>());
}

#[test]
fn who_comes_and_goes_all_the_time_is_told_of_now_and_then() {
    let (server, mut alice, mut bob) = alice_and_bob_are_here();
    for number in 0..200 {
        let mut wire = server.joined(&format!("somebody-{number}"), 20_003);
        wire.asks("QUIT", &[]).rest();
    }
    // The next that come are not told of, either, until they are heard of.
    let mut carol = server.joined("carol", 20_004);
    carol.asks("TELL", &[("Peer", "alice"), ("Text", "I am here")]);
    let mut here = vec!["bob".to_owned()];
    let mut told = 0;
    loop {
        let block = alice.block("JOINED, LEFT or TOLD");
        let name = block.get("clientID").to_owned();
        match block.kind.as_str() {
            "JOINED" => here.push(name),
            "LEFT" => here.retain(|other| *other != name),
            _ => break,
        }
        told += 1;
    }
    assert!(told < 150, "alice was told of {told} of 400 arrivals and departures");
    assert!(here.contains(&"carol".to_owned()), "{here:?}");
    let mut dave = server.joined("dave", 20_005);
    dave.says("and I, too");
    for wire in [&mut alice, &mut bob] {
        while wire.skips_to("JOINED").get("clientID") != "dave" {}
        wire.skips_to("SAID").has(&[("clientID", "dave")]);
    }
}

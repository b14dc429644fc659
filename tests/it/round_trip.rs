//! How long the way to a peer and back takes is shown, and nothing is sent to know it.

use std::time::{Duration, Instant};

use p2p_chat::client::direct::RoundTrip;

use crate::support::{Client, a_friend, alice_calls_bob};

/// What `/peers` says of the round trip, in milliseconds.
#[track_caller]
fn shown(client: &Client) -> Option<f64> {
    client.types("/peers");
    client.types("/id");
    let mut found = None;
    loop {
        let line = client.sees_next();
        if line.starts_with("you are ") {
            return found;
        }
        let time = line.trim().strip_prefix("round trip ").and_then(|it| it.strip_suffix(" ms"));
        found = time.map(|time| time.parse().unwrap()).or(found);
    }
}

#[test]
fn over_tcp_the_caller_knows_it_by_connecting() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    assert!(shown(&alice).is_some_and(|time| time < 5_000.0), "{}", alice.output());
    assert_eq!(shown(&bob), None);
}

#[test]
fn over_udp_it_is_known_by_the_first_acknowledgement() {
    let (alice, mut bob) = a_friend(&[]);
    bob.is_queried(&alice);
    assert_eq!(shown(&alice), None);
    // On a busy machine an acknowledgement may come after the first copy was sent again: then it tells nothing.
    let known = (1..=20).any(|seq| {
        bob.is_told(&alice, seq, "hello");
        shown(&alice).is_some()
    });
    assert!(known, "{}", alice.output());
}

#[test]
fn a_message_that_was_sent_again_tells_nothing() {
    let (mut round_trip, start) = (RoundTrip::default(), Instant::now());
    round_trip.sent(1, start);
    round_trip.sent_again(1);
    round_trip.acknowledged(1, 1, start + Duration::from_millis(250));
    assert_eq!(round_trip.milliseconds(), None);
    round_trip.sent(2, start);
    // The acknowledgement of 3 says that 2 has arrived, too, but not when.
    round_trip.sent(3, start);
    round_trip.acknowledged(3, 3, start + Duration::from_millis(40));
    round_trip.acknowledged(2, 3, start + Duration::from_millis(900));
    assert_eq!(round_trip.milliseconds().as_deref(), Some("40.00"));
}

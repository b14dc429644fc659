//! How long the way to a peer and back takes is shown, and nothing is sent to know it.

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

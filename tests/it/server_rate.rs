//! The rate limit: who talks too fast is slowed down, and nothing is lost.

use std::time::{Duration, Instant};

use crate::support::{Server, alice_joined, two_joined};

#[test]
fn a_fast_speaker_is_slowed_down_and_loses_nothing() {
    // Twice a second after a burst of 10, so 16 messages take 3 s.
    let server = Server::start(&["--rate", "2"]);
    let mut bob = server.joined("bob", 20_002);
    let mut alice = server.joined("alice", 20_001);
    bob.gets("JOINED");
    let since = Instant::now();
    for number in 0..16 {
        alice.says(&format!("message {number}"));
    }
    for number in 0..10 {
        alice.gets("SAID").has(&[("Text", &format!("message {number}"))]);
    }
    // It is alice's own thread that sleeps: bob is heard at once.
    bob.says("excuse me");
    let mut heard: Vec<String> = (0..17).map(|_| bob.gets("SAID").get("Text").to_owned()).collect();
    assert!(since.elapsed() > Duration::from_millis(2500), "after {:?}", since.elapsed());
    assert_ne!(heard.last().unwrap(), "excuse me", "bob had to wait for alice");
    heard.retain(|text| text != "excuse me");
    let expected: Vec<String> = (0..16).map(|number| format!("message {number}")).collect();
    assert_eq!(heard, expected);
}

#[test]
fn without_a_limit_nobody_waits() {
    let (_server, mut alice) = alice_joined(&["--rate", "0"]);
    for number in 0..1000 {
        alice.says(&format!("message {number}"));
    }
    for number in 0..1000 {
        alice.gets("SAID").has(&[("Text", &format!("message {number}"))]);
    }
}

#[test]
fn what_a_kicked_client_still_had_to_say_is_not_said() {
    let (server, mut alice, mut bob) = two_joined(&["--rate", "1"]);
    for number in 0..200 {
        bob.says(&format!("flood {number}"));
    }
    alice.gets("SAID");
    server.types("/kick bob");
    alice.skips_to("LEFT").has(&[("Reason", "kicked")]);
    let next = alice.speaks("quiet at last");
    next.has(&[("Text", "quiet at last")]);
    assert!(next.number("Seq") < 100, "most of what bob had sent was said: {next}");
}

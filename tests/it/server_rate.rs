//! The rate limit: who talks too fast is slowed down, and nothing is lost.

use std::time::{Duration, Instant};

use crate::support::{Server, Wire, alice_joined, two_joined};

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

/// Alice's rate is 10 a second after 50 at once; 3 are spent when she is in the room. So 60 more requests of which
/// each costs 1 take 1.3 s.
fn paced(request: fn(usize) -> String, answer: &str) {
    let (_server, mut alice, mut bob) = two_joined(&["--rate", "10"]);
    let since = Instant::now();
    for number in 0..60 {
        alice.sends(request(number));
    }
    for _ in 0..60 {
        alice.skips_to(answer);
    }
    assert!(since.elapsed() > Duration::from_secs(1), "after {:?}", since.elapsed());
    // Only she has waited.
    bob.says("excuse me");
    bob.skips_to("SAID");
}

table! { paced:
    who_changes_its_port_again_and_again_is_slowed_down(
        |number| format!("REGISTER\r\nclientID: alice\r\nPort: {}\r\n\r\n", 5700 + number % 2), "REGACK");
    who_registers_more_and_more_names_is_slowed_down(
        |number| format!("REGISTER\r\nclientID: name-{number}\r\nPort: 5700\r\n\r\n"), "REGACK");
    who_calls_again_and_again_is_slowed_down(
        |_| "BRIDGE\r\nclientID: alice\r\nPeer: bob\r\n\r\n".to_owned(), "BRIDGEACK");
    who_lists_everybody_again_and_again_is_slowed_down(|_| "INFO\r\n\r\n".to_owned(), "INFOACK");
    who_asks_for_the_history_again_and_again_is_slowed_down(|_| "HISTORY\r\n\r\n".to_owned(), "HISTORYACK");
}

/// One host's rate is 50 a second after 250 at once, if a client's is 2. Its clients come one after the other, say
/// something, fewer texts than one of them may say at once, and go. All this costs 370.
fn paced_together(clients: usize, texts: usize) {
    let (server, mut alice) = alice_joined(&["--rate", "2"]);
    let (since, mut wires) = (Instant::now(), Vec::new());
    for number in 0..clients {
        let mut wire = server.joined(&format!("somebody-{number}"), 20_002);
        wire.sends("SAY\r\nText: me again\r\n\r\n".repeat(texts) + "QUIT\r\n\r\n");
        wires.push(wire); // its end would take back what the server has not read yet
    }
    for wire in &mut wires {
        wire.rest();
    }
    for _ in 0..clients * texts {
        alice.skips_to("SAID");
    }
    assert!(since.elapsed() > Duration::from_millis(1500), "after {:?}", since.elapsed());
}

table! { paced_together:
    who_comes_anew_after_each_burst_is_slowed_down(37, 7);
    who_only_comes_and_goes_is_slowed_down(124, 0);
}

#[test]
fn the_rate_of_an_address_can_be_given_alone() {
    let (_server, mut alice, mut bob) = two_joined(&["--rate", "0", "--rate-address", "10"]);
    let since = Instant::now();
    // Each counts as three of the 50 that are free; 6 are spent already.
    alice.sends(format!("SAY\r\nText: {}\r\n\r\n", "x".repeat(700)).repeat(10));
    bob.sends(format!("SAY\r\nText: {}\r\n\r\n", "x".repeat(700)).repeat(10));
    for wire in [&mut alice, &mut bob] {
        for _ in 0..20 {
            wire.gets("SAID");
        }
    }
    assert!(since.elapsed() > Duration::from_millis(1200), "after {:?}", since.elapsed());
}

#[test]
fn one_member_is_not_flooded_with_calls_by_the_many_names_of_a_host() {
    // A client's rate is 10 a second, so a host's is 250, and it may call one member 50 times at once and then once
    // a second.
    let (server, mut alice) = alice_joined(&["--rate", "10"]);
    let mut callers: Vec<Wire> =
        (0..10).map(|number| server.joined(&format!("caller-{number}"), 20_002)).collect();
    let mut bob = server.joined("bob", 20_003);
    let since = Instant::now();
    for (number, caller) in callers.iter_mut().enumerate() {
        let call = format!("BRIDGE\r\nclientID: caller-{number}\r\nPeer: alice\r\n\r\n");
        caller.sends(call.repeat(6));
    }
    for _ in 0..52 {
        alice.skips_to("CALL");
    }
    assert!(since.elapsed() > Duration::from_millis(1500), "after {:?}", since.elapsed());
    // Another member can be called meanwhile, and who is kicked calls nobody any more.
    bob.obtains("BRIDGE", &[("clientID", "bob"), ("Peer", "caller-1")]);
    for number in 0..10 {
        server.types(&format!("/kick caller-{number}"));
    }
    let mut left = 0;
    while left < 10 {
        left += usize::from(alice.block("LEFT").kind == "LEFT");
    }
    alice.hears_nothing();
}

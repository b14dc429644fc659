//! What was said before: the replay for newcomers and returners, HISTORY, and a restart.

use crate::support::{Server, alice_joined, connected};

#[test]
fn a_newcomer_is_given_the_last_twenty() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks_often(23);
    let mut bob = server.registered("bob", 20_002);
    bob.joins("bob").has(&[("Seq", "23")]);
    for number in 4..=23_u64 {
        let (seq, text) = (number.to_string(), format!("message {number}"));
        bob.gets("SAID").has(&[
            ("Seq", &seq),
            ("Text", &text),
            ("Replay", "yes"),
            ("clientID", "alice"),
        ]);
    }
    alice.says("new");
    assert_eq!(bob.gets("SAID").find("Replay"), None);
}

#[test]
fn since_replays_what_came_after_it() {
    let (server, mut alice) = alice_joined(&["--rate", "0"]);
    alice.speaks_often(40);
    for (since, first) in [("0", 1), ("10", 11), ("39", 40), ("40", 41), ("41", 41)] {
        let mut bob = server.registered("bob", 20_002);
        bob.obtains("JOIN", &[("clientID", "bob"), ("Since", since)])
            .has(&[("Seq", "40"), ("Missed", "0")]);
        for seq in first..=40_u64 {
            bob.gets("SAID").has(&[("Seq", &seq.to_string()), ("Replay", "yes")]);
        }
        bob.hears_nothing().asks("QUIT", &[]).is_closed();
    }
}

#[test]
fn history_gives_the_last_before() {
    let (_server, mut alice) = alice_joined(&["--rate", "0"]);
    alice.obtains("HISTORY", &[]).has(&[("Count", "0")]);
    alice.speaks_often(30);
    let asked = [
        (vec![], 11_u64, 30_u64),
        (vec![("Last", "3")], 28, 30),
        (vec![("Before", "11"), ("Last", "4")], 7, 10),
        (vec![("Before", "3")], 1, 2),
    ];
    for (headers, first, last) in asked {
        alice.asks("HISTORY", &headers);
        for seq in first..=last {
            alice.gets("SAID").has(&[("Seq", &seq.to_string()), ("Replay", "yes")]);
        }
        let (count, first, last) = (last - first + 1, first.to_string(), last.to_string());
        let expected = [("Count", &*count.to_string()), ("First", &first), ("Last", &last)];
        alice.gets("HISTORYACK").has_exactly(&expected);
    }
}

#[test]
fn since_fills_the_gap_after_a_loss() {
    let server = Server::start(&[]);
    let mut bob = server.joined("bob", 20_002);
    let mut old = server.registered("alice", 20_001);
    let first = old.joins("alice");
    bob.gets("JOINED");
    bob.says("one");
    old.gets("SAID").has(&[("Seq", "1")]);
    bob.gets("SAID");
    drop(old);
    bob.gets("LEFT").has(&[("Reason", "gone")]);
    bob.says("two");
    bob.speaks("three");
    bob.gets("SAID");
    let mut new = server.registered("alice", 20_001);
    let headers = [("clientID", "alice"), ("Token", first.get("Token")), ("Since", "1")];
    new.obtains("JOIN", &headers).has(&[("ID", "2"), ("Seq", "3"), ("Missed", "0")]);
    new.gets("SAID").has(&[("Seq", "2"), ("Text", "two"), ("Replay", "yes"), ("ID", "1")]);
    new.gets("SAID").has(&[("Seq", "3"), ("Text", "three"), ("Replay", "yes")]);
    bob.gets("JOINED").has(&[("ID", "2"), ("clientID", "alice")]);
    bob.says("four");
    let four = new.gets("SAID");
    four.has(&[("Seq", "4"), ("Text", "four")]);
    assert_eq!(four.find("Replay"), None);
}

#[test]
fn history_is_for_those_in_the_room() {
    let (server, mut wire) = connected(&[]);
    for headers in [vec![], vec![("Last", "x")]] {
        wire.asks("HISTORY", &headers);
        wire.refuses("HISTORY", "not-joined");
    }
    let mut alice = server.joined("alice", 20_001);
    for header in [("Last", "many"), ("Before", "now"), ("Last", "-1")] {
        alice.asks("HISTORY", &[header]);
        alice.refuses("HISTORY", "malformed");
    }
    alice.hears_nothing();
}

#[test]
fn the_numbers_go_on_after_a_restart() {
    let (server, mut alice) = alice_joined(&[]);
    for text in ["one", "two \u{202e}\\u{202e} \\ back"] {
        alice.speaks(text);
    }
    let server = server.starts_again();
    let mut bob = server.connect("bob");
    bob.registers("bob", 20_002).has(&[("ID", "2")]); // 1 was alice's
    bob.joins("bob").has(&[("Seq", "2")]);
    let first = [("Seq", "1"), ("ID", "0"), ("clientID", "alice"), ("Text", "one")];
    bob.gets("SAID").has(&first).has(&[("Replay", "yes")]);
    bob.gets("SAID").has(&[("Seq", "2"), ("Text", "two \u{202e}\\u{202e} \\ back")]);
    bob.speaks("three").has(&[("Seq", "3"), ("ID", "2")]);
}

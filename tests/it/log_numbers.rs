//! Numbers and IDs across restarts: what was given once means the same for ever, or the client is told.

use crate::support::{Block, Server, Wire, alice_joined};

/// Somebody who comes back on a new connection and has seen the messages of that log up to a number.
#[track_caller]
fn comes_back(server: &Server, name: &str, since: u64, log: &str) -> (Wire, Block) {
    let mut wire = server.registered(name, 20_002);
    let since = since.to_string();
    let welcome = wire.obtains("JOIN", &[("clientID", name), ("Since", &since), ("Log", log)]);
    (wire, welcome)
}

/// The epoch of the server, as its log has it.
#[track_caller]
fn epoch(server: &Server) -> String {
    let line = remarks(server, "# Log: ").pop().expect("a section");
    line.split(' ').nth(2).unwrap().to_owned()
}

/// Somebody in the room who has read the replay.
#[track_caller]
fn settled(server: &Server, name: &str) -> Wire {
    let mut wire = server.joined(name, 20_001);
    wire.asks("PING", &[]);
    wire.skips_to("PONG");
    wire
}

/// The lines of the log that begin like this.
fn remarks(server: &Server, start: &str) -> Vec<String> {
    let log = server.log_text();
    log.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

/// A server whose disk is full after some messages, all of which alice and bob have seen, and which is killed then.
/// Gives the next server, the epoch of the first, and how many messages the log has.
#[cfg(unix)]
fn after_a_full_disk() -> (Server, String, u64) {
    let server = Server::start_cramped().unwrap();
    let mut alice = server.joined("alice", 20_001);
    let log = epoch(&server);
    for seq in 1..=40 {
        alice.says(&"x".repeat(500));
        alice.skips_to("SAID").has(&[("Seq", &seq.to_string())]);
    }
    server.sees("warning: cannot write the log: ");
    let written = server.log_text().matches("[alice]: xxx").count() as u64;
    assert!((1..20).contains(&written), "{written} messages are in the log");
    (server.starts_again(), log, written)
}

#[cfg(unix)]
#[test]
fn numbers_that_a_full_disk_has_lost_hide_no_new_message() {
    let (server, log, written) = after_a_full_disk();
    let mut alice = settled(&server, "alice");
    alice.says("new one").says("new two");
    let number = |count: u64| (written + count).to_string();
    for (count, text) in [(1, "new one"), (2, "new two")] {
        alice.skips_to("SAID").has(&[("Seq", &number(count)), ("Text", text)]);
    }
    // Bob has seen 40, and reads what is behind the last of them that the log has.
    let (mut bob, welcome) = comes_back(&server, "bob", 40, &log);
    welcome.has(&[("Since", &number(0)), ("Seq", &number(2)), ("Missed", "0")]);
    assert_ne!(welcome.get("Log"), log, "a start of the server is an epoch of its own");
    for (count, text) in [(1, "new one"), (2, "new two")] {
        bob.gets("SAID").has(&[("Seq", &number(count)), ("Text", text), ("Replay", "yes")]);
    }
    bob.hears_nothing();
}

#[cfg(unix)]
#[test]
fn a_client_says_that_numbers_were_lost_and_shows_what_is_new() {
    use crate::support::Client;

    let server = Server::start_cramped().unwrap();
    let mut alice = server.joined("alice", 20_001);
    let bob = Client::joined("bob", &server);
    for number in 1..=40 {
        alice.says(&format!("{number} {}", "x".repeat(400)));
        alice.skips_to("SAID");
    }
    bob.sees("alice: 40 xxx");
    let log = server.log_text();
    let written = log.matches(" xxx").count();
    let server = server.starts_again();
    let mut alice = settled(&server, "alice");
    bob.sees("Other clients' IDs: ");
    bob.sees(&format!("the server's log has lost the last {} messages", 40 - written));
    alice.says("this is new");
    bob.sees("alice: this is new");
}

#[test]
fn an_epoch_that_went_well_is_read_on_from_where_it_was_left() {
    let (server, mut alice) = alice_joined(&[]);
    let log = epoch(&server);
    for text in ["one", "two", "three"] {
        alice.speaks(text);
    }
    let mut server = server;
    // However often it starts: each start knows those before it.
    for _ in 0..3 {
        server = server.starts_again();
        let (mut bob, welcome) = comes_back(&server, "bob", 2, &log);
        welcome.has(&[("Since", "2"), ("Seq", "3")]);
        bob.gets("SAID").has(&[("Seq", "3"), ("Text", "three")]);
        bob.hears_nothing();
    }
    assert_eq!(remarks(&server, "# Log: ").len(), 4, "{}", server.log_text());
}

#[test]
fn nobody_has_seen_more_of_an_epoch_than_there_was() {
    let (server, mut alice) = alice_joined(&[]);
    let log = epoch(&server);
    alice.speaks("one");
    let (_, welcome) = comes_back(&server, "bob", 900, &log);
    welcome.has(&[("Since", "1"), ("Seq", "1"), ("Log", &log)]);
}

#[test]
fn an_unknown_epoch_is_another_room() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks("one");
    for log in ["0123456789abcdef0123456789abcdef", "no epoch at all", ""] {
        let (mut bob, welcome) = comes_back(&server, "bob", 1, log);
        welcome.has(&[("Seq", "1"), ("Missed", "0")]);
        assert_eq!(welcome.find("Since"), None, "{welcome}");
        // He reads what any newcomer reads.
        bob.gets("SAID").has(&[("Seq", "1"), ("Text", "one")]);
        bob.asks("QUIT", &[]).is_closed();
        alice.skips_to("LEFT");
    }
}

#[test]
fn a_join_without_an_epoch_is_answered_as_before() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks("one");
    let mut bob = server.registered("bob", 20_002);
    let welcome = bob.obtains("JOIN", &[("clientID", "bob"), ("Since", "7")]);
    welcome.has(&[("Seq", "1"), ("Missed", "0")]);
    assert_eq!(welcome.find("Since"), None, "{welcome}");
    assert_eq!(welcome.get("Log").len(), 32, "{welcome}");
    bob.hears_nothing();
}

#[test]
fn who_comes_back_after_a_restart_has_the_same_id() {
    let server = Server::start(&[]);
    for (name, port, id) in [("alice", 20_001, "1"), ("bob", 20_002, "2")] {
        server.connect(name).registers(name, port).has(&[("ID", id)]);
    }
    let server = server.starts_again();
    // In any order: each has its own again, and a newcomer has a new one.
    for (name, port, id) in
        [("carol", 20_003, "3"), ("Bob", 20_002, "2"), ("alice", 20_001, "1"), ("dan", 20_004, "4")]
    {
        server.connect(name).registers(name, port).has(&[("ID", id)]);
    }
    let expected = ["# ID 1: alice 127.0.0.1", "# ID 2: bob 127.0.0.1", "# ID 3: carol 127.0.0.1"];
    assert_eq!(remarks(&server, "# ID ")[..3], expected, "{}", server.log_text());
}

#[test]
fn an_id_is_given_back_once_and_then_the_token_decides() {
    let (server, alice) = alice_joined(&[]);
    drop(alice);
    let server = server.starts_again();
    for id in ["1", "2", "3"] {
        let mut alice = server.connect("alice");
        alice.registers("alice", 20_001).has(&[("ID", id)]);
        alice.joins("alice").has(&[("ID", id)]);
        alice.asks("QUIT", &[]).is_closed();
    }
    // She has the last one again.
    let server = server.starts_again();
    server.connect("alice").registers("alice", 20_001).has(&[("ID", "3")]);
    server.connect("bob").registers("bob", 20_001).has(&[("ID", "4")]);
}

#[test]
fn clients_that_come_back_after_a_restart_keep_their_ids() {
    let (server, alice, bob) = crate::support::alice_and_bob(&[]);
    let _server = server.starts_again();
    for (client, name, id) in [(&alice, "alice", 1), (&bob, "bob", 2)] {
        client.sees("lost the server");
        client.sees_without("(was ", "Other clients' IDs: ");
        client.asks("/id", &format!("you are {name} (ID {id}"));
    }
}

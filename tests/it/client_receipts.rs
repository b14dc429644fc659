//! What is heard back was delivered, and what is not is told: with a server that the test plays itself.

use crate::driver::played::{Guest, TOKEN};
use crate::support::{Block, Client, Played, Wire};

/// A server with a room that does what a test says.
struct Room(Played);

impl Room {
    fn open() -> Self {
        Self(Played::open())
    }

    /// Alice, in the room, where she has heard two messages.
    #[track_caller]
    fn alice(&self) -> (Client, Wire) {
        let alice = Client::start("alice", self.0.address());
        let (mut wire, _) = self.lets_in(0);
        said(&mut wire, 1, "bob", "hello", true);
        said(&mut wire, 2, "bob", "alice", false);
        alice.sees(" bob: alice");
        (alice, wire)
    }

    /// Takes alice in, when the newest message was number `seq`; gives her JOIN.
    #[track_caller]
    fn lets_in(&self, seq: u64) -> (Wire, Block) {
        let (Guest { mut wire, me }, join) = self.0.registers(1);
        wire.sends(me.joinack(&[], seq));
        (wire, join)
    }
}

/// Lets alice hear a message of the room.
fn said(wire: &mut Wire, seq: u64, name: &str, text: &str, replay: bool) {
    let seq = seq.to_string();
    let id = if name == "alice" { "1" } else { "2" };
    let mut headers = vec![("Seq", seq.as_str()), ("Time", "2026-11-20 12:35:01"), ("ID", id)];
    headers.extend([("clientID", name), ("Text", text)]);
    headers.extend(replay.then_some(("Replay", "yes")));
    wire.asks("SAID", &headers);
}

/// Lets alice say something, which her server takes.
#[track_caller]
fn says(alice: &Client, wire: &mut Wire, text: &str) {
    alice.types(text);
    wire.gets("SAY").has_exactly(&[("Text", text)]);
}

/// What alice said was not delivered, in order, once she has heard everything up to now.
#[track_caller]
fn not_delivered(alice: &Client, wire: &mut Wire, seq: u64) -> Vec<String> {
    said(wire, seq, "bob", "that was all", false);
    alice.sees(" bob: that was all");
    let output = alice.output();
    let told = output.lines().filter_map(|line| line.strip_prefix("not delivered: "));
    told.map(str::to_owned).collect()
}

/// Alice says `lost` and loses her connection. When she is back, the newest message is number `newest`; she says `then`
/// and hears these messages, by number, the first as a replay. What is told as not delivered is exactly this.
fn told_after_a_loss(
    lost: &str,
    newest: u64,
    then: &str,
    heard: &[(&str, &str)],
    missing: &[&str],
) {
    let room = Room::open();
    let (alice, mut wire) = room.alice();
    says(&alice, &mut wire, lost);
    drop(wire);
    let (mut wire, join) = room.lets_in(newest);
    join.has(&[("Since", "2"), ("Token", TOKEN)]);
    alice.sees("Other clients' IDs: ");
    says(&alice, &mut wire, then);
    let mut seq = 2;
    for (name, text) in heard {
        seq += 1;
        said(&mut wire, seq, name, text, seq <= newest);
        if seq == newest {
            for text in missing {
                alice.sees_line(&format!("not delivered: {text}"));
            }
        }
    }
    alice.sees(&format!(" alice: {then}"));
    assert_eq!(not_delivered(&alice, &mut wire, seq + 1), missing);
}

table! { told_after_a_loss:
    what_is_missing_when_she_is_back_is_told_and_what_comes_back_is_not(
        "A", 4, "B", &[("bob", "meanwhile"), ("bob", "and then"), ("alice", "B")], &["A"]);
    what_comes_in_the_replay_was_delivered(
        "A", 4, "B", &[("alice", "A"), ("bob", "meanwhile"), ("alice", "B")], &[]);
    the_same_words_once_lost_and_once_heard_are_told_once(
        "anybody?", 3, "anybody?", &[("bob", "meanwhile"), ("alice", "anybody?")], &["anybody?"]);
}

/// Alice says something, loses her connection, and reads the same words in the replay, under her name and this ID. What
/// is told as not delivered is exactly this.
fn told_after_words_of(id: &str, missing: &[&str]) {
    let room = Room::open();
    let (alice, mut wire) = room.alice();
    says(&alice, &mut wire, "the same words");
    drop(wire);
    let (mut wire, _) = room.lets_in(3);
    let headers =
        [("Seq", "3"), ("Time", "2026-11-20 12:35:01"), ("ID", id), ("clientID", "alice")];
    wire.asks("SAID", &[&headers[..], &[("Text", "the same words"), ("Replay", "yes")]].concat());
    assert_eq!(not_delivered(&alice, &mut wire, 4), missing);
}

table! { told_after_words_of:
    words_under_her_id_are_her_own("1", &[]);
    words_from_before_a_restart_of_the_server_have_no_id_and_are_her_own("0", &[]);
    words_of_another_who_has_had_her_name_are_not_her_own("7", &["the same words"]);
}

#[test]
fn without_a_replay_it_is_told_at_once() {
    let room = Room::open();
    let (alice, mut wire) = room.alice();
    for text in ["A", "B"] {
        says(&alice, &mut wire, text);
    }
    said(&mut wire, 3, "alice", "A", false);
    alice.sees(" alice: A");
    drop(wire);
    let (mut wire, join) = room.lets_in(3);
    join.has(&[("Since", "3")]);
    alice.sees_line("not delivered: B");
    assert_eq!(not_delivered(&alice, &mut wire, 4), ["B"]);
}

#[test]
fn the_end_of_the_input_waits_for_a_silent_server_but_not_for_ever() {
    let room = Room::open();
    let (alice, mut wire) = room.alice();
    for text in ["first", "second"] {
        says(&alice, &mut wire, text);
    }
    alice.ends_input();
    said(&mut wire, 3, "alice", "first", false);
    // It gives up when nothing has gone forward for a while.
    alice.exits(1);
    alice.sees_line("not confirmed: second");
    assert!(!alice.output().contains("not confirmed: first"), "{}", alice.output());
}

#[test]
fn the_end_of_the_input_waits_for_a_slow_server() {
    let room = Room::open();
    let (alice, mut wire) = room.alice();
    says(&alice, &mut wire, "to all");
    alice.ends_input();
    // Whatever the server says first: what it was asked to say is waited for.
    for seq in 3..10 {
        said(&mut wire, seq, "bob", "meanwhile", false);
        alice.sees(" bob: meanwhile");
    }
    said(&mut wire, 10, "alice", "to all", false);
    wire.gets("QUIT");
    alice.exits(0);
    assert!(!alice.output().contains("not delivered"), "{}", alice.output());
}

#[test]
fn a_crossing_call_that_is_announced_late_does_not_end_the_chat() {
    let room = Room::open();
    let (alice, mut wire) = room.alice(); // ID 1
    let bob = Played::open();
    let port = bob.port().to_string();
    let at_bob = [("ID", "2"), ("clientID", "bob"), ("IP", "127.0.0.1"), ("Port", port.as_str())];
    alice.types("/chat bob");
    wire.gets("BRIDGE");
    let (ticket, answer) = ("a".repeat(32), "b".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("BRIDGEACK", &[&at_bob[..], &more[..]].concat());
    let mut call = bob.accepts("the other side");
    call.gets("CHAT");
    call.asks("CHAT", &[("clientID", "bob"), ("Answer", &answer)]);
    alice.sees("chat with bob");
    // Bob (ID 2) had called, too; his CALL reaches alice only now, and so does the call that he has given up.
    let (ticket, answer) = ("c".repeat(32), "d".repeat(32));
    let more = [("Via", "tcp"), ("Ticket", ticket.as_str()), ("Answer", answer.as_str())];
    wire.asks("CALL", &[&at_bob[..], &more[..]].concat());
    let mut crossing = alice.is_called_by("crossing");
    crossing.asks("CHAT", &[&at_bob[1..], &[("Ticket", ticket.as_str())]].concat()).ends();
    crossing.is_closed();
    // The call of the lower ID stays.
    alice.types("/msg still here");
    assert_eq!(call.line(), "still here");
}

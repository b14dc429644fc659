//! How conversations by UDP live without the server, rest, and end.

use crate::driver::played::{Guest, Peer, Secrets};
use crate::support::{
    Client, Datagrams, Friend, Played, Server, Way, alice_alone, alice_and_bob, all_see, free_port,
    friends, query_each_other,
};

/// Secrets that a server may make.
const SECRETS: [&str; 2] = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"];

/// Demands twenty messages from one to the other and back, all by UDP and each delivered.
#[track_caller]
fn twenty_each_way(alice: &Client, bob: &Client) {
    for (from, name, to, who) in [(alice, "alice", bob, "bob"), (bob, "bob", alice, "alice")] {
        for number in 0..20 {
            from.types(&format!("/msg number {number} from {name}"));
        }
        for number in 0..20 {
            to.sees_line(&format!("{name} (udp): number {number} from {name}"));
            from.sees_line(&format!("Delivered to {who} (udp): number {number} from {name}"));
        }
    }
}

/// Alice in the room of a server that the test plays, and bob (ID 2) with his socket.
#[track_caller]
fn alice_in_a_room() -> (Client, Guest, Peer, Datagrams) {
    let (server, socket) = (Played::open(), Datagrams::open("bob"));
    let bob = Peer::new("bob", socket.address(), 2);
    let alice = Client::start("alice", server.address());
    let guest = server.welcomes(1, &[&bob]);
    alice.sees("Other clients' IDs: 2 (bob)");
    (alice, guest, bob, socket)
}

/// A way whose secrets are these, and the secrets by themselves.
fn way(name: &str, [ticket, answer]: [&str; 2]) -> (Way, Secrets) {
    let secrets = Secrets { ticket: ticket.to_owned(), answer: answer.to_owned() };
    let Secrets { ticket, answer } = secrets.clone();
    (Way { name: name.to_owned(), ticket, answer }, secrets)
}

#[test]
fn the_server_is_killed_and_twenty_more_messages_arrive() {
    let (server, alice, bob) = alice_and_bob(&[]);
    query_each_other(&alice, &bob);
    let address = server.address().to_string();
    server.kill();
    all_see([&alice, &bob], &address);
    twenty_each_way(&alice, &bob);
    assert_eq!((alice.errors(), bob.errors()), (String::new(), String::new()));
}

#[test]
fn conversations_outlive_a_server_that_comes_back() {
    let (server, alice, bob) = alice_and_bob(&[]);
    query_each_other(&alice, &bob);
    twenty_each_way(&alice, &bob);
    let _server = server.starts_again();
    all_see([&alice, &bob], "Other clients' IDs: ");
    twenty_each_way(&alice, &bob);
    for client in [&alice, &bob] {
        client.asks("/hangup", "you ended the chat with ");
    }
    query_each_other(&alice, &bob);
    twenty_each_way(&alice, &bob);
}

#[test]
fn a_query_without_a_server_is_a_sentence() {
    let (server, alice, _bob) = alice_and_bob(&[]);
    server.kill();
    alice.sees(&server.address().to_string());
    alice.types_bytes(b"/id\n/query bob\n/msg secret\n");
    alice.sees("you are alice");
    let sentence = alice.sees_next();
    assert!(sentence.contains(' ') && !sentence.contains("is open"), "{sentence}");
    alice.sees_line("no direct chat: use /chat or /query first");
}

#[test]
fn the_server_sees_nothing_of_the_chat() {
    let (alice, mut guest, peer, bob) = alice_in_a_room();
    alice.types("/query bob");
    let asked = [("clientID", "alice"), ("Peer", "bob"), ("Via", "udp")];
    guest.wire.gets("BRIDGE").has_exactly(&asked);
    let [one, other] = SECRETS;
    let ((to_bob, given), (to_alice, called)) =
        (way("alice", [one, other]), way("bob", [other, one]));
    guest.is_given(&peer, "udp", &given);
    alice.sees_line(&format!("conversation with bob {} (udp) is open", peer.address));
    guest.is_told_of_call(&peer, "udp", &called);
    alice.sees_line(&format!("Incoming query from bob {} (verified)", peer.address));
    for seq in 1..=20 {
        alice.types(&format!("/msg secret {seq}"));
        let (msg, _) = bob.next();
        to_bob.is_msg(&msg, seq, seq, &format!("secret {seq}"));
        bob.sends(alice.address(), to_bob.ack(seq, seq));
        alice.sees_line(&format!("Delivered to bob (udp): secret {seq}"));
        bob.forgets();
        bob.sends(alice.address(), to_alice.msg(seq, seq, &format!("answer {seq}")));
        let (ack, _) = bob.next();
        to_alice.is_ack(&ack, seq, seq);
        alice.sees_line(&format!("bob (udp): answer {seq}"));
    }
    alice.types("to all");
    guest.wire.gets("SAY").has_exactly(&[("Text", "to all")]);
    guest.wire.ends();
}

#[test]
fn a_server_that_announces_crowds_is_not_believed_without_end() {
    let (alice, mut guest, peer, bob) = alice_in_a_room();
    let [one, other] = SECRETS;
    let (to_alice, secrets) = way("bob", [one, other]);
    guest.is_told_of_call(&peer, "udp", &secrets);
    alice.sees("Incoming query from bob ");
    for id in 3..1_003 {
        let (way, secrets) = way(&format!("c{id}"), [&format!("{id:032x}"), other]);
        let stranger = Peer::new(&way.name, ([127, 0, 0, 1], 20_001).into(), id);
        guest.is_told_of_call(&stranger, "udp", &secrets);
    }
    guest.wire.sends("PING\r\nToken: crowd\r\n\r\n").gets("PONG");
    alice.types_bytes(b"/peers\n/id\n");
    alice.sees("you are alice");
    let listed = alice.output().matches(" udp (verified)").count();
    assert!((2..=256).contains(&listed), "{listed} conversations");
    // A peer that was there before still is, also with a newer ticket.
    bob.sends(alice.address(), to_alice.msg(1, 1, "still here"));
    alice.sees_line("bob (udp): still here");
    let (newer, secrets) = way("bob", [other, one]);
    guest.is_told_of_call(&peer, "udp", &secrets);
    alice.sees("Incoming query from bob ");
    bob.sends(alice.address(), newer.msg(1, 1, "still here, too"));
    alice.sees_line("bob (udp): still here, too");
}

#[test]
fn an_introduction_by_tcp_opens_no_conversation() {
    let (alice, Guest { mut wire, .. }, bob, _socket) = alice_in_a_room();
    alice.types("/query bob");
    wire.gets("BRIDGE");
    // A server that knows no UDP: without Via and tickets, as for somebody who has not joined.
    wire.sends(bob.block("BRIDGEACK", &[], &[]));
    alice.types("to all");
    wire.gets("SAY");
    let from = [("ID", "1"), ("clientID", "alice"), ("Text", "to all")];
    wire.asks("SAID", &[&[("Seq", "1"), ("Time", "2026-11-20 12:35:01")], &from[..]].concat());
    alice.sees_without("is open", " alice: to all");
    alice.asks_line("/msg secret", "no direct chat: use /chat or /query first");
}

#[test]
fn what_is_all_acknowledged_rests() {
    let (alice, mut bob) = friends(&["--give-up", "2"]);
    let mut carol = bob.another("carol", &alice);
    for seq in 1..=10 {
        alice.types(&format!("/msg number {seq}"));
        bob.takes(seq, seq, &format!("number {seq}"));
        alice.sees_line(&format!("Delivered to bob (udp): number {seq}"));
        bob.tells(seq, seq, "answer", seq);
    }
    bob.socket().forgets();
    // Longer than any pause between copies: meanwhile somebody else is given up.
    carol.is_queried(&alice);
    alice.asks_line("/msg hello?", "not delivered to carol: hello?");
    alice.types("/peer bob");
    alice.types("/msg number 11");
    bob.hears_next(11, 11, "number 11");
}

#[test]
fn who_leaves_the_room_can_still_be_spoken_to() {
    let (alice, mut bob) = friends(&[]);
    bob.room().asks("QUIT", &[]);
    alice.sees_line("bob left (quit)");
    bob.is_told(&alice, 1, "still there?");
    bob.tells(1, 1, "yes", 1);
    alice.sees_line("bob (udp): yes");
}

#[test]
fn who_comes_back_is_queried_anew() {
    let (server, alice, bob) = alice_and_bob(&[]);
    query_each_other(&alice, &bob);
    twenty_each_way(&alice, &bob);
    bob.quits();
    alice.sees_line("bob left (quit)");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined (ID 3, ");
    // This is somebody else with another address, and knows nothing of what was.
    query_each_other(&alice, &bob);
    twenty_each_way(&alice, &bob);
}

#[test]
fn who_comes_back_to_the_same_port_is_queried_anew() {
    let server = Server::start(&[]);
    let (port, address) = (free_port().to_string(), server.address().to_string());
    let alice = Client::joined("alice", &server);
    for id in 2..5 {
        let bob = Client::with_args(&["bob", &port, &address]);
        alice.sees(&format!("bob joined (ID {id}, "));
        bob.sees("Other clients' IDs: ");
        query_each_other(&alice, &bob);
        alice.types("/msg one");
        bob.sees_line("alice (udp): one");
        bob.types("/msg two");
        alice.sees_line("bob (udp): two");
        bob.kill();
        alice.sees_line("bob left (gone)");
    }
}

#[test]
fn what_was_held_is_shown_in_the_end() {
    let (alice, mut bob) = friends(&[]);
    let held = |alice: &Client, bob: &mut Friend, round: u64| {
        bob.tells(3, 1, &format!("round {round}"), 0);
        alice.types_bytes(b"/id\n");
        alice.sees_without("round", "you are alice");
    };
    let told = |alice: &Client, round: u64| {
        alice.sees_line("2 messages from bob did not arrive");
        assert_eq!(alice.sees_next(), format!("bob (udp): round {round}"));
    };
    held(&alice, &mut bob, 1);
    bob.queries(&alice);
    told(&alice, 1);
    held(&alice, &mut bob, 2);
    alice.types("/hangup bob udp");
    told(&alice, 2);
    bob.queries(&alice);
    held(&alice, &mut bob, 3);
    alice.types("/quit");
    told(&alice, 3);
    alice.exits(0);
}

#[test]
fn who_quits_still_answers_a_copy_of_what_came_last() {
    let (alice, mut bob) = friends(&[]);
    bob.tells(1, 1, "the last word", 1);
    alice.sees_line("bob (udp): the last word");
    alice.types("/quit");
    bob.tells(1, 1, "the last word", 1);
    // Also when she has left the room already, and not only just then.
    bob.room().skips_to("LEFT");
    for _ in 0..20 {
        bob.room().hears_nothing();
        bob.tells(1, 1, "the last word", 1);
    }
    alice.exits(0);
}

#[test]
fn quitting_waits_for_what_is_under_way() {
    let (alice, mut bob) = friends(&[]);
    alice.types_bytes(b"/msg goodbye\n/quit\n");
    bob.hears(1, 1, "goodbye");
    bob.hears_again(1);
    bob.acks(1, 1);
    alice.sees_line("Delivered to bob (udp): goodbye");
    alice.exits(0);
    assert!(!alice.output().contains("not confirmed"), "{}", alice.output());
}

#[test]
fn quitting_says_what_was_not_confirmed() {
    let (alice, mut bob) = friends(&[]);
    alice.types_bytes(b"/msg one\n/msg two\n/msg three\n/quit\n");
    bob.hears(1, 1, "one");
    bob.hears(2, 1, "two");
    bob.hears(3, 1, "three");
    bob.acks(2, 0);
    alice.sees_line("not confirmed: one");
    alice.sees_line("not confirmed: three");
    alice.exits(1);
    assert!(!alice.output().contains("confirmed: two"), "{}", alice.output());
}

#[test]
fn a_script_of_a_thousand_lines_by_udp_arrives_before_its_end() {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::joined("bob", &server);
    let lines: Vec<String> = (0..1_000).map(|number| format!("/msg line {number}\n")).collect();
    bob.types_bytes(format!("/query alice\n{}", lines.concat()).as_bytes());
    bob.ends_input();
    alice.sees("Incoming query from bob ");
    for number in 0..1_000 {
        let line = alice.sees("bob (udp): ");
        assert_eq!(line, format!("bob (udp): line {number}"));
    }
    bob.exits(0);
    assert!(!bob.output().contains("not "), "{}", bob.output());
}

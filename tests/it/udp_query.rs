//! Querying: who is asked hears of it at once, and answers after querying back.

use std::net::SocketAddr;

use crate::support::{Client, a_friend, alice_and_bob, friends};

/// What is said of a text to nobody.
const NOBODY: &str = "no direct chat: use /chat or /query first";

/// Lets one query another by name, and waits until both have been told.
#[track_caller]
fn queries((client, name): (&Client, &str), (peer, who): (&Client, &str)) {
    client.types(&format!("/query {who}"));
    client.sees_line(&format!("conversation with {who} {} (udp) is open", peer.address()));
    peer.sees_line(&format!(
        "Incoming query from {name} {} (verified, not encrypted)",
        client.address()
    ));
}

/// Lets one say something to its current peer, who is shown it by UDP.
#[track_caller]
fn says((client, name): (&Client, &str), (peer, who, id): (&Client, &str, u32), text: &str) {
    client.asks_line(&format!("/msg {text}"), &format!("Sent to {who} (ID {id}): {text}"));
    peer.sees_line(&format!("{name} (udp): {text}"));
    client.sees_line(&format!("Delivered to {who} (udp): {text}"));
}

/// What `/peers` says: the lines up to the answer of the `/id` that is typed behind it.
#[track_caller]
fn peers(client: &Client) -> Vec<String> {
    client.types_bytes(b"/id\n/peers\n/id\n");
    client.sees("you are ");
    let lines = std::iter::from_fn(|| Some(client.sees_next()));
    lines.take_while(|line| !line.contains("you are ")).collect()
}

/// Whether one of the lines begins like this.
fn has(lines: &[String], beginning: &str) -> bool {
    lines.iter().any(|line| line.starts_with(beginning))
}

/// The beginning of the line of `/peers` for a conversation that has begun with its ticket.
fn listed(mark: &str, name: &str, address: SocketAddr, via: &str) -> String {
    format!("{mark} {name} {address} {via} (verified, ")
}

#[test]
fn who_is_queried_hears_at_once_and_answers_after_querying_back() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types("/query bob");
    bob.sees_line(&format!(
        "Incoming query from alice {} (verified, not encrypted)",
        alice.address()
    ));
    assert_eq!(bob.sees_next(), "query alice back to answer: /query alice");
    alice.sees_line(&format!("conversation with bob {} (udp) is open", bob.address()));
    says((&alice, "alice"), (&bob, "bob", 2), "hi");
    bob.asks_line("/msg hello", "query alice back first: /query alice");
    queries((&bob, "bob"), (&alice, "alice"));
    says((&bob, "bob"), (&alice, "alice", 1), "hello");
    says((&alice, "alice"), (&bob, "bob", 2), "how are you?");
    assert!(!alice.output().contains("back to answer"), "{}", alice.output());
}

#[test]
fn a_text_from_before_querying_back_is_not_sent_later() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    queries((&alice, "alice"), (&bob, "bob"));
    bob.asks_line("/msg too early", "query alice back first: /query alice");
    queries((&bob, "bob"), (&alice, "alice"));
    bob.types("/msg in time");
    alice.sees_without("too early", "bob (udp): in time");
}

#[test]
fn a_query_by_id_or_in_the_assignments_words_is_the_same() {
    for words in ["/query 2", "/query bob", "/query BOB", "Query bob", "Query 2"] {
        let (_server, alice, bob) = alice_and_bob(&[]);
        alice.asks_line(words, &format!("conversation with bob {} (udp) is open", bob.address()));
        says((&alice, "alice"), (&bob, "bob", 2), words);
    }
}

#[test]
fn the_word_query_inside_a_line_is_said_to_the_room() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for line in ["Query", "a Query bob", "Query bob please"] {
        alice.types(line);
        bob.sees_without("Incoming", &format!(" alice: {line}"));
    }
}

#[test]
fn a_query_that_cannot_be_is_a_sentence() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let mut lurker = server.registered("lurker", 20_003);
    let address = format!("/query {}", bob.address());
    let bad = ["/query alice", "/query 1", "/query nobody", "/query 99", "/query lurker", "/query"];
    for line in bad.into_iter().chain([address.as_str(), "/query two words"]) {
        alice.types_bytes(format!("/id\n{line}\n/msg secret\n").as_bytes());
        alice.sees("you are alice");
        let sentence = alice.sees_next();
        assert!(!sentence.contains("is open"), "{line}: {sentence}");
        assert!(sentence.contains(' ') && sentence != NOBODY, "{line}: {sentence}");
        alice.sees_line(NOBODY);
    }
    lurker.hears_nothing();
    alice.types("to all");
    bob.sees_without("Incoming", " alice: to all");
    assert!(!alice.output().contains("is open"), "{}", alice.output());
}

#[test]
fn an_incoming_query_is_current_only_when_there_is_none() {
    let (server, alice, bob) = alice_and_bob(&[]);
    let carol = Client::joined("carol", &server);
    queries((&carol, "carol"), (&alice, "alice"));
    queries((&bob, "bob"), (&alice, "alice"));
    alice.asks_line("/msg to whom?", "query carol back first: /query carol");
    queries((&alice, "alice"), (&bob, "bob"));
    says((&alice, "alice"), (&bob, "bob", 2), "to bob");
    carol.types("/msg hello");
    alice.sees_line("carol (udp): hello");
    says((&alice, "alice"), (&bob, "bob", 2), "still to bob");
    alice.types("/peer carol");
    alice.asks_line("/msg to carol?", "query carol back first: /query carol");
    queries((&alice, "alice"), (&carol, "carol"));
    says((&alice, "alice"), (&carol, "carol", 3), "to carol");
}

#[test]
fn chats_by_tcp_and_by_udp_with_the_same_person_are_two() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice ");
    alice.tells(&bob, "by the one");
    queries((&alice, "alice"), (&bob, "bob"));
    says((&alice, "alice"), (&bob, "bob", 2), "by the other");
    let (tcp, udp) = ("bob tcp", "bob udp");
    for (choice, shown) in [(tcp, "alice (direct)"), (udp, "alice (udp)"), (tcp, "alice (direct)")]
    {
        alice.types(&format!("/peer {choice}"));
        alice.types(&format!("/msg {choice}"));
        bob.sees_line(&format!("{shown}: {choice}"));
    }
    let lines = peers(&alice);
    assert!(has(&lines, &listed("*", "bob", bob.address(), "tcp")), "{lines:#?}");
    assert!(has(&lines, &listed(" ", "bob", bob.address(), "udp")), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with('*')).count(), 1, "{lines:#?}");
    alice.types("/peer bob udp");
    let lines = peers(&alice);
    assert!(has(&lines, &listed(" ", "bob", bob.address(), "tcp")), "{lines:#?}");
    assert!(has(&lines, &listed("*", "bob", bob.address(), "udp")), "{lines:#?}");
}

#[test]
fn hanging_up_one_leaves_the_other() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for via in ["udp", "tcp"] {
        alice.types("/chat bob");
        bob.sees("Incoming chat request from alice ");
        alice.tells(&bob, "hello by tcp");
        queries((&alice, "alice"), (&bob, "bob"));
        says((&alice, "alice"), (&bob, "bob", 2), "hello by udp");
        alice.types(&format!("/hangup bob {via}"));
        let (shown, other) =
            if via == "udp" { ("bob (udp)", "bob tcp") } else { ("bob", "bob udp") };
        alice.sees_line(&format!("you ended the chat with {shown}"));
        alice.types(&format!("/peer {other}"));
        alice.types(&format!("/msg the {other} stands"));
        bob.sees(&format!(": the {other} stands"));
        alice.asks(&format!("/peer bob {via}"), "no direct chat with bob");
        alice.asks(&format!("/hangup {other}"), "you ended the chat with bob");
        alice.asks_line("/msg to nobody", NOBODY);
    }
}

#[test]
fn hanging_up_sends_nothing_and_hears_nothing() {
    let (alice, mut bob) = friends(&[]);
    bob.tells(1, 1, "one", 1);
    alice.asks_line("/hangup bob udp", "you ended the chat with bob (udp)");
    bob.says(2, 1, "two");
    alice.asks_line("/msg to nobody", NOBODY);
    // What opens it again has tickets of its own, and is the next that is sent.
    bob.is_queried(&alice);
    alice.types("/msg again");
    bob.takes(1, 1, "again");
    bob.queries(&alice);
    bob.tells(1, 1, "three", 1);
    alice.sees_without("two", "bob (udp): three");
}

#[test]
fn a_copy_of_what_was_read_is_acknowledged_after_hanging_up_and_nothing_else_is() {
    let (alice, mut bob) = friends(&[]);
    bob.tells(1, 1, "one", 1);
    bob.tells(3, 1, "three", 1); // 2 is lost on the way
    alice.asks("/hangup bob udp", "you ended the chat with bob (udp)");
    alice.sees_line("bob (udp): three");
    for (seq, text) in [(2, "two"), (4, "four"), (70, "too far")] {
        bob.says(seq, 1, text);
    }
    bob.tells(1, 1, "one", 1);
    bob.tells(3, 1, "three", 1);
    bob.says(2, 1, "two");
    bob.tells(3, 3, "three", 3); // he has given 2 up
    // A conversation that follows has secrets of its own, and leaves those of the one before as they are.
    bob.is_queried(&alice);
    bob.tells(1, 1, "one", 1);
    let before = bob.own().clone();
    bob.queries(&alice);
    bob.tells(1, 1, "again", 1);
    bob.sends(&before.msg(3, 3, "three"));
    before.is_ack(&bob.next(), 3, 3);
    for text in ["two", "four", "too far"] {
        assert!(!alice.output().contains(text), "{}", alice.output());
    }
    alice.asks("/peers", "4 datagrams from strangers were dropped");
}

#[test]
fn hanging_up_with_something_under_way_says_that_it_was_not_delivered() {
    let (alice, mut bob) = friends(&[]);
    alice.types("/msg on its way");
    bob.hears(1, 1, "on its way");
    alice.asks_line("/hangup bob udp", "you ended the chat with bob (udp)");
    alice.sees_line("not confirmed: on its way");
    bob.acks(1, 1);
    alice.types("/id");
    alice.sees_without("Delivered", "you are alice");
}

#[test]
fn peers_counts_what_has_happened() {
    let (alice, mut bob) = friends(&[]);
    let none =
        "    sent 0, resent 0, acknowledged 0, lost 0; received 0, duplicate 0, late 0, missing 0";
    let line = listed("*", "bob", bob.address(), "udp");
    let lines = peers(&alice);
    assert!(lines[0].starts_with(&line) && lines[1..] == [none], "{lines:#?}");
    for seq in 1..=3 {
        alice.types(&format!("/msg number {seq}"));
        bob.takes(seq, seq, &format!("number {seq}"));
        alice.sees_line(&format!("Delivered to bob (udp): number {seq}"));
    }
    bob.tells(1, 1, "one", 1);
    bob.tells(1, 1, "one", 1);
    for (seq, first, upto) in [(3, 1, 1), (2, 1, 3), (6, 6, 6), (5, 5, 6)] {
        bob.tells(seq, first, "and more", upto);
    }
    let lines = peers(&alice);
    assert!(lines[0].starts_with(&line), "{lines:#?}");
    // On a busy machine the one or the other was sent twice before its ACK.
    assert!(lines[1].starts_with("    sent 3, resent "), "{lines:#?}");
    let rest = ", acknowledged 3, lost 0; received 4, duplicate 2, late 1, missing 2";
    assert!(lines[1].ends_with(rest), "{lines:#?}");
    let is_time = |line: &String| line.starts_with("    round trip ");
    assert!(lines[2..].iter().all(is_time), "{lines:#?}");
}

#[test]
fn peers_lists_conversations_of_all_kinds() {
    let (alice, mut bob) = a_friend(&[]);
    let mut carol = bob.another("carol", &alice);
    bob.queries(&alice);
    carol.is_queried(&alice);
    let lines = peers(&alice);
    for (mark, friend, name) in [(" ", &bob, "bob"), ("*", &carol, "carol")] {
        let line = listed(mark, name, friend.address(), "udp");
        assert!(has(&lines, &line), "{lines:#?} without {line:?}");
    }
    assert_eq!(lines.len(), 4, "{lines:#?}");
}

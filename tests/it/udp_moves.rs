//! A peer that moves: its address follows what it says, and nothing else.

use crate::support::{Datagrams, friends};

#[test]
fn a_newer_message_from_another_port_moves_the_conversation() {
    let (alice, mut bob) = friends(&[]);
    bob.tells(1, 1, "at home", 1);
    bob.is_told(&alice, 1, "at home?");
    bob.socket().forgets();
    let away = Datagrams::open("away");
    away.sends(alice.address(), bob.own().msg(2, 2, "on my way"));
    let (ack, _) = away.next();
    bob.own().is_ack(&ack, 2, 2);
    alice.sees_line("bob (udp): on my way");
    alice.types("/msg away?");
    let (msg, from) = away.next();
    bob.alices().is_msg(&msg, 2, 2, "away?");
    assert_eq!(from, alice.address());
    away.sends(alice.address(), bob.alices().ack(2, 2));
    alice.sees_line("Delivered to bob (udp): away?");
    alice.asks_line(
        "/peers",
        &format!("* bob 127.0.0.1:{} udp (verified, not encrypted)", away.port()),
    );
    // Back home; what comes there is the next, so nothing was sent there meanwhile.
    bob.tells(3, 3, "back", 3);
    alice.types("/msg welcome");
    bob.takes(3, 3, "welcome");
}

#[test]
fn an_old_message_from_a_third_port_moves_nothing() {
    let (alice, mut bob) = friends(&[]);
    for (seq, text) in [(1, "one"), (2, "two")] {
        bob.tells(seq, 1, text, seq);
    }
    bob.tells(4, 1, "four", 2);
    let third = Datagrams::open("third");
    // Copies, and one that is new but not the newest: each is answered where it came from.
    for (seq, upto, text) in [(1, 2, "one"), (2, 2, "two"), (4, 2, "four"), (3, 4, "three")] {
        third.sends(alice.address(), bob.own().msg(seq, 1, text));
        let (ack, _) = third.next();
        bob.own().is_ack(&ack, seq, upto);
    }
    bob.is_told(&alice, 1, "still there?");
    alice.asks_line("/peers", &format!("* bob {} udp (verified, not encrypted)", bob.address()));
}

#[test]
fn what_is_not_taken_moves_nothing() {
    let (alice, mut bob) = friends(&[]);
    let third = Datagrams::open("third");
    let way = bob.own().clone();
    third.sends(alice.address(), way.msg(65, 1, "too far"));
    third.sends(alice.address(), way.msg(1, 2, "too early"));
    third.sends(alice.address(), way.msg(1, 1, "cut").replace("\r\n\r\n", "\r\n"));
    third.sends(alice.address(), way.msg(1, 1, "mine").replace("bob", "mallory"));
    third.sends(alice.address(), bob.alices().ack(1, 1));
    bob.tells(1, 1, "one", 1);
    alice.types("/msg still there?");
    bob.takes(1, 1, "still there?");
}

#[test]
fn copies_follow_who_moves() {
    let (alice, mut bob) = friends(&[]);
    alice.types("/msg where are you?");
    bob.hears(1, 1, "where are you?");
    let away = Datagrams::open("away");
    away.sends(alice.address(), bob.own().msg(1, 1, "here"));
    let (ack, _) = away.gets("ACK");
    bob.own().is_ack(&ack, 1, 1);
    let (copy, _) = away.gets("MSG");
    bob.alices().is_msg(&copy, 1, 1, "where are you?");
    away.sends(alice.address(), bob.alices().ack(1, 1));
    alice.sees_line("Delivered to bob (udp): where are you?");
}

#[test]
fn a_new_query_goes_where_the_server_says() {
    let (alice, mut bob) = friends(&[]);
    let away = Datagrams::open("away");
    away.sends(alice.address(), bob.own().msg(1, 1, "away"));
    alice.sees_line("bob (udp): away");
    alice.types("/hangup bob udp");
    bob.is_queried(&alice);
    alice.types("/msg at home?");
    bob.takes(1, 1, "at home?");
}

//! Two who are introduced to each other.

use std::collections::HashSet;

use crate::driver::block::Block;
use crate::driver::cast::{Client, Server};
use crate::driver::dice::Dice;
use crate::driver::story::{fail, step};

pub fn two_who_have_joined_are_given_secrets(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(3);
    step("two are in the room, a third has only registered");
    let mut bob = server.joined(&names[1], 6002);
    let mut alice = server.connect(&names[0]);
    let own = alice.registers(&names[0], 6001).get("ID").to_owned();
    alice.joins(&names[0]);
    bob.skips_to("JOINED");
    let mut carol = server.registered(&names[2], 6003);
    let mut secrets = HashSet::new();
    for via in ["tcp", "udp", "tcp"] {
        step(format!("{} asks for {}, to talk by {via}", names[0], names[1]));
        alice.asks("BRIDGE", &[("clientID", &names[0]), ("Peer", &names[1]), ("Via", via)]);
        let call = bob.gets("CALL");
        let (from, here) = (names[0].as_str(), [("IP", "127.0.0.1"), ("Port", "6001")]);
        let vouch = [("Via", via), ("Ticket", "*"), ("Answer", "*")];
        call.has_exactly(
            &[&[("ID", own.as_str()), ("clientID", from)], &here[..], &vouch].concat(),
        );
        let ack = alice.gets("BRIDGEACK");
        let here = [("clientID", names[1].as_str()), ("IP", "127.0.0.1"), ("Port", "6002")];
        let vouch = [("Via", via), ("Ticket", call.get("Ticket")), ("Answer", call.get("Answer"))];
        ack.has_exactly(&[&here[..], &[("ID", "*")], &vouch].concat());
        for secret in ["Ticket", "Answer"] {
            is_secret(&ack, secret);
            if !secrets.insert(ack.get(secret).to_owned()) {
                fail(format!("this {secret} was given before:\n{ack}"));
            }
        }
    }
    step(format!("{} has not joined, and nobody can vouch for it", names[2]));
    let ack = alice.obtains("BRIDGE", &[("clientID", &names[0]), ("Peer", &names[2])]);
    if ack.find("Ticket").is_some() || ack.find("Answer").is_some() {
        fail(format!("secrets for somebody who has not joined:\n{ack}"));
    }
    carol.hears_nothing_else(dice);
    step(format!("nor can it be vouched for when it is {} who asks", names[2]));
    carol.obtains("BRIDGE", &[("clientID", &names[2]), ("Peer", &names[1])]).has_exactly(&[
        ("clientID", &names[1]),
        ("IP", "127.0.0.1"),
        ("Port", "6002"),
    ]);
    bob.hears_nothing_else(dice);
}

fn is_secret(block: &Block, name: &str) {
    let value = block.get(name);
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if value.len() != 32 || !value.bytes().all(is_digit) {
        fail(format!("{name} is 32 lower-case hex digits, and not {value:?}"));
    }
}

pub fn two_clients_find_each_other(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(2);
    let one = Client::joined(&names[0], &server);
    let other = Client::start(&names[1], server.address());
    other.sees_line("Your public IP: 127.0.0.1");
    other.sees_line(&format!("Other clients' IDs: 1 ({})", names[0]));
    let there = other.address().to_string();
    one.sees_line(&format!("{} joined (ID 2, {there})", names[1]));

    step(format!("{} asks who is registered", names[0]));
    one.types("/info");
    one.sees_all(&[&names[0], &one.address().to_string()]);
    one.sees_all(&[&names[1], &there]);
    step(format!("{} asks where {} is", names[0], names[1]));
    one.types(&format!("/bridge {}", names[1]));
    one.sees_all(&[&names[1], &there]);
    step(format!("{} asks who else is there", names[1]));
    other.types("/bridge");
    other.sees_all(&[&names[0], &one.address().to_string()]);
}

//! The proof that the other side has the key and has seen the same messages.

use crate::driver::block::Block;
use crate::driver::dice::Dice;
use crate::driver::played::{Peer, Played};
use crate::driver::story::step;
use crate::lab10::class::Class;
use crate::lab10::records::is_unknown;
use crate::lab10::tls::{DATA, DECODE_ERROR, DECRYPT_ERROR, Handshake};

/// A wrong content of a Finished, made from the right one; and the alert.
type Lie = (&'static str, fn(&mut Vec<u8>), u8);

/// What a Finished must not be.
const LIES: [Lie; 5] = [
    ("its first bit is another", |content| content[0] ^= 0x80, DECRYPT_ERROR),
    ("its last bit is another", |content| content[31] ^= 1, DECRYPT_ERROR),
    ("it is all zeros", |content| content.fill(0), DECRYPT_ERROR),
    ("its last byte is missing", |content| content.truncate(31), DECODE_ERROR),
    ("it is one byte too long", |content| content.push(0), DECODE_ERROR),
];

pub fn a_wrong_finished_of_a_client_is_refused(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    let mut witness = class.connects("witness", &server, dice);
    for (what, lie, alert) in LIES {
        let name = dice.word();
        step(format!("{name} sends a Finished, and at once a request; {what}"));
        let handshake = class.hears_finished(&name, &server, dice);
        let mut content = handshake.finished().to_vec();
        lie(&mut content);
        let mut channel = handshake.ends(&content, 0);
        let headers = [("clientID", name.as_str()), ("IP", "127.0.0.1"), ("Port", "6002")];
        let request = channel.seals(DATA, Block::text("REGISTER", &headers).as_bytes(), 0);
        channel.wire.passes_if_open(&request);
        channel.is_told(alert);
        is_unknown(&mut witness, &name);
    }
    step("the right one is taken, and the request behind it obeyed");
    class.joins(&dice.word(), &server, dice);
}

pub fn a_wrong_finished_of_a_server_is_refused(dice: &mut Dice) {
    let class = Class::new(dice);
    for (what, lie, alert) in LIES {
        step(format!("bob's client comes to a server whose Finished is wrong: {what}"));
        let played = Played::open();
        let bob = class.client("bob", played.address());
        let wire = played.accepts("the server (played)");
        let mut handshake = Handshake::takes(wire, class.key(), dice);
        handshake.sends_extensions();
        let mut content = handshake.finished().to_vec();
        lie(&mut content);
        handshake.sends_server_finished(&content, 0);
        handshake.channel.is_told(alert);
        drop(bob);
    }
    step("to the right one it says who it is");
    let played = Played::open();
    let bob = class.client("bob", played.address());
    let mut handshake = Handshake::takes(played.accepts("the server (played)"), class.key(), dice);
    handshake.sends_extensions();
    let finished = handshake.finished();
    handshake.sends_server_finished(&finished, 50);
    let mut channel = handshake.gets_client_finished();
    let me = Peer::registering(&channel.gets("REGISTER"), 7);
    channel.says(&me.regack());
    channel.gets("JOIN").has(&[("clientID", "bob")]);
    channel.says(&me.joinack(&[], 0));
    bob.sees_line("Your ID: 7");
    drop(channel);
}

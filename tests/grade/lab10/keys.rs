//! The keys of a connection, and the nonce of each record.

use crate::driver::dice::Dice;
use crate::driver::story::step;
use crate::lab10::class::Class;

/// More records than one byte can count.
const RECORDS: usize = 300;

pub fn all_keys_come_from_the_schedule(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    step("somebody with the class's key offers it, with a binder made from it");
    let mut handshake = class.offers("alice", &server, dice);
    step("the keys for the handshake follow: the server's first sealed record opens");
    handshake.gets_extensions();
}

pub fn every_record_has_a_nonce_of_its_own(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    step("the second record of the handshake has the number 1");
    let mut alice = class.connects("alice", &server, dice);
    step(format!("{RECORDS} requests in as many records, each answered before the next one"));
    for number in 0..RECORDS {
        alice.hears_nothing_before(&format!("{number}"));
    }
    step("another connection has other keys, and counts from 0");
    let mut bob = class.connects("bob", &server, dice);
    bob.hears_nothing_before(&dice.word());
    alice.hears_nothing_before(&dice.word());
}

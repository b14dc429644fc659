//! Records that are opened, and records that must not be.

use crate::driver::block::Block;
use crate::driver::dice::Dice;
use crate::driver::story::step;
use crate::lab10::class::Class;
use crate::lab10::tls::{
    ALERT, BAD_RECORD_MAC, CLOSE_NOTIFY, Channel, DATA, RECORD_OVERFLOW, UNEXPECTED_MESSAGE, record,
};

/// The longest content of a record.
const MOST: usize = 1 << 14;

pub fn zeros_behind_the_type_are_padding(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    step("the client's Finished has 77 zeros behind it");
    let handshake = class.hears_finished("alice", &server, dice);
    let finished = handshake.finished();
    let mut alice = handshake.ends(&finished, 77);
    for zeros in [1, 2, 255, 256, 4000] {
        step(format!("a request comes with {zeros} zeros behind its type"));
        let word = dice.word();
        let sealed = alice.seals(DATA, Block::text("PING", &[("Token", &word)]).as_bytes(), zeros);
        alice.sends("PING, padded", &sealed);
        alice.gets("PONG").has_exactly(&[("Token", &word)]);
    }
    step("zeros before the type are content: a NUL makes the block malformed");
    let nul = alice.seals(DATA, b"PING\r\nToken: a\r\nX: \0\0", 3);
    let rest = alice.seals(DATA, b"\r\n\r\n", 0);
    alice.sends("PING with two NULs, in two records", &[nul, rest].concat());
    alice.gets("ERROR").has(&[("Code", "malformed")]);
    step("a record of data may be all padding: it says nothing, and the next one counts");
    let nothing = alice.seals(DATA, b"", 100);
    alice.sends("no data", &nothing);
    alice.hears_nothing_before(&dice.word());
    step("a record in which nothing but zeros is has no type");
    let typeless = alice.keys().seal_inner(&[0; 40]);
    alice.sends("40 zeros", &typeless);
    alice.is_told(UNEXPECTED_MESSAGE);
    step("an alert is padded, too: the end is known, and answered");
    let mut bob = class.connects("bob", &server, dice);
    bob.hears_nothing_before(&dice.word());
    let end = bob.seals(ALERT, &CLOSE_NOTIFY, 9);
    bob.sends("close_notify, padded", &end);
    bob.is_told(0);
}

/// What is done to a record on its way.
type Change = fn(&mut Vec<u8>, &mut Dice);

pub fn a_changed_record_is_refused(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    let mut witness = class.connects("witness", &server, dice);
    let changes: [(&str, Change); 8] = [
        ("one bit of what is sealed is another", |record, dice| {
            let at = 5 + dice.below(record.len() - 21);
            record[at] ^= 1 << dice.below(8);
        }),
        ("the last byte that is sealed is another: that of the type", |record, dice| {
            let at = record.len() - 17;
            record[at] ^= 1 << dice.below(8);
        }),
        ("one bit of the tag is another", |record, dice| {
            let at = record.len() - 1 - dice.below(15);
            record[at] ^= 1 << dice.below(8);
        }),
        ("the tag's first byte is another", |record, dice| {
            let at = record.len() - 16;
            record[at] ^= 1 << dice.below(8);
        }),
        ("the version in its header is another: the header is additional data", |record, _| {
            record[2] = 1;
        }),
        ("its end is cut off, and its header says so", |record, _| cut(record, 7)),
        ("16 bytes are left of it", |record, _| {
            let rest = record.len() - 5 - 16;
            cut(record, rest);
        }),
        ("3 bytes are left of it", |record, _| {
            let rest = record.len() - 5 - 3;
            cut(record, rest);
        }),
    ];
    for (what, change) in changes {
        let name = dice.word();
        step(format!("{name} comes, and is answered; its next record is changed: {what}"));
        let mut channel = class.connects(&name, &server, dice);
        channel.hears_nothing_before(&dice.word());
        let mut sealed = channel.seals(DATA, register(&name).as_bytes(), 0);
        change(&mut sealed, dice);
        channel.sends("REGISTER, changed", &sealed);
        channel.is_told(BAD_RECORD_MAC);
        is_unknown(&mut witness, &name);
    }
    let name = dice.word();
    step(format!(
        "{name}'s connection is cut in the middle of a record: half a record says nothing"
    ));
    let mut channel = class.connects(&name, &server, dice);
    let sealed = channel.seals(DATA, register(&name).as_bytes(), 0);
    channel.sends("half of REGISTER", &sealed[..sealed.len() / 2]);
    channel.wire.ends();
    channel.is_over();
    is_unknown(&mut witness, &name);
}

/// Takes so many bytes from the end of a record, and shortens the length in its header.
fn cut(sealed: &mut Vec<u8>, bytes: usize) {
    *sealed = record(DATA, &sealed[5..sealed.len() - bytes]);
}

/// A request, whose success can be seen from elsewhere.
fn register(name: &str) -> String {
    Block::text("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", "6002")])
}

/// Nobody has registered by this name.
#[track_caller]
pub fn is_unknown(witness: &mut Channel, name: &str) {
    witness.asks("JOIN", &[("clientID", name)]);
    witness.gets("ERROR").has(&[("For", "JOIN"), ("Code", "not-registered")]);
}

/// What is sent of three sealed requests.
type Order = (&'static str, &'static [usize]);

pub fn a_record_out_of_turn_is_refused(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    let mut witness = class.joins("witness", &server, dice);
    let orders: [Order; 4] = [
        ("the same record comes twice", &[0, 0]),
        ("an older record comes again", &[0, 1, 0]),
        ("two records change their places", &[1, 0]),
        ("a record is missing", &[0, 2]),
    ];
    for (what, order) in orders {
        let name = dice.word();
        step(format!("{name} says something in each of three records; {what}"));
        let mut speaker = class.joins(&name, &server, dice);
        joined(&mut witness, &name);
        let texts: Vec<String> = (0..3).map(|_| dice.word()).collect();
        let sealed: Vec<Vec<u8>> = texts
            .iter()
            .map(|text| speaker.seals(DATA, Block::text("SAY", &[("Text", text)]).as_bytes(), 0))
            .collect();
        let right = order.iter().enumerate().take_while(|(place, index)| place == *index).count();
        for index in order {
            speaker.sends(&format!("record {index}: SAY {}", texts[*index]), &sealed[*index]);
        }
        for text in &texts[..right] {
            witness.gets("SAID").has(&[("Text", text)]);
        }
        step("what came in its turn was heard, and nothing after it");
        witness.gets("LEFT").has(&[("clientID", &name)]);
        speaker.is_told_at_last(BAD_RECORD_MAC);
        witness.hears_nothing_before(&dice.word());
    }
}

/// Somebody is there now.
#[track_caller]
fn joined(witness: &mut Channel, name: &str) {
    witness.gets("JOINED").has(&[("clientID", name)]);
}

pub fn a_record_holds_16384_bytes(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    let mut alice = class.connects("alice", &server, dice);
    for (what, length, zeros) in [
        ("a record with 16,384 bytes of data", MOST, 0),
        ("one with as many bytes, of which 16,000 are padding", MOST - 16_000, 16_000),
    ] {
        step(what);
        let (text, word) = long_ping(length, dice);
        let sealed = alice.seals(DATA, text.as_bytes(), zeros);
        alice.sends("PING, with headers that nobody knows", &sealed);
        alice.gets("PONG").has_exactly(&[("Token", &word)]);
    }
    for (what, length, zeros) in [
        ("one byte more is too long", MOST + 1, 0),
        ("a byte of padding more is too long, too", MOST - 5000, 5001),
    ] {
        step(what);
        let mut bob = class.connects("bob", &server, dice);
        let (text, _) = long_ping(length, dice);
        let sealed = bob.seals(DATA, text.as_bytes(), zeros);
        bob.sends("PING, too long", &sealed);
        bob.is_told(RECORD_OVERFLOW);
    }
}

/// A PING with so many bytes, and its Token.
fn long_ping(length: usize, dice: &mut Dice) -> (String, String) {
    let word = dice.word();
    let head = format!("PING\r\nToken: {word}\r\n");
    let rest = length - head.len() - 2;
    let lines = rest.div_ceil(4000);
    let sizes = (0..lines).map(|line| rest / lines + usize::from(line < rest % lines));
    let lines: String = sizes.map(|size| format!("X: {:x<1$}\r\n", "", size - 5)).collect();
    (head + &lines + "\r\n", word)
}

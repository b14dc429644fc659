//! Somebody on the way between a client and a server, who does not have the key.

use std::time::Duration;

use crate::driver::cast::{Client, Server};
use crate::driver::dice::Dice;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::played::Played;
use crate::driver::story::{self, step};
use crate::driver::wire::Wire;
use crate::lab10::class::Class;
use crate::lab10::tls::{CHANGE_CIPHER_SPEC, HANDSHAKE};

/// Which way a record goes.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    ToServer,
    ToClient,
}

/// What the go-between does to which record of a direction: it returns all that goes on in its place.
type Deed = (&'static str, Way, usize, fn(&[u8], &[u8]) -> Vec<u8>);

/// Flips a bit of a record, so far behind its header.
fn flipped(record: &[u8], at: usize) -> Vec<u8> {
    let mut record = record.to_vec();
    record[5 + at] ^= 1;
    record
}

/// The deeds, none of which may be obeyed. The second argument is the record before, of the same direction.
const DEEDS: [Deed; 7] = [
    ("changes the random of the ClientHello", Way::ToServer, 0, |it, _| flipped(it, 6)),
    ("changes the random of the ServerHello", Way::ToClient, 0, |it, _| flipped(it, 6)),
    ("changes what the server proves", Way::ToClient, 2, |it, _| flipped(it, 0)),
    ("changes what the client proves", Way::ToServer, 1, |it, _| flipped(it, 9)),
    ("changes the client's first request", Way::ToServer, 2, |it, _| flipped(it, 3)),
    ("lets the client's first request through twice", Way::ToServer, 2, |it, _| it.repeat(2)),
    ("sends the client's proof once more", Way::ToServer, 2, |it, before| [before, it].concat()),
];

pub fn a_go_between_can_only_cut_the_wire(dice: &mut Dice) {
    let class = Class::new(dice);
    let server = class.server();
    let mut witness = class.joins("witness", &server, dice);
    let name = dice.word();
    step(format!("{name}'s client and the server meet over a go-between that changes nothing"));
    let (played, bob) = client(&class, &name);
    let mut middle = Middle::between(&played, &server);
    middle.passes_on(None);
    bob.sees_all(&["Your ID: "]);
    witness.gets("JOINED").has(&[("clientID", &name)]);
    drop((middle, bob));
    witness.gets("LEFT");
    for deed in DEEDS {
        let name = dice.word();
        step(format!("the go-between {}", deed.0));
        let (played, bob) = client(&class, &name);
        let mut middle = Middle::between(&played, &server);
        middle.passes_on(Some(deed));
        step(format!("{name} is not in the room"));
        witness.hears_nothing_before(&dice.word());
        drop((middle, bob));
    }
}

/// A client that takes the go-between for its server.
fn client(class: &Class, name: &str) -> (Played, Client) {
    let played = Played::open();
    let client = class.client(name, played.address());
    (played, client)
}

/// The go-between, with a connection to each side.
struct Middle {
    client: Wire,
    server: Wire,
    /// How many records it has passed on, but for `change_cipher_spec`.
    counts: [usize; 2],
    /// The last one in each direction.
    last: [Vec<u8>; 2],
}

impl Middle {
    fn between(played: &Played, server: &Server) -> Self {
        let client = played.accepts("the go-between, to the client");
        let server = server.connect("the go-between, to the server");
        Self { client, server, counts: [0; 2], last: [Vec::new(), Vec::new()] }
    }

    /// Passes records on until one side hangs up, after a deed; or until the client has joined, without one.
    fn passes_on(&mut self, deed: Option<Deed>) {
        let until = story::deadline();
        loop {
            for way in [Way::ToServer, Way::ToClient] {
                let from = if way == Way::ToServer { &mut self.client } else { &mut self.server };
                if from.hears_within(Duration::from_millis(1)) && !self.passes_one(way, deed) {
                    return;
                }
            }
            // The client's Finished, REGISTER and JOIN; the server's three of the handshake, and an answer to each.
            if deed.is_none() && self.counts >= [4, 5] && self.counts[1] >= 5 {
                return;
            }
            fail_if_one_has_failed();
            if story::left(until).is_zero() {
                let expected = "one side hangs up on the other";
                story::time_out(story::instead(expected, format!("nothing{}", story::in_time())));
            }
        }
    }

    /// Passes one record on; `false` if there is none, and never will be.
    fn passes_one(&mut self, way: Way, deed: Option<Deed>) -> bool {
        let (from, to) = match way {
            Way::ToServer => (&mut self.client, &mut self.server),
            Way::ToClient => (&mut self.server, &mut self.client),
        };
        let Some(head) = from.takes(5, "a record") else { return false };
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        let Some(body) = from.takes(length, "the rest of a record") else { return false };
        let record = [head, body].concat();
        let index = way as usize;
        let mine = deed.filter(|deed| (deed.1, deed.2) == (way, self.counts[index]));
        let is_counted = record[0] != CHANGE_CIPHER_SPEC;
        let on = match mine.filter(|_| is_counted) {
            Some((_, _, _, change)) => change(&record, &self.last[index]),
            None => record.clone(),
        };
        let what = if record[0] == HANDSHAKE { "in the clear" } else { "sealed" };
        let changed = if on == record { "" } else { ", changed" };
        let line = format!("(a record of {length} bytes, {what}{changed})");
        story::told(to.who(), "->", line.as_bytes());
        self.counts[index] += usize::from(is_counted);
        self.last[index] = record;
        to.passes_if_open(&on)
    }
}

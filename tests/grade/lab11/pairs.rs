//! The table of pairs: two of your clients, and a NAT before each, which is the grader.

use std::thread;
use std::time::{Duration, Instant};

use crate::driver::by_hand;
use crate::driver::cast::Client;
use crate::driver::dice::Dice;
use crate::driver::exact::only_until;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::nat::{Kind, Network};
use crate::driver::played::{Guest, Peer, Played, Secrets};
use crate::driver::story::{self, instead, step};
use crate::lab11::peer::{BY_HAND, SEARCH, calls, headers, introduces};

/// What stands before a client.
type Before = Option<Kind>;

/// The pairs that have a way.
const WAYS: [(&str, [Before; 2]); 6] = [
    ("a cone and nothing", [Some(Kind::Cone), None]),
    ("two cones", [Some(Kind::Cone), Some(Kind::Cone)]),
    ("a restricted cone and a cone", [Some(Kind::Restricted), Some(Kind::Cone)]),
    ("a full cone and a symmetric one", [Some(Kind::FullCone), Some(Kind::Symmetric)]),
    ("a symmetric one and a restricted cone", [Some(Kind::Symmetric), Some(Kind::Restricted)]),
    ("nothing and a symmetric one", [None, Some(Kind::Symmetric)]),
];
/// The pairs that have none.
const NO_WAYS: [(&str, [Before; 2]); 2] = [
    ("a cone and a symmetric one", [Some(Kind::Cone), Some(Kind::Symmetric)]),
    ("two symmetric ones", [Some(Kind::Symmetric), Some(Kind::Symmetric)]),
];
/// How the sentence begins.
const NO_WAY: &str = "no way to bob was found by UDP: /chat bob";

/// Alice and bob at a server that is played, each behind its box.
struct Pair {
    _played: Played,
    network: Network,
    clients: [Client; 2],
    guests: [Guest; 2],
    hosts: [usize; 2],
}

impl Pair {
    /// Each behind a box of its own, or both behind one.
    fn new(boxes: [Before; 2], is_one: bool) -> Self {
        by_hand::cannot(BY_HAND);
        let (played, network) = (Played::open(), Network::new());
        let alice = Client::start("alice", played.address());
        let mut alices = played.welcomes(1, &[]);
        alice.sees_line("Other clients' IDs: none");
        let bob = Client::start("bob", played.address());
        let bobs = played.welcomes(2, &[&alices.me]);
        bob.sees_line("Other clients' IDs: 1 (alice)");
        alices.hears_of(&bobs.me);
        alice.sees_line(&format!("bob joined (ID 2, {})", bob.address()));
        let one = boxes[0].map(|kind| network.nat(kind));
        let two = if is_one { one } else { boxes[1].map(|kind| network.nat(kind)) };
        let hosts = [network.host(one, alice.address()), network.host(two, bob.address())];
        Self { _played: played, network, clients: [alice, bob], guests: [alices, bobs], hosts }
    }

    /// Alice queries bob, and both are told where the other one may be; then she says something.
    fn queries(&mut self, text: &str, is_one: bool, dice: &mut Dice) {
        let [seen, inside] = [0, 1].map(|what| {
            self.hosts.map(|host| {
                if what == 0 { self.network.seen(host) } else { self.network.inside(host) }
            })
        });
        let secrets = Secrets::new(dice);
        self.clients[0].types("/query bob");
        // The one who is told, and the one whom it is about.
        for (at, about) in [(1, 0), (0, 1)] {
            let door = |there| self.network.door(self.hosts[at], there);
            let listed = door((seen[about].ip(), 5000).into());
            let told = headers(&secrets, door(seen[about]), is_one.then(|| door(inside[about])));
            let Peer { name, id, .. } = self.guests[about].me.clone();
            let peer = Peer::new(&name, listed, id);
            if at == 1 {
                calls(&mut self.guests[1], &peer, &told);
            } else {
                introduces(&mut self.guests[0], &peer, &told);
            }
        }
        self.clients[0].types(&format!("/msg {text}"));
    }
}

pub fn every_pair_of_the_table_goes_its_way(dice: &mut Dice) {
    for (what, boxes) in WAYS {
        step(format!("alice and bob are behind {what}: she queries him, and says something"));
        finds_a_way(boxes, false, dice);
    }
    step(
        "both are behind one box, which does not turn round what comes from inside: the LAN is the way",
    );
    finds_a_way([Some(Kind::Cone); 2], true, dice);
    let mut pairs = Vec::new();
    for (what, boxes) in NO_WAYS {
        step(format!("alice and bob are behind {what}: there is no way, and she is told so"));
        let (mut pair, text) = (Pair::new(boxes, false), dice.text());
        pair.queries(&text, false, dice);
        pairs.push((pair, text));
    }
    pairs.iter().for_each(|(pair, text)| has_no_way(pair, text));
}

/// What alice says arrives at bob.
fn finds_a_way(boxes: [Before; 2], is_one: bool, dice: &mut Dice) {
    let (mut pair, text) = (Pair::new(boxes, is_one), dice.text());
    let begun = Instant::now();
    pair.queries(&text, is_one, dice);
    only_until(begun + SEARCH, || {
        pair.clients[1].sees_line(&format!("alice (udp): {text}"));
        pair.clients[0].sees_line(&format!("Delivered to bob (udp): {text}"));
    });
}

/// All is tried, and alice is told. As long as PUNCH goes out she need not be told yet.
fn has_no_way(pair: &Pair, text: &str) {
    let alice = &pair.clients[0];
    let (mut sent, mut until) = (0, story::deadline());
    while !alice.output().contains(NO_WAY) {
        fail_if_one_has_failed();
        let now = pair.network.sent(pair.hosts[0]);
        if now > sent {
            (sent, until) = (now, story::deadline());
        }
        if story::left(until).is_zero() {
            let came = format!("nothing{}, after {sent} PUNCHes", story::in_time());
            story::time_out(instead(format!("{NO_WAY} …"), came));
        }
        thread::sleep(Duration::from_millis(5));
    }
    alice.sees_line(&format!("not delivered to bob: {text}"));
    alice.sees_all(&[NO_WAY]);
}

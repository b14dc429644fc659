//! What is only a matter of time and of addresses. These checks call your functions, and no program: the clock jumps.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use p2p_chat::client::direct::udp::path::{Path, PathStep};
use p2p_chat::client::direct::udp::punches::{Punch, Punches, candidate_order};
use p2p_chat::wire::{Candidates, Secret};

use crate::driver::by_hand;
use crate::driver::dice::Dice;
use crate::driver::nat::{Kind, Nat};
use crate::driver::story::{self, fail, instead, step};

/// What can be done in place of a play.
const BY_HAND: &str = "this story is about two types and not about a program: play it in a test of your own,\n\
    or with paper and pencil (src/client/direct/udp/punches.rs and path.rs)";
/// When PUNCH must go to an address, in milliseconds.
const SCHEDULE: [u64; 8] = [0, 100, 200, 400, 800, 1_600, 3_200, 4_800];
/// How long the address in one's own network is tried alone.
const HEAD_START: u64 = 200;
/// The most addresses.
const MOST: usize = 5;
/// After so many seconds of silence a keepalive is due.
const KEEPALIVE: u64 = 15;
/// After so long a box has forgotten an idle flow (Ford, Srisuresh and Kegel, 2005).
const FORGETS: Duration = Duration::from_secs(20);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// What must come in which order: Seen, Local, the listed address, and then what is expected.
type Order = (&'static str, Option<&'static str>, &'static str, &'static [(&'static str, u64)]);

const ORDERS: [Order; 6] = [
    (
        "203.0.113.9:40000",
        None,
        "203.0.113.9:5556",
        &[("203.0.113.9:40000", 0), ("203.0.113.9:5556", 0)],
    ),
    (
        "203.0.113.9:40000",
        Some("192.168.1.5:5556"),
        "203.0.113.9:5556",
        &[
            ("192.168.1.5:5556", 0),
            ("203.0.113.9:40000", HEAD_START),
            ("203.0.113.9:5556", HEAD_START),
        ],
    ),
    ("203.0.113.9:5556", None, "203.0.113.9:5556", &[("203.0.113.9:5556", 0)]),
    (
        "203.0.113.9:5556",
        Some("192.168.1.5:5556"),
        "203.0.113.9:5556",
        &[("192.168.1.5:5556", 0), ("203.0.113.9:5556", HEAD_START)],
    ),
    (
        "[2001:db8::9]:40000",
        Some("192.168.1.5:5556"),
        "192.168.1.5:5556",
        &[("192.168.1.5:5556", 0), ("[2001:db8::9]:40000", HEAD_START)],
    ),
    ("127.0.0.1:5556", Some("127.0.0.1:5556"), "127.0.0.1:5556", &[("127.0.0.1:5556", 0)]),
];

pub fn candidates_come_in_their_order(_: &mut Dice) {
    by_hand::cannot(BY_HAND);
    for (seen, local, listed, expected) in ORDERS {
        let known = local.map_or(String::new(), |local| format!(", Local {local}"));
        step(format!("Seen {seen}{known}, listed {listed}"));
        let candidates = Candidates { seen: Some(address(seen)), local: local.map(address) };
        let order = candidate_order(&candidates, address(listed));
        let shown = |order: &[(SocketAddr, Duration)]| {
            let lines = order.iter().map(|(at, after)| format!("{at} after {after:?}"));
            lines.collect::<Vec<_>>().join(", ")
        };
        let expected: Vec<_> =
            expected.iter().map(|(at, after)| (address(at), milliseconds(*after))).collect();
        story::told("candidate_order", "<-", shown(&order).as_bytes());
        if order != expected {
            fail(instead(shown(&expected), shown(&order)));
        }
    }
}

/// A search, and all that it sends until it has nothing to do any more.
fn runs(punches: &mut Punches, begun: Instant) -> Vec<(Duration, Punch)> {
    let (mut sent, mut now) = (Vec::new(), begun);
    for _ in 0..200 {
        let Some(due) = punches.deadline() else { break };
        now = now.max(due);
        if punches.have_failed(now) {
            return sent;
        }
        for punch in punches.due(now) {
            let line =
                format!("{:?} {} {}, the {}.", now - begun, punch.to, punch.nonce, punch.count);
            story::told("due", "<-", line.as_bytes());
            sent.push((now - begun, punch));
        }
    }
    fail(instead("a search that ends", "one that is due again and again and sends nothing"))
}

pub fn each_address_has_its_schedule_and_its_nonce(_: &mut Dice) {
    by_hand::cannot(BY_HAND);
    let (begun, mut punches) = (Instant::now(), Punches::default());
    let [one, two] = ["203.0.113.9:40000", "203.0.113.9:5556"].map(address);
    step("two addresses are tried: the second one 200 ms after the first, and it is named twice");
    punches.add(one, begun);
    punches.add(two, begun + milliseconds(HEAD_START));
    punches.add(two, begun);
    let sent = runs(&mut punches, begun);
    for (to, start) in [(one, 0), (two, HEAD_START)] {
        let own: Vec<_> = sent.iter().filter(|(_, punch)| punch.to == to).collect();
        let times: Vec<_> = own.iter().map(|(time, _)| *time).collect();
        let expected: Vec<_> = SCHEDULE.iter().map(|time| milliseconds(start + time)).collect();
        if times != expected {
            let [expected, times] = [expected, times].map(|times| format!("{times:?}"));
            fail(instead(format!("PUNCH to {to} after {expected}"), times));
        }
        if let Some((_, punch)) = own.iter().find(|(_, punch)| punch.nonce != own[0].1.nonce) {
            fail(instead(format!("one Nonce for {to}: {}", own[0].1.nonce), punch.nonce));
        }
        if let Some(place) = (0..own.len()).find(|place| own[*place].1.count != place + 1) {
            fail(instead(format!("the count {} of a PUNCH", place + 1), own[place].1.count));
        }
    }
    let nonces: HashSet<_> = sent.iter().map(|(_, punch)| punch.nonce).collect();
    if nonces.len() != 2 {
        fail(instead("another Nonce for each address", "the same for both"));
    }
    sleeps(one, two);
    names_many();
    step("another search has other Nonces");
    let mut others = Punches::default();
    others.add(one, begun);
    if let Some(punch) = others.due(begun).iter().find(|punch| nonces.contains(&punch.nonce)) {
        fail(instead("a fresh random Nonce", format!("{} once more", punch.nonce)));
    }
}

/// Somebody calls late: what was missed is not made up for.
fn sleeps(one: SocketAddr, two: SocketAddr) {
    step(
        "the program sleeps for 900 ms: then one PUNCH goes to each address, and not all that were missed",
    );
    let (begun, mut punches) = (Instant::now(), Punches::default());
    punches.add(one, begun);
    punches.add(two, begun);
    for (after, expected) in
        [(900, vec![one, two]), (900, vec![]), (1_599, vec![]), (1_600, vec![one, two])]
    {
        let due = punches.due(begun + milliseconds(after));
        let to: Vec<_> = due.iter().map(|punch| punch.to).collect();
        story::told("due", "<-", format!("{after} ms: {to:?}").as_bytes());
        if to != expected {
            fail(instead(format!("PUNCH to {expected:?} at {after} ms"), format!("{to:?}")));
        }
    }
}

/// Somebody names more addresses than may be tried.
fn names_many() {
    step(format!("twelve addresses are named: the first {MOST} are tried"));
    let (begun, mut punches) = (Instant::now(), Punches::default());
    let all: Vec<_> = (1..=12).map(|last| address(&format!("203.0.113.{last}:9"))).collect();
    all.iter().for_each(|address| punches.add(*address, begun));
    let to: Vec<_> = punches.due(begun).iter().map(|punch| punch.to).collect();
    if to != all[..MOST] {
        fail(instead(format!("PUNCH to {:?}", &all[..MOST]), format!("{to:?}")));
    }
}

/// A path whose address is proven at this moment.
fn proven(own: &str, at: &str, now: Instant) -> Path {
    let (own, at): (IpAddr, _) = (own.parse().unwrap(), address(at));
    let mut path = Path::new(Secret::random(), Some(own));
    path.introduced(path.ticket, &Candidates { seen: Some(at), local: None }, at);
    path.search(now);
    let punch = path.due(now).into_iter().find_map(|step| match step {
        PathStep::Search(punch) => Some(punch),
        _ => None,
    });
    let Some(punch) = punch else { fail("a search begins, and PUNCH does not go out") };
    if !path.answered(at, punch.nonce, now) || path.address() != Some(at) {
        fail(format!("PUNCHACK from {at} repeats what was sent there, and does not prove it"));
    }
    path
}

pub fn a_mapping_that_forgets_is_kept_open(_: &mut Dice) {
    by_hand::cannot(BY_HAND);
    let (own, peer) = (address("192.168.1.5:5556"), address("203.0.113.9:40000"));
    let begun = Instant::now();
    let mut nat = Nat::new(Kind::Cone, "203.0.113.10".parse().unwrap(), Some(FORGETS));
    let mut path = proven("192.168.1.5", "203.0.113.9:40000", begun);
    let seen = nat.lets_out(own, peer, begun);
    step(
        "ten minutes of silence, behind a NAT that forgets after 20 s; the peer answers each keepalive",
    );
    for second in 1..=600 {
        let now = begun + Duration::from_secs(second);
        if nat.lets_in(peer, seen.port(), now).is_none() {
            fail(format!("the way is closed after {second} s: nothing was sent for 20 s"));
        }
        for step in path.due(now) {
            let PathStep::Keep(punch) = step else { continue };
            story::told("due", "<-", format!("{second} s: PUNCH to {}", punch.to).as_bytes());
            if second % KEEPALIVE != 0 {
                let expected = format!("a keepalive after each {KEEPALIVE} s of silence");
                fail(instead(expected, format!("one after {second} s")));
            }
            nat.lets_out(own, punch.to, now);
            path.heard();
        }
    }
    what_is_said_counts(begun);
    where_nobody_forgets_nothing_is_sent(begun);
    step("the peer is gone: after four keepalives without an answer nothing more is sent");
    let mut path = proven("192.168.1.5", "203.0.113.9:40000", begun);
    let mut sent = Vec::new();
    while let Some(due) = path.deadline().filter(|_| sent.len() < 10) {
        sent.extend(path.due(due).iter().map(|_| (due - begun).as_secs()));
    }
    if sent != [15, 30, 45, 60] {
        fail(instead("keepalives after 15, 30, 45 and 60 s", format!("{sent:?}")));
    }
}

/// A text keeps the way open, too.
fn what_is_said_counts(begun: Instant) {
    step("a text goes to the peer after 10 s, and something elsewhere after 12 s");
    let mut path = proven("192.168.1.5", "203.0.113.9:40000", begun);
    path.spoke(address("203.0.113.9:40000"), begun + Duration::from_secs(10));
    path.spoke(address("198.51.100.7:1"), begun + Duration::from_secs(12));
    let due = path.deadline().map(|due| (due - begun).as_secs());
    if due != Some(10 + KEEPALIVE) {
        let came = due.map_or("none".to_owned(), |due| format!("one after {due} s"));
        fail(instead("a keepalive after 25 s", came));
    }
}

/// On loopback and in one's own network an idle conversation is silent.
fn where_nobody_forgets_nothing_is_sent(begun: Instant) {
    for (own, at) in [
        ("127.0.0.1", "127.0.0.1:5556"),
        ("192.168.1.5", "192.168.1.6:5556"),
        ("2001:db8:1::5", "[2001:db8:1::6]:5556"),
    ] {
        step(format!("{own} talks to {at}: nobody on this way forgets"));
        if let Some(due) = proven(own, at, begun).deadline() {
            let came = format!("one after {} s", (due - begun).as_secs());
            fail(instead("no keepalive", came));
        }
    }
}

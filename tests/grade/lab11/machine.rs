//! What is only a matter of time and of addresses. The search and the path are asked alone, and the clock jumps.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::driver::dice::Dice;
use crate::driver::nat::{Kind, Nat};
use crate::driver::part::Part;
use crate::driver::story::{fail, instead, step};

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
    let search = Part::start("the search", &["punches"]);
    for (seen, local, listed, expected) in ORDERS {
        let local = local.map_or(String::new(), |local| format!(" local {local}"));
        step(format!("Seen is {seen}, listed {listed}{}", local.replace(" local", ", Local")));
        let expected: Vec<String> =
            expected.iter().map(|(at, after)| format!("{at} after {after}")).collect();
        let question = format!("order {listed} seen {seen}{local}");
        search.answers(&question, &expected.join(", "), "each address once");
    }
}

/// A PUNCH in an answer.
#[derive(Clone, Debug)]
struct Punch {
    to: SocketAddr,
    nonce: String,
    count: usize,
}

/// What a search, or a path, does at one time.
#[derive(Debug, Default)]
struct Doing {
    punches: Vec<Punch>,
    /// Those that keep a way open.
    keeps: Vec<Punch>,
    has_failed: bool,
    in_use: Option<SocketAddr>,
    /// When it has something to do, in milliseconds.
    due: Option<u64>,
}

impl Doing {
    /// Asks, and reads the answer.
    #[track_caller]
    fn asked(part: &Part, question: &str) -> Self {
        let answer = part.asks(question);
        let mut doing = Self::default();
        for field in answer.split("; ").filter(|field| *field != "nothing") {
            if doing.reads(&field.split(' ').collect::<Vec<_>>()).is_none() {
                let fields = "punch ADDRESS NONCE COUNT, keep …, failed, in use ADDRESS, due T";
                fail(instead(fields, format!("{answer:?}")));
            }
        }
        doing
    }

    /// Reads a field.
    fn reads(&mut self, field: &[&str]) -> Option<()> {
        match field {
            [word @ ("punch" | "keep"), to, nonce, count] => {
                let (to, count) = (to.parse().ok()?, count.parse().ok()?);
                let list = if *word == "punch" { &mut self.punches } else { &mut self.keeps };
                list.push(Punch { to, nonce: (*nonce).to_owned(), count });
            }
            ["failed"] => self.has_failed = true,
            ["in", "use", address] => self.in_use = Some(address.parse().ok()?),
            ["due", time] => self.due = Some(time.parse().ok()?),
            _ => return None,
        }
        Some(())
    }

    /// Where its `PUNCH` datagrams go.
    fn goals(&self) -> Vec<SocketAddr> {
        self.punches.iter().map(|punch| punch.to).collect()
    }
}

/// A search, and all that it sends until it has nothing to do any more, with the times.
#[track_caller]
fn runs(search: &Part) -> Vec<(u64, Punch)> {
    let (mut sent, mut now) = (Vec::new(), 0);
    for _ in 0..200 {
        let doing = Doing::asked(search, &format!("at {now}"));
        sent.extend(doing.punches.into_iter().map(|punch| (now, punch)));
        match doing.due {
            _ if doing.has_failed => return sent,
            Some(due) => now = due.max(now),
            None => break,
        }
    }
    fail(instead("a search that fails in the end", "one that does not"))
}

/// Begins another search, and has it try these addresses from these times on.
#[track_caller]
fn tries(search: &Part, addresses: &[(SocketAddr, u64)]) {
    search.answers("new", "new", "which forgets all");
    for (address, start) in addresses {
        search.answers(&format!("at {start} try {address}"), "tried", "or left out");
    }
}

pub fn each_address_has_its_schedule_and_its_nonce(_: &mut Dice) {
    let search = Part::start("the search", &["punches"]);
    let [one, two] = ["203.0.113.9:40000", "203.0.113.9:5556"].map(address);
    step("two addresses are tried: the second one 200 ms after the first, and it is named twice");
    tries(&search, &[(one, 0), (two, HEAD_START), (two, 0)]);
    let sent = runs(&search);
    for (to, start) in [(one, 0), (two, HEAD_START)] {
        let own: Vec<_> = sent.iter().filter(|(_, punch)| punch.to == to).collect();
        let times: Vec<_> = own.iter().map(|(time, _)| *time).collect();
        let expected: Vec<_> = SCHEDULE.iter().map(|time| start + time).collect();
        if times != expected {
            fail(instead(format!("PUNCH to {to} at {expected:?} ms"), format!("{times:?}")));
        }
        if let Some((_, punch)) = own.iter().find(|(_, punch)| punch.nonce != own[0].1.nonce) {
            fail(instead(format!("one Nonce for {to}: {}", own[0].1.nonce), &punch.nonce));
        }
        if let Some(place) = (0..own.len()).find(|place| own[*place].1.count != place + 1) {
            fail(instead(format!("the count {} of a PUNCH", place + 1), own[place].1.count));
        }
    }
    let nonces: HashSet<_> = sent.into_iter().map(|(_, punch)| punch.nonce).collect();
    if nonces.len() != 2 {
        fail(instead("another Nonce for each address", "the same for both"));
    }
    sleeps(&search, one, two);
    names_many(&search);
    step("another search has other Nonces");
    tries(&search, &[(one, 0)]);
    let others = Doing::asked(&search, "at 0").punches;
    if let Some(punch) = others.iter().find(|punch| nonces.contains(&punch.nonce)) {
        fail(instead("a fresh random Nonce", format!("{} once more", punch.nonce)));
    }
}

/// Somebody calls late: what was missed is not made up for.
#[track_caller]
fn sleeps(search: &Part, one: SocketAddr, two: SocketAddr) {
    step(
        "the program sleeps for 900 ms: then one PUNCH goes to each address, and not all that were missed",
    );
    tries(search, &[(one, 0), (two, 0)]);
    for (after, expected) in
        [(900, vec![one, two]), (900, vec![]), (1_599, vec![]), (1_600, vec![one, two])]
    {
        let goals = Doing::asked(search, &format!("at {after}")).goals();
        if goals != expected {
            fail(instead(format!("PUNCH to {expected:?} at {after} ms"), format!("{goals:?}")));
        }
    }
}

/// Somebody names more addresses than may be tried.
#[track_caller]
fn names_many(search: &Part) {
    step(format!("twelve addresses are named: the first {MOST} are tried"));
    let all: Vec<_> = (1..=12).map(|last| (address(&format!("203.0.113.{last}:9")), 0)).collect();
    tries(search, &all);
    let (goals, all) = (Doing::asked(search, "at 0").goals(), all[..MOST].iter());
    let expected: Vec<_> = all.map(|(address, _)| *address).collect();
    if goals != expected {
        fail(instead(format!("PUNCH to {expected:?}"), format!("{goals:?}")));
    }
}

/// Begins a path of a client with the address `own`. Gives what it does as soon as its peer's address `at` is proven,
/// at 0 ms.
#[track_caller]
fn proves(path: &Part, own: &str, at: &str) -> Doing {
    path.answers(&format!("new {own}"), "new", "which forgets all");
    let begun = Doing::asked(path, &format!("at 0 told {at}"));
    let Some(punch) = begun.punches.first() else {
        fail("a search begins, and PUNCH does not go out")
    };
    let doing = Doing::asked(path, &format!("at 0 ack {at} {}", punch.nonce));
    if doing.in_use != Some(address(at)) {
        fail(format!("PUNCHACK from {at} repeats what was sent there, and does not prove it"));
    }
    doing
}

/// Somebody in a home, and a peer elsewhere.
const HOME: &str = "192.168.1.5";
const PEER: &str = "203.0.113.9:40000";

pub fn a_mapping_that_forgets_is_kept_open(_: &mut Dice) {
    let path = Part::start("the path", &["path"]);
    let (own, peer) = (address(&format!("{HOME}:5556")), address(PEER));
    let begun = Instant::now();
    let mut nat = Nat::new(Kind::Cone, "203.0.113.10".parse().unwrap(), Some(FORGETS));
    step(
        "ten minutes of silence, behind a NAT that forgets after 20 s; the peer answers each keepalive",
    );
    proves(&path, HOME, PEER);
    let seen = nat.lets_out(own, peer, begun);
    for second in 1..=600 {
        let now = begun + Duration::from_secs(second);
        if nat.lets_in(peer, seen.port(), now).is_none() {
            fail(format!("the way is closed after {second} s: nothing was sent for 20 s"));
        }
        for keep in Doing::asked(&path, &format!("at {second}000")).keeps {
            if second % KEEPALIVE != 0 {
                let expected = format!("a keepalive after each {KEEPALIVE} s of silence");
                fail(instead(expected, format!("one after {second} s")));
            }
            nat.lets_out(own, keep.to, now);
            Doing::asked(&path, &format!("at {second}000 heard"));
        }
    }
    what_is_said_counts(&path);
    where_nobody_forgets_nothing_is_sent(&path);
    step("the peer is gone: after four keepalives without an answer nothing more is sent");
    let mut doing = proves(&path, HOME, PEER);
    let mut sent = Vec::new();
    while let Some(due) = doing.due.filter(|_| sent.len() < 10) {
        doing = Doing::asked(&path, &format!("at {due}"));
        sent.extend(doing.keeps.iter().map(|_| due));
    }
    if sent != [15_000, 30_000, 45_000, 60_000] {
        fail(instead("keepalives after 15, 30, 45 and 60 s", format!("after {sent:?} ms")));
    }
}

/// A text keeps the way open, too.
#[track_caller]
fn what_is_said_counts(path: &Part) {
    step("a text goes to the peer after 10 s, and something elsewhere after 12 s");
    proves(path, HOME, PEER);
    Doing::asked(path, &format!("at 10000 sent {PEER}"));
    let due = Doing::asked(path, "at 12000 sent 198.51.100.7:1").due;
    if due != Some((10 + KEEPALIVE) * 1000) {
        let came = due.map_or("none".to_owned(), |due| format!("one after {due} ms"));
        fail(instead("a keepalive after 25 s", came));
    }
}

/// On loopback and in one's own network an idle conversation is silent.
#[track_caller]
fn where_nobody_forgets_nothing_is_sent(path: &Part) {
    for (own, at) in [
        ("127.0.0.1", "127.0.0.1:5556"),
        ("192.168.1.5", "192.168.1.6:5556"),
        ("2001:db8:1::5", "[2001:db8:1::6]:5556"),
    ] {
        step(format!("{own} talks to {at}: nobody on this way forgets"));
        if let Some(due) = proves(path, own, at).due {
            fail(instead("no keepalive", format!("one after {due} ms")));
        }
    }
}

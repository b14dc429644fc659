//! The path of a conversation, without sockets: two machines, a clock that jumps, and the NATs between them.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use p2p_chat::client::direct::udp::path::{KEEPALIVE, Path, PathStep, Reach};
use p2p_chat::client::direct::udp::punches::{
    MAX_CANDIDATES, Punch, Punches, SCHEDULE, candidate_order,
};
use p2p_chat::random::Dice;
use p2p_chat::wire::{Candidates, PunchNonce, Secret};

/// What is sent to the server, so that the NAT has a mapping for it.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)), 5555);
/// How long a datagram is on its way.
const WAY: Duration = Duration::from_millis(20);

/// What stands between a machine and the world.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing.
    Open,
    /// One port for all destinations, and everybody may answer.
    FullCone,
    /// One port, and only those machines may answer to which something was sent.
    Restricted,
    /// One port, and only those ports.
    PortRestricted,
    /// A port for each destination, and only that one may answer.
    Symmetric,
}

/// A NAT with one machine behind it.
#[derive(Debug)]
struct Nat {
    kind: Kind,
    inside: SocketAddr,
    outside: IpAddr,
    /// To whom something was sent, and from which port.
    mappings: Vec<(SocketAddr, u16)>,
}

impl Nat {
    /// From where a datagram comes that goes out to `to`.
    fn out(&mut self, to: SocketAddr) -> SocketAddr {
        if self.kind == Kind::Open {
            return self.inside;
        }
        let port = match self.mappings.iter().find(|(known, _)| *known == to) {
            Some((_, port)) => *port,
            None if self.kind == Kind::Symmetric => {
                40_000 + u16::try_from(self.mappings.len()).unwrap()
            }
            None => 40_000,
        };
        self.mappings.push((to, port));
        SocketAddr::new(self.outside, port)
    }

    /// Whether what comes from `from` to `to` gets in.
    fn lets_in(&self, from: SocketAddr, to: SocketAddr) -> bool {
        if self.kind == Kind::Open {
            return to == self.inside;
        }
        let mut answers = self.mappings.iter().filter(|(_, port)| *port == to.port());
        to.ip() == self.outside
            && match self.kind {
                Kind::FullCone => answers.next().is_some(),
                Kind::Restricted => answers.any(|(known, _)| known.ip() == from.ip()),
                _ => answers.any(|(known, _)| *known == from),
            }
    }
}

/// What travels.
#[derive(Clone, Copy, Debug)]
enum Packet {
    Punch(PunchNonce),
    Ack(PunchNonce),
}

/// One machine.
struct Machine {
    nat: Nat,
    path: Path,
    /// When it hears of the introduction.
    starts: Instant,
    failed: bool,
    /// When it had a way.
    found: Option<Instant>,
}

/// Two machines and what is under way between them.
struct World {
    now: Instant,
    began: Instant,
    machines: [Machine; 2],
    under_way: VecDeque<(Instant, SocketAddr, SocketAddr, Packet)>,
    lost: u64,
    dice: Dice,
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl World {
    /// Two machines behind these, of which the second hears of the introduction so much later.
    fn new(kinds: [Kind; 2], late: Duration) -> Self {
        let places = ["192.168.1.5:5000", "192.168.2.5:5000"].map(address);
        let outside = ["203.0.113.10", "203.0.113.20"].map(|ip| ip.parse().unwrap());
        Self::at(kinds, places, outside, late)
    }

    /// Two machines at these places, behind NATs with these addresses.
    fn at(kinds: [Kind; 2], places: [SocketAddr; 2], outside: [IpAddr; 2], late: Duration) -> Self {
        let (began, ticket) = (Instant::now(), Secret::random());
        let mut nats = [0, 1].map(|at| Nat {
            kind: kinds[at],
            inside: places[at],
            outside: outside[at],
            mappings: Vec::new(),
        });
        let seen = [0, 1].map(|at: usize| nats[at].out(SERVER));
        let one_place = seen[0].ip() == seen[1].ip();
        let mut nats = nats.into_iter();
        let machines = [0, 1].map(|at: usize| {
            let mut path = Path::new(ticket, Some(places[at].ip()));
            let local = one_place.then_some(places[1 - at]);
            let listed = SocketAddr::new(seen[1 - at].ip(), 5000);
            let candidates = Candidates { seen: Some(seen[1 - at]), local };
            path.introduced(ticket, &candidates, listed);
            let starts = began + late * u32::from(at == 1);
            let nat = nats.next().unwrap();
            Machine { nat, path, starts, failed: false, found: None }
        });
        let (under_way, dice) = (VecDeque::new(), Dice::new(1));
        Self { now: began, began, machines, under_way, lost: 0, dice }
    }

    /// Machine `at` sends something.
    fn sends(&mut self, at: usize, to: SocketAddr, packet: Packet) {
        // Behind one NAT the two are neighbours, and it lets nothing turn round.
        let nats = [0, 1].map(|at: usize| self.machines[at].nat.outside);
        let neighbour = nats[0] == nats[1] && to.ip() != nats[0];
        let nat = &mut self.machines[at].nat;
        let from = if neighbour { nat.inside } else { nat.out(to) };
        if self.dice.below(100) >= self.lost {
            self.under_way.push_back((self.now + WAY, from, to, packet));
        }
    }

    /// Something arrives, if it gets in.
    fn arrives(&mut self, from: SocketAddr, to: SocketAddr, packet: Packet) {
        let nats = [0, 1].map(|at: usize| self.machines[at].nat.outside);
        let gets_in = |machine: &Machine| {
            let is_near = nats[0] == nats[1] && to == machine.nat.inside;
            is_near || (nats[0] != nats[1] && machine.nat.lets_in(from, to))
        };
        let Some(at) = self.machines.iter().position(gets_in) else { return };
        let machine = &mut self.machines[at];
        if machine.starts > self.now {
            return; // it knows of nothing
        }
        match packet {
            Packet::Punch(nonce) => {
                machine.path.met(from, self.now);
                self.sends(at, from, Packet::Ack(nonce));
            }
            Packet::Ack(nonce) => {
                if machine.path.answered(from, nonce, self.now) {
                    machine.found.get_or_insert(self.now);
                }
            }
        }
    }

    /// Does what is due.
    fn works(&mut self) {
        for at in 0..2 {
            let machine = &mut self.machines[at];
            if machine.starts > self.now {
                continue;
            }
            if machine.path.wants_search() {
                machine.path.search(self.now);
            }
            for step in machine.path.due(self.now) {
                match step {
                    PathStep::Search(Punch { to, nonce, .. }) => {
                        self.sends(at, to, Packet::Punch(nonce));
                    }
                    PathStep::Keep(_) => panic!("nothing was silent for so long"),
                    PathStep::Failed => self.machines[at].failed = true,
                }
            }
        }
    }

    /// Plays until both have a way, or until both know that there is none.
    fn plays(&mut self) {
        let is_done = |machine: &Machine| machine.failed || machine.found.is_some();
        loop {
            self.works();
            if self.machines.iter().all(is_done) {
                break;
            }
            let due = self.machines.iter().filter_map(|machine| {
                let due = machine.path.deadline();
                if machine.starts > self.now { Some(machine.starts) } else { due }
            });
            let next = due.chain(self.under_way.iter().map(|it| it.0)).min();
            self.now = next.expect("something is due or under way").max(self.now);
            while let Some((at, from, to, packet)) = self.under_way.pop_front() {
                if at > self.now {
                    self.under_way.push_front((at, from, to, packet));
                    break;
                }
                self.arrives(from, to, packet);
            }
            assert!(self.now < self.began + Duration::from_secs(40), "it goes on for ever");
        }
    }

    /// How long after the beginning each had its way, in milliseconds.
    fn times(&self) -> [Option<u128>; 2] {
        [0, 1]
            .map(|at: usize| self.machines[at].found.map(|found| (found - self.began).as_millis()))
    }
}

/// Two machines behind these find a way in so many milliseconds, also if one starts 300 ms late.
fn finds_a_way(kinds: [Kind; 2], most: u128) {
    for kinds in [kinds, [kinds[1], kinds[0]]] {
        for late in [0, 300] {
            let mut world = World::new(kinds, Duration::from_millis(late));
            world.plays();
            for time in world.times() {
                let time = time.unwrap_or_else(|| panic!("{kinds:?}, {late} ms late: no way"));
                assert!(time <= most + 2 * u128::from(late), "{kinds:?}, {late}: {time} ms");
            }
        }
    }
}

/// Two machines behind these find none, and know it soon after the last PUNCH.
fn finds_none(kinds: [Kind; 2]) {
    for kinds in [kinds, [kinds[1], kinds[0]]] {
        let mut world = World::new(kinds, Duration::ZERO);
        world.plays();
        assert_eq!(world.times(), [None, None], "{kinds:?}");
        let took = (world.now - world.began).as_millis();
        assert!((4_800..5_500).contains(&took), "{took} ms");
    }
}

table! { finds_a_way:
    nothing_between_them([Kind::Open, Kind::Open], 40);
    a_cone_and_nothing([Kind::Open, Kind::PortRestricted], 160);
    a_symmetric_one_and_nothing([Kind::Open, Kind::Symmetric], 160);
    two_cones([Kind::PortRestricted, Kind::PortRestricted], 160);
    two_full_cones([Kind::FullCone, Kind::FullCone], 40);
    two_restricted_ones([Kind::Restricted, Kind::Restricted], 160);
    a_restricted_one_and_a_cone([Kind::Restricted, Kind::PortRestricted], 160);
    a_full_cone_and_a_symmetric_one([Kind::FullCone, Kind::Symmetric], 160);
    a_restricted_one_and_a_symmetric_one([Kind::Restricted, Kind::Symmetric], 160);
}

table! { finds_none:
    a_cone_and_a_symmetric_one_have_none([Kind::PortRestricted, Kind::Symmetric]);
    two_symmetric_ones_have_none([Kind::Symmetric, Kind::Symmetric]);
}

#[test]
fn who_sits_behind_a_symmetric_one_is_used_at_a_port_that_nobody_announced() {
    let mut world = World::new([Kind::FullCone, Kind::Symmetric], Duration::ZERO);
    world.plays();
    let announced = SocketAddr::new("203.0.113.20".parse().unwrap(), 40_000);
    let used = world.machines[0].path.address().unwrap();
    assert_eq!(used.ip(), announced.ip());
    assert_ne!(used, announced);
    assert_eq!(world.machines[0].path.reach(), Some(Reach::Direct));
}

#[test]
fn two_behind_one_nat_use_their_own_network_and_nothing_goes_elsewhere() {
    let places = ["192.168.1.5:5000", "192.168.1.6:5000"].map(address);
    let nat = "203.0.113.10".parse().unwrap();
    let kinds = [Kind::PortRestricted; 2];
    let mut world = World::at(kinds, places, [nat, nat], Duration::ZERO);
    world.plays();
    assert_eq!(world.times(), [Some(40), Some(40)]);
    for (at, machine) in world.machines.iter().enumerate() {
        assert_eq!(machine.path.address(), Some(places[1 - at]));
        assert_eq!(machine.path.reach(), Some(Reach::Lan));
        // What was sent to the server, and nothing since.
        assert_eq!(machine.nat.mappings.len(), 1);
    }
}

#[test]
fn a_third_that_is_lost_delays_and_prevents_nothing() {
    for seed in 0..400 {
        let mut world = World::new([Kind::PortRestricted; 2], Duration::ZERO);
        (world.lost, world.dice) = (30, Dice::new(seed));
        world.plays();
        assert!(world.times().iter().all(Option::is_some), "seed {seed}");
    }
}

/// The order of candidates: who is told of what, and where it looks when.
fn comes_in_order(seen: &str, local: Option<&str>, listed: &str, order: &[(&str, u64)]) {
    let candidates = Candidates { seen: Some(address(seen)), local: local.map(address) };
    let order: Vec<_> =
        order.iter().map(|(at, after)| (address(at), Duration::from_millis(*after))).collect();
    assert_eq!(candidate_order(&candidates, address(listed)), order);
}

table! { comes_in_order:
    seen_comes_before_the_listed_address(
        "203.0.113.9:40000", None, "203.0.113.9:5556",
        &[("203.0.113.9:40000", 0), ("203.0.113.9:5556", 0)],
    );
    the_lan_comes_first_and_alone(
        "203.0.113.9:40000", Some("192.168.1.5:5556"), "203.0.113.9:5556",
        &[("192.168.1.5:5556", 0), ("203.0.113.9:40000", 200), ("203.0.113.9:5556", 200)],
    );
    an_address_that_is_named_thrice_is_tried_once(
        "127.0.0.1:5556", Some("127.0.0.1:5556"), "127.0.0.1:5556", &[("127.0.0.1:5556", 0)],
    );
    ipv6_is_no_exception(
        "[2001:db8::5]:5556", None, "[2001:db8::5]:5556", &[("[2001:db8::5]:5556", 0)],
    );
}

#[test]
fn each_address_has_its_schedule_and_its_nonce() {
    let (now, mut punches) = (Instant::now(), Punches::default());
    let all = ["192.0.2.1:1", "192.0.2.2:2"].map(address);
    for address in all {
        punches.add(address, now);
    }
    let mut sent = Vec::new();
    while let Some(due) = punches.deadline().filter(|_| !punches.have_failed(now)) {
        let round = punches.due(due);
        if round.is_empty() {
            break;
        }
        sent.push((due - now, round));
    }
    assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), SCHEDULE);
    for (place, (_, round)) in sent.iter().enumerate() {
        assert_eq!(round.iter().map(|it| it.to).collect::<Vec<_>>(), all);
        assert!(round.iter().all(|it| it.count == place + 1));
        assert_eq!([round[0].nonce, round[1].nonce], [sent[0].1[0].nonce, sent[0].1[1].nonce]);
    }
    assert_ne!(sent[0].1[0].nonce, sent[0].1[1].nonce);
    let end = punches.deadline().unwrap();
    assert!(!punches.have_failed(end.checked_sub(Duration::from_millis(1)).unwrap()));
    assert!(punches.have_failed(end));
}

#[test]
fn who_slept_sends_one_and_not_all_that_were_due() {
    let (now, mut punches) = (Instant::now(), Punches::default());
    punches.add(address("192.0.2.1:1"), now);
    let late = now + Duration::from_millis(900);
    assert_eq!(punches.due(late).len(), 1);
    assert_eq!(punches.due(late).len(), 0);
    assert_eq!(punches.deadline(), Some(now + SCHEDULE[5]));
}

#[test]
fn an_answer_counts_from_where_its_nonce_was_sent_and_from_nowhere_else() {
    let (now, mut punches) = (Instant::now(), Punches::default());
    let [one, two, later] = ["192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:3"].map(address);
    punches.add(one, now);
    punches.add(two, now);
    punches.add(later, now + Duration::from_millis(200));
    let sent = punches.due(now);
    let [first, second] = [sent[0].nonce, sent[1].nonce];
    for (from, nonce) in [(one, second), (two, first), (later, first), (one, PunchNonce(0))] {
        assert!(!punches.accepts(from, nonce), "{from}");
    }
    for port in [0, 2, 4_000] {
        assert!(!punches.accepts(SocketAddr::new(one.ip(), port), first));
    }
    assert!(punches.accepts(one, first) && punches.accepts(two, second));
}

#[test]
fn no_more_addresses_are_tried_than_five() {
    let (now, mut path) = (Instant::now(), Path::new(Secret::random(), None));
    let candidates =
        Candidates { seen: Some(address("192.0.2.1:1")), local: Some(address("10.0.0.1:1")) };
    path.introduced(path.ticket, &candidates, address("192.0.2.2:2"));
    path.search(now);
    for port in 1..=1_000 {
        path.met(address(&format!("198.51.100.7:{port}")), now);
        path.heard_from(address(&format!("198.51.100.8:{port}")), now);
    }
    let (mut count, mut to, mut time) = (0, Vec::new(), now);
    while let Some(due) = path.deadline() {
        time = due.max(time);
        for step in path.due(time) {
            if let PathStep::Search(punch) = step {
                count += 1;
                to.push(punch.to);
            }
        }
    }
    to.sort();
    to.dedup();
    // One of the five is where the peer was met, so it is tried in five further rounds.
    assert_eq!((to.len(), count), (MAX_CANDIDATES, (MAX_CANDIDATES + 5) * SCHEDULE.len()));
}

/// A client at `own` does not try this address, whoever names it.
fn is_not_tried(own: &str, named: &str) {
    let mut path = Path::new(Secret::random(), Some(own.parse().unwrap()));
    let named = address(named);
    path.introduced(path.ticket, &Candidates { seen: Some(named), local: Some(named) }, named);
    path.heard_from(named, Instant::now());
    path.search(Instant::now());
    assert_eq!(path.due(Instant::now()), [PathStep::Failed]);
}

table! { is_not_tried:
    a_program_on_this_machine("192.168.1.5", "127.0.0.1:631");
    a_program_on_this_machine_by_ipv6("192.168.1.5", "[::1]:631");
    a_program_on_this_machine_in_disguise("192.168.1.5", "[::ffff:127.0.0.1]:631");
    a_group("192.168.1.5", "224.0.0.251:5353");
    a_group_of_ipv6("fe80::5", "[ff02::1]:5353");
    everybody("192.168.1.5", "255.255.255.255:5556");
    no_address("192.168.1.5", "0.0.0.0:5556");
    no_port("192.168.1.5", "203.0.113.9:0");
}

/// A client at `own` whose peer is proven at that address.
fn proven(own: &str, at: &str) -> (Path, Instant) {
    let now = Instant::now();
    let mut path = Path::new(Secret::random(), Some(own.parse().unwrap()));
    let candidates = Candidates { seen: Some(address(at)), local: None };
    path.introduced(path.ticket, &candidates, address(at));
    proves(&mut path, address(at), now);
    (path, now)
}

/// A search in which that address answers.
fn proves(path: &mut Path, at: SocketAddr, now: Instant) {
    path.search(now);
    let punch = path.due(now).into_iter().find_map(|step| match step {
        PathStep::Search(punch) if punch.to == at => Some(punch),
        _ => None,
    });
    assert!(path.answered(at, punch.unwrap().nonce, now));
    assert_eq!(path.address(), Some(at));
}

#[test]
fn an_address_that_is_proven_stays_until_another_is() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    let (home, away) = (address("203.0.113.9:40000"), address("198.51.100.7:1"));
    path.heard_from(away, now);
    assert_eq!(path.address(), Some(home));
    path.search(now);
    // The answer comes from elsewhere, or repeats nothing.
    let PathStep::Search(punch) = path.due(now)[0] else { panic!() };
    assert_eq!(punch.to, away);
    assert!(!path.answered(home, punch.nonce, now));
    assert!(!path.answered(away, PunchNonce(7), now));
    // Nothing answers at all: the conversation stays where it is.
    let end = now + Duration::from_secs(6);
    while path.is_searching() {
        path.due(end);
    }
    assert_eq!(path.address(), Some(home));
    path.heard_from(away, end);
    proves(&mut path, away, end);
}

#[test]
fn a_peer_that_still_searches_moves_nobody() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    path.met(address("203.0.113.9:5556"), now + Duration::from_secs(5));
    assert!(!path.wants_search());
    // Its keepalive comes later, and from elsewhere if its NAT has forgotten it.
    path.met(address("203.0.113.9:40007"), now + KEEPALIVE);
    assert!(path.wants_search());
}

#[test]
fn a_new_introduction_searches_anew_and_keeps_the_address_meanwhile() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    let candidates = Candidates { seen: Some(address("203.0.113.9:41000")), local: None };
    path.introduced(Secret::random(), &candidates, address("203.0.113.9:5556"));
    assert_eq!(path.address(), Some(address("203.0.113.9:40000")));
    path.search(now);
    let to = path.due(now).into_iter().map(|step| match step {
        PathStep::Search(punch) => punch.to.port(),
        step => panic!("{step:?}"),
    });
    assert_eq!(to.collect::<Vec<_>>(), [40_000, 41_000, 5_556]);
}

/// After so many seconds of silence each, a client at `own` has sent so many keepalives to a peer that never answers.
fn keeps_open(own: &str, at: &str, expected: &[u64]) {
    let (mut path, now) = proven(own, at);
    let mut sent = Vec::new();
    while let Some(due) = path.deadline() {
        for step in path.due(due) {
            assert!(matches!(step, PathStep::Keep(punch) if punch.to == address(at)), "{step:?}");
            sent.push((due - now).as_secs());
        }
        // In the middle the peer answers once.
        if sent.len() == 2 {
            path.heard();
        }
    }
    assert_eq!(sent, expected);
}

table! { keeps_open:
    a_way_through_nats_is_kept_open_until_the_peer_is_gone(
        "192.168.1.5", "203.0.113.9:40000", &[15, 30, 45, 60, 75, 90],
    );
    so_is_one_through_firewalls("2001:db8:1::5", "[2001:db8:2::5]:5556", &[15, 30, 45, 60, 75, 90]);
    on_loopback_nothing_is_sent("127.0.0.1", "127.0.0.1:5556", &[]);
    in_one_network_nothing_is_sent("192.168.1.5", "192.168.1.6:5556", &[]);
    on_one_link_nothing_is_sent("fe80::5", "[fe80::6]:5556", &[]);
}

#[test]
fn what_is_said_is_a_keepalive_too() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    let later = now + Duration::from_secs(10);
    path.spoke(address("198.51.100.7:1"), later);
    assert_eq!(path.deadline(), Some(now + KEEPALIVE));
    path.spoke(address("203.0.113.9:40000"), later);
    assert_eq!(path.deadline(), Some(later + KEEPALIVE));
}

#[test]
fn the_way_in_use_is_kept_open_while_another_one_is_tried() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    let later = now + Duration::from_secs(14);
    path.heard_from(address("203.0.113.9:50000"), later);
    path.search(later);
    let is_kept = |path: &mut Path, at: Instant| {
        let kept = |step: &PathStep| matches!(step, PathStep::Keep(punch) if punch.to == address("203.0.113.9:40000"));
        path.due(at).iter().any(kept)
    };
    assert!(!is_kept(&mut path, later));
    assert!(is_kept(&mut path, now + KEEPALIVE));
    assert!(path.is_searching());
}

#[test]
fn who_has_a_way_searches_for_another_one_only_once() {
    let (mut path, now) = proven("192.168.1.5", "203.0.113.9:40000");
    let (there, later) = (address("198.51.100.7:1"), now + Duration::from_secs(7));
    path.met(there, later);
    path.search(later);
    path.met(there, later);
    let (mut sent, mut time) = (0, later);
    while path.is_searching() {
        time = path.deadline().unwrap().max(time);
        let is_there =
            |step: &PathStep| matches!(step, PathStep::Search(punch) if punch.to == there);
        sent += path.due(time).iter().filter(|step| is_there(step)).count();
    }
    assert_eq!(sent, SCHEDULE.len());
}

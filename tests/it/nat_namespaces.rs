//! Two clients behind routers of all kinds, and a server outside: which way each pair finds, and how soon.
//!
//! Each pair has an internet of its own, in which both ways of talking are tried, from both sides. It needs root, and
//! is left out, with a line that says so, where there are no network namespaces.

use std::fmt::{self, Display};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Program;
use crate::support::namespaces::{Home, Internet, Machine, OPEN_PORT, Router};

/// Where the server is in these internets.
const SERVER: &str = "203.0.113.1:5555";

/// The way that bytes go from one client to the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Course {
    /// Between the two homes.
    Direct,
    /// Within one home.
    Lan,
    /// The same as `Direct`, but the called has connected.
    Back,
    /// Through the server.
    Relayed,
    /// None. The client offers the way through the server.
    Offered,
}

impl Course {
    /// How a client says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Direct | Self::Back => "direct",
            Self::Lan => "direct by the LAN",
            Self::Relayed => "through the server (relayed)",
            Self::Offered => "/chat ",
        }
    }

    /// How long it may take to find it.
    fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Direct | Self::Lan => 1,
            Self::Back => 3,
            Self::Relayed => 5,
            Self::Offered => 6,
        })
    }

    /// The way for datagrams from behind one router to behind another.
    fn by_udp(here: Router, there: Router) -> Self {
        let varies = |router| matches!(router, Router::Symmetric | Router::Random);
        let lets_in = |router| matches!(router, Router::Open | Router::FullCone);
        let fits = |one, other| !varies(one) || lets_in(other);
        if fits(here, there) && fits(there, here) { Self::Direct } else { Self::Offered }
    }

    /// The way for a chat from behind one router with somebody behind another.
    fn by_tcp(here: Router, there: Router) -> Self {
        match (here, there) {
            (_, Router::Open) => Self::Direct,
            (Router::Open, _) => Self::Back,
            _ => Self::Relayed,
        }
    }
}

impl Display for Course {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Direct => "direct",
            Self::Lan => "LAN",
            Self::Back => "back",
            Self::Relayed => "relayed",
            Self::Offered => "none, chat offered",
        })
    }
}

/// A server for a class, with the class's key.
#[derive(Debug)]
pub struct Class {
    /// The server.
    pub server: Program,
    key: String,
}

impl Class {
    /// Starts a server with these flags on a machine of the internet.
    #[track_caller]
    pub fn on(machine: &Machine, flags: &[&str]) -> Self {
        Self::on_with(machine, flags, &[])
    }

    /// The same with variables.
    #[track_caller]
    pub fn on_with(machine: &Machine, flags: &[&str], variables: &[(&str, String)]) -> Self {
        let all = [&["--host", "0.0.0.0", "--key", "class.key"], flags].concat();
        let server = machine.runs_with("the server", "server", &all, variables);
        server.sees("Server listening on 0.0.0.0:5555");
        let key = machine.folder.file("class.key");
        Self { server, key: key.to_str().unwrap().to_owned() }
    }

    /// Somebody comes into the room with a client that listens on this port.
    #[track_caller]
    pub fn joins(&self, name: &str, machine: &Machine, port: u16) -> Program {
        self.joins_at(SERVER, name, machine, port)
    }

    /// The same with where the client finds the server.
    #[track_caller]
    pub fn joins_at(&self, server: &str, name: &str, machine: &Machine, port: u16) -> Program {
        let port = port.to_string();
        let flags = ["--id", name, "--port", &port, "--server", server, "--key", &self.key];
        let client = machine.runs(&format!("{name}'s client"), "client", &flags);
        client.sees("Other clients' IDs: ");
        client
    }
}

/// Somebody types a line that opens a way, and sees which one it is, in time.
#[track_caller]
pub fn opens(who: &Program, line: &str, expected: Course) {
    let took = finds(who, line, expected);
    assert!(took < expected.limit(), "{line} took {took:?}");
}

/// The same in whatever time.
#[track_caller]
pub fn finds(who: &Program, line: &str, expected: Course) -> Duration {
    let begun = Instant::now();
    who.types(line);
    let offers = if line.starts_with("/query") { "/chat " } else { "cannot talk to " };
    let shown = who.waits("which way bytes go", |shown| {
        let is_it = shown.contains(" is open") || shown.contains(offers);
        is_it.then(|| shown.to_owned())
    });
    let all = [Course::Lan, Course::Relayed, Course::Direct, Course::Offered];
    let seen = all.iter().map(|course| course.words()).find(|words| shown.contains(words));
    let (seen, took) = (seen.unwrap_or(&shown), begun.elapsed());
    let (thread, took_ms) = (thread::current(), took.as_millis());
    let test = thread.name().unwrap_or_default();
    println!("{test} {line}: expected {expected}, seen {seen}, {took_ms} ms");
    assert_eq!(seen, expected.words());
    took
}

/// Alice and bob talk by a conversation and by a chat, and each of them begins once.
fn talk(alice: &Program, bob: &Program, udp: Course, tcp: [Course; 2]) {
    for (one, other, name, own) in [(alice, bob, "bob", "alice"), (bob, alice, "alice", "bob")] {
        opens(one, &format!("/query {name}"), udp);
        if udp != Course::Offered {
            other.sees(&format!("Incoming query from {own} "));
            one.types("/msg a datagram");
            other.sees(&format!("{own} (udp): a datagram"));
            one.sees(&format!("Delivered to {name} (udp): a datagram"));
        }
    }
    for (one, other, name, own, way) in
        [(alice, bob, "bob", "alice", tcp[0]), (bob, alice, "alice", "bob", tcp[1])]
    {
        opens(one, &format!("/chat {name}"), way);
        other.sees(&format!("Incoming chat request from {own} "));
        one.types("/msg a stream");
        other.sees(&format!("{own} (direct): a stream"));
        other.types(&format!("/peer {own}"));
        other.types("/msg and back");
        one.sees(&format!("{name} (direct): and back"));
        one.types("/hangup");
        other.sees(&format!("{own} ended the chat"));
    }
}

/// Alice and bob in two homes.
fn pair(here: Router, there: Router) {
    let Some(internet) = Internet::open() else { return };
    let homes = [internet.home(1, here, &["alice"]), internet.home(2, there, &["bob"])];
    let class = Class::on(&internet.server, &[]);
    let [alice, bob] = [("alice", 0), ("bob", 1)]
        .map(|(name, home): (_, usize)| class.joins(name, homes[home].machine(0), OPEN_PORT));
    let tcp = [Course::by_tcp(here, there), Course::by_tcp(there, here)];
    talk(&alice, &bob, Course::by_udp(here, there), tcp);
}

/// Alice and bob in one home.
fn neighbours(router: Router, udp: Course, tcp: Course) {
    let Some(internet) = Internet::open() else { return };
    let home: Home = internet.home(1, router, &["alice", "bob"]);
    let class = Class::on(&internet.server, &[]);
    let [alice, bob] = [("alice", 0, OPEN_PORT), ("bob", 1, OPEN_PORT + 1)]
        .map(|(name, number, port)| class.joins(name, home.machine(number), port));
    talk(&alice, &bob, udp, [tcp; 2]);
}

table! { pair:
    #[ignore = "needs root: it makes network namespaces"]
    open_and_open(Router::Open, Router::Open);
    #[ignore = "needs root: it makes network namespaces"]
    open_and_firewall(Router::Open, Router::Firewall);
    #[ignore = "needs root: it makes network namespaces"]
    open_and_cone(Router::Open, Router::Cone);
    #[ignore = "needs root: it makes network namespaces"]
    open_and_full_cone(Router::Open, Router::FullCone);
    #[ignore = "needs root: it makes network namespaces"]
    open_and_symmetric(Router::Open, Router::Symmetric);
    #[ignore = "needs root: it makes network namespaces"]
    open_and_random(Router::Open, Router::Random);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_open(Router::Firewall, Router::Open);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_firewall(Router::Firewall, Router::Firewall);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_cone(Router::Firewall, Router::Cone);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_full_cone(Router::Firewall, Router::FullCone);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_symmetric(Router::Firewall, Router::Symmetric);
    #[ignore = "needs root: it makes network namespaces"]
    firewall_and_random(Router::Firewall, Router::Random);
    #[ignore = "needs root: it makes network namespaces"]
    cone_and_open(Router::Cone, Router::Open);
    #[ignore = "needs root: it makes network namespaces"]
    cone_and_cone(Router::Cone, Router::Cone);
    #[ignore = "needs root: it makes network namespaces"]
    cone_and_full_cone(Router::Cone, Router::FullCone);
    #[ignore = "needs root: it makes network namespaces"]
    cone_and_symmetric(Router::Cone, Router::Symmetric);
    #[ignore = "needs root: it makes network namespaces"]
    cone_and_random(Router::Cone, Router::Random);
    #[ignore = "needs root: it makes network namespaces"]
    full_cone_and_full_cone(Router::FullCone, Router::FullCone);
    #[ignore = "needs root: it makes network namespaces"]
    full_cone_and_symmetric(Router::FullCone, Router::Symmetric);
    #[ignore = "needs root: it makes network namespaces"]
    full_cone_and_random(Router::FullCone, Router::Random);
    #[ignore = "needs root: it makes network namespaces"]
    symmetric_and_open(Router::Symmetric, Router::Open);
    #[ignore = "needs root: it makes network namespaces"]
    symmetric_and_full_cone(Router::Symmetric, Router::FullCone);
    #[ignore = "needs root: it makes network namespaces"]
    symmetric_and_symmetric(Router::Symmetric, Router::Symmetric);
    #[ignore = "needs root: it makes network namespaces"]
    symmetric_and_random(Router::Symmetric, Router::Random);
    #[ignore = "needs root: it makes network namespaces"]
    random_and_random(Router::Random, Router::Random);
}

table! { neighbours:
    #[ignore = "needs root: it makes network namespaces"]
    one_home_behind_an_open_router(Router::Open, Course::Direct, Course::Direct);
    #[ignore = "needs root: it makes network namespaces"]
    one_home_behind_a_cone(Router::Cone, Course::Lan, Course::Lan);
    #[ignore = "needs root: it makes network namespaces"]
    one_home_behind_a_symmetric_nat(Router::Symmetric, Course::Lan, Course::Lan);
}

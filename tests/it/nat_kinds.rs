//! The routers of the namespaces are what they are called: a socket behind each shows how it translates, and whom it
//! lets in. Without this the pairs of `nat_namespaces` would prove nothing.

use crate::support::Program;
use crate::support::namespaces::{Home, Internet, OPEN_PORT, Router};

/// A port on which nobody insists.
const ANY: u16 = 4100;

/// The address from which a probe's datagram with this text has come.
#[track_caller]
fn source(probe: &Program, text: &str) -> String {
    probe.waits(text, |line| {
        let (from, said) = line.strip_prefix("from ")?.split_once(' ')?;
        (said == text).then(|| from.to_owned())
    })
}

/// A probe sends a datagram.
#[track_caller]
fn says(probe: &Program, to: &str, text: &str) {
    probe.types(&format!("to {} {text}", to.replace(':', " ")));
}

/// Whether a probe can open a TCP connection.
#[track_caller]
fn connects(probe: &Program, to: &str) -> bool {
    probe.types(&format!("connect {}", to.replace(':', " ")));
    probe.sees("connected") == "connected"
}

/// What is outside of a home, and what the home is.
struct Place {
    internet: Internet,
    home: Home,
    router: Router,
}

impl Place {
    /// Where the first machine is expected to be seen.
    fn outer(&self) -> String {
        let translates = self.router.translates();
        let seen = if translates { &self.home.router } else { self.home.machine(0) };
        seen.address.clone()
    }

    /// Shows how many addresses three destinations see of one port, and whether a stranger may send there.
    #[track_caller]
    fn translates(&self, addresses: usize, lets_in: bool) {
        let Internet { server, stranger, .. } = &self.internet;
        let inside = self.home.machine(0).probe(OPEN_PORT);
        let (known, second, third) = (server.probe(7001), server.probe(7002), stranger.probe(7001));
        let mut seen = [(server, 7001, &known), (server, 7002, &second), (stranger, 7001, &third)]
            .map(|(machine, port, probe)| {
                says(&inside, &format!("{}:{port}", machine.address), "hello");
                source(probe, "hello")
            })
            .to_vec();
        let first = seen[0].clone();
        assert!(seen.iter().all(|seen| seen.starts_with(&self.outer())), "{seen:?}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), addresses, "{seen:?}");
        // The stranger's other port was never written to. What it sends comes first, if it comes.
        let unknown = stranger.probe(7002);
        assert_eq!(connects(&unknown, &first), self.router == Router::Open);
        says(&unknown, &first, "let-me-in");
        says(&unknown, &format!("{}:7001", server.address), "sent");
        source(&known, "sent");
        says(&known, &first, "answer");
        if lets_in {
            source(&inside, "let-me-in");
        }
        inside.sees_line_without(&["let-me-in"], &format!("from {}:7001 answer", server.address));
        assert!(connects(&inside, &format!("{}:7001", server.address)));
    }

    /// Shows that two machines of one home reach each other, and not by an address that the internet sees.
    #[track_caller]
    fn has_neighbours(&self) {
        let [alice, carol] = [0, 1].map(|number| self.home.machine(number).probe(ANY));
        let own = [0, 1].map(|number| format!("{}:{ANY}", self.home.machine(number).address));
        says(&alice, &own[1], "neighbour");
        assert_eq!(source(&carol, "neighbour"), own[0]);
        assert!(connects(&carol, &own[0]));
        if self.router.translates() {
            says(&alice, &format!("{}:{ANY}", self.home.router.address), "around");
            assert!(!connects(&carol, &format!("{}:{ANY}", self.home.router.address)));
            says(&alice, &own[1], "again");
            carol.sees_line_without(&["around"], &format!("from {} again", own[0]));
        }
    }
}

/// Builds a home with such a router, and looks at it.
fn shown(router: Router, addresses: usize, lets_in: bool) {
    let Some(internet) = Internet::open() else { return };
    let home = internet.home(1, router, &["alice", "carol"]);
    let place = Place { internet, home, router };
    place.translates(addresses, lets_in);
    place.has_neighbours();
}

table! { shown:
    #[ignore = "needs root: it makes network namespaces"]
    an_open_router_lets_everybody_in(Router::Open, 1, true);
    #[ignore = "needs root: it makes network namespaces"]
    a_firewall_lets_in_what_answers(Router::Firewall, 1, false);
    #[ignore = "needs root: it makes network namespaces"]
    a_cone_has_one_port_and_lets_in_what_answers(Router::Cone, 1, false);
    #[ignore = "needs root: it makes network namespaces"]
    a_full_cone_has_one_port_and_lets_everybody_in(Router::FullCone, 1, true);
    #[ignore = "needs root: it makes network namespaces"]
    a_symmetric_nat_has_a_port_for_each_destination(Router::Symmetric, 3, false);
    #[ignore = "needs root: it makes network namespaces"]
    a_random_nat_has_a_port_for_each_destination(Router::Random, 3, false);
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn a_router_that_moves_has_forgotten_who_was_written_to() {
    let Some(internet) = Internet::open() else { return };
    let mut home = internet.home(1, Router::Cone, &["alice"]);
    let (inside, outside) = (home.machine(0).probe(OPEN_PORT), internet.server.probe(7001));
    says(&inside, "203.0.113.1:7001", "before");
    assert_eq!(source(&outside, "before"), "203.0.113.10:4000");
    home.moves_to("203.0.113.11", "20000-20999");
    says(&outside, "203.0.113.10:4000", "lost");
    says(&inside, "203.0.113.1:7001", "after");
    let seen = source(&outside, "after");
    assert!(seen.starts_with("203.0.113.11:20"), "{seen}");
    says(&outside, &seen, "answer");
    inside.sees_line_without(&["lost"], "from 203.0.113.1:7001 answer");
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn somebody_on_the_way_can_forge_an_address() {
    let Some(internet) = Internet::open() else { return };
    let home = internet.home(2, Router::Cone, &["bob"]);
    let (inside, outside) = (home.machine(0).probe(OPEN_PORT), internet.server.probe(7001));
    internet.forges(2, &internet.stranger);
    says(&inside, "203.0.113.1:7001", "forged");
    assert_eq!(source(&outside, "forged"), "203.0.113.99:4000");
    let counter = internet.stranger.counts("stranger", "ip protocol udp");
    says(&outside, "203.0.113.99:4000", "answer");
    counter.reaches(1, 1);
    assert_eq!(counter.now(), (1, 34));
    internet.is_honest();
    says(&inside, "203.0.113.1:7001", "honest");
    assert_eq!(source(&outside, "honest"), "203.0.113.20:4000");
}

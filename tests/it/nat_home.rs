//! The manual's page on two people at home, run as it is printed: alice and bob behind two routers, and a server in a
//! third home, at whose router what the page names is open and nothing else.

use std::collections::HashMap;
use std::fs;

use crate::nat_namespaces::{Class, Course, opens};
use crate::readme::{Line, chats, client_arguments};
use crate::support::Program;
use crate::support::namespaces::{Home, Internet, OPEN_PORT, Router};

/// The port of the server.
const PORT: u16 = 5555;

/// Three homes: alice's, bob's, and the server's, in which carol lives, too.
#[derive(Debug)]
struct Homes {
    alice: Home,
    bob: Home,
    server: Home,
}

impl Homes {
    fn of(internet: &Internet) -> Self {
        let home = |number, people| internet.home(number, Router::Cone, people);
        Self {
            alice: home(1, &["alice"]),
            bob: home(2, &["bob"]),
            server: home(3, &["server", "carol"]),
        }
    }

    /// Whose home it is.
    fn at(&self, who: &str) -> &Home {
        match who {
            "alice" => &self.alice,
            "bob" => &self.bob,
            _ => &self.server,
        }
    }
}

/// The program that a command line of the page runs, and its arguments.
fn program(command: &str) -> (&'static str, Vec<&str>) {
    if let Some(arguments) = client_arguments(command) {
        return ("client", arguments);
    }
    let arguments = command.strip_prefix("cargo run --bin server -- ").unwrap();
    ("server", arguments.split(' ').collect())
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn the_page_for_two_people_at_home_works_as_it_is_printed() {
    let Some(internet) = Internet::open() else { return };
    let homes = Homes::of(&internet);
    homes.server.forwards(PORT);
    let mut programs: HashMap<String, Program> = HashMap::new();
    for Line { who, kind, text } in chats("src/MANUAL.md").1.remove(0) {
        match kind {
            '$' => {
                let (name, arguments) = program(&text);
                let machine = homes.at(&who).machine(0);
                let key = homes.server.machine(0).folder.file("class.key");
                if name == "client" {
                    fs::copy(key, machine.folder.file("class.key")).unwrap();
                }
                programs.insert(who, machine.runs(&text, name, &arguments));
            }
            '>' => programs[&who].types(&text),
            // What the page leaves out may stand in the middle.
            _ => drop(programs[&who].sees_all(&text.split('…').collect::<Vec<_>>())),
        }
    }
    assert_eq!(programs.len(), 3);
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn a_client_beside_the_server_is_reached_through_it() {
    let Some(internet) = Internet::open() else { return };
    let homes = Homes::of(&internet);
    homes.server.forwards(PORT);
    let class = Class::on(homes.server.machine(0), &[]);
    let beside = format!("{}:{PORT}", homes.server.machine(0).address);
    let carol = class.joins_at(&beside, "carol", homes.server.machine(1), OPEN_PORT);
    let outside = format!("{}:{PORT}", homes.server.router.address);
    let bob = class.joins_at(&outside, "bob", homes.bob.machine(0), OPEN_PORT);
    carol.sees("bob joined");
    for (one, other, name, own) in [(&bob, &carol, "carol", "bob"), (&carol, &bob, "bob", "carol")]
    {
        opens(one, &format!("/query {name}"), Course::Offered);
        opens(one, &format!("/chat {name}"), Course::Relayed);
        one.types("/msg from one home to the other");
        other.sees(&format!("{own} (direct): from one home to the other"));
        one.types("/hangup");
        other.sees(&format!("{own} ended the chat"));
    }
}

#[test]
#[ignore = "needs root: it makes network namespaces"]
fn a_server_that_no_datagram_reaches_still_relays() {
    let Some(internet) = Internet::open() else { return };
    let homes = Homes::of(&internet);
    homes.server.forwards(PORT);
    homes.server.router.nft("insert rule ip home through udp dport 5555 drop\n");
    let class = Class::on(homes.server.machine(0), &[]);
    let outside = format!("{}:{PORT}", homes.server.router.address);
    let alice = class.joins_at(&outside, "alice", homes.alice.machine(0), OPEN_PORT);
    let bob = class.joins_at(&outside, "bob", homes.bob.machine(0), OPEN_PORT);
    alice.sees("bob joined");
    opens(&alice, "/chat bob", Course::Relayed);
    alice.types("/msg without UDP");
    bob.sees("alice (direct): without UDP");
}

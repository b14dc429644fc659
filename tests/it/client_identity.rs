//! Who is who after the server was started again: IDs have new owners, and chats have not.

use crate::support::{Client, Lane, Program, Server, Site, query_each_other};

/// Alice with a page, and bob, in the room of one server, each over a network of its own.
struct Scene {
    alice: Program,
    site: Site,
    bob: Client,
    lanes: [Lane; 2],
    _first: Server,
}

impl Scene {
    #[track_caller]
    fn begins() -> Self {
        let first = Server::start(&[]);
        let lanes = [0, 0].map(|_| Lane::to(first.address()));
        let address = lanes[0].address().to_string();
        let alice = Client::with_args(&["alice", "0", &address, "--page", "--no-open"]);
        let site = Site::at(alice.sees("page: ").strip_prefix("page: ").unwrap());
        alice.sees("Other clients' IDs: none");
        let bob = Client::start("bob", lanes[1].address());
        alice.sees("bob joined (ID 2, ");
        Self { alice, site, bob, lanes, _first: first }
    }

    /// The server starts again, and there alice is the first. The second one has the ID that was bob's.
    #[track_caller]
    fn starts_again(&self) -> Server {
        self.lanes.iter().for_each(Lane::breaks);
        let server = Server::start(&[]);
        self.lanes[0].leads_to(server.address());
        self.alice.sees("lost the server");
        self.alice.sees("Other clients' IDs: none");
        server
    }

    /// What the page is told of how things stand, when this is a part of it.
    #[track_caller]
    fn state(&self, part: &str) -> String {
        self.site.listens().reads_of(part)
    }
}

#[test]
fn an_id_is_shown_only_as_long_as_it_is_the_peers() {
    let scene = Scene::begins();
    let (alice, bob) = (&scene.alice, &scene.bob);
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice");
    alice.asks_line("/msg zero", "Sent to bob (ID 2): zero");
    let server = scene.starts_again();
    let _carol = server.joined("carol", 20_003);
    alice.sees("carol joined (ID 2, ");
    // The chat is bob's, and the ID is carol's.
    alice.asks_line("/msg one", "Sent to bob: one");
    bob.sees_line("alice (direct): one");
    alice.asks_line("/hangup 2", "no direct chat with 2");
    let state = scene.state("\"id\":2,\"name\":\"carol\"");
    assert!(state.contains("\"label\":\"bob\",\"peer\":0"), "{state}");
    scene.lanes[1].leads_to(server.address());
    alice.sees("bob joined (ID 3, ");
    alice.asks_line("/msg two", "Sent to bob (ID 3): two");
    bob.sees_line("alice (direct): two");
    bob.asks_line("/msg three", "Sent to alice (ID 1): three");
    let state = scene.state("\"id\":3,\"name\":\"bob\"");
    assert!(state.contains("\"label\":\"bob\",\"peer\":3"), "{state}");
    // A call now is a call of the one with whom there is a chat.
    alice.asks_line("/chat bob", "you already have a chat with bob");
}

#[test]
fn conversations_over_udp_follow_their_peers_too() {
    let scene = Scene::begins();
    let (alice, bob) = (&scene.alice, &scene.bob);
    query_each_other(alice, bob);
    let server = scene.starts_again();
    let _carol = server.joined("carol", 20_003);
    alice.sees("carol joined (ID 2, ");
    alice.asks_line("/msg one", "Sent to bob: one");
    bob.sees_line("alice (udp): one");
    scene.lanes[1].leads_to(server.address());
    alice.sees("bob joined (ID 3, ");
    alice.asks_line("/msg two", "Sent to bob (ID 3): two");
    bob.sees_line("alice (udp): two");
}

#[test]
fn who_only_has_the_name_is_somebody_else() {
    let scene = Scene::begins();
    let (alice, bob) = (&scene.alice, &scene.bob);
    alice.types("/chat bob");
    bob.sees("Incoming chat request from alice");
    let server = scene.starts_again();
    let listener = crate::support::Played::open();
    let _thief = server.joined("bob", listener.port());
    alice.sees("bob joined (ID 2, ");
    alice.asks_line("/msg for the true one", "Sent to bob: for the true one");
    bob.sees_line("alice (direct): for the true one");
    let state = scene.state("\"id\":2,\"name\":\"bob\"");
    assert!(state.contains("\"label\":\"bob\",\"peer\":0"), "{state}");
    // This call is for the new bob, and not the old chat.
    alice.types("/chat bob");
    let mut call = listener.accepts("the new bob");
    call.gets("CHAT").has(&[("clientID", "alice")]);
    assert!(!alice.output().contains("already have a chat"), "{}", alice.output());
}

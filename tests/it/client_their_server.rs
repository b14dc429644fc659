//! Our client with somebody else's server, which exits on whatever the assignment does not have.

use crate::support::{Block, Client, Played, Wire};

/// How their server may differ from ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Habit {
    /// REGACK ends with `Status: registered`, and the client closes the connection.
    Status,
    /// REGACK is without Status.
    NoStatus,
    /// The server closes each connection as soon as it has answered.
    ClosesFirst,
}

/// Their server: one request on each connection, and strict.
#[derive(Debug)]
struct Theirs {
    listener: Played,
    habit: Habit,
}

impl Theirs {
    fn start(habit: Habit) -> Self {
        Self { listener: Played::open(), habit }
    }

    /// Our client, started against it and registered.
    #[track_caller]
    fn client(&mut self, name: &str) -> Client {
        let client = Client::start_with(name, self.listener.address(), &[]);
        let port = client.port().to_string();
        let (mut wire, request) = self.request("REGISTER");
        request.has_exactly(&[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
        let ack = format!("REGACK\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\n");
        let status = if self.habit == Habit::NoStatus { "" } else { "Status: registered\r\n" };
        wire.sends(format!("{ack}{status}\r\n"));
        self.ends(wire);
        client.sees_line("Your public IP: 127.0.0.1");
        client
    }

    /// The one request of the next connection: it must be of this type.
    #[track_caller]
    fn request(&mut self, kind: &str) -> (Wire, Block) {
        let mut wire = self.listener.accepts("the other side");
        let request = wire.gets(kind);
        (wire, request)
    }

    /// Answers a BRIDGE with that peer.
    #[track_caller]
    fn bridges(&mut self, name: &str, peer: &str, ip: &str, port: &str) {
        let (mut wire, request) = self.request("BRIDGE");
        request.has_exactly(&[("clientID", name)]);
        assert!(request.others().is_empty(), "{request}");
        wire.sends(format!("BRIDGEACK\r\nclientID: {peer}\r\nIP: {ip}\r\nPort: {port}\r\n\r\n"));
        self.ends(wire);
    }

    /// Ends a connection as this server does: at once, or when the client has closed it.
    fn ends(&mut self, mut wire: Wire) {
        if self.habit != Habit::ClosesFirst {
            wire.is_closed();
        }
    }
}

/// The whole of the assignment with such a server and one of their peers.
fn the_assignment(habit: Habit) {
    let mut server = Theirs::start(habit);
    let alice = server.client("alice");
    let bob = Played::open();
    let port = bob.port().to_string();
    alice.asks("/register", "registered");
    alice.types("/bridge");
    server.bridges("alice", "bob", "127.0.0.1", &port);
    alice.sees(&format!("bob is at 127.0.0.1:{port}"));
    alice.types(&format!("/chat 127.0.0.1:{port}"));
    alice.types("/msg Hello Bob");
    let mut wire = bob.accepts("the other side");
    let own = alice.port().to_string();
    let expected = [("clientID", "alice"), ("IP", "127.0.0.1"), ("Port", &own)];
    wire.gets("CHAT").has_exactly(&expected);
    assert_eq!(wire.line(), "Hello Bob");
    wire.sends("Hello Alice\r\n");
    alice.sees_line("bob? (direct): Hello Alice");
    alice.asks("/info", "/info again means yes");
    alice.types("/info");
    let (mut asked, request) = server.request("INFO");
    assert!(request.headers().is_empty(), "{request}");
    asked.sends(format!("INFOACK\r\nalice 127.0.0.1:{own}\r\nbob 127.0.0.1:{port}\r\n\r\n"));
    server.ends(asked);
    alice.sees("bob 127.0.0.1:");
    alice.types("/quit");
    assert_eq!(wire.line(), "QUIT");
    alice.exits(0);
    assert!(!server.listener.is_called(), "one more connection");
}

table! { the_assignment:
    the_assignment_with_a_server_of_somebody_else(Habit::Status);
    the_assignment_with_a_server_that_says_no_status(Habit::NoStatus);
    the_assignment_with_a_server_that_closes_first(Habit::ClosesFirst);
}

#[test]
fn register_sends_nothing_again_and_says_so() {
    let mut server = Theirs::start(Habit::Status);
    let alice = server.client("alice");
    for _ in 0..3 {
        alice.asks("/register", "nothing was sent");
    }
    alice.types("/bridge");
    // The next request that comes is this one.
    server.bridges("alice", "", "", "");
    alice.sees("nobody else");
}

#[test]
fn what_needs_the_room_says_that_there_is_none() {
    let mut server = Theirs::start(Habit::Status);
    let alice = server.client("alice");
    for line in ["plain text", "/say text", "/tell bob text", "/bridge bob", "/chat bob", "/chat 2"]
    {
        alice.asks_line(line, "this server has no room");
    }
    alice.types("/bridge");
    server.bridges("alice", "", "", "");
}

#[test]
fn it_does_not_mind_that_their_server_goes() {
    let mut server = Theirs::start(Habit::ClosesFirst);
    let (alice, bob) = (server.client("alice"), server.client("bob"));
    drop(server);
    alice.asks("/bridge", "refused");
    alice.types(&format!("/chat {}", bob.address()));
    alice.types("/msg without a server");
    bob.sees_line("alice? (direct): without a server");
    bob.types("/msg indeed");
    alice.sees(" (direct): indeed");
}

#[test]
fn a_second_client_is_bridged_to_the_first() {
    let mut server = Theirs::start(Habit::Status);
    let (alice, bob) = (server.client("alice"), server.client("bob"));
    let port = alice.port().to_string();
    bob.types("/bridge");
    server.bridges("bob", "alice", "127.0.0.1", &port);
    bob.sees(&format!("alice is at 127.0.0.1:{port}"));
    bob.types("/chat alice");
    bob.types("/msg by name, once she is known");
    alice.sees_line(&format!("Incoming chat request from bob? {} (unverified)", bob.address()));
    alice.sees_line("bob? (direct): by name, once she is known");
}

#[test]
fn an_answer_in_lf_and_without_spaces_is_understood() {
    let listener = Played::open();
    let alice = Client::start_with("alice", listener.address(), &[]);
    let mut wire = listener.accepts("the other side");
    wire.gets("REGISTER");
    wire.sends(format!("REGACK\nclientid:alice\nip:127.0.0.1\nport:{}\n\n", alice.port()));
    alice.sees_line("Your public IP: 127.0.0.1");
    alice.types("/bridge");
    let mut wire = listener.accepts("the other side");
    wire.gets("BRIDGE");
    for piece in ["BRIDGEACK\nPort:62", "01\nIP:127.", "0.0.1\nclientID:Bob\n", "\n"] {
        wire.sends(piece);
    }
    alice.sees("Bob is at 127.0.0.1:6201");
}

#[test]
fn a_server_that_says_something_else_is_no_reason_to_fall_over() {
    let listener = Played::open();
    let alice = Client::start_with("alice", listener.address(), &[]);
    let mut wire = listener.accepts("the other side");
    wire.gets("REGISTER");
    wire.sends("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    drop(wire);
    alice.sees("the server");
    alice.asks("/id", "you are alice");
}

#[test]
fn a_server_that_never_answers_does_not_keep_the_rest_waiting() {
    let mut server = Theirs::start(Habit::Status);
    let alice = server.client("alice");
    alice.types_bytes(b"/info\n/info\n/id\n/peers\n/help\n");
    let (asked, _) = server.request("INFO");
    for text in ["you are alice", "no direct chats", "/quit"] {
        alice.sees_without("does not answer", text);
    }
    // What asks the server has waited until that was given up.
    alice.asks("/bridge", "the server does not answer");
    server.bridges("alice", "bob", "127.0.0.1", "6202");
    alice.sees("bob is at 127.0.0.1:6202");
    drop(asked);
}

//! What the assignments' servers answer: refusals of their own, headers that are not there, ends without a blank line.

use crate::support::{Client, Played, Wire};

/// Alice's client, whose REGISTER a server of somebody else has on this connection.
fn registering() -> (Played, Client, Wire) {
    let server = Played::open();
    let alice = Client::start_with("alice", server.address(), &[]);
    let mut wire = server.accepts("their server");
    wire.gets("REGISTER");
    (server, alice, wire)
}

/// The same after the server has registered her and closed the connection.
fn registered() -> (Played, Client) {
    let (server, alice, mut wire) = registering();
    wire.sends(
        "REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered\r\n\r\n",
    );
    drop(wire);
    alice.sees_line("Your public IP: 127.0.0.1");
    (server, alice)
}

/// The server answers so to REGISTER, and that is a refusal with this sentence.
fn refused(answer: &str, sentence: &str) {
    let (server, alice, mut wire) = registering();
    wire.sends(answer);
    drop(wire);
    alice.sees_line(&format!("not registered: the server says: {sentence}"));
    // The first pause before a further attempt has 1.25 seconds at most; these two callers take 2.
    for _ in 0..2 {
        let _silent = alice.is_called_by("somebody");
        alice.sees("Incoming chat request from 127.0.0.1:");
    }
    assert!(!server.is_called(), "it tries again");
    assert!(!alice.output().contains("trying again"), "{}", alice.output());
    alice.types("/register");
    server.accepts("their server").gets("REGISTER");
}

table! { refused:
    regnack_is_a_refusal("REGNACK\r\nclientID: alice\r\nReason: the name is in use\r\n\r\n", "the name is in use");
    regnack_without_a_word_is_a_refusal("REGNACK\r\n\r\n", "REGNACK, without a reason");
    regack_with_an_error_is_a_refusal("REGACK\r\nclientID: alice\r\nStatus: error\r\n\r\n", "error");
    regack_with_an_error_and_an_address_is_a_refusal(
        "REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: Error: taken\r\n\r\n", "Error: taken");
    regnack_may_end_with_the_stream("REGNACK\r\nMessage: go away", "go away");
}

/// The server answers so to REGISTER and closes the connection, and alice is registered.
fn accepted(answer: &str) {
    let (server, alice, mut wire) = registering();
    wire.sends(answer);
    drop(wire);
    alice.sees("; this server has no room");
    alice.sees_line("Your public IP: 127.0.0.1");
    alice.types("/bridge");
    server.accepts("their server").gets("BRIDGE");
}

table! { accepted:
    regack_without_ip("REGACK\r\nclientID: alice\r\nPort: 6201\r\nStatus: registered\r\n\r\n");
    regack_without_port("REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nStatus: registered\r\n\r\n");
    regack_with_a_name_alone("REGACK\r\nclientID: alice\r\n\r\n");
    regack_without_a_blank_line("REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered\r\n");
    regack_without_any_end("REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered");
    regack_with_blanks_around_its_values("REGACK\r\nclientID:   alice \r\nIP:\t127.0.0.1\t\r\nPort:  6201  \r\n\r\n");
}

/// Alice asks for an introduction; the server answers so and closes the connection, and she is told this.
fn bridged(answer: &str, told: &str) {
    let (server, alice) = registered();
    alice.types("/bridge");
    let mut wire = server.accepts("their server");
    wire.gets("BRIDGE");
    wire.sends(answer);
    drop(wire);
    alice.sees_without("does not answer", told);
}

table! { bridged:
    none_is_nobody("BRIDGEACK\r\nclientID: None\r\nIP: None\r\nPort: None\r\n\r\n", "nobody else");
    no_headers_are_nobody("BRIDGEACK\r\n\r\n", "nobody else");
    oneself_is_nobody("BRIDGEACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\n\r\n", "nobody else");
    somebody_called_none_is_somebody(
        "BRIDGEACK\r\nclientID: None\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n", "None is at 127.0.0.1:6202");
    bridgeack_without_a_blank_line(
        "BRIDGEACK\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n", "bob is at 127.0.0.1:6202");
    bridgeack_without_any_end(
        "BRIDGEACK\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 6202", "bob is at 127.0.0.1:6202");
}

#[test]
fn info_is_sent_only_to_whoever_wants_it_all_the_same() {
    for yes in ["/info", "/list", "yes"] {
        let (server, alice) = registered();
        alice.asks("/info", "/info again means yes");
        // The next request that comes is another one.
        alice.types("/bridge");
        let mut wire = server.accepts("their server");
        wire.gets("BRIDGE");
        wire.sends("BRIDGEACK\r\nclientID: \r\nIP: \r\nPort: \r\n\r\n");
        alice.sees("nobody else");
        alice.types(yes);
        let mut wire = server.accepts("their server");
        wire.gets("INFO");
        wire.sends("INFOACK\r\nalice 127.0.0.1:6201\r\nbob 127.0.0.1:6202 7\r\n");
        drop(wire);
        alice.sees_line("2 registered:");
        assert_eq!(alice.sees_next(), "alice 127.0.0.1:6201");
        assert_eq!(alice.sees_next(), "bob 127.0.0.1:6202 7");
    }
}

#[test]
fn quit_is_not_sent_before_the_server_is_known_to_have_a_room() {
    let (_server, alice, mut wire) = registering();
    alice.types("/id");
    alice.sees("you are alice");
    alice.types("/quit");
    wire.gets_bytes("");
    wire.is_closed();
}

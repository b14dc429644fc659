//! The assignments' clients with our server: their bytes in, exactly the expected bytes out.

use crate::support::{Server, connected};

/// What is answered to a REGISTER.
fn regack(name: &str, port: u16, id: u32) -> String {
    format!(
        "REGACK\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\nStatus: registered\r\n\
         ID: {id}\r\nExpires: 3600\r\nRoom: yes\r\n\r\n"
    )
}

/// What is answered to a BRIDGE.
fn bridgeack(name: &str, ip: &str, port: &str) -> String {
    format!("BRIDGEACK\r\nclientID: {name}\r\nIP: {ip}\r\nPort: {port}\r\n\r\n")
}

/// One request on a connection of its own, as the assignments' clients do it, and the exact answer.
#[track_caller]
fn once(server: &Server, request: &str, answer: &str) {
    server.connect("their client").sends(request).gets_bytes(answer);
}

/// A REGISTER as they write it, and its answer.
#[track_caller]
fn registers(server: &Server, name: &str, port: u16, id: u32) {
    let register = format!("REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\n\r\n");
    once(server, &register, &regack(name, port, id));
}

#[test]
fn one_connection_for_each_request() {
    let server = Server::start(&[]);
    registers(&server, "Alice", 6201, 1);
    once(&server, "BRIDGE\r\nclientID: Alice\r\n\r\n", &bridgeack("", "", ""));
    registers(&server, "Bob", 6202, 2);
    once(&server, "BRIDGE\r\nclientID: Bob\r\n\r\n", &bridgeack("Alice", "127.0.0.1", "6201"));
    let listed = "INFOACK\r\nAlice 127.0.0.1:6201 1\r\nBob 127.0.0.1:6202 2\r\n\r\n";
    once(&server, "INFO\r\nRequesting clients\r\n\r\n", listed);
}

#[test]
fn one_connection_for_all_requests() {
    let (server, mut wire) = connected(&[]);
    wire.sends("REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 5556\r\n\r\n")
        .gets_bytes(&regack("alice", 5556, 1));
    registers(&server, "bob", 5557, 2);
    wire.sends("BRIDGE\r\nclientID: alice\r\n\r\n").gets_bytes(&bridgeack(
        "bob",
        "127.0.0.1",
        "5557",
    ));
    wire.sends("INFO\r\nRequesting clients\r\n\r\n")
        .gets_bytes("INFOACK\r\nalice 127.0.0.1:5556 1\r\nbob 127.0.0.1:5557 2\r\n\r\n");
    wire.hears_nothing();
}

#[test]
fn lines_that_end_in_lf_only_are_answered_in_crlf() {
    let server = Server::start(&[]);
    let register = "REGISTER\nclientID: Alice\nIP: 127.0.0.1\nPort: 6201\n\n";
    once(&server, register, &regack("Alice", 6201, 1));
    once(&server, "BRIDGE\nclientID: Alice\n\n", &bridgeack("", "", ""));
    once(&server, "INFO\n\n", "INFOACK\r\nAlice 127.0.0.1:6201 1\r\n\r\n");
}

#[test]
fn who_says_all_and_ends_its_side_is_answered() {
    let (_server, mut wire) = connected(&[]);
    wire.sends("REGISTER\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\n\r\n").ends();
    wire.gets("REGACK").has(&[("Status", "registered")]);
    wire.is_closed();
}

#[test]
fn an_empty_info_is_a_block_without_lines() {
    once(&Server::start(&[]), "INFO\r\n\r\n", "INFOACK\r\n\r\n");
}

#[test]
fn their_clients_and_ours_meet_in_one_directory() {
    let server = Server::start(&[]);
    let mut ours = server.joined("ours", 20_001);
    registers(&server, "theirs", 6201, 2);
    let found = bridgeack("ours", "127.0.0.1", "20001");
    once(&server, "BRIDGE\r\nclientID: theirs\r\n\r\n", &found);
    let found = ours.obtains("BRIDGE", &[("clientID", "ours")]);
    found.has(&[("clientID", "theirs"), ("Port", "6201")]);
    ours.speaks("a registration is no arrival");
}

#[test]
fn closing_without_reading_the_answer_harms_nobody() {
    let server = Server::start(&[]);
    for number in 0..30 {
        let mut wire = server.connect("somebody");
        wire.sends(format!("REGISTER\r\nclientID: c{number}\r\nIP: \r\nPort: 6201\r\n\r\n"));
    }
    once(&server, "PING\r\nToken: 1\r\n\r\n", "PONG\r\nToken: 1\r\n\r\n");
}

#[test]
fn blanks_around_values_do_not_count_but_those_of_a_text_do() {
    let server = Server::start(&[]);
    let register = "REGISTER\r\nclientID:   Alice \r\nIP:\t127.0.0.1\r\nPort:  6201\t\r\n\r\n";
    once(&server, register, &regack("Alice", 6201, 1));
    registers(&server, "Bob", 6202, 2);
    once(&server, "BRIDGE\r\nclientID: Bob \r\n\r\n", &bridgeack("Alice", "127.0.0.1", "6201"));
    let mut carol = server.joined("carol", 6203);
    carol.sends("SAY\r\nText:   indented \r\n\r\n");
    assert_eq!(carol.skips_to("SAID").get("Text"), "  indented ");
}

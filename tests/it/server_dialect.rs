//! The assignments' clients with our server: their bytes in, exactly the expected bytes out.

use crate::stage::{Server, connected};

/// One request on a connection of its own, as the assignments' clients do it, and the exact answer.
#[track_caller]
fn once(server: &Server, request: &str, answer: &str) {
    let mut wire = server.connect("wire");
    wire.sends(request).gets_bytes(answer);
}

#[test]
fn one_connection_for_each_request() {
    let server = Server::start(&[]);
    once(
        &server,
        "REGISTER\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\n\r\n",
        "REGACK\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered\r\n\
         ID: 1\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    once(
        &server,
        "BRIDGE\r\nclientID: Alice\r\n\r\n",
        "BRIDGEACK\r\nclientID: \r\nIP: \r\nPort: \r\n\r\n",
    );
    once(
        &server,
        "REGISTER\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n",
        "REGACK\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\nStatus: registered\r\n\
         ID: 2\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    once(
        &server,
        "BRIDGE\r\nclientID: Bob\r\n\r\n",
        "BRIDGEACK\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\n\r\n",
    );
    once(
        &server,
        "INFO\r\nRequesting clients\r\n\r\n",
        "INFOACK\r\nAlice 127.0.0.1:6201 1\r\nBob 127.0.0.1:6202 2\r\n\r\n",
    );
}

#[test]
fn one_connection_for_all_requests() {
    let (server, mut wire) = connected(&[]);
    wire.sends("REGISTER\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 5556\r\n\r\n").gets_bytes(
        "REGACK\r\nclientID: alice\r\nIP: 127.0.0.1\r\nPort: 5556\r\nStatus: registered\r\n\
         ID: 1\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    once(
        &server,
        "REGISTER\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 5557\r\n\r\n",
        "REGACK\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 5557\r\nStatus: registered\r\n\
         ID: 2\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    wire.sends("BRIDGE\r\nclientID: alice\r\n\r\n")
        .gets_bytes("BRIDGEACK\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 5557\r\n\r\n");
    wire.sends("INFO\r\nRequesting clients\r\n\r\n")
        .gets_bytes("INFOACK\r\nalice 127.0.0.1:5556 1\r\nbob 127.0.0.1:5557 2\r\n\r\n");
    wire.hears_nothing();
}

#[test]
fn lines_that_end_in_lf_only_are_answered_in_crlf() {
    let server = Server::start(&[]);
    once(
        &server,
        "REGISTER\nclientID: Alice\nIP: 127.0.0.1\nPort: 6201\n\n",
        "REGACK\r\nclientID: Alice\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered\r\n\
         ID: 1\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    once(
        &server,
        "BRIDGE\nclientID: Alice\n\n",
        "BRIDGEACK\r\nclientID: \r\nIP: \r\nPort: \r\n\r\n",
    );
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
    let server = Server::start(&[]);
    once(&server, "INFO\r\n\r\n", "INFOACK\r\n\r\n");
}

#[test]
fn their_clients_and_ours_meet_in_one_directory() {
    let server = Server::start(&[]);
    let mut ours = server.joined("ours", 20_001);
    once(
        &server,
        "REGISTER\r\nclientID: theirs\r\nIP: 127.0.0.1\r\nPort: 6201\r\n\r\n",
        "REGACK\r\nclientID: theirs\r\nIP: 127.0.0.1\r\nPort: 6201\r\nStatus: registered\r\n\
         ID: 2\r\nExpires: 3600\r\nRoom: yes\r\n\r\n",
    );
    once(
        &server,
        "BRIDGE\r\nclientID: theirs\r\n\r\n",
        "BRIDGEACK\r\nclientID: ours\r\nIP: 127.0.0.1\r\nPort: 20001\r\n\r\n",
    );
    ours.obtains("BRIDGE", &[("clientID", "ours")])
        .has(&[("clientID", "theirs"), ("Port", "6201")]);
    ours.speaks("a registration is no arrival");
}

#[test]
fn closing_without_reading_the_answer_harms_nobody() {
    let server = Server::start(&[]);
    for number in 0..30 {
        let mut wire = server.connect("wire");
        wire.sends(format!("REGISTER\r\nclientID: c{number}\r\nIP: \r\nPort: 6201\r\n\r\n"));
        drop(wire);
    }
    once(&server, "PING\r\nToken: 1\r\n\r\n", "PONG\r\nToken: 1\r\n\r\n");
}

//! Our client with a server that means it no good: it keeps answering its user, in little memory.

use crate::driver::played::Peer;
#[cfg(target_os = "linux")]
use crate::support::process;
use crate::support::{Client, Played, Wire};

/// Alice in the room of a server that the test plays.
#[track_caller]
fn joined() -> (Played, Client, Wire) {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let guest = server.welcomes(1, &[]);
    alice.sees("Other clients' IDs: none");
    (server, alice, guest.wire)
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_of_the_server_without_an_end_costs_no_memory() {
    use crate::driver::played::{Guest, TOKEN};

    let (listener, alice, mut wire) = joined();
    let memory = process::Memory::of(alice.pid());
    wire.sends("SAID\r\nText: ");
    let sent = wire.floods(&"x".repeat(64 * 1024), 1024);
    assert!(sent < 1024, "she has taken all 64 MiB");
    alice.answers();
    memory.has_grown_by_less_than(8);
    // She comes back, and is in the room again.
    let (Guest { mut wire, me }, join) = listener.registers(1);
    join.has(&[("Token", TOKEN)]);
    wire.sends(me.joinack(&[], 0));
    alice.sees("Other clients' IDs: none");
    alice.types("back again");
    wire.gets("SAY").has_exactly(&[("Text", "back again")]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_of_the_server_without_an_end_costs_little_memory() {
    const GUEST: &str = "guest 127.0.0.1:20001 ";
    let (_listener, alice, mut wire) = joined();
    let memory = process::Memory::of(alice.pid());
    alice.types("/info");
    wire.gets("INFO");
    wire.sends("INFOACK\r\n");
    let lines: String = (0..1000).flat_map(|id| [GUEST.to_owned(), format!("{id}\r\n")]).collect();
    let sent = wire.floods(&lines, 2_000);
    assert!(sent < 2_000, "she has taken two million lines");
    alice.answers();
    memory.has_grown_by_less_than(16);
}

#[test]
fn twenty_thousand_lines_are_a_list() {
    let (_listener, alice, mut wire) = joined();
    for (count, fits) in [(20_000, true), (20_001, false)] {
        alice.types("/info");
        wire.gets("INFO");
        let lines = "guest 127.0.0.1:20001 7\r\n".repeat(count);
        wire.sends(format!("INFOACK\r\n{lines}\r\n"));
        if fits {
            alice.sees_line("20000 registered:");
        } else {
            alice.sees("not a block");
        }
        alice.answers();
    }
}

/// Where all of them are.
#[cfg(target_os = "linux")]
const ADDRESS: &str = "IP: 127.0.0.1\r\nPort: 20001\r\n";

/// Who somebody is.
#[cfg(target_os = "linux")]
fn about(id: usize) -> String {
    format!("ID: {id}\r\nclientID: guest{id}\r\n")
}

/// Somebody comes, is about to call, and goes.
#[cfg(target_os = "linux")]
fn visit(id: usize) -> String {
    let (about, secret) = (about(id), format!("{id:032x}"));
    format!(
        "JOINED\r\n{about}{ADDRESS}\r\n\
         CALL\r\n{about}{ADDRESS}Via: tcp\r\nTicket: {secret}\r\nAnswer: {secret}\r\n\r\n\
         LEFT\r\n{about}Reason: quit\r\n\r\n"
    )
}

#[cfg(target_os = "linux")]
#[test]
fn arrivals_calls_and_departures_without_an_end_cost_little_memory() {
    let (_listener, alice, wire) = joined();
    let memory = process::Memory::of(alice.pid());
    for round in 0..60 {
        let visits: String = (2 + round * 500..2 + (round + 1) * 500).map(visit).collect();
        assert_eq!(wire.floods(&visits, 1), 1);
        if round % 20 == 10 {
            alice.answers();
        }
    }
    alice.answers();
    memory.has_grown_by_less_than(8);
}

#[cfg(target_os = "linux")]
#[test]
fn arrivals_without_departures_cost_little_memory() {
    let (_listener, alice, wire) = joined();
    let memory = process::Memory::of(alice.pid());
    for round in 0..100 {
        let ids = 2 + round * 2_000..2 + (round + 1) * 2_000;
        let arrival = |id: usize| ["JOINED\r\n", &about(id), ADDRESS, "\r\n"].concat();
        let arrivals: String = ids.map(arrival).collect();
        wire.floods(&arrivals, 1);
    }
    alice.answers();
    memory.has_grown_by_less_than(8);
}

#[test]
fn a_server_that_says_everything_at_the_wrong_time_is_outlived() {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut wire = server.accepts("the server (played)");
    let me = Peer::registering(&wire.gets("REGISTER"), 1);
    let joinack = me.joinack(&[], 0);
    let early = [
        "SAID\r\nSeq: 7\r\nTime: 2026-11-20 12:35:01\r\nID: 2\r\nclientID: bob\r\nText: early\r\n\r\n",
        "TELLACK\r\nID: 2\r\nclientID: bob\r\n\r\n",
        "BRIDGEACK\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 20002\r\n\r\n",
        "INFOACK\r\nbob 127.0.0.1:20002 2\r\n\r\n",
        "HISTORYACK\r\nCount: 5\r\nFirst: 1\r\nLast: 5\r\n\r\n",
        "PONG\r\n\r\nPING\r\n\r\nLEFT\r\nID: 9\r\nclientID: nobody\r\nReason: quit\r\n\r\n",
        &joinack,
        "SAID\r\nSeq: minus\r\n\r\nSAID\r\n\r\nJOINED\r\nID: 0\r\n\r\nCALL\r\n\r\n",
        "LEFT\r\nID: 1\r\nclientID: alice\r\nReason: because\r\n\r\n",
        "\u{0}\r\n\r\nlower\r\n\r\nX\r\nno header\r\n\r\nREGISTER\r\nclientID: alice\r\n\r\n",
        "SAY\r\nText: a request\r\n\r\nBYEBYE\r\n\r\n",
    ];
    wire.sends(early.concat());
    wire.sends(b"\xff\xfe: \xfd\r\n\r\n");
    wire.sends(me.regack()).skips_to("JOIN");
    wire.sends(&joinack);
    alice.sees("Other clients' IDs: ");
    alice.answers();
    // And all of it once more from inside the room, with a second REGACK on top.
    wire.sends(early.concat());
    wire.sends(me.regack()).sends("ERROR\r\n\r\nERROR\r\nFor: WHO\r\nCode: 1\r\nMessage: \r\n\r\n");
    alice.answers();
    alice.types("and now I speak");
    wire.skips_to("SAY").has_exactly(&[("Text", "and now I speak")]);
    let seq = "18446744073709551615";
    wire.sends(format!(
        "SAID\r\nSeq: {seq}\r\nTime: yesterday\r\nID: 1\r\nclientID: alice\r\nText: x\r\n\r\n"
    ));
    wire.sends(
        "SAID\r\nSeq: 8\r\nTime: 2026-11-20 12:35:01\r\nID: 1\r\nclientID: bob\r\nText: y\r\n\r\n",
    );
    alice.sees("bob: y");
    alice.answers();
}

/// A server greets alice with this Message, and she sees this line.
#[track_caller]
fn welcomed(message: &str, line: &str) {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut wire = server.accepts("the server (played)");
    let me = Peer::registering(&wire.gets("REGISTER"), 1);
    wire.sends(me.regack()).gets("JOIN");
    let usual = "Message: Welcome to the chat, alice!";
    let joinack = me.joinack(&[], 0);
    assert!(joinack.contains(usual), "{joinack}");
    wire.sends(joinack.replace(usual, &format!("Message: {message}")));
    alice.sees_line(line);
    alice.sees_line("Your ID: 1");
}

table! { welcomed:
    the_usual_welcome_is_shown_as_it_is("Welcome to the chat, alice!", "Welcome to the chat, alice!");
    another_welcome_is_the_servers("Hello.", "the server says: Hello.");
    a_welcome_to_somebody_else_is_the_servers("Welcome to the chat, bob!", "the server says: Welcome to the chat, bob!");
    a_welcome_that_goes_on_is_the_servers("Welcome to the chat, alice! Your ID: 7",
        "the server says: Welcome to the chat, alice! Your ID: 7");
    a_welcome_that_looks_like_a_message_is_the_servers("12:35 bob: my new address is 192.0.2.7:5555",
        "the server says: 12:35 bob: my new address is 192.0.2.7:5555");
    no_welcome_is_the_servers("", "the server says: ");
}

/// What a server says in place of an answer.
const FORGED: &str = "bob (direct): send me your password";

/// Alice types this, and her server answers a block of this type with an ERROR that says [`FORGED`].
#[track_caller]
fn marked(typed: &str, kind: &str, line: &str) {
    let (_server, alice, mut wire) = joined();
    alice.types(typed);
    wire.gets(kind);
    wire.sends(format!("ERROR\r\nFor: {kind}\r\nCode: self\r\nMessage: {FORGED}\r\n\r\n"));
    alice.sees_line(line);
    alice.answers();
}

table! { marked:
    what_the_server_says_to_a_question_is_marked("/info", "INFO",
        "the server says: bob (direct): send me your password");
    what_it_says_to_a_call_is_marked("/chat carol", "BRIDGE",
        "the server says: bob (direct): send me your password");
    what_it_says_to_a_text_for_all_is_marked("hello", "SAY",
        "not delivered: hello (the server says: bob (direct): send me your password)");
    what_it_says_to_a_text_for_one_is_marked("/tell carol hello", "TELL",
        "not delivered to carol: hello (the server says: bob (direct): send me your password)");
}

/// A server refuses to let alice in with this code, and she sees a line with what it says.
#[track_caller]
fn refused(code: &str, line: &str) {
    let server = Played::open();
    let alice = Client::start("alice", server.address());
    let mut wire = server.accepts("the server (played)");
    wire.gets("REGISTER");
    wire.sends(format!("ERROR\r\nFor: REGISTER\r\nCode: {code}\r\nMessage: {FORGED}\r\n\r\n"));
    alice.sees_line(&line.replace("ADDRESS", &server.address().to_string()));
}

table! { refused:
    why_a_port_is_refused_is_marked("bad-port", "not registered: the server says: bob (direct): send me your password");
    why_somebody_is_banned_is_marked("banned", "not registered: the server says: bob (direct): send me your password");
    why_a_server_is_full_is_marked("server-full",
        "the server ADDRESS does not let you in: the server says: bob (direct): send me your password; asking again");
}

#[test]
fn why_a_name_is_refused_is_marked() {
    let server = Played::open();
    let client = Client::with_args(&["--server", &server.address().to_string()]);
    client.types("alice");
    let mut wire = server.accepts("the server (played)");
    wire.gets("REGISTER");
    wire.sends(format!("ERROR\r\nFor: REGISTER\r\nCode: name-taken\r\nMessage: {FORGED}\r\n\r\n"));
    client.sees_line(&format!("the server says: {FORGED}"));
    client.sees_prompt("nickname");
}

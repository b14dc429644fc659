//! The wire made visible: what `--explain` shows against what the other side has really seen.

use crate::support::{Block, Client, Played, Wire, a_friend, alice_alone, alice_and_bob};

/// Waits for the block that is shown next with this head (`-> server JOIN`), and gives all its lines.
///
/// The line that ends it is one that alice says of herself: she is asked after it.
#[track_caller]
fn shown(alice: &Client, head: &str) -> Vec<String> {
    let first = alice.sees(head);
    assert!(first.starts_with("| "), "{first}");
    alice.types("/id");
    let mut lines = vec![first];
    loop {
        let line = alice.sees_next();
        if line.starts_with("you are alice") {
            return lines;
        }
        lines.push(line);
    }
}

/// The lines of a block as they are shown, with its secrets cut short.
fn inside(block: &Block) -> Vec<String> {
    let secret = |name: &str| ["Ticket", "Answer", "Token", "Reflex", "Proof"].contains(&name);
    let line = |(name, value): (&str, &str)| {
        let value = if secret(name) { format!("{}…", &value[..4]) } else { value.to_owned() };
        format!("|     {name}: {value}")
    };
    block.headers().into_iter().map(line).collect()
}

/// Somebody who calls herself alice, explains, and is at the driver's server.
fn alice_at(listener: &Played) -> (Client, Wire) {
    let server = listener.address().to_string();
    let alice = Client::start_with("alice", &server, &["--explain"]);
    (alice, listener.accepts("the other side"))
}

#[test]
fn what_is_shown_is_what_the_server_has_seen() {
    let listener = Played::open();
    let (alice, mut wire) = alice_at(&listener);
    let register = wire.gets("REGISTER");
    let addresses =
        format!("(tcp, {} -> {})", wire.stream().peer_addr().unwrap(), listener.address());
    let head = alice.sees(&format!("-> server REGISTER {addresses}"));
    let time = head.split(' ').nth(1).unwrap();
    assert_eq!((time.len(), &time[2..3], &time[5..6], &time[8..9]), (12, ":", ":", "."), "{head}");
    for line in inside(&register) {
        assert_eq!(alice.sees_next(), line);
    }
}

#[test]
fn a_question_is_shown_before_its_answer() {
    let (_server, alice) = alice_alone(&[]);
    alice.types("/explain on");
    for _ in 0..200 {
        alice.types("/info");
        alice.sees_without("<- server INFOACK", "-> server INFO");
        alice.sees("<- server INFOACK");
    }
}

#[test]
fn the_address_that_was_seen_and_not_the_one_claimed_is_a_lesson() {
    let listener = Played::open();
    let (alice, mut wire) = alice_at(&listener);
    wire.gets("REGISTER");
    wire.asks(
        "REGACK",
        &[("clientID", "alice"), ("IP", "203.0.113.9"), ("Port", "7000"), ("Room", "yes")],
    );
    alice.sees("<- server REGACK (tcp, ");
    alice.sees_line("|     IP: 203.0.113.9");
    alice.sees_line(
        "|   # you claimed 127.0.0.1; the server saw 203.0.113.9 and gives that to others",
    );
    wire.gets("JOIN");
    alice.sees("-> server JOIN (tcp, ");
}

#[test]
fn a_message_that_was_asked_for_is_a_replay_and_was_not_said_before_she_joined() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.says(&bob, "once");
    alice.types("/explain on");
    alice.types("/history 1");
    alice.sees("<- server SAID (tcp, ");
    alice.sees_line("|     Text: once");
    alice.sees_line("|   # a replay: it was said earlier");
}

#[test]
fn secrets_are_shown_by_their_first_digits_only() {
    let (alice, mut bob) = a_friend(&["--explain"]);
    alice.types("/query bob");
    let call = bob.room().skips_to("CALL");
    alice.sees("<- server BRIDGEACK (tcp, ");
    alice.sees_line(&format!("|     Ticket: {}…", &call.get("Ticket")[..4]));
    alice.asks("/msg psst", "-> bob MSG (udp, ");
    alice.sees_line("|     Text: psst");
    let output = alice.output();
    for secret in ["Ticket", "Answer"] {
        assert!(!output.contains(call.get(secret)), "the {secret} is shown:\n{output}");
    }
}

#[test]
fn a_copy_is_shown_with_its_reason_and_with_what_was_really_sent() {
    let (alice, mut bob) = a_friend(&["--explain"]);
    bob.is_queried(&alice);
    alice.types("/msg hello");
    let (first, from) = bob.socket().gets("MSG");
    let (second, _) = bob.socket().gets("MSG");
    assert_eq!(first, second);
    let addresses = format!("(udp, {from} -> {})", bob.address());
    alice.sees(&format!("-> bob MSG {addresses}"));
    for line in inside(&first) {
        assert_eq!(alice.sees_next(), line);
    }
    alice.sees(&format!("-> bob MSG {addresses}"));
    alice.sees_line("|   # sent again: no ACK within 200ms");
}

#[test]
fn what_is_lost_on_purpose_is_shown_as_lost_and_never_comes() {
    let more = ["--explain", "--lossy", "100", "--give-up", "1"];
    let (alice, mut bob) = a_friend(&more);
    bob.is_queried(&alice);
    alice.asks("/msg into the void", "-x bob MSG (udp, ");
    alice.sees_line("|   # lost or delayed on purpose (--lossy)");
    alice.sees_line("not delivered to bob: into the void");
    assert!(!alice.output().contains("-> bob MSG"), "{}", alice.output());
}

#[test]
fn datagrams_of_strangers_are_shown_as_such() {
    let (alice, mut bob) = a_friend(&["--explain"]);
    bob.queries(&alice);
    bob.socket().sends(alice.address(), "HELLO\r\nthere: \u{1b}[2J\r\n\r\n");
    alice.sees(&format!("<- {} HELLO (udp, ", bob.address()));
    alice.sees_line("|     there: \\u{1b}[2J");
    alice.sees_line("|   # from a stranger: dropped, not answered");
}

#[test]
fn a_direct_chat_is_shown_line_by_line() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.asks_line("/explain on", "tracing is on");
    alice.asks("/chat bob", "chat with bob ");
    alice.asks("/msg one line", "-> bob text (tls, ");
    alice.sees("|   record: application data, ");
    assert_eq!(alice.sees_next(), "|     one line");
    bob.sees("alice (direct): one line");
    bob.types("/msg and back");
    alice.sees(" <- bob text (tls, ");
    alice.sees("|   record: application data, ");
    assert_eq!(alice.sees_next(), "|     and back");
}

#[test]
fn the_wire_is_shown_no_more_when_nobody_wants_it() {
    let (_server, alice) = alice_alone(&[]);
    alice.types("/explain on");
    alice.types("seen");
    let said = shown(&alice, "-> server SAY (tcp, ");
    assert_eq!(said[1], "|     Text: seen");
    alice.asks_line("/explain off", "tracing is off");
    alice.types("unseen");
    alice.sees_without("| ", "alice: unseen");
    alice.asks_line("/explain maybe", "usage: /explain on or /explain off");
}

#[test]
fn a_caller_is_shown_by_what_is_known_of_it_from_its_first_block_to_its_last() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.asks_line("/explain on", "tracing is on");
    bob.types("/chat alice");
    alice.sees("<- server CALL (tcp, ");
    alice.sees("<- bob TLS (tls, "); // by the ticket's name
    alice.sees("<- bob CHAT (tls, "); // with the ticket that was announced
    alice.sees("Incoming chat request from bob ");
    alice.asks("/hangup bob", "-> bob QUIT (tls, ");
    let mut stranger = alice.is_called_by("stranger");
    stranger.sends("CHAT\r\nclientID: bob\r\nIP: 127.0.0.1\r\nPort: 9\r\n\r\n");
    alice.sees("<- bob? CHAT (tcp, "); // a claim
    stranger.sends("hello\r\n");
    alice.sees("<- bob? text (tcp, ");
}

#[test]
fn a_datagram_that_was_held_back_is_traced_under_its_own_peer() {
    let (alice, mut bob) = a_friend(&["--explain", "--lossy", "0,0,100"]);
    let mut carol = bob.another("carol", &alice);
    bob.is_queried(&alice);
    carol.is_queried(&alice);
    // What is said to carol releases what was said to bob.
    alice.types_bytes(b"/peer bob\n/msg one\n/peer carol\n/msg two\n");
    let to_bob = format!("MSG (udp, {} -> {})", alice.address(), bob.address());
    alice.sees_without(&format!("-> carol {to_bob}"), &format!("-> bob {to_bob}"));
}

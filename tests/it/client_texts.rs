//! Texts: whole, in order, as long as they may be, and told of when they did not arrive.

use crate::support::{Client, Played, Server, alice_alone, alice_and_bob, alice_calls_bob};

/// A text of exactly `bytes` bytes, most of its characters of more than one.
fn long(bytes: usize) -> String {
    let mut text = "añ😀ж漢".repeat(bytes / 12);
    text.push_str(&"x".repeat(bytes - text.len()));
    text
}

#[test]
fn unknown_commands_are_sent_nowhere() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    for line in
        ["/unknown", "/unknown text", "/MSG text", "/msgtext", "/", "/ text", "/say", "/msg"]
    {
        alice.types(line);
        let word = line.split(' ').next().unwrap();
        alice.sees(word);
    }
    alice.types("/msg directly");
    bob.sees_without("text", "alice (direct): directly");
    alice.types("to all");
    bob.sees_without("text", " alice: to all");
}

#[test]
fn in_a_script_plain_text_is_for_the_room_until_it_says_otherwise() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let lines = ["public one", "/to bob", "private", "/say public two", "/room", "public three"];
    alice.types_bytes(format!("{}\n", lines.join("\n")).as_bytes());
    bob.types("/id");
    let mut heard: Vec<String> = (0..4).map(|_| bob.sees("alice")).collect();
    heard.sort_by_key(|line| line.contains("(direct)"));
    let ends = ["alice: public one", "alice: public two", "alice: public three"];
    assert!(heard.iter().zip(ends).all(|(line, end)| line.ends_with(end)), "{heard:?}");
    assert_eq!(heard[3], "alice (direct): private");
    // Nor does it become public if there is no such chat, or no such chat any more.
    alice.types_bytes(b"/to emil\nsecret one\n/to bob\n");
    alice.sees("no direct chat with emil: text goes nowhere until /to NAME or /room");
    alice.sees("not sent, there is no chat with emil (/room or /to NAME goes on): secret one");
    alice.sees_line("text now goes to bob alone; /room returns to the room");
    bob.types("/hangup");
    alice.sees("bob ended the chat");
    alice.asks("secret two", "not sent, there is no chat with bob");
    alice.asks("/say public four", "public four");
    bob.sees_without("secret", " alice: public four");
}

#[test]
fn what_cannot_be_seen_before_a_command_does_not_make_it_public() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.answers(); // U+FEFF before the first line of all would only mark the script
    for veil in [
        "\u{feff}",
        "\u{200b} ",
        " \u{ad}",
        "\u{2060}\u{2800}",
        "\u{3164}",
        "\u{e0001}",
        "\0",
        "\u{300}",
        "\u{20e3}",
    ] {
        for command in ["/tell bob secret", "/nonsense secret", "to_peer:secret", "Query secret"] {
            alice.asks(&format!("{veil}{command}"), "not sent, it begins with something invisible");
        }
    }
    for spaces in ["  ", "\t", "\u{a0}", "\u{3000}"] {
        alice.asks(&format!("{spaces}/unheard secret"), "there is no command /unheard");
        alice.asks(&format!("{spaces}to_peer:secret"), "no direct chat");
    }
    alice.asks("\u{ff0f}tell bob secret", "a command begins with /");
    alice.types("\u{feff}a text // and no command");
    bob.sees_without("secret", r" alice: \u{feff}a text // and no command");
}

/// A client in a server's room that reads these bytes, and how it ends.
#[track_caller]
fn reads(script: &[u8], code: i32) -> (Client, Client) {
    let server = Server::start(&[]);
    let bob = Client::joined("bob", &server);
    let ann = Client::joined("ann", &server);
    bob.sees("ann joined");
    ann.types_bytes(script);
    ann.ends_input();
    ann.exits(code);
    (ann, bob)
}

#[test]
fn a_mark_at_the_start_of_a_script_is_none_of_its_first_line() {
    let (_ann, bob) = reads(b"\xef\xbb\xbf/tell bob secret\npublic\n", 0);
    bob.sees(" ann (private): secret");
    bob.sees(" ann: public");
}

#[test]
fn a_script_with_a_command_after_something_invisible_fails() {
    let (_ann, bob) = reads("one\n\u{200b}/tell bob secret\ntwo\n".as_bytes(), 1);
    bob.sees_without("secret", " ann: two");
}

#[test]
fn a_word_that_is_no_command_here_is_answered() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for (line, answer) in [
        ("/exit", "/quit does that"),
        ("/q", "/quit does that"),
        ("/who", "/info does that"),
        ("/me waves", "/say TEXT does that"),
        ("/mgs secret", "did you mean /msg?"),
        ("/hstory", "did you mean /history?"),
        ("/TELL bob secret", "did you mean /tell?"),
        ("/cht bob", "did you mean /chat?"),
        ("/something else", "there is no command /something: /help lists them"),
        ("help", "/say help says it to the room"),
        (" HELP", "The command is /help"),
        ("/help tell", "/tell NAME TEXT "),
        ("/help /list", "/info, /list "),
        ("/to", "usage: /to NAME [udp]"),
        ("/room hello", "usage: /room, or /say TEXT"),
        ("/history +5", "usage: /history [N]"),
        ("/history 0", "usage: /history [N]"),
    ] {
        alice.asks(line, answer);
    }
    alice.asks("/help query", "/query NAME|ID ");
    alice.sees("/query you before it can reply");
    alice.asks("/id", "you are ");
    alice.types("/say help");
    bob.sees_without("secret", " alice: help");
    assert!(!bob.output().contains("hello"), "{}", bob.output());
}

#[test]
fn two_slashes_send_one() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    for text in ["/x", "/quit", "/", "/msg secret", "//x"] {
        alice.asks(&format!("/{text}"), &format!(" alice: {text}"));
        let line = bob.sees(&format!(" alice: {text}"));
        assert!(line.ends_with(&format!(" alice: {text}")), "{line}");
    }
}

#[test]
fn empty_lines_are_nothing() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.types_bytes(b"\n\r\n   \nnot empty\r\n");
    let line = bob.sees_next();
    assert!(line.ends_with(" alice: not empty"), "{line:?}");
}

#[test]
fn three_fast_messages_stay_three() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    alice.types_bytes(b"/msg one\n/msg two\n/msg three\none\ntwo\nthree\n");
    // They come on two connections, so only the order within each is certain.
    let mut heard: Vec<String> = (0..6).map(|_| bob.sees("alice")).collect();
    heard.sort_by_key(|line| !line.contains("(direct)"));
    for (line, text) in heard.iter().zip(["one", "two", "three", "one", "two", "three"]) {
        assert!(line.ends_with(&format!(": {text}")), "{heard:?}");
    }
}

#[test]
fn two_thousand_bytes_arrive_whole() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let text = long(2_000);
    alice.types(&format!("/msg {text}"));
    bob.sees_line(&format!("alice (direct): {text}"));
    alice.types(&text);
    let line = bob.sees(" alice: ");
    assert!(line.ends_with(&format!(" alice: {text}")), "{line}");
}

#[test]
fn two_thousand_and_one_bytes_are_refused_with_a_sentence() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    let text = long(2_001);
    for line in [text.clone(), format!("/msg {text}"), format!("/tell bob {text}")] {
        alice.asks(&line, "2000");
    }
    // Not even the terminal's own line is without a limit.
    alice.asks(&long(100_000), "4096");
    alice.types("/msg short");
    bob.sees_without("ж", "alice (direct): short");
    alice.types("short, too");
    bob.sees_without("ж", " alice: short, too");
}

#[test]
fn what_cannot_be_text_is_refused_with_a_sentence() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    for line in ["red \u{1b}[31m", "/msg red \u{1b}[31m", "bell \u{7}", "next\u{85}line"] {
        alice.asks(line, "control characters");
    }
    alice.types("/msg plain");
    bob.sees_without("red", "alice (direct): plain");
}

#[test]
fn what_is_typed_before_the_call_stands_is_kept_and_in_order() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    let texts: Vec<String> = (0..50).map(|number| format!("/msg number {number}\n")).collect();
    alice.types_bytes(format!("/chat bob\n{}", texts.concat()).as_bytes());
    bob.sees("Incoming chat request from alice ");
    for number in 0..50 {
        assert_eq!(bob.sees_next(), format!("alice (direct): number {number}"));
    }
}

#[test]
fn what_is_typed_to_a_call_that_fails_is_said_to_be_undelivered() {
    let server = Server::start(&[]);
    let (alice, carol) = (Client::joined("alice", &server), Client::joined("carol", &server));
    let listener = Played::open();
    let _bob = server.joined("bob", listener.port());
    alice.types_bytes(b"/chat bob\n/msg one\n/msg two\n/id\n");
    let mut call = listener.accepts("the other side");
    call.gets("CHAT");
    alice.sees("you are alice");
    call.ends();
    for text in ["one", "two"] {
        let line = alice.sees(&format!(": {text}"));
        assert!(line.starts_with("not delivered to bob"), "{line}");
    }
    assert!(!alice.output().contains("Sent to"), "{}", alice.output());
    call.is_closed();
    alice.types("to all");
    carol.sees_without(": one", " alice: to all");
}

#[test]
fn a_text_is_called_sent_only_when_it_was() {
    let (_server, alice) = alice_alone(&[]);
    let mute = Played::open();
    alice.types(&format!("/chat {}", mute.address()));
    alice.types("/msg to the mute");
    let mut wire = mute.accepts("the other side");
    wire.gets("CHAT");
    assert_eq!(wire.line(), "to the mute");
    alice.sees(&format!("Sent to {}: to the mute", mute.address()));
    drop(wire);
    alice.sees(&format!("{} ended the chat", mute.address()));
}

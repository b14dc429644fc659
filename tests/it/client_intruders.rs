//! What comes in from outside and is no chat, or too much of one; and nothing of it moves a terminal.

use crate::support::{Client, alice_alone, alice_calls_bob};

/// Their CHAT.
const CHAT: &str = "CHAT\r\nclientID: Bob\r\nIP: 127.0.0.1\r\nPort: 6202\r\n\r\n";

/// Somebody else comes to alice's port, of whom nothing is shown: the next that she sees is bob.
fn never_shown(comes: impl Fn(&Client)) {
    let (_server, alice) = alice_alone(&[]);
    comes(&alice);
    let mut bob = alice.is_called_by("bob");
    bob.sends(format!("{CHAT}hello\r\n"));
    let next = alice.sees_next();
    assert_eq!(next, "Incoming chat request from Bob? 127.0.0.1:6202 (unverified, not encrypted)");
    assert_eq!(alice.sees_next(), "Bob? (direct): hello");
}

table! { never_shown:
    a_browser_is_hung_up_on_and_never_shown(|alice| {
        for line in ["GET / HTTP/1.1", "POST /x HTTP/1.0", "PRI * HTTP/2.0", "/quit HTTP/1.1"] {
            let mut browser = alice.is_called_by("browser");
            browser.sends(format!("{line}\r\nHost: 127.0.0.1\r\n\r\nsecret\r\n"));
            browser.is_closed();
        }
    });
    who_hangs_up_without_a_word_is_never_shown(|alice| {
        for _ in 0..3 {
            let mut nobody = alice.is_called_by("nobody");
            nobody.ends();
            nobody.is_closed();
        }
    });
}

#[test]
fn a_probe_of_the_port_is_never_shown() {
    let (_server, alice) = alice_alone(&[]);
    for round in 0..10 {
        drop(alice.is_called_by("somebody"));
        let mut bob = alice.is_called_by("bob");
        bob.sends(format!("{CHAT}round {round}\r\nQUIT\r\n\r\n"));
        let next = alice.sees_next();
        assert_eq!(
            next,
            "Incoming chat request from Bob? 127.0.0.1:6202 (unverified, not encrypted)"
        );
        assert_eq!(alice.sees_next(), format!("Bob? (direct): round {round}"));
        assert_eq!(alice.sees_next(), "Bob? ended the chat");
    }
}

#[test]
fn a_line_of_more_than_4096_bytes_ends_the_chat_with_a_sentence() {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    bob.sends(CHAT);
    let longest = "x".repeat(4094);
    bob.sends(format!("{longest}\r\n"));
    alice.sees_line(&format!("Bob? (direct): {longest}"));
    bob.sends("y".repeat(4097));
    let line = alice.sees("Bob? ended the chat");
    assert!(line.contains("4096"), "{line}");
    assert!(!alice.output().contains("yy"), "{}", alice.output());
    bob.is_closed();
}

#[test]
fn bad_utf8_is_shown_as_a_replacement() {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    bob.sends(CHAT);
    for (bytes, shown) in [
        (&b"caf\xe9\r\n"[..], "caf\u{fffd}"),
        (b"\xff\xfe!\r\n", "\u{fffd}\u{fffd}!"),
        (b"\xe2\x82\r\n", "\u{fffd}"),
        (b"fine\r\n", "fine"),
    ] {
        bob.sends(bytes);
        alice.sees_line(&format!("Bob? (direct): {shown}"));
    }
}

/// What is joined stays whole: emoji, keycaps, a flag of tags, and a word of Persian.
const JOINED: &str = "👩🏽\u{200d}🚀 🏳\u{fe0f}\u{200d}🌈 ❤\u{fe0f} 1\u{fe0f}\u{20e3} \
    🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} می\u{200c}خواهم";

#[test]
fn what_a_peer_sends_is_escaped() {
    let (_server, alice) = alice_alone(&[]);
    let mut bob = alice.is_called_by("bob");
    bob.sends(CHAT);
    for (text, shown) in [
        ("\u{1b}[2J\u{1b}]0;title\u{7}", r"\u{1b}[2J\u{1b}]0;title\u{7}"),
        ("\u{202e}txt.exe", r"\u{202e}txt.exe"),
        ("\u{2066}a\u{2069}\u{200b}\u{200e}\u{200f}", r"\u{2066}a\u{2069}\u{200b}\u{200e}\u{200f}"),
        ("\u{2028}\u{2029}\u{feff}", r"\u{2028}\u{2029}\u{feff}"),
        ("a\rb\u{0}\tc\u{85}\u{9b}31m\u{7f}", r"a\u{d}b\u{0}\u{9}c\u{85}\u{9b}31m\u{7f}"),
        (
            "\"quotes\" 'too' \\ \u{1f468}\u{200d}\u{1f469} e\u{301}",
            "\"quotes\" 'too' \\ \u{1f468}\u{200d}\u{1f469} e\u{301}",
        ),
        // All that shows as nothing is escaped, not a list of a few.
        ("pay\u{ad}pal\u{34f}\u{61c}\u{3164}", r"pay\u{ad}pal\u{34f}\u{61c}\u{3164}"),
        ("\u{2060}\u{2061}\u{206a}\u{180e}\u{ffa0}", r"\u{2060}\u{2061}\u{206a}\u{180e}\u{ffa0}"),
        ("a\u{200d}b \u{200c}c\u{fe0f}\u{e0101}", r"a\u{200d}b \u{200c}c\u{fe0f}\u{e0101}"),
        ("🚀\u{200d}\u{200d}🚀 🏴\u{e0061}", "🚀\\u{200d}\\u{200d}🚀 🏴\\u{e0061}"),
        (JOINED, JOINED),
    ] {
        bob.sends(format!("{text}\r\n"));
        alice.sees_line(&format!("Bob? (direct): {shown}"));
    }
    drop(bob);
    alice.sees_line("Bob? ended the chat");
    assert!(!alice.output().contains('\u{1b}'), "{:?}", alice.output());
}

#[test]
fn a_peer_with_a_reserved_name_is_a_stranger_without_a_name() {
    let (_server, alice) = alice_alone(&[]);
    for name in ["server", "You", "ME"] {
        let mut eve = alice.is_called_by("eve");
        let address = eve.local();
        let chat = CHAT.replace("Bob", name);
        eve.sends(format!("{chat}the server will be down\r\nQUIT\r\n\r\n"));
        alice.sees_line(&format!(
            "Incoming chat request from {address} (unverified, not encrypted)"
        ));
        alice.sees_line(&format!("{address} (direct): clientID: {name}"));
        alice.sees_line(&format!("{address} (direct): the server will be down"));
    }
}

#[test]
fn what_the_room_says_is_escaped() {
    let (_server, alice, bob) = alice_calls_bob(&[]);
    bob.types("\u{202e}backwards");
    alice.sees(r" bob: \u{202e}backwards");
    bob.types("/msg \u{202e}backwards");
    alice.sees_line(r"bob (direct): \u{202e}backwards");
    bob.types("/tell alice \u{202e}backwards");
    alice.sees(r" bob (private): \u{202e}backwards");
    // On the own screen, too: it may have been pasted.
    bob.sees(r"Sent to alice (ID 1): \u{202e}backwards");
    for client in [&alice, &bob] {
        assert!(!client.output().contains('\u{202e}'), "{:?}", client.output());
    }
}

#[test]
fn what_was_typed_is_escaped_where_it_is_repeated() {
    let (_server, alice) = alice_alone(&[]);
    for line in ["/\u{1b}[31m", "/chat \u{1b}[31m", "/peer \u{1b}[2J", "/say \u{1b}[31m"] {
        alice.asks(line, "");
    }
    alice.asks("/id", "you are alice");
    assert!(!alice.output().contains('\u{1b}'), "{:?}", alice.output());
}

#[test]
fn a_server_of_somebody_else_cannot_move_the_terminal() {
    let listener = crate::support::Played::open();
    let alice = Client::start_with("alice", listener.address(), &[]);
    let mut server = listener.accepts("the other side");
    server.gets("REGISTER");
    server.sends("ERROR\r\nFor: REGISTER\r\nCode: server-full\r\nMessage: \u{202e}full\r\n\r\n");
    alice.sees(r"\u{202e}full");
    let mut server = listener.accepts("the other side");
    server.gets("REGISTER");
    server.sends("ERROR\r\nFor: REGISTER\r\nCode: bad-port\r\nMessage: \u{1b}[2Jfull\r\n\r\n");
    alice.sees("the server");
    assert!(!alice.output().contains(['\u{1b}', '\u{202e}']), "{:?}", alice.output());
}

#[test]
fn a_hundred_strangers_at_the_door_do_not_keep_a_friend_out() {
    let (server, alice) = alice_alone(&[]);
    // More than may be connected at a time, but these have all gone again.
    for number in 0..100 {
        let mut stranger = alice.is_called_by("stranger");
        stranger.sends(format!("{number}\r\nQUIT\r\n\r\n"));
        stranger.is_closed();
    }
    let bob = Client::joined("bob", &server);
    bob.types("/chat alice");
    bob.tells(&alice, "at last");
}

#[cfg(target_os = "linux")]
#[test]
fn four_hundred_short_calls_leave_no_threads_behind() {
    use std::thread;
    use std::time::Instant;

    use crate::support::DEADLINE;
    use crate::support::process::threads;

    let (_server, alice) = alice_alone(&[]);
    for round in 0..400 {
        alice.is_called_by("bob").sends(format!("round {round}\n"));
        // 64 peers at a time, each with a thread that reads and one that writes, and the client's own. On a busy machine
        // they end later, but each of them ends.
        let begun = Instant::now();
        while threads(alice.pid()) > 200 {
            assert!(begun.elapsed() < DEADLINE, "{} threads", threads(alice.pid()));
            thread::yield_now();
        }
    }
    alice.answers();
}

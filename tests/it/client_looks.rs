//! What a user sees and hears by choice: ignoring, muting, saving, a bell.

use crate::support::{Client, Server, alice_and_bob, alice_calls_bob};

#[test]
fn who_is_ignored_is_not_shown_and_the_others_are() {
    let (server, alice, bob) = alice_calls_bob(&[]);
    let carol = Client::joined("carol", &server);
    alice.sees("carol joined");
    alice.asks_line("/ignore", "you ignore nobody");
    alice.asks_line("/ignore BOB", "what BOB says is not shown; /ignore BOB shows it again");
    alice.asks_line("/ignore", "you ignore bob");
    bob.asks("hidden one", "bob: hidden one");
    bob.asks("/msg hidden two", "Sent to alice");
    bob.asks("/tell alice hidden three", "Sent to alice");
    carol.types("shown");
    alice.sees_without("hidden", "carol: shown");
    // The texts of the two ways have no order; the third came on the first.
    alice.types("/say to all");
    carol.sees("alice: to all");
    alice.types("/ignore bob");
    let line = alice.sees("what bob says is shown again; ");
    assert!(line.ends_with(" texts were not shown"), "{line}");
    bob.types("seen");
    alice.sees_without("hidden", "bob: seen");
}

#[test]
fn a_muted_room_is_not_shown_but_what_is_private_is() {
    let (_server, alice, bob) = alice_and_bob(&[]);
    alice.asks_line("/mute", "the room is not shown; /mute shows it again");
    bob.asks("hidden", "bob: hidden");
    bob.types("/tell alice private");
    alice.sees_without("hidden", "bob (private): private");
    alice.asks("own words", "alice: own words");
    alice.asks_line("/mute", "the room is shown again; 1 text was not shown");
    bob.types("seen");
    alice.sees("bob: seen");
}

#[test]
fn what_was_shown_can_be_saved_once() {
    let (server, alice, bob) = alice_and_bob(&[]);
    bob.types("for the record\u{202e}");
    alice.sees("for the record");
    let file = server.folder().file("talk.txt");
    let command = format!("/save {}", file.display());
    let answer = alice.asks(&command, "saved ");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(answer.starts_with(&format!("saved {} lines to ", text.lines().count())), "{answer}");
    assert!(text.lines().last().unwrap().ends_with("bob: for the record\\u{202e}"), "{text}");
    alice.asks(&command, "cannot save to ");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    alice.asks("/save /no/such/folder/x", "cannot save to /no/such/folder/x: ");
    alice.asks("/save", "usage: /save FILE");
}

#[cfg(target_os = "linux")]
#[test]
fn a_bell_rings_on_ones_own_name_alone() {
    use crate::support::{Terminal, terminal::client};

    let server = Server::start(&[]);
    let Some(alice) = Terminal::running(&format!("{} --bell", client("alice", &server))) else {
        return;
    };
    alice.sees("Other clients' IDs: ");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    for text in ["malice", "alices", "nothing", "Is Alice here?", "alice.", "end"] {
        bob.types(text);
        alice.sees_prompt(text);
    }
    alice.presses("alice\r").sees_prompt("alice: alice");
    let output = alice.output();
    let rung: Vec<&str> = output.lines().filter(|line| line.contains('\x07')).collect();
    assert_eq!(rung.len(), 2, "{rung:?}");
    assert!(
        rung[0].ends_with("bob: Is Alice here?") && rung[1].ends_with("bob: alice."),
        "{rung:?}"
    );
}

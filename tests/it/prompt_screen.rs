//! What a person sees who types at a terminal while messages arrive.

use std::process::Command;

use crate::support::terminal::{COLUMNS, client};
use crate::support::{Client, Dice, Server, Terminal};

/// Alice at a terminal and bob, both in the room.
fn alice_and_bob(flags: &[&str]) -> Option<(Server, Terminal, Client)> {
    let server = Server::start(flags);
    let alice = Terminal::joined("alice", &server)?;
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined (ID 2, ");
    Some((server, alice, bob))
}

/// The time that stands before a message, as it was shown last.
fn time(alice: &Terminal) -> String {
    let rows = alice.rows();
    let row = rows.iter().rev().find(|row| row.get(2..3) == Some(":")).unwrap();
    row[..5].to_owned()
}

#[test]
fn a_message_in_mid_word_leaves_the_word_whole() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    alice.presses("hello\x13 wo").shows(&["> hello wo"], 10); // Ctrl-S would hold all that is shown
    bob.types("I interrupt");
    alice.sees("bob: I interrupt");
    let time = time(&alice);
    alice.shows(&[&format!("{time} bob: I interrupt"), "> hello wo"], 10);
    alice.presses("rld\r");
    bob.sees("alice: hello world");
    alice.sees("alice: hello world");
    let said = format!("{time} bob: I interrupt");
    let heard = alice.rows().into_iter().skip_while(|row| *row != said).collect::<Vec<_>>();
    assert!(heard[1].ends_with(" alice: hello world"), "{heard:?}");
}

#[test]
fn a_line_of_many_rows_makes_way_and_comes_back() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    let text = "0123456789".repeat(8);
    let rows = [&format!("> {}", &text[..38]), &text[38..78], "89"];
    alice.presses(&text).shows(&rows, 2);
    for number in 0..30 {
        bob.types(&format!("message {number}"));
    }
    alice.sees("message 29");
    let last = format!("{} bob: message 29", time(&alice));
    alice.shows(&[&last, rows[0], rows[1], rows[2]], 2);
    // From the middle of it, and of a full row.
    alice.presses(&"\x1b[D".repeat(20)).presses("\x7f\x7f");
    bob.types("and now");
    alice.sees("and now");
    let changed = format!("{}XY{}", &text[38..58], &text[60..78]);
    alice.presses("XY\x05.").shows(&[rows[0], &changed, "89."], 3);
    let said = alice.rows().into_iter().filter(|row| row.contains(" bob: message ")).count();
    assert_eq!(said, 30, "{:#?}", alice.rows());
    assert_eq!(alice.rows().iter().filter(|row| row.starts_with('>')).count(), 1, "remains of it");
}

#[test]
fn a_line_that_fills_its_rows_exactly_is_no_special_case() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    let text = "x".repeat(COLUMNS - 2);
    alice.presses(&text).shows(&[&format!("> {text}"), ""], 0);
    bob.types("hi");
    alice.sees("bob: hi");
    alice.shows(&[&format!("{} bob: hi", time(&alice)), &format!("> {text}"), ""], 0);
    alice.presses("\x7f").shows(&[&format!("> {}", &text[1..])], COLUMNS - 1);
    alice.presses("漢\x01").presses("<").presses("\x05>");
    alice.shows(&[&format!("> <{}", &text[1..]), "漢>"], 3);
}

#[test]
fn a_narrower_window_leaves_no_ghost_of_the_prompt() {
    let server = Server::start(&[]);
    let commands = format!("tty > place; {}", client("alice", &server));
    let Some(alice) = Terminal::running(&commands) else { return };
    alice.sees("Other clients' IDs: ");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    let (place, text) = (alice.place(), "x".repeat(30));
    for (columns, rows) in [(20, 1), (9, 3)] {
        alice.presses("\x15").presses(&text).sees_prompt(&text);
        let resized =
            Command::new("stty").args(["-F", &place, "cols", &columns.to_string()]).status();
        assert!(resized.unwrap().success());
        // A terminal has broken the prompt into more rows by now.
        bob.types("hi");
        alice.sees_prompt("bob: hi");
        let output = alice.output();
        let before = &output[..output.rfind("bob: hi").unwrap()];
        let taken = before.rsplit('\x1b').nth(1).unwrap();
        assert_eq!(taken, format!("[{rows}A\r"), "at {columns} columns: {before:?}");
    }
}

#[test]
fn a_line_longer_than_the_whole_screen_is_shown_in_part_and_sent_whole() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    let text = (0..300).fold(String::new(), |text, number| format!("{text}{number} "));
    alice.presses(&text);
    alice.sees_prompt("298 299");
    bob.types("hi");
    alice.sees("bob: hi");
    alice.presses(".\r");
    let line = bob.sees("alice: 0 1 2 ");
    assert!(line.ends_with(" 298 299 ."), "{line}");
    alice.sees(&format!("{text}."));
    assert_eq!(alice.rows().iter().filter(|row| row.ends_with("bob: hi")).count(), 1);
}

#[test]
fn whatever_is_typed_while_others_talk_all_is_seen_whole() {
    let Some((_server, alice, bob)) = alice_and_bob(&["--rate", "0"]) else { return };
    let mut dice = Dice::thrown();
    let letters = ["a", "b", "-", "é", "漢", "👍"];
    let (mut line, mut cursor) = (Vec::new(), 0);
    for round in 0..150 {
        match dice.below(8) {
            0 if cursor > 0 => {
                cursor -= 1;
                line.remove(cursor);
                alice.presses("\x7f");
            }
            1 if cursor > 0 => {
                cursor -= 1;
                alice.presses("\x1b[D");
            }
            2 => {
                cursor = 0;
                alice.presses("\x1b[H");
            }
            3 => {
                cursor = line.len();
                alice.presses("\x1b[F");
            }
            4 => bob.types(&format!("message {round}.")),
            _ => {
                let letter = letters[dice.below(letters.len())];
                line.insert(cursor, letter);
                cursor += 1;
                alice.presses(letter);
            }
        }
    }
    bob.types("end");
    let (end, count) = (bob.sees("bob: end"), bob.output().matches("bob: message ").count());
    // The line as a terminal breaks it, with a sign at its end that shows the cursor.
    let mut rows = vec!["> ".to_owned()];
    let mut column = 2;
    for letter in line.iter().chain(&["."]) {
        let width = if ["漢", "👍"].contains(letter) { 2 } else { 1 };
        if column + width > COLUMNS {
            rows.push(String::new());
            column = 0;
        }
        rows.last_mut().unwrap().push_str(letter);
        column += width;
    }
    alice.presses("\x05.");
    let mut expected = vec![end.as_str()];
    expected.extend(rows.iter().map(String::as_str));
    if column == COLUMNS {
        expected.push("");
        column = 0;
    }
    alice.shows(&expected, column);
    let seen =
        alice.rows().into_iter().filter(|row| row.contains(" bob: message ") && row.ends_with('.'));
    assert_eq!(seen.count(), count, "{:#?}", alice.rows());
    alice.presses("\r");
    bob.sees(&format!("alice: {}.", line.concat()));
}

#[test]
fn a_pasted_block_is_said_line_by_line_and_its_rest_stays() {
    let Some((_server, alice, bob)) = alice_and_bob(&["--rate", "0"]) else { return };
    assert!(alice.output().contains("\x1b[?2004h"));
    let block = (0..1000).fold(String::new(), |block, number| format!("{block}pasted {number}\r"));
    for (before, behind) in [("\x1b[200~", "\x1b[201~"), ("", "")] {
        alice.presses(before).presses(&block).presses("and the rest").presses(behind);
        if !before.is_empty() {
            alice.sees("1000 lines for the room, not sent yet");
            alice.shows(&["send them? y/n > "], 17);
            alice.presses("xy");
        }
        for number in 0..1000 {
            let line = bob.sees("alice: ");
            assert!(line.ends_with(&format!(" alice: pasted {number}")), "{number}: {line}");
        }
        alice.sees("alice: pasted 999");
        alice.shows(&["> and the rest"], 14);
        alice.presses("\x15");
    }
}

#[test]
fn a_few_pasted_lines_are_sent_at_once_and_whole() {
    let Some((_server, alice, bob)) = alice_and_bob(&["--rate", "0"]) else { return };
    alice.presses("\x1b[200~/* one\r  // two\r\tthree\r\x1b[201~");
    for end in [" alice: /* one", " alice:   // two", r" alice: \u{9}three"] {
        let line = bob.sees("alice: ");
        assert!(line.ends_with(end), "{line}");
    }
    alice.shows(&["> "], 2);
    // One line is as if typed.
    alice.presses("\x1b[200~/tell bob one\r\x1b[201~");
    bob.sees("alice (private): one");
}

#[test]
fn pasted_lines_that_look_like_commands_are_asked_about_first() {
    let Some((_server, alice, bob)) = alice_and_bob(&["--rate", "0"]) else { return };
    let block = "\x1b[200~one\r \u{feff}/tell bob secret\r\x1b[201~";
    alice.presses(block);
    alice.sees("2 lines for the room, not sent yet; this looks like a command: ");
    alice.shows(&["y: send as text, c: obey, n: neither > "], 39);
    alice.presses("n").shows(&["nothing was sent", "> "], 2);
    alice.presses("typed\r");
    bob.sees_without("one", " alice: typed");
    alice.presses(block).presses("c");
    bob.sees(" alice: one");
    bob.sees("alice (private): secret");
    alice.presses("\x1b[200~/usr/bin/env\r/tmp\x1b[201~");
    alice.sees("1 line for the room, not sent yet");
    alice.presses("y");
    bob.sees(" alice: /usr/bin/env");
    // With one slash more the rest is sent as it was pasted.
    alice.shows(&["> //tmp"], 7);
    alice.presses("\r");
    bob.sees(" alice: /tmp");
}

#[test]
fn a_typed_command_after_something_invisible_is_asked_about() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    alice.presses("\u{200b}/tell bob secret\r");
    alice.sees("1 line for the room, not sent yet; this looks like a command: \\u{200b}/tell bob");
    alice.presses("n").shows(&["nothing was sent", "> "], 2);
    alice.presses("\u{200b}/tell bob secret\r");
    alice.sees("1 line for the room, not sent yet");
    alice.presses("c");
    bob.sees_without("alice: ", "alice (private): secret");
    alice.presses("\u{200b}/tell\r");
    alice.sees("1 line for the room, not sent yet");
    alice.presses("y");
    bob.sees(r" alice: \u{200b}/tell");
}

#[test]
fn what_others_say_cannot_move_the_cursor() {
    let Some((_server, alice, bob)) = alice_and_bob(&[]) else { return };
    alice.presses("mine").shows(&["> mine"], 6);
    bob.asks("\u{9b}2J\u{202e}wide 漢", "not sent");
    bob.types("\u{202e}wide 漢\u{2028}");
    alice.sees("bob: \\u{202e}wide 漢\\u{2028}");
    alice.shows(&[&format!("{} bob: \\u{{202e}}wide 漢\\u{{2028}}", time(&alice)), "> mine"], 6);
    // One's own line is shown as the others will see it.
    alice.presses("\x15\u{202e}x").shows(&["> \\u{202e}x"], 11);
}

#[test]
fn names_have_colours_unless_that_is_not_wanted() {
    let server = Server::start(&[]);
    let Some(plain) = Terminal::joined("plain", &server) else { return };
    let command = format!("NO_COLOR= {}", client("alice", &server));
    let Some(alice) = Terminal::running(&command) else { return };
    alice.sees("Other clients' IDs: ");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    bob.types("hi \u{200b}");
    let named = alice.sees("hi \\u{200b}");
    plain.sees("bob: hi \\u{200b}");
    assert!(!plain.output().contains("mbob"), "{:?}", plain.output());
    let (before, behind) = named.split_once("bob").unwrap();
    let colour = &before[before.rfind('\x1b').unwrap()..];
    assert!(colour.starts_with("\x1b[3") && colour.ends_with('m'), "{named:?}");
    assert_eq!(behind, "\x1b[m: hi \\u{200b}");
    bob.asks("/chat alice", "is open");
    bob.types("/msg in private");
    alice.sees(&format!("{colour}bob\x1b[m (direct): in private"));
}

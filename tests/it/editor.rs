//! The line that is being typed, without a terminal: keys in, the line out; and where it stands on a screen.

use p2p_chat::client::help;
use p2p_chat::client::typing::command;
use p2p_chat::client::ui::terminal::editor::{Action, Editor, MAX_HISTORY};
use p2p_chat::client::ui::terminal::layout::layout;
use p2p_chat::wire::line::MAX_LINE;
use p2p_chat::wire::text::escape;

use crate::support::{Dice, Glass};

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";

/// Types, and gives back all wishes.
fn typed(editor: &mut Editor, keys: &[u8]) -> Vec<Action> {
    keys.iter().filter_map(|byte| editor.take(*byte)).collect()
}

/// The line of an editor, with `|` for its cursor.
fn line(editor: &Editor) -> String {
    let (line, cursor) = editor.line();
    format!("{}|{}", &line[..cursor], &line[cursor..])
}

#[track_caller]
fn becomes(keys: &str, expected: &str) {
    let mut editor = Editor::default();
    assert_eq!(typed(&mut editor, keys.as_bytes()), [], "wishes of {keys:?}");
    assert_eq!(line(&editor), expected, "after {keys:?}");
}

/// A line that is finished.
fn said(line: &str) -> Action {
    Action::Line(line.to_owned())
}

#[test]
fn keys_edit_the_line() {
    becomes("hello", "hello|");
    becomes("hello\x1b[D\x1b[DX", "helX|lo");
    becomes("hello\x1b[D\x1b[D\x1b[CX", "hellX|o");
    becomes("ab\x1b[D\x1b[D\x1b[D\x1b[C\x1b[C\x1b[C", "ab|");
    becomes("hello\x7f\x08", "hel|");
    becomes("\x7f\x1b[3~", "|");
    becomes("hello\x01\x1b[3~\x04", "|llo");
    becomes("hello\x01X\x05Y", "XhelloY|");
    becomes("one two  \x17", "one |");
    becomes("one two  \x17\x17\x17", "|");
    becomes("one two\x1b[D\x17", "one |o");
    becomes("one two\x1b[D\x15", "|o");
    becomes("one two\x1b[D\x02\x02\x06\x0b", "one t|");
    becomes("one\u{3000}漢\x17", "one\u{3000}|");
}

#[test]
fn what_a_terminal_answers_by_itself_is_not_typed() {
    for answer in [
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        "\x1b]lxterm\x1b\\",
        "\x1bP>|XTerm(390)\x1b\\",
        "\x1bP1$r0m\x1b\\",
        "\x1bP!|7E565445\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
        "\x1b[12;40R",
        "\x1b[?64;1;2c",
        "\x1b[>0;276;0c",
        "\x1b[0n",
        "\x1b[I",
        "\x1b[O",
        "\x1b[8;24;80t",
        "\x1b[?2026;2$y",
        "\x1b[?0u",
    ] {
        becomes(&format!("a{answer}b\x1b[D{answer}c"), "ac|b");
    }
    // Alt and a letter is no answer, and an answer that does not end swallows no Enter.
    becomes("a\x1b]b\x1bPc\x1b_d\x1b]e", "abcde|");
    let mut editor = Editor::default();
    assert_eq!(typed(&mut editor, b"one\x1b]11;rgb\rtwo\r"), [said("one"), said("two")]);
}

#[test]
fn ctrl_r_finds_older_lines_with_what_is_typed() {
    let mut editor = Editor::default();
    typed(&mut editor, b"/chat bob\rhello\r/chat carol\rbye\r/chat");
    for (keys, expected) in [
        ("\x12", "/chat carol|"),
        ("\x12", "/chat bob|"),
        ("\x12", "/chat bob|"),
        ("!", "/chat bob!|"),
        (DOWN, "hello|"),
        (&DOWN.repeat(3), "/chat|"),
        ("\x15\x12", "bye|"),
    ] {
        assert_eq!(typed(&mut editor, keys.as_bytes()), []);
        assert_eq!(line(&editor), expected, "after {keys:?}");
    }
    typed(&mut editor, b"\x15nowhere\x12");
    assert_eq!(line(&editor), "nowhere|");
}

#[test]
fn home_end_and_arrows_come_in_several_spellings() {
    for (home, end) in [("[H", "[F"), ("OH", "OF"), ("[1~", "[4~"), ("[7~", "[8~")] {
        becomes(&format!("mid\x1b{home}<\x1b{end}>"), "<mid>|");
    }
    becomes("ab\x1bOD\x1b[1;5DX\x1bOCY", "XaY|b");
}

#[test]
fn what_means_nothing_leaves_no_letters() {
    // F1, F5, F12, Shift-Tab, Insert, a mouse, Alt-x, a lone ESC, a sequence that never ends; C1.
    let keys = "\x1bOP\x1b[15~\x1b[24~\x1b[Z\x1b[2~\x1b[<35;10;1000000M\x1b[[A\x1bx\x1b\x1b[D";
    becomes(&format!("a{keys}b\u{9b}\u{7}\x1b[1;1\x01c"), "c|ba");
    becomes("ab\x1b\x7fc", "ac|");
}

#[test]
fn a_key_is_a_whole_character_with_all_that_joins_it() {
    becomes("é漢👍\x1b[D\x7f", "é|👍");
    becomes("ae\u{301}o\x1b[D\x7f", "a|o");
    becomes("ae\u{301}o\x01\x1b[C\x1b[3~", "a|o");
    becomes("❤\u{fe0f}x\x1b[D\x7f", "|x");
}

#[test]
fn bytes_that_are_no_utf_8_are_dropped_and_nothing_else_is() {
    let mut editor = Editor::default();
    let keys = b"a\xff\xc3b\xe6\xbcc\xe6\xbc\xc3\xa9\xa9d\xf0\x9f\x1b[De\xe6\xbc\r";
    assert_eq!(typed(&mut editor, keys), [said("abcéed")]);
}

#[test]
fn enter_gives_the_line_and_begins_another() {
    let mut editor = Editor::default();
    assert_eq!(typed(&mut editor, b"one\rtwo\x1b[D\n\rth"), [said("one"), said("two"), said("")]);
    assert_eq!(line(&editor), "th|");
}

#[test]
fn each_end_of_line_is_one_line_whatever_stands_around_it() {
    let mut dice = Dice::thrown();
    let pool = b"\r\n\r\n\x1b\x1b[[O;0123~AZ\x01\x03\t\x7f\xc3\xa9\xe6\xff ab";
    let mut editor = Editor::default();
    for _ in 0..200 {
        let keys: Vec<u8> = (0..100).map(|_| pool[dice.below(pool.len())]).collect();
        let ends = keys.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
        let wishes = typed(&mut editor, &keys);
        let lines = wishes.iter().filter(|wish| matches!(wish, Action::Line(_))).count();
        assert_eq!(lines, ends, "{keys:?}");
    }
}

#[test]
fn control_keys_are_wishes() {
    let mut editor = Editor::default();
    assert_eq!(typed(&mut editor, b"ab\x03\x1a"), [Action::Leave, Action::Stop]);
    assert_eq!(line(&editor), "ab|");
    assert_eq!(typed(&mut editor, b"\x04\x15\x04"), [Action::End]);
}

/// Lines that are pasted together.
fn pasted(lines: &[&str]) -> Action {
    Action::Lines(lines.iter().map(|&line| line.to_owned()).collect())
}

#[test]
fn what_is_pasted_is_text_and_each_line_of_it_a_line() {
    let mut editor = Editor::default();
    let keys = b"I say: \x1b[200~one\ttwo\r\x03\x1a\x04\x15\x1b[A three\x1b[201~\x7f!";
    assert_eq!(typed(&mut editor, keys), [pasted(&["I say: one\ttwo"])]);
    assert_eq!(line(&editor), " thre!|");
    assert_eq!(typed(&mut editor, b"\x03"), [Action::Leave]);
}

#[test]
fn one_pasted_line_is_as_if_typed_and_of_several_nothing_is_shortened() {
    let mut editor = Editor::default();
    assert_eq!(typed(&mut editor, b"/tell \x1b[200~bob hi\r\x1b[201~"), [said("/tell bob hi")]);
    assert_eq!(typed(&mut editor, b"ab\x1b[D\x1b[200~x\ty\x1b[201~"), []);
    assert_eq!(line(&editor), "ax\ty|b");
    let keys = b"\x1b[200~\r  // two\r\t/* three\r\r  // four\x1b[201~";
    assert_eq!(typed(&mut editor, keys), [pasted(&["ax\ty", "  // two", "\t/* three", ""])]);
    // With one slash more it is sent as it was pasted.
    assert_eq!(line(&editor), "  /// four|b");
    assert_eq!(typed(&mut editor, b"\x1c\x1d\r"), [said("  /// fourb")]);
    let sent = command::Command::Plain("  // fourb".to_owned());
    assert_eq!(command::parse("  /// fourb"), sent);
    let long = format!("\x1b[200~{}\r\x1b[201~", "x\r".repeat(600_000));
    assert_eq!(typed(&mut editor, long.as_bytes()), [Action::PastedTooMuch]);
    assert_eq!(typed(&mut editor, b"on\r"), [said("on")]);
}

#[test]
fn a_line_has_a_limit() {
    let mut editor = Editor::default();
    typed(&mut editor, "é".repeat(MAX_LINE).as_bytes());
    let (text, cursor) = editor.line();
    assert_eq!((text.len(), cursor), (MAX_LINE - 2, MAX_LINE - 2));
    typed(&mut editor, b"xy");
    assert_eq!(editor.line().0.len(), MAX_LINE - 1);
}

#[test]
fn up_and_down_go_through_the_history_and_back_to_the_line_begun() {
    let mut editor = Editor::default();
    typed(&mut editor, b"one\rtwo\rtwo\r\r  \rthr");
    for (keys, expected) in [
        (UP, "two|"),
        (UP, "one|"),
        (UP, "one|"),
        (DOWN, "two|"),
        (DOWN, "thr|"),
        (DOWN, "thr|"),
        (UP, "two|"),
        ("X", "twoX|"), // changed, but not in the history
        (DOWN, "thr|"),
        (UP, "two|"),
    ] {
        assert_eq!(typed(&mut editor, keys.as_bytes()), []);
        assert_eq!(line(&editor), expected, "after {keys:?}");
    }
    assert_eq!(typed(&mut editor, b"!\r"), [said("two!")]);
    typed(&mut editor, format!("{UP}{UP}").as_bytes());
    assert_eq!(line(&editor), "two|");
}

#[test]
fn the_history_has_a_limit() {
    let mut editor = Editor::default();
    for number in 0..MAX_HISTORY + 10 {
        typed(&mut editor, format!("{number}\r").as_bytes());
    }
    typed(&mut editor, UP.repeat(2 * MAX_HISTORY).as_bytes());
    assert_eq!(line(&editor), "10|");
}

/// What Tab makes of a line, with bob, Bobby and carol about, and what it lists.
fn completed(keys: &str) -> (String, Vec<String>) {
    let mut editor = Editor::default();
    assert_eq!(
        typed(&mut editor, format!("{keys}\t\t").as_bytes()),
        [Action::Complete(false), Action::Complete(true)]
    );
    let found = editor.complete(["carol", "bob", "Bobby", "bob"].map(str::to_owned).to_vec());
    (line(&editor), found)
}

#[test]
fn tab_completes_commands_and_names() {
    let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    for (keys, expected, found) in [
        ("/hi", "/history |", &[][..]),
        ("/pe", "/peer|", &["/peer", "/peers"]),
        ("/chat c", "/chat carol |", &[]),
        ("/chat B", "/chat Bob|", &["Bobby", "bob"]),
        ("/tell bobb hi ca\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D", "/tell Bobby | hi ca", &[]),
        ("/query ", "/query |", &["Bobby", "bob", "carol"]),
        ("hello caR", "hello carol |", &[]),
        ("/nothing", "/nothing|", &[]),
        ("/peer é", "/peer é|", &[]),
    ] {
        assert_eq!(completed(keys), (expected.to_owned(), list(found)), "after {keys:?}");
    }
    let (line, found) = completed("");
    assert_eq!(line, "/|");
    assert_eq!(found.len(), help::names().count());
}

#[test]
fn all_commands_that_help_lists_are_completed_and_obeyed() {
    let names: Vec<&str> = help::names().collect();
    assert!(names.len() > 14 && names.contains(&"/list") && names.contains(&"/quit"), "{names:?}");
    for name in names {
        let unknown = format!("there is no command {name}: /help lists them");
        assert_ne!(command::parse(name), command::Command::Mistake(unknown));
    }
}

#[test]
fn a_line_stands_where_a_terminal_puts_it() {
    let mut dice = Dice::thrown();
    let pool = ["a", "b", " ", "é", "漢", "한", "👍", "e\u{301}", "\u{202e}", "\t"];
    for _ in 0..2000 {
        let columns = 2 + dice.below(12);
        let text: String = (0..dice.below(30)).map(|_| pool[dice.below(pool.len())]).collect();
        let cursor = dice.below(text.len() + 1);
        if !text.is_char_boundary(cursor) || text[cursor..].starts_with('\u{301}') {
            continue;
        }
        // A letter more shows where the cursor is; a wide one goes where it fits.
        let next =
            text[cursor..].chars().next().map_or("x".to_owned(), |c| escape(&c.to_string()).into());
        let mut glass = Glass::new(columns, 100);
        glass.write(&escape(&text[..cursor]));
        glass.write(&next[..next.chars().next().unwrap().len_utf8()]);
        let (row, behind) = glass.cursor();
        let wide = usize::from(["漢", "한", "👍"].contains(&next.as_str()));
        let expected = (row, behind - 1 - wide);

        let found = layout(&text, cursor, (columns, 100));
        let whole = escape(&text).into_owned();
        let mut glass = Glass::new(columns, 100);
        glass.write(&found.shown);
        assert_eq!((found.row, found.column), expected, "{text:?} at {cursor} of {columns}");
        assert_eq!(glass.cursor().0, found.last, "{text:?} of {columns}");
        assert!(found.shown == whole || found.shown == whole + " \r", "{text:?} of {columns}");
    }
}

#[test]
fn of_a_line_longer_than_the_screen_the_rows_of_the_cursor_are_shown() {
    let text = "aaaabbbbccccddddee";
    for (cursor, shown, row, column) in [
        (18, "ccccddddee", 2, 2),
        (15, "bbbbccccdddd", 2, 3),
        (12, "bbbbccccdddd", 2, 0),
        (11, "aaaabbbbcccc", 2, 3),
        (0, "aaaabbbbcccc", 0, 0),
    ] {
        let found = layout(text, cursor, (4, 3));
        assert_eq!((found.shown.as_str(), found.row, found.column), (shown, row, column));
        assert_eq!(found.last, 2);
    }
}

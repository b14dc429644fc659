//! The log belongs to others, too: what they do to the file, and what the server makes of it.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::process::server_by;
use crate::support::{DEADLINE, Folder, Program, Server, Wire, alice_joined, two_joined};

/// The server's program.
const SERVER: &str = env!("CARGO_BIN_EXE_server");
/// What a line of the log begins with.
const STAMP: &str = "[2026-11-20 12:34:56] ";

/// The number and the ID that the last section of the log begins after.
#[track_caller]
fn section(log: &str) -> (String, &str) {
    let line = log.lines().rfind(|line| line.starts_with("# Log: "));
    let line = line.unwrap_or_else(|| panic!("no section in\n{log}"));
    let (epoch, numbers) = line["# Log: ".len()..].split_once(' ').unwrap();
    (epoch.to_owned(), numbers)
}

/// Somebody who comes into the room and is given these messages, as all that the log has.
#[track_caller]
fn is_given(server: &Server, messages: &[(u64, &str)]) -> Wire {
    let mut eve = server.registered("eve", 20_005);
    eve.asks("JOIN", &[("clientID", "eve"), ("Since", "0")]);
    let last = messages.last().map_or(0, |(seq, _)| *seq);
    eve.gets("JOINACK").has(&[("Seq", &last.to_string())]);
    for (seq, text) in messages {
        eve.gets("SAID").has(&[("Seq", &seq.to_string()), ("Text", text), ("Replay", "yes")]);
    }
    eve.hears_nothing();
    eve
}

/// After others did something to the log: what is said next stands in the file of that name, which goes on where the
/// old one was left, also after a restart.
#[track_caller]
fn goes_on_under_its_name(spoil: impl Fn(&Folder)) -> Server {
    let (server, mut alice, _bob) = two_joined(&[]);
    alice.speaks("one").has(&[("Seq", "1")]);
    let (epoch, _) = section(&server.log_text());
    spoil(server.folder());
    alice.speaks("two").has(&[("Seq", "2")]);
    let log = server.log_text();
    assert!(log.starts_with("# The log of"), "{log}");
    assert!(log.ends_with("[alice]: two\n") && !log.contains('\0'), "{log}");
    assert!(!log.contains("[alice]: one"), "{log}");
    assert_eq!(section(&log), (epoch, "Seq: 1 ID: 2"), "{log}");
    alice.speaks("three").has(&[("Seq", "3")]);
    assert_eq!(server.log_text().matches("# Log: ").count(), 1, "one section is enough");
    let server = server.starts_again();
    server.connect("carol").registers("carol", 20_003).has(&[("ID", "3")]);
    server.connect("bob").registers("bob", 20_002).has(&[("ID", "2")]);
    is_given(&server, &[(2, "two"), (3, "three")]);
    server
}

#[test]
fn a_log_that_was_renamed_is_begun_anew() {
    let server = goes_on_under_its_name(|folder| {
        fs::rename(folder.file("server.log"), folder.file("server.log.1")).unwrap();
    });
    let old = server.folder().text("server.log.1");
    assert!(old.ends_with("[alice]: one\n"), "{old}");
}

#[test]
fn a_log_that_was_removed_is_begun_anew() {
    goes_on_under_its_name(|folder| fs::remove_file(folder.file("server.log")).unwrap());
}

#[test]
fn a_log_that_was_renamed_and_made_by_others_is_gone_on_with() {
    goes_on_under_its_name(|folder| {
        fs::rename(folder.file("server.log"), folder.file("server.log.1")).unwrap();
        fs::write(folder.file("server.log"), "").unwrap();
    });
}

#[test]
fn a_log_that_was_emptied_is_begun_anew() {
    goes_on_under_its_name(|folder| {
        fs::copy(folder.file("server.log"), folder.file("server.log.1")).unwrap();
        let log = OpenOptions::new().write(true).open(folder.file("server.log")).unwrap();
        log.set_len(0).unwrap();
    });
}

#[test]
fn an_epoch_of_before_is_known_in_a_log_that_was_begun_anew() {
    let (server, mut alice) = alice_joined(&[]);
    let (first, _) = section(&server.log_text());
    alice.speaks("one");
    let server = server.starts_again();
    let mut alice = server.joined("alice", 20_001);
    alice.says("two").skips_to("SAID").has(&[("Text", "one")]);
    alice.gets("SAID").has(&[("Text", "two")]);
    fs::rename(server.folder().file("server.log"), server.folder().file("server.log.1")).unwrap();
    alice.speaks("three").has(&[("Seq", "3")]);
    let server = server.starts_again();
    let mut bob = server.registered("bob", 20_002);
    let seen = [("clientID", "bob"), ("Since", "1"), ("Log", &first)];
    bob.obtains("JOIN", &seen).has(&[("Since", "1"), ("Seq", "3"), ("Missed", "1")]);
    bob.gets("SAID").has(&[("Seq", "3"), ("Text", "three")]);
}

#[test]
fn an_emptied_log_on_a_full_disk_holds_whole_lines_only() {
    let server = Server::start_cramped().unwrap();
    let mut alice = server.joined("alice", 20_001);
    let says = |alice: &mut Wire, count: usize| {
        let texts = format!("SAY\r\nText: {}\r\n\r\n", "y".repeat(1800)).repeat(count);
        alice.sends(texts);
        (0..count).for_each(|_| drop(alice.gets("SAID")));
    };
    says(&mut alice, 1);
    let log = OpenOptions::new().write(true).open(server.folder().file("server.log")).unwrap();
    log.set_len(0).unwrap();
    says(&mut alice, 6);
    alice.speaks("there is room").has(&[("Seq", "8")]);
    let log = server.log_text();
    assert!(log.ends_with("[alice]: there is room\n") && !log.contains('\0'), "{log}");
    let whole = |line: &str| !line.contains("yy") || line.ends_with(&"y".repeat(1800));
    assert!(log.lines().all(whole), "{log}");
    let server = server.starts_again();
    let mut bob = server.registered("bob", 20_002);
    bob.obtains("JOIN", &[("clientID", "bob"), ("Since", "7")]).has(&[("Seq", "8")]);
    bob.gets("SAID").has(&[("Text", "there is room")]);
}

#[test]
fn no_second_server_slips_in_while_a_log_is_renamed() {
    let (server, mut alice) = alice_joined(&[]);
    fs::rename(server.folder().file("server.log"), server.folder().file("server.log.1")).unwrap();
    // Nothing was said yet, so the first server has not looked.
    let arguments = ["--port", "0", "--log", "server.log"];
    let second = Program::start("second", SERVER, &arguments, server.folder());
    second.complains("cannot open the log server.log: another server uses it");
    second.exits(1);
    alice.speaks("mine");
    assert!(server.log_text().ends_with("[alice]: mine\n"), "{}", server.log_text());
    second_is_refused(server.folder());
}

/// Starts one more server on the log of a folder, which has one.
#[track_caller]
fn second_is_refused(folder: &Folder) {
    let arguments = ["--port", "0", "--log", "server.log"];
    let second = Program::start("second", SERVER, &arguments, folder);
    second.complains("another server uses it");
    second.exits(1);
}

#[test]
fn the_lock_of_a_server_that_was_killed_is_free() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks("one");
    let server = server.starts_again();
    is_given(&server, &[(1, "one")]);
}

#[test]
fn what_others_append_is_left_as_it_is() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks("one");
    let mut log = OpenOptions::new().append(true).open(server.folder().file("server.log")).unwrap();
    log.write_all(format!("{STAMP}[mallory]: forged\n# a note without an end").as_bytes()).unwrap();
    alice.speaks("two").has(&[("Seq", "2")]);
    let text = server.log_text();
    assert!(text.contains("[mallory]: forged\n# a note without an end \\torn\n# Log: "), "{text}");
    assert_eq!(section(&text).1, "Seq: 1 ID: 1", "{text}");
    // The number of what was said is what it was, whatever stands before it.
    is_given(&server.starts_again(), &[(1, "one"), (2, "two")]);
}

#[test]
fn what_an_editor_on_windows_has_saved_is_read() {
    let (server, mut alice) = alice_joined(&[]);
    for text in ["one", "two \\ and \t tab"] {
        alice.speaks(text);
    }
    server.kill();
    let log = server.folder().file("server.log");
    let edited = server.log_text().replace('\n', "\r\n") + "# \\lost and found\r\n";
    fs::write(&log, edited + STAMP + "\\lost 3\r\n").unwrap();
    let server = server.starts_again();
    let mut bob = server.registered("bob", 20_002);
    bob.obtains("JOIN", &[("clientID", "bob"), ("Since", "0")]).has(&[("Seq", "5")]);
    bob.gets("SAID").has(&[("Seq", "1"), ("Text", "one")]);
    bob.gets("SAID").has(&[("Seq", "2"), ("Text", "two \\ and \t tab")]);
    bob.speaks("six").has(&[("Seq", "6")]);
    server.connect("alice").registers("alice", 20_001).has(&[("ID", "1")]);
}

#[test]
fn a_first_line_torn_on_a_full_disk_is_no_reason_not_to_start() {
    for torn in ["# The log of a p", "#", ""] {
        let folder = Folder::fresh();
        fs::write(folder.file("server.log"), torn).unwrap();
        // Nothing at all can be written.
        let limited = "trap '' XFSZ; ulimit -f 0; exec \"$0\" --port 0 --log server.log";
        let (server, address) = server_by("sh", &["-c", limited, SERVER], &folder);
        let mut alice = Wire::joined(address, "alice", 20_001);
        alice.speaks("into the void").has(&[("Seq", "1")]);
        server.sees("warning: cannot write the log: ");
        server.kill();
        assert_eq!(folder.text("server.log"), torn);
        let server = Server::start_in(folder, 0, &[]);
        let mut alice = server.joined("alice", 20_001);
        alice.speaks("and on").has(&[("Seq", "1")]);
        is_given(&server.starts_again(), &[(1, "and on")]);
    }
}

#[test]
fn an_edited_log_brings_nothing_that_the_wire_would_not() {
    let mut log = format!("# UTC\n{STAMP}[al]: one\n");
    let endless = "x".repeat(2_001);
    for text in ["a\\u{d}\\u{a}Text: b", "\\u{0}", "\\u{7f}", "", "\u{85}", "\\x", &endless] {
        let _ = writeln!(log, "{STAMP}[al]: {text}");
    }
    for line in ["[2026-11-20\r12:34:56] [al]: x", "[0123456789abcdefghi] [al]: x"] {
        let _ = writeln!(log, "{line}");
    }
    for name in ["a b", "", "123", "a\u{202e}", &"n".repeat(33)] {
        let _ = writeln!(log, "{STAMP}[{name}]: x");
    }
    let _ = writeln!(log, "{STAMP}[al]: sixteen");
    let server = with_log(&log);
    let mut eve = is_given(&server, &[(1, "one"), (16, "sixteen")]);
    eve.speaks("seventeen").has(&[("Seq", "17")]);
}

#[test]
fn no_number_in_an_edited_log_is_too_large_for_a_double() {
    let epoch = "0123456789abcdef0123456789abcdef";
    let mut log = format!("# UTC\n{STAMP}[al]: one\n");
    for number in ["9007199254740992", "9007199254740991", "18446744073709551615", "+7", "-1"] {
        let _ = writeln!(log, "{STAMP}\\lost {number}\n# Log: {epoch} Seq: {number} ID: 1");
        let _ = writeln!(log, "# Log: {epoch} Seq: 1 ID: {number}\n# ID {number}: al 127.0.0.1");
        let _ = writeln!(log, "# Was: {epoch} Seq: {number}");
    }
    let _ = writeln!(log, "# Log: short Seq: 9 ID: 9\n# ID 0: al 127.0.0.1\n# ID 5: al nowhere");
    let server = with_log(&log);
    let mut eve = is_given(&server, &[(1, "one")]);
    eve.speaks("two").has(&[("Seq", "2"), ("ID", "1")]);
    // Many that are large enough together are not believed either.
    let huge = format!("{STAMP}\\lost 5000000000000000\n").repeat(5);
    let server = with_log(&(log + &huge));
    let mut eve = server.registered("eve", 20_005);
    let seq = eve.joins("eve").number("Seq");
    assert!(seq < 1 << 53, "{seq}");
    assert_eq!(eve.speaks("next").number("Seq"), seq + 1);
}

#[test]
fn the_rest_of_a_line_that_is_too_long_is_no_line() {
    let tail = format!("{STAMP}[al]: not said");
    let log = format!("{}{tail}\n{STAMP}[al]: said\n", "x".repeat(16 * 1024));
    is_given(&with_log(&log), &[(1, "said")]);
}

/// A server that goes on with this log.
fn with_log(log: &str) -> Server {
    let folder = Folder::fresh();
    fs::write(folder.file("server.log"), log).unwrap();
    Server::start_in(folder, 0, &["--rate", "0"])
}

#[test]
fn nobody_else_may_read_the_log() {
    let (server, mut alice) = alice_joined(&[]);
    let mode = || {
        let data = fs::metadata(server.folder().file("server.log")).unwrap();
        data.permissions().mode() & 0o777
    };
    assert_eq!(mode(), 0o600);
    fs::remove_file(server.folder().file("server.log")).unwrap();
    alice.speaks("again");
    assert_eq!(mode(), 0o600);
    // What others have decided stays.
    let log = server.folder().file("server.log");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o640)).unwrap();
    alice.speaks("and again");
    assert_eq!(mode(), 0o640);
}

/// After such a time without a byte, a log has nothing more to give.
const QUIET: Duration = Duration::from_millis(500);

/// A FIFO in place of the log.
fn fifo() -> Folder {
    let folder = Folder::fresh();
    let made = Command::new("mkfifo").arg(folder.file("server.log")).status().unwrap();
    assert!(made.success());
    folder
}

#[test]
fn a_fifo_that_nobody_reads_holds_nobody_up() {
    let folder = fifo();
    let (server, address) =
        server_by(SERVER, &["--port", "0", "--rate", "0", "--log", "server.log"], &folder);
    let mut alice = Wire::joined(address, "alice", 20_001);
    // More than the pipe and the queue can hold.
    for seq in 1..=1_500 {
        alice.says(&"z".repeat(1_000));
        alice.gets("SAID").has(&[("Seq", &seq.to_string())]);
    }
    server.sees("warning: cannot write the log: ");
    Wire::joined(address, "bob", 20_002);
    alice.skips_to("LEFT");
    // Then somebody reads it. What did not fit is counted, in its place.
    let mut reader = OpenOptions::new().read(true).open(folder.file("server.log")).unwrap();
    let (pieces, came) = mpsc::channel();
    let reading = move || {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = reader.read(&mut piece) {
            if pieces.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("fifo".to_owned()).spawn(reading).unwrap();
    // What is said before there is room again is lost, too.
    let (mut log, mut again, begun) = (String::new(), 0, Instant::now());
    while !log.contains("[alice]: heard again") {
        assert!(begun.elapsed() < DEADLINE, "the log does not go on");
        again += 1;
        alice.speaks(&format!("heard again {again}"));
        while let Ok(piece) = came.recv_timeout(QUIET) {
            log += str::from_utf8(&piece).unwrap();
        }
    }
    let counted = log.split("] \\lost ").skip(1);
    let lost = counted.map(|rest| rest.lines().next().unwrap().parse::<usize>().unwrap());
    let (before, _) = log.split_once("] \\lost ").expect("what was lost is counted");
    let kept = |log: &str| log.matches("[alice]: ").count();
    assert!(kept(before) > 0);
    assert_eq!(kept(&log) + lost.sum::<usize>(), 1_500 + again);
    server.quits();
}

#[test]
fn a_server_that_ends_gives_its_last_lines_to_a_fifo() {
    let folder = fifo();
    let mut reader =
        OpenOptions::new().read(true).write(true).open(folder.file("server.log")).unwrap();
    let (server, address) = server_by(SERVER, &["--port", "0", "--log", "server.log"], &folder);
    Wire::joined(address, "alice", 20_001).speaks("the last words");
    server.quits();
    let mut log = vec![0; 64 * 1024];
    let length = reader.read(&mut log).unwrap();
    let log = String::from_utf8_lossy(&log[..length]);
    assert!(log.contains("[alice]: the last words\n"), "{log}");
}

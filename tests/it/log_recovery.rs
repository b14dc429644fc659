//! server.log as the store: what a crash may leave behind, and what it may not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::ops::RangeInclusive;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::support::{Dice, Folder, Server, Wire, alice_joined};

/// What a line of the log begins with.
const STAMP: &str = "[2026-11-20 12:34:56] ";

/// A server that goes on with this log.
#[track_caller]
fn with_log(log: &[u8]) -> Server {
    let folder = Folder::fresh();
    fs::write(folder.file("server.log"), log).unwrap();
    Server::start_in(folder, 0, &["--rate", "0"])
}

/// Somebody who comes into the room and is given these messages, as all that were said there.
#[track_caller]
fn is_given(server: &Server, messages: &[(u64, &str)]) -> Wire {
    let mut bob = server.registered("bob", 20_002);
    bob.asks("JOIN", &[("clientID", "bob"), ("Since", "0")]);
    let last = messages.last().map_or(0, |(seq, _)| *seq);
    bob.gets("JOINACK").has(&[("Seq", &last.to_string())]);
    for (seq, text) in messages {
        bob.gets("SAID").has(&[("Seq", &seq.to_string()), ("Text", text), ("Replay", "yes")]);
    }
    bob.hears_nothing();
    bob
}

#[test]
fn a_killed_server_with_a_torn_log_goes_on_where_the_log_is_whole() {
    let (server, mut alice) = alice_joined(&[]);
    for text in ["one", "two", "three"] {
        alice.speaks(text);
    }
    server.kill();
    let log = server.folder().file("server.log");
    let torn = server.log_text().strip_suffix("ee\n").unwrap().to_owned();
    assert!(torn.ends_with("[alice]: thr"), "{torn}");
    fs::write(&log, &torn).unwrap();
    let server = server.starts_again();
    assert!(server.log_text().starts_with(&format!("{torn} \\torn\n")), "{}", server.log_text());
    let mut bob = is_given(&server, &[(1, "one"), (2, "two")]);
    bob.speaks("another three").has(&[("Seq", "3")]);
    // The next start finds the mark, and marks nothing more.
    let server = server.starts_again();
    assert_eq!(server.log_text().matches(" \\torn\n").count(), 1, "{}", server.log_text());
    is_given(&server, &[(1, "one"), (2, "two"), (3, "another three")]);
}

#[test]
fn a_line_may_be_torn_anywhere() {
    let head = format!("# UTC\n{STAMP}Client al connected from 127.0.0.1:1\n{STAMP}[al]: one\n");
    let line = format!("{STAMP}[al]: caf\u{e9} \\\\torn \\u{{202e}}\\\\");
    // Inside the stamp, the name, a letter, an escape; in the end only the end of the line is missing.
    for length in 1..=line.len() {
        let torn = [head.as_bytes(), &line.as_bytes()[..length]].concat();
        let server = with_log(&torn);
        let log = fs::read(server.folder().file("server.log")).unwrap();
        let rest = log.strip_prefix(&*[&*torn, b" \\torn\n"].concat());
        let remark = rest.unwrap_or_else(|| panic!("torn after {length} bytes"));
        assert!(remark.starts_with(b"# Log: "), "{}", String::from_utf8_lossy(remark));
        let mut bob = is_given(&server, &[(1, "one")]);
        bob.speaks("two").has(&[("Seq", "2")]);
    }
}

#[test]
fn lost_messages_have_had_their_numbers() {
    let log = format!(
        "# UTC\n{STAMP}[al]: one\n{STAMP}\\lost 17\n{STAMP}[al]: nineteen\n{STAMP}\\lost 3\n\
         {STAMP}[al]: \\\\lost 1000\n{STAMP}\\lost many\n{STAMP}\\lost 99 \\torn\n"
    );
    let server = with_log(log.as_bytes());
    let mut bob = is_given(&server, &[(1, "one"), (19, "nineteen"), (23, "\\lost 1000")]);
    bob.speaks("and on").has(&[("Seq", "24")]);
    bob.asks("HISTORY", &[("Before", "19"), ("Last", "5")]);
    bob.gets("SAID").has(&[("Seq", "1")]);
    bob.gets("HISTORYACK").has_exactly(&[("Count", "1"), ("First", "1"), ("Last", "1")]);
}

#[test]
fn what_is_no_message_in_the_log_is_none_in_the_room() {
    let endless = "x".repeat(100_000);
    let mut log = format!("# UTC\n{STAMP}[al]: one\n\n\n{STAMP}[al] has left\n{endless}\n");
    let _ = write!(log, "{STAMP}\n[\n{STAMP}[\n{STAMP}al told [bo]: something privately\nx\r\n");
    let mut bytes = log.into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\0\0\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\n");
    let _ = writeln!(bytes, "{STAMP}[al]: two");
    let server = with_log(&bytes);
    is_given(&server, &[(1, "one"), (2, "two")]);
    // Nothing of it was changed.
    let after = fs::read(server.folder().file("server.log")).unwrap();
    assert!(after.starts_with(&bytes));
}

#[test]
fn a_log_of_a_million_lines_is_counted() {
    const LINES: usize = 1_000_000;
    let mut log = "# UTC\n".to_owned();
    for number in 1..=LINES {
        let _ = writeln!(log, "{STAMP}[alice]: message {number}");
    }
    let since = Instant::now();
    let server = with_log(log.as_bytes());
    println!("a million lines: listening after {:?}", since.elapsed());
    drop(log);
    let mut bob = server.registered("bob", 20_002);
    bob.joins("bob").has(&[("Seq", &LINES.to_string())]);
    for number in LINES - 19..=LINES {
        let text = format!("message {number}");
        bob.gets("SAID").has(&[("Seq", &number.to_string()), ("Text", &text)]);
    }
    bob.speaks("one more").has(&[("Seq", &(LINES + 1).to_string())]);
}

/// Talks without a pause until the server is gone; what comes back is read by another thread.
fn talks(address: SocketAddr, round: usize) -> JoinHandle<()> {
    let work = move || {
        let alice = Wire::joined(address, "alice", 20_001);
        let mut ear = alice.stream().try_clone().unwrap();
        let hear = move || drop(io::copy(&mut ear, &mut io::sink()));
        let hearing = thread::Builder::new().name("ear".to_owned()).spawn(hear).unwrap();
        let says = |number: usize| {
            let words = format!("SAY\r\nText: round {round} message {number}\r\n\r\n");
            alice.stream().write_all(words.as_bytes()).is_ok()
        };
        // It ends with the server, with or without an error.
        let mut number = 0;
        while says(number) {
            number += 1;
        }
        let _ = alice.stream().shutdown(Shutdown::Both);
        hearing.join().unwrap();
    };
    thread::Builder::new().name("speaker".to_owned()).spawn(work).unwrap()
}

/// The messages in a log, in order, without their stamps. A torn one was never said: nobody heard it.
fn messages(log: &str) -> Vec<&str> {
    let events = log.lines().filter_map(|line| line.get(STAMP.len()..));
    let is_message = |line: &&str| line.starts_with('[') && line.contains("]: ");
    events.filter(is_message).filter(|line| !line.ends_with(" \\torn")).collect()
}

#[test]
fn twenty_kills_lose_nothing_that_anybody_has_seen() {
    let mut dice = Dice::thrown();
    let mut seen = BTreeMap::new();
    let mut server = Server::start(&["--rate", "0"]);
    for round in 0..20 {
        let last = seen.last_key_value().map_or(0, |(seq, _)| *seq);
        let mut bob = server.registered("bob", 20_002);
        let joined = bob.obtains("JOIN", &[("clientID", "bob"), ("Since", &last.to_string())]);
        assert!(joined.number("Seq") >= last, "{last} were seen: {joined}");
        let (first, next) = (last + joined.number("Missed") + 1, joined.number("Seq") + 1);
        let mut hears = |numbers: RangeInclusive<u64>| {
            for seq in numbers {
                let said = bob.skips_to("SAID");
                assert_eq!(said.number("Seq"), seq, "a gap");
                seen.insert(seq, format!("[{}]: {}", said.get("clientID"), said.get("Text")));
            }
        };
        // A long replay comes in pieces. A flood in between might be more than the server keeps for bob.
        hears(first..=next - 1);
        let speaker = talks(server.address(), round);
        hears(next..=next + dice.below(150) as u64);
        server.kill();
        speaker.join().unwrap();
        server = server.starts_again();
    }
    let log = server.log_text();
    let logged = messages(&log);
    for (seq, words) in &seen {
        assert_eq!(logged[usize::try_from(seq - 1).unwrap()], words, "number {seq}");
    }
    let mut carol = server.registered("carol", 20_003);
    carol.joins("carol").has(&[("Seq", &logged.len().to_string())]);
    for words in &logged[logged.len() - 20..] {
        let said = carol.gets("SAID");
        assert_eq!(*words, format!("[{}]: {}", said.get("clientID"), said.get("Text")));
    }
}

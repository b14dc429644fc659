//! A log that cannot be had, or not be written: a sentence at the start, a warning later.

#[cfg(unix)]
use crate::support::Wire;
#[cfg(unix)]
use crate::support::process::server_by;
use crate::support::{Folder, Program, alice_joined};

/// The server's program.
const SERVER: &str = env!("CARGO_BIN_EXE_server");

/// Starts a server with that log, which it must refuse in one sentence about it.
#[track_caller]
fn refuses(folder: &Folder, log: &str) -> String {
    let server = Program::start("server", SERVER, &["--port", "0", "--log", log], folder);
    let sentence = server.complains("cannot open the log ");
    server.exits(1);
    assert!(sentence.contains(log), "it names the file: {sentence}");
    assert_eq!(server.errors().lines().count(), 1, "{}", server.errors());
    assert_eq!(server.output(), "", "it says nothing of listening");
    sentence
}

#[test]
fn a_log_that_cannot_be_opened_is_one_sentence() {
    let folder = Folder::fresh();
    std::fs::create_dir(folder.file("folder")).unwrap();
    refuses(&folder, "folder");
    refuses(&folder, "nowhere/server.log");
}

#[cfg(unix)]
#[test]
fn a_log_without_permission_is_one_sentence() {
    use std::fs::{OpenOptions, Permissions};
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::fresh();
    let log = folder.file("server.log");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, Permissions::from_mode(0o400)).unwrap();
    // Root may write everything, and then there is nothing to be shown.
    if OpenOptions::new().append(true).open(&log).is_err() {
        refuses(&folder, "server.log");
    }
}

#[test]
fn a_log_that_another_server_has_is_one_sentence_and_stays_whole() {
    let (server, mut alice) = alice_joined(&[]);
    alice.speaks("one");
    let before = server.log_text();
    refuses(server.folder(), "server.log");
    assert_eq!(server.log_text(), before);
    alice.speaks("two").has(&[("Seq", "2")]);
    assert!(server.log_text().contains("[alice]: two"), "{}", server.log_text());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_warning_and_the_chat_goes_on() {
    let folder = Folder::fresh();
    let arguments = ["--port", "0", "--rate", "0", "--log", "/dev/full"];
    let (server, address) = server_by(SERVER, &arguments, &folder);
    let mut alice = Wire::joined(address, "alice", 20_001);
    let mut bob = Wire::joined(address, "bob", 20_002);
    alice.gets("JOINED");
    for seq in 1..=100 {
        alice.says("the show must go on");
        for wire in [&mut alice, &mut bob] {
            assert_eq!(wire.gets("SAID").number("Seq"), seq);
        }
    }
    server.sees("warning: cannot write the log: ");
    bob.asks("HISTORY", &[("Last", "100")]);
    assert_eq!(bob.skips_to("HISTORYACK").get("Count"), "100");
    server.quits();
    assert_eq!(server.output().matches("warning").count(), 1, "{}", server.output());
    assert_eq!(server.errors(), "");
}

#[cfg(unix)]
#[test]
fn a_log_that_is_no_file_is_written_and_not_read() {
    let folder = Folder::fresh();
    let arguments = ["--port", "0", "--log", "/dev/null"];
    let (_server, address) = server_by(SERVER, &arguments, &folder);
    let mut alice = Wire::connect("alice", address);
    alice.registers("alice", 20_001);
    alice.joins("alice").has(&[("Seq", "0"), ("Missed", "0")]);
    alice.speaks("into the void").has(&[("Seq", "1")]);
    // Two servers may share it: there is nothing in it that they could spoil.
    let (_second, address) = server_by(SERVER, &arguments, &folder);
    Wire::connect("somebody", address).hears_nothing();
}

/// A server whose files may have 4,096 bytes: a disk that is full and yet takes a little.
#[cfg(target_os = "linux")]
#[test]
fn what_did_not_fit_is_counted_and_the_numbers_go_on() {
    use crate::support::Server;

    let folder = Folder::fresh();
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --port 0 --log server.log";
    let (server, address) = server_by("sh", &["-c", limited, SERVER], &folder);
    let mut alice = Wire::joined(address, "alice", 20_001);
    let line = "[2026-11-20 12:34:56] [alice]: \n".len();
    let length = || folder.text("server.log").len();
    // Some hundreds of bytes are left, then four messages are too long for that, and the last ones are not.
    let mut texts: Vec<String> =
        vec!["a".repeat(1900), "b".repeat(4096 - 300 - length() - 1900 - 2 * line)];
    texts.extend(["c", "d", "e", "f"].map(|letter| letter.repeat(500)));
    texts.extend(["and".to_owned(), "on".to_owned()]);
    for (seq, text) in (1_u64..).zip(&texts) {
        alice.speaks(text).has(&[("Seq", &seq.to_string()), ("Text", text)]);
    }
    server.sees("warning: cannot write the log: ");
    server.kill();
    let log = folder.text("server.log");
    assert_eq!(log.matches("] \\lost 4\n").count(), 1, "{log}");
    assert!(!log.contains("ccc") && !log.contains("fff"), "half a line stayed: {log}");
    // On another disk, where there is room.
    let server = Server::start_in(folder, 0, &[]);
    let mut bob = server.registered("bob", 20_002);
    bob.obtains("JOIN", &[("clientID", "bob"), ("Since", "0")]).has(&[("Seq", "8")]);
    for (seq, text) in (1_u64..).zip(&texts).filter(|(seq, _)| ![3, 4, 5, 6].contains(seq)) {
        bob.gets("SAID").has(&[("Seq", &seq.to_string()), ("Text", text)]);
    }
    bob.speaks("here is room").has(&[("Seq", "9")]);
}

//! A log that cannot be had, or not be written: a sentence at the start, a warning later.

use crate::stage::process::server_by;
use crate::stage::{Folder, Program, Server, Wire};

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
    let server = Server::start(&[]);
    let mut alice = Wire::joined(server.address(), "alice", 20_001);
    alice.says("one");
    alice.gets("SAID");
    let before = server.log();
    refuses(server.folder(), "server.log");
    assert_eq!(server.log(), before);
    alice.says("two");
    alice.gets("SAID").has(&[("Seq", "2")]);
    assert!(server.log().contains("[alice]: two"), "{}", server.log());
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
    server.types("/quit");
    server.exits(0);
    assert_eq!(server.output().matches("warning").count(), 1, "{}", server.output());
    assert_eq!(server.errors(), "");
}

#[cfg(unix)]
#[test]
fn a_log_that_is_no_file_is_written_and_not_read() {
    let folder = Folder::fresh();
    let arguments = ["--port", "0", "--log", "/dev/null"];
    let (_server, address) = server_by(SERVER, &arguments, &folder);
    let mut alice = Wire::connect(address);
    alice.register("alice", 20_001);
    alice.join("alice").has(&[("Seq", "0"), ("Missed", "0")]);
    alice.says("into the void");
    alice.gets("SAID").has(&[("Seq", "1")]);
    // Two servers may share it: there is nothing in it that they could spoil.
    let (_second, address) = server_by(SERVER, &arguments, &folder);
    Wire::connect(address).hears_nothing();
}

//! The grader and programs that are another's: what they leave in their folders, and a machine that has no room for
//! one more.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use p2p_chat::tools::handout::users::is_root;

use crate::grader::{QUICK, grader, grades};
use crate::support::Folder;

/// A user that is nobody.
const USER: &str = "59099";
/// What no program of another user may read or change.
const SECRET: &str = "the first secret\nthe second secret\n";

/// A place that all can enter, with a secret that none of them can read.
fn place() -> Folder {
    let folder = Folder::fresh();
    fs::create_dir(folder.file("temporary")).unwrap();
    fs::write(folder.file("secret"), SECRET).unwrap();
    for (name, mode) in [("", 0o755), ("temporary", 0o1777), ("secret", 0o600)] {
        fs::set_permissions(folder.file(name), Permissions::from_mode(mode)).unwrap();
    }
    folder
}

/// A server that begins with these commands. Its log is another file than it was told.
fn server(folder: &Folder, commands: &str) -> PathBuf {
    let place = folder.file("server");
    // It is copied by somebody else: what this process has open is open in others that it is just starting.
    let mut copy = Command::new("cp");
    copy.arg(env!("CARGO_BIN_EXE_server")).arg(folder.file("right"));
    assert!(copy.status().unwrap().success());
    let commands = commands.replace("PLACE", folder.path().to_str().unwrap());
    let right = folder.file("right").display().to_string();
    let script =
        format!("#!/bin/sh\n{commands}\nshift 4\nexec {right} --port 0 --log its.log \"$@\"\n");
    fs::write(&place, script).unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    place
}

/// Grades this server, as another user if that can be. Gives what the grader says.
fn graded(folder: &Folder, check: &str, commands: &str) -> String {
    let (server, temporary) = (server(folder, commands), folder.file("temporary"));
    let user = if is_root() { USER } else { "" };
    let variables =
        [("LAB_SERVER", &*server), ("TMPDIR", &temporary), ("LAB_APART", user.as_ref())];
    let variables = variables.map(|(name, value)| (name, value.to_str().unwrap()));
    grades(&["--exact", check], &variables).1
}

/// A log that is a link to what only the grader can read.
const LINK: &str = "ln -sf PLACE/secret server.log";

#[test]
fn a_log_that_leads_elsewhere_is_not_read() {
    let folder = place();
    for log in [LINK, "mkfifo server.log"] {
        let said = graded(&folder, "lab7::the_line_is_there_before_anyone_hears", log);
        assert!(said.contains("no line ends in") && !said.contains("secret"), "{said}");
    }
}

#[test]
fn nothing_is_written_into_a_log_that_leads_elsewhere() {
    let folder = place();
    let said = graded(&folder, "lab7::a_torn_line_is_survived", LINK);
    assert!(said.contains("there is no server.log to write to"), "{said}");
    assert_eq!(folder.text("secret"), SECRET);
}

/// A program that is another user may put a link to somebody's folder in the place of its own.
#[test]
fn a_folder_that_leads_elsewhere_is_not_given_away() {
    if !is_root() {
        io::stderr().write_all(b"LEFT OUT: what needs root\n").unwrap();
        return;
    }
    let folder = place();
    let away = "here=$PWD; mv $here $here-away && ln -s PLACE $here; cd $here-away";
    let said = graded(&folder, "lab7::numbers_go_on_where_they_stopped", away);
    let owner = fs::metadata(folder.file("secret")).unwrap().uid();
    assert_eq!(owner, 0, "{said}");
}

/// Users may have no process at all here. The user of the program has one already; root is not held by that.
#[test]
fn a_machine_that_has_no_room_for_a_program_gives_no_verdict() {
    let user = if is_root() { "59098" } else { "" };
    let mut other = Command::new("sleep");
    if let Ok(user) = user.parse() {
        other.uid(user);
    }
    let mut other = other.arg("60").spawn().unwrap();
    let mut shell = Command::new("sh");
    let none = "ulimit -u 0 2> /dev/null || ulimit -p 0; exec \"$0\" --exact \"$1\"";
    shell.args(["-c", none]).arg(grader()).arg(QUICK);
    shell.env("LAB_BUSY", "1").env("LAB_SERVER", "/bin/true").env("LAB_APART", user);
    let said = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
    let why = "the machine is too busy, so there is no verdict; cannot start ";
    assert!(said.contains(&format!("not checked {QUICK}\n")) && said.contains(why), "{said}");
}

#[test]
fn a_program_that_is_not_there_fails() {
    let (code, said) = grades(&["--exact", QUICK], &[("LAB_SERVER", "/dev/null/none")]);
    assert!(code == 101 && said.contains(&format!("FAIL        {QUICK}\n")), "{said}");
    assert!(said.contains("cannot start /dev/null/none: "), "{said}");
}

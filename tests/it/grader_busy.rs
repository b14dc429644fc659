//! The grader on a machine that is too busy, which `LAB_BUSY` plays: who gets another try, and when there is no
//! verdict. And programs, or the grader itself, that stand still now and then, as they do on such a machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use crate::grader::{QUICK, grades};
use crate::support::Folder;

/// A server that says nothing at its first starts, as many as this, and is the solution's from then on.
fn server_that_hangs(folder: &Folder, starts: usize) -> PathBuf {
    let (place, count) = (folder.file("server"), folder.file("starts"));
    let (count, right) = (count.display(), env!("CARGO_BIN_EXE_server"));
    let script = format!(
        "#!/bin/sh\necho >> '{count}'\n\
         if [ $(wc -l < '{count}') -gt {starts} ]; then exec '{right}' \"$@\"; fi\nexec sleep 60\n"
    );
    fs::write(&place, script).unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    place
}

/// What the machine measures, at how many starts the server hangs, and what comes of that: the line of the check, and
/// how often the server was started.
const CASES: [(&str, usize, &str, usize); 4] = [
    ("1", 1, "FAIL", 1),               // at rest: nobody else is to blame
    ("1,2,2", 1, "ok", 2),             // busy: another try, which goes well
    ("1,2,2", 2, "FAIL", 2), // with twice the time, and the machine was no busier than that
    ("1,1.7,30", 2, "not checked", 2), // busier than the time allows for
];

/// The first check of a lab, and one of a lab that needs it.
const NEEDED: &str = "lab1::a_request_in_pieces_is_one_request";
const NEEDS: &str = "lab2::a_registration_is_acknowledged";

/// Grades with that server: the exit code, what the grader says, and how often it has started the server.
fn graded(checks: &[&str], busy: &str, hangs: usize) -> (i32, String, usize) {
    let folder = Folder::fresh();
    let server = server_that_hangs(&folder, hangs);
    let variables = [("LAB_BUSY", busy), ("LAB_SERVER", server.to_str().unwrap())];
    let (code, told) = grades(&[&["--exact"], checks].concat(), &variables);
    (code, told, folder.text("starts").lines().count())
}

#[test]
fn on_a_machine_that_is_too_busy_there_is_no_verdict() {
    thread::scope(|scope| {
        let all = CASES.map(|case| (case, scope.spawn(move || graded(&[QUICK], case.0, case.1))));
        for ((busy, hangs, word, starts), graded) in all {
            let (code, told, started) = graded.join().unwrap();
            let line = format!("{word:12}{QUICK}");
            assert!(told.lines().any(|told| told == line), "{busy}, {hangs}: no {line}\n{told}");
            assert_eq!((started, code == 0), (starts, word != "FAIL"), "{busy}, {hangs}\n{told}");
            let says = told.contains("the machine is too busy, so there is no verdict; perhaps: ");
            assert_eq!(says, word == "not checked", "{busy}, {hangs}\n{told}");
        }
    });
}

#[test]
fn what_has_no_verdict_holds_nothing_up() {
    let (_, told, _) = graded(&[NEEDED, NEEDS], "1,1.7,30", 2);
    for line in [format!("not checked {NEEDED}"), format!("ok          {NEEDS}")] {
        assert!(told.lines().any(|told| told == line), "no {line}\n{told}");
    }
}

/// The program of that name.
fn solution(name: &str) -> &'static str {
    if name == "client" { env!("CARGO_BIN_EXE_client") } else { env!("CARGO_BIN_EXE_server") }
}

/// A program that is the solution's, while a shell stops somebody for a while, again and again: the program itself, or
/// the grader, its parent.
fn beside_a_freezer(folder: &Folder, name: &str, whom: &str, seconds: f64) -> PathBuf {
    let (place, right) = (folder.file(name), solution(name));
    let script = format!(
        "#!/bin/sh\n(while kill -0 $$; do kill -STOP {whom}; sleep {seconds}; kill -CONT {whom}; \
         sleep .1; done) < /dev/null > /dev/null 2>&1 &\nexec '{right}' \"$@\"\n"
    );
    fs::write(&place, script).unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    place
}

/// A check with a time that no busy machine stretches, whom the freezer stops, what the machine measures, and what
/// comes of that.
const LATE: [(&str, &str, &str, &str); 3] = [
    ("lab6::what_does_not_arrive_is_told", "client $$", "1", "FAIL"),
    ("lab6::what_does_not_arrive_is_told", "client $$", "1,3", "not checked"),
    ("lab8::whoever_speaks_is_not_asked", "server $PPID", "1,3", "ok"), // it has flags with other times
];

#[test]
fn what_is_late_for_a_time_that_nothing_stretches_is_no_failure_on_a_busy_machine() {
    thread::scope(|scope| {
        let graded = |(check, frozen, busy, _): (&str, &str, &str, &str)| {
            let (folder, (name, whom)) = (Folder::fresh(), frozen.split_once(' ').unwrap());
            let program = beside_a_freezer(&folder, name, whom, 1.5);
            let variable = format!("LAB_{}", name.to_ascii_uppercase());
            let variables = [("LAB_BUSY", busy), (variable.as_str(), program.to_str().unwrap())];
            grades(&["--exact", check], &variables).1
        };
        let all = LATE.map(|case| (case, scope.spawn(move || graded(case))));
        for ((check, frozen, busy, word), graded) in all {
            let (told, line) = (graded.join().unwrap(), format!("{word:12}{check}"));
            assert!(told.lines().any(|told| told == line), "{frozen}, {busy}: no {line}\n{told}");
        }
    });
}

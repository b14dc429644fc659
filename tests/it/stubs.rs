//! Programs that do no work have no points: one that is silent, one that echoes, one that swaps words, one
//! that crashes, panics, hangs, writes without end. The best public chat grader gives the silent one 36 of 100.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::grader::grader;
use crate::support::workshop::at_benches;

/// Compiles the stub, which is one program for all four.
fn stub() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stubs/stub.rs");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stubs");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join(format!("stub{}", std::env::consts::EXE_SUFFIX));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-o"]).arg(&program).arg(source);
    assert!(rustc.status().unwrap().success(), "the stub does not compile");
    program
}

#[test]
#[ignore = "grades seven programs"]
fn programs_that_do_nothing_have_no_points() {
    let (program, grader) = (stub(), grader());
    let ways = ["silent", "echo", "swap", "crash", "panic", "hang", "flood"];
    at_benches(&ways, |_, way| {
        let begun = Instant::now();
        let (code, told) = graded(&grader, &program, way, &[]);
        println!("{way}: {:.1} s", begun.elapsed().as_secs_f64());
        let total = told.lines().find(|line| line.starts_with("TOTAL")).unwrap();
        assert!(total.contains(" 0/"), "{way} has points:\n{told}");
        assert_eq!(code, Some(101), "{way}");
        assert!(begun.elapsed() < Duration::from_secs(120), "{way} takes too long");
    });
}

/// A student who runs checks one by one gets round what they need: so each of them alone pays nothing, either.
#[test]
#[ignore = "grades five programs, check by check: some minutes"]
fn no_check_alone_pays_for_nothing() {
    let (program, grader) = (stub(), grader());
    let list = Command::new(&grader).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let checks: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let ways = ["silent", "echo", "swap", "crash", "flood"];
    let all: Vec<_> =
        ways.iter().flat_map(|way| checks.iter().map(move |check| (way, check))).collect();
    at_benches(&all, |_, (way, check)| {
        let told = graded(&grader, &program, way, &[check, "--exact"]).1;
        let red = format!("FAIL        {check}");
        assert!(told.lines().any(|line| line == red), "{way}:\n{told}");
    });
}

/// What the grader says of the stub that behaves in this way, behind its exit code.
fn graded(grader: &Path, stub: &Path, way: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(grader);
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env("STUB", way).env("LAB_BUSY", "1");
    for name in ["LAB_SERVER", "LAB_CLIENT", "LAB_LOAD", "LAB_PARTS"] {
        command.env(name, stub);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

//! The simulation: the server and the client in a world that a seed decides, and what must hold at every seed.
//!
//! `tests/sim/world` is a standard library whose threads take turns, whose clock jumps and whose network is made of
//! queues; `tests/sim/driver` has the scenes and the checks. The tests here make a tree in `target/simulation` in which
//! `src` uses that world ([`tree`]), build it once, and play seeds.
//!
//! - `SIM_SEEDS=100000`: so many seeds of each scene instead of a thousand; `SIM_FROM`: from which on (else another one
//!   each day); `SIM_SCENE`: only that scene.
//! - `SIM_SCENE=room SIM_SEED=17 cargo test --test it -- --ignored simulation::seed --nocapture` plays one seed and
//!   writes its trace: a line a step, with time, host, thread and what it did.

#[path = "../sim/tree.rs"]
mod tree;
#[path = "../sim/uses.rs"]
mod uses;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::mutants::Entry;
use crate::support::Folder;
use crate::support::workshop::schema::{Schema, WRONG};

/// How many seeds of each scene are played, unless `SIM_SEEDS` says otherwise.
const SEEDS: u64 = 1_000;
/// How many seeds one process of the driver plays.
const PORTION: usize = 50;

/// How many steps of a failing seed are shown.
const LAST_STEPS: usize = 60;
/// Within how many seeds a wrong program is caught.
const CAUGHT: u64 = 500;

/// The tree is made by one test at a time.
fn workshop() -> MutexGuard<'static, ()> {
    static WORKSHOP: Mutex<()> = Mutex::new(());
    WORKSHOP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program that plays scenes.
#[derive(Debug)]
struct Driver {
    program: PathBuf,
    /// Which of the wrong programs in it is played, or 0.
    wrong: usize,
}

/// Builds the driver.
fn driver() -> Driver {
    let program = tree::build(&tree::folder(), &[]).unwrap_or_else(|why| panic!("{why}"));
    Driver { program, wrong: 0 }
}

/// Runs the driver. Where the system can, all threads of it stay on one processor: handing over is faster.
fn run(driver: &Driver, processor: usize, arguments: &[&str]) -> Output {
    let output = |mut command: Command| {
        command.args(arguments).env(WRONG, driver.wrong.to_string()).stdin(Stdio::null()).output()
    };
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", &processor.to_string()]).arg(&driver.program);
    match output(pinned) {
        Ok(output) if output.status.code() != Some(1) || !output.stdout.is_empty() => output,
        _ => output(Command::new(&driver.program)).unwrap(),
    }
}

/// What the driver has printed.
fn told(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(error))
}

/// The names of the scenes that are wanted.
fn scenes(driver: &Driver) -> Vec<String> {
    let all = told(&run(driver, 0, &["scenes"]));
    let wanted = env::var("SIM_SCENE").ok();
    let is_wanted = |name: &&str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let found: Vec<String> = all.lines().filter(is_wanted).map(str::to_owned).collect();
    assert!(!found.is_empty(), "there is no scene {wanted:?} among {all}");
    found
}

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

/// Plays portions of seeds on all processors, until one fails. Returns what was told of those that failed.
fn play(driver: &Driver, portions: &[(String, u64, u64)]) -> Vec<String> {
    let (next, failed) = (Mutex::new(portions.iter()), Mutex::new(Vec::new()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for processor in 0..workers {
            let (next, failed) = (&next, &failed);
            scope.spawn(move || {
                loop {
                    let portion = next.lock().unwrap().next();
                    let Some((scene, from, count)) = portion else { return };
                    if !failed.lock().unwrap().is_empty() {
                        return;
                    }
                    let (from, count) = (from.to_string(), count.to_string());
                    let output = run(driver, processor, &["seeds", scene, &from, &count]);
                    if !output.status.success() {
                        failed.lock().unwrap().push(told(&output));
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// Plays one seed, and writes its trace to a file.
fn traced(driver: &Driver, scene: &str, seed: &str) -> (Output, PathBuf) {
    let file = tree::folder().join(format!("{scene}-{seed}.trace"));
    (run(driver, 0, &["seed", scene, seed, file.to_str().unwrap()]), file)
}

/// What was told of a seed that fails, with the end of its trace.
fn explained(driver: &Driver, told: &str) -> String {
    let words: Vec<&str> = told.split([' ', ':']).collect();
    let Some(at) = words.iter().position(|word| *word == "seed") else { return told.to_owned() };
    let (_, file) = traced(driver, words[at + 3], words[at + 1]);
    let trace = fs::read_to_string(&file).unwrap_or_default();
    let lines: Vec<&str> = trace.lines().collect();
    let end = lines[lines.len().saturating_sub(LAST_STEPS)..].join("\n");
    format!("{told}  its trace is in {}, which ends:\n{end}\n", file.display())
}

#[test]
fn every_use_of_the_standard_library_has_a_counterpart() {
    let product = tree::product();
    let files = product.iter().filter(|(path, _)| uses::is_rust(path));
    let unknown: Vec<String> =
        files.flat_map(|(path, text)| uses::unknown(&format!("src/{path}"), text)).collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn a_use_without_a_counterpart_is_told_with_its_line() {
    let text = "//! std::net::UnixStream\n\nuse std::fmt;\nuse std::io::{self, Read, stdin};\n\
                use std::{\n    net::{TcpStream, UnixListener},\n    time::Instant,\n};\n\
                fn f() { std::thread::park(); std::mem::take(&mut 1); }\n";
    let what = |line, path| {
        format!(
            "src/a.rs:{line}: std::{path} has no counterpart in the simulated world (tests/sim/world)"
        )
    };
    assert_eq!(
        uses::unknown("src/a.rs", text),
        [what(4, "io::stdin"), what(5, "net::UnixListener"), what(9, "thread::park")]
    );
}

#[test]
#[ignore = "plays a thousand seeds of each scene: five minutes"]
fn what_must_hold_does_at_every_seed() {
    let _held = workshop();
    let driver = driver();
    let count = number("SIM_SEEDS").unwrap_or(SEEDS);
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let from = number("SIM_FROM").unwrap_or(days * 1_000_000);
    let mut portions = Vec::new();
    for first in (0..count).step_by(PORTION) {
        for scene in scenes(&driver) {
            portions.push((scene, from + first, (PORTION as u64).min(count - first)));
        }
    }
    let failed = play(&driver, &portions);
    let told: Vec<String> = failed.iter().map(|told| explained(&driver, told)).collect();
    assert!(failed.is_empty(), "{}", told.join("\n"));
}

#[test]
#[ignore = "builds the simulated tree"]
fn the_same_seed_gives_the_same_trace() {
    let _held = workshop();
    let driver = driver();
    for scene in scenes(&driver) {
        let traces = ["one", "two"].map(|name| {
            let file = tree::folder().join(format!("trace.{name}"));
            run(&driver, 0, &["seed", &scene, "7", file.to_str().unwrap()]);
            fs::read_to_string(file).unwrap()
        });
        assert!(traces[0].lines().count() > 5, "{scene}: {}", traces[0]);
        let differs = traces[0].lines().zip(traces[1].lines()).find(|(one, two)| one != two);
        assert_eq!(differs, None, "{scene}");
        assert_eq!(traces[0].len(), traces[1].len(), "{scene}");
    }
}

/// The wrong programs of `tests/sim/mutants.txt`: each is an entry as in the gallery (`tests/it/mutants`), and names
/// the scene that catches it.
fn wrong_programs() -> Vec<Entry> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/mutants.txt"));
    Entry::in_text(&text.unwrap())
}

#[test]
fn every_edit_of_a_wrong_program_fits() {
    let mut schema = Schema::of(Path::new(env!("CARGO_MANIFEST_DIR")));
    for entry in wrong_programs() {
        schema.add(&entry.files()).unwrap_or_else(|why| panic!("{}: {why}", entry.mistake));
    }
}

#[test]
#[ignore = "builds and plays the wrong programs of tests/sim/mutants.txt; MUTANTS=WORD: those with WORD in their name"]
fn every_wrong_program_is_caught() {
    let _held = workshop();
    let wanted = env::var("MUTANTS").unwrap_or_default();
    let mut entries: Vec<(String, Entry)> = wrong_programs()
        .into_iter()
        .map(|entry| (format!("{} | {}", entry.check, entry.mistake), entry))
        .collect();
    entries.retain(|(named, _)| named.contains(&wanted));
    let mut schema = Schema::of(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (named, entry) in &entries {
        schema.add(&entry.files()).unwrap_or_else(|why| panic!("{named}: {why}"));
    }
    let program = tree::build(&tree::folder().join("wrong"), &schema.files())
        .unwrap_or_else(|error| panic!("they do not compile:\n{error}"));
    let mut missed = Vec::new();
    for (wrong, (named, entry)) in (1..).zip(entries) {
        let driver = Driver { program: program.clone(), wrong };
        let portions: Vec<_> =
            (0..CAUGHT).step_by(10).map(|first| (entry.check.clone(), 1 + first, 10)).collect();
        match play(&driver, &portions).first() {
            Some(told) => println!("{named}\n  {}", told.lines().next().unwrap_or_default()),
            None => missed.push(named),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:#?}");
}

/// Lab 4 tells of a seed that breaks a naive room. It goes so in a student's tree, by the commands that stand there.
#[test]
#[ignore = "makes a student's tree and builds it and the simulated one: some minutes"]
fn the_naive_room_breaks_as_lab_4_tells() {
    let folder = Folder::fresh();
    let (tree, target) = (folder.file("tree"), folder.file("target"));
    let handout = Command::new(env!("CARGO_BIN_EXE_handout"))
        .args([tree.to_str().unwrap(), "--from", "5"])
        .output()
        .unwrap();
    assert!(handout.status.success(), "{handout:?}");
    let page = fs::read_to_string(tree.join("LAB.md")).unwrap();
    let command = "    cargo test --test sim -- naive";
    let story = page.split_once(&format!("{command}\n{command} 6\n\n")).expect("the commands").1;
    let cargo = |words: &[&str]| {
        let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
        let arguments = ["test", "--offline", "--quiet", "--test", "sim", "--"];
        let mut command = Command::new(cargo);
        command.args(arguments).args(words).current_dir(&tree).env("CARGO_TARGET_DIR", &target);
        told(&command.stdin(Stdio::null()).output().unwrap())
    };
    let found = cargo(&["naive"]);
    assert!(found.contains("BROKEN at seed 6 of lab4: "), "{found}");
    assert!(found.contains("see it: cargo test --test sim -- naive 6\n"), "{found}");
    let trace = cargo(&["naive", "6"]);
    let mut rest = &*trace;
    for line in story.lines().take_while(|line| !line.is_empty()) {
        let line = line.trim().trim_end_matches('…').trim_end();
        let Some((_, after)) = rest.split_once(line) else { panic!("no {line:?} in\n{trace}") };
        rest = after;
    }
    let own = cargo(&[]);
    assert!(own.contains("100 seeds: all that must hold does"), "{own}");
}

#[test]
#[ignore = "builds the simulated tree"]
fn seed() {
    let _held = workshop();
    let scene = env::var("SIM_SCENE").unwrap_or_else(|_| "room".to_owned());
    let seed = number("SIM_SEED").unwrap_or(1).to_string();
    let (output, file) = traced(&driver(), &scene, &seed);
    println!("{}the trace is in {}", told(&output), file.display());
    assert!(output.status.success());
}

//! A room in a simulated world, for everybody who wants to see a race: `cargo test --test sim`.
//!
//! ```text
//! cargo test --test sim                    plays 100 seeds of the room of this tree
//! cargo test --test sim -- naive           plays the naive room, until a seed breaks it
//! cargo test --test sim -- naive 6         plays one seed, and shows the end of its trace
//! ```
//!
//! The server runs in one process with its members, its clock and its network. Its threads take turns, and the seed
//! decides whose turn it is: so the same seed gives the same run on every machine. `world` is the library that the
//! server uses there instead of Rust's own; `driver` has the members and what must hold.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "who plays it sees why it ends")]

mod tree;
mod uses;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The scene: a room without accidents, and without a log, which is a later lab's.
const SCENE: &str = "lab4";
/// How many seeds are played.
const SEEDS: u64 = 100;
/// How many lines of a trace are shown.
const LAST_STEPS: usize = 60;
/// How much of a line is shown.
const WIDTH: usize = 120;

/// The naive room: a file, what stands there, and what it has instead.
const NAIVE: [&str; 3] = [
    "src/server/room/queue.rs",
    "        queue.current.put(messages);\n        self.wake(queue)\n",
    "        let id = self.wake(queue);\n        lock(&self.queue).current.put(messages);\n        id\n",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (room, seed) = match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        [] => ("", None),
        ["naive"] => ("naive", None),
        ["naive", seed] => ("naive", seed.parse().ok()),
        [seed] => ("", seed.parse().ok()),
        _ => {
            eprintln!("usage: cargo test --test sim -- [naive] [SEED]");
            return ExitCode::from(2);
        }
    };
    println!("building the world (about a minute, when something has changed)");
    match tree::build(&tree::folder(), &changed(room)) {
        Ok(driver) => seed.map_or_else(|| search(&driver, room), |seed| show(&driver, seed)),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The files that a room changes.
fn changed(room: &str) -> Vec<(String, String)> {
    if room.is_empty() {
        return Vec::new();
    }
    let [file, there, instead] = NAIVE;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(text.contains(there), "{file} has another text than the naive room knows");
    vec![(file.to_owned(), text.replace(there, instead))]
}

/// Plays seeds, until one breaks the room.
fn search(driver: &Path, room: &str) -> ExitCode {
    for seed in 1..=SEEDS {
        let told = play(driver, seed, None);
        if let Some(broken) = broken(&told) {
            println!("{broken}\n  see it: cargo test --test sim -- {room} {seed}");
            return ExitCode::FAILURE;
        }
    }
    println!("{SEEDS} seeds: all that must hold does");
    ExitCode::SUCCESS
}

/// Plays a seed, and shows the end of its trace: a step a line.
fn show(driver: &Path, seed: u64) -> ExitCode {
    let file = tree::folder().join(format!("{SCENE}-{seed}.trace"));
    let told = play(driver, seed, Some(&file));
    let trace = fs::read_to_string(&file).unwrap_or_default();
    let lines: Vec<&str> = trace.lines().collect();
    for line in &lines[lines.len().saturating_sub(LAST_STEPS)..] {
        println!("{}", line.chars().take(WIDTH).collect::<String>());
    }
    println!("the whole trace is in {}", file.display());
    println!("{}", broken(&told).unwrap_or("all that must hold does"));
    if broken(&told).is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What a seed has told of what does not hold.
fn broken(told: &str) -> Option<&str> {
    told.lines().find(|line| line.starts_with("BROKEN"))
}

/// Plays a seed.
fn play(driver: &Path, seed: u64, trace: Option<&PathBuf>) -> String {
    let mut command = Command::new(driver);
    command.args(["seed", SCENE, &seed.to_string()]).args(trace).stdin(Stdio::null());
    let output = command.output().expect("the driver was built");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

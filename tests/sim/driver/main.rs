//! The driver: it plays scenes with the server and the client in a simulated world, and checks what must hold.
//!
//! ```text
//! driver scenes                       the names of the scenes
//! driver seed SCENE SEED [FILE]       plays one seed; writes its trace to FILE
//! driver seeds SCENE FROM COUNT       plays many, each in a process of its own; ends at the first that fails
//! ```

mod record;
mod block;
mod server;
mod member;
mod crowd;
mod user;
mod texts;
mod calls;
mod scenes;

use std::fs::File;
use std::panic;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use world::sim;

/// How long a seed may take, by the real clock: long, for the machine may be busy.
const LONGEST: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().expect("a number");
    match *words {
        ["scenes"] => {
            scenes::ALL.iter().for_each(|(name, _)| println!("{name}"));
            ExitCode::SUCCESS
        }
        ["seed", scene, seed] => play(scene, number(seed), None),
        ["seed", scene, seed, file] => play(scene, number(seed), Some(file)),
        ["seeds", scene, from, count] => play_many(scene, number(from), number(count)),
        _ => {
            eprintln!("usage: driver scenes | seed SCENE SEED [FILE] | seeds SCENE FROM COUNT");
            ExitCode::from(2)
        }
    }
}

/// Plays one seed of a scene.
fn play(name: &str, seed: u64, trace: Option<&str>) -> ExitCode {
    let Some((_, scene)) = scenes::ALL.iter().find(|(known, _)| *known == name) else {
        eprintln!("there is no scene {name:?}");
        return ExitCode::from(2);
    };
    let (told, watched) = (name.to_owned(), name.to_owned());
    let report =
        move |invariant: &str, what: &str| println!("{}", failure(&told, seed, invariant, what));
    panic::set_hook(Box::new(move |panic| {
        let thread = sim::who();
        println!("{}", failure(&watched, seed, "no thread panics", &format!("{thread}: {panic}")));
        std::process::exit(101);
    }));
    let watched = name.to_owned();
    std::thread::spawn(move || {
        std::thread::sleep(LONGEST);
        println!("{}", failure(&watched, seed, "the run ends", "it takes too long"));
        std::process::exit(101);
    });
    let file = trace.map(|path| File::create(path).expect("a file for the trace"));
    let begun = Instant::now();
    let ((), sum, turns, time) = sim::run(seed, file, report, *scene);
    println!(
        "{name} {seed}: trace {sum:016x}, {turns} turns, {:.3} s of their time in {:.0} ms",
        time as f64 / 1e9,
        begun.elapsed().as_secs_f64() * 1e3
    );
    std::process::exit(0) // whoever still runs is left where it is
}

/// What is said about a seed that fails.
fn failure(scene: &str, seed: u64, invariant: &str, what: &str) -> String {
    format!(
        "BROKEN at seed {seed} of {scene}: {invariant}: {what}\n  play it again: SIM_SCENE={scene} SIM_SEED={seed} \
         cargo test --test it -- --ignored simulation::seed --nocapture"
    )
}

/// Plays many seeds, one after the other.
fn play_many(scene: &str, from: u64, count: u64) -> ExitCode {
    let program = std::env::current_exe().expect("the path of this program");
    let begun = Instant::now();
    let mut turns = 0;
    for seed in from..from + count {
        let output = Command::new(&program).args(["seed", scene, &seed.to_string()]).output();
        let output = output.expect("a process");
        let told = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            println!("{told}{}", String::from_utf8_lossy(&output.stderr));
            return ExitCode::FAILURE;
        }
        let words: Vec<&str> = told.split(' ').collect();
        turns += words
            .iter()
            .position(|word| *word == "turns,")
            .map_or(0, |at| words[at - 1].parse::<u64>().unwrap_or(0));
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{scene}: {count} seeds from {from} on, {turns} turns, in {took:.1} s");
    ExitCode::SUCCESS
}

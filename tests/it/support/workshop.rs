//! The place where programs are built and graded: students' trees here, as they and their instructors do it, and
//! [wrong programs](wrong).
//!
//! The trees at one bench are all made at one path and built into one target folder: so Cargo has to compile little
//! anew, and a program of somebody else left there would be found out.

pub mod bench;
pub mod schema;
pub mod wrong;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub use bench::{Bench, at_benches};
pub use schema::Schema;
pub use wrong::Wrong;

/// What is wrong needs no more time than on a machine at rest, and waiting is what takes time.
pub const AT_REST: (&str, &str) = ("LAB_BUSY", "1");
/// Half of the time is for what nobody reads. And the smaller the units of code are, the less is built anew.
pub const QUICKLY: [(&str, &str); 2] =
    [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_CODEGEN_UNITS", "2000")];
/// What is right may take its time, for other trees are built meanwhile.
pub const PATIENTLY: (&str, &str) = ("LAB_SLOW", "4");

/// A bench at which one student's tree stands.
#[derive(Debug)]
pub struct Workshop<'a> {
    bench: &'a Bench,
}

/// What the grader has said.
#[derive(Debug, Default)]
pub struct Score {
    /// For each lab the points and how many there are.
    pub labs: BTreeMap<u32, (u32, u32)>,
    /// The checks that were not green, with the word that stood before them.
    pub red: Vec<(String, String)>,
    /// How many were green.
    pub green: usize,
    /// All that it has said.
    pub said: String,
}

impl<'a> Workshop<'a> {
    /// The one at this bench.
    pub fn at(bench: &'a Bench) -> Self {
        Self { bench }
    }

    /// Where the tree is. It is empty now, or not there yet.
    pub fn clear(&self) -> PathBuf {
        let tree = self.tree();
        let _ = fs::remove_dir_all(&tree); // it need not be there
        tree
    }

    /// Where the tree is.
    pub fn tree(&self) -> PathBuf {
        self.bench.folder().join("tree")
    }

    /// Where it is built.
    pub fn target(&self) -> PathBuf {
        self.bench.folder().join("target")
    }

    /// Cargo in the tree. Nothing may come from a network, and nothing from the environment of these tests.
    pub fn cargo(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(arguments).current_dir(self.tree()).stdin(Stdio::null());
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy().into_owned();
            if ["LAB_", "CHAT_", "CARGO_", "RUST"].iter().any(|start| name.starts_with(start))
                && !["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"].contains(&name.as_str())
            {
                cargo.env_remove(variable);
            }
        }
        cargo.env("CARGO_TARGET_DIR", self.target()).env("CARGO_NET_OFFLINE", "true");
        cargo.envs(QUICKLY);
        cargo
    }

    /// Grades the tree by `cargo test`, with the checks that have one of these words in their names, or all. Without
    /// points if it does not compile. For what is wrong: the grader takes the machine to be at rest.
    pub fn grade(&self, words: &str) -> Score {
        self.grade_with(words, AT_REST)
    }

    /// The same for what is right, or may be: it may take its time, for other trees are built meanwhile.
    pub fn grade_patiently(&self, words: &str) -> Score {
        self.grade_with(words, PATIENTLY)
    }

    fn grade_with(&self, words: &str, (variable, value): (&str, &str)) -> Score {
        let mut cargo = self.command(&["test", "--"]);
        let output = cargo.args(words.split_whitespace()).env(variable, value).output().unwrap();
        Score::read(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Score {
    /// From what the grader has said.
    pub fn read(said: String) -> Self {
        let mut score = Self::default();
        for line in said.lines() {
            for word in ["ok ", "FAIL ", "not reached ", "not checked ", "waived "] {
                let Some(name) = line.strip_prefix(word).map(str::trim) else { continue };
                if !name.starts_with("lab") {
                } else if word == "ok " {
                    score.green += 1;
                } else {
                    score.red.push((word.trim().to_owned(), name.to_owned()));
                }
            }
            if let Some((lab, points)) = table_line(line) {
                score.labs.insert(lab, points);
            }
        }
        score.said = said;
        score
    }

    /// Adds that of other labs.
    pub fn add(&mut self, other: Score) {
        self.labs.extend(other.labs);
        self.red.extend(other.red);
        self.green += other.green;
        self.said += &other.said;
    }

    /// All points.
    pub fn points(&self) -> u32 {
        self.labs.values().map(|(points, _)| points).sum()
    }

    /// The points of one lab.
    pub fn of(&self, lab: u32) -> u32 {
        self.labs.get(&lab).map_or(0, |(points, _)| *points)
    }
}

/// A lab's number, its points, and how many there are, of a line `lab 4  fan-out    7/14`.
fn table_line(line: &str) -> Option<(u32, (u32, u32))> {
    let (lab, rest) = line.strip_prefix("lab ")?.split_once("  ")?;
    let (points, all) = rest.split_whitespace().find_map(|word| word.split_once('/'))?;
    Some((lab.parse().ok()?, (points.parse().ok()?, all.parse().ok()?)))
}

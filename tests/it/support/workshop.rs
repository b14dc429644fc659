//! The place where programs are built and graded: students' trees here, as they and their instructors do it, and
//! [wrong programs](wrong).
//!
//! The trees at one bench are all made at one path and built into one target folder: so Cargo has to compile little
//! anew, and a program of somebody else left there would be found out.

pub mod bench;
pub mod wrong;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub use bench::{Bench, at_benches};
pub use wrong::Wrong;

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
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0"); // half of the time is for what nobody reads
        cargo
    }

    /// Compiles the tree; gives what is said of it, which is nothing if all is well.
    pub fn compile(&self) -> String {
        let output = self.cargo(&["test", "--no-run", "--quiet"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), !said.contains("error"), "{said}");
        said
    }

    /// Grades the tree by `cargo test`, with the checks that have one of these words in their names, or all. Without
    /// points if it does not compile.
    pub fn grade(&self, words: &str) -> Score {
        self.grade_with(words, "1")
    }

    /// The same for what is right, or may be: it may take its time, for other trees are built meanwhile.
    pub fn grade_patiently(&self, words: &str) -> Score {
        self.grade_with(words, "4")
    }

    fn grade_with(&self, words: &str, slow: &str) -> Score {
        let mut cargo = self.command(&["test", "--"]);
        let output = cargo.args(words.split_whitespace()).env("LAB_SLOW", slow).output().unwrap();
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

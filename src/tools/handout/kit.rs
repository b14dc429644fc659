//! What the workers of a class share: the solution, the grader, and the compiler.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::isolation::{Apart, Grant, Isolation, Outcome};
use super::kept::hash;
use super::toolchain::{of_the_system, toolchain};
use super::tree::{Open, Solution, put};
use super::users::close;
use crate::io_error::cause;

/// How long one build may take.
pub const BUILD: Duration = Duration::from_secs(600);

/// What all workers share. Nothing in it changes while a class is graded, so no worker waits for another one.
#[derive(Debug)]
pub struct Kit {
    /// The solution.
    pub solution: Solution,
    /// The labs that the students were given open.
    pub open: Open,
    /// The seed of all checks.
    pub seed: u32,
    /// How hand-ins are kept apart.
    pub isolation: Isolation,
    /// The folder for the results.
    pub into: PathBuf,
    /// The folders that a hand-in must not see.
    pub hidden: [PathBuf; 3],
}

/// The grader that judges everybody: a program of the solution alone. Its checks start the programs of a hand-in by
/// their paths, so no code of a hand-in runs in the process that counts the points.
#[derive(Debug, Default)]
pub struct Grader {
    /// The folder in which it was built.
    pub folder: PathBuf,
    /// The program's path below that.
    pub program: String,
    /// A hash of what it was made from. It belongs to the key of each sheet, so another grader reads no old ones.
    pub print: u64,
}

impl Kit {
    /// Builds the grader from the tree that students were given, unless an earlier run has left it.
    ///
    /// The tree has the same labs open as that of the students, so the grader knows which points are given. A grader
    /// of another solution is not used: its key tells what it was made from.
    ///
    /// # Errors
    /// A sentence, with what the compiler says.
    pub fn build_grader(&self) -> Result<Grader, String> {
        let folder = self.into.join(".grader");
        let print = hash(self.solution.files().chain([("", format!("{:?}", self.open).as_str())]));
        let key = folder.join("key");
        let is_there = fs::read_to_string(&key).is_ok_and(|text| text == print.to_string());
        if !is_there {
            let _ = fs::remove_dir_all(&folder); // it need not be there
            self.solution.write(&folder.join("tree"), self.open)?;
            let words = ["test", "--no-run", "--test", "grade"];
            let built = self.cargo(None, BUILD, &folder, &words)?;
            if built.code != Some(0) {
                return Err(format!("the grader does not compile\n{}", built.errors));
            }
            put(&folder, "key", &print.to_string())?;
        }
        let deps = folder.join("target/debug/deps");
        let names = fs::read_dir(&deps).into_iter().flatten().flatten();
        let program = names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .find(|name| {
                let rest = name
                    .strip_prefix("grade-")
                    .map(|rest| rest.strip_suffix(env::consts::EXE_SUFFIX));
                rest.flatten().is_some_and(|rest| !rest.contains('.'))
            })
            .ok_or("the grader was built, and is not there")?;
        Ok(Grader { folder, program: format!("target/debug/deps/{program}"), print })
    }

    /// Makes the folder for a hand-in's results. Where hand-ins can come to it, others must not read them.
    ///
    /// # Errors
    /// A sentence: it cannot be made, or not closed.
    pub fn close_results(&self, name: &str) -> Result<(), String> {
        if self.isolation != Isolation::User {
            return Ok(());
        }
        let results = self.into.join(name);
        close(&results, None)
            .map_err(|error| format!("cannot close {}: {}", results.display(), cause(&error)))
    }

    /// Runs cargo for the tree in a folder, apart; for a hand-in as the user of its worker. What it builds goes into
    /// the folder's `target`.
    ///
    /// A build runs no code of the hand-in, for the tree has no build script and no macro crate. But the compiler
    /// reads files for `include_str!`, and must find nothing there that a student should not have.
    ///
    /// # Errors
    /// A sentence: it cannot be started.
    pub fn cargo(
        &self,
        worker: Option<u32>,
        limit: Duration,
        folder: &Path,
        words: &[&str],
    ) -> Result<Outcome, String> {
        let toolchain = toolchain()?;
        let hidden: Vec<&Path> = self.hidden.iter().map(PathBuf::as_path).collect();
        let place = |number, path| self.isolation.place(number, path);
        let (rust, work) = (place(1, &toolchain), place(2, folder));
        let text = |path: PathBuf| path.display().to_string();
        let (cargo, manifest) = (text(rust.join("bin/cargo")), text(work.join("tree/Cargo.toml")));
        let path = env::var("PATH").unwrap_or_default();
        let separator = if cfg!(windows) { ';' } else { ':' };
        let mut variables: Vec<(&str, String)> = vec![
            ("PATH", format!("{}{separator}{path}", text(rust.join("bin")))),
            ("HOME", text(work.clone())),
            ("CARGO_HOME", text(work.join("cargo"))),
            ("CARGO_TARGET_DIR", text(work.join("target"))),
            ("CARGO_NET_OFFLINE", "true".to_owned()),
            ("CARGO_INCREMENTAL", "0".to_owned()),
            ("CARGO_PROFILE_DEV_DEBUG", "0".to_owned()),
        ];
        variables.extend(of_the_system());
        let command: Vec<&str> = [&cargo, words[0], "--manifest-path", &manifest]
            .into_iter()
            .chain(words[1..].iter().copied())
            .collect();
        let run = Apart {
            isolation: self.isolation,
            worker: worker.unwrap_or(0),
            shares: &[Grant::Read(&toolchain), Grant::Write(folder)],
            hidden: &hidden,
            is_theirs: worker.is_some(),
            limit,
        };
        run.run(&command, &variables)
    }
}

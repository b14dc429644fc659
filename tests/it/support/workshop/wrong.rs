//! Wrong programs: a tree with some of its files changed, or with labs left open, built in a copy of it and graded by
//! this tree's grader, which links nothing of them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bench::{self, Bench, Kiln};
use super::schema::{Schema, WRONG};
use super::{AT_REST, QUICKLY};
use crate::grader::grader;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// A wrong program that is built.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// Where they are.
    folder: PathBuf,
    /// The numbers of what is wrong, of all that a [`Schema`] has.
    numbers: Vec<usize>,
}

/// All programs.
const ALL: [&str; 4] = ["server", "client", "load", "parts"];

impl Wrong {
    /// Builds these: each is the tree with the bodies of some functions changed, in these files.
    pub fn build_together(tree: &Path, programs: &[Vec<(String, String)>]) -> Vec<Wrong> {
        let mut schema = Schema::of(tree);
        let numbers: Vec<usize> = programs.iter().map(|files| schema.add(files).unwrap()).collect();
        let built = Self::build_schema(&schema);
        numbers.into_iter().map(|number| built.number([number])).collect()
    }

    /// Builds all programs of a schema. What is given is right: see [`Wrong::number`].
    pub fn build_schema(schema: &Schema) -> Wrong {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let folder = format!("schema{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = bench::shelf().join(folder);
        let built = Self::built(folder, schema.tree(), &schema.files());
        built.unwrap_or_else(|error| panic!("they do not compile:\n{error}")).0
    }

    /// What is wrong by these numbers, of a [`Schema`].
    pub fn number(&self, numbers: impl IntoIterator<Item = usize>) -> Wrong {
        Wrong { numbers: numbers.into_iter().collect(), ..self.clone() }
    }

    /// Builds all programs of a tree. Gives what the compiler says, too: nothing, if all is well. If they do not
    /// compile, that is all it gives.
    pub fn build_tree(bench: &Bench, tree: &Path) -> Result<(Wrong, String), String> {
        Self::built(bench.folder().join("wrong"), tree, &[])
    }

    fn built(
        folder: PathBuf,
        tree: &Path,
        files: &[(String, String)],
    ) -> Result<(Wrong, String), String> {
        let kiln = Kiln::take();
        let (copy, target) = (kiln.folder().join("tree"), kiln.folder().join("target"));
        fs::create_dir_all(&copy).unwrap();
        for part in ["Cargo.toml", "Cargo.lock", "src", "tests"] {
            mirror(&tree.join(part), &copy.join(part));
        }
        for (path, text) in files {
            fs::write(copy.join(path), text).unwrap();
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&copy).args(["build", "--quiet"]);
        cargo.args(ALL.iter().flat_map(|program| ["--bin", program]));
        cargo.env("CARGO_TARGET_DIR", &target).envs(QUICKLY);
        let output = cargo.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(said);
        }
        fs::create_dir_all(&folder).unwrap();
        for name in ALL.map(file) {
            let place = folder.join(&name);
            let _ = fs::remove_file(&place); // the one before need not be there
            fs::copy(target.join("debug").join(&name), place).unwrap();
        }
        Ok((Wrong { folder, numbers: Vec::new() }, said))
    }

    /// Where one of the programs is that were built.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(file(name))
    }

    /// The value of the variable [`WRONG`] for its programs.
    pub fn chosen(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(usize::to_string).collect();
        numbers.join(",")
    }

    /// Grades it with these arguments; gives the exit code and what the grader says. The grader takes the machine to be
    /// at rest: a wrong program needs no more time, and a check that is red has waited for all that it gives.
    pub fn grade(
        &self,
        arguments: &[impl AsRef<OsStr>],
        seed: Option<u64>,
    ) -> (Option<i32>, String) {
        let seed = seed.map(|seed| seed.to_string());
        let seed = seed.iter().map(|seed| ("LAB_SEED", seed.as_str()));
        self.judge(arguments, &[AT_REST].into_iter().chain(seed).collect::<Vec<_>>())
    }

    /// The same with these variables in the grader's environment, and no others.
    pub fn judge(
        &self,
        arguments: &[impl AsRef<OsStr>],
        variables: &[(&str, &str)],
    ) -> (Option<i32>, String) {
        static GRADER: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(GRADER.get_or_init(grader));
        command.current_dir(TREE).args(arguments);
        for (variable, _) in env::vars().filter(|(name, _)| name.starts_with("LAB_")) {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied()).env(WRONG, self.chosen());
        for name in ALL {
            command.env(format!("LAB_{}", name.to_uppercase()), self.program(name));
        }
        let graded = command.output().unwrap();
        (graded.status.code(), String::from_utf8_lossy(&graded.stdout).into_owned())
    }
}

/// The file of a program.
fn file(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// Copies what is new or has changed, so that cargo builds no more than it must, and removes what is gone.
fn mirror(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for old in fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path()) {
            let is_gone = !from.join(old.file_name().unwrap()).exists();
            if is_gone && old.is_dir() {
                fs::remove_dir_all(old).unwrap();
            } else if is_gone {
                fs::remove_file(old).unwrap();
            }
        }
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            mirror(&from.join(&name), &to.join(&name));
        }
    } else if fs::read(from).unwrap() != fs::read(to).unwrap_or_default() {
        fs::copy(from, to).unwrap();
    }
}

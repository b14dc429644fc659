//! Wrong programs: a tree with some of its files changed, or with labs left open, built in a copy of it and graded by
//! this tree's grader, which links nothing of them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::bench::{self, Bench, Kiln};
use super::{AT_REST, QUICKLY};
use crate::grader::grader;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// A wrong program that is built.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// Where they are.
    folder: PathBuf,
    /// Their names: the others of this tree are right.
    programs: Vec<&'static str>,
}

/// All programs.
const ALL: [&str; 4] = ["server", "client", "load", "parts"];
/// The labs of which some checks ask a part alone.
const ASK_PARTS: [&str; 4] = ["lab0:", "lab10", "lab11", "lab12"];

impl Wrong {
    /// Builds the programs of a tree with these texts in place of those files, to be graded by checks with this in
    /// their names. Gives what the compiler says if they do not compile.
    pub fn build(
        bench: &Bench,
        tree: &Path,
        files: &[(String, String)],
        check: &str,
    ) -> Result<Wrong, String> {
        Ok(Self::built(bench, tree, files, concerned(files, check))?.0)
    }

    /// Builds all programs of a tree, unless another test has built the same sources. Gives what the compiler says, too:
    /// nothing, if all is well. If they do not compile, that is all it gives.
    pub fn build_tree(bench: &Bench, tree: &Path) -> Result<(Wrong, String), String> {
        let shelf = built_before(tree);
        if let Ok(said) = fs::read_to_string(shelf.join("said")) {
            return Ok((Wrong { folder: shelf, programs: ALL.to_vec() }, said));
        }
        let (built, said) = Self::built(bench, tree, &[], ALL.to_vec())?;
        fs::create_dir_all(&shelf).unwrap();
        for name in ALL {
            let _ = fs::hard_link(built.program(name), shelf.join(file(name))); // two may build the same at a time
        }
        if ALL.iter().all(|name| shelf.join(file(name)).exists()) {
            fs::write(shelf.join("said"), &said).unwrap();
        }
        Ok((built, said))
    }

    fn built(
        bench: &Bench,
        tree: &Path,
        files: &[(String, String)],
        programs: Vec<&'static str>,
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
        cargo.args(programs.iter().flat_map(|program| ["--bin", program]));
        cargo.env("CARGO_TARGET_DIR", &target).envs(QUICKLY);
        let output = cargo.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(said);
        }
        let folder = bench.folder().join("wrong");
        fs::create_dir_all(&folder).unwrap();
        for name in programs.iter().map(|name| file(name)) {
            let place = folder.join(&name);
            let _ = fs::remove_file(&place); // the one before need not be there
            fs::copy(target.join("debug").join(&name), place).unwrap();
        }
        Ok((Wrong { folder, programs }, said))
    }

    /// Where one of the programs is that were built.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(file(name))
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
        command.envs(variables.iter().copied());
        for name in &self.programs {
            command.env(format!("LAB_{}", name.to_uppercase()), self.program(name));
        }
        let graded = command.output().unwrap();
        (graded.status.code(), String::from_utf8_lossy(&graded.stdout).into_owned())
    }
}

/// The place for the programs of these sources.
fn built_before(tree: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    for part in ["Cargo.toml", "src"] {
        hash(&tree.join(part), &mut hasher);
    }
    bench::shelf().join("built").join(format!("{:016x}", hasher.finish()))
}

/// Hashes the names and texts of files, in the order of their names.
fn hash(path: &Path, hasher: &mut DefaultHasher) {
    path.file_name().hash(hasher);
    if path.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        inside.sort();
        for path in inside {
            hash(&path, hasher);
        }
    } else {
        fs::read(path).unwrap().hash(hasher);
    }
}

/// The file of a program.
fn file(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// The programs that changes of these files concern. The others are this tree's. What starts a server by itself, as
/// `load` does, starts the one beside it: so where it may take part, all are built.
fn concerned(files: &[(String, String)], check: &str) -> Vec<&'static str> {
    let all_in = |folder: &str| files.iter().all(|(path, _)| path.starts_with(folder));
    let mut programs = if check.starts_with("lab9") {
        vec!["server", "client", "load"]
    } else if all_in("src/server/") {
        vec!["server"]
    } else if all_in("src/client/") {
        vec!["client"]
    } else {
        vec!["server", "client", "load"]
    };
    programs.extend(ASK_PARTS.iter().any(|lab| check.starts_with(lab)).then_some("parts"));
    programs
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

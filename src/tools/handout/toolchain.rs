//! What is needed to build a tree apart from everything else: the compiler's folder, and a few variables.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The variables by which Windows finds its linker and its temporary folder. Other systems need none.
pub fn of_the_system() -> impl Iterator<Item = (&'static str, String)> {
    let names = ["SystemRoot", "ProgramFiles(x86)", "ProgramData", "TEMP", "TMP"];
    let known = names.into_iter().filter_map(|name| Some((name, env::var(name).ok()?)));
    known.filter(|_| cfg!(windows))
}

/// The folder of the solution. What rustup chooses for it runs, and not what a file of a hand-in tells it: a job may be
/// started in a folder that a student can write.
pub const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// The folder of the compiler. Its own programs need no settings of the user, as rustup's do.
///
/// # Errors
/// A sentence: there is no compiler.
pub fn toolchain() -> Result<PathBuf, String> {
    let asked = Command::new("rustc").args(["--print", "sysroot"]).current_dir(HOME).output();
    let asked = asked.map_err(|_| "there is no rustc".to_owned())?;
    let path = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    fs::canonicalize(path).map_err(|_| "rustc does not tell where it is".to_owned())
}

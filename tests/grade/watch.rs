//! `cargo test -- --watch lab3`: grades anew whenever a file of yours has changed, as rustlings does.
//!
//! The grader looks at the times of the files again and again, because std has no word from the system about them. What
//! it then runs is `cargo test` itself: it builds what has changed, and its own words say what does not compile.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::report::say;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the files: when each was changed, and how long it is.
type Files = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Runs these checks now, and after each change, until somebody ends it with Ctrl-C, or cargo cannot be run.
pub fn watch(filters: &[String]) -> ExitCode {
    loop {
        let before = files();
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let run =
            Command::new(&cargo).args(["test", "--test", "grade", "--"]).args(filters).status();
        if let Err(error) = run {
            say(format!("cannot run {cargo}: {error}"));
            return ExitCode::from(101);
        }
        say("watching src: the next change runs this again (Ctrl-C ends it)");
        // What was changed while it ran counts, too.
        while files() == before {
            thread::sleep(PAUSE);
        }
    }
}

/// The files that belong to a program.
fn files() -> Files {
    let mut found = Files::new();
    look_into(Path::new("src"), &mut found);
    look_at(Path::new("Cargo.toml"), &mut found);
    found
}

/// Looks at all files in a folder. One that is being written just now may be gone: the next look finds what is there.
fn look_into(folder: &Path, found: &mut Files) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { look_into(&path, found) } else { look_at(&path, found) }
    }
}

/// Looks at one file.
fn look_at(path: &Path, found: &mut Files) {
    if let Ok(data) = fs::metadata(path) {
        let changed = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        found.insert(path.to_owned(), (changed, data.len()));
    }
}

//! The gallery of wrong programs: for each check of the grader a small edit of ours that makes just such a
//! mistake. The check must be red on it, or it pays for no work.
//!
//! An entry of `gallery/*.txt`:
//!
//! ```text
//! == lab1::the_check | what the program does wrong
//! -- src/some/file.rs
//! <<<
//! text that stands there once
//! ===
//! text in its place
//! >>>
//! ```
//!
//! The programs are built in a copy of the tree, one after the other, and graded by this tree's grader. Set
//! `GALLERY=lab4` for those whose check has that in its name, `GALLERY_SEEDS=20` to grade each so often.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::grader::grader;

/// How many runs of one wrong program are graded at the same time.
const AT_A_TIME: usize = 4;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// A wrong program.
struct Entry {
    check: String,
    mistake: String,
    edits: Vec<Edit>,
}

/// One of its edits.
struct Edit {
    file: String,
    find: String,
    replace: String,
}

impl Entry {
    /// All entries of the gallery.
    fn all() -> Vec<Entry> {
        let mut pages: Vec<PathBuf> = fs::read_dir(Path::new(TREE).join("tests/it/gallery"))
            .unwrap()
            .map(|page| page.unwrap().path())
            .collect();
        pages.sort();
        let text: String = pages.iter().map(|page| fs::read_to_string(page).unwrap()).collect();
        text.split("\n== ").skip(1).map(Entry::parse).collect()
    }

    fn parse(text: &str) -> Entry {
        let mut parts = text.split("\n-- ");
        let (check, mistake) = parts.next().unwrap().trim().split_once(" | ").unwrap();
        Entry {
            check: check.to_owned(),
            mistake: mistake.to_owned(),
            edits: parts.flat_map(Edit::parse).collect(),
        }
    }

    /// Writes the wrong program into the copy of the tree.
    fn apply(&self, copy: &Path) {
        for Edit { file, find, replace } in &self.edits {
            let (path, check) = (copy.join(file), &self.check);
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(find).count(), 1, "{check}: not once in {file}:\n{find}");
            fs::write(&path, text.replace(find, replace)).unwrap();
        }
    }

    /// Writes the right program there again.
    fn undo(&self, copy: &Path) {
        for Edit { file, .. } in &self.edits {
            fs::copy(Path::new(TREE).join(file), copy.join(file)).unwrap();
        }
    }
}

impl Edit {
    /// The edits of one file.
    fn parse(text: &str) -> Vec<Edit> {
        let (file, rest) = text.split_once('\n').unwrap();
        let edits = rest.split("<<<\n").skip(1).map(|edit| {
            let (find, rest) = edit.split_once("\n===\n").unwrap();
            let rest = format!("\n{rest}"); // what is put in its place may be nothing
            let replace = rest.split("\n>>>").next().unwrap();
            let replace = replace.strip_prefix('\n').unwrap_or(replace);
            let [file, find, replace] = [file, find, replace].map(str::to_owned);
            Edit { file, find, replace }
        });
        edits.collect()
    }
}

/// The names of all checks, as the grader's tables have them.
fn checks() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for lab in 1..=9 {
        let table = Path::new(TREE).join(format!("tests/grade/lab{lab}/mod.rs"));
        let table = fs::read_to_string(table).unwrap();
        let found = table.lines().filter_map(|line| line.trim().strip_prefix("name: \""));
        names.extend(found.map(|line| line.trim_end_matches("\",").to_owned()));
    }
    names
}

#[test]
fn every_check_has_a_wrong_program_and_three_hints() {
    let checks = checks();
    let wrong: BTreeSet<String> = Entry::all().into_iter().map(|entry| entry.check).collect();
    assert_eq!(checks.difference(&wrong).collect::<Vec<_>>(), Vec::<&String>::new(), "no entry");
    assert_eq!(wrong.difference(&checks).collect::<Vec<_>>(), Vec::<&String>::new(), "no check");
    let hints = fs::read_to_string(Path::new(TREE).join("tests/grade/hints.txt")).unwrap();
    for check in &checks {
        let rest = hints.split(&format!("{check}\n")).nth(1).unwrap_or("");
        let steps = rest.lines().take_while(|line| line.starts_with("    ")).count();
        assert_eq!(steps, 3, "the hints of {check}");
    }
}

#[test]
fn every_edit_of_the_gallery_fits() {
    for Entry { check, edits, .. } in Entry::all() {
        assert!(!edits.is_empty(), "{check} has an entry without an edit");
        for Edit { file, find, .. } in edits {
            let text = fs::read_to_string(Path::new(TREE).join(&file)).unwrap();
            assert_eq!(text.matches(&find).count(), 1, "{check}: not once in {file}:\n{find}");
        }
    }
}

#[test]
#[ignore = "builds a hundred programs: ten minutes"]
fn every_wrong_program_is_caught() {
    let wanted = env::var("GALLERY").unwrap_or_default();
    let seeds: usize =
        env::var("GALLERY_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
    fs::create_dir_all(shelf.join("tree")).unwrap();
    let only_one = File::create(shelf.join("lock")).unwrap();
    only_one.lock().unwrap(); // two at once would build in the same copy
    let (copy, grader, mut caught) = (shelf.join("tree"), grader(), Vec::new());
    for part in ["Cargo.toml", "Cargo.lock", "src", "tests"] {
        mirror(&Path::new(TREE).join(part), &copy.join(part));
    }
    for entry in Entry::all().iter().filter(|entry| entry.check.contains(&wanted)) {
        let begun = Instant::now();
        entry.apply(&copy);
        let built = build(&copy);
        entry.undo(&copy);
        let red = match built {
            Ok(()) => how_often_red(seeds, &grader, &copy, &entry.check),
            Err(error) => panic!("{} | {} does not compile:\n{error}", entry.check, entry.mistake),
        };
        let line = format!("{red}/{seeds} {} | {}", entry.check, entry.mistake);
        println!("{line} ({:.1} s)", begun.elapsed().as_secs_f64());
        caught.push((red == seeds, line));
    }
    assert!(!caught.is_empty(), "no entry has {wanted:?} in the name of its check");
    let missed: Vec<&String> =
        caught.iter().filter(|(red, _)| !red).map(|(_, line)| line).collect();
    assert!(missed.is_empty(), "not always red: {missed:#?}");
}

/// Copies what is new or has changed, so that cargo builds no more than it must, and removes what is gone.
fn mirror(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for old in fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path()) {
            let is_gone = !from.join(old.file_name().unwrap()).exists();
            match old.is_dir() {
                true if is_gone => fs::remove_dir_all(old).unwrap(),
                false if is_gone => fs::remove_file(old).unwrap(),
                _ => {}
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

fn build(copy: &Path) -> Result<(), String> {
    let target = copy.join("target");
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(copy).args(["build", "--bins", "--quiet"]);
    command.env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    let built = command.output().unwrap();
    if built.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&built.stderr).into()) }
}

/// How many of so many runs, each with a seed of its own, are red. What is red mostly waits: a few at a time.
fn how_often_red(seeds: usize, grader: &Path, copy: &Path, check: &str) -> usize {
    let run = |mine: usize| (0..mine).filter(|_| is_red(grader, copy, check)).count();
    thread::scope(|scope| {
        let share = |first: usize| (first..seeds).step_by(AT_A_TIME).count();
        let threads: Vec<_> =
            (0..AT_A_TIME).map(|first| scope.spawn(move || run(share(first)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// Whether the grader calls this check of the copy's programs `FAIL`.
fn is_red(grader: &Path, copy: &Path, check: &str) -> bool {
    let mut command = Command::new(grader);
    command.current_dir(TREE).args([check, "--exact"]).env_remove("LAB_SEED");
    for name in ["server", "client", "load"] {
        let program = copy.join("target/debug").join(format!("{name}{}", env::consts::EXE_SUFFIX));
        command.env(format!("LAB_{}", name.to_uppercase()), program);
    }
    let graded = command.output().unwrap();
    let told = String::from_utf8_lossy(&graded.stdout);
    let line = format!("FAIL        {check}");
    graded.status.code() == Some(101) && told.lines().any(|told| told == line)
}

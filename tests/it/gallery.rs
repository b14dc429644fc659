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
//! The entry of a lab whose mistake ends in `(bug hunt)` is the one whose story LAB.md tells; a test holds that it
//! goes as it is told there.
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
/// The end of the mistake whose story LAB.md tells, and the seed with which it does.
const BUG_HUNT: &str = "(bug hunt)";
const BUG_HUNT_SEED: u64 = 20_261_120;
/// How often a story may be told.
const TRIES: usize = 8;

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
    let (workshop, mut caught) = (Workshop::open(), Vec::new());
    for entry in Entry::all().iter().filter(|entry| entry.check.contains(&wanted)) {
        let begun = Instant::now();
        workshop.build(entry);
        let red = workshop.how_often_red(seeds, &entry.check);
        let line = format!("{red}/{seeds} {} | {}", entry.check, entry.mistake);
        println!("{line} ({:.1} s)", begun.elapsed().as_secs_f64());
        caught.push((red == seeds, line));
    }
    assert!(!caught.is_empty(), "no entry has {wanted:?} in the name of its check");
    let missed: Vec<&String> =
        caught.iter().filter(|(red, _)| !red).map(|(_, line)| line).collect();
    assert!(missed.is_empty(), "not always red: {missed:#?}");
}

#[test]
#[ignore = "builds nine programs: a minute"]
fn every_bug_hunt_goes_as_the_page_tells() {
    let (workshop, page) =
        (Workshop::open(), fs::read_to_string(Path::new(TREE).join("LAB.md")).unwrap());
    for (lab, hunt) in (1..).zip(page.split("\n### Bug hunt\n").skip(2)) {
        let hunt = hunt.split("\n### ").next().unwrap();
        let ours = |entry: &Entry| {
            entry.check.starts_with(&format!("lab{lab}::")) && entry.mistake.ends_with(BUG_HUNT)
        };
        let entries: Vec<Entry> = Entry::all().into_iter().filter(ours).collect();
        let [entry] = &entries[..] else { panic!("{} bug hunts in lab {lab}", entries.len()) };
        workshop.build(entry);
        // The same seed tells the same story, but for how far who reads slowly has come.
        let told = (0..TRIES).map(|_| workshop.graded(&entry.check, Some(BUG_HUNT_SEED)).1);
        let misses: Vec<String> = told
            .map_while(|story| missing(hunt, &story).map(|line| format!("{line}\n{story}")))
            .collect();
        assert!(misses.len() < TRIES, "lab {lab}, this is not in any story: {}", misses[0]);
    }
}

/// The first line of a bug hunt that a story does not have where it should.
fn missing<'a>(hunt: &'a str, story: &str) -> Option<&'a str> {
    let mut told = story.lines().skip_while(|line| !line.starts_with("--- "));
    let mut lines = hunt.lines().filter_map(|line| line.strip_prefix("    "));
    lines.find(|line| !told.any(|told| fits(told, line)))
}

/// Any port is as good as another, and so are numbers that depend on what else the machine does.
fn without_long_numbers(line: &str) -> String {
    let runs = line.split_inclusive(|letter: char| !letter.is_ascii_digit());
    let digits = |run: &str| run.bytes().filter(u8::is_ascii_digit).count();
    runs.map(|run| if digits(run) > 3 { &run[digits(run)..] } else { run }).collect()
}

/// Whether a line of a story is one of the page, in which `…` stands for anything.
fn fits(told: &str, line: &str) -> bool {
    let (told, line) = (without_long_numbers(told), without_long_numbers(line));
    let (mut rest, parts) = (told.trim(), line.trim().split('…'));
    let open = line.ends_with('…');
    for (index, part) in parts.map(str::trim).enumerate() {
        let Some(at) = rest.find(part).filter(|at| index > 0 || *at == 0) else { return false };
        rest = &rest[at + part.len()..];
    }
    open || rest.is_empty()
}

/// A copy of the tree in which wrong programs are built, one at a time.
struct Workshop {
    copy: PathBuf,
    grader: PathBuf,
    /// Two at once would build in the same copy.
    _only_one: File,
}

impl Workshop {
    /// Waits until it is free, and makes its copy what the tree is.
    fn open() -> Workshop {
        let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
        let copy = shelf.join("tree");
        fs::create_dir_all(&copy).unwrap();
        let only_one = File::create(shelf.join("lock")).unwrap();
        only_one.lock().unwrap();
        for part in ["Cargo.toml", "Cargo.lock", "src", "tests"] {
            mirror(&Path::new(TREE).join(part), &copy.join(part));
        }
        Workshop { copy, grader: grader(), _only_one: only_one }
    }

    /// Builds a wrong program.
    fn build(&self, entry: &Entry) {
        entry.apply(&self.copy);
        let built = build(&self.copy);
        entry.undo(&self.copy);
        if let Err(error) = built {
            panic!("{} | {} does not compile:\n{error}", entry.check, entry.mistake);
        }
    }

    /// Grades what was built by one check; gives the exit code and what the grader says.
    fn graded(&self, check: &str, seed: Option<u64>) -> (Option<i32>, String) {
        let mut command = Command::new(&self.grader);
        command.current_dir(TREE).args([check, "--exact"]).env_remove("LAB_SEED");
        command.envs(seed.map(|seed| ("LAB_SEED", seed.to_string())));
        for name in ["server", "client", "load"] {
            let program = format!("target/debug/{name}{}", env::consts::EXE_SUFFIX);
            command.env(format!("LAB_{}", name.to_uppercase()), self.copy.join(program));
        }
        let graded = command.output().unwrap();
        (graded.status.code(), String::from_utf8_lossy(&graded.stdout).into_owned())
    }

    /// Whether the grader calls this check of what was built `FAIL`.
    fn is_red(&self, check: &str) -> bool {
        let (code, told) = self.graded(check, None);
        let line = format!("FAIL        {check}");
        code == Some(101) && told.lines().any(|told| told == line)
    }

    /// How many of so many runs, each with a seed of its own, are red. What is red mostly waits: a few at a
    /// time.
    fn how_often_red(&self, seeds: usize, check: &str) -> usize {
        let run = |mine: usize| (0..mine).filter(|_| self.is_red(check)).count();
        thread::scope(|scope| {
            let share = |first: usize| (first..seeds).step_by(AT_A_TIME).count();
            let threads: Vec<_> =
                (0..AT_A_TIME).map(|first| scope.spawn(move || run(share(first)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    }
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

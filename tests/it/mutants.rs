//! Mutants, which are wrong programs: for each check of the grader a small edit of ours that makes just such a
//! mistake. The check must be red on it, or it pays for no work.
//!
//! An entry of `mutants/*.txt`:
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
//! The programs are built together, as far as they can be, and graded by this tree's grader, some at the same time. Set
//! `MUTANTS=lab4` for those whose check has that in its name, `MUTANT_SEEDS=20` to grade each so often.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::time::Instant;

use p2p_chat::tools::handout::mark::LABS;

use crate::support::workshop::{Schema, Wrong, at_benches};

/// The end of the mistake whose story LAB.md tells, and the seed with which it does.
const BUG_HUNT: &str = "(bug hunt)";
const BUG_HUNT_SEED: u64 = 20_261_120;
/// How many wrong programs that were missed are tried once more, with nobody beside them.
const TRIED_AGAIN: usize = 5;
/// How often a story may be told.
const TRIES: usize = 8;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// A wrong program.
pub struct Entry {
    /// The check that must catch it.
    pub check: String,
    /// What it does wrong.
    pub mistake: String,
    edits: Vec<Edit>,
}

/// One of its edits.
struct Edit {
    file: String,
    find: String,
    replace: String,
}

impl Entry {
    /// All entries.
    fn all() -> Vec<Entry> {
        let mut pages: Vec<PathBuf> = fs::read_dir(Path::new(TREE).join("tests/it/mutants"))
            .unwrap()
            .map(|page| page.unwrap().path())
            .collect();
        pages.sort();
        let text: String = pages.iter().map(|page| fs::read_to_string(page).unwrap()).collect();
        Entry::in_text(&text)
    }

    /// The entries in a text.
    pub fn in_text(text: &str) -> Vec<Entry> {
        text.split("\n== ").skip(1).map(Entry::parse).collect()
    }

    fn parse(text: &str) -> Entry {
        let mut parts = text.split("\n-- ");
        let head = parts.next().unwrap().trim();
        let (check, mistake) = head.split_once(" | ").unwrap();
        let edits: Vec<Edit> = parts.flat_map(Edit::parse).collect();
        // Without an edit it would be a right program, which is green.
        assert!(!edits.is_empty() && !mistake.contains('\n'), "no edit, or no `-- file`: {head}");
        Entry { check: check.to_owned(), mistake: mistake.to_owned(), edits }
    }

    /// The files that it changes, with their new texts.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = BTreeMap::new();
        for Edit { file, find, replace } in &self.edits {
            let read = || fs::read_to_string(Path::new(TREE).join(file)).unwrap();
            let text: &mut String = files.entry(file.clone()).or_insert_with(read);
            assert_eq!(
                text.matches(find).count(),
                1,
                "{}: not once in {file}:\n{find}",
                self.check
            );
            *text = text.replace(find, replace);
        }
        files.into_iter().collect()
    }

    /// Builds those of all that are wanted.
    fn build(is_wanted: impl Fn(&Entry) -> bool) -> Vec<(Entry, Wrong)> {
        let entries: Vec<Entry> = Entry::all().into_iter().filter(is_wanted).collect();
        let files: Vec<_> = entries.iter().map(Entry::files).collect();
        entries.into_iter().zip(Wrong::build_together(Path::new(TREE), &files)).collect()
    }

    /// Whether the grader calls its check of what was built `FAIL`.
    fn is_red(&self, built: &Wrong) -> bool {
        let (code, told) = built.grade(&[&self.check, "--exact"], None);
        let line = format!("FAIL        {}", self.check);
        code == Some(101) && told.lines().any(|told| told == line)
    }
}

impl Edit {
    /// The edits of one file.
    fn parse(text: &str) -> Vec<Edit> {
        let (file, rest) = text.split_once('\n').unwrap();
        let edits = rest.split("<<<\n").skip(1).map(|edit| {
            let (find, rest) = edit.split_once("\n===\n").unwrap();
            let rest = format!("\n{rest}"); // what is put in its place may be nothing
            let (replace, rest) = rest.split_once("\n>>>").unwrap();
            assert_eq!(rest.trim(), "", "after an edit of {file}");
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
    for lab in LABS {
        let table = Path::new(TREE).join(format!("tests/grade/lab{lab}/mod.rs"));
        let table = fs::read_to_string(table).unwrap_or_default();
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
fn every_edit_of_a_mutant_fits() {
    let mut schema = Schema::of(Path::new(TREE));
    for entry in Entry::all() {
        schema.add(&entry.files()).unwrap_or_else(|why| panic!("{}: {why}", entry.check));
    }
}

/// A right program in the gallery would be green, and nobody could tell why.
#[test]
fn an_entry_whose_edit_cannot_be_read_is_refused() {
    let edit = "<<<\na\n===\nb\n>>>\n";
    let entry = |text: &str| {
        let text = format!("\n== lab0::a_check | a mistake\n{text}");
        panic::catch_unwind(|| Entry::in_text(&text)[0].edits.len()).ok()
    };
    for (text, edits) in [
        (format!("-- src/cli.rs\n{edit}{edit}"), Some(2)),
        (format!("-- src/cli.rs\n{edit}\n"), Some(1)),
        (format!("--- src/cli.rs\n{edit}"), None),
        (format!("-- src/cli.rs\n{edit}--- src/lib.rs\n{edit}"), None),
        ("-- src/cli.rs\n".to_owned(), None),
        ("-- src/cli.rs\n<<<\na\n===\nb\n".to_owned(), None),
    ] {
        assert_eq!(entry(&text), edits, "{text}");
    }
}

#[test]
#[ignore = "grades some four hundred programs: some minutes"]
fn every_wrong_program_is_caught() {
    let wanted = env::var("MUTANTS").unwrap_or_default();
    let seeds: usize =
        env::var("MUTANT_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let entries = Entry::build(|entry| entry.check.contains(&wanted));
    assert!(!entries.is_empty(), "no entry has {wanted:?} in the name of its check");
    let tried = |(entry, built): &(Entry, Wrong)| {
        let begun = Instant::now();
        // A race may come out well once, on a machine that others load: then it has another try.
        let red = (0..seeds).filter(|_| entry.is_red(built) || entry.is_red(built)).count();
        let line = format!("{red}/{seeds} {} | {}", entry.check, entry.mistake);
        println!("{line} ({:.1} s)", begun.elapsed().as_secs_f64());
        (red == seeds, line)
    };
    let missed_of = |entries: &[&(Entry, Wrong)]| -> Vec<(usize, String)> {
        let caught = at_benches(entries, |_, entry| tried(entry)).into_iter();
        caught.enumerate().filter_map(|(at, (red, line))| (!red).then_some((at, line))).collect()
    };
    let entries: Vec<_> = entries.iter().collect();
    let mut missed = missed_of(&entries);
    // A few are built and tried once more, when all others are done.
    if missed.len() <= TRIED_AGAIN {
        missed = missed_of(&missed.iter().map(|(at, _)| entries[*at]).collect::<Vec<_>>());
    }
    let missed: Vec<String> = missed.into_iter().map(|(_, line)| line).collect();
    assert!(missed.is_empty(), "not always red: {missed:#?}");
}

#[test]
#[ignore = "grades a program of each lab"]
fn every_bug_hunt_goes_as_the_page_tells() {
    let page = fs::read_to_string(Path::new(TREE).join("LAB.md")).unwrap();
    let hunts: Vec<(usize, &str)> = (0..).zip(page.split("\n### Bug hunt\n").skip(1)).collect();
    let hunted = Entry::build(|entry| entry.mistake.ends_with(BUG_HUNT));
    at_benches(&hunts, |_, (lab, hunt)| {
        let hunt = hunt.split("\n### ").next().unwrap();
        let ours = |entry: &Entry| entry.check.starts_with(&format!("lab{lab}::"));
        let ours: Vec<_> = hunted.iter().filter(|(entry, _)| ours(entry)).collect();
        let [(entry, built)] = &ours[..] else { panic!("{} bug hunts in lab {lab}", ours.len()) };
        // The same seed tells the same story, but for how far who reads slowly has come.
        let told =
            (0..TRIES).map(|_| built.grade(&[&entry.check, "--exact"], Some(BUG_HUNT_SEED)).1);
        let misses: Vec<String> = told
            .map_while(|story| missing(hunt, &story).map(|line| format!("{line}\n{story}")))
            .collect();
        assert!(misses.len() < TRIES, "lab {lab}, this is not in any story: {}", misses[0]);
    });
}

/// The end of the mistake of a server that waits for itself.
const DEADLOCK: &str = "(deadlock)";

/// Silence alone helps nobody: the story names the place that waits for the lock, and the one that has it.
#[test]
#[ignore = "builds a program"]
fn the_story_of_a_deadlock_says_who_holds_the_lock_and_since_where() {
    let entries = Entry::build(|entry| entry.mistake.ends_with(DEADLOCK));
    assert!(!entries.is_empty());
    at_benches(&entries, |_, (entry, built)| {
        let (_, told) = built.grade(&[&entry.check, "--exact"], None);
        let place = "src/server/directory/registry.rs:";
        let line = told.lines().find(|line| line.contains("CHAT_SHAKE: ")).expect(&told);
        let itself = line.contains("which it holds itself, since") && line.contains("thread \"");
        assert!(itself && line.matches(place).count() == 2, "{line}");
        assert!(told.contains("came: nothing, in"), "{told}");
    });
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

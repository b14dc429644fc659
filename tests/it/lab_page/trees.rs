//! What LAB.md says of students' trees: how they look at the beginning of a lab, what turns green when, and how a
//! class is graded. All this needs the program `handout`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::transcript::{Programs, play};
use super::{TREE, fenced, labs, marked, named_checks, sections, to_do};
use crate::support::Folder;
use crate::support::workshop::{AT_REST, PATIENTLY, Wrong, at_benches};

/// The program that writes students' trees.
fn handout() -> &'static str {
    let handout = option_env!("CARGO_BIN_EXE_handout");
    handout.expect("this tree has no program `handout` to try this with")
}

/// Writes the tree of a student who has come to that lab.
fn hand_out(into: &Path, first: usize) {
    let first = first.to_string();
    let written = Command::new(handout()).arg(into).args(["--from", &first]).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
}

#[test]
#[ignore = "builds a student's tree for each lab"]
fn the_transcripts_of_labs_to_be_done_go_as_they_say() {
    at_benches(&labs(), |bench, (number, text)| {
        let tree = Folder::fresh();
        hand_out(tree.path(), *number);
        let (built, _) = Wrong::build_tree(bench, tree.path()).unwrap();
        let programs = Programs {
            server: built.program("server"),
            client: built.program("client"),
            load: built.program("load"),
            parts: built.program("parts"),
            ..Programs::default()
        };
        for transcript in fenced(text, "text before") {
            play(&format!("lab {number}, before"), &transcript, &programs);
        }
    });
}

#[test]
#[ignore = "needs the program `handout`"]
fn students_have_the_pages_that_the_lab_course_sends_them_to() {
    let folder = Folder::fresh();
    hand_out(&folder.file("tree"), 1);
    for (page, section) in sections() {
        let there = folder.text(&format!("tree/{page}")).contains(&format!("\n## {section}\n"));
        assert!(there, "the students' {page} has no {section:?}, and LAB.md sends them there");
    }
    for page in ["LAB.md", "ANSWERS.md", "AGENTS.md", "src/wire/PROTOCOL.md"] {
        assert!(folder.file("tree").join(page).exists(), "students have no {page}");
    }
}

/// The solution's functions are filled in step by step, in the order of the page.
#[test]
#[ignore = "builds a student's tree for each step of each lab"]
fn checks_turn_green_when_the_pages_say_so() {
    at_benches(&labs(), |bench, (number, text)| {
        let (tree, number) = (Folder::fresh(), *number);
        hand_out(tree.path(), number);
        let (mut written, mut said) = (BTreeSet::new(), BTreeSet::new());
        let mut before = BTreeSet::new();
        let steps = steps(to_do(text));
        for (index, step) in steps.iter().enumerate() {
            let words: Vec<&str> = step.split(['`', ':']).collect();
            let names = marked(&Path::new(TREE).join("src")).into_iter();
            let new: BTreeSet<String> = names
                .filter(|(lab, name)| *lab == number && words.contains(&name.as_str()))
                .map(|(_, name)| name)
                .filter(|name| !written.contains(name))
                .collect();
            fill_in(Path::new("src"), tree.path(), number, &new);
            let (built, _) = Wrong::build_tree(bench, tree.path()).unwrap();
            let checks = named_checks(step);
            let early = !new.is_empty() && !checks.is_empty() && checks.is_subset(&before);
            assert!(!early, "lab {number}: all was green before\n{step}");
            said.extend(checks);
            let (now, told) = green(&built, &said, PATIENTLY);
            assert_eq!(said, now, "lab {number}, {step}\n--- but\n{told}");
            let next = steps.get(index + 1).map(|step| named_checks(step)).unwrap_or_default();
            before = green(&built, &next, AT_REST).0;
            written.extend(new);
        }
    });
}

/// The numbered steps of what is to be done.
fn steps(to_do: &str) -> Vec<String> {
    to_do.split('\n').fold(Vec::new(), |mut steps, line| {
        if line.starts_with(|letter: char| letter.is_ascii_digit()) {
            steps.push(String::new());
        }
        if let Some(step) = steps.last_mut() {
            step.extend([line, "\n"]);
        }
        steps
    })
}

/// Which of these checks are green, and what the grader says.
fn green(
    built: &Wrong,
    checks: &BTreeSet<String>,
    variable: (&str, &str),
) -> (BTreeSet<String>, String) {
    if checks.is_empty() {
        return Default::default();
    }
    let words: Vec<&str> = checks.iter().map(String::as_str).chain(["--exact"]).collect();
    let told = built.judge(&words, &[variable]).1;
    let green = told.lines().filter_map(|line| Some(line.strip_prefix("ok ")?.trim().to_owned()));
    (green.collect(), told)
}

/// Writes the bodies of the solution into a tree, for these functions of a lab.
fn fill_in(below: &Path, tree: &Path, lab: usize, names: &BTreeSet<String>) {
    for entry in fs::read_dir(Path::new(TREE).join(below)).unwrap() {
        let path: PathBuf = below.join(entry.unwrap().file_name());
        if Path::new(TREE).join(&path).is_dir() {
            fill_in(&path, tree, lab, names);
            continue;
        }
        let read = |top: &Path| fs::read_to_string(top.join(&path)).unwrap_or_default();
        let (solution, mut theirs) = (read(Path::new(TREE)), read(tree));
        for name in names {
            let found = (function(&solution, lab, name), function(&theirs, lab, name));
            if let (Some(ours), Some(stub)) = found {
                theirs = theirs.replacen(stub, ours, 1);
                fs::write(tree.join(&path), &theirs).unwrap();
            }
        }
    }
}

/// A function from its mark to its end, as rustfmt writes it.
fn function<'a>(text: &'a str, lab: usize, name: &str) -> Option<&'a str> {
    let mark = format!("// LAB {lab}: ");
    let starts = text.match_indices(&mark).map(|(start, _)| start);
    let starts: Vec<usize> = starts.collect();
    starts.into_iter().find_map(|start| {
        let indent = start - text[..start].rfind('\n').map_or(0, |end| end + 1);
        let end = format!("\n{}}}\n", " ".repeat(indent));
        let body = &text[start..start + text[start..].find(&end)? + end.len()];
        let named = [format!("fn {name}("), format!("fn {name}<")];
        named.iter().any(|named| body.contains(named)).then_some(body)
    })
}

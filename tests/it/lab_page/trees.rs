//! What LAB.md says of students' trees: how they look at the beginning of a lab, and what turns green when.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use p2p_chat::tools::handout::stub::leave_open;
use p2p_chat::tools::handout::tree::{Open, Solution};

use super::transcript::{Programs, play};
use super::{TREE, fenced, labs, named_checks, sections, to_do};
use crate::support::Folder;
use crate::support::workshop::{AT_REST, PATIENTLY, Schema, Wrong, at_benches};

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
#[ignore = "builds a program for all labs"]
fn the_transcripts_of_labs_to_be_done_go_as_they_say() {
    let course = Course::build();
    at_benches(&labs(), |_, (number, text)| {
        let built = course.open_from(*number, &BTreeSet::new());
        let programs = Programs {
            server: built.program("server"),
            client: built.program("client"),
            load: built.program("load"),
            parts: built.program("parts"),
            chosen: built.chosen(),
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
#[ignore = "grades a program for each step of each lab"]
fn checks_turn_green_when_the_pages_say_so() {
    let course = Course::build();
    at_benches(&labs(), |_, (number, text)| {
        let (mut written, mut said) = (BTreeSet::new(), BTreeSet::new());
        let mut before = BTreeSet::new();
        let steps = steps(to_do(text));
        for (index, step) in steps.iter().enumerate() {
            let words: Vec<&str> = step.split(['`', ':']).collect();
            let count = written.len();
            written.extend(course.functions_of(*number).filter(|name| words.contains(name)));
            let built = course.open_from(*number, &written);
            let checks = named_checks(step);
            let early = written.len() > count && !checks.is_empty() && checks.is_subset(&before);
            assert!(!early, "lab {number}: all was green before\n{step}");
            said.extend(checks);
            let (now, told) = green(&built, &said, PATIENTLY);
            assert_eq!(said, now, "lab {number}, {step}\n--- but\n{told}");
            let next = steps.get(index + 1).map(|step| named_checks(step)).unwrap_or_default();
            before = green(&built, &next, AT_REST).0;
        }
    });
}

/// The solution, built so that each function can be open.
struct Course {
    built: Wrong,
    /// The lab and the name of each function, and the number of the program in which it alone is open.
    functions: Vec<(usize, String, usize)>,
}

impl Course {
    fn build() -> Course {
        let solution = Solution::read(Path::new(TREE)).unwrap();
        let solved = Folder::fresh();
        solution.write(solved.path(), Open::Nothing).unwrap();
        let (mut schema, mut functions) = (Schema::of(solved.path()), Vec::new());
        for (path, marks) in solution.marks() {
            let source = solution.text(path).unwrap();
            for mark in marks {
                let text = leave_open(source, marks, |other| other == mark);
                let number = schema.add(&[(path.to_owned(), text)]).unwrap();
                let name = mark.function.rsplit(':').next().unwrap().to_owned();
                functions.push((usize::try_from(mark.lab).unwrap(), name, number));
            }
        }
        Course { built: Wrong::build_schema(&schema), functions }
    }

    fn functions_of(&self, lab: usize) -> impl Iterator<Item = &str> {
        let ours = self.functions.iter().filter(move |(number, ..)| *number == lab);
        ours.map(|(_, name, _)| name.as_str())
    }

    /// The programs of a student who has come to that lab, and has written these of its functions.
    fn open_from(&self, first: usize, written: &BTreeSet<&str>) -> Wrong {
        let is_open =
            |(lab, name): (usize, &str)| lab > first || lab == first && !written.contains(name);
        let functions = self.functions.iter();
        self.built.number(
            functions.filter_map(|(lab, name, number)| is_open((*lab, name)).then_some(*number)),
        )
    }
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

//! Questions for an oral: one token of one function of the student, and the answer apart.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use p2p_chat::tools::handout::handin::Handin;
use p2p_chat::tools::handout::mark::{LABS, marks};
use p2p_chat::tools::handout::oral::{OralQuestion, Questions};
use p2p_chat::tools::handout::tree::Solution;

use crate::handout_tree::handout;
use crate::support::Folder;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// The questions of these seeds about somebody who has written what the solution has.
fn questions(lab: Option<u32>, seeds: u64) -> Vec<OralQuestion> {
    let solution = Solution::read(Path::new(TREE)).unwrap();
    let handin = Handin::read(Path::new(TREE)).unwrap();
    let questions = Questions::about(&solution, &handin, lab).unwrap();
    (0..seeds).map(|seed| questions.ask(seed)).collect()
}

#[test]
fn each_question_changes_one_line_of_one_function_of_its_lab() {
    let (mut labs, mut lines) = (BTreeSet::new(), BTreeSet::new());
    for OralQuestion { lab, path, text, answer } in questions(None, 400) {
        let ours = fs::read_to_string(Path::new(TREE).join(&path)).unwrap().replace("\r\n", "\n");
        let pairs = || ours.lines().zip(text.lines()).enumerate();
        let changed: Vec<usize> =
            pairs().filter(|(_, (our, their))| our != their).map(|(number, _)| number).collect();
        let [number] = changed[..] else { panic!("{} lines differ: {answer}", changed.len()) };
        assert_eq!(ours.lines().count(), text.lines().count(), "{answer}");
        let line = |text: &str| text.lines().nth(number).unwrap().trim().to_owned();
        assert!(answer.contains(&format!("before: {}\n", line(&ours))), "{answer}");
        assert!(answer.contains(&format!("now:    {}\n", line(&text))), "{answer}");
        assert!(answer.starts_with(&format!("lab {lab}, ")), "{answer}");
        let at: usize = ours.split_inclusive('\n').take(number).map(str::len).sum();
        let is_theirs = |mark: &p2p_chat::tools::handout::mark::Mark| {
            mark.lab == lab && mark.body.contains(&at)
        };
        assert!(marks(&ours).unwrap().iter().any(is_theirs), "no student wrote this: {answer}");
        labs.insert(lab);
        lines.insert((path, number));
    }
    assert_eq!(labs, LABS.collect(), "some labs are never asked");
    assert!(lines.len() > 60, "only {} lines", lines.len());
}

#[test]
fn a_question_can_be_had_of_one_lab_and_had_again() {
    let of_six = questions(Some(6), 20);
    assert!(of_six.iter().all(|question| question.lab == 6));
    assert_eq!(of_six, questions(Some(6), 20));
}

#[test]
fn the_answer_lies_beside_the_tree_and_not_in_it() {
    let (plain, asked) = (Folder::fresh(), Folder::fresh());
    let into = |folder: &Folder| folder.file("anna").to_str().unwrap().to_owned();
    let graded = handout(&["--grade", TREE, "--into", &into(&plain)]);
    assert!(graded.status.success(), "{graded:?}");
    let told = handout(&["--oral", TREE, "--into", &into(&asked), "--lab", "2", "--seed", "5"]);
    assert!(told.status.success(), "{told:?}");
    let answer = asked.text("anna.answer.txt");
    let now = answer.lines().find_map(|line| line.strip_prefix("now:    ")).unwrap();
    assert!(!String::from_utf8(told.stdout).unwrap().contains(now), "the answer is printed");
    let path = answer.split(", ").nth(2).unwrap().split(':').next().unwrap();
    assert!(asked.text(&format!("anna/{path}")).contains(now), "{answer}");
    assert!(!plain.text(&format!("anna/{path}")).lines().any(|line| line.trim() == now));
    assert!(asked.text("anna/QUESTION.md").contains("cargo test lab2"));
    assert!(!asked.text("anna/QUESTION.md").contains(path), "the question tells the place");
    assert_eq!(asked.text("anna/Cargo.toml"), plain.text("anna/Cargo.toml"));
}

#[test]
fn nobody_is_asked_about_what_they_have_not_written() {
    let (fresh, asked) = (Folder::fresh(), Folder::fresh());
    let tree = fresh.file("tree").to_str().unwrap().to_owned();
    assert!(handout(&[&tree]).status.success());
    let into = asked.file("bert").to_str().unwrap().to_owned();
    let told = handout(&["--oral", &tree, "--into", &into]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(said.contains("has written none of these functions"), "{said}");
    assert!(!asked.file("bert").exists() && !asked.file("bert.answer.txt").exists());
}

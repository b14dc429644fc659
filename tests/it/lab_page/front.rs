//! How LAB.md begins, and its figures.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{TREE, fenced, labs, page};

/// Each lab is drawn, and says where the same is drawn live.
#[test]
fn each_lab_has_a_figure_and_says_where_it_is_seen_live() {
    for (number, text) in labs() {
        let figures = fenced(&text, "text figure");
        let lines = figures.iter().map(|figure| figure.lines().count()).max();
        assert!(lines.is_some_and(|lines| lines >= 8), "lab {number} has no figure");
        assert!(text.contains("--page"), "lab {number} does not tell of the page");
    }
}

/// What a student reads before the first lab.
const FRONT: usize = 48;

/// Everything before lab 0 is on one screen, and leads to each lab and to each part of the reference.
#[test]
fn the_lab_course_begins_with_one_screen_that_leads_everywhere() {
    let page = page();
    let front = page.split("\n## ").next().unwrap();
    assert!(front.lines().count() <= FRONT, "{} lines", front.lines().count());
    let linked: BTreeSet<&str> =
        front.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let reference = page.split("\n## Reference\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let labs = page.lines().filter_map(|line| line.strip_prefix("## Lab "));
    let labs = labs.map(|title| anchor(&format!("Lab {title}")));
    let parts = reference.lines().filter_map(|line| line.strip_prefix("### ")).map(anchor);
    let all: BTreeSet<String> = labs.chain(parts).chain(["reference".to_owned()]).collect();
    assert!(all.len() > 18, "{all:?}");
    assert_eq!(linked, all.iter().map(String::as_str).collect());
}

/// What a link to a title is.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

/// The first thing that a student does is to type, and something comes of it.
#[test]
fn the_first_lab_and_the_students_page_begin_with_two_people() {
    let lab = &labs()[0].1;
    let beginning = lab.split("\n### ").next().unwrap();
    assert!(fenced(beginning, "text before")[0].contains("--raw --listen 5555"), "{beginning}");
    let page = Path::new(TREE).join("src/tools/handout/pages/README.md");
    let page = fs::read_to_string(page).unwrap();
    let first = page.split("\n    ").nth(1).unwrap();
    assert!(first.starts_with("cargo run -- --raw --listen"), "{first}");
    let chat = page.find("cargo run -- alice").unwrap_or(page.len());
    assert!(page.find("cargo test") < Some(chat), "a fresh tree has no chat with three terminals");
}

/// The pages for instructors know each lab, and the key has each part that ANSWERS.md asks for.
#[test]
fn the_kit_for_instructors_knows_each_lab() {
    let page = |name| {
        let path = Path::new(TREE).join("src/tools/handout/pages").join(name);
        fs::read_to_string(path).unwrap()
    };
    let (teaching, key) = (page("TEACHING.md"), page("KEY.md"));
    for (number, _) in labs() {
        let row = |line: &&str| line.starts_with(&format!("| {number} "));
        assert!(teaching.lines().filter(row).count() >= 2, "no chapters or no hours of {number}");
        let title = format!("\n## Lab {number}\n");
        let entry = key.split(&title).nth(1).expect("the key has each lab");
        let entry = entry.split("\n## ").next().unwrap();
        for part in
            ["- **By hand", "rediction**", "\n- 1. ", "\n- 2. ", "\n- 3. ", "\n- **Bug hunt**"]
        {
            assert!(entry.contains(part), "the key of lab {number} has no {part:?}");
        }
    }
    for plan in ["## Ten weeks", "## Fourteen weeks"] {
        let weeks = teaching.split(plan).nth(1).unwrap().split("\n## ").next().unwrap();
        let last = weeks.lines().rfind(|line| line.starts_with("| 1")).unwrap();
        assert!(last.starts_with(if plan.contains("Ten") { "| 10 |" } else { "| 14 |" }), "{last}");
    }
    for part in ["Hours", "What to grade", "The oral", "Tools that write code", "Accessibility"] {
        assert!(teaching.contains(&format!("\n## {part}\n")), "nothing about {part}");
    }
}

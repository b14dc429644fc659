//! LAB.md: its form and its examples. How it begins, and its figures, are in [`front`]. Its transcripts are played in
//! [`transcript`]; what it says of trees and of grading is tried in [`trees`].

mod front;
mod transcript;
mod trees;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use p2p_chat::tools::handout;
use p2p_chat::tools::handout::mark::LABS;

use crate::handout_points::POINTS;
use crate::support::Folder;

const TREE: &str = env!("CARGO_MANIFEST_DIR");
/// The parts of a lab's page.
const PARTS: [&str; 14] = [
    "Goal",
    "Time",
    "Read first",
    "Rust you need",
    "By hand",
    "Predict",
    "Do",
    "Rules",
    "Check",
    "Think",
    "In the wild",
    "Bug hunt",
    "Extra and hand in",
    "",
];
/// The widest line outside of tables.
const WIDTH: usize = 80;

fn page() -> String {
    fs::read_to_string(Path::new(TREE).join("LAB.md")).unwrap()
}

/// The pages of the labs: number and text.
fn labs() -> Vec<(usize, String)> {
    let page = page();
    let end = page.find("\n## Reference").expect("the reference follows the labs");
    let labs = page[..end].split("\n## Lab ").skip(1);
    labs.map(|lab| (lab.split(':').next().unwrap().parse().unwrap(), lab.to_owned())).collect()
}

/// The blocks that are fenced with this mark.
fn fenced(text: &str, mark: &str) -> Vec<String> {
    let opening = format!("\n```{mark}\n");
    let blocks = text.split(&opening).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// What a lab's page says is to be done.
fn to_do(lab: &str) -> &str {
    lab.split("\n### Do\n").nth(1).unwrap().split("\n### ").next().unwrap()
}

#[test]
fn the_lab_course_has_thirteen_pages_with_all_their_parts_in_order() {
    let labs = labs();
    let numbers: Vec<usize> = labs.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..13).collect::<Vec<_>>());
    for (number, text) in &labs {
        let parts: Vec<&str> =
            text.split("\n### ").skip(1).map(|part| part.lines().next().unwrap()).collect();
        assert_eq!(parts, PARTS[..13], "lab {number}");
        for part in text.split("\n### ").skip(1) {
            let body = part.split_once('\n').unwrap().1.trim();
            assert!(!body.is_empty(), "lab {number} has an empty part: {part}");
        }
        let questions = text.split("\n### Think\n").nth(1).unwrap();
        let questions = questions.split("\n### ").next().unwrap();
        assert_eq!(questions.matches("\n3. A bug these checks would miss").count(), 1, "{number}");
        assert!(!questions.contains("\n4. "), "lab {number} asks more than three questions");
        let by_hand = text.split("\n### By hand\n").nth(1).unwrap().split("\n### ").next().unwrap();
        assert!(by_hand.contains("rite down"), "lab {number}: nothing to observe by hand");
        assert!(!fenced(by_hand, "text before").is_empty(), "lab {number} shows no tree of before");
        assert!(!fenced(by_hand, "text after").is_empty(), "lab {number} shows no finished tree");
    }
}

#[test]
fn the_lab_course_fits_on_a_terminal() {
    for (number, line) in page().lines().enumerate() {
        let width = line.chars().count();
        assert!(width <= WIDTH || line.starts_with('|'), "LAB.md:{}: {width} columns", number + 1);
        assert!(!line.contains('\t'), "LAB.md:{}: a tab", number + 1);
    }
}

/// LAB.md's table and the ends of its pages have the points that the grader gives.
#[test]
fn the_points_of_the_lab_course_are_those_of_the_grader() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 6);
    let points = rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        Some((cells[1].split(' ').next()?.parse().ok()?, cells[3].parse().ok()?))
    });
    let points: Vec<(u32, u32)> = points.collect();
    assert_eq!(points, LABS.zip(POINTS).collect::<Vec<_>>());
    let labs = labs();
    for (number, points) in points {
        let (full, (_, text)) = (format!("{points}/{points}"), &labs[number as usize]);
        assert!(text.contains(&full), "lab {number} does not end with {full}");
    }
}

#[test]
fn the_files_and_functions_of_the_lab_course_are_there() {
    if marked(&Path::new(TREE).join("src")).is_empty() {
        return; // the code is not cut for the labs in this tree
    }
    let page = page();
    let words = page.split(['`', '(', ')', ' ', ',', '\n']);
    let files = words.filter(|word| {
        let top = word.split('/').next().unwrap();
        ["src", "tests"].contains(&top) && word.contains('.') && !word.contains("labN")
    });
    let mut count = 0;
    for file in files {
        // Of other projects, and what is not of every tree.
        if ["src/irc/dcc/dcc-chat.c", "src/networking.c"].contains(&file) {
            continue;
        }
        if file.starts_with("tests/grade/") && !Path::new(TREE).join("tests/grade").exists() {
            continue;
        }
        count += 1;
        let there = Path::new(TREE).join(file).exists();
        assert!(there, "LAB.md names {file}, which is not there");
    }
    assert!(count > 15, "LAB.md names only {count} files");
}

/// The pages besides LAB.md that it sends its readers to.
const PAGES: [&str; 3] = ["README.md", "src/MANUAL.md", "src/ARCHITECTURE.md"];

/// The sections of other pages that LAB.md sends its readers to, with the page.
fn sections() -> BTreeSet<(&'static str, String)> {
    let text = page().split_whitespace().collect::<Vec<_>>().join(" ");
    let of = |page: &'static str| {
        let name = format!("{}, ", page.rsplit('/').next().unwrap());
        let named = text.split(&name).skip(1).filter_map(move |rest| {
            let (before, rest) = rest.split_once('"')?;
            let is_section = before.is_empty() || before == "the table ";
            is_section.then_some((page, rest.split('"').next()?.to_owned()))
        });
        named.collect::<Vec<_>>()
    };
    PAGES.into_iter().flat_map(of).collect()
}

#[test]
fn the_lab_course_sends_its_readers_to_sections_that_exist() {
    let sections = sections();
    assert!(sections.len() >= 5, "{sections:?}");
    for (page, section) in sections {
        let text = fs::read_to_string(Path::new(TREE).join(page)).unwrap();
        assert!(text.contains(&format!("\n## {section}\n")), "{page} has no {section:?}");
    }
}

/// All names like `lab4::three_clients_talk` in LAB.md, and where.
fn named_checks(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
    let checks = words.filter(|word| {
        word.split_once("::").is_some_and(|(lab, name)| {
            (4..6).contains(&lab.len()) && lab.starts_with("lab") && name.len() > 12
        })
    });
    checks.map(str::to_owned).collect()
}

/// The grader's checks, from its tables; none while it is not there.
fn checks() -> BTreeSet<String> {
    let names = |lab| {
        let table = fs::read_to_string(format!("{TREE}/tests/grade/lab{lab}/mod.rs"));
        let lines: Vec<String> = table.unwrap_or_default().lines().map(str::to_owned).collect();
        lines.into_iter().filter_map(|line| {
            Some(line.trim().strip_prefix("name: \"")?.strip_suffix("\",")?.to_owned())
        })
    };
    LABS.flat_map(names).collect()
}

#[test]
fn the_lab_course_says_of_each_check_when_it_turns_green() {
    let checks = checks();
    if checks.is_empty() {
        return; // there is no grader in this tree
    }
    let named = named_checks(&page());
    assert!(named.is_subset(&checks), "there is no {:?}", named.difference(&checks));
    for (number, text) in labs() {
        let said: BTreeSet<String> = named_checks(to_do(&text));
        let own = format!("lab{number}::");
        let own: BTreeSet<String> =
            checks.iter().filter(|check| check.starts_with(&own)).cloned().collect();
        assert_eq!(said, own, "lab {number}, Do");
        let first = text.split("irst red").nth(1).unwrap_or("");
        let first = first.split('`').nth(1).unwrap_or("");
        let is_first = own.is_empty() || own.iter().any(|check| check.ends_with(first));
        assert!(is_first, "lab {number}: the first red is {first:?}");
    }
}

/// How long the bodies are that a student has to write: by lab, and how many there are.
#[test]
fn the_lab_course_says_how_much_there_is_to_write() {
    let list = handout::list(Path::new(TREE)).unwrap();
    let (mut lines, mut functions) = ([0; 13], [0; 13]);
    for line in list.lines() {
        let lab: usize = line.split(' ').next().unwrap().parse().unwrap();
        let count = line.split(" lines)").next().unwrap().rsplit('(').next().unwrap();
        lines[lab] += count.parse::<usize>().unwrap();
        functions[lab] += 1;
    }
    let (page, words) = (page(), ["one", "two", "three", "four", "five", "six", "seven"]);
    for (lab, text) in labs() {
        let (size, count) = (lines[lab], words[functions[lab] - 1]);
        let row = page.lines().find(|line| line.starts_with(&format!("| {lab} "))).unwrap();
        assert!(row.contains(&format!("| {size} lines |")), "lab {lab} has {size} lines: {row}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let sentence = format!("The reference has {size} lines in {count} functions;");
        assert!(words.join(" ").contains(&sentence), "lab {lab}: {sentence}");
    }
    let all = format!("{} functions", functions.iter().sum::<usize>());
    let readme = fs::read_to_string(Path::new(TREE).join("README.md")).unwrap();
    assert!(page.contains(&all) && readme.contains(&all), "there are {all}");
}

/// All functions that a mark leaves open are in the page of their lab.
#[test]
fn the_lab_course_names_each_function_that_is_open() {
    let labs = labs();
    let mut count = 0;
    for (number, name) in marked(&Path::new(TREE).join("src")) {
        count += 1;
        let text = &labs[number].1;
        let named = to_do(text).split(['`', ':']).any(|word| word == name);
        assert!(named, "lab {number} does not tell when to write {name}");
    }
    assert!(count == 0 || count > 30, "only {count} functions are open");
}

/// The marked functions below a folder, with their labs.
fn marked(folder: &Path) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(marked(&entry));
            continue;
        }
        let Ok(text) = fs::read_to_string(&entry) else { continue };
        for part in text.split('\n').collect::<Vec<_>>().windows(2) {
            let Some(mark) = part[0].trim_start().strip_prefix("// LAB ") else { continue };
            let Some(number) = mark.split(':').next().and_then(|lab| lab.parse().ok()) else {
                continue;
            };
            let name = part[1].split("fn ").nth(1).expect("a function stands under its mark");
            found.push((number, name.split(['(', '<']).next().unwrap().to_owned()));
        }
    }
    found
}

#[test]
fn the_examples_of_the_lab_course_compile_and_hold() {
    let examples = fenced(&page(), "rust");
    assert!(examples.len() > 15, "only {} examples", examples.len());
    let bodies = examples.iter().enumerate();
    let functions = bodies.map(|(number, body)| format!("fn example_{number}() {{\n{body}\n}}\n"));
    let calls = (0..examples.len()).map(|number| format!("    example_{number}();\n"));
    let parts = [vec!["#![allow(unused)]\n".to_owned()], functions.collect(), calls.collect()];
    let [head, functions, calls] = parts.map(|part| part.concat());
    let program = format!("{head}{functions}fn main() {{\n{calls}}}\n");
    let folder = Folder::fresh();
    fs::write(folder.file("examples.rs"), program).unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".to_owned());
    let arguments = ["--edition", "2024", "examples.rs", "-o", "examples.exe"];
    let compiled = Command::new(rustc).args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(folder.file("examples.exe")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

//! The student's tree: what is in it and what is not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use p2p_chat::tools::handout::mark::LABS;
use p2p_chat::tools::handout::tree::Solution;

use crate::support::Folder;

/// Runs handout.
pub fn handout(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handout")).args(arguments).output().unwrap()
}

/// What it says on stderr while it refuses.
#[track_caller]
fn refuses(arguments: &[&str], code: i32) -> String {
    let output = handout(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A tree in a fresh folder.
fn tree(flags: &[&str]) -> Folder {
    let folder = Folder::fresh();
    let path = folder.path().to_str().unwrap().to_owned();
    let output = handout(&[&[path.as_str()], flags].concat());
    assert!(output.status.success(), "{output:?}");
    folder
}

/// All files in a folder, by their paths with `/`, sorted.
fn files(root: &Path, inside: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(inside)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if root.join(&path).is_dir() {
            found.append(&mut files(root, &path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn it_has_the_same_files_but_what_is_for_authors() {
    let folder = tree(&[]);
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut expected = files(ours, "src");
    expected.retain(|path| !path.contains("handout"));
    assert_eq!(files(folder.path(), "src"), expected);
    let mut expected = [files(ours, "tests/grade"), files(ours, "tests/sim")].concat();
    expected.retain(|path| path != "tests/sim/mutants.txt");
    assert_eq!(files(folder.path(), "tests"), expected);
    let mut top = files(folder.path(), "");
    top.retain(|path| !path.contains('/'));
    let expected = [
        ".gitignore",
        "AGENTS.md",
        "ANSWERS.md",
        "Cargo.lock",
        "Cargo.toml",
        "LAB.md",
        "README.md",
        "rustfmt.toml",
    ];
    assert_eq!(top, expected);
}

#[test]
fn nothing_in_it_speaks_of_the_solution() {
    let folder = tree(&[]);
    for path in files(folder.path(), "") {
        let text = folder.text(&path);
        let here = |line: &str| {
            line.contains("handout")
                || (line.trim_start().starts_with("// LAB ") && line.contains("=>"))
        };
        let grader = path.starts_with("tests/") || path == "LAB.md"; // they may say what they like
        assert!(grader || !text.lines().any(here), "{path}");
    }
}

#[test]
fn labs_before_the_first_are_solved_and_given() {
    let (ours, theirs) = (
        fs::read_to_string("src/server/directory/registration.rs").unwrap(),
        tree(&["--from", "3"]),
    );
    assert_eq!(theirs.text("src/server/directory/registration.rs"), ours.replace("\r\n", "\n"));
    assert!(theirs.text("src/server/directory/lookup.rs").contains("todo!(\"LAB 3: "));
    assert_eq!(theirs.text("tests/grade/given.txt").trim(), "0 1 2");
    let only = tree(&["--only", "2"]);
    assert_eq!(only.text("tests/grade/given.txt").trim(), "0 1 3 4 5 6 7 8 9 10 11 12");
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let given: u32 = (0..3).map(|lab| solution.points(lab)).sum();
    let all = tree(&[]);
    assert!(!all.file("tests/grade/given.txt").exists());
    for (tree, at_first) in [
        (&all, "0 of 100 at first, and".to_owned()),
        (&theirs, format!("{given} of 100 at first (they are given), and")),
        (&only, "none of lab 2's 12 at first, and".to_owned()),
    ] {
        let readme = tree.text("README.md");
        assert!(readme.contains(&at_first), "no {at_first:?} in\n{readme}");
    }
    assert!(only.text("src/server/directory/registration.rs").contains("todo!(\"LAB 2: "));
    assert!(!only.text("src/server/directory/lookup.rs").contains("todo!"));
}

#[test]
fn its_manifest_says_the_same_as_ours_where_it_must() {
    let folder = tree(&[]);
    let (ours, theirs) = (fs::read_to_string("Cargo.toml").unwrap(), folder.text("Cargo.toml"));
    for key in [
        "name = \"p2p",
        "version = ",
        "edition = ",
        "rust-version = ",
        "license = ",
        "unsafe_code = ",
    ] {
        let line = ours.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(theirs.lines().any(|their| their == line), "{line}");
    }
    let programs = |manifest: &str| -> Vec<String> {
        let paths = manifest.lines().filter(|line| line.starts_with("path = "));
        paths.map(str::to_owned).collect()
    };
    let mut expected = programs(&ours);
    expected.retain(|path| !path.contains("handout") && !path.contains("tests/it"));
    assert_eq!(programs(&theirs), expected);
}

#[test]
fn it_has_its_licence_and_room_for_an_answer_to_each_lab() {
    let tree = tree(&[]);
    let readme = tree.text("README.md");
    assert!(readme.contains("## Licence") && readme.contains("Permission is hereby granted"));
    let answers = tree.text("ANSWERS.md");
    for lab in 0..=*LABS.end() {
        assert!(answers.contains(&format!("\n## Lab {lab}, ")), "no room for lab {lab}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = Folder::fresh();
    fs::write(folder.file("mine"), "mine").unwrap();
    let path = folder.path().to_str().unwrap();
    assert!(refuses(&[path], 1).contains("is not empty"));
    assert_eq!(files(folder.path(), ""), ["mine"]);
    assert!(refuses(&[folder.file("mine").to_str().unwrap()], 1).contains("cannot look into"));
}

#[test]
fn a_folder_that_is_not_there_yet_is_made() {
    let folder = Folder::fresh();
    let deep = folder.file("a/b");
    assert!(handout(&[deep.to_str().unwrap()]).status.success());
    assert!(deep.join("src/lib.rs").exists());
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &[][..],
        &["a", "b"],
        &["a", "--from", "-1"],
        &["a", "--from", "13"],
        &["a", "--from", "2", "--only", "2"],
        &["a", "--into", "b"],
        &["a", "--lab", "2"],
        &["--grade", "a"],
        &["--graft", "a", "--into", "b"],
        &["--list", "a"],
        &["--oral", "a"],
        &["a", "--seed", "3"],
        &["--oral", "a", "--into", "b", "--from", "2"],
        &["--oral", "a", "--into", "b", "--seed", "x"],
    ] {
        assert!(refuses(arguments, 2).contains("usage: handout"), "{arguments:?}");
    }
}

#[test]
fn the_list_tells_every_mark() {
    let listed = String::from_utf8(handout(&["--list"]).stdout).unwrap();
    let line =
        "1 src/wire/line.rs read_line (13 lines): read one line, no longer than its limit; loud";
    assert!(listed.lines().any(|each| each == line), "{listed}");
    assert!(listed.contains("\n8 src/wire/http.rs is_http (1 lines): "), "{listed}");
}

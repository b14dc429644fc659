//! Hand-ins: what is taken from one, and what is not.

use std::fs;
use std::path::Path;

use crate::handout_tree::handout;
use crate::support::Folder;

/// A hand-in with these files.
pub fn handin(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::fresh();
    for (path, text) in files {
        let place = folder.file(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    folder
}

/// A fresh tree with a hand-in, and what is said of it.
pub fn grade(handin: &Folder) -> (Folder, String) {
    let folder = Folder::fresh();
    let (from, into) = (handin.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let output = handout(&["--grade", from, "--into", into]);
    assert!(output.status.success(), "{output:?}");
    (folder, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn sources_and_answers_are_taken() {
    let files = [("src/tools/load/measure.rs", "//! mine"), ("ANSWERS.md", "42")];
    let (tree, said) = grade(&handin(&files));
    for (path, text) in files {
        assert_eq!(tree.text(path), text);
    }
    assert_eq!(said.lines().next(), Some("2 files taken"));
    assert!(tree.text("src/wire/line.rs").contains("todo!"), "what is not handed in is a stub");
}

#[test]
fn nothing_else_is_taken() {
    let fresh = grade(&handin(&[("src/random.rs", "")])).0;
    let files = [
        ("src/random.rs", ""),
        ("Cargo.toml", "[package]"),
        ("Cargo.lock", ""),
        ("build.rs", "fn main() {}"),
        (".cargo/config.toml", "[build]"),
        ("rust-toolchain.toml", "[toolchain]"),
        ("tests/grade/main.rs", "fn main() { println!(\"TOTAL 100/100\") }"),
        ("tests/grade/given.txt", "9"),
        ("src/.cargo/config.toml", "[build]"),
        ("src/wire/PROTOCOL.md", "mine"),
        ("LAB.md", "mine"),
    ];
    let (tree, said) = grade(&handin(&files));
    assert!(said.starts_with("1 files taken\n"), "{said}");
    for (path, text) in &files[1..] {
        let theirs = fs::read_to_string(tree.file(path)).ok();
        assert_eq!(theirs, fs::read_to_string(fresh.file(path)).ok(), "{path}");
        assert_ne!(theirs.as_deref(), Some(*text), "{path}");
    }
}

/// A hand-in that brought the program that asks its functions could answer in their place.
#[test]
fn the_programs_that_are_judged_are_not_taken() {
    let files = ["src/bin/parts.rs", "src/tools/parts/questions.rs", "src/tools/parts/window.rs"];
    let mut all: Vec<(&str, &str)> = files.iter().map(|path| (*path, "//! mine")).collect();
    all.push(("src/tls/replay_window.rs", "//! mine"));
    let (tree, said) = grade(&handin(&all));
    assert!(said.starts_with("1 files taken\n"), "{said}");
    for path in files {
        assert!(
            said.contains(&format!("left out: {path}: the programs are the handout's\n")),
            "{said}"
        );
        assert_ne!(tree.text(path), "//! mine", "{path}");
    }
}

/// A change to one of these: whether it may be made.
const CHANGES: [(&str, &str, &str, bool); 12] = [
    ("src/tools/mod.rs", "pub mod parts;", "pub mod parts { /* mine */ }", false),
    ("src/tools/mod.rs", "pub mod parts;", "pub mod parts;\nmod helper;", true),
    ("src/tools/mod.rs", "pub mod parts;", "pub mod parts;\nmod other;", false),
    ("src/tools/mod.rs", "pub mod parts;", "mod helper;", false),
    ("src/tools/mod.rs", "pub mod parts;", "mod helper; pub mod parts { /* mine */ }", false),
    ("src/lib.rs", "pub mod tools;", "pub mod tools { /* mine */ }", false),
    ("src/lib.rs", "pub mod tools;", "", false),
    ("src/lib.rs", "pub mod tools;", "pub mod tools;\npub mod aid;", true),
    ("src/lib.rs", "pub mod tools;", "pub mod tools;\npub mod other;", false),
    ("src/lib.rs", "pub mod tools;", "\n  pub mod tools;  \r\n", true),
    ("src/cli.rs", ") -> ExitCode {", ") -> ExitCode {\n    println!(\"yes\");", false),
    // What stands in a marked function is nobody's business, but there is none.
    (
        "src/cli.rs",
        "pub fn program<T>(",
        "// LAB 12: mine\npub fn program<T>(_: [u8; { println!(\"yes\"); 0 }],",
        false,
    ),
];

/// All programs run through these files, so a change there could answer in the place of `parts`.
#[test]
fn what_all_programs_run_through_is_taken_only_with_modules_that_are_needed() {
    let tree = Folder::fresh();
    assert!(handout(&[tree.file("tree").to_str().unwrap()]).status.success());
    for (path, from, to, may_be) in CHANGES {
        let given = tree.text(&format!("tree/{path}"));
        assert_eq!(given.matches(from).count(), 1, "{from}");
        let text = given.replace(from, to);
        let files = [
            (path, text.as_str()),
            ("src/tools/load/measure.rs", "use crate::{aid, tools::helper};"),
            ("src/tools/helper.rs", "//! mine"),
            ("src/aid.rs", "//! mine"),
        ];
        let (graded, said) = grade(&handin(&files));
        let why = "all programs run through it, so only a module that a marked function needs may be added";
        assert_eq!(said.contains(&format!("left out: {path}: {why}\n")), !may_be, "{to}\n{said}");
        assert_eq!(graded.text(path), if may_be { text } else { given }, "{to}");
    }
}

#[test]
fn sources_that_reach_for_others_are_left_out() {
    let solution = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tools/load/measure.rs");
    let solution = solution.display().to_string().replace('\\', "/");
    for (text, line) in [
        (format!("//! a\ninclude!(\"{solution}\");"), 2),
        ("include!{\"../a.rs\"}".to_owned(), 1),
        ("std::include!(\"../a.rs\");".to_owned(), 1),
        ("include!(concat!(\"..\", \"/a.rs\"));".to_owned(), 1),
        ("use std::include as fine;\nfine!(\"/a.rs\");".to_owned(), 1),
        ("macro_rules! m { ($i:ident) => { $i!(\"/a.rs\"); } }\n\nm!(r#include);".to_owned(), 3),
        ("const A: &str = include_str!(r\"/etc/passwd\");".to_owned(), 1),
        ("const A: &[u8] = include_bytes!(\"..\");".to_owned(), 1),
        // Where one lab is graded alone, the solution lies beside it.
        ("\nconst A: &str = include_str!(\"plan.rs\");".to_owned(), 2),
        ("const A: &str = include_str!(\"PLAN.RS.\");".to_owned(), 1),
        (format!("#[path = \"{solution}\"]\nmod a;"), 1),
        (format!("#[cfg_attr(all(), path = \"{solution}\")]\nmod a;"), 1),
        (format!("#[rustfmt::skip]\n# [ r#path = \"{solution}\"]\nmod a;"), 2),
        (format!("macro_rules! m {{ ($p:ident) => {{ #[$p = \"{solution}\"] mod a; }} }}"), 1),
        // Attributes that a macro puts together.
        (
            format!(
                "macro_rules! m {{ ($a:tt) => {{ # $a mod a; }} }}\nm!([path = \"{solution}\"]);"
            ),
            1,
        ),
        ("macro_rules! m { ($a:tt) => { $a [path = \"a\"] mod a; } }\nm!(#);".to_owned(), 2),
        // Code that only looks like a string.
        ("#!/bin/sh \"\ninclude!(\"/a.rs\"); // \"".to_owned(), 1),
        ("\u{feff}#!/bin/sh \"\ninclude!(\"/a.rs\"); // \"".to_owned(), 1),
        ("\n---\n\"\n---\ninclude!(\"/a.rs\"); // \"".to_owned(), 1),
        ("m!(\"x\"r\"\\\" \" include!(\"/a.rs\"); ); // \"".to_owned(), 1),
        ("m!('r#r\"\\\" \" include!(\"/a.rs\"); ); // \"".to_owned(), 1),
        ("m!('a\u{b7}r\"\\\" \" include!(\"/a.rs\"); ); // \"".to_owned(), 1),
        ("/*".to_owned(), 1),
    ] {
        let (tree, said) =
            grade(&handin(&[("src/tools/load/measure.rs", &text), ("src/random.rs", "")]));
        let expected = format!("1 files taken\nleft out: src/tools/load/measure.rs: line {line}: ");
        assert!(said.starts_with(&expected), "{text}\n{said}");
        assert!(tree.text("src/tools/load/measure.rs").contains("todo!"), "{text}");
    }
}

#[test]
fn sources_that_only_speak_of_it_are_taken() {
    let text = "//! include!(\"/a\") #[path = \"/a\"]\n#![doc = include_str!(\"PROTOCOL.md\")]\n\
                const A: &str = \"include!(/a) #[path]\"; fn path(path: &str) -> [&str; 1] { [path] }\n\
                struct Größe { r#type: u8 } fn includes(included: u8, _include: u8) {}";
    let (tree, said) = grade(&handin(&[("src/wire/mod.rs", text)]));
    assert!(said.starts_with("1 files taken\n"), "{said}");
    assert_eq!(tree.text("src/wire/mod.rs"), text);
}

#[test]
fn large_files_and_what_is_no_text_are_left_out() {
    let (large, most) = (" ".repeat(200_001), " ".repeat(200_000));
    let folder = handin(&[("src/a.rs", &large), ("src/random.rs", &most)]);
    fs::write(folder.file("src/c.rs"), b"\xff").unwrap();
    fs::write(folder.file("src/a b.rs"), "").unwrap();
    let said = grade(&folder).1;
    let is_of_files = |line: &&str| !line.starts_with("changed: ");
    let left: Vec<&str> = said
        .lines()
        .filter(is_of_files)
        .map(|line| line.split(": ").nth(1).unwrap_or(line))
        .collect();
    assert_eq!(left, ["1 files taken", "src/a b.rs", "src/a.rs", "src/c.rs"], "{said}");
}

#[cfg(unix)]
#[test]
fn links_are_left_out() {
    use std::os::unix::fs::symlink;
    let (folder, elsewhere) = (handin(&[("src/random.rs", "")]), handin(&[("c.rs", "")]));
    symlink(elsewhere.file("c.rs"), folder.file("src/a.rs")).unwrap();
    symlink(elsewhere.path(), folder.file("src/wire")).unwrap();
    symlink(folder.file("src"), folder.file("src/again")).unwrap();
    symlink(elsewhere.file("c.rs"), folder.file("ANSWERS.md")).unwrap();
    let (_, said) = grade(&folder);
    assert_eq!(said.matches("left out: ").count(), 4, "{said}");
    assert!(said.starts_with("1 files taken\n"), "{said}");
    let whole = Folder::fresh();
    symlink(folder.file("src"), whole.file("src")).unwrap();
    let never = whole.file("never");
    let (from, into) = (whole.path().to_str().unwrap(), never.to_str().unwrap());
    assert_eq!(handout(&["--grade", from, "--into", into]).status.code(), Some(1));
    assert!(!never.exists());
}

#[test]
fn a_hand_in_without_sources_is_told() {
    let (empty, into) = (Folder::fresh(), Folder::fresh());
    let (from, into) = (empty.path().to_str().unwrap(), into.path().to_str().unwrap());
    let output = handout(&["--grade", from, "--into", into]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("has no folder src"));
}

#[test]
fn a_graft_takes_the_files_of_one_lab() {
    let mine = [
        ("src/tools/load/measure.rs", "//! mine"),
        ("src/wire/line.rs", "//! mine"),
        ("src/server/room/batch.rs", "//! mine"),
        ("src/server/room/broadcaster.rs", "include!(\"/a\");"),
        ("ANSWERS.md", "42"),
    ];
    let (folder, tree) = (handin(&mine), Folder::fresh());
    let (from, into) = (folder.path().to_str().unwrap(), tree.path().to_str().unwrap());
    let output = handout(&["--graft", from, "--lab", "4", "--into", into]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(tree.text("src/server/room/batch.rs"), "//! mine");
    assert!(
        tree.text("src/server/room/send_buffer.rs").contains("todo!"),
        "what is missing is no solution"
    );
    assert!(
        tree.text("src/server/room/broadcaster.rs").contains("not_yet!"),
        "nor is what is refused"
    );
    let solved = fs::read_to_string("src/wire/line.rs").unwrap().replace("\r\n", "\n");
    assert_eq!(tree.text("src/wire/line.rs"), solved);
    assert!(tree.text("src/tools/load/measure.rs").contains("div_ceil"));
    assert_eq!(tree.text("tests/grade/given.txt").trim(), "0 1 2 3 5 6 7 8 9 10 11 12");
}

#[test]
fn programs_are_not_taken() {
    let (tree, said) = grade(&handin(&[("src/bin/server.rs", "fn main() {}")]));
    let expected = "0 files taken\nleft out: src/bin/server.rs: the programs are the handout's\n";
    assert_eq!(said, expected);
    assert_ne!(tree.text("src/bin/server.rs"), "fn main() {}");
}

#[test]
fn new_files_are_taken_if_a_marked_function_needs_them() {
    let files = [
        ("src/wire/line.rs", "mod digits;\n// mod commented;"),
        ("src/wire/line/digits.rs", "mod deep;"),
        ("src/wire/line/digits/deep.rs", ""),
        ("src/wire/line/commented.rs", ""),
        ("src/wire/line/forgotten.rs", ""),
        ("src/wire/mod.rs", "mod beside;\nmod unused;"),
        ("src/wire/block.rs", "use super::beside;"),
        ("src/wire/beside.rs", ""),
        ("src/wire/unused.rs", ""),
    ];
    let (_, said) = grade(&handin(&files));
    let left: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("left out: ")?.split(": ").next())
        .collect();
    let expected =
        ["src/wire/line/commented.rs", "src/wire/line/forgotten.rs", "src/wire/unused.rs"];
    assert!(said.starts_with("6 files taken\n"), "{said}");
    assert_eq!(left, expected, "{said}");
}

#[test]
fn what_is_changed_outside_of_the_marked_functions_is_listed() {
    let tree = Folder::fresh();
    let into = tree.file("tree");
    assert!(handout(&[into.to_str().unwrap()]).status.success());
    let path = "tree/src/wire/line.rs";
    let text = tree.text(path);
    // A body is the student's, and nobody's business; all else is seen.
    let (before, task) = text.split_once("    todo!(").unwrap();
    let solved = format!("{before}    loop {{}}\n    todo!({task}fn helper() {{}}\n");
    fs::write(tree.file(path), &solved).unwrap();
    let graded = Folder::fresh();
    let (from, place) = (into.to_str().unwrap(), graded.path().to_str().unwrap());
    let output = handout(&["--grade", from, "--into", place]);
    let said = String::from_utf8(output.stdout).unwrap();
    let changed: Vec<&str> = said.lines().filter(|line| line.starts_with("changed: ")).collect();
    let last = solved.lines().count();
    assert_eq!(changed, [format!("changed: src/wire/line.rs: + {last}: fn helper() {{}}")]);
}

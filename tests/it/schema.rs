//! Many wrong programs in one build: each is what it would be alone, and what cannot be one of them is refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Folder;
use crate::support::workshop::schema::{Schema, WRONG};

/// A program, as rustfmt formats it. It prints what its functions give.
const SOURCE: &str = "\
//! A program.

const STEP: u32 = 1;

struct Counter(u32);

impl Counter {
    // LAB 1: count => ()
    pub(crate) fn count<T>(
        &mut self,
        _: T,
    ) -> u32
    where
        T: Copy,
    {
        if self.0 > 9 {
            return 10;
        }
        self.0 += STEP;
        self.0
    }
}

fn all(end: u32) -> impl Iterator<Item = u32> {
    0..end
}

fn none() {}

fn main() {
    fn twice(number: u32) -> u32 {
        2 * number
    }
    none();
    let mut counter = Counter(1);
    println!(\"{} {} {}\", counter.count(()), twice(3), all(2).count());
}
";

/// A tree with that program.
fn tree() -> Folder {
    let folder = Folder::fresh();
    fs::create_dir(folder.file("src")).unwrap();
    fs::write(folder.file("src/lib.rs"), SOURCE).unwrap();
    folder
}

/// The program with some texts replaced.
fn with(edits: &[(&str, &str)]) -> Vec<(String, String)> {
    let replace = |text: String, (from, to): &(&str, &str)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    };
    vec![("src/lib.rs".to_owned(), edits.iter().fold(SOURCE.to_owned(), replace))]
}

#[test]
fn each_program_of_a_schema_is_what_it_would_be_alone() {
    let tree = tree();
    let mut schema = Schema::of(tree.path());
    let step = schema.add(&with(&[("+= STEP", "+= 5")])).unwrap();
    // What students get has another comment.
    let early = schema.add(&with(&[("self.0 > 9", "true"), (" => ()", "")])).unwrap();
    let both = schema.add(&with(&[("2 * number", "number"), ("+= STEP", "-= STEP")])).unwrap();
    let [(path, text)] = &schema.files()[..] else { panic!("one file") };
    let (source, program) = (tree.file(path), tree.file("program"));
    fs::write(&source, text).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=bin", "-o"]).args([&program, &source]);
    assert!(rustc.status().unwrap().success(), "{text}");
    let prints = |numbers: &[usize]| {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        let output = Command::new(&program).env(WRONG, numbers.join(",")).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(prints(&[]), "2 6 2");
    assert_eq!(prints(&[step]), "6 6 2");
    assert_eq!(prints(&[early]), "10 6 2");
    assert_eq!(prints(&[both]), "0 3 2");
    assert_eq!(prints(&[early, step]), "6 6 2", "of two for one body, the first that was added");
}

#[test]
fn a_schema_refuses_what_changes_more_than_bodies() {
    let tree = tree();
    let mut schema = Schema::of(tree.path());
    for edit in [
        ("STEP: u32 = 1", "STEP: u32 = 2"),
        ("_: T,", "_: &T,"),
        ("0..end", "1..end"),
        ("fn none() {}", "fn none() {}\n\nfn more() {\n    none();\n}"),
        ("fn none() {}", ""),
    ] {
        let refused = schema.add(&with(&[edit]));
        assert_eq!(refused, Err("src/lib.rs: more is changed than bodies of functions".to_owned()));
    }
    fs::create_dir(tree.file("src/bin")).unwrap();
    fs::write(tree.file("src/bin/server.rs"), SOURCE).unwrap();
    let program = [("src/bin/server.rs".to_owned(), SOURCE.replace("2 * number", "number"))];
    assert!(schema.add(&program).is_err(), "a program is no part of the library");
}

/// Nothing is lost of a source, and nothing is taken for a body that is none.
#[test]
fn a_schema_without_a_change_is_the_tree() {
    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && !entry.ends_with("bin") {
                sources(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let path = entry.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
                let path = path.to_str().unwrap().replace('\\', "/");
                let text = fs::read_to_string(&entry).unwrap().replace("\r\n", "\n");
                found.push((path, text));
            }
        }
    }
    let tree = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut schema, mut all) = (Schema::of(tree), Vec::new());
    sources(&tree.join("src"), &mut all);
    all.sort();
    schema.add(&all).unwrap();
    let files = schema.files();
    assert_eq!(files.len(), all.len());
    for ((path, text), (_, whole)) in all.iter().zip(&files) {
        assert!(whole == text || path == "src/lib.rs" && whole.starts_with(text), "{path}");
    }
}

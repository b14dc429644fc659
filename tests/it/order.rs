//! The source against its own promises: the reading order of the modules, and what tidiness can be counted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest function that may be: what one looks at without scrolling.
const LONGEST: usize = 40;

/// A file under `src` with its text.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The lines that are no comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The module that the file is, as `wire::block`; `None` for lib.rs and the programs.
    fn module(&self) -> Option<String> {
        let inside = self.path.strip_prefix(root()).unwrap().with_extension("");
        let mut names: Vec<&str> = inside.iter().map(|name| name.to_str().unwrap()).collect();
        if names.last() == Some(&"mod") {
            names.pop();
        }
        (names[0] != "lib" && names[0] != "bin").then(|| names.join("::"))
    }
}

/// The folder `src`.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files under `src`.
fn sources() -> Vec<Source> {
    let (mut folders, mut found) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(Source { text: fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
    found
}

/// The modules in reading order: those of a folder before the folder's own mod.rs.
fn reading_order() -> Vec<String> {
    let mut order = Vec::new();
    list(&root().join("lib.rs"), "", &mut order);
    order
}

/// Adds the modules that a file declares, each after those that it declares itself.
fn list(file: &Path, inside: &str, order: &mut Vec<String>) {
    let text = fs::read_to_string(file).unwrap();
    for line in text.lines() {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        let folder = file.parent().unwrap().join(name).join("mod.rs");
        if folder.exists() {
            list(&folder, &format!("{inside}{name}::"), order);
        }
        order.push(format!("{inside}{name}"));
    }
}

/// The paths that begin with `crate::` or `super::` in a piece of code, groups in braces taken apart.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let starts = code.match_indices("crate::").chain(code.match_indices("super::"));
    for (start, _) in starts {
        let before = code[..start].chars().next_back();
        if before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != ':') {
            take_apart(&code[start..], "", &mut found);
        }
    }
    found
}

/// Takes the tree of a `use` apart from the start of `code`, and gives back what stands behind it.
fn take_apart<'a>(code: &'a str, before: &str, found: &mut Vec<String>) -> &'a str {
    let end = code.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
    let (path, mut rest) = code.split_at(end.unwrap_or(code.len()));
    let path = format!("{before}{path}");
    if !(path.ends_with("::") && rest.starts_with('{')) {
        found.push(path);
        return rest;
    }
    while !rest.is_empty() && !rest.starts_with('}') {
        rest = take_apart(rest[1..].trim_start(), &path, found);
        // Behind a name may come ` as OTHER`, and then the comma or the brace.
        let next = rest.find([',', '}']).unwrap_or(rest.len());
        rest = &rest[next..];
    }
    rest.get(1..).unwrap_or("")
}

/// The module that a path leads into, seen from the module `from`; `from` itself for what lies in none.
fn target<'a>(path: &str, from: &str, places: &'a HashMap<String, usize>) -> Option<&'a str> {
    let mut base: Vec<&str> = from.split("::").collect();
    let mut names: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
    if names[0] == "crate" {
        base.clear();
        names.remove(0);
    }
    while names.first() == Some(&"super") {
        base.pop();
        names.remove(0);
    }
    base.extend(names);
    let known = |length: usize| places.get_key_value(&base[..length].join("::"));
    (1..=base.len()).rev().find_map(known).map(|(name, _)| name.as_str())
}

#[test]
fn every_file_uses_only_modules_that_are_read_before_it() {
    let order = reading_order();
    let places: HashMap<String, usize> = order.iter().cloned().zip(0..).collect();
    let (mut looked, mut wrong) = (0, Vec::new());
    for source in sources() {
        let Some(own) = source.module() else { continue };
        let place = places.get(&own).unwrap_or_else(|| panic!("{own} is declared nowhere"));
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        for path in paths(&code.join("\n")) {
            let Some(used) = target(&path, &own, &places) else { continue };
            looked += 1;
            if places[used] >= *place && used != own {
                wrong.push(format!("{own} uses {path}, but {used} is read later"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\nthe order is {order:?}");
    assert!(looked > 5, "only {looked} uses found: this test no longer sees what it is for");
}

#[test]
fn the_order_is_held_against_what_it_must_catch() {
    let places: HashMap<String, usize> = ["wire::block", "wire::name", "wire", "server"]
        .map(str::to_owned)
        .into_iter()
        .zip(0..)
        .collect();
    let found =
        paths("use crate::wire::{block::{self, Block}, name as n};\nlet x = super::name::y();");
    let expected = ["crate::wire::block::self", "crate::wire::block::Block", "crate::wire::name"];
    assert_eq!(found[..3], expected);
    assert_eq!(found[3], "super::name::y");
    assert_eq!(target("super::name::y", "wire::block", &places), Some("wire::name"));
    assert_eq!(target("crate::wire::block::Block", "server", &places), Some("wire::block"));
    assert_eq!(target("crate::wire::Block", "server", &places), Some("wire"));
}

#[test]
fn no_function_is_longer_than_a_page() {
    let mut long = Vec::new();
    for source in sources() {
        let mut open: Option<(usize, String)> = None;
        for (number, line) in source.text.lines().enumerate() {
            let body = line.trim_start();
            let words = body.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let indent = &line[..line.len() - body.len()];
            if words.trim_start_matches("const ").starts_with("fn ") && !line.ends_with(';') {
                open = Some((number, format!("{indent}}}")));
            }
            // rustfmt puts the brace that ends a function under the word that began it.
            let Some((start, _)) = open.take_if(|(_, end)| line == end) else { continue };
            let length = number - start + 1;
            if length > LONGEST {
                long.push(format!("{}:{}: {length} lines", source.path.display(), start + 1));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_source_has_nothing_that_panics_by_habit() {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            let line = line.replace("eprintln!", "");
            let habits = [".unwrap()", "println!", "todo!(", "unimplemented!(", "dbg!("];
            if habits.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{number}: {}", source.path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        let place = source.path.display();
        assert!(source.text.starts_with("//! "), "{place} does not begin with a line of //!");
    }
}

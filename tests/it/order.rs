//! The source against its own promises: the reading order of the modules, and what tidiness can be counted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest function that may be: what one looks at without scrolling.
const LONGEST: usize = 40;
/// The longest file that may be.
const LONGEST_FILE: usize = 320;
/// The widest line of a comment.
const WIDEST: usize = 120;
/// The least number of doc lines for a hundred lines of code.
const LEAST_DOCS: usize = 30;
/// The most floors of the client: a room stands one floor above the highest room that it uses.
const MOST_FLOORS: usize = 8;
/// What each part of the library may use besides itself and the single files at its root.
const PARTS: [(&str, &[&str]); 5] = [
    ("tls", &[]),
    ("wire", &["tls"]),
    ("server", &["tls", "wire"]),
    ("client", &["tls", "wire"]),
    ("tools", &["tls", "wire", "server", "client"]),
];
/// The rooms of the server and the client, and which rooms of the same part each may use.
const ROOMS: [(&str, &[&str]); 7] = [
    ("server::room", &["server::printer"]),
    ("server::directory", &["server::room"]),
    ("client::net", &[]),
    ("client::ui", &["client::net", "client::event", "client::help"]),
    ("client::rendezvous", &["client::net", "client::event", "client::ui"]),
    ("client::direct", &["client::net", "client::event", "client::ui"]),
    (
        "client::typing",
        &["client::net", "client::help", "client::ui", "client::direct", "client::state"],
    ),
];

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

/// Each module with the modules that it uses.
fn uses() -> Vec<(String, Vec<String>)> {
    let places: HashMap<String, usize> = reading_order().into_iter().zip(0..).collect();
    let uses = sources().into_iter().filter_map(|source| {
        let own = source.module()?;
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        let used = paths(&code.join("\n"));
        let used = used.iter().filter_map(|path| target(path, &own, &places)).map(str::to_owned);
        Some((own.clone(), used.filter(|used| *used != own).collect()))
    });
    uses.collect()
}

/// Whether a module lies in a room, or is it.
fn is_in(module: &str, room: &str) -> bool {
    module == room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn every_room_uses_only_the_rooms_below_it() {
    let uses = uses();
    let mut wrong = Vec::new();
    for (room, below) in PARTS.iter().chain(&ROOMS) {
        let part = room.split("::").next().unwrap();
        let inside: Vec<_> = uses.iter().filter(|(module, _)| is_in(module, room)).collect();
        assert!(inside.len() > 1, "{room} is no room any more");
        for (module, used) in inside {
            let is_part = |used: &&String| PARTS.iter().any(|(part, _)| is_in(used, part));
            let concerns = |used: &&String| {
                is_part(used) && (part == *room || is_in(used, part)) && !is_in(used, room)
            };
            let above = |used: &&String| !below.iter().any(|below| is_in(used, below));
            wrong.extend(
                used.iter().filter(concerns).filter(above).map(|it| format!("{module}: {it}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_client_has_few_floors() {
    let room = |module: &str| module.split("::").take(2).collect::<Vec<_>>().join("::");
    let mut floors: HashMap<String, usize> = HashMap::new();
    let uses: Vec<_> = uses().into_iter().filter(|(module, _)| is_in(module, "client")).collect();
    let rooms: Vec<String> = reading_order().into_iter().filter(|it| is_in(it, "client")).collect();
    for own in rooms.iter().map(|module| room(module)) {
        let inner = uses.iter().filter(|(module, _)| room(module) == own);
        let others = inner.flat_map(|(_, used)| used).map(|used| room(used));
        let others = others.filter(|other| *other != own);
        let highest = others.filter_map(|other| floors.get(&other)).max().copied().unwrap_or(0);
        floors.insert(own, highest + 1);
    }
    let highest = floors.values().max().unwrap();
    assert!(*highest <= MOST_FLOORS, "{floors:#?}");
    assert!(*highest > 4, "only {highest} floors found: this test no longer sees what it is for");
}

#[test]
fn no_two_types_have_one_name() {
    let mut owners: HashMap<String, Vec<String>> = HashMap::new();
    for source in sources() {
        for (_, line) in source.code() {
            let line = line.trim_start().trim_start_matches("pub(super) ");
            let mut words = line.trim_start_matches("pub ").split(|c: char| !c.is_alphanumeric());
            if matches!(words.next(), Some("struct" | "enum" | "trait")) {
                let owner = source.path.strip_prefix(root()).unwrap().display().to_string();
                owners.entry(words.next().unwrap().to_owned()).or_default().push(owner);
            }
        }
    }
    assert!(owners.len() > 100, "only {} types found", owners.len());
    owners.retain(|_, files| files.len() > 1);
    assert!(owners.is_empty(), "{owners:#?}");
}

#[test]
fn every_file_is_short_and_explained() {
    let (mut docs, mut code) = (0, 0);
    for source in sources() {
        let length = source.text.lines().count();
        assert!(length <= LONGEST_FILE, "{}: {length} lines", source.path.display());
        for line in source.text.lines().map(str::trim_start) {
            docs += usize::from(line.starts_with("///") || line.starts_with("//!"));
            code += usize::from(!line.is_empty() && !line.starts_with("//"));
        }
    }
    assert!(docs * 100 >= code * LEAST_DOCS, "{docs} doc lines for {code} lines of code");
}

#[test]
fn the_architecture_names_what_there_is() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let names: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let sources: Vec<String> =
        sources().iter().map(|source| source.path.display().to_string()).collect();
    let mut counts = (0, 0);
    for name in names {
        if Path::new(name).extension().is_some_and(|ending| ending == "rs") {
            counts.0 += 1;
            let end = format!("/{name}");
            assert!(sources.iter().any(|path| path.ends_with(&end)), "there is no {name}");
        } else if let Some((module, test)) = name.split_once("::").filter(|_| !name.contains(' ')) {
            let file = root().with_file_name("tests/it").join(module).with_extension("rs");
            let Ok(text) = fs::read_to_string(file) else { continue };
            counts.1 += 1;
            assert!(test.is_empty() || text.contains(&format!("fn {test}()")), "no test {name}");
        }
    }
    assert!(counts.0 > 40 && counts.1 > 15, "only {counts:?} names found");
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
fn no_comment_is_wider_than_a_page() {
    let mut wide = Vec::new();
    for source in sources() {
        let lines = source.text.lines().enumerate();
        let comments = lines.filter(|(_, line)| line.trim_start().starts_with("//"));
        // A mark is one line, and so is a row of a table.
        let may_be_wide = |line: &str| line.contains("// LAB ") || line.contains("//! |");
        for (index, line) in comments.filter(|(_, line)| !may_be_wide(line)) {
            if line.chars().count() > WIDEST {
                wide.push(format!("{}:{}", source.path.display(), index + 1));
            }
        }
    }
    assert!(wide.is_empty(), "{wide:#?}");
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

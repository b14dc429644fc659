//! Many wrong programs in one build.
//!
//! To compile one takes longer than to grade it. So all bodies of the functions that some of them change are compiled
//! together, and the variable `WRONG` tells a program which of them it has:
//!
//! ```text
//! fn length(&self) -> usize {
//!     match crate::wrong::one_of(&[7, 31]) {
//!         7 => { self.bytes.len() + 1 }
//!         31 => { 0 }
//!         _ => { self.bytes.len() }
//!     }
//! }
//! ```
//!
//! Mutation testing calls this a mutant schema (Untch, Offutt and Harrold, 1993: Mutation analysis using mutant
//! schemata).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The variable with the numbers of those that the programs shall be.
pub const WRONG: &str = "WRONG";

/// The file that gets what follows.
const LIBRARY: &str = "src/lib.rs";
/// What tells a program which of its bodies it has. The simulated world has no part in that.
const MODULE: &str = r#"
/// Which of the wrong programs in here this one is.
#[doc(hidden)]
pub mod wrong {
    /// The first of these that was chosen, or 0.
    pub fn one_of(numbers: &[usize]) -> usize {
        static CHOSEN: ::std::sync::OnceLock<Vec<usize>> = ::std::sync::OnceLock::new();
        let chosen = CHOSEN.get_or_init(|| {
            let value = ::std::env::var("WRONG").unwrap_or_default();
            value.split_terminator(',').map(|number| number.parse().expect("a number")).collect()
        });
        numbers.iter().find(|number| chosen.contains(number)).copied().unwrap_or(0)
    }
}
"#;

/// Wrong programs, each a change of some functions of one tree.
#[derive(Debug)]
pub struct Schema {
    tree: PathBuf,
    files: BTreeMap<String, Vec<Piece>>,
    programs: usize,
}

/// A piece of a source: the body of a function without its braces, or what is between two of them.
#[derive(Debug)]
struct Piece {
    text: String,
    is_body: bool,
    /// What stands in its place, and in which program.
    others: Vec<(usize, String)>,
}

impl Schema {
    /// One of this tree, without any wrong program.
    pub fn of(tree: &Path) -> Schema {
        let mut schema = Schema { tree: tree.to_owned(), files: BTreeMap::new(), programs: 0 };
        schema.pieces(LIBRARY);
        schema
    }

    /// The tree.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// Adds the program with these texts in place of those files, and gives its number.
    ///
    /// # Errors
    /// The file in which it changes more than bodies of functions.
    pub fn add(&mut self, files: &[(String, String)]) -> Result<usize, String> {
        let number = self.programs + 1;
        let mut changes = Vec::new();
        for (path, text) in files {
            let more = || format!("{path}: more is changed than bodies of functions");
            let (known, found) = (self.pieces(path), pieces(text));
            if !path.starts_with("src/")
                || path.starts_with("src/bin/")
                || known.len() != found.len()
            {
                return Err(more());
            }
            for (place, (before, after)) in known.iter().zip(found).enumerate() {
                if before.is_body && before.text != after.text {
                    changes.push((path, place, after.text));
                } else if code_lines(&before.text).ne(code_lines(&after.text)) {
                    return Err(more());
                }
            }
        }
        for (path, place, text) in changes {
            self.files.get_mut(path).unwrap()[place].others.push((number, text));
        }
        self.programs = number;
        Ok(number)
    }

    fn pieces(&mut self, path: &str) -> &[Piece] {
        let read = || pieces(&fs::read_to_string(self.tree.join(path)).unwrap());
        self.files.entry(path.to_owned()).or_insert_with(read)
    }

    /// The tree's files that all programs need, with their texts.
    pub fn files(&self) -> Vec<(String, String)> {
        let changed = self.files.iter().map(|(path, pieces)| {
            let module = if path == LIBRARY { MODULE } else { "" };
            (path.clone(), pieces.iter().map(Piece::with_others).collect::<String>() + module)
        });
        changed.collect()
    }
}

impl Piece {
    fn with_others(&self) -> String {
        if self.others.is_empty() {
            return self.text.clone();
        }
        let numbers: Vec<usize> = self.others.iter().map(|(number, _)| *number).collect();
        let others = self.others.iter();
        let others: String =
            others.map(|(number, text)| format!("{number} => {{\n{text}}}\n")).collect();
        format!(
            "match crate::wrong::one_of(&{numbers:?}) {{\n{others}_ => {{\n{}}}\n}}\n",
            self.text
        )
    }
}

/// The pieces of a source that rustfmt has formatted. A function that gives `impl …` has one body alone, for each has
/// another type, and so has one that is `const`.
fn pieces(source: &str) -> Vec<Piece> {
    let piece = |is_body| Piece { text: String::new(), is_body, others: Vec::new() };
    let mut found = vec![piece(false)];
    let mut head: Option<(usize, String)> = None;
    let mut end = None;
    for line in source.replace("\r\n", "\n").split_inclusive('\n') {
        let code = line.trim();
        let indent = line.len() - line.trim_start().len();
        if end.as_deref() == Some(line.trim_end()) {
            found.push(piece(false));
            end = None;
        } else if end.is_none() {
            if is_head(code) {
                head = Some((indent, String::new()));
            }
            if let Some((_, text)) = &mut head {
                text.push_str(line);
            }
        }
        found.last_mut().unwrap().text.push_str(line);
        if end.is_none() && (code.ends_with('{') || code.ends_with([';', '}'])) {
            let Some((indent, text)) = head.take() else { continue };
            if code.ends_with('{') && !text.contains("-> impl ") {
                found.push(piece(true));
                end = Some(format!("{}}}", " ".repeat(indent)));
            }
        }
    }
    found
}

/// Whether a function begins in this line.
fn is_head(code: &str) -> bool {
    let rest = code.strip_prefix("pub").unwrap_or(code);
    let rest = if rest.starts_with('(') {
        rest.split_once(')').map_or(rest, |(_, rest)| rest)
    } else {
        rest
    };
    rest.trim_start().starts_with("fn ")
}

/// The lines of a text that are no comments.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty())
}

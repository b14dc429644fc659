//! The students' tree: the same files with stubs, without the authors' tests and without this tool, and with
//! pages of its own.
//!
//! ```text
//! Cargo.toml  AGENTS.md  ANSWERS.md      from the folder pages
//! README.md                              pages/README.md, and the sections on the programs
//! LAB.md                                 the part for students
//! src/  tests/grade/  tests/sim/         the solution's, with stubs
//! tests/grade/given.txt                  the labs that are solved, if some are and some are not
//! ```
//!
//! The tree compiles without a warning. It has no dependencies, so nothing is downloaded for it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{self, Path};
use std::process::{Command, Stdio};

use super::mark::{LABS, Mark, marks};
use super::stub::{NOT_YET, leave_open};
use super::toolchain::HOME;
use crate::io_error::cause;

/// The files and folders that students get, besides the [pages](PAGES) that only they have.
const GIVEN: [&str; 7] =
    ["src", "tests/grade", "tests/sim", "LAB.md", "README.md", "rustfmt.toml", ".gitignore"];
/// The title where the students' part of the README begins: how to use the programs. And the sections that they do
/// not get.
const USE: &str = "## A first chat";
const NOT_THEIRS: [&str; 3] = ["## The course", "## Performance", "## Contributing"];
/// How a picture begins, in a paragraph of its own. Students have no pictures.
const PICTURE: &str = "![";
/// Where the part of LAB.md for students ends.
const INSTRUCTORS: &str = "\n## For instructors";
/// The text before the README.
const WELCOME: &str = include_str!("pages/README.md");
/// The files of this tool, and wrong programs, which quote the right ones. Students do not get them.
const WITHHELD: [&str; 3] = ["src/tools/handout", "src/bin/handout.rs", "tests/sim/mutants.txt"];
/// The files that have lines about this tool. Students do not get those lines, either.
const SPEAK_OF_IT: [&str; 3] = ["src/lib.rs", "src/tools/mod.rs", "src/MANUAL.md"];
/// The pages that only students have.
const PAGES: [(&str, &str); 3] = [
    ("Cargo.toml", include_str!("pages/manifest.toml")),
    ("ANSWERS.md", include_str!("pages/ANSWERS.md")),
    ("AGENTS.md", include_str!("pages/AGENTS.md")),
];
/// The place in the text before the README for the points of a fresh tree.
const POINTS: &str = "{points}";
/// The file that tells the grader which labs were handed out solved.
const SOLVED: &str = "tests/grade/given.txt";

/// The labs that are left open for the students.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// This lab and all labs after it.
    From(u32),
    /// This lab only.
    Only(u32),
    /// No lab: the tree is the solution.
    Nothing,
}

impl Open {
    /// Whether this lab is open.
    fn has(self, lab: u32) -> bool {
        match self {
            Open::From(first) => lab >= first,
            Open::Only(one) => lab == one,
            Open::Nothing => false,
        }
    }
}

/// A solution: the files for students as they are before any body is replaced, and the marks in them.
#[derive(Debug)]
pub struct Solution {
    /// The texts by their paths, which have `/` on every system. Lines end in `\n`.
    files: BTreeMap<String, String>,
    /// The marks by the paths of their files. Files without a mark are missing.
    marks: BTreeMap<String, Vec<Mark>>,
}

impl Solution {
    /// Reads the solution in a folder.
    ///
    /// # Errors
    /// A sentence: a file cannot be read, or a mark is wrong (with the file and the line).
    pub fn read(root: &Path) -> Result<Solution, String> {
        let mut solution = Solution { files: BTreeMap::new(), marks: BTreeMap::new() };
        for path in GIVEN {
            solution.add(root, path)?;
        }
        for (path, text) in &solution.files {
            if path.starts_with("src/") && is_rust(path) {
                let marks = marks(text).map_err(|(line, what)| format!("{path}:{line}: {what}"))?;
                if !marks.is_empty() {
                    solution.marks.insert(path.clone(), marks);
                }
            }
        }
        for path in SPEAK_OF_IT {
            let text = solution.files.get_mut(path).ok_or(format!("there is no {path}"))?;
            *text = without_this_tool(text);
        }
        solution.files.entry("src/lib.rs".to_owned()).and_modify(|tour| *tour = with_stubs(tour));
        let readme = solution.files.get_mut("README.md").ok_or("there is no README.md")?;
        *readme = format!("{}\n{}", WELCOME.replace("\r\n", "\n"), use_of(readme));
        let course = solution.files.get_mut("LAB.md").ok_or("there is no LAB.md")?;
        course.truncate(course.find(INSTRUCTORS).unwrap_or(course.len()));
        Ok(solution)
    }

    /// Adds a file, or all files in a folder except hidden ones.
    fn add(&mut self, root: &Path, path: &str) -> Result<(), String> {
        let place = root.join(path);
        let failed = |error: io::Error| format!("cannot read {path}: {}", cause(&error));
        if WITHHELD.contains(&path) {
            return Ok(());
        }
        if !place.is_dir() {
            let text = fs::read_to_string(&place).map_err(failed)?;
            self.files.insert(path.to_owned(), text.replace("\r\n", "\n"));
            return Ok(());
        }
        for entry in fs::read_dir(&place).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_str().ok_or_else(|| format!("a name in {path} is not UTF-8"))?;
            if !name.starts_with('.') {
                self.add(root, &format!("{path}/{name}"))?;
            }
        }
        Ok(())
    }

    /// The files that have marks, in the order of their paths, with their marks.
    pub fn marks(&self) -> impl Iterator<Item = (&str, &[Mark])> {
        self.marks.iter().map(|(path, marks)| (path.as_str(), marks.as_slice()))
    }

    /// The lab that a file belongs to, if any. All marks of a file are of one lab.
    pub fn lab_of(&self, path: &str) -> Option<u32> {
        self.marks.get(path).map(|marks| marks[0].lab)
    }

    /// The files for students, with all bodies, by their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of a file that students get, with all bodies.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Writes the students' tree into a folder, which must be empty or not exist yet.
    ///
    /// # Errors
    /// A sentence: the folder is not empty, or a file cannot be written.
    pub fn write(&self, into: &Path, open: Open) -> Result<(), String> {
        let place = into.display();
        match fs::read_dir(into).map(|mut inside| inside.next().is_some()) {
            Ok(true) => return Err(format!("{place} is not empty")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("cannot look into {place}: {}", cause(&error)));
            }
            Ok(false) | Err(_) => {}
        }
        for (path, text) in &self.files {
            let marks = self.marks.get(path).map_or(&[][..], Vec::as_slice);
            put(into, path, &leave_open(text, marks, |mark| open.has(mark.lab)))?;
        }
        for (path, text) in PAGES {
            put(into, path, &text.replace("\r\n", "\n"))?;
        }
        put(into, "Cargo.lock", &lock())?;
        let solved: Vec<u32> = LABS.filter(|lab| !open.has(*lab)).collect();
        if open != Open::Nothing && !solved.is_empty() {
            let list: Vec<String> = solved.iter().map(u32::to_string).collect();
            put(into, SOLVED, &format!("{}\n", list.join(" ")))?;
        }
        let readme = self.files.get("README.md").map(String::as_str).unwrap_or_default();
        put(into, "README.md", &readme.replace(POINTS, &self.at_first(open)))?;
        self.format(into);
        Ok(())
    }

    /// The points for a lab, added up from the grader's table.
    pub fn points(&self, lab: u32) -> u32 {
        let table = self.files.get(&format!("tests/grade/lab{lab}/mod.rs"));
        let lines = table.map(String::as_str).unwrap_or_default().lines();
        let points = lines.filter_map(|line| line.trim().strip_prefix("points: "));
        points.filter_map(|rest| rest.trim_end_matches(',').parse::<u32>().ok()).sum()
    }

    /// Tells the points of a fresh tree. With only one lab open, the points of other labs are not told: some
    /// need the open one.
    fn at_first(&self, open: Open) -> String {
        let given: u32 = LABS.filter(|lab| !open.has(*lab)).map(|lab| self.points(lab)).sum();
        match open {
            Open::Only(lab) if self.points(lab) == 0 => {
                format!("{given} of 100 at first (lab {lab} has none)")
            }
            Open::Only(lab) => format!("none of lab {lab}'s {} at first", self.points(lab)),
            _ if given == 0 => "0 of 100 at first".to_owned(),
            _ => format!("{given} of 100 at first (they are given)"),
        }
    }

    /// Formats the files with stubs, so that a stub looks as if a person had written it. Without rustfmt on
    /// this machine the stubs stay as they are.
    fn format(&self, into: &Path) {
        let Ok(into) = path::absolute(into) else { return };
        let mut rustfmt = Command::new("rustfmt");
        let files = self.marks.keys().map(|path| into.join(path));
        rustfmt.args(["--edition", "2024"]).args(files).current_dir(HOME);
        let _ = rustfmt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Writes a file, and creates the folders that it lies in.
///
/// # Errors
/// A sentence: the file or a folder cannot be written.
pub fn put(into: &Path, path: &str, text: &str) -> Result<(), String> {
    let place = into.join(path);
    let folder = place.parent().unwrap_or(into);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&place, text));
    written.map_err(|error| format!("cannot write {}: {}", place.display(), cause(&error)))
}

/// Whether the path belongs to a Rust source.
pub fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// Removes the lines about this tool from a text.
fn without_this_tool(text: &str) -> String {
    text.lines()
        .filter(|line| !line.contains("handout"))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// Adds the macro for quiet stubs to the root of the library. It must stand before the modules that use it.
fn with_stubs(tour: &str) -> String {
    let modules = tour.find("\npub mod ").map_or(tour.len(), |at| at + 1);
    format!("{}{NOT_YET}{}", &tour[..modules], &tour[modules..])
}

/// What the README says of using the programs.
fn use_of(readme: &str) -> String {
    let from = readme.find(USE).unwrap_or(readme.len());
    let mut sections: Vec<&str> = readme[from..].split("\n## ").collect();
    sections.retain(|section| !NOT_THEIRS.iter().any(|title| section.starts_with(&title[3..])));
    let text = sections.join("\n## ");
    let mut paragraphs: Vec<&str> = text.split("\n\n").collect();
    paragraphs.retain(|paragraph| !paragraph.starts_with(PICTURE));
    paragraphs.join("\n\n")
}

/// The lock file of the students' tree. The tree has no dependencies, so the file names only the tree itself, and
/// `cargo` works without a network.
fn lock() -> String {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    format!(
        "# This file is automatically @generated by Cargo.\n\
         # It is not intended for manual editing.\n\
         version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"
    )
}

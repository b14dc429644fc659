//! The student's tree: the same files with stubs, without the authors' tests and this tool, with pages of
//! its own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::mark::{LABS, Mark, marks};
use super::stub::{NOT_YET, leave_open};
use crate::io_error::cause;

/// What students get, besides the pages that are theirs alone.
const GIVEN: [&str; 6] =
    ["src", "tests/grade", "LAB.md", "README.md", "rustfmt.toml", ".gitignore"];
/// Where the README begins that is theirs, too: with how to use the programs. And what of it is not.
const USE: &str = "## A first chat";
const NOT_THEIRS: [&str; 3] = ["## The course", "## Performance", "## Contributing"];
/// How a picture begins, in a paragraph of its own. Students have no pictures.
const PICTURE: &str = "![";
/// Where LAB.md stops being for students.
const INSTRUCTORS: &str = "\n## For instructors";
/// What stands before the README.
const WELCOME: &str = include_str!("pages/README.md");
/// What is not for them: this tool. The lines of these files that speak of it go, too.
const WITHHELD: [&str; 2] = ["src/tools/handout", "src/bin/handout.rs"];
const SPEAK_OF_IT: [&str; 3] = ["src/lib.rs", "src/tools/mod.rs", "src/MANUAL.md"];
/// Their own pages.
const PAGES: [(&str, &str); 3] = [
    ("Cargo.toml", include_str!("pages/manifest.toml")),
    ("ANSWERS.md", include_str!("pages/ANSWERS.md")),
    ("AGENTS.md", include_str!("pages/AGENTS.md")),
];
/// What stands in it for the points that a fresh tree has.
const POINTS: &str = "{points}";
/// The file from which the grader knows which labs were handed out solved.
const SOLVED: &str = "tests/grade/given.txt";

/// Which labs are left to the students.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// This one and all after it.
    From(u32),
    /// This one alone.
    Only(u32),
    /// None.
    Nothing,
}

impl Open {
    fn has(self, lab: u32) -> bool {
        match self {
            Open::From(first) => lab >= first,
            Open::Only(one) => lab == one,
            Open::Nothing => false,
        }
    }
}

/// A solution: its files by their paths, which have `/` everywhere, and its marks.
#[derive(Debug)]
pub struct Solution {
    files: BTreeMap<String, String>,
    marks: BTreeMap<String, Vec<Mark>>,
}

impl Solution {
    /// Reads the solution in a folder.
    ///
    /// # Errors
    /// What cannot be read, and marks that are wrong: a sentence with the file and the line.
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

    /// Adds a file, or all in a folder but hidden ones.
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

    /// The files with marks, in their order, with these.
    pub fn marks(&self) -> impl Iterator<Item = (&str, &[Mark])> {
        self.marks.iter().map(|(path, marks)| (path.as_str(), marks.as_slice()))
    }

    /// Whether a file belongs to a lab.
    pub fn is_of(&self, path: &str, lab: u32) -> bool {
        self.marks.get(path).is_some_and(|marks| marks[0].lab == lab)
    }

    /// Writes the students' tree into a folder that is empty or does not exist yet.
    ///
    /// # Errors
    /// When there is something in it already, or something cannot be written.
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

    /// How many points there are for a lab, by the grader's table.
    fn points(&self, lab: u32) -> u32 {
        let table = self.files.get(&format!("tests/grade/lab{lab}/mod.rs"));
        let lines = table.map(String::as_str).unwrap_or_default().lines();
        let points = lines.filter_map(|line| line.trim().strip_prefix("points: "));
        points.filter_map(|rest| rest.trim_end_matches(',').parse::<u32>().ok()).sum()
    }

    /// The points that a fresh tree has. Labs that need the only one that is open have none either.
    fn at_first(&self, open: Open) -> String {
        let given: u32 = LABS.filter(|lab| !open.has(*lab)).map(|lab| self.points(lab)).sum();
        match open {
            Open::Only(lab) => format!("none of lab {lab}'s {} at first", self.points(lab)),
            _ if given == 0 => "0 of 100 at first".to_owned(),
            _ => format!("{given} of 100 at first (they are given)"),
        }
    }

    /// Stubs look like what a person writes. Without rustfmt they look a little less like it.
    fn format(&self, into: &Path) {
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--edition", "2024"]).args(self.marks.keys()).current_dir(into);
        let _ = rustfmt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Writes a file and the folders that it lies in.
///
/// # Errors
/// When it cannot be written.
pub fn put(into: &Path, path: &str, text: &str) -> Result<(), String> {
    let place = into.join(path);
    let folder = place.parent().unwrap_or(into);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&place, text));
    written.map_err(|error| format!("cannot write {}: {}", place.display(), cause(&error)))
}

/// Whether a path is that of a source.
pub fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// A text without the lines that speak of this tool.
fn without_this_tool(text: &str) -> String {
    text.lines()
        .filter(|line| !line.contains("handout"))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// The library's root with the macro that a stub calls.
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

/// A tree without dependencies has a lock file that knows only itself: nothing is fetched for it.
fn lock() -> String {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    format!(
        "# This file is automatically @generated by Cargo.\n\
         # It is not intended for manual editing.\n\
         version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"
    )
}

//! Hand-ins: the sources that a student gives back to be graded.
//!
//! A hand-in is a stranger's code that earns points. Only its plain sources are taken: a manifest, a build
//! script, a Cargo configuration or other tests could print any number of points.
//!
//! A source is refused if it may include another source, or a file that is not beside it. So no hand-in can use the
//! solution when it is built, nor have a solved file beside it as a text. The check goes by the text alone; where it is
//! in doubt, it refuses, and the report tells the line. A running program can do more: LAB.md tells instructors where
//! to run it.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use super::changes::changes;
use super::scanner::{code, is_letter, letters, line};
use super::tree::{Solution, is_rust, put};
use crate::io_error::cause;

/// The largest file that is taken, in bytes. The largest file of the solution has a tenth of that.
const LARGEST: u64 = 200 * 1000;
/// The most files that are taken from one hand-in.
const MOST: usize = 500;
/// The only file that is taken besides the sources.
const ANSWERS: &str = "ANSWERS.md";
/// The folder of the programs. Their `main` functions have no marks.
const PROGRAMS: &str = "src/bin/";
/// The folder of the program that lets a function of the hand-in be asked. It could answer in its place.
const PARTS: &str = "src/tools/parts/";
/// The files through which each program runs. What is changed there could answer in the place of a program.
const AROUND: [&str; 3] = ["src/lib.rs", "src/cli.rs", "src/tools/mod.rs"];
/// The ends of the names of files that a source may include.
const TEXTS: [&str; 2] = [".md", ".html"];
/// The longest attribute that is taken, in characters.
const LONGEST: usize = 1000;
/// The depth to which folders below `src` are searched.
const DEEPEST: usize = 8;

/// A hand-in that has been read and checked.
#[derive(Debug, Default)]
pub struct Handin {
    /// The paths and the texts of the files that may be taken.
    files: Vec<(String, String)>,
    /// The paths of the other files, with the reason.
    refused: Vec<(String, String)>,
}

/// The report on a hand-in: which files were taken, which were not, and why. It is printed for the instructor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The paths of the files that were taken.
    pub files: Vec<String>,
    /// The paths of the other files, with the reason.
    pub refused: Vec<(String, String)>,
    /// The lines that differ from the handout outside of the marked functions, by the paths of their files.
    pub changed: Vec<(String, String)>,
}

impl Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{} files taken", self.files.len())?;
        self.refused.iter().try_for_each(|(path, why)| writeln!(f, "left out: {path}: {why}"))?;
        self.changed.iter().try_for_each(|(path, line)| writeln!(f, "changed: {path}: {line}"))
    }
}

impl Handin {
    /// Reads the hand-in in a folder.
    ///
    /// # Errors
    /// The folder has no sources.
    pub fn read(folder: &Path) -> Result<Handin, String> {
        let mut handin = Handin::default();
        if !is_plain(&folder.join("src"), true) {
            return Err(format!("{} has no folder src", folder.display()));
        }
        handin.look_through(folder, "src", 0);
        if fs::symlink_metadata(folder.join(ANSWERS)).is_ok() {
            handin.look_at(folder, ANSWERS.to_owned());
        }
        Ok(handin)
    }

    /// Reads the sources in a folder of the hand-in. A link, or a file whose name is unusual, is refused.
    fn look_through(&mut self, handin: &Path, folder: &str, depth: usize) {
        let inside = fs::read_dir(handin.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<_> = inside.map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let path = format!("{folder}/{}", name.display());
            let place = handin.join(folder).join(&name);
            let has_name = name.to_str().is_some_and(is_simple);
            if is_plain(&place, true) && has_name && depth < DEEPEST {
                self.look_through(handin, &path, depth + 1);
            } else if is_plain(&place, false) && has_name && is_rust(&path) {
                self.look_at(handin, path);
            } else if is_rust(&path) || !is_plain(&place, false) {
                self.refused.push((path, "it is no plain file with a plain name".to_owned()));
            }
        }
    }

    /// Reads and checks one file, and notes the reason if it must not be taken.
    fn look_at(&mut self, handin: &Path, path: String) {
        let is_one_of_most = self.files.len() + self.refused.len() < MOST;
        let too_many = || Err(format!("there are more than {MOST} files"));
        match if is_one_of_most { read(handin, &path) } else { too_many() } {
            Ok(text) => self.files.push((path, text)),
            Err(why) => self.refused.push((path, why)),
        }
    }

    /// The files that may be taken: their paths and their texts.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Keeps the files that a hand-in of this solution may have: those of the handout, but for its programs, and
    /// modules that a marked function's file needs. Those through which each program runs may declare such modules,
    /// and have no other change.
    pub fn keep_to(&mut self, solution: &Solution) {
        let needed = self.needed(solution);
        for (path, text) in std::mem::take(&mut self.files) {
            let is_known = path == ANSWERS || solution.text(&path).is_some();
            let asks = path.starts_with(PARTS) && solution.lab_of(&path).is_none();
            let given = solution.text(&path).filter(|_| AROUND.contains(&path.as_str()));
            let why = if path.starts_with(PROGRAMS) || asks {
                "the programs are the handout's"
            } else if given.is_some_and(|given| !only_declares(given, &text, &path, &needed)) {
                "all programs run through it, so only a module that a marked function needs may be added"
            } else if is_known || needed.contains(&path) {
                self.files.push((path, text));
                continue;
            } else {
                "no file with a marked function needs it"
            };
            self.refused.push((path, why.to_owned()));
        }
    }

    /// The files that the handout does not have, but that are modules of marked files, or of other needed ones. A
    /// known file without marks may declare such a module, too, if a marked one names it.
    fn needed(&self, solution: &Solution) -> Vec<String> {
        let with_code = |(path, text): &(String, String)| Some((path.clone(), code(text).ok()?));
        let codes: HashMap<String, String> = self.files.iter().filter_map(with_code).collect();
        let is_marked = |path: &str| solution.lab_of(path).is_some();
        let marked = codes.iter().filter(|(path, _)| is_marked(path));
        let words = marked.flat_map(|(_, code)| code.split(|sign| !is_letter(sign)));
        let named: HashSet<&str> = words.collect();
        let mut needed: Vec<String> = Vec::new();
        loop {
            let is_needed = |path: &str| {
                let Some((folder, name)) = module(path) else { return false };
                ["", "/mod", "/lib"].map(|end| format!("{folder}{end}.rs")).iter().any(|parent| {
                    let is_named = || solution.text(parent).is_some() && named.contains(name);
                    codes.get(parent).is_some_and(|code| code.contains(&format!("mod {name};")))
                        && (needed.contains(parent) || is_marked(parent) || is_named())
                })
            };
            let is_new = |path: &&String| solution.text(path).is_none() && !needed.contains(path);
            let new = self.files.iter().map(|(path, _)| path).filter(is_new);
            let more: Vec<String> = new.filter(|path| is_needed(path)).cloned().collect();
            if more.is_empty() {
                return needed;
            }
            needed.extend(more);
        }
    }

    /// Writes the `wanted` files into a tree. Cargo compares times, so it builds every written file anew.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn put(
        &self,
        solution: &Solution,
        into: &Path,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Taken, String> {
        let mut taken = Taken::default();
        for (path, text) in self.files.iter().filter(|(path, _)| wanted(path)) {
            put(into, path, text)?;
            let given = solution.text(path).filter(|_| is_rust(path));
            let lines = given.map(|given| changes(given, text)).unwrap_or_default();
            taken.changed.extend(lines.into_iter().map(|line| (path.clone(), line)));
            taken.files.push(path.clone());
        }
        taken.refused = self.refused.iter().filter(|(path, _)| wanted(path)).cloned().collect();
        Ok(taken)
    }

    /// Whether a file belongs to a lab: by its marks, or as a module of a file that does.
    pub fn is_of(&self, solution: &Solution, path: &str, lab: u32) -> bool {
        if solution.text(path).is_some() {
            return solution.lab_of(path) == Some(lab);
        }
        let Some((folder, _)) = module(path) else { return false };
        [format!("{folder}.rs"), format!("{folder}/mod.rs")].iter().any(|parent| {
            self.files.iter().any(|(path, _)| path == parent) && self.is_of(solution, parent, lab)
        })
    }
}

/// The folder of a module, and its name, by the path of its file.
fn module(path: &str) -> Option<(&str, &str)> {
    path.trim_end_matches(".rs").trim_end_matches("/mod").rsplit_once('/')
}

/// Whether the text of this file is the given one, but for declarations of needed modules. The comparison goes by
/// whole lines, and a mark leaves nothing out of it.
fn only_declares(given: &str, text: &str, path: &str, needed: &[String]) -> bool {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
    let is_needed = |line: &str| {
        let words = line.trim_start_matches("pub ").strip_prefix("mod ");
        let name = words.and_then(|rest| rest.strip_suffix(';'));
        name.is_some_and(|name| {
            [format!("{module}/{name}.rs"), format!("{module}/{name}/mod.rs")]
                .iter()
                .any(|file| needed.contains(file))
        })
    };
    let lines = |text| str::lines(text).map(str::trim).filter(|line| !line.is_empty());
    lines(text).filter(|line| !is_needed(line)).eq(lines(given))
}

/// Whether there is a folder (or else a file) here, and not a link to one.
fn is_plain(place: &Path, folder: bool) -> bool {
    fs::symlink_metadata(place)
        .is_ok_and(|found| if folder { found.is_dir() } else { found.is_file() })
}

/// Whether a name has only the characters that names of sources have. Such a name leads into no other folder.
fn is_simple(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

/// Reads the text of a file, or tells why the file must not be taken.
fn read(handin: &Path, path: &str) -> Result<String, String> {
    let place = handin.join(path);
    if !is_plain(&place, false) {
        return Err("it is no plain file".to_owned());
    }
    let text = match fs::metadata(&place) {
        Ok(known) if known.len() > LARGEST => {
            return Err(format!("it has more than {LARGEST} bytes"));
        }
        known => known.and_then(|_| fs::read_to_string(&place)),
    };
    let text = text.map_err(|error| format!("it cannot be read: {}", cause(&error)))?;
    if is_rust(path) {
        own_code(&text).map_err(|(line, why)| format!("line {line}: {why}"))?;
    }
    Ok(text)
}

/// Checks that a source includes only texts that lie beside it. The solution may lie near the place where it
/// is graded, and where one lab is graded alone, the sources beside it are the solution's.
///
/// # Errors
/// The line and the reason. A source is also refused where it cannot be understood.
fn own_code(source: &str) -> Result<(), (usize, &'static str)> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    // The compiler skips such a beginning, whatever it holds.
    if source.starts_with("#!") && !source.starts_with("#![")
        || source.trim_start().starts_with("---")
    {
        return Err((1, "it does not begin with Rust"));
    }
    let code = code(source).map_err(|line| (line, "this has no end, or is no Rust"))?;
    for (at, _) in code.match_indices("include").filter(|(at, _)| is_inclusion(&code, *at)) {
        if !is_beside(&code, source, at) {
            return Err((line(source, at), "it includes what is no .md or .html file beside it"));
        }
    }
    match code.match_indices('#').find(|(at, _)| !is_harmless(&code, *at)) {
        Some((at, _)) => Err((line(source, at), "this may tell that a module lies elsewhere")),
        None => Ok(()),
    }
}

/// Whether the name of a macro that includes files stands here. The name alone is enough: a macro of the hand-in
/// may put the `!` behind it.
fn is_inclusion(code: &str, at: usize) -> bool {
    let is_name = |word| ["include", "include_str", "include_bytes"].contains(&word);
    !code[..at].ends_with(is_letter) && is_name(&code[at..at + letters(&code[at..])])
}

/// Whether the plain name of a text follows the macro's name that stands here.
fn is_beside(code: &str, source: &str, at: usize) -> bool {
    let rest = &code[at + letters(&code[at..])..];
    let bracket =
        rest.trim_start().strip_prefix('!').and_then(|rest| rest.trim_start().strip_prefix('('));
    let argument = bracket.map_or("", |rest| &source[source.len() - rest.trim_start().len()..]);
    let name = argument.strip_prefix('"').and_then(|rest| rest.split('"').next());
    let is_text = |name: &str| TEXTS.iter().any(|end| name.ends_with(end));
    name.is_some_and(|name| !name.starts_with('.') && is_simple(name) && is_text(name))
}

/// Whether the `#` that stands here can give no module another path. It belongs to a raw name (`r#type`), or to
/// an attribute that is written out and has no `path` in it.
///
/// A macro can build an attribute from parts, so a `#` with anything else behind it is refused. So is an attribute
/// without an end, or a long one: else a source of nothing but `#[` would be read to its end for each of them.
fn is_harmless(code: &str, at: usize) -> bool {
    let rest = &code[at + 1..];
    if code[..at].ends_with('r') && letters(rest) > 0 {
        return true;
    }
    let inner = rest.strip_prefix('!').unwrap_or(rest).trim_start();
    let mut depth = 0;
    let end = inner.char_indices().take(LONGEST).find(|(_, sign)| {
        depth += i32::from(*sign == '[') - i32::from(*sign == ']');
        depth == 0
    });
    let Some((end, _)) = end else { return false };
    let attribute = &inner[..end];
    let mut words = attribute.split(|letter| !is_letter(letter));
    attribute.starts_with('[') && !attribute.contains('$') && words.all(|word| word != "path")
}

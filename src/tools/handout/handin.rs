//! A hand-in is code by somebody else, and its owner would like it to have points. Of all that is in it only
//! the sources are taken, and of those only plain ones: a manifest, a build script, a configuration of
//! Cargo or other tests could print any number of points.
//!
//! This keeps a hand-in from using what is not its own when it is built. When it runs it may do whatever a
//! program may: let it run where there is nothing to be found, see LAB.md, for instructors.

use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use super::lexer::{Token, TokenKind, closing, tokens};
use super::tree::{is_rust, put};
use crate::io_error::cause;

/// The largest file that is taken. The largest of the solution has a tenth of that.
const LARGEST: u64 = 200 * 1000;
/// The most files.
const MOST: usize = 500;
/// What is taken besides.
const ANSWERS: &str = "ANSWERS.md";
/// The most folders within each other.
const DEEPEST: usize = 8;

/// What may be taken from a hand-in.
#[derive(Debug, Default)]
pub struct Handin {
    /// Paths and texts.
    files: Vec<(String, String)>,
    /// The others under `src`, with the reason.
    refused: Vec<(String, String)>,
}

/// What was taken from a hand-in, and what was not, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// The paths that were taken.
    pub files: Vec<String>,
    /// The others under `src`, with the reason.
    pub refused: Vec<(String, String)>,
}

impl Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{} files taken", self.files.len())?;
        self.refused.iter().try_for_each(|(path, why)| writeln!(f, "left out: {path}: {why}"))
    }
}

impl Handin {
    /// Looks through a folder.
    ///
    /// # Errors
    /// When it has no sources.
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

    /// Finds the sources in a folder of the hand-in.
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

    fn look_at(&mut self, handin: &Path, path: String) {
        match read(handin, &path) {
            Ok(_) if self.files.len() == MOST => {
                self.refused.push((path, format!("there are more than {MOST} files")));
            }
            Ok(text) => self.files.push((path, text)),
            Err(why) => self.refused.push((path, why)),
        }
    }

    /// Puts what is `wanted` into a tree. All that is written is new to Cargo, which compares times.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(self, into: &Path, wanted: impl Fn(&str) -> bool) -> Result<Taken, String> {
        let mut files = Vec::new();
        for (path, text) in self.files.into_iter().filter(|(path, _)| wanted(path)) {
            put(into, &path, &text)?;
            files.push(path);
        }
        let refused = self.refused.into_iter().filter(|(path, _)| wanted(path)).collect();
        Ok(Taken { files, refused })
    }
}

/// Whether it is a folder, or else a file, and no link to one.
fn is_plain(place: &Path, folder: bool) -> bool {
    fs::symlink_metadata(place)
        .is_ok_and(|found| if folder { found.is_dir() } else { found.is_file() })
}

/// Whether a name is one that sources have.
fn is_simple(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

/// The text of a file that may be taken.
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

/// Whether a source is made of itself and of files beside it. Nothing else may become part of it: where it
/// is graded, the solution may be near.
fn own_code(source: &str) -> Result<(), (usize, &'static str)> {
    let line = |at: usize| source[..at].matches('\n').count() + 1;
    let tokens = tokens(source).map_err(|at| (line(at), "this has no end"))?;
    let tokens: Vec<Token> = tokens.into_iter().filter(|token| !token.is_comment()).collect();
    for (index, token) in tokens.iter().enumerate() {
        let includes =
            ["include", "include_str", "include_bytes"].iter().any(|word| token.is(word));
        if includes && !is_beside(&tokens[index + 1..]) {
            return Err((line(token.start), "it includes what is not beside it"));
        }
        if token.is("#") && is_elsewhere(&tokens[index + 1..]) {
            return Err((line(token.start), "an attribute says that a module lies elsewhere"));
        }
    }
    Ok(())
}

/// Whether an inclusion goes on with the plain name of a file.
fn is_beside(tokens: &[Token]) -> bool {
    let [exclamation, bracket, name, ..] = tokens else { return false };
    let name_of = |text: &str| text.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
    let is_file = |name: String| !name.starts_with('.') && is_simple(&name);
    let is_beside = name.kind == TokenKind::Literal && name_of(name.text).is_some_and(is_file);
    exclamation.is("!") && bracket.is("(") && is_beside
}

/// Whether an attribute has a path in it, or something that a macro puts there.
fn is_elsewhere(tokens: &[Token]) -> bool {
    let inner = usize::from(tokens.first().is_some_and(|token| token.is("!")));
    if !tokens.get(inner).is_some_and(|token| token.is("[")) {
        return false;
    }
    let end = closing(tokens, inner).unwrap_or(tokens.len());
    tokens[inner..end].iter().any(|token| token.is("path") || token.is("$"))
}

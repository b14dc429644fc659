//! Makes the tree that students start from: the files of this tree, with a stub for the body of every function
//! that stands under a mark (`// LAB n: …`). The rest of this library knows nothing of labs.
//!
//! The [`scanner`] tells code from comments and strings. [`mark`] finds the marked functions, [`stub`] replaces
//! their bodies, and [`tree`] writes all files. For grading, [`handin`] puts a student's sources into a fresh
//! tree, and [`changes`] tells what is different outside of the marked functions.
//! [`oral`] makes questions from a hand-in.
//!
//! [`class`] grades all hand-ins of a class: it has workers, each with a [`mod@bench`]. A hand-in is
//! [unpacked](packed), built and judged in [`isolation`], and gets a sheet with its [`score`].

pub mod scanner;
pub mod mark;
pub mod stub;
pub mod toolchain;
pub mod tree;
pub mod changes;
pub mod handin;
pub mod oral;
pub mod users;
pub mod isolation;
pub mod packed;
pub mod score;
pub mod built;
pub mod kept;
pub mod kit;
pub mod bench;
pub mod class;

use std::fmt::Write as _;
use std::path::Path;

use handin::{Handin, Taken};
use tree::{Open, Solution};

/// Writes the students' tree of the solution in `root` into the folder `into`.
///
/// # Errors
/// A sentence: a mark is wrong, or a file cannot be read or written.
pub fn hand_out(root: &Path, into: &Path, open: Open) -> Result<(), String> {
    Solution::read(root)?.write(into, open)
}

/// Puts the sources of a hand-in into a fresh students' tree, to be graded there.
///
/// # Errors
/// A sentence, as for [`hand_out`]; or the hand-in has no sources.
pub fn grade(root: &Path, handin: &Path, into: &Path, open: Open) -> Result<Taken, String> {
    let (mut handin, solution) = (Handin::read(handin)?, Solution::read(root)?);
    handin.keep_to(&solution);
    solution.write(into, open)?;
    handin.put(&solution, into, |_| true)
}

/// Puts the files that a hand-in has for one lab into the solution, so that the lab is graded alone: mistakes in
/// other labs cost it nothing. A file that is missing from the hand-in is left open, not solved.
///
/// # Errors
/// A sentence, as for [`grade`].
pub fn graft(root: &Path, handin: &Path, lab: u32, into: &Path) -> Result<Taken, String> {
    let (mut handin, solution) = (Handin::read(handin)?, Solution::read(root)?);
    handin.keep_to(&solution);
    solution.write(into, Open::Only(lab))?;
    handin.put(&solution, into, |path| handin.is_of(&solution, path, lab))
}

/// Lists the marks of a solution by lab, one on a line: file, function, length of the body, task, stand-in.
///
/// # Errors
/// A sentence, as for [`hand_out`].
pub fn list(root: &Path) -> Result<String, String> {
    let solution = Solution::read(root)?;
    let mut all: Vec<_> = solution
        .marks()
        .flat_map(|(path, marks)| marks.iter().map(move |mark| (mark.lab, path, mark)))
        .collect();
    all.sort_by_key(|(lab, ..)| *lab);
    let mut lines = String::new();
    for (lab, path, mark) in all {
        let (function, count, task) = (&mark.function, mark.lines, &mark.task);
        let meanwhile = mark.stand_in.as_ref().map_or("loud".to_owned(), |it| format!("=> {it}"));
        // A String takes all writes.
        let _ = writeln!(lines, "{lab} {path} {function} ({count} lines): {task}; {meanwhile}");
    }
    Ok(lines)
}

//! The tree that students start from, made from this one: the same files, but the body of every function
//! under a mark (`// LAB n: …`) is a stub. The rest of this library knows nothing of labs.
//!
//! [`lexer`] finds words, [`mark`] the marked functions, [`stub`] writes what stands there instead, and
//! [`tree`] the whole of it. To grade, [`handin`] puts somebody's sources into a fresh tree.

pub mod lexer;
pub mod mark;
pub mod stub;
pub mod tree;
pub mod handin;

use std::fmt::Write as _;
use std::path::Path;

use handin::{Handin, Taken};
use tree::{Open, Solution};

/// Writes the students' tree of the solution in `root`.
///
/// # Errors
/// A sentence: what is wrong with the solution's marks, or what could not be read or written.
pub fn hand_out(root: &Path, into: &Path, open: Open) -> Result<(), String> {
    Solution::read(root)?.write(into, open)
}

/// Puts somebody's sources into a fresh tree of the students, to be graded there.
///
/// # Errors
/// The same.
pub fn grade(root: &Path, handin: &Path, into: &Path, open: Open) -> Result<Taken, String> {
    let handin = Handin::read(handin)?;
    hand_out(root, into, open)?;
    handin.put(into, |_| true)
}

/// Puts somebody's files of one lab into the solution: so it is graded alone, and what does not compile
/// elsewhere costs it nothing. What it lacks of this lab is left open, and not the solution's.
///
/// # Errors
/// The same.
pub fn graft(root: &Path, handin: &Path, lab: u32, into: &Path) -> Result<Taken, String> {
    let (handin, solution) = (Handin::read(handin)?, Solution::read(root)?);
    solution.write(into, Open::Only(lab))?;
    handin.put(into, |path| solution.is_of(path, lab))
}

/// The marks of a solution, a line each, by lab: where, what, how long the body is, and what stands in.
///
/// # Errors
/// The same.
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

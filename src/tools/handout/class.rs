//! Grades a class: every hand-in of a folder, several at a time, with one line for each whatever happens to it.
//!
//! ```text
//! INTO/scores.csv                the class as a table
//! INTO/NAME/results.json         for Gradescope
//! INTO/NAME/taken.txt            which files were taken, and what was changed outside of the marked functions
//! INTO/NAME/report.txt           what the grader says to the student
//! INTO/NAME/report.jsonl         the scores as the grader has reported them; with it a later run can be shorter
//! INTO/NAME/build.txt            what the compiler says, if it does not compile
//! ```
//!
//! The grader is built once, from the solution. So nothing of a hand-in is linked with it. It starts the programs of
//! a hand-in [apart](super::isolation), and reports through a pipe to this process.

use std::fs;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::bench::{Bench, HANDIN};
use super::isolation::Isolation;
use super::kit::Kit;
use super::mark::LABS;
use super::score::{Sheet, csv};
use super::toolchain::toolchain;
use super::tree::{Open, Solution, put};
use super::users::let_pass;
use crate::io_error::cause;

/// The name of the table.
const TABLE: &str = "scores.csv";

/// What is to be graded, and how.
#[derive(Debug)]
pub struct Class {
    /// The folder of the hand-ins.
    pub handins: PathBuf,
    /// The folder for the results.
    pub into: PathBuf,
    /// The labs that the students were given open.
    pub open: Open,
    /// The seed of all checks: the same for everybody.
    pub seed: u32,
    /// How many are graded at the same time; by default as many as there are processors. Where hand-ins share a network
    /// it is one, for a program could answer in the place of another hand-in's.
    pub workers: Option<u32>,
}

/// Grades a class with the solution in `root`. Each line for the instructor goes to `tell` as soon as it is known.
///
/// # Errors
/// A sentence: the folders cannot be used, or the grader cannot be built. A hand-in causes no error.
pub fn grade_class(root: &Path, class: &Class, tell: &(dyn Fn(&str) + Sync)) -> Result<(), String> {
    let solution = Solution::read(root)?;
    let handins = folder(&class.handins)?;
    fs::create_dir_all(&class.into)
        .map_err(|error| format!("cannot write {}: {}", class.into.display(), cause(&error)))?;
    let into = folder(&class.into)?;
    let names = names(&handins)?;
    if into.starts_with(&handins) {
        return Err("the results must not lie among the hand-ins".to_owned());
    }
    let isolation = Isolation::find();
    let workers = workers(isolation, class.workers);
    tell(&says(isolation, workers));
    if isolation == Isolation::User {
        can_work(isolation, &into)?;
        warn_of_what_is_open(isolation, [root, &handins], tell);
    }
    let (hidden, open) = ([root.to_owned(), handins.clone(), into.clone()], class.open);
    let kit = Kit { solution, open, seed: class.seed, isolation, into, hidden };
    let grader = close_old(&kit, &names).and_then(|()| kit.build_grader())?;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let grade = |worker: u32, name: &String| {
        let until = Instant::now() + HANDIN;
        let bench = Bench { kit: &kit, grader: &grader, worker, until };
        let work = AssertUnwindSafe(|| bench.grade(&handins.join(name), name));
        let sheet = panic::catch_unwind(work)
            .unwrap_or_else(|_| Sheet::without_points(name, "NOT GRADED: see stderr"));
        tell(&sheet.line(width));
        sheet
    };
    let sheets = grade_each(workers, &names, &grade);
    let _ = fs::remove_dir_all(kit.into.join(".work")); // it need not be there
    let pointed: Vec<u32> = LABS.filter(|lab| kit.solution.points(*lab) > 0).collect();
    for sheet in &sheets {
        put(&kit.into, &format!("{}/results.json", sheet.name), &sheet.gradescope())?;
    }
    put(&kit.into, TABLE, &csv(&sheets, &pointed))?;
    tell(&format!("{} hand-ins graded: {}", sheets.len(), kit.into.join(TABLE).display()));
    Ok(())
}

/// How many hand-ins are graded at the same time, if so many are asked for.
fn workers(isolation: Isolation, asked: Option<u32>) -> u32 {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let most = if isolation == Isolation::User { 1 } else { u32::try_from(cores).unwrap_or(1) };
    asked.unwrap_or(most).max(1)
}

/// What is said first: how hand-ins are kept apart, and whether they are from each other.
fn says(isolation: Isolation, workers: u32) -> String {
    let more = match (isolation, workers) {
        (Isolation::User, 1) => "; they share a network, so one runs at a time",
        (Isolation::User, _) => "; CAUTION: they share a network, and several run at a time",
        _ => "",
    };
    format!("{}{more}", isolation.says())
}

/// Says which of the folders that hand-ins must not know they can enter as another user. Where they can enter, they can
/// read files whose names they guess.
fn warn_of_what_is_open(isolation: Isolation, folders: [&Path; 2], tell: &dyn Fn(&str)) {
    let is_open = |folder: &&Path| isolation.can(&["test", "-x", &text(folder)]);
    for folder in folders.into_iter().filter(is_open) {
        tell(&format!("CAUTION: hand-ins can enter {}: chmod 700", folder.display()));
    }
}

/// Makes sure that another user can use the compiler, and come to the folders of a bench. The umask may say otherwise.
///
/// # Errors
/// A sentence: otherwise no hand-in would compile, and that would look like the fault of each.
fn can_work(isolation: Isolation, into: &Path) -> Result<(), String> {
    let rustc = toolchain()?.join("bin/rustc");
    if !isolation.can(&[&text(&rustc), "--version"]) {
        let rustc = rustc.display();
        return Err(format!("other users cannot run {rustc}: install Rust where all may read"));
    }
    let work = into.join(".work");
    fs::create_dir_all(&work)
        .map_err(|error| format!("cannot write {}: {}", work.display(), cause(&error)))?;
    let_pass(&work);
    for folder in [into, &work] {
        if !isolation.can(&["test", "-x", &text(folder)]) {
            return Err(format!("other users cannot enter {}: chmod 711", folder.display()));
        }
    }
    Ok(())
}

/// Closes what an earlier run has left: the hand-ins of this one must not read it.
fn close_old(kit: &Kit, names: &[String]) -> Result<(), String> {
    let _ = fs::remove_file(kit.into.join(TABLE)); // it need not be there
    names.iter().try_for_each(|name| kit.close_results(name))
}

/// A path as an argument.
fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The whole path of a folder.
fn folder(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path)
        .map_err(|error| format!("cannot look into {}: {}", path.display(), cause(&error)))
}

/// The names of the hand-ins in a folder, in their order. Whatever is there is one, but what is hidden, so nobody is
/// left out without a word. A name that is no text is told as it can be.
///
/// # Errors
/// A sentence: there is none, or one has the name of the table.
pub fn names(handins: &Path) -> Result<Vec<String>, String> {
    let failed = |error| format!("cannot look into {}: {}", handins.display(), cause(&error));
    let entries = fs::read_dir(handins).map_err(failed)?.flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    match names.iter().find(|name| name.eq_ignore_ascii_case(TABLE)) {
        Some(name) => Err(format!("a hand-in must not be named {name}: rename it")),
        None if names.is_empty() => Err("there are no hand-ins".to_owned()),
        None => Ok(names),
    }
}

/// Grades each of these by so many workers. What the machine was too busy for is graded once more when all are done,
/// one after the other, and by the first worker.
pub fn grade_each(
    workers: u32,
    names: &[String],
    grade: &(impl Fn(u32, &String) -> Sheet + Sync),
) -> Vec<Sheet> {
    let mut sheets = in_parallel(workers, names, grade);
    for sheet in sheets.iter_mut().filter(|sheet| sheet.open_points() > 0) {
        *sheet = grade(0, &sheet.name.clone());
    }
    sheets
}

/// Does this work for each name, by so many workers. A worker that is done takes the next name, so a hand-in that takes
/// long holds up nobody else. The results have the order of the names.
fn in_parallel(
    workers: u32,
    names: &[String],
    work: &(impl Fn(u32, &String) -> Sheet + Sync),
) -> Vec<Sheet> {
    let next = Mutex::new(0..names.len());
    let take_next = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let done = Mutex::new(vec![Sheet::default(); names.len()]);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (take_next, done) = (&take_next, &done);
            scope.spawn(move || {
                while let Some(index) = take_next() {
                    let sheet = work(worker, &names[index]);
                    done.lock().unwrap_or_else(PoisonError::into_inner)[index] = sheet;
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

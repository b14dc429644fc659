//! The program for instructors: it writes the tree that students start from, and prepares hand-ins for grading.
//!
//! ```text
//! handout ../chat-lab --from 5                       a starter tree with labs 0 to 4 solved
//! handout --grade ../anna --into ../graded/anna      a fresh tree with the sources of a hand-in
//! handout --class ../handins --into ../graded        the scores of a class
//! ```
//!
//! The solution is the tree that this program was built from, wherever the program is started. So the files
//! that it copies and the rules for copying are of one commit.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use p2p_chat::cli::{Arguments, Failure, number, program};
use p2p_chat::tools::handout::class::{Class, grade_class};
use p2p_chat::tools::handout::mark::LABS;
use p2p_chat::tools::handout::oral::oral;
use p2p_chat::tools::handout::tree::Open;
use p2p_chat::tools::handout::{grade, graft, hand_out, list};

const USAGE: &str = "\
usage: handout DIR [--from N | --only N]            write the student's tree
       handout --grade HANDIN --into DIR [--from N | --only N]
                                                    a fresh tree with a student's sources
       handout --graft HANDIN --lab N --into DIR    the solution with a student's lab N
       handout --oral HANDIN --into DIR [--lab N] [--seed N]
                                                    a question on one changed token;
                                                    the answer is DIR.answer.txt
       handout --class FOLDER --into DIR [--from N | --only N] [--seed N] [--workers N]
                                                    grade all hand-ins in a folder
       handout --list                               list what the labs leave open
  DIR        must be empty or must not exist; with --class it may have earlier results,
             and hand-ins that have not changed are not graded again
  --from N   labs before N are solved
  --only N   all labs but N are solved
  --seed N   the seed of all checks of a class (default: 1), or of a question
  --workers N  how many are graded at the same time (default: one for each processor;
               one where hand-ins share a network)";

/// One run of the program does one of these tasks. All of them read the solution first, so a wrong mark stops
/// each of them before it writes anything.
enum Task {
    /// Write a starter tree into this folder.
    HandOut(PathBuf, Open),
    /// Put all of this hand-in into a fresh tree in that folder.
    Grade(PathBuf, PathBuf, Open),
    /// Put one lab of this hand-in into the solution in that folder.
    Graft(PathBuf, u32, PathBuf),
    /// Put this hand-in into that folder with one token changed, in a function of this lab, chosen by this seed.
    Oral(PathBuf, PathBuf, Option<u32>, u64),
    /// Grade a class.
    Class(Class),
    /// Print all marks.
    List,
}

/// Does the task of the command line, and tells on stdout what was done. An error is one sentence on stderr, and
/// the exit code is 1.
fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    program("handout", USAGE, parse, |task| {
        let done = match task {
            Task::HandOut(into, open) => {
                hand_out(root, &into, open).map(|()| format!("{} is ready\n", into.display()))
            }
            Task::Grade(handin, into, open) => {
                grade(root, &handin, &into, open).map(|taken| taken.to_string())
            }
            Task::Graft(handin, lab, into) => {
                graft(root, &handin, lab, &into).map(|taken| taken.to_string())
            }
            Task::Oral(handin, into, lab, seed) => oral(root, &handin, &into, lab, seed)
                .map(|_| format!("{} asks a question\n", into.display())),
            Task::Class(class) => grade_class(root, &class, &|line| {
                let _ = writeln!(io::stdout(), "{line}"); // nobody may be reading it
            })
            .map(|()| String::new()),
            Task::List => list(root),
        };
        let told = done.map_err(|message| Failure { message, code: 1 })?;
        let _ = io::stdout().write_all(told.as_bytes()); // nobody may be reading it
        Ok(())
    })
}

/// Reads the task from the command line. Flags of different tasks must not be mixed.
///
/// Without `--from` and `--only` all labs are open. An error is a sentence, which is printed above the usage.
fn parse(line: impl Iterator<Item = String>) -> Result<Task, String> {
    let known =
        ["from", "only", "grade", "graft", "into", "lab", "oral", "seed", "class", "workers"];
    let Arguments { words, flags } = Arguments::split(line, &known, &["list"])?;
    let has = |name: &str| flags.iter().any(|(flag, _)| flag == name);
    if has("class") || has("workers") {
        return parse_class(&words, &flags);
    }
    if has("oral") || has("seed") {
        return parse_oral(&words, &flags);
    }
    let value = |name: &str| flags.iter().find(|(flag, _)| flag == name).map(|(_, value)| value);
    let path = |name: &str| value(name).map(PathBuf::from);
    let lab =
        |name: &str| value(name).map(|lab| number(&format!("--{name}"), lab, LABS)).transpose();
    let open = match (lab("from")?, lab("only")?) {
        (first, None) => Open::From(first.unwrap_or(*LABS.start())),
        (None, Some(lab)) => Open::Only(lab),
        (Some(_), Some(_)) => return Err("either --from or --only".to_owned()),
    };
    let rest = (lab("lab")?, path("into"), value("list").is_some());
    match (words.as_slice(), path("grade"), path("graft"), rest) {
        ([into], None, None, (None, None, false)) => Ok(Task::HandOut(into.into(), open)),
        ([], Some(handin), None, (None, Some(into), false)) => Ok(Task::Grade(handin, into, open)),
        ([], None, Some(handin), (Some(lab), Some(into), false)) => {
            Ok(Task::Graft(handin, lab, into))
        }
        ([], None, None, (None, None, true)) => Ok(Task::List),
        _ => Err("no task: give DIR, --grade, --graft, --oral, --class or --list".to_owned()),
    }
}

/// Reads a class's folder, where its results go, and how it is graded.
fn parse_class(words: &[String], flags: &[(String, String)]) -> Result<Task, String> {
    let (handins, into) = (PathBuf::new(), PathBuf::new());
    let open = Open::From(*LABS.start());
    let mut class = Class { handins, into, open, seed: 1, workers: None };
    for (flag, value) in flags {
        match flag.as_str() {
            "class" => class.handins = PathBuf::from(value),
            "into" => class.into = PathBuf::from(value),
            "seed" => class.seed = number("--seed", value, 0..=u32::MAX)?,
            "workers" => class.workers = Some(number("--workers", value, 1..=64)?),
            "from" => class.open = Open::From(number("--from", value, LABS)?),
            "only" => class.open = Open::Only(number("--only", value, LABS)?),
            _ => return Err(format!("--{flag} does not go with --class")),
        }
    }
    let is_twice = ["from", "only"].iter().all(|one| flags.iter().any(|(flag, _)| flag == one));
    if is_twice
        || !words.is_empty()
        || [&class.handins, &class.into].iter().any(|it| it.as_os_str().is_empty())
    {
        return Err("no class: give --class FOLDER --into DIR, and --from or --only".to_owned());
    }
    Ok(Task::Class(class))
}

/// Reads a question's hand-in, its folder, its lab and its seed. Without a seed each question is another one.
fn parse_oral(words: &[String], flags: &[(String, String)]) -> Result<Task, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut handin, mut into, mut lab) = (None, None, None);
    let mut seed = u64::from(now.subsec_nanos());
    for (flag, value) in flags {
        match flag.as_str() {
            "oral" => handin = Some(PathBuf::from(value)),
            "into" => into = Some(PathBuf::from(value)),
            "lab" => lab = Some(number("--lab", value, LABS)?),
            "seed" => seed = number("--seed", value, 0..=u64::MAX)?,
            _ => return Err(format!("--{flag} does not go with --oral")),
        }
    }
    match (words, handin, into) {
        ([], Some(handin), Some(into)) => Ok(Task::Oral(handin, into, lab, seed)),
        _ => Err("no question: give --oral HANDIN --into DIR".to_owned()),
    }
}

//! A bench: the place where one worker takes a hand-in, builds it, and lets the grader judge it.
//!
//! ```text
//! INTO/.grader/tree, target      the grader, built once and kept for the next run
//! INTO/.work/NAME/unpacked       an archive's files
//! INTO/.work/NAME/tree           a fresh tree with the sources of the hand-in
//! INTO/.work/NAME/target         its programs
//! ```
//!
//! Each hand-in has a target folder of its own. Cargo compares times, so in a shared folder a hand-in might be judged
//! by the programs of the one before it. The folder is removed when the hand-in is judged.
//!
//! The steps of one hand-in:
//!
//! 1. [Unpack](super::packed) it, and take the sources that may be taken.
//! 2. If these sources were judged before with the same seed and the same grader, read that sheet.
//! 3. Build its programs, apart. If that fails, build each of its labs in the solution instead.
//! 4. Run the grader. It starts the programs as somebody else, and reports through a pipe.
//! 5. Write what the grader has said, and keep the report for the next run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::handin::Handin;
use super::isolation::{Apart, Grant, Isolation, Outcome};
use super::mark::LABS;
use super::packed::unpack;
use super::score::{Sheet, read_check, read_report};
use super::toolchain::{of_the_system, toolchain};
use super::tree::{Open, Solution, put};
use crate::io_error::cause;

/// How long one hand-in may take to compile.
const BUILD: Duration = Duration::from_secs(600);
/// How long it may take to judge one. A program that hangs takes two minutes on a machine with nothing else to do.
const JUDGE: Duration = Duration::from_secs(1800);
/// The programs of a tree, and what the grader is told of each.
const PROGRAMS: [(&str, &str); 4] = [
    ("LAB_SERVER", "server"),
    ("LAB_CLIENT", "client"),
    ("LAB_LOAD", "load"),
    ("LAB_PARTS", "parts"),
];
/// What is passed on to the grader, if the instructor has set it.
const PASSED_ON: [&str; 2] = ["LAB_WAIVE", "LAB_SLOW"];

/// What all workers share. Nothing in it changes while a class is graded, so no worker waits for another one.
#[derive(Debug)]
pub struct Kit {
    /// The solution.
    pub solution: Solution,
    /// The labs that the students were given open.
    pub open: Open,
    /// The seed of all checks.
    pub seed: u32,
    /// How hand-ins are kept apart.
    pub isolation: Isolation,
    /// The folder for the results.
    pub into: PathBuf,
    /// The folders that a hand-in must not see.
    pub hidden: [PathBuf; 3],
}

/// The grader that judges everybody: a program of the solution alone. Its checks start the programs of a hand-in by
/// their paths, so no code of a hand-in runs in the process that counts the points.
#[derive(Debug)]
pub struct Grader {
    /// The folder in which it was built.
    folder: PathBuf,
    /// The program's path below that.
    program: String,
    /// A hash of what it was made from. It belongs to the key of each sheet, so another grader reads no old ones.
    print: u64,
}

/// The place of one worker.
#[derive(Debug)]
pub struct Bench<'a> {
    /// What all have.
    pub kit: &'a Kit,
    /// What all are judged by.
    pub grader: &'a Grader,
    /// The worker's number.
    pub worker: u32,
}

impl Kit {
    /// Builds the grader from the tree that students were given, unless an earlier run has left it.
    ///
    /// The tree has the same labs open as that of the students, so the grader knows which points are given. A grader
    /// of another solution is not used: its key tells what it was made from.
    ///
    /// # Errors
    /// A sentence, with what the compiler says.
    pub fn build_grader(&self) -> Result<Grader, String> {
        let folder = self.into.join(".grader");
        let print = hash(self.solution.files().chain([("", format!("{:?}", self.open).as_str())]));
        let key = folder.join("key");
        let is_there = fs::read_to_string(&key).is_ok_and(|text| text == print.to_string());
        if !is_there {
            let _ = fs::remove_dir_all(&folder); // it need not be there
            self.solution.write(&folder.join("tree"), self.open)?;
            let words = ["test", "--no-run", "--test", "grade"];
            let built = self.cargo(0, false, &folder, &words)?;
            if built.code != Some(0) {
                return Err(format!("the grader does not compile\n{}", built.errors));
            }
            put(&folder, "key", &print.to_string())?;
        }
        let deps = folder.join("target/debug/deps");
        let names = fs::read_dir(&deps).into_iter().flatten().flatten();
        let program = names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .find(|name| {
                let rest = name
                    .strip_prefix("grade-")
                    .map(|rest| rest.strip_suffix(env::consts::EXE_SUFFIX));
                rest.flatten().is_some_and(|rest| !rest.contains('.'))
            })
            .ok_or("the grader was built, and is not there")?;
        Ok(Grader { folder, program: format!("target/debug/deps/{program}"), print })
    }

    /// Runs cargo for the tree in a folder, apart. What it builds goes into the folder's `target`.
    ///
    /// A build runs no code of the hand-in, for the tree has no build script and no macro crate. But the compiler
    /// reads files for `include_str!`, and must find nothing there that a student should not have.
    fn cargo(
        &self,
        worker: u32,
        is_theirs: bool,
        folder: &Path,
        words: &[&str],
    ) -> Result<Outcome, String> {
        let toolchain = toolchain()?;
        let hidden: Vec<&Path> = self.hidden.iter().map(PathBuf::as_path).collect();
        let place = |number, path| self.isolation.place(number, path);
        let (rust, work) = (place(1, &toolchain), place(2, folder));
        let text = |path: PathBuf| path.display().to_string();
        let (cargo, manifest) = (text(rust.join("bin/cargo")), text(work.join("tree/Cargo.toml")));
        let path = env::var("PATH").unwrap_or_default();
        let separator = if cfg!(windows) { ';' } else { ':' };
        let mut variables: Vec<(&str, String)> = vec![
            ("PATH", format!("{}{separator}{path}", text(rust.join("bin")))),
            ("HOME", text(work.clone())),
            ("CARGO_HOME", text(work.join("cargo"))),
            ("CARGO_TARGET_DIR", text(work.join("target"))),
            ("CARGO_NET_OFFLINE", "true".to_owned()),
            ("CARGO_INCREMENTAL", "0".to_owned()),
            ("CARGO_PROFILE_DEV_DEBUG", "0".to_owned()),
        ];
        variables.extend(of_the_system());
        let command: Vec<&str> = [&cargo, words[0], "--manifest-path", &manifest]
            .into_iter()
            .chain(words[1..].iter().copied())
            .collect();
        let run = Apart {
            isolation: self.isolation,
            worker,
            shares: &[Grant::Read(&toolchain), Grant::Write(folder)],
            hidden: &hidden,
            is_theirs,
            limit: BUILD,
        };
        run.run(&command, &variables)
    }
}

impl Bench<'_> {
    /// Grades one hand-in, whatever it is. If it was graded before and has not changed, its sheet is read again.
    pub fn grade(&self, handin: &Path, name: &str) -> Sheet {
        let work = self.kit.into.join(".work").join(name);
        let _ = remove(&work); // it need not be there
        let graded = self.grade_at(handin, name, &work);
        let _ = remove(&work); // as above
        graded.unwrap_or_else(|note| Sheet::without_points(name, note))
    }

    /// The same in a folder for what is only needed meanwhile.
    fn grade_at(&self, handin: &Path, name: &str, work: &Path) -> Result<Sheet, String> {
        let kit = self.kit;
        let folder = unpack(handin, &work.join("unpacked"), kit.isolation, self.worker)?;
        let mut handin = Handin::read(&folder).map_err(|_| "it has no folder src".to_owned())?;
        handin.keep_to(&kit.solution);
        let files = handin.texts();
        let ours = format!("{} {}", kit.seed, self.grader.print);
        let key = format!("graded {:016x}", hash(files.chain([("", ours.as_str())])));
        let results = kit.into.join(name);
        if let Some(sheet) = read_sheet(&results, name, &key) {
            return Ok(sheet);
        }
        let _ = fs::remove_dir_all(&results); // it need not be there
        kit.solution.write(&work.join("tree"), kit.open)?;
        let taken = handin.put(&kit.solution, &work.join("tree"), |_| true)?;
        put(&results, "taken.txt", &taken.to_string())?;
        if taken.files.is_empty() {
            return Ok(Sheet::without_points(name, "nothing in it could be taken"));
        }
        let built = kit.cargo(self.worker, true, work, &["build", "--bins"])?;
        let note = if built.is_late { "compiling takes too long" } else { "does not compile" };
        let (report, note) = if built.code == Some(0) {
            let (judged, said) = self.judge(work, &[])?;
            put(&results, "report.txt", &said)?;
            (judged, "")
        } else {
            put(&results, "build.txt", &built.errors)?;
            let of_labs =
                if built.is_late { String::new() } else { self.judge_labs(&handin, work)? };
            (of_labs, note)
        };
        put(&results, "report.jsonl", &format!("{key}\n{note}\n{report}"))?;
        let sheet = read_sheet(&results, name, &key).ok_or("the report cannot be read")?;
        if sheet.open_points() > 0 {
            // The next run tries again.
            put(&results, "report.jsonl", &format!("no verdict\n{note}\n{report}"))?;
        }
        Ok(sheet)
    }

    /// Judges the programs that are built in a folder. Gives the grader's report, and what it says.
    ///
    /// The tree is removed before: a lab of a hand-in that does not compile is built in the solution, and a program
    /// could print that into its story. The report comes through the grader's stderr. The programs have pipes of their
    /// own, and cannot open that one.
    ///
    /// # Errors
    /// A sentence: the grader did not come to its end.
    fn judge(&self, work: &Path, filter: &[&str]) -> Result<(String, String), String> {
        remove(&work.join("tree"))?;
        let (kit, grader) = (self.kit, self.grader);
        let place = |number, path| kit.isolation.place(number, path);
        let programs = place(2, work).join("target/debug");
        let file = kit.into.join(format!(".report-{}", self.worker));
        let report = if cfg!(unix) { "/dev/stderr".to_owned() } else { file.display().to_string() };
        let mut variables = vec![
            ("LAB_SEED", kit.seed.to_string()),
            ("LAB_APART", kit.isolation.told(self.worker)),
            ("LAB_REPORT", report),
        ];
        for (variable, program) in PROGRAMS {
            let program = programs.join(program).with_extension(env::consts::EXE_EXTENSION);
            variables.push((variable, program.display().to_string()));
        }
        let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, env::var(name).ok()?)));
        variables.extend(passed_on);
        let program = place(1, &grader.folder).join(&grader.program).display().to_string();
        let command: Vec<&str> =
            [program.as_str()].into_iter().chain(filter.iter().copied()).collect();
        let hidden: Vec<&Path> = kit.hidden.iter().map(PathBuf::as_path).collect();
        let run = Apart {
            isolation: kit.isolation,
            worker: self.worker,
            shares: &[Grant::Read(&grader.folder), Grant::Read(work)],
            hidden: &hidden,
            is_theirs: false,
            limit: JUDGE,
        };
        let outcome = run.run(&command, &variables)?;
        if outcome.is_late {
            return Err("the grader did not come to an end in time".to_owned());
        }
        let written =
            if cfg!(unix) { outcome.errors } else { fs::read_to_string(file).unwrap_or_default() };
        read_report(&written, outcome.code)?;
        let lines = written.lines().filter(|line| line.starts_with("{\"check\""));
        Ok((lines.fold(String::new(), |all, line| all + line + "\n"), outcome.output))
    }

    /// Judges the labs of a hand-in that does not compile as a whole, each in the solution. A lab that does not
    /// compile there has no lines in the report.
    fn judge_labs(&self, handin: &Handin, work: &Path) -> Result<String, String> {
        let (tree, solution) = (work.join("tree"), &self.kit.solution);
        let mut report = String::new();
        for lab in LABS.filter(|lab| solution.points(*lab) > 0) {
            let is_of = |path: &str| handin.is_of(solution, path, lab);
            if !handin.texts().any(|(path, _)| is_of(path)) {
                continue;
            }
            let _ = remove(&tree); // it need not be there
            solution.write(&tree, Open::Only(lab))?;
            handin.put(solution, &tree, is_of)?;
            let built = self.kit.cargo(self.worker, true, work, &["build", "--bins"])?;
            if built.code == Some(0) {
                // A lab that stops the grader costs only itself.
                report +=
                    &self.judge(work, &[&format!("lab{lab}")]).map_or(String::new(), |it| it.0);
            }
        }
        Ok(report)
    }
}

/// Removes a folder and all that is in it.
fn remove(folder: &Path) -> Result<(), String> {
    fs::remove_dir_all(folder)
        .map_err(|error| format!("cannot remove {}: {}", folder.display(), cause(&error)))
}

/// Reads the sheet of a hand-in that was graded before under this key. `None` if there is none, or its key is another:
/// the hand-in, the seed or the grader has changed.
fn read_sheet(results: &Path, name: &str, key: &str) -> Option<Sheet> {
    let text = fs::read_to_string(results.join("report.jsonl")).ok()?;
    let (head, rest) = text.split_once('\n')?;
    let (note, report) = rest.split_once('\n')?;
    let checks = report.lines().filter_map(read_check).collect();
    let story = fs::read_to_string(results.join("report.txt")).unwrap_or_default();
    (head == key).then(|| Sheet { name: name.to_owned(), checks, note: note.to_owned(), story })
}

/// A hash (FNV-1a) of names and texts. It stays the same with every version of the compiler, unlike that of std.
fn hash<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let bytes =
        texts.flat_map(|(name, text)| name.bytes().chain([0]).chain(text.bytes()).chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

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
use std::time::{Duration, Instant};

use super::built::{Built, no_verdict};
use super::handin::Handin;
use super::isolation::{Apart, Grant, Isolation, Outcome};
use super::kept::{hash, read_sheet};
use super::kit::{BUILD, Grader, Kit};
use super::mark::LABS;
use super::packed::unpack;
use super::score::{Sheet, read_check, read_report};
use super::tree::{Open, put};
use super::users::{close, end_all};
use crate::io_error::cause;

/// How long one hand-in may take in all, also if each of its labs is built and judged alone.
pub const HANDIN: Duration = Duration::from_secs(2700);
/// How long the grader may take. A program that hangs takes two minutes on a machine with nothing else to do.
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

/// The place of one worker.
#[derive(Debug)]
pub struct Bench<'a> {
    /// What all have.
    pub kit: &'a Kit,
    /// What all are judged by.
    pub grader: &'a Grader,
    /// The worker's number.
    pub worker: u32,
    /// When the hand-in has used up its time.
    pub until: Instant,
}

impl Bench<'_> {
    /// Grades one hand-in, whatever it is. If it was graded before and has not changed, its sheet is read again.
    pub fn grade(&self, handin: &Path, name: &str) -> Sheet {
        let work = self.kit.into.join(".work").join(name);
        let graded = self.grade_at(handin, name, &work);
        let _ = remove(&work); // the next one to use it finds out
        graded.unwrap_or_else(|note| {
            // The machine has failed, so the hand-in is graded once more.
            let checks = read_check(&no_verdict(&self.kit.solution, None, &note));
            let checks = checks.into_iter().collect();
            Sheet { checks, ..Sheet::without_points(name, note) }
        })
    }

    /// The same in a folder for what is only needed meanwhile.
    ///
    /// # Errors
    /// A sentence: the machine cannot grade it.
    fn grade_at(&self, handin: &Path, name: &str, work: &Path) -> Result<Sheet, String> {
        let kit = self.kit;
        self.clear(work)?;
        let unpacked = unpack(handin, &work.join("unpacked"), kit.isolation, self.worker);
        let no_src = |_| "it has no folder src".to_owned();
        let read = unpacked.and_then(|folder| Handin::read(&folder).map_err(no_src));
        let mut handin = match read {
            Ok(handin) => handin,
            Err(note) => return Ok(Sheet::without_points(name, note)),
        };
        handin.keep_to(&kit.solution);
        let files = handin.texts();
        let ours = format!("{} {}", kit.seed, self.grader.print);
        let key = format!("graded {:016x}", hash(files.chain([("", ours.as_str())])));
        let results = kit.into.join(name);
        if let Some(sheet) = read_sheet(&results, name, &key) {
            return Ok(sheet);
        }
        let _ = fs::remove_dir_all(&results); // it need not be there
        kit.close_results(name)?;
        kit.solution.write(&work.join("tree"), kit.open)?;
        let taken = handin.put(&kit.solution, &work.join("tree"), |_| true)?;
        put(&results, "taken.txt", &taken.to_string())?;
        if taken.files.is_empty() {
            return Ok(Sheet::without_points(name, "nothing in it could be taken"));
        }
        let (report, note) = self.build_and_judge(&handin, work, &results)?;
        put(&results, "report.jsonl", &format!("{key}\n{note}\n{report}"))?;
        let sheet = read_sheet(&results, name, &key).ok_or("the report cannot be read")?;
        if sheet.open_points() > 0 {
            // The next run tries again.
            put(&results, "report.jsonl", &format!("no verdict\n{note}\n{report}"))?;
        }
        Ok(sheet)
    }

    /// Builds the tree of a hand-in, and judges it. Gives the report, and a note.
    fn build_and_judge(
        &self,
        handin: &Handin,
        work: &Path,
        results: &Path,
    ) -> Result<(String, &'static str), String> {
        let built = self.build(work)?;
        if built.code != Some(0) {
            put(results, "build.txt", &built.errors)?;
        }
        match Built::of(&built) {
            Built::Well => {
                let (report, said) = self.judge(work, &[])?;
                put(results, "report.txt", &said)?;
                Ok((report, ""))
            }
            Built::Not => Ok((self.judge_labs(handin, work)?, "does not compile")),
            Built::Unknown(why) => Ok((no_verdict(&self.kit.solution, None, why), why)),
        }
    }

    /// Makes the folder of a hand-in anew. Nothing that another hand-in or lab has left is in it or still runs, and no
    /// other hand-in can look into it.
    fn clear(&self, work: &Path) -> Result<(), String> {
        let (isolation, worker) = (self.kit.isolation, self.worker);
        let user = isolation.user(worker);
        if let (Isolation::User, Some(user)) = (isolation, user) {
            end_all(user)?;
        }
        if work.exists() {
            remove(work)?;
        }
        close(work, user)
            .map_err(|error| format!("cannot write {}: {}", work.display(), cause(&error)))
    }

    /// Builds the programs of the tree in a folder.
    fn build(&self, work: &Path) -> Result<Outcome, String> {
        self.kit.cargo(Some(self.worker), self.left(BUILD), work, &["build", "--bins"])
    }

    /// What is left of the hand-in's time, and no more than this.
    fn left(&self, most: Duration) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(most)
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
            limit: self.left(JUDGE),
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
            // What ran before could have left a setting of the compiler, to be built with the solution.
            self.clear(work)?;
            solution.write(&tree, Open::Only(lab))?;
            handin.put(solution, &tree, is_of)?;
            report += &match Built::of(&self.build(work)?) {
                Built::Well => match self.judge(work, &[&format!("lab{lab}")]) {
                    Ok((judged, _)) => judged,
                    // A lab that stops the grader costs only itself.
                    Err(why) => no_verdict(solution, Some(lab), &why),
                },
                Built::Not => String::new(),
                Built::Unknown(why) => no_verdict(solution, Some(lab), why),
            };
        }
        Ok(report)
    }
}

/// Removes a folder and all that is in it.
fn remove(folder: &Path) -> Result<(), String> {
    fs::remove_dir_all(folder)
        .map_err(|error| format!("cannot remove {}: {}", folder.display(), cause(&error)))
}

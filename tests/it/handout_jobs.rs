//! The jobs that LAB.md shows to instructors: what is in them is run, in a fresh copy of this tree. The services that
//! would run them are not here: a script stands for `gh`, and the commands of an image run without one.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::support::Folder;

const TREE: &str = env!("CARGO_MANIFEST_DIR");
/// Prints the commands of the job in a file of YAML, with a NUL between two.
const COMMANDS: &str = "
import sys, yaml
job = yaml.safe_load(sys.stdin)
job = job.get('jobs', job)['points']
steps = job.get('script') or [step['run'] for step in job['steps'] if 'run' in step]
print('\\0'.join(steps), end='')
";
/// What stands for `gh`: it clones the only student.
const GH: &str = "#!/bin/sh
case \"$*\" in
    'extension install github/gh-classroom') ;;
    'classroom clone student-repos -a 12345') mkdir lab-submissions && cp -r \"$STUDENT\" lab-submissions/me ;;
    *) echo \"gh $*\" >&2; exit 1 ;;
esac
";
/// What stands for `sudo`: whoever runs the tests. It takes no variable with it.
const SUDO: &str = "#!/bin/sh\nunset LAB_WAIVE\nexec \"$@\"\n";
/// A report in which somebody has all points.
const FORGED: &str =
    r#"{"check":"lab1::x","lab":1,"points":100,"of":100,"verdict":"ok","why":"","ms":1}"#;

/// The blocks of LAB.md in this language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(TREE).join("LAB.md")).unwrap();
    let opening = format!("\n```{language}\n");
    let blocks = page.split(&opening).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// The commands of a job; `None` if Python 3 or its `yaml` is not there.
fn commands(job: &str) -> Option<Vec<String>> {
    let mut python = Command::new("python3");
    python.args(["-c", COMMANDS]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.stderr(Stdio::piped()).spawn().ok()?;
    python.stdin.take().unwrap().write_all(job.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("No module named 'yaml'") {
        return None;
    }
    assert!(output.status.success(), "{job}\n{errors}");
    Some(String::from_utf8(output.stdout).unwrap().split('\0').map(str::to_owned).collect())
}

/// Where the jobs run.
struct Site {
    folder: Folder,
}

impl Site {
    /// A copy of this tree in `solution`, and one student's repository in `student`, who has solved two labs.
    fn new() -> Self {
        let site = Self { folder: Folder::fresh() };
        let place = |name: &str| site.folder.file(name);
        for name in ["solution", "programs", "handins"] {
            fs::create_dir(place(name)).unwrap();
        }
        let copy = "for it in Cargo.toml Cargo.lock LAB.md README.md rustfmt.toml .gitignore src tests; do \
                    cp -r \"$0/$it\" solution; done";
        let copied = Command::new("sh").args(["-c", copy, TREE]).current_dir(place("")).status();
        assert!(copied.unwrap().success());
        for (name, script) in [("gh", GH), ("sudo", SUDO)] {
            fs::write(place("programs").join(name), script).unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(place("programs").join(name), mode).unwrap();
        }
        let solution = Solution::read(Path::new(TREE)).unwrap();
        solution.write(&place("student"), Open::From(2)).unwrap();
        site
    }

    /// A command of a job in which the folders of an image are those of this place.
    fn here(&self, command: &str) -> String {
        ["/solution", "/handins", "/graded"].iter().fold(format!(" {command}"), |text, name| {
            let place = self.folder.file(&name[1..]);
            text.replace(&format!(" {name}"), &format!(" {}", place.display()))
        })
    }

    /// Runs a command in a folder, as careless as a service: all may write what it writes, and the student has set a
    /// variable. Gives its exit code, and what it says.
    fn runs(&self, there: &str, command: &str) -> (Option<i32>, String) {
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &format!("exec 2>&1; umask 0\n{}", self.here(command))]);
        shell.current_dir(self.folder.file(there));
        shell.env("PATH", format!("{}:{path}", self.folder.file("programs").display()));
        shell.env("STUDENT", self.folder.file("student"));
        shell.env_remove("CARGO_TARGET_DIR").env_remove("RUSTUP_TOOLCHAIN");
        shell.env("LAB_WAIVE", "lab2::a_registration_is_acknowledged");
        let output = shell.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs the commands of a job in a folder, all of which must go well. Gives the table of points.
    fn scores(&self, there: &str, commands: &[String]) -> String {
        for command in commands {
            let (code, said) = self.runs(there, command);
            assert_eq!(code, Some(0), "{command}\n{said}");
        }
        fs::read_to_string(self.folder.file(there).join("graded/scores.csv")).unwrap()
    }

    /// The student adds results of a run that never was, under the key of one that was, and a compiler of their own. A
    /// container that is started then has neither hand-ins nor results.
    fn is_forged(&self) {
        let report = self.folder.text("solution/graded/me/report.jsonl");
        let key = report.lines().next().unwrap();
        let student = self.folder.file("student");
        for name in ["graded/me", "class/you/src", ".cargo"] {
            fs::create_dir_all(student.join(name)).unwrap();
        }
        fs::write(student.join("graded/me/report.jsonl"), format!("{key}\n\n{FORGED}")).unwrap();
        fs::write(student.join(".cargo/config.toml"), "build.rustc = \"/dev/null\"\n").unwrap();
        fs::write(student.join("rust-toolchain"), "[toolchain]\npath = \"/dev\"\n").unwrap();
        for name in ["handins", "graded"] {
            fs::remove_dir_all(self.folder.file(name)).unwrap();
        }
    }
}

#[test]
fn the_jobs_for_instructors_are_yaml() {
    let jobs = blocks("yaml");
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        match commands(&job) {
            Some(commands) => assert!(commands.len() >= 3, "{commands:?}"),
            None => io::stderr().write_all(b"LEFT OUT: there is no Python 3 with yaml\n").unwrap(),
        }
    }
}

#[test]
#[ignore = "builds this tree, and grades two hand-ins; needs Python 3 with yaml"]
fn the_jobs_for_instructors_give_the_points() {
    let jobs: Option<Vec<_>> = blocks("yaml").iter().map(|job| commands(job)).collect();
    let Some([github, gitlab]) = jobs.as_deref() else {
        io::stderr().write_all(b"LEFT OUT: there is no Python 3 with yaml\n").unwrap();
        return;
    };
    let site = Site::new();
    let [image] = &blocks("dockerfile")[..] else { panic!("not one image") };
    let run = image.lines().find_map(|line| line.strip_prefix("RUN ")).unwrap();
    assert_eq!(site.runs("", run).0, Some(0), "{run}");
    let program = image.lines().find_map(|line| line.strip_prefix("ENTRYPOINT [\"")).unwrap();
    let program = site.here(program.trim_end_matches("\"]"));
    assert!(PathBuf::from(program.trim()).exists(), "{program}");
    // The container's arguments are known: only the hand-ins are missing here.
    let line = blocks("sh").into_iter().find(|block| block.starts_with("docker build")).unwrap();
    let arguments = line.split("\n    chat-grader ").nth(1).unwrap();
    let (code, said) = site.runs("", &format!("{program} {arguments}"));
    assert!(code == Some(1) && said.contains("there are no hand-ins"), "{said}");

    let solution = Solution::read(Path::new(TREE)).unwrap();
    let points = (0..2).map(|lab| solution.points(lab)).sum::<u32>();
    let row = format!("\nme,{points},0,");
    let table = site.scores("solution", github);
    assert!(table.contains(&row), "{table}");
    site.is_forged();
    // It runs all its commands in one shell.
    let table = site.scores("student", &[gitlab.join("\n ")]);
    assert!(table.contains(&row) && table.lines().count() == 2, "{table}");
    let mode = fs::metadata(site.folder.file("graded/me")).unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "a program of the hand-in may write here: {mode:o}");
}

//! The grader itself: what it prints and takes, that the solution has all points, and that a second server,
//! written in another language from the protocol alone, has those of its labs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{hint, thread};

use crate::support::{Folder, Program};

const TREE: &str = env!("CARGO_MANIFEST_DIR");
/// A check that takes no time.
pub const QUICK: &str = "lab1::a_header_is_found_by_its_name";

/// This tree's grader, built if it is not yet.
pub fn grader() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(TREE).args(["test", "--quiet", "--test", "grade", "--no-run"]);
    let built = cargo.arg("--message-format=json").output().unwrap();
    let told = String::from_utf8_lossy(&built.stdout);
    let programs =
        told.split("\"executable\":\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut programs = programs.map(|path| PathBuf::from(path.replace("\\\\", "\\")));
    let is_grader =
        |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("grade-");
    programs.find(is_grader).expect("the grader is built")
}

/// Runs it with these arguments and variables, and none of the person who tests.
pub fn grades(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(grader());
    command.current_dir(TREE).args(arguments);
    for (variable, _) in env::vars().filter(|(name, _)| name.starts_with("LAB_")) {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied());
    let Output { status, stdout, .. } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap())
}

/// Does something while more threads than there are cores do nothing but keep them busy. They end with it, and after
/// ten minutes at the latest.
pub fn beside_busy_neighbours<T>(work: impl FnOnce() -> T) -> T {
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed); // also when the work has panicked
        }
    }
    let (over, begun) = (AtomicBool::new(false), Instant::now());
    let spin = || {
        while !over.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(600) {
            (0..10_000).for_each(|_| hint::spin_loop());
        }
    };
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        (0..=cores).for_each(|_| drop(scope.spawn(spin)));
        let _ends = Ends(&over);
        work()
    })
}

/// A program stands for cargo, and tells how it is called.
#[cfg(unix)]
#[test]
fn it_runs_again_when_a_file_has_changed() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::fresh();
    fs::create_dir_all(folder.file("src/deep")).unwrap();
    let (cargo, source) = (folder.file("cargo"), folder.file("src/deep/mine.rs"));
    fs::write(&cargo, "#!/bin/sh\necho called with $*\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&source, "one").unwrap();
    let (there, cargo, grader) = (folder.file(""), cargo.display(), grader());
    let line =
        format!("cd {} && CARGO={cargo} exec {} lab3 --watch", there.display(), grader.display());
    let watching = Program::start("the grader", "sh", &["-c", &line], &folder);
    watching.sees_line("called with test --test grade -- lab3");
    watching.sees_line("watching src: the next change runs this again (Ctrl-C ends it)");
    fs::write(&source, "another").unwrap();
    watching.sees_line("called with test --test grade -- lab3");
    fs::write(folder.file("src/new.rs"), "").unwrap();
    watching.sees_line("called with test --test grade -- lab3");
    watching.sees_line("watching src: the next change runs this again (Ctrl-C ends it)");
}

/// In a class the grader counts the points, so nothing of a hand-in may be part of it.
#[test]
fn it_links_nothing_of_what_it_grades() {
    fn look(place: &Path) -> u32 {
        if place.is_dir() {
            return fs::read_dir(place).unwrap().map(|entry| look(&entry.unwrap().path())).sum();
        }
        let text = fs::read_to_string(place).unwrap();
        assert!(!text.contains("p2p_chat"), "{} uses the library", place.display());
        1
    }
    assert!(look(&Path::new(TREE).join("tests/grade")) > 50);
}

#[test]
fn it_takes_the_arguments_of_libtest() {
    let (code, all) = grades(&["--list", "--format", "terse"], &[]);
    assert_eq!(code, 0);
    assert!(all.lines().all(|line| line.starts_with("lab") && line.ends_with(": test")), "{all}");
    assert!(all.lines().count() >= 45, "{all}");
    assert_eq!(grades(&["--list", "--ignored"], &[]), (0, String::new()));
    let (_, one) = grades(&["--list", "--exact", QUICK, "--nocapture", "--test-threads=1"], &[]);
    assert_eq!(one, format!("{QUICK}: test\n"));
    let (_, some) = grades(&["--list", "lab1", "--skip", "lab1::a_"], &[]);
    assert!(some.lines().count() > 1 && !some.contains("lab1::a_"), "{some}");
    let (code, told) = grades(&["no-such-check"], &[]);
    assert!(code == 101 && told.contains("no-such-check"), "{told}");
    let (code, told) = grades(&["--no-such-option"], &[]);
    assert!(code == 101 && told.contains("--no-such-option"), "{told}");
}

#[test]
fn the_name_of_a_lab_is_that_lab_alone() {
    for lab in ["lab1", "lab10", "lab11"] {
        let (code, listed) = grades(&["--list", lab], &[]);
        assert_eq!(code, 0, "{lab}");
        assert!(!listed.is_empty(), "{lab}");
        let own = format!("{lab}::");
        assert!(listed.lines().all(|line| line.starts_with(&own)), "{lab}:\n{listed}");
        let (_, rest) = grades(&["--list", "--skip", lab], &[]);
        assert!(!rest.lines().any(|line| line.starts_with(&own)), "without {lab}:\n{rest}");
        let others = rest.lines().filter(|line| line.starts_with("lab1")).count();
        assert!(others > 0, "nothing of the other one is left without {lab}:\n{rest}");
    }
}

#[test]
fn it_helps_in_three_steps() {
    for step in 1..=3 {
        let (code, told) = grades(&["--hint", QUICK, &step.to_string()], &[]);
        assert_eq!((code, told.matches(" of 3: ").count()), (0, step), "{told}");
    }
    assert_eq!(grades(&["--hint", "lab1::nothing"], &[]).0, 101);
    let whole = grades(&["--hint", QUICK, "2"], &[]);
    for part in ["a_header_is_found_by_its_name", "found_by_its", "lab1::a_header"] {
        assert_eq!(grades(&["--hint", part, "2"], &[]), (0, format!("{QUICK}\n{}", whole.1)));
    }
    let (code, told) = grades(&["--hint", "lab1::a_"], &[]);
    assert!(code == 101 && told.contains(&format!("\n  {QUICK}\n")), "{told}");
}

#[test]
fn it_reports_to_instructors() {
    let folder = Folder::fresh();
    let report = folder.file("report.jsonl");
    let other = "lab1::a_bad_block_is_refused_and_the_next_one_is_read";
    let variables =
        [("LAB_REPORT", report.to_str().unwrap()), ("LAB_WAIVE", other), ("LAB_SEED", "7")];
    let (code, told) = grades(&["--exact", QUICK, other], &variables);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(&format!("waived      {other}\n")), "{told}");
    assert!(told.ends_with("\n2 passed, 0 failed\n"), "{told}");
    assert!(told.lines().any(|line| line.starts_with("TOTAL") && line.contains(" 2/2")), "{told}");
    let report = folder.text("report.jsonl");
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines.len(), 3, "{report}");
    assert!(lines[0].contains(&format!(r#""check":"{QUICK}","lab":1,"points":1,"of":1"#)));
    assert!(lines[1].contains(r#""verdict":"waived""#));
    assert!(lines[2].starts_with(r#"{"total":2,"of":2,"given":0,"#) && lines[2].contains(":7,"));
    assert_eq!(grades(&[QUICK], &[("LAB_WAIVE", "lab1::nothing")]).0, 101);
}

#[test]
fn it_tells_the_story_of_a_failure() {
    let nothing = Path::new(TREE).join("Cargo.toml");
    let (code, told) = grades(&[QUICK], &[("LAB_SERVER", nothing.to_str().unwrap())]);
    assert_eq!(code, 101);
    for part in
        ["FAIL        lab1::", "  1. the server starts", "rule:    PROTOCOL.md", "page:    LAB.md"]
    {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    assert!(told.ends_with("\n0 passed, 1 failed\n"), "{told}");
}

/// The chart of a story has each of its lines, and lies beside the script.
#[cfg(unix)]
fn is_drawn(told: &str) {
    let file = told.lines().find_map(|line| line.strip_prefix("chart:   ")).unwrap();
    let svg = std::fs::read_to_string(Path::new(TREE).join(file)).unwrap();
    assert!(Path::new(TREE).join(file).with_file_name("by-hand.sh").exists(), "{file}");
    let story: Vec<&str> = told.lines().filter(|line| line.starts_with("       ")).collect();
    let arrows = story.iter().filter(|line| line.contains(" -> ") || line.contains(" <- ")).count();
    assert!(arrows >= 6, "{told}");
    assert_eq!(svg.matches("<line class=\"sent\"").count(), arrows, "{svg}");
    assert_eq!(svg.matches("<path class=\"tip\"").count(), arrows, "{svg}");
    for part in
        [">your program<", ">here it fails:<", "Code: server-full", "REGACK\\r\\n", "<title>"]
    {
        assert!(svg.contains(part), "no {part} in\n{svg}");
    }
    let (opened, closed) = (svg.matches("<text").count(), svg.matches("</text>").count());
    assert!(opened == closed && svg.ends_with("</svg>\n"), "{svg}");
}

/// A server that takes two clients only, and a check that comes with three.
#[test]
#[cfg(unix)]
fn it_lets_a_failure_be_played_once_more() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::fresh();
    let (wrong, right) = (folder.file("wrong"), env!("CARGO_BIN_EXE_server"));
    fs::write(&wrong, format!("#!/bin/sh\nexec '{right}' \"$@\" --max-clients 2\n")).unwrap();
    fs::set_permissions(&wrong, Permissions::from_mode(0o755)).unwrap();
    let check = "lab2::a_registration_is_acknowledged";
    let variables = [("LAB_SERVER", wrong.to_str().unwrap()), ("LAB_CHART", "1")];
    let (code, told) = grades(&[check], &variables);
    assert_eq!(code, 101, "{told}");
    is_drawn(&told);
    let command = told.lines().find_map(|line| line.strip_prefix("by hand: ")).unwrap();
    let played = Command::new("sh").arg("-c").arg(command).current_dir(TREE).output().unwrap();
    let played = String::from_utf8(played.stdout).unwrap();
    let ends = |end: &str| played.lines().filter(|line| line.ends_with(end)).count();
    assert_eq!((ends(": REGACK"), ends(": Code: server-full")), (2, 1), "{played}");
    assert!(played.lines().any(|line| line.starts_with("server: Server listening")), "{played}");
}

/// `SEEDS=20` grades it so often, each time with another seed.
#[test]
#[ignore = "two minutes a seed"]
fn the_solution_has_all_points_beside_busy_neighbours() {
    let runs: u32 = env::var("SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    for run in 1..=runs {
        let begun = Instant::now();
        let (code, told) = beside_busy_neighbours(|| grades(&[], &[]));
        println!("run {run}: {:.1} s", begun.elapsed().as_secs_f64());
        let total = told.lines().find(|line| line.starts_with("TOTAL")).unwrap_or_default();
        assert!(code == 0 && total.contains(" 100/100"), "{told}");
    }
}

#[test]
#[ignore = "needs Python 3"]
fn a_second_server_has_the_points_of_its_labs() {
    let server = Path::new(TREE).join("tests/it/second/server.py");
    let variables = [("LAB_SERVER", server.to_str().unwrap())];
    let (code, told) = grades(&["lab1", "lab2", "lab3", "lab4"], &variables);
    assert!(
        told.lines().any(|line| line.starts_with("TOTAL") && line.contains(" 42/42")),
        "{told}"
    );
    assert_eq!(code, 0, "{told}");
}

//! Trees and their points: what students are given is worth what it should be, and no more.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use p2p_chat::tools::handout::hand_out;
use p2p_chat::tools::handout::mark::LABS;
use p2p_chat::tools::handout::stub::leave_open;
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::grader::beside_busy_neighbours;
use crate::support::Folder;
use crate::support::workshop::{Bench, PATIENTLY, Score, Workshop, Wrong, at_benches};

/// The points of labs 0 to 12.
pub const POINTS: [u32; 13] = [4, 10, 12, 8, 12, 10, 10, 6, 6, 4, 8, 5, 5];

#[test]
fn the_points_of_the_labs_add_up_to_100() {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let points: Vec<u32> = LABS.map(|lab| solution.points(lab)).collect();
    assert_eq!(points, POINTS);
    assert_eq!(POINTS.iter().sum::<u32>(), 100);
}

/// The plan for a semester says when which points are due.
#[test]
fn the_plan_for_fourteen_weeks_has_all_points() {
    let page = include_str!("../../src/tools/handout/pages/TEACHING.md");
    let plan = page.split("\n## Fourteen weeks\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let points = plan.lines().filter_map(|row| row.split('|').nth(4)?.trim().parse::<u32>().ok());
    assert_eq!(points.sum::<u32>(), 100);
}

/// No check is worth nothing.
#[test]
fn every_check_has_points() {
    for lab in LABS {
        let table =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/grade/lab{lab}/mod.rs"));
        assert!(!fs::read_to_string(table).unwrap_or_default().contains("points: 0"), "lab {lab}");
    }
}

/// The programs of a student's tree, which compiles without a word.
fn compiled(bench: &Bench, open: Open) -> Wrong {
    let tree = Folder::fresh();
    hand_out(Path::new(env!("CARGO_MANIFEST_DIR")), tree.path(), open).unwrap();
    let (built, said) = Wrong::build_tree(bench, tree.path()).unwrap();
    assert_eq!(said, "", "{open:?}");
    built
}

/// Each of these labs has all of its points, or all but what this machine cannot check.
#[track_caller]
fn has_all(score: &Score, labs: impl Iterator<Item = u32>) {
    for lab in labs {
        let (points, all) = score.labs[&lab];
        assert_eq!(points, all, "lab {lab}: {:?}", score.red);
    }
}

/// As students grade it: by Cargo, in the tree.
#[test]
#[ignore = "compiles"]
fn the_starter_compiles_without_a_warning_and_has_no_points() {
    let bench = Bench::take();
    let workshop = Workshop::at(&bench);
    hand_out(Path::new(env!("CARGO_MANIFEST_DIR")), &workshop.clear(), Open::From(0)).unwrap();
    let compiled = workshop.cargo(&["test", "--no-run", "--quiet"]);
    assert_eq!(String::from_utf8_lossy(&compiled.stderr), "");
    let begun = Instant::now();
    let score = workshop.grade("");
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    assert_eq!((score.points(), score.green), (0, 0), "{}", score.said);
    assert!(score.red.len() > 50, "{}", score.said);
    assert!(score.said.contains("TOTAL                         0/100"), "{}", score.said);
}

#[test]
#[ignore = "compiles"]
fn stubs_look_like_what_a_person_writes() {
    let bench = Bench::take();
    let workshop = Workshop::at(&bench);
    hand_out(Path::new(env!("CARGO_MANIFEST_DIR")), &workshop.clear(), Open::From(0)).unwrap();
    let output = workshop.cargo(&["fmt", "--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// What is open in `--from 7` is open in `--from 6`, too. So of the labs that are given, the last one is graded in each
/// tree: where the most is open that may be in its way. All of them are graded in the last tree.
#[test]
#[ignore = "compiles"]
fn from_a_lab_on_there_are_exactly_the_points_before_it() {
    let last = *LABS.end();
    let labs: Vec<u32> = (1..=last).rev().collect();
    at_benches(&labs, |bench, &lab| {
        let built = compiled(bench, Open::From(lab));
        let words = |labs: Range<u32>| labs.map(|lab| format!("lab{lab}::")).collect::<Vec<_>>();
        let given = if lab == last { 0..lab } else { lab - 1..lab };
        let before = built.judge(&words(given.clone()), &[PATIENTLY]);
        let before = Score::read(before.1);
        has_all(&before, given);
        assert!(before.red.iter().all(|(word, _)| word == "not checked"), "{}", before.said);
        let after = Score::read(built.grade(&words(lab..last + 1), None).1);
        assert!(after.points() == 0 && !after.red.is_empty(), "{}", after.said);
    });
}

#[test]
#[ignore = "compiles"]
fn one_lab_left_open_has_none_of_its_points() {
    let labs: Vec<u32> = LABS.collect();
    at_benches(&labs, |bench, &lab| {
        let built = compiled(bench, Open::Only(lab));
        let score = Score::read(built.grade(&[&format!("lab{lab}::")], None).1);
        assert_eq!((score.of(lab), score.green), (0, 0), "{}", score.said);
        assert!(!score.red.is_empty(), "{}", score.said);
    });
}

/// Half of lab 2 is done: people can register and join, and whoever leaves stays in the list.
///
/// It is graded some times side by side, for the grader mostly waits: beside what other tests build and grade, and
/// beside neighbours who do nothing but keep the processors busy, too. Nobody waits for that, and no test has a limit
/// that a busy machine would break.
#[test]
#[ignore = "compiles"]
fn half_a_lab_has_the_same_points_each_time() {
    let (ours, path) = (Path::new(env!("CARGO_MANIFEST_DIR")), "src/server/directory/registry.rs");
    let (solution, tree) = (Solution::read(ours).unwrap(), Folder::fresh());
    solution.write(tree.path(), Open::From(3)).unwrap();
    let (_, marks) = solution.marks().find(|(file, _)| *file == path).unwrap();
    let source = fs::read_to_string(ours.join(path)).unwrap().replace("\r\n", "\n");
    let text = leave_open(&source, marks, |mark| mark.function.ends_with("leave"));
    let half = &Wrong::build_together(tree.path(), &[vec![(path.to_owned(), text)]])[0];
    let once = || {
        let Score { red, said, .. } = Score::read(half.judge(&["lab2::"], &[]).1);
        let red: Vec<String> = red.into_iter().map(|(_, check)| check).collect();
        assert!(red.contains(&"lab2::a_name_that_is_left_is_free".to_owned()), "{said}");
        red
    };
    let side_by_side = |times| {
        thread::scope(|scope| {
            let graded: Vec<_> = (0..times).map(|_| scope.spawn(once)).collect();
            graded.into_iter().map(|red| red.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let mut all = side_by_side(3);
    all.extend(beside_busy_neighbours(|| side_by_side(2)));
    assert!(all.iter().all(|red| *red == all[0]), "{all:#?}");
}

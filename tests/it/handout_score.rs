//! The scores of a class: what counts as a report, and the forms in which it is given away.

use std::fs;
use std::sync::Mutex;

use p2p_chat::tools::handout::class::{grade_each, names};
use p2p_chat::tools::handout::isolation::Isolation;
use p2p_chat::tools::handout::packed::unpack;
use p2p_chat::tools::handout::score::{Sheet, csv, read_report};

use crate::support::Folder;

/// Why there is no verdict.
const BUSY: &str = "the machine is too busy, so there is no verdict";

/// The line of a check.
fn check(name: &str, points: u32, verdict: &str, why: &str) -> String {
    format!(
        r#"{{"check":"{name}","lab":1,"points":{points},"of":12,"verdict":"{verdict}","why":"{why}","ms":3}}"#
    )
}

/// A report with these checks, and this total.
fn report(checks: &[String], total: u32) -> String {
    let total = format!(r#"{{"total":{total},"of":24,"given":0,"grader":"2","seed":1,"slow":1}}"#);
    format!("{}\n{total}\n", checks.join("\n"))
}

#[test]
fn a_report_is_read_with_its_reasons() {
    let checks =
        [check("lab1::a", 12, "ok", ""), check("lab2::b", 0, "FAIL", r#"it \"says\"\u000ano"#)];
    let read = read_report(&report(&checks, 12), Some(101)).unwrap();
    assert_eq!(read[0].points, (12, 12));
    assert_eq!((read[1].verdict.as_str(), read[1].why.as_str()), ("FAIL", "it \"says\"\nno"));
}

#[test]
fn a_report_without_an_end_or_with_another_sum_counts_for_nothing() {
    let full = [check("lab1::a", 12, "ok", "")];
    assert!(read_report(&report(&full, 12), Some(0)).is_ok());
    // Full points need exit code 0, and a grader that was killed has none.
    for code in [Some(101), Some(1), None] {
        assert!(read_report(&report(&full, 12), code).is_err(), "{code:?}");
    }
    let poor = [check("lab1::a", 0, "FAIL", r#"\"points\":12, \"total\":12"#)];
    assert!(read_report(&report(&poor, 12), Some(101)).is_err());
    assert_eq!(read_report(&report(&poor, 0), Some(101)).unwrap()[0].points, (0, 12));
    assert!(read_report(&full[0], Some(0)).is_err());
    assert!(read_report("TOTAL 100/100\n1 passed, 0 failed\n", Some(0)).is_err());
}

#[test]
fn a_class_is_a_table_and_a_hand_in_an_object() {
    let checks = [check("lab1::a", 12, "ok", ""), check("lab2::b", 0, "not checked", BUSY)];
    let checks = read_report(&report(&checks, 12), Some(0)).unwrap();
    let sheet = Sheet { name: "anna".to_owned(), checks, ..Sheet::default() };
    let odd = Sheet::without_points("=b, \"c\"", "it has no folder src");
    assert_eq!(
        csv(&[sheet.clone(), odd], &[1, 2]),
        "name,points,no_verdict,lab1,lab2,note\n\
         anna,12,12,12,0,\n\
         \"'=b, \"\"c\"\"\",0,0,0,0,it has no folder src\n"
    );
    for (name, cell) in [("a;=b;.zip", "\"a;=b;.zip\""), ("\t=b", "\"'\t=b\"")] {
        let table = csv(&[Sheet::without_points(name, "")], &[]);
        assert_eq!(table, format!("name,points,no_verdict,note\n{cell},0,0,\n"));
    }
    assert_eq!(sheet.line(6), "anna    12/100  the machine is too busy: no verdict on 12 points");
    let odd = Sheet::without_points("o'b\n\u{1b}[2Jeva 100/100", "");
    assert_eq!(odd.line(1), r"o'b\n\u{1b}[2Jeva 100/100   0/100");
    let json = sheet.gradescope();
    assert!(json.starts_with(r#"{"score":12,"#), "{json}");
    assert!(
        json.contains(r#"{"name":"lab1::a","score":12,"max_score":12,"status":"passed""#),
        "{json}"
    );
}

/// A hand-in of another kind gets its line, with the reason, and a name that the results need is refused.
#[test]
fn whatever_is_handed_in_has_a_line() {
    let class = Folder::fresh();
    for name in ["anna/src", ".git"] {
        fs::create_dir_all(class.file(name)).unwrap();
    }
    for name in ["bert.rar", "cleo.zip", ".hidden"] {
        fs::write(class.file(name), "").unwrap();
    }
    let mut expected = Vec::new();
    expected.extend(["anna", "bert.rar", "cleo.zip"]);
    #[cfg(target_os = "linux")] // elsewhere each name is a text
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        fs::write(class.path().join(OsStr::from_bytes(b"dora\xff.zip")), "").unwrap();
        std::os::unix::fs::symlink("anna", class.file("eva")).unwrap();
        expected.extend(["dora\u{fffd}.zip", "eva"]);
    }
    assert_eq!(names(class.path()).unwrap(), expected);
    let into = Folder::fresh();
    let unpacked = |name: &str| unpack(&class.file(name), into.path(), Isolation::Nothing, 0);
    assert_eq!(unpacked("anna"), Ok(class.file("anna")));
    for name in expected.into_iter().filter(|name| !["anna", "cleo.zip"].contains(name)) {
        let why = unpacked(name).unwrap_err();
        assert!(
            why.starts_with("it is neither") || why.starts_with("cannot look"),
            "{name}: {why}"
        );
    }
    fs::create_dir(class.file("Scores.csv")).unwrap();
    assert!(names(class.path()).unwrap_err().contains("must not be named Scores.csv"));
}

/// The machine is too busy for these hand-ins at their first, or at every try.
#[test]
fn what_the_machine_was_too_busy_for_is_graded_once_more_and_alone() {
    let names = ["anna", "bert", "cleo", "dora"].map(str::to_owned);
    let tries: Mutex<Vec<(u32, String)>> = Mutex::default();
    let grade = |worker: u32, name: &String| {
        let mut tries = tries.lock().unwrap();
        tries.push((worker, name.clone()));
        let is_first = tries.iter().filter(|(_, tried)| tried == name).count() == 1;
        let is_busy = name == "dora" || name == "bert" && is_first;
        let (points, verdict, why) =
            if is_busy { (0, "not checked", BUSY) } else { (12, "ok", "") };
        let lines = report(&[check("lab1::a", points, verdict, why)], points);
        let checks = read_report(&lines, Some(0)).unwrap();
        Sheet { name: name.clone(), checks, ..Sheet::default() }
    };
    let sheets = grade_each(3, &names, &grade);
    let tries = tries.into_inner().unwrap();
    assert_eq!(tries[names.len()..], [(0, "bert".to_owned()), (0, "dora".to_owned())]);
    let graded: Vec<(&str, u32)> =
        sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.open_points())).collect();
    assert_eq!(graded, [("anna", 0), ("bert", 0), ("cleo", 0), ("dora", 12)]);
}

//! Scores: what the grader has reported of a hand-in, and the forms in which a class gets it.
//!
//! The grader writes one JSON line for each check, and one with the total at its end. A report without that last
//! line is of a grader that was stopped, and counts for nothing.
//!
//! ```text
//! {"check":"lab1::…","lab":1,"points":2,"of":2,"verdict":"ok","why":"","ms":76}
//! {"total":2,"of":100,…}
//! ```
//!
//! Only these lines give points. What a program of a hand-in says stands inside a text of them, with its quotes
//! escaped, so it cannot look like a line or a number of the grader.

use std::fmt::Write as _;

use crate::client::ui::json::{Object, list};

/// The verdict on one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The check's name.
    pub name: String,
    /// The points that are earned, and how many there are.
    pub points: (u32, u32),
    /// `ok`, `FAIL`, `not reached`, `not checked` or `waived`.
    pub verdict: String,
    /// The reason, if it is not `ok`.
    pub why: String,
}

/// The scores of one hand-in.
///
/// Every hand-in has one, also if it cannot be read, does not compile or stops the grader: then it has no checks, and
/// the note says why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The hand-in's name.
    pub name: String,
    /// Its checks, in their order.
    pub checks: Vec<Checked>,
    /// What is to be said of it besides: it does not compile, it was stopped.
    pub note: String,
    /// The story of its first failure, as the student would see it.
    pub story: String,
}

/// Why the machine gives no verdict on a check.
pub const TOO_BUSY: &str = "the machine is too busy";

impl Checked {
    /// Whether the machine could not judge, and may another time.
    fn is_open(&self) -> bool {
        self.verdict == "not checked" && self.why.starts_with(TOO_BUSY)
    }
}

impl Sheet {
    /// A hand-in that has no points, and why.
    pub fn without_points(name: &str, note: impl Into<String>) -> Sheet {
        Sheet { name: name.to_owned(), note: note.into(), ..Sheet::default() }
    }

    /// All its points.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|check| check.points.0).sum()
    }

    /// The points on which the machine was too busy to give a verdict.
    pub fn open_points(&self) -> u32 {
        self.checks.iter().filter(|check| check.is_open()).map(|check| check.points.1).sum()
    }

    /// The points of one lab, and whether any of its checks are known. `None`: the report has no check of this lab.
    pub fn of_lab(&self, lab: u32) -> Option<u32> {
        let start = format!("lab{lab}::");
        let mut checks =
            self.checks.iter().filter(|check| check.name.starts_with(&start)).peekable();
        checks.peek()?;
        Some(checks.map(|check| check.points.0).sum())
    }

    /// The line that the instructor reads: `anna  73/100  does not compile`.
    pub fn line(&self, width: usize) -> String {
        let open = match self.open_points() {
            0 => String::new(),
            points => format!("{TOO_BUSY}: no verdict on {points} points"),
        };
        let notes: Vec<&str> =
            [self.note.as_str(), &open].into_iter().filter(|note| !note.is_empty()).collect();
        // A name may hold what a terminal obeys, or look like more lines than one.
        let name = self.name.escape_debug().to_string().replace("\\'", "'");
        let line = format!("{name:<width$} {:>3}/100  {}", self.points(), notes.join("; "));
        line.trim_end().to_owned()
    }

    /// The form that Gradescope reads as `results.json`.
    ///
    /// Each check is a test with its points and the reason of its verdict. The story of the first failure is the
    /// output of the whole, as the student would see it at the terminal.
    pub fn gradescope(&self) -> String {
        let tests = self.checks.iter().map(|check| {
            let status = if check.points.0 == check.points.1 { "passed" } else { "failed" };
            let output = match check.why.as_str() {
                "" => check.verdict.clone(),
                why => format!("{}: {why}", check.verdict),
            };
            Object::empty()
                .text("name", &check.name)
                .json("score", check.points.0)
                .json("max_score", check.points.1)
                .text("status", status)
                .text("output", output)
                .end()
        });
        let output = [self.note.as_str(), &self.story].join("\n");
        Object::empty()
            .json("score", self.points())
            .text("output", output.trim())
            .json("tests", list(tests))
            .end()
    }
}

/// Reads the grader's report: stdout's story is not read for points, only these lines are. `code` is the grader's exit
/// code; full points need 0, and without a total there are none.
///
/// # Errors
/// A sentence: the report has no total, or its parts do not fit each other.
pub fn read_report(report: &str, code: Option<i32>) -> Result<Vec<Checked>, String> {
    let mut lines = report.lines().filter(|line| line.starts_with("{\"")).collect::<Vec<_>>();
    let stopped = || "the grader was stopped before its end".to_owned();
    let last = lines.pop().filter(|line| line.starts_with("{\"total\":")).ok_or_else(stopped)?;
    let checks: Vec<Checked> = lines.into_iter().filter_map(read_check).collect();
    let sum: u32 = checks.iter().map(|check| check.points.0).sum();
    let is_full = checks.iter().all(|check| check.points.0 == check.points.1);
    match code {
        _ if Some(sum) != number(last, "total") => Err("the report does not add up".to_owned()),
        Some(0) => Ok(checks),
        Some(101) if !is_full => Ok(checks),
        _ => Err(stopped()),
    }
}

/// Reads the line of one check.
///
/// Returns `None` for any other line: that with the total, or what somebody else has written to the same pipe.
pub fn read_check(line: &str) -> Option<Checked> {
    Some(Checked {
        name: text(line, "check")?,
        points: (number(line, "points")?, number(line, "of")?),
        verdict: text(line, "verdict")?,
        why: text(line, "why")?,
    })
}

/// A number of a JSON line. The name cannot stand in a text: there its quotes are escaped.
fn number(line: &str, name: &str) -> Option<u32> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// A text of a JSON line.
fn text(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    let (mut text, mut letters) = (String::new(), rest.chars());
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => match letters.next()? {
                'u' => {
                    let digits: String = letters.by_ref().take(4).collect();
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                letter => text.push(letter),
            },
            letter => text.push(letter),
        }
    }
}

/// The class as a table with commas: name, points, points without a verdict, the points of each lab, and the note.
///
/// A lab that was not judged has 0 points in it.
pub fn csv(sheets: &[Sheet], labs: &[u32]) -> String {
    let heads: String = labs.iter().fold(String::new(), |all, lab| all + &format!(",lab{lab}"));
    let mut table = format!("name,points,no_verdict{heads},note\n");
    for sheet in sheets {
        let (points, open) = (sheet.points(), sheet.open_points());
        let _ = write!(table, "{},{points},{open}", cell(&sheet.name)); // a String takes all writes
        for lab in labs {
            let _ = write!(table, ",{}", sheet.of_lab(*lab).unwrap_or(0)); // as above
        }
        let _ = writeln!(table, ",{}", cell(&sheet.note)); // as above
    }
    table
}

/// A cell of the table. A program for tables takes some beginnings for a formula, which a name must not be. In some
/// countries it ends a cell at a semicolon, too.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', ';', '"', '\n', '\r', '\t']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

//! What the grader says: a line for each check, the first failure's story, the table, the last line; and a
//! file for instructors.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::block::indented;
use crate::check::{Check, Lab};
use crate::heard;
use crate::run::{Verdict, Verdicts, seconds};
use crate::settings::settings;
use crate::story;

/// The version of the checks: points of different versions are not compared.
const VERSION: &str = "1";

/// Says a line. Nobody may be reading it.
pub fn say(line: impl Display) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{line}");
}

/// What is told while the checks run.
#[derive(Debug)]
pub struct Report {
    begun: Instant,
    /// Only some checks run.
    partial: bool,
    /// The lab whose name was said last.
    lab: u32,
    /// The story of the first check that has failed.
    story: Vec<String>,
    file: Option<File>,
}

impl Report {
    /// Begins it. `partial`: only some checks run.
    pub fn begin(partial: bool) -> Self {
        let file = settings().report.as_ref().and_then(|path| match File::create(path) {
            Ok(file) => Some(file),
            Err(error) => {
                say(format!("LAB_REPORT: cannot write {}: {error}", path.display()));
                None
            }
        });
        for (name, path) in &settings().others {
            say(format!("{name}: graded is {}", path.display()));
        }
        for name in settings().waive.iter().filter(|name| !name.is_empty()) {
            say(format!("LAB_WAIVE: full points for {name}"));
        }
        Self { begun: Instant::now(), partial, lab: 0, story: Vec::new(), file }
    }

    /// Tells what came of a check.
    pub fn tell(&mut self, lab: &Lab, check: &Check, verdict: &Verdict, took: Duration) {
        if self.lab != lab.number {
            self.lab = lab.number;
            say(format!("\nlab {}, {}", lab.number, lab.title));
        }
        let (word, why) = match verdict {
            Verdict::Green => ("ok", ""),
            Verdict::Waived => ("waived", ""),
            Verdict::Red(why) => ("FAIL", why.as_str()),
            Verdict::NotReached(why) => ("not reached", why.as_str()),
            Verdict::NotChecked(why) => ("not checked", why.as_str()),
        };
        say(format!("{word:<12}{}", check.name));
        if !why.is_empty() {
            say(indented(&indented(&indented(why))));
        }
        if matches!(verdict, Verdict::Red(_)) && self.story.is_empty() {
            self.story = tell_story(lab, check, why);
        }
        let points = if verdict.counts() { check.points } else { 0 };
        self.write(&format!(
            r#"{{"check":"{}","lab":{},"points":{points},"of":{},"verdict":"{word}","why":"{}","ms":{}}}"#,
            check.name,
            lab.number,
            check.points,
            json(why),
            took.as_millis()
        ));
    }

    fn write(&mut self, line: &str) {
        if let Some(file) = &mut self.file {
            // A report that cannot be written costs nobody a point.
            let _ = writeln!(file, "{line}");
        }
    }

    /// Tells the story of the first failure, and the table. Gives whether all points that can be had here
    /// were earned.
    pub fn end(mut self, labs: &[Lab], verdicts: &Verdicts) -> bool {
        if !self.story.is_empty() {
            say("");
            self.story.iter().for_each(say);
        }
        say("");
        let known = |lab: &&Lab| lab.checks.iter().any(|check| verdicts.contains_key(check.name));
        let (mut points, mut of, mut given, mut unknown) = (0, 0, 0, 0);
        for lab in labs.iter().filter(known) {
            let of_lab = Sum::of(lab, verdicts);
            let mark = if lab.number < settings().given { "  given" } else { "" };
            let title = format!("lab {}  {}", lab.number, lab.title);
            say(format!("{title:<28}{:>3}/{:<3}{mark}", of_lab.points, of_lab.of));
            points += of_lab.points;
            of += of_lab.of;
            unknown += of_lab.unknown;
            given += if lab.number < settings().given { of_lab.points } else { 0 };
        }
        let extra = [(given, "given"), (unknown, "cannot be checked on this machine")];
        let extra: Vec<String> = extra
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let extra =
            if extra.is_empty() { String::new() } else { format!(" ({})", extra.join(", ")) };
        let part = if self.partial { ", of the checks that were chosen" } else { "" };
        say(format!("{:<28}{points:>3}/{of}{extra}{part}", "TOTAL"));
        let seed = settings().seed;
        say(format!("\ngrader {VERSION}, {}, LAB_SEED={seed}", seconds(self.begun.elapsed())));
        let green = verdicts.values().filter(|verdict| verdict.counts()).count();
        let not_checked =
            verdicts.values().filter(|verdict| matches!(verdict, Verdict::NotChecked(_))).count();
        let red = verdicts.len() - green - not_checked;
        let some_red = labs.iter().flat_map(|lab| lab.checks).find(|check| {
            verdicts.get(check.name).is_some_and(|verdict| matches!(verdict, Verdict::Red(_)))
        });
        if let Some(check) = some_red {
            say(format!("one again: LAB_SEED={seed} cargo test {}", check.name));
            say(format!("help:      cargo test -- --hint {}", check.name));
        }
        self.write_total(points, of, given);
        say(format!("{green} passed, {red} failed"));
        red == 0
    }

    fn write_total(&mut self, points: u32, of: u32, given: u32) {
        let others: Vec<String> = settings()
            .others
            .iter()
            .map(|(name, path)| format!(r#""{name}":"{}""#, json(&path.display().to_string())))
            .collect();
        let (seed, slow, waived) = (settings().seed, settings().slow, settings().waive.join(","));
        self.write(&format!(
            r#"{{"total":{points},"of":{of},"given":{given},"grader":"{VERSION}","seed":{seed},"slow":{slow},"waived":"{}","overrides":{{{}}}}}"#,
            json(&waived),
            others.join(",")
        ));
    }
}

/// The points of one lab.
struct Sum {
    points: u32,
    of: u32,
    unknown: u32,
}

impl Sum {
    fn of(lab: &Lab, verdicts: &Verdicts) -> Self {
        let mut sum = Self { points: 0, of: 0, unknown: 0 };
        for check in lab.checks {
            match verdicts.get(check.name) {
                Some(Verdict::NotChecked(_)) => sum.unknown += check.points,
                Some(verdict) => {
                    sum.of += check.points;
                    sum.points += if verdict.counts() { check.points } else { 0 };
                }
                None => {}
            }
        }
        sum
    }
}

/// The whole story of a check that has failed, and how to go on.
fn tell_story(lab: &Lab, check: &Check, why: &str) -> Vec<String> {
    let mut lines = vec![format!("--- {}", check.name), check.says.to_owned()];
    lines.extend(story::lines());
    lines.push("here it fails:".to_owned());
    lines.push(indented(why));
    for (title, words) in heard::last_words() {
        lines.push(format!("{title} on stderr:"));
        lines.extend(words.iter().map(|word| format!("    {word}")));
    }
    lines.push(format!("rule:    {}", check.rule));
    lines.push(format!("page:    LAB.md, lab {}, Rules", lab.number));
    if let Some(hand) = story::hand().filter(|hand| !hand.bytes.is_empty()) {
        let (folder, file) = (story::folder(), story::folder().join("sent.txt"));
        if fs::create_dir_all(&folder).and_then(|()| fs::write(&file, &hand.bytes)).is_ok() {
            let command = hand.command.replace("FILE", &shown(&file));
            lines.push(format!("by hand: {}", command.replace('\n', "\n         ")));
        }
    }
    lines
}

/// A path as it is typed in the package's folder.
fn shown(file: &Path) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    file.strip_prefix(here).unwrap_or(file).display().to_string()
}

/// A text as it stands between quotes in JSON.
fn json(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    };
    text.chars().map(escape).collect()
}

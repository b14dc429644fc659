//! What the grader says: a line for each check, the first failure's story, the table, the last line; and a
//! file for instructors.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::chart::chart;
use crate::check::{Check, Lab};
use crate::driver::block::indented;
use crate::driver::heard;
use crate::driver::settings::settings;
use crate::driver::story::{self, seconds};
use crate::run::{Verdict, Verdicts};
use crate::script::script;
use crate::table::{Sum, table};

/// The version of the checks: points of different versions are not compared.
const VERSION: &str = "3";

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

    /// Tells the story of the first failure, the table, and how to go on. Gives whether all points that can
    /// be had here were earned.
    pub fn end(mut self, labs: &[Lab], verdicts: &Verdicts) -> bool {
        if !self.story.is_empty() {
            say("");
            self.story.iter().for_each(say);
        }
        say("");
        let sum = table(labs, verdicts, self.partial);
        let (seed, took) = (settings().seed, seconds(self.begun.elapsed()));
        say(format!("\ngrader {VERSION}, {took}, LAB_SEED={seed}"));
        let is_red = |check: &&Check| matches!(verdicts.get(check.name), Some(Verdict::Red(_)));
        if let Some(check) = labs.iter().flat_map(|lab| lab.checks).find(is_red) {
            say(format!("one again: LAB_SEED={seed} cargo test {}", check.name));
            say(format!("help:      cargo test -- --hint {}", check.name));
        }
        self.write_total(&sum);
        say(format!("{} passed, {} failed", sum.green, sum.red));
        sum.red == 0
    }

    fn write_total(&mut self, sum: &Sum) {
        let Sum { points, of, given, .. } = sum;
        let others: Vec<String> = settings()
            .others
            .iter()
            .map(|(name, path)| format!(r#""{name}":"{}""#, json(&path.display().to_string())))
            .collect();
        let (seed, slow, waived) = (settings().seed, settings().slow(), settings().waive.join(","));
        self.write(&format!(
            r#"{{"total":{points},"of":{of},"given":{given},"grader":"{VERSION}","seed":{seed},"slow":{slow},"waived":"{}","overrides":{{{}}}}}"#,
            json(&waived),
            others.join(",")
        ));
    }
}

/// The whole story of a check that has failed, and how to go on.
fn tell_story(lab: &Lab, check: &Check, why: &str) -> Vec<String> {
    let mut lines = vec![format!("--- {}", check.name), check.says.to_owned()];
    lines.extend(story::lines());
    lines.push("here it fails:".to_owned());
    lines.push(indented(why));
    for (title, words) in heard::last_words(lab.number) {
        lines.push(format!("{title} on stderr:"));
        lines.extend(words.iter().map(|word| format!("    {word}")));
    }
    lines.push(format!("rule:    {}", check.rule));
    lines.push(format!("page:    LAB.md, lab {}, Rules", lab.number));
    if let Ok(script) = script(check.name, &story::folder()) {
        let heads = ["by hand: "].into_iter().chain(std::iter::repeat("         "));
        lines.extend(heads.zip(script).map(|(head, line)| format!("{head}{line}")));
    }
    lines.extend(chart(check.name, &story::lines(), why, &story::folder()));
    lines
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

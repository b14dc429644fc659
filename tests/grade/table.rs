//! The table of points by lab, and its sum.

use crate::check::Lab;
use crate::driver::settings::settings;
use crate::report::say;
use crate::run::{Verdict, Verdicts};

/// Points, and how many checks they come from.
#[derive(Debug, Default)]
pub struct Sum {
    /// The points that are earned.
    pub points: u32,
    /// Those that could be.
    pub of: u32,
    /// Of the earned ones, those of labs that were handed out solved.
    pub given: u32,
    /// Points for what this machine cannot tell. They count on neither side.
    pub unknown: u32,
    /// How many checks are green, and how many are not.
    pub green: usize,
    /// The same.
    pub red: usize,
}

impl Sum {
    /// That of one lab.
    fn of(lab: &Lab, verdicts: &Verdicts) -> Self {
        let mut sum = Self::default();
        for check in lab.checks {
            match verdicts.get(check.name) {
                None => continue,
                Some(Verdict::NotChecked(_)) => {
                    sum.unknown += check.points;
                    continue;
                }
                Some(verdict) if verdict.counts() => {
                    sum.points += check.points;
                    sum.green += 1;
                }
                Some(_) => sum.red += 1,
            }
            sum.of += check.points;
        }
        sum.given = if is_given(lab) { sum.points } else { 0 };
        sum
    }

    fn add(&mut self, other: &Self) {
        self.points += other.points;
        self.of += other.of;
        self.given += other.given;
        self.unknown += other.unknown;
        self.green += other.green;
        self.red += other.red;
    }
}

/// Whether a lab was handed out solved.
fn is_given(lab: &Lab) -> bool {
    settings().given.contains(&lab.number)
}

/// Says the table of the labs of which something was run, and gives its sum.
pub fn table(labs: &[Lab], verdicts: &Verdicts, is_partial: bool) -> Sum {
    let mut all = Sum::default();
    let was_run = |lab: &&Lab| lab.checks.iter().any(|check| verdicts.contains_key(check.name));
    for lab in labs.iter().filter(was_run) {
        let sum = Sum::of(lab, verdicts);
        let title = format!("lab {}  {}", lab.number, lab.title);
        let mark = if is_given(lab) { "  given" } else { "" };
        say(format!("{title:<28}{:>3}/{:<3}{mark}", sum.points, sum.of).trim_end());
        all.add(&sum);
    }
    let notes = [(all.given, "given"), (all.unknown, "cannot be checked on this machine")];
    let notes = notes.iter().filter(|(count, _)| *count > 0);
    let notes: Vec<String> = notes.map(|(count, what)| format!("{count} {what}")).collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let part = if is_partial { ", of the checks that were chosen" } else { "" };
    say(format!("{:<28}{:>3}/{}{notes}{part}", "TOTAL", all.points, all.of));
    all
}

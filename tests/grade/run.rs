//! Runs the checks, one after the other, and judges them.

use std::collections::HashMap;
use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::time::Instant;

use crate::arguments::Arguments;
use crate::check::{Check, Lab};
use crate::driver::dice::Dice;
use crate::driver::heard;
use crate::driver::machine;
use crate::driver::settings::settings;
use crate::driver::story::{self, End, TOO_BUSY};
use crate::hints::hints;
use crate::report::{Report, say};
use crate::watch::watch;

/// After so many time-outs in a lab, the rest of it is not tried. Those without a verdict are counted apart: they do
/// not tell that the programs are wrong.
const TIME_OUTS: u32 = 3;
const USAGE: &str = "\
usage: cargo test [FILTER]...               all checks, or those whose names contain a filter;
                                           lab1 is lab 1 alone
       cargo test -- [FILTER]... [OPTIONS]
  --exact            names must be equal to a filter
  --skip FILTER      not those
  --list             only the names
  --watch            now, and again whenever a file in src has changed
  --hint NAME [STEP] help with a check, in three steps: 1, 2, 3; a part of its name will do
in the environment: LAB_SEED, LAB_SLOW, LAB_SERVER, LAB_CLIENT, LAB_LOAD, LAB_PARTS, LAB_REPORT,
LAB_WAIVE, LAB_CHART";

/// What came of a check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is so.
    Green,
    /// The instructor gives the points.
    Waived,
    /// It is not so, and this is why.
    Red(String),
    /// What it needs is missing.
    NotReached(String),
    /// This machine cannot tell.
    NotChecked(String),
}

impl Verdict {
    /// Whether the points are earned.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Green | Self::Waived)
    }
}

/// Does what the command line asks for.
pub fn grade(labs: &[Lab]) -> ExitCode {
    let arguments = match Arguments::read(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => return refuse(&format!("{message}\n{USAGE}")),
    };
    if arguments.help {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    if let Some((name, step)) = &arguments.hint {
        return hint(labs, name, *step);
    }
    let all = || labs.iter().flat_map(|lab| lab.checks);
    let chosen = || labs.iter().flat_map(|lab| lab.checks).filter(|check| arguments.want(check));
    if arguments.list {
        chosen().for_each(|check| say(format!("{}: test", check.name)));
        return ExitCode::SUCCESS;
    }
    if chosen().next().is_none() {
        return refuse(&format!("no check has {:?} in its name", arguments.filters().join(" ")));
    }
    if arguments.watch {
        return watch(arguments.filters());
    }
    let unknown = |name: &&String| !name.is_empty() && all().all(|check| check.name != **name);
    if let Some(name) = settings().waive.iter().find(unknown) {
        return refuse(&format!("LAB_WAIVE: there is no check {name}"));
    }
    keep_panics_quiet();
    let mut report = Report::begin(arguments.choose());
    let mut verdicts = HashMap::new();
    for lab in labs {
        run_lab(labs, lab, &arguments, &mut verdicts, &mut report);
    }
    if report.end(labs, &verdicts) { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn refuse(message: &str) -> ExitCode {
    say(message);
    ExitCode::from(101)
}

/// Helps with the check of that name, or with the only one that has this in its name.
fn hint(labs: &[Lab], part: &str, step: usize) -> ExitCode {
    let all = || labs.iter().flat_map(|lab| lab.checks).map(|check| check.name);
    let is_named = |name: &&str| {
        *name == part || name.split_once("::").is_some_and(|(_, short)| short == part)
    };
    let mut found: Vec<&str> = all().filter(is_named).collect();
    if found.is_empty() {
        found = all().filter(|name| name.contains(part)).collect();
    }
    let name = match found[..] {
        [name] => name,
        [] => return refuse(&format!("no check has {part:?} in its name: cargo test -- --list")),
        _ => {
            let names: String = found.iter().map(|name| format!("\n  {name}")).collect();
            return refuse(&format!("several checks have {part:?} in their names:{names}"));
        }
    };
    if name != part {
        say(name);
    }
    let steps = hints(name);
    for (index, text) in steps.iter().take(step).enumerate() {
        say(format!("{} of {}: {text}", index + 1, steps.len()));
    }
    if step < steps.len() {
        say(format!("more: cargo test -- --hint {name} {}", step + 1));
    }
    ExitCode::SUCCESS
}

/// What is known of the checks so far, by name.
pub type Verdicts = HashMap<&'static str, Verdict>;

fn run_lab(
    labs: &[Lab],
    lab: &Lab,
    arguments: &Arguments,
    verdicts: &mut Verdicts,
    report: &mut Report,
) {
    machine::look();
    let (mut time_outs, mut unclear) = (0, 0);
    for check in lab.checks.iter().filter(|check| arguments.want(check)) {
        let begun = Instant::now();
        let verdict = if settings().waive.iter().any(|name| name == check.name) {
            Verdict::Waived
        } else if let Some(missing) = missing(labs, lab, check, verdicts) {
            Verdict::NotReached(format!("first {missing}"))
        } else if time_outs >= TIME_OUTS {
            Verdict::NotReached(format!("after {TIME_OUTS} time-outs in this lab"))
        } else if unclear >= TIME_OUTS {
            Verdict::NotChecked(TOO_BUSY.to_owned())
        } else {
            let (verdict, in_time) = judge(check, time_outs == 0);
            let is_unclear = matches!(verdict, Verdict::NotChecked(_));
            let count = if is_unclear { &mut unclear } else { &mut time_outs };
            *count += u32::from(in_time != InTime::Yes);
            verdict
        };
        report.tell(lab, check, &verdict, begun.elapsed());
        verdicts.insert(check.name, verdict);
    }
}

/// What this check needs and is known not to be there. What was not run is not known; nor are the sockets of programs
/// from elsewhere that have no `parts` beside them.
fn missing(labs: &[Lab], lab: &Lab, check: &Check, verdicts: &Verdicts) -> Option<String> {
    // What this machine cannot tell is not known either.
    let is_missing = |it: &Verdict| matches!(it, Verdict::Red(_) | Verdict::NotReached(_));
    let is_red = |name: &str| verdicts.get(name).is_some_and(is_missing);
    let first = |number: &u32| labs.iter().find(|lab| lab.number == *number)?.checks.first();
    let of_labs = lab.needs.iter().filter_map(|number| Some(first(number)?.name));
    let known = |name: &&str| !settings().lacks_parts() || !name.starts_with("lab0::");
    let mut needs = of_labs.chain(check.needs.iter().copied()).filter(known);
    needs.find(|name| is_red(name)).map(str::to_owned)
}

/// Whether a check has ended in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum InTime {
    /// It has, well or not.
    Yes,
    /// More time may help.
    No,
    /// It has met [a time that nothing stretches](crate::driver::exact), and too late.
    Exactly,
}

/// Runs one check, and again with more time if it fails while others keep the machine busy (but not in a lab where
/// that did not help before). If it still runs out of time, on a machine that is busier than the time that was given
/// allows for, nobody knows whose fault that is. What is late for a time that nothing stretches is tried again in any
/// case, for the machine may have been busy for a moment; then any busy machine may be the cause.
fn judge(check: &Check, may_try_again: bool) -> (Verdict, InTime) {
    let first = run(check);
    let is_red = matches!(first.0, Verdict::Red(_));
    let is_late = first.1 == InTime::Exactly;
    if !is_red || !(may_try_again || is_late) || story::is_certain() {
        return first;
    }
    let is_busy = machine::is_busy(machine::look());
    if is_busy {
        machine::give_more();
    } else if !is_late {
        return first;
    }
    let given = machine::stretch();
    let second = run(check);
    let is_unclear = match second.1 {
        InTime::Yes => false,
        InTime::No => machine::look() > given,
        InTime::Exactly => machine::is_busy(machine::look()),
    };
    match second {
        (Verdict::Red(why), in_time) if is_unclear => {
            (Verdict::NotChecked(format!("{TOO_BUSY}; perhaps: {why}")), in_time)
        }
        second => second,
    }
}

/// Runs one check; whether it has run out of time, too.
fn run(check: &Check) -> (Verdict, InTime) {
    story::begin(check.name);
    let story = || {
        (check.run)(&mut Dice::of(check.name));
        heard::fail_if_one_has_failed();
    };
    if panic::catch_unwind(AssertUnwindSafe(story)).is_ok() {
        return (Verdict::Green, InTime::Yes);
    }
    match story::ended() {
        Some(End::Failed(what)) => (Verdict::Red(what), InTime::Yes),
        Some(End::TimedOut(what)) => (Verdict::Red(what), InTime::No),
        Some(End::Late(what)) => (Verdict::Red(what), InTime::Exactly),
        Some(End::NotChecked(why)) => (Verdict::NotChecked(why), InTime::Yes),
        None => (Verdict::Red("the grader itself has failed, see above".to_owned()), InTime::Yes),
    }
}

/// From here on a check that ends before its end does so without a word: its story is told later.
fn keep_panics_quiet() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if story::ended().is_none() {
            tell(panic);
        }
    }));
}

//! A whole measurement: each size of the room in turn, then the table, the chart and the verdict.
//!
//! The sizes are measured one after the other, each with a fresh server, so that no run inherits another one's
//! history. Any fault, in any run, makes the program fail: a throughput means nothing if messages were lost for it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::class_key;
use crate::cli::Failure;
use crate::io_error::cause;
use crate::tools::load::chart;
use crate::tools::load::fleet::Fleet;
use crate::tools::load::measure::{Faults, Report, UNITS, csv_heading, heading};
use crate::tools::load::options::LoadOptions;
use crate::tools::load::target::Target;

/// Measures each size. Writes the table to `output`, a line as soon as its run is over, and what happens meanwhile to
/// `progress`.
///
/// # Errors
/// When a server, a member or a file fails, or when any message was lost or out of order.
pub fn run(
    options: &LoadOptions,
    output: &mut impl Write,
    progress: &mut impl Write,
) -> Result<(), Failure> {
    let failure = |message| Failure { message, code: 1 };
    for file in options.csv.iter().chain(&options.svg) {
        try_to_write(file).map_err(failure)?;
    }
    // If the output cannot be written, the files still tell the result.
    let mut written = writeln!(output, "{}", heading());
    let mut reports = Vec::new();
    for members in &options.members {
        let report = measure(options, *members, progress).map_err(failure)?;
        written = written.and_then(|()| writeln!(output, "{}", report.line()));
        reports.push(report);
    }
    written = written.and_then(|()| writeln!(output, "{UNITS}")).and_then(|()| output.flush());
    if let Some(file) = &options.csv {
        let lines: Vec<String> = reports.iter().map(Report::csv).collect();
        save(file, &format!("{}\n{}\n", csv_heading(), lines.join("\n"))).map_err(failure)?;
    }
    if let Some(file) = &options.svg {
        save(file, &chart::draw(&reports)).map_err(failure)?;
    }
    let mut faults = Faults::default();
    for report in &reports {
        faults.add(report.faults);
    }
    faults.sentence().map_or(Ok(()), |sentence| Err(failure(sentence)))?;
    written.map_err(|error| Failure::cannot("write", "the output", &error))
}

/// Measures one size of the room: finds a server, fills its room, lets the members talk, and reports. The processor
/// time is that of the talk alone, without starting and joining.
fn measure(
    options: &LoadOptions,
    members: usize,
    progress: &mut impl Write,
) -> Result<Report, String> {
    let target = Target::find(options, members)?;
    // A server that was started has made the key if it was not there.
    let key = options.key.as_deref().map(class_key::read).transpose()?;
    let speakers = options.speakers.min(members);
    let mut fleet = Fleet::connect_all((target.address, key), members, speakers)?;
    let before = target.usage();
    fleet.talk(options, progress)?;
    let after = target.usage();
    let mut report = fleet.finish(progress);
    if let (Some((used, _)), Some((using, memory))) = (before, after) {
        report.cpu = (report.seconds > 0.0).then(|| (using - used) / report.seconds);
        report.memory = Some(memory);
    }
    Ok(report)
}

/// Finds out before a long run whether a file can be written, and leaves it as it is. The error is a sentence.
fn try_to_write(file: &Path) -> Result<(), String> {
    let is_new = fs::symlink_metadata(file).is_err();
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .map_err(|error| unwritable(file, &error))?;
    if is_new {
        let _ = fs::remove_file(file); // the run may fail, and an empty file tells nothing
    }
    Ok(())
}

/// The sentence for a file that cannot be written.
fn unwritable(file: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {}", file.display(), cause(error))
}

/// Writes a file. The error is a sentence.
fn save(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| unwritable(file, &error))
}

//! A whole measurement: each size of the room in turn, then the table, the chart and the verdict.
//!
//! The sizes are measured one after the other, each with a fresh server, so that no run inherits another one's
//! history. Any fault, in any run, makes the program fail: a throughput means nothing if messages were lost for it.

use std::fs;
use std::io::Write;
use std::path::Path;

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
    // If the output is closed, the files and the exit code still tell the result.
    let _ = writeln!(output, "{}", heading());
    let mut reports = Vec::new();
    for members in &options.members {
        let report = measure(options, *members, progress).map_err(failure)?;
        let _ = writeln!(output, "{}", report.line());
        reports.push(report);
    }
    let _ = writeln!(output, "{UNITS}");
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
    faults.sentence().map_or(Ok(()), |sentence| Err(failure(sentence)))
}

/// Measures one size of the room: finds a server, fills its room, lets the members talk, and reports. The processor
/// time is that of the talk alone, without starting and joining.
fn measure(
    options: &LoadOptions,
    members: usize,
    progress: &mut impl Write,
) -> Result<Report, String> {
    let target = Target::find(options.server.as_deref(), members)?;
    let mut fleet = Fleet::connect_all(target.address, members, options.speakers.min(members))?;
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

/// Writes a file. The error is a sentence.
fn save(file: &Path, text: &str) -> Result<(), String> {
    let place = file.display();
    fs::write(file, text).map_err(|error| format!("cannot write {place}: {}", cause(&error)))
}

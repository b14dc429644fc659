//! A whole measurement: each size of the room in turn, then the table, the chart and the verdict.

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

/// Measures each size, one after the other. The table goes to `output`, how it goes on to `progress`.
///
/// # Errors
/// When a server, a member or a file cannot be had, or when anything was lost or out of order.
pub fn run(
    options: &LoadOptions,
    output: &mut impl Write,
    progress: &mut impl Write,
) -> Result<(), Failure> {
    let failure = |message| Failure { message, code: 1 };
    // Who has closed the output still gets the files and the exit code.
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

/// One run: a server, a room full of members, their talk, and what came of it.
fn measure(
    options: &LoadOptions,
    members: usize,
    progress: &mut impl Write,
) -> Result<Report, String> {
    let host = Target::find(options.server.as_deref(), members)?;
    let mut crowd = Fleet::connect_all(host.address, members, options.speakers.min(members))?;
    let before = host.usage();
    crowd.talk(options, progress)?;
    let after = host.usage();
    let mut report = crowd.part(progress);
    if let (Some((used, _)), Some((using, memory))) = (before, after) {
        report.cpu = (report.seconds > 0.0).then(|| (using - used) / report.seconds);
        report.memory = Some(memory);
    }
    Ok(report)
}

fn save(file: &Path, text: &str) -> Result<(), String> {
    let place = file.display();
    fs::write(file, text).map_err(|error| format!("cannot write {place}: {}", cause(&error)))
}

//! `parts link`: flows over a link, as a table and as a picture.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use super::bottleneck::{Bottleneck, Flow, LinkSettings};
use super::picture::{MOST_FLOWS, Picture};
use crate::cli::{Failure, number};

/// The flags. Each takes a value.
pub const FLAGS: [&str; 8] =
    ["rate", "queue", "delay", "loss", "flows", "seconds", "slower", "svg"];

/// What is to be run, and where its picture goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOptions {
    /// What the link is like.
    pub settings: LinkSettings,
    /// How many flows share it. They begin one after the other, in the first half of the time.
    pub flows: usize,
    /// How long it runs.
    pub seconds: u64,
    /// In the second half of the time, how many ms the link takes each way.
    pub slower: Option<u64>,
    /// The file for the picture.
    pub svg: Option<PathBuf>,
}

impl LinkOptions {
    /// Reads the flags. What none of them says is as usual.
    ///
    /// # Errors
    /// When a value is none, or out of its range.
    pub fn read<'a>(
        flags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<LinkOptions, String> {
        let settings = LinkSettings { rate: 100, places: 20, delay: 40, loss: 0 };
        let mut options = LinkOptions { settings, flows: 2, seconds: 60, slower: None, svg: None };
        for (flag, value) in flags {
            let it = &mut options.settings;
            match flag {
                "rate" => it.rate = number("--rate", value, 1..=10_000)?,
                "queue" => it.places = number("--queue", value, 1..=10_000)?,
                "delay" => it.delay = number("--delay", value, 0..=2_000)?,
                "loss" => it.loss = number("--loss", value, 0..=99)?,
                "flows" => options.flows = number("--flows", value, 1..=MOST_FLOWS)?,
                "seconds" => options.seconds = number("--seconds", value, 1..=600)?,
                "slower" => options.slower = Some(number("--slower", value, 0..=2_000)?),
                _ if value.is_empty() => return Err("--svg needs a file".to_owned()),
                _ => options.svg = Some(PathBuf::from(value)),
            }
        }
        Ok(options)
    }
}

/// Runs the flows, writes the table, and draws the picture if there is a place for it.
///
/// # Errors
/// When the picture or the table cannot be written.
pub fn run(options: &LinkOptions, output: &mut impl Write) -> Result<(), Failure> {
    let half = options.seconds * 500;
    let begins = |flow: usize| half * flow as u64 / options.flows as u64;
    let begins: Vec<u64> = (0..options.flows).map(begins).collect();
    let mut link = Bottleneck::new(options.settings, &begins);
    let mut picture = Picture::default();
    picture.watch(&mut link, half, 2 * half);
    let before: Vec<[u64; 3]> = link.flows.iter().map(counts).collect();
    link.settings.delay = options.slower.unwrap_or(link.settings.delay);
    picture.watch(&mut link, 2 * half, 2 * half);
    let after = link.flows.iter().map(counts).zip(before);
    let counts: Vec<[u64; 3]> =
        after.map(|(after, before)| [0, 1, 2].map(|at| after[at] - before[at])).collect();
    write_table(options, &counts, output)
        .map_err(|error| Failure::cannot("write", "the output", &error))?;
    let Some(file) = &options.svg else { return Ok(()) };
    let drawn = fs::write(file, picture.draw(&title(options)));
    drawn.map_err(|error| Failure::cannot("write", file.display(), &error))
}

/// What a flow has done so far: shown, copies, dropped.
fn counts(flow: &Flow) -> [u64; 3] {
    [flow.shown, flow.copies, flow.dropped]
}

/// What the link is like, in words.
fn title(options: &LinkOptions) -> String {
    let LinkSettings { rate, places, delay, loss } = options.settings;
    let loss = if loss > 0 { format!(", {loss} % lost each way") } else { String::new() };
    let slower = options.slower.map_or(String::new(), |slower| format!(", then {slower} ms"));
    format!("{rate} messages/s, {places} places, {delay} ms each way{slower}{loss}")
}

/// Writes what each flow, and all of them, have done in the second half of the time.
fn write_table(
    options: &LinkOptions,
    counts: &[[u64; 3]],
    output: &mut impl Write,
) -> io::Result<()> {
    let half = if options.seconds % 2 == 1 { ".5" } else { "" };
    let seconds = format!("{}{half}", options.seconds / 2);
    let sum = |at: usize| counts.iter().map(|count| count[at]).sum::<u64>();
    let rows = counts.iter().enumerate().map(|(at, count)| (format!("flow {}", at + 1), *count));
    writeln!(output, "{}; the second half, {seconds} s:", title(options))?;
    writeln!(output, "        messages  of the link  copies  dropped")?;
    for (name, [shown, copies, dropped]) in rows.chain([("all".to_owned(), [0, 1, 2].map(sum))]) {
        // What has waited for a lost message since the first half is shown now, too, and that is no more of the link.
        let share = (200 * shown / (options.settings.rate * options.seconds)).min(100);
        writeln!(output, "{name:<8}{shown:>8}{share:>11} %{copies:>9}{dropped:>9}")?;
    }
    let fairness = fairness(counts.iter().map(|count| count[0]));
    writeln!(output, "Jain's index of fairness: {}.{:03}", fairness / 1_000, fairness % 1_000)?;
    output.flush()
}

/// Jain's index of fairness (R. Jain and others, 1984), in thousandths: 1000 if all have the same, 500 if one of two
/// has everything.
pub fn fairness(shares: impl Iterator<Item = u64>) -> u64 {
    let add = |(count, sum, squares), share| (count + 1, sum + share, squares + share * share);
    let (count, sum, squares): (u64, u64, u64) = shares.fold((0, 0, 0), add);
    1_000 * sum * sum / (count * squares).max(1)
}

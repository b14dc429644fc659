//! The load generator: `load [flags]`. This file only reads the command line; the work is done in
//! [`p2p_chat::tools::load`].

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use p2p_chat::cli::{Arguments, number, program, server_address};
use p2p_chat::tools::load::message::MIN_SIZE;
use p2p_chat::tools::load::{self, LoadOptions};
use p2p_chat::wire::text::MAX_TEXT;

/// The text of `--help`, which also follows every mistake in the command line.
const USAGE: &str = "\
usage: load [flags]
  --members N        how many members the room has (100; at most 10000)
  --sweep N,N,…      several sizes of the room, one after the other
  --speakers N       how many of them speak (10, or all if they are fewer)
  --seconds S        how long they speak (5)
  --messages N       how many messages they send together, in at most 10 minutes
  --size BYTES       the size of each text (64; 56 to 2000)
  --rate N           messages per second from each speaker (0: as fast as they come back)
  --window N         without --rate: how many messages of a speaker may be in flight (8)
  --server HOST:PORT measure a running server; it needs --rate 0 and enough --max-clients;
                     without this flag, load starts one for each size of the room
  --key FILE         speak TLS with the key in the file
  --csv FILE         the table as comma-separated values
  --svg FILE         a chart: throughput and latency against members
a run also ends after 50 million deliveries: each one is kept in memory
exit code 1: messages were lost, duplicated or out of order";

/// The flags. Each takes a value.
const FLAGS: [&str; 12] = [
    "members", "sweep", "speakers", "seconds", "messages", "size", "rate", "window", "server",
    "key", "csv", "svg",
];
/// The most members. Each is a thread, and a process can have so many and no more (see `MOST_CLIENTS` in
/// server.rs).
const MOST_MEMBERS: usize = 10_000;
/// The most speakers. Each is a thread, too.
const MOST_SPEAKERS: usize = 1_000;
/// The most sizes of one sweep.
const MOST_SIZES: usize = 20;
/// The longest time, in seconds, of a run with `--messages`.
const LONGEST: u64 = 600;

fn main() -> ExitCode {
    program("load", USAGE, parse, |options| {
        load::run(&options, &mut io::stdout(), &mut io::stderr())
    })
}

/// Parses the command line: what to measure. Without `--messages` a run ends after its seconds; with them it
/// ends when all messages are delivered, at the latest after 10 minutes.
fn parse(line: impl Iterator<Item = String>) -> Result<LoadOptions, String> {
    let arguments = Arguments::split(line, &FLAGS, &[])?;
    if let Some(word) = arguments.words.first() {
        return Err(format!("unexpected argument '{word}'"));
    }
    let mut options = LoadOptions::default();
    let mut time = None;
    for (flag, value) in arguments.flags {
        match flag.as_str() {
            "members" | "sweep" if !options.members.is_empty() => {
                return Err("--members and --sweep exclude each other".to_owned());
            }
            "members" => options.members = vec![members("--members", &value)?],
            "sweep" => options.members = sweep(&value)?,
            "speakers" => options.speakers = number("--speakers", &value, 1..=MOST_SPEAKERS)?,
            "seconds" => time = Some(number("--seconds", &value, 1..=3_600)?),
            "messages" => options.messages = Some(number("--messages", &value, 1..=10_000_000)?),
            "size" => options.size = number("--size", &value, MIN_SIZE..=MAX_TEXT)?,
            "rate" => options.rate = number("--rate", &value, 0..=1_000_000)?,
            "window" => options.window = number("--window", &value, 1..=10_000)?,
            "server" => options.server = Some(server_address(&value, None)?),
            _ if value.is_empty() => return Err(format!("--{flag} needs a file")),
            "key" => options.key = Some(PathBuf::from(value)),
            "csv" => options.csv = Some(PathBuf::from(value)),
            _ => options.svg = Some(PathBuf::from(value)), // --svg
        }
    }
    if options.members.is_empty() {
        options.members.push(100);
    }
    let usual = if options.messages.is_some() { LONGEST } else { 5 };
    options.time = Duration::from_secs(time.unwrap_or(usual));
    Ok(options)
}

/// Parses a number of members.
fn members(what: &str, value: &str) -> Result<usize, String> {
    number(what, value, 1..=MOST_MEMBERS)
}

/// Parses the sizes of a sweep. Each must be above the one before: two equal sizes would be two points at one
/// place of the chart.
fn sweep(value: &str) -> Result<Vec<usize>, String> {
    let sizes = value.split(',').map(|size| members("a size of --sweep", size));
    let sizes = sizes.collect::<Result<Vec<usize>, String>>()?;
    if sizes.len() > MOST_SIZES || !sizes.is_sorted_by(|one, next| one < next) {
        return Err(format!("--sweep takes at most {MOST_SIZES} sizes, each above the one before"));
    }
    Ok(sizes)
}

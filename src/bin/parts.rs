//! The parts of the chat alone: `parts PART …`. This file only reads the command line; the work is done in
//! [`p2p_chat::tools::parts`].

use std::io;
use std::process::ExitCode;

use p2p_chat::cli::{Arguments, program};
use p2p_chat::tools::parts::{self, Part};

/// The text of `--help`, which also follows every mistake in the command line.
const USAGE: &str = "\
usage: parts PART …
  window             the window against replays: may N, note N, new
  sender             the sender of datagrams in virtual time: at T, say N, ack SEQ upto UPTO, new
a part that is asked: a question on each line of the input, the answer on a line of the output";

fn main() -> ExitCode {
    program("parts", USAGE, parse, |part| parts::run(&part, io::stdin().lock(), &mut io::stdout()))
}

/// Parses the command line: which part, and what it works on.
fn parse(line: impl Iterator<Item = String>) -> Result<Part, String> {
    let words = Arguments::split(line, &[], &[])?.words;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["window"] => Ok(Part::Window),
        ["sender"] => Ok(Part::Sender),
        [part @ ("window" | "sender"), ..] => Err(format!("{part} takes no arguments")),
        [part, ..] => Err(format!("there is no part '{part}'")),
        [] => Err("which part?".to_owned()),
    }
}

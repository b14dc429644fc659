//! What a log holds: its messages are counted, and the last ones are kept.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use crate::server::room::log::line::{LOST, LoggedMessage, STAMP, TORN};

/// How many messages are kept for replay.
pub const KEPT: usize = 1_000;
/// The longest line that can be a message: 2,000 bytes of text, each escaped in up to 5.
const LONGEST_LINE: u64 = 16 * 1024;

/// What was read from a log.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The number of its last message.
    pub seq: u64,
    /// Its last messages with their numbers, at most [`KEPT`].
    pub kept: VecDeque<(u64, LoggedMessage)>,
    /// Whether its last line has no end, because the server crashed while writing it.
    pub torn: bool,
}

/// Reads a log. Counts its messages, and those that a `\lost` line counts, and keeps the last ones, in bounded
/// memory. A line of more than `LONGEST_LINE` bytes is no message, and is not kept.
///
/// # Errors
/// Any error of the reader.
// LAB 7: read the log back => Ok(Recovered::default())
pub fn recover(log: &mut impl BufRead) -> io::Result<Recovered> {
    let (mut found, mut lines) = (Recovered::default(), VecDeque::with_capacity(KEPT));
    let mut line = Vec::new();
    while log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? > 0 {
        found.torn = line.pop_if(|end| *end == b'\n').is_none();
        if !found.torn && !line.ends_with(TORN) {
            found.seq = found.seq.saturating_add(lost(&line));
            if is_message(&line) {
                found.seq += 1;
                keep(&mut lines, found.seq, &line);
            }
        }
        line.clear();
    }
    found.kept = lines.iter().filter_map(message).collect();
    Ok(found)
}

/// The last lines that are messages, with their numbers.
type Lines = VecDeque<(u64, Vec<u8>)>;

/// Adds a line, and drops the oldest beyond [`KEPT`]. The memory of the oldest serves for the newest.
fn keep(lines: &mut Lines, seq: u64, line: &Vec<u8>) {
    let oldest = if lines.len() == KEPT { lines.pop_front() } else { None };
    let (_, mut memory) = oldest.unwrap_or_default();
    memory.clone_from(line);
    lines.push_back((seq, memory));
}

/// Parses a line that was kept.
fn message((seq, line): &(u64, Vec<u8>)) -> Option<(u64, LoggedMessage)> {
    Some((*seq, LoggedMessage::parse(std::str::from_utf8(line).ok()?)?))
}

/// Whether a line is a message: `[time] [name]: text`. A name holds no bracket.
fn is_message(line: &[u8]) -> bool {
    line.len() > STAMP && line[STAMP] == b'[' && {
        let name = line[STAMP..].iter().position(|byte| *byte == b']');
        name.is_some_and(|end| line[STAMP + end..].starts_with(b"]: "))
    }
}

/// The number of messages that a `\lost` line stands for; 0 for any other line.
fn lost(line: &[u8]) -> u64 {
    let count = line.get(STAMP..).and_then(|rest| rest.strip_prefix(LOST.as_bytes()));
    count.and_then(|count| std::str::from_utf8(count).ok()?.parse().ok()).unwrap_or(0)
}

//! What a log holds: its messages are counted, and the last ones are kept.
//!
//! A log belongs to others, too: anybody may have edited it. So what is kept of it has passed the checks that a message
//! from the wire has to pass, and a number that is too large is not believed.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use crate::net::{Host, Shares};
use crate::server::room::log::epochs::Epochs;
use crate::server::room::log::line::{LOST, LoggedMessage, STAMP, TORN};
use crate::server::room::log::remark::{GivenId, LARGEST, Remark, number};

/// How many messages are kept for replay.
pub const KEPT: usize = 1_000;
/// How many given IDs are kept.
pub const KEPT_IDS: usize = 4_096;
/// How many more there may be before some are forgotten. To forget some all are counted, so that must be rare.
const SLACK: usize = KEPT_IDS / 16;
/// A host with fewer IDs than this has not too many of them.
const FEW: usize = 16;
/// The longest line that can be a message: 2,000 bytes of text, each escaped in up to 5.
const LONGEST_LINE: u64 = 16 * 1024;

/// What was read from a log.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The number of its last message.
    pub seq: u64,
    /// Its last messages with their numbers, at most [`KEPT`].
    pub kept: VecDeque<(u64, LoggedMessage)>,
    /// Which start of the server has given which numbers.
    pub epochs: Epochs,
    /// The last ID that was given.
    pub last_id: u64,
    /// The IDs that were given last: [`KEPT_IDS`] or a few more.
    pub ids: VecDeque<GivenId>,
}

/// Reads a log. Counts its messages, and those that a `\lost` line counts, and keeps the last ones, in bounded
/// memory. A line of more than `LONGEST_LINE` bytes is no message, and is not kept. A line may end as an editor on
/// Windows ends it. What `heed` makes of a line that begins with `#` is not this function's concern.
///
/// # Errors
/// Any error of the reader.
// LAB 7: read the log back => Ok(Recovered::default())
pub fn recover(log: &mut impl BufRead) -> io::Result<Recovered> {
    let (mut found, mut lines) = (Recovered::default(), VecDeque::with_capacity(KEPT));
    let (mut line, mut torn) = (Vec::new(), false);
    while log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? > 0 {
        let goes_on = torn; // the rest of a line that is too long
        torn = line.pop_if(|end| *end == b'\n').is_none();
        line.pop_if(|end| *end == b'\r');
        if !torn && !goes_on && !line.ends_with(TORN) {
            heed(&line, &mut found);
            found.seq = after(found.seq, lost(&line));
            if is_message(&line) {
                found.seq = after(found.seq, 1);
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

/// Parses a line that was kept. Returns `None` for one that no client can have said: somebody has edited it.
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
    count.and_then(|count| number(std::str::from_utf8(count).ok()?)).unwrap_or(0)
}

/// The number that is `count` after `seq`, or `seq` if that is too large to be believed.
fn after(seq: u64, count: u64) -> u64 {
    Some(seq + count).filter(|sum| *sum <= LARGEST).unwrap_or(seq)
}

/// Believes a remark; other lines say nothing to it. The numbers go on from where a start of the server says that it
/// has begun, whatever was done to the lines before.
fn heed(line: &[u8], found: &mut Recovered) {
    if line.first() != Some(&b'#') {
        return;
    }
    match Remark::parse(line) {
        Some(Remark::Log { log, seq, id }) => {
            found.epochs.begin(log, seq);
            found.seq = seq;
            found.last_id = found.last_id.max(id);
        }
        Some(Remark::Was { log, seq }) => found.epochs.add(log, seq),
        Some(Remark::Id(given)) => remember(&mut found.ids, &mut found.last_id, given),
        None => {}
    }
}

/// Adds an ID that was given. If there are too many, the oldest of the host that has the most are forgotten.
pub fn remember(ids: &mut VecDeque<GivenId>, last: &mut u64, given: GivenId) {
    *last = given.id.max(*last);
    ids.push_back(given);
    if ids.len() > KEPT_IDS + SLACK {
        while ids.len() > KEPT_IDS {
            forget(ids);
        }
    }
}

/// Forgets the oldest half of what the greediest host has, but no more than are too many. Where no host has much more
/// than others, the oldest of all are forgotten.
fn forget(ids: &mut VecDeque<GivenId>) {
    let shares: Shares = ids.iter().map(|given| (Host::from(given.ip), true)).collect();
    let too_many = ids.len().saturating_sub(KEPT_IDS);
    match shares.greediest() {
        Some((greediest, count)) if count >= FEW => {
            let mut left = too_many.min(count / 2);
            ids.retain(|given| {
                let goes = left > 0 && Host::from(given.ip) == greediest;
                left -= usize::from(goes);
                !goes
            });
        }
        _ => drop(ids.drain(..too_many)),
    }
}

impl Recovered {
    /// Leaves out messages whose numbers are not in order, for a later start has given them again.
    #[must_use]
    pub fn in_order(mut self) -> Recovered {
        let mut next = self.seq + 1;
        let mut kept = VecDeque::with_capacity(self.kept.len());
        for (seq, message) in self.kept.into_iter().rev().filter(|(seq, _)| *seq > 0) {
            if seq < next {
                next = seq;
                kept.push_front((seq, message));
            }
        }
        self.kept = kept;
        self
    }
}

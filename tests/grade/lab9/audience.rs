//! Runs `load` against a server that the grader plays.

use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::folder::Folder;
use crate::driver::played::{Guest, Played};
use crate::driver::program::Program;
use crate::driver::story::{fail, instead, step};

/// The line of a run, its columns by name, and how `load` has ended.
pub struct Measured {
    heading: Vec<String>,
    line: Vec<String>,
    /// The longest that `load` has let us wait for its next message: on a busy machine this is long.
    pub pause: Duration,
    /// Its exit code.
    pub code: i32,
    /// What it said on stderr.
    pub errors: String,
}

impl Measured {
    /// The number in a column.
    pub fn number(&self, column: &str) -> f64 {
        let place = self.heading.iter().position(|name| name == column);
        let Some(value) = place.and_then(|place| self.line.get(place)) else {
            fail(format!("there is no column {column} in {:?}", self.heading))
        };
        value.parse().unwrap_or_else(|_| fail(format!("{column} is no number: {value:?}")))
    }

    /// Demands this number in a column.
    pub fn has(&self, column: &str, expected: usize) {
        let (found, expected) = (self.number(column), u32::try_from(expected).unwrap());
        if (found - f64::from(expected)).abs() > 0.001 {
            fail(format!("{column} is {found}, and it was {expected}"));
        }
    }

    /// Demands that a column is within a range.
    pub fn is_within(&self, column: &str, least: f64, most: f64) {
        let found = self.number(column);
        if !(least..=most).contains(&found) {
            let expected = format!("{column} is from {least} to {most}");
            fail(instead(expected, format!("{column} is {found}")));
        }
    }
}

/// One message on its way to all members: its number, and its block.
pub struct Delivery<'a> {
    /// Its number, from 1 up.
    pub number: usize,
    /// The block.
    pub block: &'a str,
    /// Who is in the room; the first ones speak.
    members: &'a mut [Option<Guest>],
}

impl Delivery<'_> {
    /// Brings it to these members.
    pub fn to(&mut self, members: impl IntoIterator<Item = usize>) {
        for member in members {
            self.brings(member, self.block);
        }
    }

    /// Brings some block to one member, if that one is still there.
    pub fn brings(&mut self, member: usize, block: &str) {
        if let Some(guest) = &mut self.members[member] {
            guest.wire.sends(block);
        }
    }

    /// Hangs up on one member.
    pub fn hangs_up_on(&mut self, member: usize) {
        if let Some(guest) = self.members[member].take() {
            guest.wire.vanishes();
        }
    }
}

/// Lets one of so many members say so many messages, with one at a time on its way, and lets `deliver`
/// bring each of them to the members. The last message, the mark of the end, reaches everybody. It is over
/// when the speaker is hung up on.
pub fn measure(members: usize, messages: usize, deliver: impl FnMut(Delivery)) -> Measured {
    measure_without(&[], members, messages, deliver)
}

/// The same in a room in which these numbers are given to no message.
pub fn measure_without(
    left_out: &[usize],
    members: usize,
    messages: usize,
    deliver: impl FnMut(Delivery),
) -> Measured {
    measure_talk(1, left_out, members, messages, deliver)
}

/// The same with so many speakers, who say a message each, in turn.
pub fn measure_talk(
    speakers: usize,
    left_out: &[usize],
    members: usize,
    messages: usize,
    mut deliver: impl FnMut(Delivery),
) -> Measured {
    let played = Played::open();
    let (server, count) = (played.address().to_string(), members.to_string());
    let (all, talking, folder) = (messages.to_string(), speakers.to_string(), Folder::fresh());
    let mut arguments = vec!["--server", &server, "--members", &count, "--speakers", &talking];
    arguments.extend(["--messages", &all, "--window", "1"]);
    step(format!("load {}", arguments.join(" ")));
    let load = Program::start("load", "load", &arguments, &folder);
    let mut guests: Vec<Option<Guest>> =
        (1..=members as u64).map(|id| Some(played.welcomes(id, &[]))).collect();
    step(format!("{messages} messages, and each speaker's mark of the end"));
    let mut pause = Duration::ZERO;
    let seqs = (1..).filter(|seq| !left_out.contains(seq));
    for (number, seq) in (1..=messages + speakers).zip(seqs) {
        let (waiting, place) = (Instant::now(), (number - 1) % speakers);
        let Some(speaker) = &mut guests[place] else { break };
        let said = speaker.wire.skips_to("SAY");
        pause = pause.max(waiting.elapsed());
        let (seq, id) = (seq.to_string(), speaker.me.id.to_string());
        let name = speaker.me.name.clone();
        let head = [("Seq", seq.as_str()), ("Time", "2026-11-20 12:35:01"), ("ID", &id)];
        let rest = [("clientID", name.as_str()), ("Text", said.get("Text"))];
        let block = Block::text("SAID", &[&head[..], &rest].concat());
        let mut delivery = Delivery { number, block: &block, members: &mut guests };
        if number > messages { delivery.to(0..members) } else { deliver(delivery) }
    }
    step("load ends, with its table");
    let (lines, code) = load.ends();
    let words = |line: Option<&String>| -> Vec<String> {
        line.map(|line| line.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
    };
    let place = lines.iter().position(|line| line.split_whitespace().next() == Some("members"));
    let Some(place) = place else { fail("load has printed no table") };
    let (heading, line) = (words(lines.get(place)), words(lines.get(place + 1)));
    Measured { heading, line, pause, code, errors: load.errors() }
}

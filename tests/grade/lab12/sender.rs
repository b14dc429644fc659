//! Your sender, asked by `parts sender`: the words of its questions and answers are in `src/tools/parts/sender.rs`.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;

use crate::driver::by_hand;
use crate::driver::part::Part;
use crate::driver::story::{self, instead};

/// The most numbers in one field of an answer: more cannot be in flight.
const MOST: u64 = 10_000;
/// What an answer looks like.
const SHAPE: &str = "fields like: sends 5-8 10; again 2; lost 1; due 400; window 64; timer 200";

/// Your sender.
#[derive(Debug)]
pub struct Sender {
    part: Part,
    /// What was asked since it began anew.
    asked: Vec<String>,
    /// The highest number that it has sent.
    highest: u64,
    /// What is neither acknowledged nor given up.
    pub in_flight: BTreeSet<u64>,
}

/// What it does at one time.
#[derive(Debug, Default)]
pub struct Emitted {
    /// First copies.
    pub new: Vec<u64>,
    /// Further copies.
    pub again: Vec<u64>,
    /// What it gives up.
    pub lost: Vec<u64>,
    /// When it is due again.
    pub due: Option<u64>,
    /// The answer.
    pub line: String,
}

impl Sender {
    /// Starts it.
    pub fn start(title: &str) -> Self {
        let part = Part::start(title, &["sender"]);
        Self { part, asked: Vec::new(), highest: 0, in_flight: BTreeSet::new() }
    }

    /// It begins anew, at 0 ms.
    #[track_caller]
    pub fn begins(&mut self) {
        self.part.answers("new", "new", "which forgets all");
        self.asked.clear();
        self.highest = 0;
        self.in_flight.clear();
    }

    /// It is `at` so many ms, and this happens.
    #[track_caller]
    pub fn at(&mut self, at: u64, events: &str) -> Emitted {
        let question = format!("at {at} {events}").trim_end().to_owned();
        self.asked.push(question.clone());
        let answer = self.part.asks(&question);
        let Some(emitted) = Emitted::read(&answer) else {
            self.fails(instead(format!("{SHAPE}\nto {question:?}"), answer));
        };
        for seq in &emitted.new {
            if *seq != self.highest + 1 {
                self.fails(instead(format!("{} as the next new message", self.highest + 1), seq));
            }
            self.highest = *seq;
            self.in_flight.insert(*seq);
        }
        if let Some(seq) = emitted.again.iter().find(|seq| !self.in_flight.contains(seq)) {
            self.fails(instead("copies of what is in flight, and of nothing else", seq));
        }
        self.in_flight.retain(|seq| !emitted.lost.contains(seq));
        emitted
    }

    /// The user says so many texts at this time.
    #[track_caller]
    pub fn says(&mut self, at: u64, count: u64) -> Emitted {
        self.at(at, &format!("say {count}"))
    }

    /// The ACK of a message comes.
    #[track_caller]
    pub fn acknowledges(&mut self, at: u64, seq: u64, upto: u64) -> Emitted {
        self.in_flight.remove(&seq);
        self.in_flight.retain(|seq| *seq > upto);
        self.at(at, &format!("ack {seq} upto {upto}"))
    }

    /// Asks it whenever it is due, until this time; gives what it has done.
    #[track_caller]
    pub fn waits(&mut self, from: u64, until: u64) -> Emitted {
        let (mut all, mut now) = (Emitted { due: Some(from), ..Emitted::default() }, from);
        while let Some(due) = all.due.map(|due| due.max(now + 1)).filter(|due| *due < until) {
            let next = self.at(due, "");
            all.new.extend(next.new);
            all.again.extend(next.again);
            all.lost.extend(next.lost);
            (all.due, now) = (next.due, due);
        }
        all
    }

    /// Ends the check. What was asked lies in a file, and can be asked once more.
    #[track_caller]
    pub fn fails(&self, why: impl Display) -> ! {
        let (folder, name) = (story::folder(), "asked.txt");
        let all: String = self.asked.iter().map(|line| format!("{line}\n")).collect();
        // Without the file the story is still told.
        if fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), all)).is_ok() {
            let file = folder.join(name).display().to_string();
            by_hand::cannot(&format!("cargo run --bin parts -- sender < {file}"));
        }
        story::fail(why)
    }
}

impl Emitted {
    /// Reads an answer.
    fn read(line: &str) -> Option<Self> {
        let mut emitted = Self { line: line.to_owned(), ..Self::default() };
        for field in line.split(';') {
            let (name, value) = field.trim().split_once(' ')?;
            match name {
                "sends" => emitted.new = numbers(value)?,
                "again" => emitted.again = numbers(value)?,
                "lost" => emitted.lost = numbers(value)?,
                "due" => emitted.due = Some(value.parse().ok()?),
                _ => {}
            }
        }
        Some(emitted)
    }
}

/// Reads numbers, and runs of them as `5-8`.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        if last.checked_sub(first)? >= MOST {
            return None;
        }
        found.extend(first..=last);
    }
    Some(found)
}

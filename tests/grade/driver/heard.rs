//! What programs write: collected by threads, and looked through for signs of trouble.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::driver::program::SLICE;
use crate::driver::story::{self, End, lock, scene};

/// The most that a program may write in one check.
const FLOOD: usize = 32 << 20;

/// How many of the lines on stderr are shown.
const WORDS: usize = 12;
/// What a panic says first, and what a stub says, whether it panics or not.
const PANICKED: &str = "panicked at";
const NOT_YET: &str = "not yet implemented: ";

/// What a program has written.
#[derive(Debug)]
pub struct Heard {
    /// The program's name in the story.
    pub title: String,
    /// What it has written so far.
    pub told: Mutex<Told>,
    /// Rings when it has written more.
    pub more: Condvar,
}

/// What a program has written until now.
#[derive(Debug, Default)]
pub struct Told {
    /// Its stdout.
    pub output: Output,
    /// Its stderr.
    pub errors: Output,
    /// It has panicked.
    panicked: bool,
    /// It may end: it was told to, or killed by us.
    pub may_end: bool,
}

/// One of its two outputs.
#[derive(Debug, Default)]
pub struct Output {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How much of it has been seen by the check.
    pub seen: usize,
    /// Whether nothing more can come.
    pub ended: bool,
    /// Whether somebody reads it at all.
    pub mode: OutputMode,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Its stdout.
    Output,
    /// Its stderr.
    Errors,
}

/// Whether somebody reads an output. A change takes effect after what is written next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OutputMode {
    /// It is read as it comes.
    #[default]
    Read,
    /// Nobody reads: the pipe fills, as with a terminal that is paused.
    Paused,
    /// The pipe is closed, as by `head -1`.
    Closed,
}

impl Output {
    /// The next whole line, which then is seen.
    pub fn line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.seen..];
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..end]).trim_end_matches('\r').to_owned();
        self.seen += end + 1;
        Some(line)
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Told {
    /// One of the outputs.
    pub fn side(&mut self, side: Side) -> &mut Output {
        match side {
            Side::Output => &mut self.output,
            Side::Errors => &mut self.errors,
        }
    }

    /// How much it has written.
    pub fn size(&self) -> usize {
        self.output.bytes.len() + self.errors.bytes.len()
    }

    /// It has written this. A panic is looked for in what is new.
    fn takes(&mut self, side: Side, piece: &[u8]) {
        let mark = PANICKED.as_bytes();
        let bytes = &mut self.side(side).bytes;
        let known = bytes.len().saturating_sub(mark.len());
        bytes.extend_from_slice(piece);
        let has_mark = bytes[known..].windows(mark.len()).any(|window| window == mark);
        self.panicked |= side == Side::Errors && has_mark;
    }

    /// Whether nothing more can come.
    pub fn ended(&self) -> bool {
        self.output.ended && self.errors.ended
    }

    /// What is wrong with the program whatever it was to do.
    fn fault(&self) -> Option<&'static str> {
        if self.panicked {
            Some("has panicked")
        } else if self.ended() && !self.may_end {
            Some("has ended by itself")
        } else if self.size() > FLOOD {
            Some("writes without end")
        } else {
            None
        }
    }
}

impl Heard {
    /// Nothing yet, from the program that is called so in the story.
    pub fn new(title: &str) -> Arc<Self> {
        let told = Mutex::new(Told { may_end: !story::is_graded(), ..Told::default() });
        let heard = Arc::new(Self { title: title.to_owned(), told, more: Condvar::new() });
        lock(&scene().cast).push(Arc::clone(&heard));
        heard
    }
}

/// Collects what comes, in a thread of its own, up to its end.
pub fn collect(
    mut from: impl Read + Send + 'static,
    heard: &Arc<Heard>,
    side: Side,
) -> JoinHandle<()> {
    let heard = Arc::clone(heard);
    let work = move || {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let count = match from.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result.unwrap_or(0),
            };
            let mut told = lock(&heard.told);
            let kept = if told.size() > FLOOD { 0 } else { count };
            told.takes(side, &piece[..kept]);
            heard.more.notify_all();
            while told.side(side).mode == OutputMode::Paused && count > 0 {
                told = heard.more.wait(told).unwrap_or_else(PoisonError::into_inner);
            }
            if count == 0 || told.side(side).mode == OutputMode::Closed {
                told.side(side).ended = true;
                heard.more.notify_all();
                return;
            }
        }
    };
    thread::Builder::new()
        .name("listening".to_owned())
        .spawn(work)
        .unwrap_or_else(|error| story::cannot_start("a thread", &error))
}

/// What the first program of this check has done that has panicked, ended by itself, or writes without end.
pub fn one_has_failed() -> Option<String> {
    let cast = lock(&scene().cast).clone();
    cast.iter().find_map(|heard| {
        let fault = lock(&heard.told).fault()?;
        Some(format!("{} {fault}", heard.title))
    })
}

/// Ends the check if there is one.
#[track_caller]
pub fn fail_if_one_has_failed() {
    if let Some(failed) = one_has_failed() {
        thread::sleep(SLICE); // the rest of its last words
        story::end(End::Failed(failed));
    }
}

/// The last lines that the programs of this check wrote to stderr, by program: first those that may have to
/// do with this lab, then what stubs of other labs have said without a panic.
pub fn last_words(lab: u32) -> Vec<(String, Vec<String>)> {
    let cast = lock(&scene().cast).clone();
    let own = format!("LAB {lab}: ");
    let words = cast.iter().enumerate().map(|(place, heard)| {
        let errors = lock(&heard.told).errors.text();
        let (mut first, mut others) = (Vec::new(), Vec::new());
        let mut panics = false;
        let says_something =
            |line: &&str| !line.is_empty() && !line.starts_with("note: run with `RUST");
        for line in errors.lines().filter(says_something) {
            let is_stub = line.strip_prefix(NOT_YET).is_some_and(|task| !task.starts_with(&own));
            let lines = if is_stub && !panics { &mut others } else { &mut first };
            lines.push(line.to_owned());
            panics = line.contains(PANICKED);
        }
        first.drain(..first.len().saturating_sub(WORDS));
        others.truncate(WORDS - first.len());
        first.append(&mut others);
        let same = |others: &[Arc<Heard>]| {
            others.iter().filter(|other| other.title == heard.title).count()
        };
        let (nth, all) = (same(&cast[..=place]), same(&cast));
        let title = heard.title.clone();
        (if all > 1 { format!("{title} (number {nth} of {all})") } else { title }, first)
    });
    words.filter(|(_, lines)| !lines.is_empty()).collect()
}

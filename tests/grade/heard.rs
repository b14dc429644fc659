//! What programs write: collected by threads, and looked through for signs of trouble.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::program::SLICE;
use crate::story::{self, End, lock};

/// The most that a program may write in one check.
const FLOOD: usize = 32 << 20;

/// How many of the lines on stderr are shown.
const WORDS: usize = 12;
/// What a panic says first, and what a stub says, whether it panics or not.
const PANICKED: &str = "panicked at";
const NOT_YET: &str = "not yet implemented: ";

/// All programs of the check that runs.
static CAST: Mutex<Vec<Arc<Heard>>> = Mutex::new(Vec::new());

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
#[allow(
    clippy::struct_excessive_bools,
    reason = "four things that can be so or not, in any mixture"
)]
pub struct Told {
    /// Its stdout.
    pub output: Vec<u8>,
    /// How much of the output has been seen by the check.
    pub seen: usize,
    /// Its stderr.
    pub errors: Vec<u8>,
    /// It has panicked.
    panicked: bool,
    output_ended: bool,
    errors_ended: bool,
    /// It may end: it was told to, or killed by us.
    pub may_end: bool,
}

impl Told {
    /// It has written this to stderr. A panic is looked for in what is new.
    fn complains(&mut self, piece: &[u8]) {
        let mark = PANICKED.as_bytes();
        let known = self.errors.len().saturating_sub(mark.len());
        self.errors.extend_from_slice(piece);
        self.panicked |= self.errors[known..].windows(mark.len()).any(|window| window == mark);
    }

    /// Whether nothing more can come.
    pub fn ended(&self) -> bool {
        self.output_ended && self.errors_ended
    }

    /// What is wrong with the program whatever it was to do.
    fn fault(&self) -> Option<&'static str> {
        if self.panicked {
            Some("has panicked")
        } else if self.ended() && !self.may_end {
            Some("has ended by itself")
        } else if self.output.len() + self.errors.len() > FLOOD {
            Some("writes without end")
        } else {
            None
        }
    }

    /// The next line of its stdout.
    pub fn next_line(&mut self) -> Option<String> {
        let rest = &self.output[self.seen..];
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..end]).trim_end_matches('\r').to_owned();
        self.seen += end + 1;
        Some(line)
    }
}

impl Heard {
    /// Nothing yet, from the program that is called so in the story.
    pub fn new(title: &str) -> Arc<Self> {
        let (title, told, more) = (title.to_owned(), Mutex::default(), Condvar::new());
        let heard = Arc::new(Self { title, told, more });
        lock(&CAST).push(Arc::clone(&heard));
        heard
    }
}

/// Collects what comes, in a thread of its own, up to its end.
pub fn collect(mut from: impl Read + Send + 'static, heard: &Arc<Heard>, errors: bool) {
    let heard = Arc::clone(heard);
    let work = move || {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let count = match from.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result.unwrap_or(0),
            };
            let mut told = lock(&heard.told);
            let kept = if told.output.len() + told.errors.len() > FLOOD { 0 } else { count };
            if errors {
                told.complains(&piece[..kept]);
                told.errors_ended = count == 0;
            } else {
                told.output.extend_from_slice(&piece[..kept]);
                told.output_ended = count == 0;
            }
            heard.more.notify_all();
            if count == 0 {
                return;
            }
        }
    };
    thread::Builder::new().name("listening".to_owned()).spawn(work).unwrap();
}

/// What the first program of this check has done that has panicked, ended by itself, or writes without end.
pub fn one_has_failed() -> Option<String> {
    let cast = lock(&CAST).clone();
    cast.iter().find_map(|heard| {
        let fault = lock(&heard.told).fault()?;
        Some(format!("{} {fault}", heard.title))
    })
}

/// Ends the check if there is one.
pub fn fail_if_one_has_failed() {
    if let Some(failed) = one_has_failed() {
        thread::sleep(SLICE); // the rest of its last words
        story::end(End::Failed(failed));
    }
}

/// The last lines that the programs of this check wrote to stderr, by program: first those that may have to
/// do with this lab, then what stubs of other labs have said without a panic.
pub fn last_words(lab: u32) -> Vec<(String, Vec<String>)> {
    let cast = lock(&CAST).clone();
    let own = format!("LAB {lab}: ");
    let words = cast.iter().enumerate().map(|(place, heard)| {
        let errors = String::from_utf8_lossy(&lock(&heard.told).errors).into_owned();
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

/// Forgets the programs of the check that is over.
pub fn forget() {
    lock(&CAST).clear();
}

//! What programs write: collected by threads, and looked through for signs of trouble.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::program::SLICE;
use crate::story::{self, End, lock};

/// The most that a program may write in one check.
const FLOOD: usize = 16 << 20;

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
pub struct Told {
    /// Its stdout.
    pub output: Vec<u8>,
    /// How much of the output has been seen by the check.
    pub seen: usize,
    /// Its stderr.
    pub errors: Vec<u8>,
    output_ended: bool,
    errors_ended: bool,
    /// It may end: it was told to, or killed by us.
    pub may_end: bool,
}

impl Told {
    fn panicked(&self) -> bool {
        let mark = b"panicked at";
        self.errors.windows(mark.len()).any(|window| window == mark)
    }

    /// Whether nothing more can come.
    pub fn ended(&self) -> bool {
        self.output_ended && self.errors_ended
    }

    /// What is wrong with the program whatever it was to do.
    fn fault(&self) -> Option<&'static str> {
        if self.panicked() {
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
            let told = &mut *told;
            let (bytes, ended) = if errors {
                (&mut told.errors, &mut told.errors_ended)
            } else {
                (&mut told.output, &mut told.output_ended)
            };
            bytes.extend_from_slice(&piece[..kept]);
            *ended = count == 0;
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

/// The last lines that the programs of this check wrote to stderr, by program.
pub fn last_words() -> Vec<(String, Vec<String>)> {
    let cast = lock(&CAST).clone();
    let words = cast.iter().map(|heard| {
        let errors = String::from_utf8_lossy(&lock(&heard.told).errors).into_owned();
        let lines: Vec<String> = errors.lines().map(str::to_owned).collect();
        (heard.title.clone(), lines[lines.len().saturating_sub(12)..].to_vec())
    });
    words.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// Forgets the programs of the check that is over.
pub fn forget() {
    lock(&CAST).clear();
}

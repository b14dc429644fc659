//! What a program has said so far, and how it is collected while it runs.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The end of an output that a failure shows: a flood would hide the reason.
const STORY: usize = 16 * 1024;

/// What a program has written so far, and a bell for more.
#[derive(Debug, Default)]
pub struct Story {
    /// The text.
    pub told: Mutex<Told>,
    /// Rung whenever there is more of it.
    pub more: Condvar,
}

/// Both outputs.
#[derive(Debug, Default)]
pub struct Told {
    /// Its stdout.
    pub output: Heard,
    /// Its stderr.
    pub errors: Heard,
}

/// One output: its bytes, how many of them a test has seen, and whether it has ended.
#[derive(Debug, Default)]
pub struct Heard {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How much of it a test has seen.
    pub seen: usize,
    /// Whether there can be no more.
    pub ended: bool,
    /// Whether somebody reads it at all.
    pub ear: Ear,
}

/// Whether somebody reads an output. It takes effect after what is written next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Ear {
    /// It is read as it comes.
    #[default]
    Open,
    /// Nobody reads: the pipe fills, as with a terminal that is paused.
    Paused,
    /// The pipe is closed, as by `head -1`.
    Closed,
}

/// Which of the two outputs.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// Its stdout.
    Output,
    /// Its stderr.
    Errors,
}

impl Told {
    /// One of them.
    pub fn side(&mut self, side: Side) -> &mut Heard {
        match side {
            Side::Output => &mut self.output,
            Side::Errors => &mut self.errors,
        }
    }

    /// Whether a thread of the program has panicked, by what Rust writes to stderr then.
    pub fn panicked(&self) -> bool {
        self.errors.bytes.windows(8).any(|word| word == b"panicked")
    }
}

impl Heard {
    /// The next whole line, which then counts as seen.
    pub fn line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.seen..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..length]).trim_end_matches('\r').to_owned();
        self.seen += length + 1;
        Some(line)
    }

    /// Moves past `text` if it stands in what was not seen, in a finished line or not.
    pub fn passes(&mut self, text: &str) -> Option<()> {
        let rest = String::from_utf8_lossy(&self.bytes[self.seen..]).into_owned();
        let start = rest.find(text)?;
        self.seen = (self.seen + start + text.len()).min(self.bytes.len());
        Some(())
    }

    /// The last of it, for a failure.
    pub fn tail(&self) -> String {
        let start = self.bytes.len().saturating_sub(STORY);
        String::from_utf8_lossy(&self.bytes[start..]).into_owned()
    }
}

/// Collects one output in a thread of its own until it ends.
pub fn collect(
    mut from: impl Read + Send + 'static,
    story: Arc<Story>,
    side: Side,
) -> JoinHandle<()> {
    let work = move || {
        let mut piece = [0; 4096];
        loop {
            let count = match from.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result.unwrap_or(0),
            };
            let mut told = lock(&story.told);
            told.side(side).bytes.extend_from_slice(&piece[..count]);
            story.more.notify_all();
            while told.side(side).ear == Ear::Paused && count > 0 {
                told = story.more.wait(told).unwrap_or_else(PoisonError::into_inner);
            }
            if count == 0 || told.side(side).ear == Ear::Closed {
                told.side(side).ended = true;
                story.more.notify_all();
                return;
            }
        }
    };
    thread::Builder::new().name(format!("{side:?}")).spawn(work).unwrap()
}

/// Locks, also after a failed test has let go of it in the middle.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

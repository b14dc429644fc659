//! What the server prints: one line per event, written by a thread of its own. A paused terminal must not
//! stop the room, so lines beyond a bound are dropped, and counted.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::lock::{lock, wait};

/// How much may wait to be printed.
const FULL: usize = 256 * 1024;
/// The pause between two writes, in which lines gather: a busy room would wake the printer for each.
const GATHER: Duration = Duration::from_millis(5);

/// The lines that wait to be printed.
#[derive(Debug, Default)]
pub struct Printer {
    page: Mutex<Page>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Page {
    text: Vec<u8>,
    dropped: usize,
    closed: bool,
    sleeps: bool,
}

impl Printer {
    /// Prints a line, soon. It must be escaped where it shows what others have sent.
    pub fn line(&self, line: impl Display) {
        self.lines(format!("{line}\n").as_bytes(), 1);
    }

    /// Prints so many lines, soon.
    pub fn lines(&self, lines: &[u8], count: usize) {
        let mut page = lock(&self.page);
        if page.text.len() > FULL {
            page.dropped += count;
            return;
        }
        page.text.extend_from_slice(lines);
        if std::mem::take(&mut page.sleeps) {
            self.written.notify_one();
        }
    }

    /// Prints what is there and ends [`Printer::run`].
    pub fn close(&self) {
        lock(&self.page).closed = true;
        self.written.notify_one();
    }

    /// Writes the lines until the printer is closed, or the output is: then nobody reads them.
    pub fn run(&self, mut output: impl Write) {
        let mut text = Vec::new();
        loop {
            let mut page = lock(&self.page);
            while page.text.is_empty() && page.dropped == 0 {
                if page.closed {
                    return;
                }
                page.sleeps = true;
                page = wait(&self.written, page);
            }
            page.sleeps = false;
            std::mem::swap(&mut text, &mut page.text);
            let dropped = std::mem::take(&mut page.dropped);
            drop(page);
            if dropped > 0 {
                let note =
                    format!("({dropped} lines were not printed: the terminal is too slow)\n");
                text.extend_from_slice(note.as_bytes());
            }
            if output.write_all(&text).and_then(|()| output.flush()).is_err() {
                return;
            }
            text.clear();
            thread::sleep(GATHER);
        }
    }
}

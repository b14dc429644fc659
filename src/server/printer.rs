//! What the server prints: one line per event, written by a thread of its own. A paused terminal must not
//! stop the room, so lines beyond a bound are dropped, and counted.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::sync::{lock, wait};

/// How much may wait to be printed.
const FULL: usize = 256 * 1024;
/// The pause between two writes, in which lines gather: a busy room would wake the printer for each.
const GATHER: Duration = Duration::from_millis(5);

/// The lines that wait to be printed.
#[derive(Debug, Default)]
pub struct Printer {
    buffer: Mutex<Buffer>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Buffer {
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
        let mut buffer = lock(&self.buffer);
        if buffer.text.len() > FULL {
            buffer.dropped += count;
            return;
        }
        buffer.text.extend_from_slice(lines);
        if std::mem::take(&mut buffer.sleeps) {
            self.written.notify_one();
        }
    }

    /// Prints what is there and ends [`Printer::run`].
    pub fn close(&self) {
        lock(&self.buffer).closed = true;
        self.written.notify_one();
    }

    /// Writes the lines until the printer is closed, or the output is: then nobody reads them.
    pub fn run(&self, mut output: impl Write) {
        let mut text = Vec::new();
        loop {
            let mut buffer = lock(&self.buffer);
            while buffer.text.is_empty() && buffer.dropped == 0 {
                if buffer.closed {
                    return;
                }
                buffer.sleeps = true;
                buffer = wait(&self.written, buffer);
            }
            buffer.sleeps = false;
            std::mem::swap(&mut text, &mut buffer.text);
            let dropped = std::mem::take(&mut buffer.dropped);
            drop(buffer);
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

//! What the server prints: one line per event, written by a thread of its own.
//!
//! A paused terminal must not stop the room. So a line is never waited for: beyond a bound lines are dropped, and
//! their number is printed later.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::sync::{lock, wait};

/// How many bytes may wait to be printed.
const FULL: usize = 256 * 1024;
/// The pause between two writes, in which lines gather. Without it a busy room would wake the printer for each line.
const GATHER: Duration = Duration::from_millis(5);

/// The lines that wait to be printed. All threads add lines, and one prints them.
#[derive(Debug, Default)]
pub struct Printer {
    /// The lines, under their lock.
    buffer: Mutex<Buffer>,
    /// Wakes the printing thread.
    written: Condvar,
}

/// What the other threads leave for the printer's.
#[derive(Debug, Default)]
struct Buffer {
    /// The lines, each with its end.
    text: Vec<u8>,
    /// How many lines were dropped since the last write.
    dropped: usize,
    /// Whether nothing comes any more.
    closed: bool,
    /// Whether the printer must be woken.
    sleeps: bool,
}

impl Printer {
    /// Queues a line. Text that a client has sent must be escaped in it.
    pub fn line(&self, line: impl Display) {
        self.lines(format!("{line}\n").as_bytes(), 1);
    }

    /// Queues `count` finished lines.
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

    /// Lets [`Printer::run`] print what is queued, and return.
    pub fn close(&self) {
        lock(&self.buffer).closed = true;
        self.written.notify_one();
    }

    /// Writes the lines until the printer is closed or the output fails: the body of its thread.
    ///
    /// It takes all lines that are there and writes them without the lock, so that a thread with a new line never
    /// waits for the terminal. Taken lines and the queue swap their memory.
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
            drop(buffer); // the write may block for long
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

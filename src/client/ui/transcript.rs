//! What was shown, kept in bounded memory so that the user can save it (`/save FILE`).

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};

/// How many lines are kept.
const KEPT: usize = 5_000;
/// How many bytes of lines are kept.
const KEPT_BYTES: usize = 1 << 20;

/// The last lines that were shown, the oldest first.
#[derive(Debug, Default)]
pub struct Transcript {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Transcript {
    /// Adds a line, and drops the oldest beyond the limits.
    pub fn push(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > KEPT || self.bytes > KEPT_BYTES {
            self.bytes -= self.lines.pop_front().map_or(0, |oldest| oldest.len());
        }
    }

    /// Writes the lines to a new file. Returns how many they are.
    ///
    /// # Errors
    /// When the file exists already, or cannot be written.
    pub fn save(&self, path: &str) -> io::Result<usize> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        let mut file = BufWriter::new(file);
        for line in &self.lines {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        Ok(self.lines.len())
    }
}

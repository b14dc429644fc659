//! A keyboard that a scene types on, and a paper that a program prints on.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sim::note;
use crate::turns::{self, Key};

/// The scene's side of a keyboard.
#[derive(Debug, Clone)]
pub struct Typist(Arc<Keys>);

/// The program's side of a keyboard: its standard input.
#[derive(Debug)]
pub struct Keyboard {
    keys: Arc<Keys>,
    read: Vec<u8>,
}

/// What is typed and not read.
#[derive(Debug)]
struct Keys {
    typed: Mutex<(Vec<u8>, bool)>,
    pressed: Key,
}

/// A keyboard.
pub fn keyboard() -> (Typist, Keyboard) {
    let pressed = turns::turns().key();
    let keys = Arc::new(Keys { typed: Mutex::default(), pressed });
    (Typist(Arc::clone(&keys)), Keyboard { keys, read: Vec::new() })
}

impl Keys {
    fn typed(&self) -> MutexGuard<'_, (Vec<u8>, bool)> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Typist {
    /// Types a line.
    pub fn line(&self, line: &str) {
        note("types", line.len() as u64, || format!("{line:?}"));
        let mut typed = self.0.typed();
        typed.0.extend_from_slice(line.as_bytes());
        typed.0.push(b'\n');
        turns::turns().wake(self.0.pressed, usize::MAX);
    }

    /// Ends the input.
    pub fn end(&self) {
        self.0.typed().1 = true;
        turns::turns().wake(self.0.pressed, usize::MAX);
    }
}

impl BufRead for Keyboard {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        turns::point();
        while self.read.is_empty() {
            let ended = {
                let mut typed = self.keys.typed();
                self.read = std::mem::take(&mut typed.0);
                typed.1
            };
            if ended || !self.read.is_empty() {
                break;
            }
            turns::sleep_on(self.keys.pressed, None);
        }
        Ok(&self.read)
    }

    fn consume(&mut self, count: usize) {
        self.read.drain(..count);
    }
}

impl Read for Keyboard {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

/// A paper that a program prints on: its standard output.
#[derive(Debug, Clone)]
pub struct Paper(Arc<Sheet>);

/// What is printed.
#[derive(Debug)]
struct Sheet {
    text: Mutex<(Vec<u8>, bool)>,
    /// Wakes who reads, and who waits until the paper moves.
    printed: Key,
    moves: Key,
}

impl Paper {
    /// A white one. `printed` wakes who reads it.
    pub fn new(printed: Key) -> Paper {
        let moves = turns::turns().key();
        Paper(Arc::new(Sheet { text: Mutex::default(), printed, moves }))
    }

    fn sheet(&self) -> MutexGuard<'_, (Vec<u8>, bool)> {
        self.0.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is printed on it from that byte on.
    pub fn text(&self, from: usize) -> String {
        String::from_utf8_lossy(&self.sheet().0[from..]).into_owned()
    }

    /// How many bytes are printed on it.
    pub fn len(&self) -> usize {
        self.sheet().0.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this text is printed on it after that byte.
    pub fn has(&self, text: &str, from: usize) -> bool {
        let sheet = self.sheet();
        sheet.0[from..].windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Turns the page: what was printed is gone.
    pub fn turn_page(&self) {
        *self.sheet() = (Vec::new(), false);
    }

    /// Stops it: whoever prints waits. Or lets it move again.
    pub fn stop(&self, stops: bool) {
        self.sheet().1 = stops;
        turns::turns().wake(self.0.moves, usize::MAX);
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        turns::point();
        while self.sheet().1 {
            turns::sleep_on(self.0.moves, None);
        }
        self.sheet().0.extend_from_slice(bytes);
        note("prints", bytes.len() as u64, || format!("{:?}", String::from_utf8_lossy(bytes)));
        turns::turns().wake(self.0.printed, usize::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

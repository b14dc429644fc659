//! The prompt: the last line of a terminal, where one types. What arrives does not garble it.
//!
//! std knows nothing of terminals, so `stty` is asked: for its settings, that it give each key as it is
//! pressed and show none itself (Ctrl-C and Ctrl-Z become keys like others), and for its size. Where there
//! is no `stty` there is no prompt. The settings come back when this is dropped, also by a panic. Against a
//! signal that kills the program nothing can be done in std: `stty sane` helps afterwards.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::ui::terminal::layout::{Layout, layout};

/// What makes a terminal tell what is pasted from what is typed, and what ends that.
pub const PASTE_MARKS: (&str, &str) = ("\x1b[?2004h", "\x1b[?2004l");

/// What `stty` is to do: no lines, no echo, and no keys that send signals, hold the output (Ctrl-S) or have
/// other powers.
const BY_KEY: [&str; 9] =
    ["-icanon", "-echo", "-isig", "-ixon", "-iexten", "min", "1", "time", "0"];

/// Red, green, yellow, magenta, cyan. (Blue is hard to read on black.)
const COLOURS: [u8; 5] = [31, 32, 33, 35, 36];

/// std cannot be told that a window's size has changed (SIGWINCH), so the size is asked for when something
/// is drawn, but not more often than this: it costs a process. A window that shows lines as they were
/// broken, and does not break them anew, keeps some rows of a longer prompt after it has become wider.
const SIZE_HOLDS: Duration = Duration::from_secs(1);

/// A terminal with a prompt.
#[derive(Debug)]
pub struct Prompt {
    /// What it was like before.
    settings: String,
    /// How many columns and rows it has.
    size: (usize, usize),
    measured: Option<Instant>,
    /// What stands there now, and before which byte of it the cursor.
    shown: Option<(String, usize)>,
    /// Names are to have colours.
    colours: bool,
}

impl Prompt {
    /// Takes the terminal on stdin, if there is one that can be handled.
    pub fn begin() -> Option<Prompt> {
        let is_set = |name| env::var_os(name).filter(|value| !value.is_empty());
        if !cfg!(unix) || is_set("TERM").is_none_or(|term| term == "dumb") {
            return None;
        }
        let (settings, size, measured) = (stty(&["-g"])?, (80, 24), None);
        let prompt =
            Prompt { settings, size, measured, shown: None, colours: is_set("NO_COLOR").is_none() };
        stty(&BY_KEY).map(|_| prompt)
    }

    /// Gives what takes the prompt away.
    pub fn clear(&mut self) -> String {
        let Some((text, cursor)) = self.shown.take() else { return String::new() };
        self.measure();
        let row = layout(&text, cursor, self.size).row;
        format!("{}\r\x1b[J", steps(row, 'A'))
    }

    /// Gives what shows `text` as the prompt, with the cursor before its byte `cursor`.
    pub fn draw(&mut self, text: String, cursor: usize) -> String {
        let now = Some((text, cursor));
        if self.shown == now {
            return String::new();
        }
        let clear = self.clear();
        self.measure();
        self.shown = now;
        let Some((text, cursor)) = &self.shown else { return clear };
        let Layout { shown, last, row, column } = layout(text, *cursor, self.size);
        if *cursor == text.len() {
            return clear + &shown; // which the terminal knows better, should `width` be wrong
        }
        format!("{clear}{shown}{}\r{}", steps(last - row, 'A'), steps(column, 'C'))
    }

    /// Gives a name in its colour, if names have any. It tells people apart and proves nothing.
    pub fn colour(&self, name: &str) -> String {
        if !self.colours || name.is_empty() {
            return name.to_owned();
        }
        let hash = name.bytes().fold(0, |hash: usize, byte| hash * 31 % 1009 + usize::from(byte));
        format!("\x1b[{}m{name}\x1b[m", COLOURS[hash % COLOURS.len()])
    }

    /// Stops this program until it is continued, as Ctrl-Z does elsewhere: with its whole process group,
    /// for the shell waits for all of it (for `cargo`, say, that has started us).
    pub fn stop(&mut self) {
        self.give_back();
        // `sh` is one of the group, so it ends only after the group was continued. If it cannot be stopped
        // (no shell would continue us), we go on.
        let _ = Command::new("sh").args(["-c", "kill -s TSTP 0"]).status();
        stty(&BY_KEY); // without it, keys come line by line: bad, but no reason to end
        self.measured = None;
    }

    fn give_back(&self) {
        stty(&[&self.settings]); // a terminal that is gone needs nothing back
    }

    fn measure(&mut self) {
        if self.measured.is_some_and(|at| at.elapsed() < SIZE_HOLDS) {
            return;
        }
        self.measured = Some(Instant::now());
        let told = stty(&["size"]).unwrap_or_default();
        let numbers: Vec<usize> = told.split(' ').filter_map(|word| word.parse().ok()).collect();
        if let [rows, columns] = numbers[..]
            && rows * columns > 0
        {
            self.size = (columns.max(2), rows); // a wide character needs two
        }
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Moves the cursor.
fn steps(count: usize, direction: char) -> String {
    if count == 0 { String::new() } else { format!("\x1b[{count}{direction}") }
}

/// Runs `stty` on our terminal, and gives what it says if it can do it.
fn stty(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("stty");
    command.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|told| told.trim().to_owned())
}

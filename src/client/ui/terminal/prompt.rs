//! The prompt: the last line of a terminal, where the user types. Arriving messages do not garble it.
//!
//! std knows nothing of terminals, so the program `stty` does the work. It sets the terminal to give each key
//! as it is pressed and to show none itself (Ctrl-C and Ctrl-Z become keys like others), and it tells the
//! size. Without `stty` there is no prompt.
//!
//! The old settings come back when the prompt is dropped, also after a panic. A signal that kills the program
//! leaves them as they are, for std cannot catch signals: `stty sane` helps afterwards.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::ui::terminal::layout::{Layout, layout};

/// The sequences that tell a terminal to mark what is pasted, and to stop it (xterm's bracketed paste).
pub const PASTE_MARKS: (&str, &str) = ("\x1b[?2004h", "\x1b[?2004l");

/// The settings for `stty`: no lines, no echo, and no keys that send signals, hold the output (Ctrl-S) or
/// have other effects.
const BY_KEY: [&str; 9] =
    ["-icanon", "-echo", "-isig", "-ixon", "-iexten", "min", "1", "time", "0"];

/// Red, green, yellow, magenta, cyan. (Blue is hard to read on black.)
const COLOURS: [u8; 5] = [31, 32, 33, 35, 36];

/// How long a measured size holds for drawing. std cannot be told that a window's size changes (SIGWINCH), so the
/// prompt asks for the size, which costs a process. What stands there is never taken away by an old size: a window that
/// became narrower has broken it into more rows, and a row too few would leave a ghost. After a window becomes wider,
/// some terminals do not break their lines anew: they keep some rows of a longer prompt.
const SIZE_HOLDS: Duration = Duration::from_secs(1);

/// A terminal with a prompt.
#[derive(Debug)]
pub struct Prompt {
    /// The settings that come back at the end, as `stty -g` writes them.
    settings: String,
    /// The columns and rows of the terminal.
    size: (usize, usize),
    /// The time of the last measurement.
    measured: Option<Instant>,
    /// The text that stands there now, and the byte of it before which the cursor stands.
    shown: Option<(String, usize)>,
    /// Whether names have colours.
    colours: bool,
}

impl Prompt {
    /// Takes over the terminal on stdin, if there is one that can have a prompt.
    pub fn begin() -> Option<Prompt> {
        let is_set = |name| env::var_os(name).filter(|value| !value.is_empty());
        if !cfg!(unix) || is_set("TERM").is_none_or(|term| term == "dumb") {
            return None;
        }
        let (settings, size, colours) = (stty(&["-g"])?, (80, 24), is_set("NO_COLOR").is_none());
        let prompt = Prompt { settings, size, measured: None, shown: None, colours };
        stty(&BY_KEY).map(|_| prompt)
    }

    /// The settings that the terminal had before, for [`restore`].
    pub fn settings(&self) -> String {
        self.settings.clone()
    }

    /// Returns the characters that take the prompt away.
    pub fn clear(&mut self) -> String {
        let Some((text, cursor)) = self.shown.take() else { return String::new() };
        self.measured = None;
        self.measure();
        let row = layout(&text, cursor, self.size).row;
        format!("{}\r\x1b[J", steps(row, 'A'))
    }

    /// Returns the characters that draw `text` as the prompt, with the cursor before its byte `cursor`.
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
            // The cursor already stands at the end, even where `width` is wrong.
            return clear + &shown;
        }
        format!("{clear}{shown}{}\r{}", steps(last - row, 'A'), steps(column, 'C'))
    }

    /// Returns a name in its colour, if names have colours. A colour tells people apart and proves nothing.
    pub fn colour(&self, name: &str) -> String {
        if !self.colours || name.is_empty() {
            return name.to_owned();
        }
        let hash = name.bytes().fold(0, |hash: usize, byte| hash * 31 % 1009 + usize::from(byte));
        format!("\x1b[{}m{name}\x1b[m", COLOURS[hash % COLOURS.len()])
    }

    /// Stops this program until the shell continues it, as Ctrl-Z does elsewhere: with its whole process
    /// group, because the shell waits for all of it (for `cargo`, say, which started the client).
    pub fn stop(&mut self) {
        self.give_back();
        // `sh` is one of the group, so it ends only after the group is continued. If the group cannot be stopped
        // (no shell would continue it), the client goes on.
        let _ = Command::new("sh").args(["-c", "kill -s TSTP 0"]).status();
        stty(&BY_KEY); // without it, keys come line by line: bad, but no reason to end
        self.measured = None;
    }

    /// Restores the settings of the terminal.
    fn give_back(&self) {
        restore(&self.settings);
    }

    /// Asks for the size of the terminal, unless the last answer still holds.
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

/// Restores the settings of the terminal on stdin.
pub fn restore(settings: &str) {
    stty(&[settings]); // a terminal that is gone needs nothing back
}

/// The sequence that moves the cursor `count` steps (ECMA-48): `A` is up, `C` is right.
fn steps(count: usize, direction: char) -> String {
    if count == 0 { String::new() } else { format!("\x1b[{count}{direction}") }
}

/// Runs `stty` on the terminal of stdin. Returns its output if it succeeds.
fn stty(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("stty");
    command.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|told| told.trim().to_owned())
}

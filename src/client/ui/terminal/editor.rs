//! The line that the user edits, and what each key does to it. This needs no terminal, only bytes.
//!
//! The keys are those of most shells: Ctrl-A and Ctrl-E go to the ends of the line, Ctrl-B and Ctrl-F one
//! character back and forth, Ctrl-P and Ctrl-N through the history. Ctrl-D erases the character after the
//! cursor, Ctrl-W the word before it, Ctrl-U everything before it, Ctrl-K everything after it. Ctrl-R brings back the
//! last line that contains what is typed. Tab completes.

use std::collections::VecDeque;
use std::mem::take;

use crate::client::help;
use crate::client::ui::terminal::keys::{COMPLETE, Keys, PASTE};
use crate::client::ui::terminal::layout::width;
use crate::wire::MAX_LINE;

/// How many lines the history keeps. It ends with the program.
pub const MAX_HISTORY: usize = 500;

/// The most bytes that can be pasted at once.
const MAX_PASTED: usize = 1 << 20;

/// What a key asks for, besides a change of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Execute the line (Enter).
    Line(String),
    /// Several lines were pasted. What was typed before them belongs to the first; what follows the last end of line is
    /// in the line now.
    Lines(Vec<String>),
    /// More was pasted than can be, and is dropped.
    PastedTooMuch,
    /// Complete the word before the cursor (Tab). `true`: the key before was Tab, too.
    Complete(bool),
    /// End the input (Ctrl-D in an empty line).
    End,
    /// Quit (Ctrl-C).
    Leave,
    /// Stop the program until the shell continues it (Ctrl-Z).
    Stop,
}

/// The edited line, and the lines before it.
#[derive(Debug, Default)]
pub struct Editor {
    keys: Keys,
    line: String,
    /// The byte of the line before which the cursor stands.
    cursor: usize,
    /// The lines that were entered, the oldest first.
    history: VecDeque<String>,
    /// The number of the line of the history that is shown. One beyond the last stands for the line that the user
    /// began.
    place: usize,
    /// The line that the user began, while another one is shown.
    begun: String,
    /// Whether the key before this one was Tab.
    tabbed: bool,
    /// What Ctrl-R looks for, until another key.
    searched: Option<String>,
    /// What is being pasted.
    pasted: Option<String>,
}

impl Editor {
    /// The line, and the byte of it before which the cursor stands.
    pub fn line(&self) -> (&str, usize) {
        (&self.line, self.cursor)
    }

    /// Handles the next byte from the terminal.
    pub fn take(&mut self, byte: u8) -> Option<Action> {
        let key = self.keys.take(byte)?;
        if key == PASTE.0 {
            self.pasted = Some(String::new());
            return None;
        } else if key == PASTE.1 {
            return self.paste();
        } else if let Some(pasted) = &mut self.pasted {
            if pasted.len() <= MAX_PASTED {
                pasted.push(if key == '\r' { '\n' } else { key });
            }
            return None;
        }
        let tabbed = std::mem::replace(&mut self.tabbed, key == COMPLETE);
        if key != '\x12' {
            self.searched = None;
        }
        match key {
            '\r' => return Some(Action::Line(self.finish())),
            COMPLETE => return Some(Action::Complete(tabbed)),
            '\x03' => return Some(Action::Leave),
            '\x1A' => return Some(Action::Stop),
            '\x04' if self.line.is_empty() => return Some(Action::End),
            '\x04' | '\x7F' => self.erase(self.cursor, self.right()),
            '\x08' => self.erase(self.left(), self.cursor),
            '\x15' => self.erase(0, self.cursor), // Ctrl-U
            '\x0B' => self.erase(self.cursor, self.line.len()), // Ctrl-K
            '\x12' => self.search(),
            '\x17' => self.erase(self.word(), self.cursor),
            '\x02' => self.cursor = self.left(),
            '\x06' => self.cursor = self.right(),
            '\x01' => self.cursor = 0,
            '\x05' => self.cursor = self.line.len(),
            '\x10' => self.show(self.place.checked_sub(1)),
            '\x0E' => self.show(Some(self.place + 1)),
            key if key == '\t' || !key.is_control() => self.insert(key),
            _ => {}
        }
        None
    }

    /// Inserts a character before the cursor. Characters beyond [`MAX_LINE`] are dropped: such a line is
    /// longer than a text may be, and it is refused as a whole.
    fn insert(&mut self, c: char) {
        if self.line.len() + c.len_utf8() < MAX_LINE {
            self.line.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Handles the end of what is pasted. One line is as if typed; several are for the user to confirm.
    fn paste(&mut self) -> Option<Action> {
        let pasted = self.pasted.take()?;
        if pasted.len() > MAX_PASTED {
            return Some(Action::PastedTooMuch);
        }
        let (lines, rest) = pasted.rsplit_once('\n').unwrap_or(("", &pasted));
        if pasted.trim_end_matches('\n').contains('\n') {
            let behind = self.line.split_off(self.cursor);
            let lines = format!("{}{lines}", take(&mut self.line));
            // The rest is sent as it is pasted, too: one slash more stands for a slash.
            let text = rest.trim_start();
            let slash = if text.starts_with('/') { "/" } else { "" };
            self.cursor = 0;
            for part in [&rest[..rest.len() - text.len()], slash, text] {
                self.insert_all(part);
            }
            let cursor = self.cursor;
            self.insert_all(&behind);
            self.cursor = cursor;
            return Some(Action::Lines(lines.split('\n').map(str::to_owned).collect()));
        }
        let line = lines.trim_end_matches('\n');
        self.insert_all(if pasted.contains('\n') { line } else { rest });
        pasted.contains('\n').then(|| Action::Line(self.finish()))
    }

    /// Decodes the next byte for a question that is answered by one key. The line stays as it is, and what is pasted
    /// answers nothing.
    pub fn key(&mut self, byte: u8) -> Option<char> {
        match self.keys.take(byte)? {
            key if key == PASTE.0 => self.pasted = Some(String::new()),
            key if key == PASTE.1 => self.pasted = None,
            key if self.pasted.is_none() => return Some(key),
            _ => {}
        }
        None
    }

    /// Inserts a text before the cursor.
    fn insert_all(&mut self, text: &str) {
        text.chars().for_each(|c| self.insert(c));
    }

    /// Erases the bytes between two places. The cursor goes to the first.
    fn erase(&mut self, from: usize, to: usize) {
        self.line.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Where the word before the cursor begins (Ctrl-W).
    fn word(&self) -> usize {
        let before = self.line[..self.cursor].trim_end();
        let space = before.char_indices().rfind(|(_, c)| c.is_whitespace());
        space.map_or(0, |(at, c)| at + c.len_utf8())
    }

    /// Where the character before the cursor begins, with everything that is joined to it (an accent, say).
    fn left(&self) -> usize {
        let mut before = self.line[..self.cursor].char_indices().rev();
        before.find(|(_, c)| width(*c) > 0).map_or(0, |(at, _)| at)
    }

    /// Where the character after the cursor ends, with everything that is joined to it.
    fn right(&self) -> usize {
        let mut behind = self.line[self.cursor..].char_indices().skip(1);
        behind.find(|(_, c)| width(*c) > 0).map_or(self.line.len(), |(at, _)| self.cursor + at)
    }

    /// Shows a line of the history, if there is one. The line that the user began is kept for the way back.
    fn show(&mut self, place: Option<usize>) {
        let Some(place) = place.filter(|place| *place <= self.history.len()) else { return };
        if self.place == self.history.len() {
            self.begun = take(&mut self.line);
        }
        self.line = self.history.get(place).cloned().unwrap_or_else(|| take(&mut self.begun));
        (self.place, self.cursor) = (place, self.line.len());
    }

    /// Shows the newest line of the history that contains what is typed (Ctrl-R), then an older one.
    fn search(&mut self) {
        let wanted = self.searched.take().unwrap_or_else(|| self.line.clone());
        let is_it = |line: &&String| line.contains(&wanted) && **line != self.line;
        let found = self.history.iter().take(self.place).rposition(|line| is_it(&line));
        self.searched = Some(wanted);
        if found.is_some() {
            self.show(found);
        }
    }

    /// Returns the line, keeps it in the history, and begins an empty one.
    fn finish(&mut self) -> String {
        let line = take(&mut self.line);
        if !line.trim().is_empty() && self.history.back() != Some(&line) {
            self.history.push_back(line.clone());
        }
        if self.history.len() > MAX_HISTORY {
            self.history.pop_front();
        }
        (self.cursor, self.place) = (0, self.history.len());
        self.begun.clear();
        line
    }

    /// Completes the word before the cursor as far as it is unambiguous. At the start of a line, a word that
    /// is empty or begins with `/` becomes a command; every other word becomes one of `names`. Returns the
    /// candidates if there are several.
    pub fn complete(&mut self, names: Vec<String>) -> Vec<String> {
        let start = self.line[..self.cursor].rfind(' ').map_or(0, |space| space + 1);
        let word = &self.line[start..self.cursor];
        let command = start == 0 && (word.is_empty() || word.starts_with('/'));
        let mut found = if command { help::names().map(str::to_owned).collect() } else { names };
        found.retain(|name| same_bytes(name, word) == word.len());
        found.sort();
        found.dedup();
        let Some(first) = found.first() else { return found };
        let length = found.iter().map(|name| same_bytes(name, first)).min().unwrap_or(0);
        // A single candidate is whole: the space lets the user type on.
        let common = format!("{}{}", &first[..length], if found.len() == 1 { " " } else { "" });
        if self.line.len() - word.len() + common.len() < MAX_LINE {
            self.line.replace_range(start..self.cursor, &common);
            self.cursor = start + common.len();
        }
        if found.len() == 1 { Vec::new() } else { found }
    }
}

/// How many bytes at the beginning of both are the same. A letter and its capital count as the same.
fn same_bytes(one: &str, other: &str) -> usize {
    let mut pairs = one.char_indices().zip(other.chars());
    let differs = pairs.find(|((_, a), b)| !a.eq_ignore_ascii_case(b));
    differs.map_or(one.len().min(other.len()), |((at, _), _)| at)
}

//! The line that is being typed: what keys do to it. No terminal is needed for that, only bytes.

use std::collections::VecDeque;
use std::mem::take;

use crate::client::command;
use crate::client::ui::terminal::keys::{COMPLETE, Keys};
use crate::client::ui::terminal::layout::width;
use crate::wire::line::MAX_LINE;

/// How many lines are remembered, while the program runs.
pub const MAX_HISTORY: usize = 500;

/// What somebody wants who has pressed a key, besides a change of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The line is finished.
    Line(String),
    /// To complete the word before the cursor; `true` if that was the last wish, too.
    Complete(bool),
    /// To end the input (Ctrl-D in an empty line).
    End,
    /// To leave (Ctrl-C).
    Leave,
    /// To stop the program for a while (Ctrl-Z).
    Stop,
}

/// The line that is being typed, and those before it.
#[derive(Debug, Default)]
pub struct Editor {
    keys: Keys,
    line: String,
    /// The byte of the line before which the cursor is.
    cursor: usize,
    history: VecDeque<String>,
    /// The line of the history that is shown; the one after the last is the one begun.
    place: usize,
    begun: String,
    /// The key before this one was Tab.
    tabbed: bool,
}

impl Editor {
    /// The line, and the byte of it before which the cursor is.
    pub fn line(&self) -> (&str, usize) {
        (&self.line, self.cursor)
    }

    /// Takes the next byte from the terminal.
    pub fn take(&mut self, byte: u8) -> Option<Action> {
        let key = self.keys.take(byte)?;
        let tabbed = std::mem::replace(&mut self.tabbed, key == COMPLETE);
        match key {
            '\r' => return Some(Action::Line(self.finish())),
            COMPLETE => return Some(Action::Complete(tabbed)),
            '\x03' => return Some(Action::Leave),
            '\x1A' => return Some(Action::Stop),
            '\x04' if self.line.is_empty() => return Some(Action::End),
            '\x04' | '\x7F' => self.erase(self.cursor, self.right()),
            '\x08' => self.erase(self.left(), self.cursor),
            '\x15' => self.erase(0, self.cursor), // Ctrl-U
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

    /// Puts a character in. What is beyond [`MAX_LINE`] is dropped: such a line is longer than a text may
    /// be, and will be refused as a whole.
    fn insert(&mut self, c: char) {
        if self.line.len() + c.len_utf8() < MAX_LINE {
            self.line.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    fn erase(&mut self, from: usize, to: usize) {
        self.line.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Where the word before the cursor begins (Ctrl-W).
    fn word(&self) -> usize {
        let before = self.line[..self.cursor].trim_end();
        before
            .char_indices()
            .rfind(|(_, c)| c.is_whitespace())
            .map_or(0, |(at, c)| at + c.len_utf8())
    }

    /// Where the character before the cursor begins, with all that is joined to it.
    fn left(&self) -> usize {
        let mut before = self.line[..self.cursor].char_indices().rev();
        before.find(|(_, c)| width(*c) > 0).map_or(0, |(at, _)| at)
    }

    /// Where the character behind the cursor ends, with all that is joined to it.
    fn right(&self) -> usize {
        let mut behind = self.line[self.cursor..].char_indices().skip(1);
        behind.find(|(_, c)| width(*c) > 0).map_or(self.line.len(), |(at, _)| self.cursor + at)
    }

    /// Shows a line of the history, if there is one. The line begun before is kept for coming back.
    fn show(&mut self, place: Option<usize>) {
        let Some(place) = place.filter(|place| *place <= self.history.len()) else { return };
        if self.place == self.history.len() {
            self.begun = take(&mut self.line);
        }
        self.line = self.history.get(place).cloned().unwrap_or_else(|| take(&mut self.begun));
        (self.place, self.cursor) = (place, self.line.len());
    }

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

    /// Completes the word before the cursor as far as that is clear: to a command at the start of a line
    /// if it begins with `/` or with nothing, elsewhere to one of these names. Gives all that it can
    /// become if it is not clear.
    pub fn complete(&mut self, names: Vec<String>) -> Vec<String> {
        let start = self.line[..self.cursor].rfind(' ').map_or(0, |space| space + 1);
        let word = &self.line[start..self.cursor];
        let command = start == 0 && (word.is_empty() || word.starts_with('/'));
        let mut found = if command { command::names().map(str::to_owned).collect() } else { names };
        found.retain(|name| same_outgoings(name, word) == word.len());
        found.sort();
        found.dedup();
        let Some(first) = found.first() else { return found };
        let mut common = match found.as_slice() {
            [only] => format!("{only} "),
            all => {
                let length = all.iter().map(|name| same_outgoings(name, first)).min().unwrap_or(0);
                first[..length].to_owned()
            }
        };
        if self.line.len() - word.len() + common.len() >= MAX_LINE {
            common = word.to_owned();
        }
        self.line.replace_range(start..self.cursor, &common);
        self.cursor = start + common.len();
        if found.len() == 1 { Vec::new() } else { found }
    }
}

/// How many outgoings at the beginning of both are the same, in bytes; capitals are the same as others.
fn same_outgoings(one: &str, other: &str) -> usize {
    let mut pairs = one.char_indices().zip(other.chars());
    let differs = pairs.find(|((_, a), b)| !a.eq_ignore_ascii_case(b));
    differs.map_or(one.len().min(other.len()), |((at, _), _)| at)
}

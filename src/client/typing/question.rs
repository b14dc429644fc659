//! The question that comes before lines which may not be what they seem: several that were pasted, or one with a
//! command after something invisible. Nothing of them is sent before the user has answered.

use crate::client::typing::command::{Command, looks_like_command, parse, unveiled};

/// So many pasted lines go without a question, if none of them looks like a command.
const UNASKED: usize = 3;
/// How many characters of a line the question repeats.
const SHOWN: usize = 60;

/// Lines that wait for the user's answer.
#[derive(Debug)]
pub struct Question {
    lines: Vec<String>,
    /// The first of them that looks like a command.
    command: Option<String>,
}

/// A line, and what it means.
pub type Meant = (String, Command);

impl Question {
    /// The question about lines that were pasted.
    ///
    /// # Errors
    /// What the lines mean, if there is nothing to ask.
    pub fn about_pasted(lines: Vec<String>) -> Result<Question, Vec<Meant>> {
        let command = lines.iter().find(|line| looks_like_command(line)).cloned();
        if lines.len() > UNASKED || command.is_some() {
            return Ok(Question { lines, command });
        }
        Err(texts(lines))
    }

    /// The question about a typed line that begins with something invisible; `None` for any other line.
    pub fn about_typed(line: &str) -> Option<Question> {
        unveiled(line)?;
        let line = line.to_owned();
        Some(Question { lines: vec![line.clone()], command: Some(line) })
    }

    /// What the user must know before the answer. `to` is where plain text goes.
    pub fn sentence(&self, to: &str) -> String {
        let shown = |line: &String| line.chars().take(SHOWN).collect::<String>();
        let count = match self.lines.len() {
            1 => "1 line".to_owned(),
            count => format!("{count} lines"),
        };
        match self.command.as_ref().map(shown) {
            Some(line) => {
                format!("{count} for {to}, not sent yet; this looks like a command: {line}")
            }
            None => format!("{count} for {to}, not sent yet"),
        }
    }

    /// What stands in place of the prompt.
    pub fn prompt(&self) -> &'static str {
        match self.command {
            Some(_) => "y: send as text, c: obey, n: neither > ",
            None => "send them? y/n > ",
        }
    }

    /// Handles a key. Returns what the lines mean by the user's answer, which is nothing after *no*; `None` if the key
    /// is no answer.
    pub fn answered(&mut self, key: char) -> Option<Vec<Meant>> {
        match key {
            'y' | 'Y' => Some(texts(std::mem::take(&mut self.lines))),
            'c' | 'C' if self.command.is_some() => {
                let lines = std::mem::take(&mut self.lines).into_iter();
                Some(
                    lines
                        .map(|line| (line.clone(), parse(unveiled(&line).unwrap_or(&line))))
                        .collect(),
                )
            }
            'n' | 'N' | '\r' | '\x03' | '\x04' => Some(Vec::new()),
            _ => None,
        }
    }
}

/// Lines as plain texts, whole, whatever they look like.
fn texts(lines: Vec<String>) -> Vec<Meant> {
    let lines = lines.into_iter().filter(|line| !line.trim().is_empty());
    lines.map(|line| (line.clone(), Command::Plain(line))).collect()
}

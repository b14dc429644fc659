//! What waits for the screen's thread: lines in bounded number, the prompt, Ctrl-Z. Nothing here waits.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::mpsc::Sender;

use crate::io_error::cause;

/// How many bytes of lines may wait.
const FULL: usize = 256 * 1024;
/// How many bytes the thread takes at a time.
const PORTION: usize = 32 * 1024;

/// A line in three parts: before the name of the speaker, the name, after it. All are escaped.
pub type LineParts = [String; 3];
/// A prompt: its text, and the byte before which the cursor stands.
pub type PromptLine = (String, usize);

/// What waits for the thread.
#[derive(Debug, Default)]
pub struct ScreenQueue {
    lines: VecDeque<LineParts>,
    /// How many bytes the lines have.
    bytes: usize,
    /// How many lines were dropped and not yet told of.
    dropped: usize,
    /// How many lines are not shown.
    pub lost: usize,
    prompt: Option<PromptLine>,
    /// Whether the prompt must be drawn again.
    pub redraws: bool,
    /// The program is to be stopped (Ctrl-Z). Dropping the sender lets the stdin thread read on.
    pub stop: Option<Sender<()>>,
}

/// What the thread takes at a time.
#[derive(Debug)]
pub struct ScreenPortion {
    /// The lines.
    pub lines: Vec<LineParts>,
    /// The prompt below them.
    pub prompt: Option<PromptLine>,
    /// Whether the program is to be stopped after that.
    pub stop: Option<Sender<()>>,
}

impl ScreenQueue {
    /// Whether the next line is dropped.
    pub fn is_full(&self) -> bool {
        self.bytes > FULL
    }

    /// Whether there is enough to write it at once.
    pub fn has_portion(&self) -> bool {
        self.bytes > PORTION
    }

    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0 && !self.redraws && self.stop.is_none()
    }

    /// Adds a line, or drops and counts it.
    pub fn push(&mut self, line: LineParts) {
        if self.is_full() {
            self.dropped += 1;
            self.lost += 1;
            return;
        }
        self.tell_dropped();
        self.bytes += size(&line);
        self.lines.push_back(line);
    }

    /// Sets the prompt. Returns whether it has changed.
    pub fn set_prompt(&mut self, prompt: Option<PromptLine>) -> bool {
        let changes = self.prompt != prompt;
        self.redraws |= changes;
        self.prompt = prompt;
        changes
    }

    /// Takes a portion. The prompt is to be drawn below it.
    pub fn take(&mut self) -> ScreenPortion {
        if self.lines.is_empty() {
            self.tell_dropped();
        }
        let (mut taken, mut lines) = (0, Vec::new());
        while taken < PORTION
            && let Some(line) = self.lines.pop_front()
        {
            taken += size(&line);
            lines.push(line);
        }
        self.bytes -= taken;
        self.redraws = false;
        let stop = if self.lines.is_empty() { self.stop.take() } else { None };
        ScreenPortion { lines, prompt: self.prompt.clone(), stop }
    }

    /// Gives up what waits: it cannot be shown.
    pub fn give_up(&mut self) {
        self.lost += self.lines.len();
        (self.lines, self.bytes) = (VecDeque::new(), 0);
    }

    /// Adds the line that tells how many lines were dropped, if some were.
    fn tell_dropped(&mut self) {
        let were = match std::mem::take(&mut self.dropped) {
            0 => return,
            1 => "1 line was".to_owned(),
            many => format!("{many} lines were"),
        };
        let note =
            [format!("({were} not shown: nobody took the output)"), String::new(), String::new()];
        self.bytes += size(&note);
        self.lines.push_back(note);
    }
}

/// The bytes of a line, with its end.
fn size(line: &LineParts) -> usize {
    line.iter().map(String::len).sum::<usize>() + 1
}

/// How an output has ended.
#[derive(Debug)]
pub struct OutputEnd {
    /// Why it could not be written, if so.
    pub error: Option<io::Error>,
    /// How many lines were not shown.
    pub lost: usize,
}

impl OutputEnd {
    /// Why the output is not whole, in words for a person; `None` if it is. The sentence is empty if the reader of a
    /// pipe has gone: it wanted no more.
    pub fn fault(&self) -> Option<String> {
        match &self.error {
            Some(error) if error.kind() == ErrorKind::BrokenPipe => Some(String::new()),
            Some(error) => Some(format!("cannot write the output: {}", cause(error))),
            None if self.lost > 0 => Some(format!("{} lines of the output were lost", self.lost)),
            None => None,
        }
    }
}

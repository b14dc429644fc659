//! A part of your code alone: `parts` is asked a line, and answers a line.

use crate::driver::folder::Folder;
use crate::driver::program::Program;
use crate::driver::story;

/// A part that is asked.
#[derive(Debug)]
pub struct Part {
    program: Program,
    _folder: Folder,
}

impl Part {
    /// Starts `parts` with these arguments.
    pub fn start(title: &str, arguments: &[&str]) -> Self {
        let folder = Folder::fresh();
        Self { program: Program::start(title, "parts", arguments, &folder), _folder: folder }
    }

    /// Asks; gives the answer.
    #[track_caller]
    pub fn asks(&self, question: &str) -> String {
        self.program.types(question);
        self.program.waits("an answer", |line| Some(line.to_owned()))
    }

    /// Asks; this must be the answer, and `why` says what it follows from.
    #[track_caller]
    pub fn answers(&self, question: &str, expected: &str, why: &str) {
        let answer = self.asks(question);
        if answer != expected {
            let expected = format!("{expected:?} to {question:?}, {why}");
            let said = format!("from {}\n", self.program.title());
            story::fail(said + &story::instead(expected, format!("{answer:?}")));
        }
    }
}

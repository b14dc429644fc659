//! A client at a terminal: a real one, that `script` (util-linux) makes, and what a person sees on it.

use std::ops::Deref;
use std::process::{Command, Stdio};

use super::{Folder, Glass, Program, Server};

/// The size of the terminals.
pub const COLUMNS: usize = 40;
const ROWS: usize = 12;

/// A terminal in which a program runs.
#[derive(Debug)]
pub struct Terminal {
    program: Program,
    folder: Folder,
}

impl Terminal {
    /// A terminal without colours in which the shell runs these commands. `None` (and a line that says so) where
    /// no `script` makes terminals; such a test has nothing to say.
    #[track_caller]
    pub fn running(commands: &str) -> Option<Self> {
        let version = Command::new("script").arg("--version").stderr(Stdio::null()).output();
        if !version.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains("util-linux")) {
            println!("skipped: there is no script of util-linux here");
            return None;
        }
        let folder = Folder::fresh();
        let commands = format!(
            "export TERM=xterm NO_COLOR=1; stty cols {COLUMNS} rows {ROWS}; stty -a > before; {commands}"
        );
        let arguments = ["-qfec", &commands, "/dev/null"];
        let program = Program::start(&format!("script {commands}"), "script", &arguments, &folder);
        Some(Self { program, folder })
    }

    /// A terminal in which that client is in the room, with its prompt up.
    #[track_caller]
    pub fn joined(name: &str, server: &Server) -> Option<Self> {
        let terminal = Self::running(&client(name, server))?;
        terminal.sees("Other clients' IDs: ");
        terminal.shows(&["> "], 2);
        Some(terminal)
    }

    /// Types these keys, without an Enter.
    #[track_caller]
    pub fn presses(&self, keys: &str) -> &Self {
        self.types_bytes(keys.as_bytes());
        self
    }

    /// Waits until the last rows on the glass are these, with the cursor in that column of the last.
    #[track_caller]
    pub fn shows(&self, rows: &[&str], column: usize) {
        let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
        self.has_written(&format!("these rows and the cursor at {column}: {rows:#?}"), |bytes| {
            Glass::after(COLUMNS, ROWS, bytes).ends_with(&rows, column)
        });
    }

    /// All rows that were on the glass.
    pub fn rows(&self) -> Vec<String> {
        Glass::after(COLUMNS, ROWS, self.output().as_bytes()).rows()
    }

    /// The path of the terminal, by what `tty > place` has told.
    pub fn place(&self) -> String {
        self.folder.text("place").trim().to_owned()
    }

    /// Ends if the terminal is what it was at the beginning, by what `stty -a > after` has told at the end.
    #[track_caller]
    pub fn is_as_before(&self) {
        self.exits(0);
        assert_eq!(self.folder.text("after"), self.folder.text("before"));
    }
}

impl Deref for Terminal {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// The command line of a client.
pub fn client(name: &str, server: &Server) -> String {
    format!("'{}' {name} 0 {}", env!("CARGO_BIN_EXE_client"), server.address())
}

//! Other programs. There are none.

use std::ffi::OsStr;
use std::io;

pub use std::process::{ExitCode, ExitStatus, Output, Stdio};

/// A program to start.
#[derive(Debug)]
pub struct Command;

impl Command {
    /// A program of that name.
    pub fn new(_: impl AsRef<OsStr>) -> Command {
        Command
    }

    /// With an argument.
    pub fn arg(&mut self, _: impl AsRef<OsStr>) -> &mut Command {
        self
    }

    /// With arguments.
    pub fn args<A: AsRef<OsStr>>(&mut self, _: impl IntoIterator<Item = A>) -> &mut Command {
        self
    }

    /// With an input.
    pub fn stdin(&mut self, _: Stdio) -> &mut Command {
        self
    }

    /// With an output.
    pub fn stdout(&mut self, _: Stdio) -> &mut Command {
        self
    }

    /// With an output for errors.
    pub fn stderr(&mut self, _: Stdio) -> &mut Command {
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// Always: there is no such program.
    pub fn output(&mut self) -> io::Result<Output> {
        Err(io::ErrorKind::NotFound.into())
    }

    /// Runs it.
    ///
    /// # Errors
    /// Always: there is no such program.
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        Err(io::ErrorKind::NotFound.into())
    }
}

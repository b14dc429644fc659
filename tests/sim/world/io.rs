//! Input and output: the traits of the system, and streams of a process that lead nowhere. (A scene gives the server
//! and the client their input and output, as the programs do.)

pub use std::io::{
    BufRead, BufReader, BufWriter, Cursor, Error, ErrorKind, IsTerminal, Lines, Read, Result, Seek,
    SeekFrom, Sink, Write, empty, sink,
};

/// The standard output.
pub fn stdout() -> Sink {
    sink()
}

/// The standard error.
pub fn stderr() -> Sink {
    sink()
}

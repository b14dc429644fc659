//! The journal: the log as a file that one server appends to.

#[cfg(not(windows))]
use std::fs::TryLockError;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use crate::server::room::log::line::{LOST, TORN};
use crate::server::room::log::recovery::{Recovered, recover};

pub use super::line::{escape, line, message_head};

/// How much of the log is read at once.
const READ: usize = 256 * 1024;
/// The first line of a fresh log.
const HEADER: &[u8] = b"# The log of a p2p-chat server. All times are UTC.\n";

/// The log, open and locked: one server writes to it.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Whether it is a regular file, from which half a line can be removed again.
    regular: bool,
    /// How many bytes of it are whole lines.
    length: u64,
    /// Whether each append waits for the disk.
    sync: bool,
    /// How many messages could not be written since the last one that could.
    lost: u64,
}

impl Journal {
    /// Opens the log at `path`, or creates it, and reads it. With `sync` each append waits for the disk. A log that
    /// is no regular file (a terminal, `/dev/null`) is not read back.
    ///
    /// # Errors
    /// When the log cannot be opened, read or written, or another server uses it.
    pub fn open(path: &Path, sync: bool) -> io::Result<(Journal, Recovered)> {
        let mut file = open_log(path)?;
        let regular = file.metadata()?.is_file();
        let mut recovered = Recovered::default();
        if regular {
            recovered = recover(&mut BufReader::with_capacity(READ, &file))?;
        }
        let length = if regular { file.seek(SeekFrom::End(0))? } else { 0 };
        let mut journal = Journal { file, regular, length, sync, lost: 0 };
        if recovered.torn {
            journal.close_torn_line()?;
        } else if length == 0 && regular {
            journal.write(HEADER)?;
        }
        Ok((journal, recovered))
    }

    /// Appends finished lines, among them `messages` messages, in one write; without lines it does nothing. Messages
    /// that could not be written are counted. The count stands before the next lines that can be written, in a
    /// `\lost` line of its own with the stamp `time`.
    ///
    /// # Errors
    /// When the lines cannot be written. Then nothing of them is left in the log.
    // LAB 7: append the lines, all in one write => Ok(())
    pub fn append(&mut self, lines: &[u8], messages: u64, time: &str) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let written = match self.lost {
            0 => self.write(lines),
            lost => self.write(&[format!("[{time}] {LOST}{lost}\n").as_bytes(), lines].concat()),
        };
        self.lost = if written.is_ok() { 0 } else { self.lost + messages };
        written
    }

    /// Ends a line that a crash has cut short, with a mark that shows it. New lines come after it.
    // LAB 7: close a line that has no end => Ok(())
    fn close_torn_line(&mut self) -> io::Result<()> {
        self.write(&[TORN, b"\n"].concat())
    }

    /// Writes bytes, all or none.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let synced = |()| if self.sync { self.file.sync_data() } else { Ok(()) };
        let written = (&self.file).write_all(bytes).and_then(synced);
        match &written {
            Ok(()) => self.length += bytes.len() as u64,
            // The next line would continue half a line. If that cannot be removed, the disk is past help.
            Err(_) if self.regular => drop(self.cut()),
            Err(_) => {}
        }
        written
    }

    /// Removes what comes after the whole lines. The position in the file, which a file that is open for appending
    /// does not need, must be back at the end.
    fn cut(&self) -> io::Result<u64> {
        self.file.set_len(self.length)?;
        (&self.file).seek(SeekFrom::Start(self.length))
    }
}

/// The error of a second server on one log.
fn in_use() -> io::Error {
    io::Error::other("another server uses it")
}

/// Opens the log for reading, and for appending at its end, and locks it against other servers. Readers (`tail -f`, an
/// editor) need no lock. What is no regular file needs none, either.
#[cfg(not(windows))]
fn open_log(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if file.metadata()?.is_file() {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => in_use(),
            TryLockError::Error(error) => error,
        })?;
    }
    Ok(file)
}

/// Opens the log for reading and writing. A file that is open for appending cannot be cut on Windows, so the position
/// in the file is kept at its end instead. Locks are mandatory there and would keep readers out; instead the file is
/// shared with readers only, which shuts other servers out.
#[cfg(windows)]
fn open_log(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_SHARE_READ: u32 = 1;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).share_mode(FILE_SHARE_READ);
    options.open(path).map_err(|error| match error.raw_os_error() {
        Some(ERROR_SHARING_VIOLATION) => in_use(),
        _ => error,
    })
}

//! The journal, server.log: appended before anyone reads a message, read back at the start.
//!
//! It is a write-ahead log that people can read: one line for each event. It is also the store: the number of its
//! messages is the room's Seq. Texts are escaped as on screens, with `\` as `\\`, so no text can look like another
//! line, or like one of the marks for what is missing.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Display;
#[cfg(not(windows))]
use std::fs::TryLockError;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use crate::clock;
use crate::wire::{Name, text};

/// How many messages are kept for replay.
pub const KEPT: usize = 1_000;
/// The longest line that can be a message: 2,000 bytes of text, each escaped in up to 5.
const LONGEST_LINE: u64 = 16 * 1024;
/// How much of the log is read at once.
const READ: usize = 256 * 1024;
/// The first line of a fresh log.
const HEADER: &[u8] = b"# The log of a p2p-chat server. All times are UTC.\n";
/// The end of a line that a crash has cut short; it never counts.
const TORN: &[u8] = b" \\torn";
/// Stands in place of messages that could not be written, before their number.
const LOST: &str = "\\lost ";
/// The bytes of a line's stamp: `[2026-11-20 12:34:56] `.
const STAMP: usize = 22;

/// A message as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedMessage {
    /// When it was said, UTC.
    pub time: String,
    /// The sender's name.
    pub name: Name,
    /// The text, no longer escaped.
    pub text: String,
}

impl LoggedMessage {
    /// Parses the line of a message, without its end. Returns `None` for any other line.
    pub fn parse(line: &str) -> Option<LoggedMessage> {
        let (time, rest) = (line.get(1..STAMP - 2)?, line.get(STAMP..)?);
        let (name, text) = rest.strip_prefix('[')?.split_once("]: ")?;
        Some(LoggedMessage {
            time: time.to_owned(),
            name: name.parse().ok()?,
            text: unescape(text)?,
        })
    }
}

/// The beginning of a message's line, up to its text.
pub fn message_head(time: &str, name: &Name) -> String {
    format!("[{time}] [{name}]: ")
}

/// Escapes a text for the log.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text::escape(text);
    }
    Cow::Owned(text::escape(&text.replace('\\', "\\\\")).into_owned())
}

/// Formats the line of an event that is no message, with its end and the current time.
pub fn line(event: impl Display) -> String {
    format!("[{}] {event}\n", clock::stamp(SystemTime::now()))
}

/// What was read from a log.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The number of its last message.
    pub seq: u64,
    /// Its last messages with their numbers, at most [`KEPT`].
    pub kept: VecDeque<(u64, LoggedMessage)>,
    /// Whether its last line has no end, because the server crashed while writing it.
    pub torn: bool,
}

/// Reads a log. Counts its messages, and those that a `\lost` line counts, and keeps the last ones, in bounded
/// memory. A line of more than `LONGEST_LINE` bytes is no message, and is not kept.
///
/// # Errors
/// Any error of the reader.
// LAB 7: read the log back => Ok(Recovered::default())
pub fn recover(log: &mut impl BufRead) -> io::Result<Recovered> {
    let (mut found, mut lines) = (Recovered::default(), VecDeque::with_capacity(KEPT));
    let mut line = Vec::new();
    while log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? > 0 {
        found.torn = line.pop_if(|end| *end == b'\n').is_none();
        if !found.torn && !line.ends_with(TORN) {
            found.seq = found.seq.saturating_add(lost(&line));
            if is_message(&line) {
                found.seq += 1;
                keep(&mut lines, found.seq, &line);
            }
        }
        line.clear();
    }
    found.kept = lines.iter().filter_map(message).collect();
    Ok(found)
}

/// The last lines that are messages, with their numbers.
type Lines = VecDeque<(u64, Vec<u8>)>;

/// Adds a line, and drops the oldest beyond [`KEPT`]. The memory of the oldest serves for the newest.
fn keep(lines: &mut Lines, seq: u64, line: &Vec<u8>) {
    let oldest = if lines.len() == KEPT { lines.pop_front() } else { None };
    let (_, mut memory) = oldest.unwrap_or_default();
    memory.clone_from(line);
    lines.push_back((seq, memory));
}

/// Parses a line that was kept.
fn message((seq, line): &(u64, Vec<u8>)) -> Option<(u64, LoggedMessage)> {
    Some((*seq, LoggedMessage::parse(std::str::from_utf8(line).ok()?)?))
}

/// Whether a line is a message: `[time] [name]: text`. A name holds no bracket.
fn is_message(line: &[u8]) -> bool {
    line.len() > STAMP && line[STAMP] == b'[' && {
        let name = line[STAMP..].iter().position(|byte| *byte == b']');
        name.is_some_and(|end| line[STAMP + end..].starts_with(b"]: "))
    }
}

/// The number of messages that a `\lost` line stands for; 0 for any other line.
fn lost(line: &[u8]) -> u64 {
    let count = line.get(STAMP..).and_then(|rest| rest.strip_prefix(LOST.as_bytes()));
    count.and_then(|count| std::str::from_utf8(count).ok()?.parse().ok()).unwrap_or(0)
}

/// Undoes [`escape`]. Returns `None` for a text that it never writes.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = if let Some(rest) = after.strip_prefix('\\') {
            plain.push('\\');
            rest
        } else {
            let (code, rest) = after.strip_prefix("u{")?.split_once('}')?;
            plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest
        };
    }
    plain.push_str(rest);
    Some(plain)
}

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

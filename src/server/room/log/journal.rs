//! The journal: the log, as the one server that writes to it has it.

use std::collections::VecDeque;
use std::io::{self, BufReader};
use std::path::Path;

use crate::server::room::log::epochs::Epochs;
use crate::server::room::log::file::LogFile;
use crate::server::room::log::line::{LOST, TORN};
use crate::server::room::log::recovery::{Recovered, recover, remember};
use crate::server::room::log::remark::{GivenId, Remark};
use crate::wire::Secret;

pub use super::line::{escape, line, message_head};

/// How much of the log is read at once.
const READ: usize = 256 * 1024;
/// The first line of a fresh log.
const HEADER: &str = "# The log of a p2p-chat server. All times are UTC.\n";

/// The log, open and locked: one server writes to it.
#[derive(Debug)]
pub struct Journal {
    file: LogFile,
    /// Whether each append waits for the disk.
    sync: bool,
    /// The number of the last message that the log was to hold.
    seq: u64,
    /// How many messages could not be written since the last one that could.
    lost: u64,
    /// Whether the next line begins a section: see [`Journal::begin_section`].
    begins: bool,
    /// The starts of the server, of which this is the last.
    epochs: Epochs,
    /// The last ID that was given.
    last_id: u64,
    /// The IDs that were given last, for a log that must be begun anew.
    ids: VecDeque<GivenId>,
    /// How many of those are not in the log yet.
    unwritten: usize,
}

/// What the log gets at a time.
#[derive(Debug, Default)]
pub struct Portion {
    /// IDs that were given. Their lines come first.
    pub ids: Vec<GivenId>,
    /// Finished lines.
    pub lines: Vec<u8>,
    /// How many messages are among them.
    pub messages: u64,
    /// The time, as a line's stamp has it.
    pub time: String,
}

impl Journal {
    /// Opens the log at `path`, or creates it, and reads it. With `sync` each append waits for the disk. A log that
    /// is no regular file (a terminal, `/dev/null`) is not read back.
    ///
    /// A log that cannot be written just now, on a full disk, is no error: the chat begins without it.
    ///
    /// # Errors
    /// When the log cannot be opened or read, or another server uses it.
    pub fn open(path: &Path, sync: bool) -> io::Result<(Journal, Recovered)> {
        let file = LogFile::open(path)?;
        let mut recovered = Recovered::default();
        if file.is_regular() {
            let mut reader = BufReader::with_capacity(READ, file.reader());
            recovered = recover(&mut reader)?.in_order();
        }
        recovered.epochs.begin(Secret::random(), recovered.seq);
        let mut journal = Journal {
            begins: file.is_regular(),
            file,
            sync,
            seq: recovered.seq,
            lost: 0,
            epochs: recovered.epochs.clone(),
            last_id: recovered.last_id,
            ids: recovered.ids.clone(),
            unwritten: 0,
        };
        let _ = journal.notice(); // tried again, and complained of, at the first line
        Ok((journal, recovered))
    }

    /// Whether the log is a regular file. Only then is it sure that a write ends.
    pub fn is_regular(&self) -> bool {
        self.file.is_regular()
    }

    /// Appends what a portion holds to the file that is the log now.
    ///
    /// # Errors
    /// When it cannot be written. Its messages are counted then, and its IDs are written later.
    pub fn record(&mut self, portion: &Portion) -> io::Result<()> {
        let Portion { ids, lines, messages, time } = portion;
        for given in ids {
            remember(&mut self.ids, &mut self.last_id, given.clone());
        }
        self.unwritten = (self.unwritten + ids.len()).min(self.ids.len());
        if lines.is_empty() && ids.is_empty() {
            return Ok(());
        }
        let ready = self.notice().and_then(|()| self.write_ids());
        self.seq += messages;
        if ready.is_err() {
            self.lost += messages;
            return ready;
        }
        self.append(lines, *messages, time)
    }

    /// Writes the IDs that are not in the log yet. The disk is not waited for: it is before the next message.
    fn write_ids(&mut self) -> io::Result<()> {
        if self.unwritten > 0 {
            let lines = self.id_lines(self.unwritten);
            self.file.append(lines.as_bytes(), false)?;
            self.unwritten = 0;
        }
        Ok(())
    }

    /// Counts messages that somebody else has lost.
    pub fn lose(&mut self, messages: u64) {
        self.seq += messages;
        self.lost += messages;
    }

    /// The lines of the last `count` IDs.
    fn id_lines(&self, count: usize) -> String {
        let last = self.ids.range(self.ids.len() - count..);
        last.map(|given| Remark::Id(given.clone()).to_string()).collect()
    }

    /// Looks at what others did to the file, and begins a section if they did something.
    fn notice(&mut self) -> io::Result<()> {
        self.begins |= self.file.notice()?;
        if self.begins {
            self.begin_section()?;
            self.begins = false;
        }
        Ok(())
    }

    /// Begins a section of the log: at the start, and in a file that others have renamed, removed, emptied or edited.
    /// The first line of a section says which number and which ID were the last, and so nobody has to believe the lines
    /// before it. It is on the disk before a client is told its epoch: after a power failure an epoch that nobody knows
    /// is taken for another room.
    fn begin_section(&mut self) -> io::Result<()> {
        if !self.file.ends_line()? {
            self.close_torn_line()?;
        }
        let (preface, anew) = (self.preface(), self.file.is_empty());
        self.file.append(preface.as_bytes(), true)?;
        if anew {
            self.unwritten = 0; // all IDs are in it
        }
        Ok(())
    }

    /// The first lines of a section. A log that is begun anew holds again what only the old one has.
    fn preface(&self) -> String {
        let (seq, id) = (self.seq.saturating_sub(self.lost), self.last_id);
        let log = self.epochs.current().map(|log| Remark::Log { log, seq, id });
        let log = log.map_or(String::new(), |log| log.to_string());
        if !self.file.is_empty() {
            return log;
        }
        let earlier: String = self.epochs.remarks().map(|was| was.to_string()).collect();
        [HEADER, &earlier, &log, &self.id_lines(self.ids.len())].concat()
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
        self.file.append(bytes, self.sync)
    }
}

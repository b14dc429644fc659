//! The key log (draft-ietf-tls-keylogfile): the secrets of connections in a file, so that Wireshark opens what it records.
//!
//! Everybody who has the file can read the connections. It is for looking at one's own.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::key_schedule::Bytes32;

/// A file of secrets. Several processes may write to one: each line is one write, at its end.
#[derive(Debug)]
pub struct KeyLog(File);

impl KeyLog {
    /// Opens the file. If there is none, makes one that only its owner may read.
    ///
    /// # Errors
    ///
    /// Fails if the file can neither be opened nor made.
    pub fn open(path: &Path) -> io::Result<KeyLog> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(KeyLog)
    }

    /// Writes a secret of the connection whose ClientHello has this random. A full disk does not end a connection.
    pub(super) fn write(&self, random: &Bytes32, label: &str, secret: &Bytes32) {
        let hex = |bytes: &Bytes32| bytes.map(|byte| format!("{byte:02x}")).concat();
        let line = format!("{label} {} {}\n", hex(random), hex(secret));
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

//! The key log (draft-ietf-tls-keylogfile): the secrets of connections in a file, so that Wireshark opens what it
//! records.
//!
//! Everybody who has the file can read the connections. It is for looking at one's own. The environment names it, in
//! `CHAT_KEYLOG` or in the browsers' `SSLKEYLOGFILE`; that one may be set without a thought, so a program says at its
//! start that it writes there.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;

use super::key_schedule::Bytes32;
use crate::io_error::cause;

/// The variables that may name the file. The first one that is set counts.
const VARIABLES: [&str; 2] = ["CHAT_KEYLOG", "SSLKEYLOGFILE"];

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

    /// The file that the environment names, opened once for the process; `None` if it names none, or one that cannot
    /// be opened.
    pub fn of_environment() -> Option<&'static KeyLog> {
        opened()?.1.as_ref().ok()
    }

    /// What a program says about the key log at its start, if the environment names one.
    pub fn notice() -> Option<String> {
        opened().map(|(name, opened)| match opened {
            Ok(_) => format!(
                "the keys of encrypted connections are written to {name}: who reads it, reads them"
            ),
            Err(cause) => format!("cannot write the key log {name}: {cause}"),
        })
    }

    /// Writes a secret of the connection whose ClientHello has this random. A full disk does not end a connection.
    pub(super) fn write(&self, random: &Bytes32, label: &str, secret: &Bytes32) {
        let hex = |bytes: &Bytes32| bytes.map(|byte| format!("{byte:02x}")).concat();
        let line = format!("{label} {} {}\n", hex(random), hex(secret));
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

/// The name of the file that the environment names, and the file, or why it cannot be opened.
fn opened() -> Option<&'static (String, Result<KeyLog, String>)> {
    static OPENED: OnceLock<Option<(String, Result<KeyLog, String>)>> = OnceLock::new();
    let opened = OPENED.get_or_init(|| {
        let set = |variable| env::var_os(variable).filter(|value| !value.is_empty());
        let path = VARIABLES.into_iter().find_map(set)?;
        let log = KeyLog::open(Path::new(&path)).map_err(|error| cause(&error));
        Some((path.to_string_lossy().into_owned(), log))
    });
    opened.as_ref()
}

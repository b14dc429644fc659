//! The file of the log: opened, locked against other servers, and watched, for it belongs to others, too.
//!
//! Others rename it, remove it, empty it or edit it while the server runs. On Unix the name is looked up before each
//! write: if it is another file now, or none, the server writes on in a file of that name. On Windows nobody else can
//! open the file for writing, or rename it.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The log's file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// What tells it from another file of the same name.
    identity: (u64, u64),
    /// Whether it is a regular file: it can be read back, and half a line can be removed from it again.
    regular: bool,
    /// How many bytes it holds, as far as the server knows.
    length: u64,
    /// Locked for as long as the server runs. See [`lock_beside`].
    _lock: Option<File>,
}

impl LogFile {
    /// Opens the file at `path`, or creates it, and locks it against other servers. Readers (`tail -f`, an editor) need
    /// no lock. What is no regular file needs none, either.
    ///
    /// # Errors
    /// When the file cannot be opened, or another server uses it.
    pub fn open(path: &Path) -> io::Result<LogFile> {
        let lock = lock_beside(path)?;
        let file = open_locked(path)?;
        let data = file.metadata()?;
        Ok(LogFile {
            path: path.to_owned(),
            file,
            identity: identity(&data),
            regular: data.is_file(),
            length: data.len(),
            _lock: lock,
        })
    }

    /// Whether it is a regular file.
    pub fn is_regular(&self) -> bool {
        self.regular
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The file, to read from.
    pub fn reader(&self) -> &File {
        &self.file
    }

    /// Notices what others did to the file since the last write. Returns whether they did something.
    ///
    /// # Errors
    /// When the name is another file, or none, and a file of that name cannot be had.
    pub fn notice(&mut self) -> io::Result<bool> {
        if cfg!(windows) || !self.regular {
            return Ok(false);
        }
        let length = match fs::metadata(&self.path) {
            Ok(data) if identity(&data) == self.identity => data.len(),
            Ok(data) if !data.is_file() => return Err(io::Error::other("it is no file any more")),
            Ok(_) => return self.reopen(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.reopen(),
            // The file is open; that its name cannot be looked up is no reason to write nothing.
            Err(_) => self.file.metadata()?.len(),
        };
        Ok(std::mem::replace(&mut self.length, length) != length)
    }

    /// Opens the file that has the name now, or creates it. The old one stays as it is.
    fn reopen(&mut self) -> io::Result<bool> {
        let file = open_locked(&self.path)?;
        let data = file.metadata()?;
        (self.identity, self.length) = (identity(&data), data.len());
        self.file = file;
        Ok(true)
    }

    /// Whether its last line has an end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ends_line(&self) -> io::Result<bool> {
        let Some(last) = self.length.checked_sub(1).filter(|_| self.regular) else {
            return Ok(true);
        };
        let mut end = [0];
        (&self.file).seek(SeekFrom::Start(last))?;
        (&self.file).read_exact(&mut end)?;
        (&self.file).seek(SeekFrom::End(0))?;
        Ok(end == *b"\n")
    }

    /// Appends bytes, all or none. With `sync` waits for the disk.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    pub fn append(&mut self, bytes: &[u8], sync: bool) -> io::Result<()> {
        let synced = |()| if sync && self.regular { self.file.sync_data() } else { Ok(()) };
        let written = (&self.file).write_all(bytes).and_then(synced);
        match &written {
            Ok(()) => self.length += bytes.len() as u64,
            // The next line would continue half a line. If that cannot be removed, the disk is past help.
            Err(_) if self.regular => drop(self.cut()),
            Err(_) => {}
        }
        written
    }

    /// Removes what comes after the whole lines. A file that was emptied meanwhile must not become longer. The position
    /// in the file, which a file that is open for appending does not need, must be back at the end.
    fn cut(&self) -> io::Result<u64> {
        if self.file.metadata()?.len() > self.length {
            self.file.set_len(self.length)?;
        }
        (&self.file).seek(SeekFrom::End(0))
    }
}

/// What tells a file from any other on this machine, whatever its name is.
fn identity(data: &Metadata) -> (u64, u64) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (data.dev(), data.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = data; // nobody can rename an open log there
        (0, 0)
    }
}

/// The error of a second server on one log.
fn in_use() -> io::Error {
    io::Error::other("another server uses it")
}

/// The options to open a file that only its owner may read, if it is created: a log holds what people say.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).append(true).create(true);
    options
}

/// Opens the log for reading, and for appending at its end, and locks it.
#[cfg(not(windows))]
fn open_locked(path: &Path) -> io::Result<File> {
    let file = private().open(path)?;
    if file.metadata()?.is_file() {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => in_use(),
            TryLockError::Error(error) => error,
        })?;
    }
    Ok(file)
}

/// Locks the file FILE.lock beside the log. The lock of the log goes with it when it is renamed: without this one a
/// second server could start before the first one has noticed. Where no file can be created there is no such lock, nor
/// on Windows, where a log that is open cannot be renamed.
///
/// # Errors
/// When another server has the lock.
fn lock_beside(path: &Path) -> io::Result<Option<File>> {
    if cfg!(windows) || fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return Ok(None);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let Ok(file) = private().open(name) else { return Ok(None) };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Opens the log for reading and writing. A file that is open for appending cannot be cut on Windows, so the position
/// in the file is kept at its end instead. Locks are mandatory there and would keep readers out; instead the file is
/// shared with readers only, which shuts other servers out.
#[cfg(windows)]
fn open_locked(path: &Path) -> io::Result<File> {
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

//! The thread of a file that is received: it stores the pieces, compares the SHA-256 at the end, and gives the file its
//! name, under which nothing may be yet.
//!
//! What is not whole is a file of its own, named after the SHA-256 and the size of the whole: `SUM-SIZE.part`. If the
//! connection breaks, it stays, and the next offer of the same file goes on behind it. What stands in it is hashed
//! again, so nobody has to trust it.
//!
//! Three rules keep others' files as they are: a part is created new, or it is a regular file with one name; the
//! finished file gets its name by a link, which fails if there is something; and both names come from this client,
//! never from a path that a peer has chosen.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::direct::files::name::{PARTIAL, numbered};
use crate::client::direct::files::reading::{Stop, hashed};
use crate::client::event::{Event, Events, FileEvent, TransferId};
use crate::io_error::cause;
use crate::tls::sha256::Sha256;
use crate::wire::{Checksum, FileEnd};

/// The most files of one name.
const MOST_NUMBERS: u32 = 999;
/// How long the thread waits for a part that a chat before has just given up.
const LOCKED: Duration = Duration::from_secs(2);
/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// What is to be stored, and where. The same file from another peer, or in another chat, has the same part.
#[derive(Debug, Clone)]
pub struct FilePlace {
    /// The folder for files.
    pub folder: PathBuf,
    /// The name of the file, which must be harmless.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sum: Checksum,
}

/// Starts the thread. At most `window` pieces may wait for it. It stores the pieces that are sent to it, one behind the
/// other, and ends when the file is whole or the sender is dropped.
///
/// # Errors
/// When the thread cannot be started.
pub fn start(
    key: TransferId,
    target: FilePlace,
    window: u16,
    events: Events,
) -> io::Result<SyncSender<Vec<u8>>> {
    let (store, pieces) = mpsc::sync_channel(window.into());
    let writing = move || {
        let tell = |event| events.send(Event::File(key, event)).is_ok();
        match target.write(&pieces, &tell) {
            Ok(Some(path)) => tell(FileEvent::Saved(path.display().to_string())),
            Ok(None) => true, // nobody waits for the rest
            Err((end, why)) => tell(FileEvent::Failed(end, why)),
        };
    };
    thread::Builder::new().name("file in".to_owned()).spawn(writing)?;
    Ok(store)
}

impl FilePlace {
    /// The body of the thread. Returns the path of the finished file; `None` if the pieces end before.
    fn write(
        &self,
        pieces: &Receiver<Vec<u8>>,
        tell: &impl Fn(FileEvent) -> bool,
    ) -> Result<Option<PathBuf>, Stop> {
        let folder = self.folder.display();
        let cannot = |error: io::Error| {
            (FileEnd::Disk, format!("cannot store it in {folder}: {}", cause(&error)))
        };
        let path = self.folder.join(format!("{}-{}{PARTIAL}", self.sum, self.size));
        let (mut part, mut hash, mut has) =
            self.open(&path).map_err(|error| match error.kind() {
                ErrorKind::WouldBlock => {
                    (FileEnd::Busy, "it comes already, from elsewhere".to_owned())
                }
                _ => cannot(error),
            })?;
        tell(FileEvent::Opened(has));
        while has < self.size {
            // The part stays when nobody sends the rest.
            let Ok(piece) = pieces.recv() else { return Ok(None) };
            part.write_all(&piece).map_err(cannot)?;
            hash.update(&piece);
            has += piece.len() as u64;
            tell(FileEvent::Stored(has));
        }
        part.sync_all().map_err(cannot)?;
        drop(part);
        if Checksum(hash.finish()) != self.sum {
            fs::remove_file(&path).map_err(cannot)?;
            let why = "its SHA-256 is not the one that was announced; what has come is deleted";
            return Err((FileEnd::Mismatch, why.to_owned()));
        }
        self.give_name(&path).map_err(cannot).map(Some)
    }

    /// Opens the part, which may hold the beginning of the file. Returns it with the hash of what it holds, and how
    /// many bytes that are.
    fn open(&self, path: &Path) -> io::Result<(File, Sha256, u64)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let mut part = match options.clone().create_new(true).open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => open_real(path, &options)?,
            opened => opened?,
        };
        lock(&part)?;
        let mut hash = Sha256::new();
        let has = hashed(&mut part, &mut hash)?;
        if has > self.size {
            part.set_len(0)?;
            io::Seek::rewind(&mut part)?;
            return Ok((part, Sha256::new(), 0));
        }
        Ok((part, hash, has))
    }

    /// Gives the whole file the first of its names that is free. Nothing is overwritten.
    fn give_name(&self, part: &Path) -> io::Result<PathBuf> {
        let numbers = (2..=MOST_NUMBERS).map(|number| numbered(&self.name, number));
        for name in std::iter::once(self.name.clone()).chain(numbers) {
            let path = self.folder.join(name);
            match rename_to_new(part, &path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                done => return done.map(|()| path),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

/// Opens a file that exists, if it is a regular one and no link to another: what a link leads to must not be written.
fn open_real(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let strange = || io::Error::other("a link or a device has the name of its part");
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(strange());
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let opened = file.metadata()?;
        if (opened.dev(), opened.ino(), opened.nlink()) != (named.dev(), named.ino(), 1) {
            return Err(strange());
        }
    }
    Ok(file)
}

/// Locks a part: two chats, or two clients, must not write the same one. A file system may have no locks.
fn lock(part: &File) -> io::Result<()> {
    let until = Instant::now() + LOCKED;
    while matches!(part.try_lock(), Err(TryLockError::WouldBlock)) {
        if until <= Instant::now() {
            return Err(ErrorKind::WouldBlock.into());
        }
        thread::sleep(LOOK); // std's lock that waits knows no limit, so this one is tried again and again
    }
    Ok(())
}

/// Renames a file, unless there is something under the new name. A second link to it fails then, in one step. A file
/// system without such links takes a new empty file, which is then replaced.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => return fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    File::create_new(to)?;
    fs::rename(from, to).inspect_err(|_| {
        let _ = fs::remove_file(to); // it is empty
    })
}

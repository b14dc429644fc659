//! Files on the host's disk.

mod options;

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub use std::fs::TryLockError;

pub use options::{Metadata, OpenOptions};

use crate::disk::{Disk, Node};
use crate::hosts;
use crate::sim::note;
use crate::turns;

/// The system's device for random bytes. The seed chooses them.
const RANDOM: &str = "/dev/urandom";

/// How many files were opened.
static OPENED: AtomicU64 = AtomicU64::new(1);

/// An open file.
#[derive(Debug)]
pub struct File {
    disk: Arc<Disk>,
    node: Arc<Node>,
    handle: u64,
    name: PathBuf,
    position: Mutex<u64>,
    options: OpenOptions,
}

impl File {
    /// A file that was found or made.
    fn new(disk: Arc<Disk>, node: Arc<Node>, path: &Path, options: OpenOptions) -> File {
        let handle = OPENED.fetch_add(1, Ordering::Relaxed);
        let (name, position) = (path.to_owned(), Mutex::default());
        File { disk, node, handle, name, position, options }
    }

    /// Opens a file to read.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).open(path)
    }

    /// Makes a file, or empties it.
    ///
    /// # Errors
    /// None.
    pub fn create(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file; it must not be there.
    ///
    /// # Errors
    /// When it is there.
    pub fn create_new(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// What is known of it.
    ///
    /// # Errors
    /// None.
    pub fn metadata(&self) -> io::Result<Metadata> {
        turns::point();
        Ok(about(&self.disk, &self.node))
    }

    /// Cuts it, or fills it up.
    ///
    /// # Errors
    /// None.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        turns::point();
        note("cuts", length, || self.name.display().to_string());
        self.node.content().bytes.resize(usize::try_from(length).unwrap_or(0), 0);
        Ok(())
    }

    /// Waits for the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync_data(&self) -> io::Result<()> {
        turns::point();
        self.disk.takes(0)?;
        note("syncs", 0, || self.name.display().to_string());
        self.node.content().sync();
        Ok(())
    }

    /// Waits for the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }

    /// Locks it.
    ///
    /// # Errors
    /// When somebody else has locked it.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        turns::point();
        let mut content = self.node.content();
        if content.lock.is_some_and(|handle| handle != self.handle) {
            return Err(TryLockError::WouldBlock);
        }
        content.lock = Some(self.handle);
        Ok(())
    }

    fn copy_out(&self, into: &mut [u8]) -> usize {
        turns::point();
        if self.name == Path::new(RANDOM) {
            let dice = &mut turns::turns().dice;
            into.fill_with(|| dice.below(256) as u8);
            return into.len();
        }
        let mut position = self.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let content = self.node.content();
        let start = usize::try_from(*position).unwrap_or(usize::MAX).min(content.bytes.len());
        let count = into.len().min(content.bytes.len() - start);
        into[..count].copy_from_slice(&content.bytes[start..start + count]);
        *position += count as u64;
        count
    }

    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        turns::point();
        let takes = self.disk.takes(bytes.len())?;
        note("writes", takes as u64, || {
            let text: String = String::from_utf8_lossy(&bytes[..takes]).chars().take(120).collect();
            format!("{} {takes} of {} bytes {text:?}", self.name.display(), bytes.len())
        });
        let mut position = self.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut content = self.node.content();
        let end = content.bytes.len();
        let start = if self.options.append {
            end
        } else {
            usize::try_from(*position).unwrap_or(usize::MAX).min(end)
        };
        let over = (end - start).min(takes);
        content.bytes.splice(start..start + over, bytes[..takes].iter().copied());
        *position = (start + takes) as u64;
        turns::turns().wake(self.disk.changed, usize::MAX);
        Ok(takes)
    }

    fn go(&self, to: SeekFrom) -> u64 {
        turns::point();
        let mut position = self.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let end = self.node.content().bytes.len() as u64;
        *position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => end.saturating_add_signed(by),
            SeekFrom::Current(by) => position.saturating_add_signed(by),
        };
        *position
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let mut content = self.node.content();
        if content.lock == Some(self.handle) {
            content.lock = None;
        }
    }
}

/// What is known of a file.
fn about(disk: &Disk, node: &Arc<Node>) -> Metadata {
    let (length, names) = (node.content().bytes.len() as u64, disk.names_of(node));
    Metadata { length, number: node.number, names, is_folder: false }
}

/// What is known of the file of that name.
///
/// # Errors
/// When there is none.
pub fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    turns::point();
    let disk = hosts::disk(hosts::here());
    if path.as_ref() == Path::new(".") || !disk.names(path.as_ref()).is_empty() {
        return Ok(Metadata { length: 0, number: 0, names: 1, is_folder: true });
    }
    let node = disk.find(path.as_ref()).ok_or(ErrorKind::NotFound)?;
    Ok(about(&disk, &node))
}

/// The same: there are no links that lead to other names.
///
/// # Errors
/// When there is none.
pub fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    metadata(path)
}

/// Gives a file a second name.
///
/// # Errors
/// When there is no such file, or the name is taken.
pub fn hard_link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    turns::point();
    hosts::disk(hosts::here()).link(from.as_ref(), to.as_ref())
}

/// Gives a file another name.
///
/// # Errors
/// When there is no such file.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    turns::point();
    hosts::disk(hosts::here()).rename(from.as_ref(), to.as_ref())
}

/// Removes a file.
///
/// # Errors
/// When there is no such file.
pub fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    turns::point();
    hosts::disk(hosts::here()).remove(path.as_ref())
}

/// Reads a whole file.
///
/// # Errors
/// When there is none, or it is no text.
pub fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    io::read_to_string(File::open(path)?)
}

/// Makes a folder. A disk has any folder here.
///
/// # Errors
/// None.
pub fn create_dir_all(_: impl AsRef<Path>) -> io::Result<()> {
    Ok(())
}

impl Read for &File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.copy_out(into))
    }
}

impl Write for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(self.go(to))
    }
}

impl Read for File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.copy_out(into))
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(self.go(to))
    }
}

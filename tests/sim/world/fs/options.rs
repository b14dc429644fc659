//! How a file is opened, and what is known of it.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::disk::Node;
use crate::fs::{File, RANDOM};
use crate::hosts;
use crate::sim::note;
use crate::turns;

/// How a file is opened.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are those of the system")]
pub struct OpenOptions {
    read: bool,
    write: bool,
    pub(super) append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
}

/// What is known of a file.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub(super) length: u64,
    pub(super) number: u64,
    pub(super) names: u64,
    pub(super) is_folder: bool,
}

impl Metadata {
    /// Its length.
    #[allow(clippy::len_without_is_empty, reason = "the system's has none")]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether it is a file. There are none but regular ones here.
    pub fn is_file(&self) -> bool {
        !self.is_folder
    }

    /// Whether it is a folder.
    pub fn is_dir(&self) -> bool {
        self.is_folder
    }

    /// How many names it has.
    pub(crate) fn names(&self) -> u64 {
        self.names
    }

    /// Its number on the disk.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl OpenOptions {
    /// Neither to read nor to write.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// To read.
    pub fn read(&mut self, on: bool) -> &mut OpenOptions {
        self.read = on;
        self
    }

    /// To write.
    pub fn write(&mut self, on: bool) -> &mut OpenOptions {
        self.write = on;
        self
    }

    /// To write at the end.
    pub fn append(&mut self, on: bool) -> &mut OpenOptions {
        self.append = on;
        self
    }

    /// Empties it.
    pub fn truncate(&mut self, on: bool) -> &mut OpenOptions {
        self.truncate = on;
        self
    }

    /// Makes it if it is not there.
    pub fn create(&mut self, on: bool) -> &mut OpenOptions {
        self.create = on;
        self
    }

    /// Makes it; it must not be there.
    pub fn create_new(&mut self, on: bool) -> &mut OpenOptions {
        self.create_new = on;
        self
    }

    /// Opens a file.
    ///
    /// # Errors
    /// When it is not there, or is and must not be.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        turns::point();
        let (path, disk) = (path.as_ref(), hosts::disk(hosts::here()));
        let node = match disk.find(path) {
            _ if path == Path::new(RANDOM) => Node::nameless(),
            Some(_) if self.create_new => return Err(ErrorKind::AlreadyExists.into()),
            Some(node) => node,
            None if self.create || self.create_new => disk.make(path),
            None => return Err(ErrorKind::NotFound.into()),
        };
        if self.truncate {
            node.content().bytes.clear();
        }
        note("opens", 0, || path.display().to_string());
        Ok(File::new(disk, node, path, self.clone()))
    }
}

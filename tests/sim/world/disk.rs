//! A host's disk: what its processes have written, what of it survives a power failure, and how it fails.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::turns::{self, Key};

/// What the system says when the disk is full (ENOSPC), and when it fails (EIO).
const NO_SPACE: i32 = 28;
const FAULT: i32 = 5;

/// A disk.
#[derive(Debug)]
pub struct Disk {
    state: Mutex<State>,
    /// Wakes whoever waits for a change.
    pub changed: Key,
}

/// What is on it.
#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, Arc<Node>>,
    made: u64,
    /// How many bytes it holds at most; `None` for as many as there are.
    limit: Option<usize>,
    /// Once in so many writes it fails; 0 for never.
    fails: u64,
    /// Once in so many writes it takes less than it is given; 0 for never.
    short: u64,
}

/// A file, whatever its name is.
#[derive(Debug)]
pub struct Node {
    pub number: u64,
    content: Mutex<Content>,
}

/// The bytes of a file.
#[derive(Debug, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    /// What a power failure leaves for certain.
    synced: Vec<u8>,
    /// Which handle has locked it.
    pub lock: Option<u64>,
}

impl Node {
    /// A file without a name.
    pub fn nameless() -> Arc<Node> {
        Arc::new(Node { number: 0, content: Mutex::default() })
    }

    /// The bytes, for a moment.
    pub fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// What is there now is on the disk.
    pub fn sync(&mut self) {
        self.synced.clone_from(&self.bytes);
    }
}

impl Disk {
    /// An empty disk.
    pub fn new(changed: Key) -> Disk {
        Disk { state: Mutex::default(), changed }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of that name.
    pub fn find(&self, path: &Path) -> Option<Arc<Node>> {
        self.state().names.get(path).map(Arc::clone)
    }

    /// Makes a file.
    pub fn make(&self, path: &Path) -> Arc<Node> {
        let mut state = self.state();
        state.made += 1;
        let node = Arc::new(Node { number: state.made, content: Mutex::default() });
        state.names.insert(path.to_owned(), Arc::clone(&node));
        node
    }

    /// Puts a file there, as somebody does who brings it.
    pub fn put(&self, path: &Path, text: &str) {
        self.make(path).content().bytes = text.as_bytes().to_vec();
    }

    /// Gives a file another name.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let node = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), node);
        Ok(())
    }

    /// Gives a file a second name.
    ///
    /// # Errors
    /// When there is no such file, or the name is taken.
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let node = state.names.get(from).map(Arc::clone).ok_or(ErrorKind::NotFound)?;
        if state.names.contains_key(to) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        state.names.insert(to.to_owned(), node);
        Ok(())
    }

    /// How many names a file has.
    pub fn names_of(&self, node: &Arc<Node>) -> u64 {
        self.state().names.values().filter(|other| Arc::ptr_eq(other, node)).count() as u64
    }

    /// Removes a name.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().names.remove(path).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// The names in a folder.
    pub fn names(&self, folder: &Path) -> Vec<PathBuf> {
        let state = self.state();
        state.names.keys().filter(|path| path.parent() == Some(folder)).cloned().collect()
    }

    /// The text of a file; empty without one.
    pub fn text(&self, path: &str) -> String {
        let node = self.find(Path::new(path));
        node.map_or_else(String::new, |node| {
            String::from_utf8_lossy(&node.content().bytes).into_owned()
        })
    }

    /// Limits how much it holds.
    pub fn set_limit(&self, limit: Option<usize>) {
        self.state().limit = limit;
    }

    /// How many bytes it holds.
    pub fn used(&self) -> usize {
        let state = self.state();
        state.names.values().map(|node| node.content().bytes.len()).sum()
    }

    /// Lets one in so many writes fail, and one in so many take less than it is given.
    pub fn set_faults(&self, fails: u64, short: u64) {
        let mut state = self.state();
        (state.fails, state.short) = (fails, short);
    }

    /// How many of these bytes a write takes.
    ///
    /// # Errors
    /// When it takes none.
    pub fn takes(&self, count: usize) -> io::Result<usize> {
        let (used, (limit, fails, short)) = (self.used(), {
            let state = self.state();
            (state.limit, state.fails, state.short)
        });
        let free = limit.map_or(usize::MAX, |limit| limit.saturating_sub(used));
        if free == 0 && count > 0 {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        let dice = &mut turns::turns().dice;
        if fails > 0 && dice.below(fails) == 0 {
            return Err(io::Error::from_raw_os_error(FAULT));
        }
        let takes = count.min(free);
        let is_short = short > 0 && takes > 1 && dice.below(short) == 0;
        Ok(if is_short { 1 + dice.pick(takes - 1) } else { takes })
    }

    /// The processes are gone: their locks, too. Without power what was not synced is lost, all or a part of it.
    pub fn forget(&self, power_fails: bool) {
        let state = self.state();
        for node in state.names.values() {
            let mut content = node.content();
            content.lock = None;
            if power_fails {
                let Content { bytes, synced, .. } = &mut *content;
                if bytes.starts_with(synced) {
                    let kept =
                        synced.len() + turns::turns().dice.pick(bytes.len() - synced.len() + 1);
                    bytes.truncate(kept);
                } else {
                    bytes.clone_from(synced);
                }
                synced.clone_from(bytes);
            }
        }
        turns::turns().wake(self.changed, usize::MAX);
    }
}

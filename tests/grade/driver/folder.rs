//! A fresh folder for each program, gone afterwards: at the latest when the next run finds what a killed one has left.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

#[cfg(unix)]
use crate::driver::settings::{Apart, settings};

/// What the names of all these folders begin with. Then come the process ID and a number.
const PREFIX: &str = "p2p-chat-grade-";
/// A folder that is younger may be of a run that is just about to lock it.
const YOUNG: Duration = Duration::from_secs(10);
/// Where a folder cannot be locked (Windows), one that is older is of no run any more.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// A folder of one's own under the system's temporary one, removed with everything in it when nobody uses it
/// any more.
#[derive(Debug, Clone)]
pub struct Folder {
    path: Arc<Path>,
    /// Where a program has run, everything may be another thing than it was.
    is_given: Arc<Once>,
    #[allow(dead_code, reason = "it holds the lock")]
    lock: Arc<Option<File>>,
}

impl Folder {
    /// Makes an empty folder that nobody else has.
    pub fn fresh() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        let path = loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("{PREFIX}{}-{number}", process::id()));
            match fs::create_dir(&path) {
                // Of a run that was killed, or runs in another container, and had this process id.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => break created.map(|()| path).unwrap(),
            }
        };
        let lock = File::open(&path).ok().filter(|folder| folder.try_lock().is_ok());
        Self { path: path.into(), is_given: Arc::new(Once::new()), lock: Arc::new(lock) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it, which need not exist.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file in it that a program has written. The program may have put something else in its place: a link to
    /// what only the grader may read or write, or a pipe that holds up whoever opens it.
    ///
    /// # Errors
    /// It cannot be opened, or is no plain file of the program.
    pub fn opens(&self, name: &str, how: &OpenOptions) -> io::Result<File> {
        let check = |data: Metadata| {
            let refused = || io::Error::other("it is no file of the program");
            is_plain(&data).then_some(()).ok_or_else(refused)
        };
        check(fs::symlink_metadata(self.file(name))?)?;
        let file = how.open(self.file(name))?;
        check(file.metadata()?)?; // what was looked at before may have been replaced
        Ok(file)
    }

    /// Makes it the home of a program that is about to start. A program that runs as [another
    /// user](Apart::User) owns the folder and what is in it. The first one gets it: later a link may stand in its
    /// place, to what must not be given away.
    #[cfg(unix)]
    pub fn is_given_away(&self, program: &mut Command) {
        use std::os::unix::fs::lchown;
        use std::os::unix::process::CommandExt;
        let Apart::User(user) = settings().apart else { return };
        program.uid(user).gid(user);
        self.is_given.call_once(|| {
            let inside = fs::read_dir(self.path()).into_iter().flatten().flatten();
            for path in inside.map(|entry| entry.path()).chain([self.path().to_owned()]) {
                // What the program cannot write is missed by the check.
                let _ = lchown(path, Some(user), Some(user));
            }
        });
    }

    /// The same where there are no such users.
    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "as above")]
    pub fn is_given_away(&self, _program: &mut Command) {}

    /// The text of a file in it.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if Arc::strong_count(&self.path) == 1 {
            // A folder left behind is untidy and no reason to fail a check. Links are not followed.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether this is a file, and no other user's where programs have a user.
#[cfg(unix)]
fn is_plain(data: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_theirs = |user| data.uid() == user;
    data.is_file() && !matches!(settings().apart, Apart::User(user) if !is_theirs(user))
}

/// The same where there are no such users.
#[cfg(not(unix))]
fn is_plain(data: &Metadata) -> bool {
    data.is_file()
}

/// Removes the folders of killed runs. What cannot be read or removed stays: it may be another user's.
fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|owner| is_abandoned(&entry, owner)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether no run uses a folder any more: nobody has locked it, and no process has the number in its name. (The lock
/// alone would do, but for earlier versions of this file. The number alone would not: another process may have it.)
fn is_abandoned(folder: &fs::DirEntry, owner: &str) -> bool {
    // The data of the name itself: a link leads elsewhere.
    let Some(data) = folder.metadata().ok().filter(fs::Metadata::is_dir) else { return false };
    let age = data.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
    let lives = Path::new("/proc").join(owner).join("stat").exists();
    match File::open(folder.path()) {
        Ok(folder) => age > YOUNG && !lives && folder.try_lock().is_ok(),
        Err(_) => age > OLD,
    }
}

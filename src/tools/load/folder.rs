//! A fresh folder for a server's log, and the removal of what killed runs have left behind.
//!
//! A run that is killed cannot remove its folder. So each run locks its folders for as long as it lives, and the next
//! run removes those that nobody has locked.

use std::env;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What the names of all these folders begin with. Then come the process ID and a number.
const PREFIX: &str = "p2p-chat-load-";
/// A folder that is younger may be of a run that is just about to lock it.
const YOUNG: Duration = Duration::from_secs(10);
/// Where a folder cannot be locked (Windows), one that is older is of no run any more.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// A fresh folder for the log, which would otherwise hold the messages of earlier runs. Dropping it removes the
/// folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    #[allow(dead_code, reason = "it holds the lock")]
    lock: Option<File>,
}

impl Folder {
    /// Creates a folder that no other run has. Removes those of killed runs first.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn fresh() -> io::Result<Folder> {
        static SWEPT: Once = Once::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        SWEPT.call_once(|| sweep(&env::temp_dir()));
        let path = loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("{PREFIX}{}-{number}", process::id()));
            match fs::create_dir(&path) {
                // Of a killed run, or of one in another container, that had the same process ID.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => break created.map(|()| path)?,
            }
        };
        // Without a lock the folder is safe as long as it is young, or as its process is seen to live.
        let lock = File::open(&path).ok().filter(|folder| folder.try_lock().is_ok());
        Ok(Folder { path, lock })
    }

    /// The path of the log in the folder. Every run writes one, for the log is a part of the server that is measured.
    pub fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that is left behind is untidy, and does no harm.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of killed runs. What cannot be read or removed stays: it may be another user's.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        // The data of the name itself: a link leads elsewhere.
        if let (Some(owner), Ok(data)) = (owner, entry.metadata())
            && data.is_dir()
            && is_abandoned(&entry.path(), owner, &data)
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether no run uses a folder any more: nobody has locked it, and no process has the number in its name. (The lock
/// alone would do, but for processes of earlier versions. The number alone would not: another process may have it.)
fn is_abandoned(path: &Path, owner: &str, data: &Metadata) -> bool {
    let age = data.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
    let lives = Path::new("/proc").join(owner).join("stat").exists();
    match File::open(path) {
        Ok(folder) => age > YOUNG && !lives && folder.try_lock().is_ok(),
        Err(_) => age > OLD,
    }
}

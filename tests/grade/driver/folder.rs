//! A fresh folder for each program, gone afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of one's own under the system's temporary one, removed with everything in it when nobody uses it
/// any more.
#[derive(Debug, Clone)]
pub struct Folder(Arc<Path>);

impl Folder {
    /// Makes an empty folder that nobody else has.
    pub fn fresh() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("p2p-chat-grade-{}-{number}", process::id()));
        // What stands there is of a run that was killed and had this process id.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it, which need not exist.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a file in it.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if Arc::strong_count(&self.0) == 1 {
            // A folder left behind is untidy and no reason to fail a check.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

//! Hand-ins as they arrive: a folder, a folder in a folder, or an archive.
//!
//! Course systems pack what students send in their own ways, and students pack it in theirs. So the tree may lie some
//! folders deep, and the first folder `src` from the top down is taken for that of the tree.
//!
//! An archive is unpacked apart, as if it were a program of the hand-in: it may be made to write elsewhere, or to
//! have no end. Links in it are not followed, neither here nor when the sources are read.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::isolation::{Apart, Grant, Isolation};
use crate::io_error::cause;

/// The name of an archive's copy, where it is unpacked.
const COPY: &str = ".handed-in";
/// How deep below a hand-in its `src` may lie.
const DEEPEST: usize = 4;
/// How many folders are looked at in search of it.
const MOST: usize = 1000;
/// How long it may take to unpack an archive.
const LIMIT: Duration = Duration::from_secs(60);
/// The ends of the names of archives.
const ARCHIVES: [&str; 7] = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"];

/// Finds the folder that has the sources of a hand-in. An archive is unpacked into the folder `into` before. The
/// archive is of a stranger, so its program runs apart. Where `unzip` fails, `tar` tries: on some systems it reads such
/// archives, too.
///
/// # Errors
/// A sentence: it is something else, or a link, it cannot be unpacked, or there are no sources.
pub fn unpack(
    handin: &Path,
    into: &Path,
    isolation: Isolation,
    worker: u32,
) -> Result<PathBuf, String> {
    if !is_packed(handin)? {
        return sources(handin);
    }
    let failed = |error| format!("cannot unpack it: {}", cause(&error));
    fs::create_dir_all(into).map_err(failed)?;
    // The user that unpacks it may not be able to see the hand-ins.
    copy(handin, &into.join(COPY)).map_err(failed)?;
    let target = isolation.place(1, into);
    let archive = target.join(COPY).display().to_string();
    let target = target.display().to_string();
    let is_zip = handin.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    let zip = ["unzip", "-q", "-o", &archive, "-d", &target];
    let tar = ["tar", "-x", "-f", &archive, "-C", &target];
    let run = Apart {
        isolation,
        worker,
        shares: &[Grant::Write(into)],
        hidden: &[],
        is_theirs: true,
        limit: LIMIT,
    };
    let unpacked = match run.run(if is_zip { &zip } else { &tar }, &[]) {
        Ok(outcome) if outcome.code != Some(0) && is_zip => run.run(&tar, &[]),
        done => done,
    }?;
    let found = sources(into);
    match (found, unpacked.code) {
        (Err(_), code) if code != Some(0) => Err("it cannot be unpacked".to_owned()),
        (found, _) => found,
    }
}

/// Whether a hand-in is an archive, and not a folder. A link is neither: it may lead to somebody else's.
fn is_packed(handin: &Path) -> Result<bool, String> {
    let found = fs::symlink_metadata(handin)
        .map_err(|error| format!("cannot look at it: {}", cause(&error)))?;
    let name = handin.to_string_lossy().to_ascii_lowercase();
    let is_archive = found.is_file() && ARCHIVES.iter().any(|end| name.ends_with(end));
    if !is_archive && !found.is_dir() {
        return Err("it is neither a folder nor a .zip or .tar archive".to_owned());
    }
    Ok(is_archive)
}

/// The first folder that has a folder `src`, from the top down. Hidden folders, and those that some systems add with
/// a `_` before their names, are passed over.
fn sources(handin: &Path) -> Result<PathBuf, String> {
    let mut level = vec![handin.to_owned()];
    for _ in 0..DEEPEST {
        if let Some(found) = level.iter().find(|folder| is_folder(&folder.join("src"))) {
            return Ok(found.clone());
        }
        let inside = level.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        let mut next: Vec<PathBuf> = inside
            .flatten()
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with(['.', '_']))
            .map(|entry| entry.path())
            .filter(|path| is_folder(path))
            .take(MOST)
            .collect();
        next.sort();
        level = next;
    }
    Err("it has no folder src".to_owned())
}

/// Whether this is a folder, and not a link to one. A link may lead out of the hand-in.
fn is_folder(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|found| found.is_dir())
}

/// Copies the bytes of a file, but not who may read it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut File::create(to)?).map(drop)
}

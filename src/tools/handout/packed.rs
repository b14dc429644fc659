//! Hand-ins as they arrive: a folder, a folder in a folder, or an archive.
//!
//! Course systems pack what students send in their own ways, and students pack it in theirs. So the tree may lie some
//! folders deep, and the first folder `src` from the top down is taken for that of the tree.
//!
//! An archive is unpacked apart, as if it were a program of the hand-in: it may be made to write elsewhere, or to
//! have no end. Links in it are not followed, neither here nor when the sources are read. What cargo has built is left
//! packed: some students hand that in, too, and it is large.

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
/// The most that an archive may unpack to, in bytes. The sources of the solution have a hundredth of that.
const LARGEST: u64 = 300_000_000;
/// The least that a file takes on a disk, in bytes.
const BLOCK: u64 = 4096;
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
    let (shares, limit) = (&[Grant::Write(into)], LIMIT);
    let run = Apart { isolation, worker, shares, hidden: &[], is_theirs: true, limit };
    let most = LARGEST + size(into, u64::MAX);
    let fits = || size(into, most) <= most;
    let is_zip = handin.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    let mut code = None;
    for words in programs(&archive, &target).iter().skip(usize::from(!is_zip)) {
        code = run.run_while(words, &[], &fits)?.code;
        if !fits() {
            return Err(format!("it has more than {LARGEST} bytes"));
        }
        if code == Some(0) {
            break;
        }
    }
    let found = sources(into);
    match (found, code) {
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

/// The commands that unpack an archive: `unzip`, and `tar`.
fn programs<'a>(archive: &'a str, target: &'a str) -> [Vec<&'a str>; 2] {
    let (debug, release) = ("*target/debug/*", "*target/release/*");
    let zip = vec!["unzip", "-q", "-o", archive, "-x", debug, release, "-d", target];
    let (debug, release) = ("--exclude=target/debug", "--exclude=target/release");
    [zip, vec!["tar", "-x", debug, release, "-f", archive, "-C", target]]
}

/// How many bytes a folder takes, with all that is in it. If it takes more than `most`, it is not looked through any
/// further.
fn size(folder: &Path, most: u64) -> u64 {
    let mut size = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop().filter(|_| size <= most) {
        let known = fs::read_dir(folder).into_iter().flatten().flatten();
        for (path, known) in known.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        {
            size += known.len().max(BLOCK);
            folders.extend(known.is_dir().then_some(path));
        }
    }
    size
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

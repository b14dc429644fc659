//! The thread of a file that is sent: it reads the whole file once for its SHA-256, and then the pieces that the loop
//! asks for.
//!
//! The loop names each range of bytes, and the thread keeps no count: a file that goes on in the middle is nothing
//! special here. A file may change while it is sent. If its length does, the thread notices; else the receiver does, by
//! the SHA-256.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::client::direct::files::size::shown;
use crate::client::event::{Event, Events, FileEvent, TransferId};
use crate::io_error::cause;
use crate::tls::sha256::Sha256;
use crate::wire::transfer::MAX_FILE;
use crate::wire::{Checksum, FileEnd};

/// How many bytes are read at once.
const AT_ONCE: usize = 64 * 1024;

/// The end of a file's way that its thread has found: what the peer is told, and what the user.
pub(super) type Stop = (FileEnd, String);

/// Starts the thread. It reads each range of bytes that is sent to it, and reports it. It ends
/// when the sender is dropped.
///
/// # Errors
/// When the thread cannot be started.
pub fn start(key: TransferId, path: PathBuf, events: Events) -> io::Result<Sender<Range<u64>>> {
    let (orders, ranges) = mpsc::channel();
    let reading = move || {
        let tell = |event| events.send(Event::File(key, event)).is_ok();
        if let Err((end, why)) = read(&path, &ranges, &tell) {
            tell(FileEvent::Failed(end, why));
        }
    };
    thread::Builder::new().name("file out".to_owned()).spawn(reading)?;
    Ok(orders)
}

/// The body of the thread.
fn read(
    path: &Path,
    ranges: &Receiver<Range<u64>>,
    tell: &impl Fn(FileEvent) -> bool,
) -> Result<(), Stop> {
    let cannot =
        |error: io::Error| (FileEnd::Changed, format!("cannot read it: {}", cause(&error)));
    let mut file = open(path).map_err(|why| (FileEnd::Changed, why))?;
    let (size, sum) = summed(&mut file).map_err(cannot)?;
    if size > MAX_FILE {
        return Err((FileEnd::TooLarge, too_large(size)));
    }
    tell(FileEvent::Read(size, sum));
    for Range { start, end } in ranges {
        let mut bytes = Vec::new();
        let seek = file.seek(SeekFrom::Start(start));
        let read = seek.and_then(|_| (&file).take(end - start).read_to_end(&mut bytes));
        let is_whole = read.map_err(cannot)? as u64 == end - start;
        let has_grown = end == size && file.metadata().map_err(cannot)?.len() != size;
        if !is_whole || has_grown {
            return Err((FileEnd::Changed, "it has changed since it was offered".to_owned()));
        }
        if !tell(FileEvent::Piece(start, bytes)) {
            break;
        }
    }
    Ok(())
}

/// Opens a file to read it, if it is one: to open a pipe would wait for its other end.
fn open(path: &Path) -> Result<File, String> {
    let cannot = |error: io::Error| format!("cannot read it: {}", cause(&error));
    let about = fs::metadata(path).map_err(cannot)?;
    match (about.is_dir(), about.is_file()) {
        (true, _) => Err("it is a folder".to_owned()),
        (_, false) => Err("it is no regular file".to_owned()),
        _ if about.len() > MAX_FILE => Err(too_large(about.len())),
        _ => File::open(path).map_err(cannot),
    }
}

/// The size and the SHA-256 of a file. It reads one byte too many at most: a file may grow for ever.
fn summed(file: &mut File) -> io::Result<(u64, Checksum)> {
    let mut hash = Sha256::new();
    let size = hashed(&mut file.take(MAX_FILE + 1), &mut hash)?;
    Ok((size, Checksum(hash.finish())))
}

/// Adds what is still to be read to a hash. Returns how many bytes that are.
pub(super) fn hashed(from: &mut impl Read, hash: &mut Sha256) -> io::Result<u64> {
    let (mut buffer, mut size) = (vec![0; AT_ONCE], 0);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(count) => {
                hash.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Why a file of this size cannot be sent.
fn too_large(size: u64) -> String {
    format!("it has {}, and a file may have at most {}", shown(size), shown(MAX_FILE))
}

//! What is kept of a hand-in that was graded: its report, below a key that tells what it was made from.

use std::fs;
use std::path::Path;

use super::score::{Sheet, read_check};

/// Reads the sheet of a hand-in that was graded before under this key. `None` if there is none, or its key is another:
/// the hand-in, the seed or the grader has changed.
pub fn read_sheet(results: &Path, name: &str, key: &str) -> Option<Sheet> {
    let text = fs::read_to_string(results.join("report.jsonl")).ok()?;
    let (head, rest) = text.split_once('\n')?;
    let (note, report) = rest.split_once('\n')?;
    let checks = report.lines().filter_map(read_check).collect();
    let story = fs::read_to_string(results.join("report.txt")).unwrap_or_default();
    (head == key).then(|| Sheet { name: name.to_owned(), checks, note: note.to_owned(), story })
}

/// A hash (FNV-1a) of names and texts. It stays the same with every version of the compiler, unlike that of std.
pub fn hash<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let bytes =
        texts.flat_map(|(name, text)| name.bytes().chain([0]).chain(text.bytes()).chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

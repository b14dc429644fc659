//! One line with its limit: the smallest unit of everything that travels.

use std::io::{self, BufRead, Read};

/// The most bytes of a line, its end included (PROTOCOL, limits).
pub const MAX_LINE: usize = 4_096;

/// What [`read_line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The line is whole; its end (LF or CRLF) has been taken off.
    Whole,
    /// [`MAX_LINE`] bytes have come and no end of line.
    TooLong,
    /// The stream has ended, perhaps in the middle of a line.
    End,
}

/// Reads on until the line is whole. `line` holds what has come of it so far: a TCP read is not a
/// message, it may bring half a line or five. So after an error (a read timeout, say) the caller can
/// look at the clock and call again with the same `line`; after a whole one it clears it.
///
/// # Errors
/// Whatever the reader gives, except `Interrupted`, which is tried again.
// LAB 1: read one line, no longer than its limit
pub fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    let room = MAX_LINE - line.len();
    reader.by_ref().take(room as u64).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Line::Whole)
    } else if line.len() == MAX_LINE {
        Ok(Line::TooLong)
    } else {
        Ok(Line::End)
    }
}

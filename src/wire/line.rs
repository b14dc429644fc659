//! One line with its limit: the smallest unit of everything that travels.
//!
//! Without a limit one client could make the server remember a line without end.

use std::io::{self, BufRead, Read};

/// The most bytes of a line, its end included (PROTOCOL, limits).
pub const MAX_LINE: usize = 4_096;

/// What [`read_line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The line is whole. Its end (LF or CRLF) is taken off.
    Whole,
    /// There are [`MAX_LINE`] bytes and no end of line among them.
    TooLong,
    /// The stream is at its end, perhaps in the middle of a line.
    End,
}

/// Reads until the line is whole. `line` holds the part of it that was read before: a TCP read is not a message, it
/// may return half a line or five. So after an error (a read timeout, say) the caller can look at the clock and
/// call again with the same `line`. After a whole line the caller clears it.
///
/// # Errors
/// Any error of the reader, except `Interrupted`, after which it reads again.
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

//! Copying what one connection says to another: in one direction, or in both at once.
//!
//! A connection has two directions, and each ends by itself (half-close, RFC 9293, 3.6). What one side has ended the
//! other must hear as an end, and may still answer:
//!
//! ```text
//! one ── "Goodbye." ──► end          copy          "Goodbye." ──► end ──► other
//! one ◄── "And you." ◄─ end          copy          "And you." ◄── end ◄── other
//! ```

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::net::reader::Reader;

/// How much is copied at once.
const PIECE: usize = 4 * 1024;

/// The sending direction of a connection, which can end while the other one goes on.
pub trait HalfClose: Write {
    /// Tells the other side that nothing more is said.
    ///
    /// # Errors
    /// When the connection is gone.
    fn end(&mut self) -> io::Result<()>;
}

impl HalfClose for &TcpStream {
    fn end(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Copies one direction: writes each piece that `from` gives as soon as it arrives, all of it. At the end of `from` it
/// tells `to` the end and returns. A read that was only interrupted ([`ErrorKind::Interrupted`]) is tried again.
///
/// # Errors
/// When reading, writing or ending fails.
// LAB 0: copy one direction, and pass on its end => io::copy(from, to).map(drop)
pub fn copy(from: &mut impl Read, to: &mut impl HalfClose) -> io::Result<()> {
    let mut piece = [0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return to.end(),
            Ok(count) => to.write_all(&piece[..count])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Copies both directions between two connections at once, until both have ended.
///
/// # Errors
/// When a direction fails. `one_way` has then ended the other direction, too; of both errors this is the cause.
// LAB 0: copy both directions at once => one_way(one, other)
pub fn join(one: &TcpStream, other: &TcpStream) -> io::Result<()> {
    let (from, to) = (other.try_clone()?, one.try_clone()?);
    let back = thread::Builder::new().name("back".to_owned()).spawn(move || one_way(&from, &to))?;
    let there = one_way(one, other);
    let back = back.join().unwrap_or_else(|_| Err(io::Error::other("a thread has panicked")));
    outcome(there, back)
}

/// What has come of both directions. Of two errors it is the one that says more: after the first one both connections
/// are shut down, and the second one may only tell that.
///
/// # Errors
/// When one of the directions has failed.
pub fn outcome(there: io::Result<()>, back: io::Result<()>) -> io::Result<()> {
    let says = |error: &io::Error| match error.kind() {
        ErrorKind::NotConnected => 0, // an end was passed on to a connection that is shut down
        ErrorKind::BrokenPipe => 1,   // something was written to one
        _ => 2,
    };
    match (there, back) {
        (Err(there), Err(back)) if says(&back) > says(&there) => Err(back),
        (there, back) => there.and(back),
    }
}

/// Copies one direction between two connections. If that fails, both connections are over, in both directions.
fn one_way(from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    copy(&mut Reader::new(from), &mut to).inspect_err(|_| {
        for stream in [from, to] {
            let _ = stream.shutdown(Shutdown::Both); // an error: it is closed already
        }
    })
}

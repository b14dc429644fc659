//! The end of a story: what a program does when somebody hangs up belongs to it.
//!
//! A server cleans up after a client in a thread of its own, a moment later. If that panics, the story is not
//! good, however well it went before. So nobody who leaves at the end of a story is just gone: its side of the
//! connection ends, and the grader stays on the line until the program has hung up, too. That it does when it
//! is done with the one who left, and a panic is written to stderr before any connection closes by it.

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::driver::heard;
use crate::driver::program::SLICE;
use crate::driver::settings::settings;
use crate::driver::story::{self, lock, scene};
use crate::driver::wire::is_waiting;

/// How long a program may take to hang up, too. Nothing is concluded if it does not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ends our side of a connection, and keeps the line. (In the authors' tests it just closes.)
pub fn hang_up(stream: TcpStream) {
    if story::is_graded() {
        // It may be closed already.
        let _ = stream.shutdown(Shutdown::Write);
        lock(&scene().left).push(stream);
    }
}

/// Waits until the other side of each connection has hung up, too, or a program has failed.
pub fn settle() {
    let until = Instant::now() + PATIENCE.mul_f64(settings().slow());
    let left = std::mem::take(&mut *lock(&scene().left));
    let mut unread = vec![0; 64 * 1024];
    for mut stream in left {
        // A socket that cannot be read is closed, and so it is with any error but that of waiting.
        let _ = stream.set_read_timeout(Some(SLICE));
        loop {
            if heard::one_has_failed().is_some() || story::left(until).is_zero() {
                return;
            }
            match stream.read(&mut unread) {
                Ok(count) if count > 0 => {}
                Err(error) if is_waiting(&error) => {}
                Ok(_) | Err(_) => break,
            }
        }
    }
}

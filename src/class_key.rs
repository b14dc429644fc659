//! A class's key: a file with 128 random bits in hexadecimal digits, which a server and its clients share.
//!
//! It is a room's password. Its holder may enter, and may also pose as the server towards the others, though nobody can
//! decrypt with it what was recorded (RFC 9257, section 4.2, would have a key shared by two alone). A key is never an
//! argument of a program, where others on the machine could read it, and it is never printed.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::io_error::cause;
use crate::tls::SharedKey;
use crate::tls::random::random;

/// Names the key in the handshake, in the clear.
const IDENTITY: &[u8] = b"p2p-chat";
/// The bytes of a key.
const LENGTH: usize = 16;

/// Reads the key in a file.
///
/// # Errors
/// A sentence about the file, which does not quote it.
pub fn read(file: &Path) -> Result<SharedKey, String> {
    let text = fs::read_to_string(file).map_err(|error| failed("read", file, &error))?;
    parse(text.trim()).ok_or_else(|| {
        format!("the key in {} must be {} hexadecimal digits", file.display(), 2 * LENGTH)
    })
}

/// Reads the key in a file. If there is no such file, makes one that only its owner may read. Returns also whether it
/// has made one.
///
/// # Errors
/// A sentence about the file.
pub fn read_or_make(file: &Path) -> Result<(SharedKey, bool), String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = match options.open(file) {
        Ok(mut made) => {
            let digits = random::<LENGTH>().map(|byte| format!("{byte:02x}")).concat();
            writeln!(made, "{digits}").map_err(|error| failed("write", file, &error))?;
            true
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed("make", file, &error)),
    };
    Ok((read(file)?, made))
}

/// The sentence for a file that cannot be used.
fn failed(verb: &str, file: &Path, error: &io::Error) -> String {
    format!("cannot {verb} the key {}: {}", file.display(), cause(error))
}

/// Reads hexadecimal digits.
fn parse(digits: &str) -> Option<SharedKey> {
    let is_key = digits.len() == 2 * LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(digits, 16).ok().filter(|_| is_key)?;
    Some(SharedKey { identity: IDENTITY.to_vec(), key: number.to_be_bytes().to_vec() })
}

//! Random bytes for secrets. Every secret of this project comes from here; [`Dice`](crate::random::Dice) is for the
//! rest.
//!
//! On Unix they come from the operating system's `/dev/urandom`. The standard library reads no random source of
//! Windows. But the keys of a thread's first [`RandomState`] come from one, 128 bits of it, and `SipHash` does not give
//! its key away. So there, and where the device cannot be read, the hashes of a few fresh threads make a seed, once for
//! the process, and SHA-256 makes all further bytes from it. A reader of its memory then knows all of them.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::sha256::{HASH, Sha256, hmac};

/// How many threads' keys make the seed: 512 bits.
const THREADS: usize = 4;

/// Returns fresh random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if !cfg!(unix) || read_device(&mut bytes).is_err() {
        fill_from_threads(&mut bytes);
    }
    bytes
}

/// Fills `bytes` from the system's device. It is opened once, so that it is there even when no more files can be
/// opened.
fn read_device(bytes: &mut [u8]) -> io::Result<()> {
    static DEVICE: OnceLock<File> = OnceLock::new();
    if DEVICE.get().is_none() {
        let _ = DEVICE.set(File::open("/dev/urandom")?);
    }
    let Some(mut device) = DEVICE.get() else { return Err(io::ErrorKind::NotFound.into()) };
    device.read_exact(bytes)
}

/// Fills `bytes` without a device. Each block is the HMAC of a number that is used once.
pub fn fill_from_threads(bytes: &mut [u8]) {
    static SEED: OnceLock<[u8; HASH]> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let seed = SEED.get_or_init(seed);
    for piece in bytes.chunks_mut(HASH) {
        let block = hmac(seed, &NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        piece.copy_from_slice(&block[..piece.len()]);
    }
}

/// Makes the seed. If a thread cannot be started, this one hashes instead of it.
fn seed() -> [u8; HASH] {
    let mut all = Sha256::new();
    for _ in 0..THREADS {
        let thread = thread::Builder::new().name("random".to_owned()).spawn(hashes);
        let words = thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(hashes);
        all.update(words.map(u64::to_be_bytes).as_flattened());
    }
    all.finish()
}

/// A few hashes with keys of this thread.
fn hashes() -> [u64; 4] {
    std::array::from_fn(|number| RandomState::new().hash_one(number))
}

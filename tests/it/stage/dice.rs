//! Chance with a seed: a failure can be had again.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small random number generator (xorshift64*), good enough to cut bytes at surprising places.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Takes the seed from `TEST_SEED`, else from the clock, and prints it: libtest shows it when the test fails.
    pub fn thrown() -> Self {
        let given = std::env::var("TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.as_secs() ^ (u64::from(now.subsec_nanos()) << 32)
        });
        println!("seed: TEST_SEED={seed}");
        Self(seed | 1)
    }

    /// A number from 0 up to `end`, without it.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(wide).unwrap() % end
    }

    /// Cuts `bytes` into pieces of 1 to `longest` bytes.
    pub fn cuts<'a>(&mut self, mut bytes: &'a [u8], longest: usize) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let length = (1 + self.below(longest)).min(bytes.len());
            let (piece, rest) = bytes.split_at(length);
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

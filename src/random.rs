//! Pseudo-random numbers from a seed, so that a run with random delays or losses can be repeated.
//!
//! Secrets do not come from here, see [`tls::random`](crate::tls::random).

/// A small generator of pseudo-random numbers, `SplitMix64` (Steele, Lea and Flood, 2014). The same seed gives the
/// same numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Creates a generator that begins at `seed`.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Returns the next number, at least 0 and less than `end`. The lower numbers are a trifle likelier if `end` is
    /// no power of two, which does not matter here.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

//! Chance with a seed: what failed can be had again.

use crate::driver::settings::settings;

/// A small random number generator (xorshift64*), good enough to cut bytes at surprising places.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a check: thrown alone it falls as it does among all others.
    pub fn of(check: &str) -> Self {
        let mut state = settings().seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in check.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3); // FNV-1a
        }
        let mut dice = Self(state | 1);
        for _ in 0..8 {
            dice.below(2);
        }
        dice
    }

    /// A number from 0 up to `end`, without it.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(wide).unwrap() % end
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Puts them in another order.
    pub fn shuffle<T>(&mut self, these: &mut [T]) {
        for last in (1..these.len()).rev() {
            these.swap(last, self.below(last + 1));
        }
    }

    /// A short word that nobody can have thought of before.
    pub fn word(&mut self) -> String {
        let syllables =
            ["ba", "de", "fi", "go", "ku", "la", "mi", "no", "pe", "ra", "su", "to", "vu"];
        let word: String = (0..3).map(|_| *self.pick(&syllables)).collect();
        format!("{word}{}", self.below(90) + 10)
    }

    /// So many different words.
    pub fn words(&mut self, count: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        while words.len() < count {
            let word = self.word();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// A text to say: some words, some of them in other alphabets.
    pub fn text(&mut self) -> String {
        let spice =
            ["räksmörgås", "naïve", "日本", "привет", "a:b", "100%", "x = y", "¿qué?", "👋"];
        let mut words = self.words(2);
        words.push((*self.pick(&spice)).to_owned());
        words.join(" ")
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

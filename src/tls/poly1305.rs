//! Poly1305 (RFC 8439, section 2.5): sixteen bytes that prove that a message is as its sender wrote it.
//!
//! The message's blocks are the coefficients of a polynomial; its value at a secret place, modulo 2^130 - 5, plus
//! another secret number is the *tag*. A key must be used for one message only.
//!
//! Numbers are three digits of 44, 44 and 42 bits, so that there is room for carries. No branch and no index depends
//! on a secret.

use std::array;

/// The bytes of a tag, and of a block.
pub const TAG: usize = 16;
/// The bits of the two lower digits.
const MASK_44: u64 = (1 << 44) - 1;
/// The bits of the highest digit.
const MASK_42: u64 = (1 << 42) - 1;

/// A tag under way.
pub struct Poly1305 {
    /// The secret place.
    r: [u64; 3],
    /// The secret number that is added at the end.
    s: u128,
    /// The value so far.
    value: [u64; 3],
}

impl Poly1305 {
    /// Begins the tag of a message with a fresh key.
    pub fn new(key: &[u8; 32]) -> Poly1305 {
        let halves = key.as_chunks().0;
        let place = u128::from_le_bytes(halves[0]) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        Poly1305 { r: digits(place), s: u128::from_le_bytes(halves[1]), value: [0; 3] }
    }

    /// Adds the next part of a message; all parts but the last are whole blocks. Behind each block stands a one bit.
    pub fn update(&mut self, part: &[u8]) {
        let (blocks, rest) = part.as_chunks();
        for block in blocks {
            self.mix(u128::from_le_bytes(*block), 1 << 40);
        }
        if !rest.is_empty() {
            let last = array::from_fn(|i| rest.get(i).copied().unwrap_or((i == rest.len()).into()));
            self.mix(u128::from_le_bytes(last), 0);
        }
    }

    /// The same, but zeros fill the last block (RFC 8439, 2.8).
    pub fn update_padded(&mut self, part: &[u8]) {
        let (whole, rest) = part.split_at(part.len() / TAG * TAG);
        self.update(whole);
        if !rest.is_empty() {
            self.update(&array::from_fn::<u8, TAG, _>(|i| rest.get(i).copied().unwrap_or(0)));
        }
    }

    /// Adds a block to the value, and multiplies by r, as on paper: each sum is one digit of the product. What stands
    /// left of bit 130 comes back at the right, times 5; the digits of r are multiples of 4 there, so that they can be
    /// made 5 / 4 times as large.
    #[inline]
    fn mix(&mut self, block: u128, one: u64) {
        let more = digits(block);
        let [h0, h1, h2] = [0, 1, 2].map(|i| self.value[i] + more[i]);
        let ([r0, r1, r2], h2) = (self.r, h2 + one);
        let sum = |x, y, z| product(h0, x) + product(h1, y) + product(h2, z);
        let low = sum(r0, 20 * r2, 20 * r1);
        let middle = sum(r1, r0, 20 * r2) + (low >> 44);
        let high = sum(r2, r1, r0) + (middle >> 44);
        let low = u128::from(cut(low, MASK_44)) + (high >> 42) * 5;
        self.value = [
            cut(low, MASK_44),
            cut(middle, MASK_44) + cut(low >> 44, u64::MAX),
            cut(high, MASK_42),
        ];
    }

    /// Ends the message and returns its tag. The value is made less than 2^130 - 5 first.
    pub fn finish(self) -> [u8; TAG] {
        let [mut low, mut middle, mut high] = self.value;
        for _ in 0..2 {
            (middle, low) = (middle + (low >> 44), low & MASK_44);
            (high, middle) = (high + (middle >> 44), middle & MASK_44);
            (low, high) = (low + 5 * (high >> 42), high & MASK_42);
        }
        (middle, low) = (middle + (low >> 44), low & MASK_44);
        let value =
            |low, middle, high| u128::from(low) | u128::from(middle) << 44 | u128::from(high) << 88;
        // Adding 5 carries into bit 130 if the value is 2^130 - 5 or more. Then the sum without that bit is it.
        let carry_low = low + 5;
        let carry_middle = middle + (carry_low >> 44);
        let carry_high = high + (carry_middle >> 44);
        let less = value(carry_low & MASK_44, carry_middle & MASK_44, carry_high & MASK_42);
        let mask = u128::from(carry_high >> 42).wrapping_neg();
        let value = value(low, middle, high);
        (value ^ mask & (value ^ less)).wrapping_add(self.s).to_le_bytes()
    }
}

/// The whole product of two digits. It has up to 92 bits, so that three of them can be added.
fn product(one: u64, other: u64) -> u128 {
    u128::from(one) * u128::from(other)
}

/// The three digits of a number.
fn digits(number: u128) -> [u64; 3] {
    [cut(number, MASK_44), cut(number >> 44, MASK_44), cut(number >> 88, MASK_42)]
}

/// The lowest bits of a number: those of the mask.
#[allow(clippy::cast_possible_truncation, reason = "that is its purpose")]
fn cut(number: u128, mask: u64) -> u64 {
    (number & u128::from(mask)) as u64
}

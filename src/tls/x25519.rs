//! X25519 (RFC 7748, sections 4.1, 5 and 6.1): two sides agree on a secret in front of everybody.
//!
//! Each side draws a private number and shows a public one. Each mixes its private number with the other's public one,
//! and both get the same secret. A listener who sees only the public numbers cannot compute it.
//!
//! The steps are the same for every private number: no branch and no index depends on one, so the time that they take
//! tells nothing. That is so in this source; no compiler promises it.

use std::hint::black_box;
use std::ops::{Add, Mul, Sub};

/// The point that all public keys are made from (RFC 7748, 4.1).
const BASE: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};
/// The bits of one digit.
const MASK: u64 = (1 << 51) - 1;
/// (486662 - 2) / 4, a constant of the curve.
const A24: Field = Field([121_665, 0, 0, 0, 0]);
/// The number one.
const ONE: Field = Field([1, 0, 0, 0, 0]);

/// Returns the public key of a private one, which is 32 random bytes.
pub fn public_key(private: &[u8; 32]) -> [u8; 32] {
    x25519(private, &BASE)
}

/// Returns the secret that both sides share. There is none if the other side's public key makes zero of every private
/// key (RFC 7748, 6.1): then it is nobody's key.
pub fn shared_secret(private: &[u8; 32], public: &[u8; 32]) -> Option<[u8; 32]> {
    let secret = x25519(private, public);
    let bits = secret.iter().fold(0, |all, byte| all | byte);
    (black_box(bits) != 0).then_some(secret)
}

/// Multiplies a point of a curve by a number: doubles it 255 times, and adds the point where the number has a one bit.
/// A *ladder* of two points does that in the same steps for each bit: only which point is which differs, and
/// `swap_if` settles that without a branch.
///
/// This is the function X25519 of RFC 7748, 5, in the names of its pseudocode.
#[allow(clippy::many_single_char_names, reason = "a reader compares it with the RFC")]
pub fn x25519(scalar: &[u8; 32], u: &[u8; 32]) -> [u8; 32] {
    let mut k = *scalar;
    k[0] &= 0b1111_1000;
    k[31] = k[31] & 0b0111_1111 | 0b0100_0000;
    let x1 = Field::from_bytes(u);
    let (mut x2, mut z2, mut x3, mut z3) = (ONE, Field([0; 5]), x1, ONE);
    let mut swap = 0;
    for t in (0..255).rev() {
        let bit = u64::from(k[t / 8] >> (t % 8) & 1);
        swap_if(swap ^ bit, &mut x2, &mut x3);
        swap_if(swap ^ bit, &mut z2, &mut z3);
        swap = bit;
        let (a, b) = (x2 + z2, x2 - z2);
        let (aa, bb) = (a * a, b * b);
        let e = aa - bb;
        let (c, d) = (x3 + z3, x3 - z3);
        let (da, cb) = (d * a, c * b);
        let (sum, difference) = (da + cb, da - cb);
        x3 = sum * sum;
        z3 = x1 * (difference * difference);
        x2 = aa * bb;
        z2 = e * (aa + A24 * e);
    }
    swap_if(swap, &mut x2, &mut x3);
    swap_if(swap, &mut z2, &mut z3);
    (x2 * z2.inverse()).to_bytes()
}

/// Swaps two numbers if `bit` is 1, and does as much if it is 0.
fn swap_if(bit: u64, one: &mut Field, other: &mut Field) {
    let mask = black_box(bit).wrapping_neg();
    for (a, b) in one.0.iter_mut().zip(&mut other.0) {
        let change = mask & (*a ^ *b);
        *a ^= change;
        *b ^= change;
    }
}

/// A number modulo p = 2^255 - 19, as five digits of 51 bits, the lowest first.
///
/// Results of `*` and `-` have digits below 2^51 + 2^15, and a sum of two of them digits below 2^53. All operations
/// take such digits, and nothing in them overflows.
#[derive(Clone, Copy)]
struct Field([u64; 5]);

impl Field {
    /// Reads a number, the lowest byte first. The highest bit does not count (RFC 7748, 5).
    fn from_bytes(bytes: &[u8; 32]) -> Field {
        let halves = bytes.as_chunks().0;
        let (low, high) = (u128::from_le_bytes(halves[0]), u128::from_le_bytes(halves[1]));
        let digits = [low, low >> 51, low >> 102 | high << 26, high >> 25, high >> 76];
        Field(digits.map(digit))
    }

    /// Writes the number, the lowest byte first. There is one way to write it: it is made less than p first.
    fn to_bytes(self) -> [u8; 32] {
        let Field(mut digits) = self.carried().carried();
        // The quotient is 1 if the number is p or more: then adding 19 carries out of the highest digit.
        let quotient = digits.iter().fold(19, |carry, digit| (digit + carry) >> 51);
        digits[0] += 19 * quotient;
        for i in 0..4 {
            digits[i + 1] += digits[i] >> 51;
            digits[i] &= MASK;
        }
        digits[4] &= MASK;
        let digits = digits.map(u128::from);
        let low = digits[0] | digits[1] << 51 | digits[2] << 102;
        let high = digits[2] >> 26 | digits[3] << 25 | digits[4] << 76;
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&low.to_le_bytes());
        bytes[16..].copy_from_slice(&high.to_le_bytes());
        bytes
    }

    /// The same number with what is too large in a digit carried to the next one. Behind the highest digit follows the
    /// lowest: 2^255 is 19 modulo p.
    fn carried(self) -> Field {
        let Field(mut digits) = self;
        for i in 0..4 {
            digits[i + 1] += digits[i] >> 51;
            digits[i] &= MASK;
        }
        digits[0] += 19 * (digits[4] >> 51);
        digits[4] &= MASK;
        Field(digits)
    }

    /// The number that makes one with this one: its power of p - 2 (Fermat). All bits of p - 2 but two are ones.
    fn inverse(self) -> Field {
        let mut power = self;
        for bit in (0..254).rev() {
            power = power * power;
            if bit != 2 && bit != 4 {
                power = power * self;
            }
        }
        power
    }
}

impl Add for Field {
    type Output = Field;

    /// Adds digit by digit, and leaves what is too large in a digit where it is. So a sum of sums is not allowed.
    fn add(self, other: Field) -> Field {
        Field(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
}

impl Sub for Field {
    type Output = Field;

    /// Adds 4p first, so that no digit becomes negative.
    fn sub(self, other: Field) -> Field {
        let four_p = |i| if i == 0 { 4 * (MASK - 18) } else { 4 * MASK };
        Field(std::array::from_fn(|i| self.0[i] + four_p(i) - other.0[i])).carried()
    }
}

impl Mul for Field {
    type Output = Field;

    /// Multiplies as on paper. What stands left of the highest digit comes back at the right, times 19.
    fn mul(self, other: Field) -> Field {
        let mut sums = [0; 5];
        for (i, sum) in sums.iter_mut().enumerate() {
            for j in 0..5 {
                let wrapped = if j > i { 19 } else { 1 };
                *sum += u128::from(self.0[j]) * u128::from(other.0[(5 + i - j) % 5] * wrapped);
            }
        }
        for i in 0..4 {
            sums[i + 1] += sums[i] >> 51;
        }
        let mut digits = sums.map(digit);
        let low = u128::from(digits[0]) + 19 * (sums[4] >> 51);
        digits[0] = digit(low);
        digits[1] += digit(low >> 51);
        Field(digits)
    }
}

/// The lowest 51 bits.
#[allow(clippy::cast_possible_truncation, reason = "that is its purpose")]
fn digit(sum: u128) -> u64 {
    (sum & u128::from(MASK)) as u64
}

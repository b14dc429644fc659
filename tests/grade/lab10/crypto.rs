//! The primitives that the grader's own TLS stands on: SHA-256 and HMAC (RFC 6234, 2104), HKDF (RFC 5869), X25519
//! (RFC 7748), ChaCha20-Poly1305 (RFC 8439). They share nothing with your code. They need not be fast, and they keep no
//! secret: the grader's keys are worth nothing.

#![allow(clippy::many_single_char_names, reason = "a reader compares it with the RFCs")]

/// A hash or a secret.
pub type Hash = [u8; 32];

/// The first 32 bits behind the point of the square (cube) root of each prime.
fn roots(count: usize, root: fn(f64) -> f64) -> Vec<u32> {
    let is_prime = |number: &u32| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
    let primes = (2..).filter(is_prime).take(count);
    let part = primes.map(|prime| root(f64::from(prime)).fract() * 4_294_967_296.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below 2^32")]
    part.map(|part| part as u32).collect()
}

/// SHA-256.
pub fn sha256(message: &[u8]) -> Hash {
    let mut padded = [message, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let (k, mut h) = (roots(64, f64::cbrt), roots(8, f64::sqrt));
    for block in padded.chunks_exact(64) {
        let mut w: Vec<u32> =
            block.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
        for t in 16..64 {
            let (a, b) = (w[t - 15], w[t - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            w.push(s1.wrapping_add(w[t - 7]).wrapping_add(s0).wrapping_add(w[t - 16]));
        }
        let mut s: Vec<u32> = h.clone();
        for t in 0..64 {
            let (a, e) = (s[0], s[4]);
            let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & s[5]) ^ (!e & s[6]);
            let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
            let parts = [s[7], big1, choice, k[t], w[t]];
            let t1 = parts.into_iter().fold(0, u32::wrapping_add);
            s.rotate_right(1);
            s[4] = s[4].wrapping_add(t1);
            s[0] = t1.wrapping_add(big0).wrapping_add(majority);
        }
        for (word, more) in h.iter_mut().zip(s) {
            *word = word.wrapping_add(more);
        }
    }
    std::array::from_fn(|at| h[at / 4].to_be_bytes()[at % 4])
}

/// HMAC with SHA-256, with a key of at most 64 bytes. It is HKDF-Extract, too: the salt is the key.
pub fn hmac(key: &[u8], message: &[u8]) -> Hash {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = sha256(&[&block.map(|byte| byte ^ 0x36)[..], message].concat());
    sha256(&[&block.map(|byte| byte ^ 0x5c)[..], &inner].concat())
}

/// HKDF-Expand-Label (RFC 8446, 7.1) for at most 32 bytes: one block of HKDF-Expand is enough.
pub fn expand_label(secret: &[u8], label: &str, context: &[u8], length: usize) -> Vec<u8> {
    let byte = |number: usize| u8::try_from(number).unwrap();
    let head = [0, byte(length), byte(6 + label.len())];
    let info =
        [&head[..], b"tls13 ", label.as_bytes(), &[byte(context.len())], context, &[1]].concat();
    hmac(secret, &info)[..length].to_vec()
}

/// A number modulo 2^255 - 19 as 16 digits of 16 bits, the lowest first. Digits may be too large, or negative.
type Field = [i64; 16];

/// Carries what is too large in a digit to the next one; behind the highest follows the lowest, times 38.
fn carried(mut a: Field) -> Field {
    for i in 0..16 {
        let carry = a[i] >> 16;
        a[i] -= carry << 16;
        a[(i + 1) % 16] += if i == 15 { 38 * carry } else { carry };
    }
    a
}

fn times(a: Field, b: Field) -> Field {
    let mut product = [0; 16];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[(i + j) % 16] += a * b * if i + j < 16 { 1 } else { 38 };
        }
    }
    carried(carried(product))
}

fn plus(a: Field, b: Field) -> Field {
    std::array::from_fn(|i| a[i] + b[i])
}

fn minus(a: Field, b: Field) -> Field {
    std::array::from_fn(|i| a[i] - b[i])
}

/// The one number below 2^255 - 19 that this is, in bytes.
fn packed(a: Field) -> Hash {
    let mut a = carried(carried(carried(a)));
    for _ in 0..2 {
        let mut less = a;
        less[0] -= 0xffed;
        for i in 1..16 {
            less[i] -= if i == 15 { 0x7fff } else { 0xffff };
            less[i] += less[i - 1] >> 16; // the borrow, which is -1 or 0
            less[i - 1] &= 0xffff;
        }
        if less[15] >= 0 {
            a = less;
        }
    }
    std::array::from_fn(|at| a[at / 2].to_le_bytes()[at % 2])
}

/// X25519.
pub fn x25519(scalar: &Hash, point: &Hash) -> Hash {
    let mut k = *scalar;
    k[0] &= 0xf8;
    k[31] = k[31] & 0x7f | 0x40;
    let mut x1: Field =
        std::array::from_fn(|i| i64::from(u16::from_le_bytes([point[2 * i], point[2 * i + 1]])));
    x1[15] &= 0x7fff;
    // 121,665, a constant of the curve, is 1 and 0xdb41.
    let (mut one, mut a24) = ([0; 16], [0; 16]);
    (one[0], a24[0], a24[1]) = (1, 0xdb41, 1);
    let (mut x2, mut z2, mut x3, mut z3) = (one, [0; 16], x1, one);
    for t in (0..255).rev() {
        let bit = k[t / 8] >> (t % 8) & 1 == 1;
        if bit {
            (x2, z2, x3, z3) = (x3, z3, x2, z2);
        }
        let (a, b, c, d) = (plus(x2, z2), minus(x2, z2), plus(x3, z3), minus(x3, z3));
        let (aa, bb, da, cb) = (times(a, a), times(b, b), times(d, a), times(c, b));
        let (e, sum, difference) = (minus(aa, bb), plus(da, cb), minus(da, cb));
        x3 = times(sum, sum);
        z3 = times(x1, times(difference, difference));
        x2 = times(aa, bb);
        z2 = times(e, plus(aa, times(a24, e)));
        if bit {
            (x2, z2, x3, z3) = (x3, z3, x2, z2);
        }
    }
    let mut inverse = z2;
    for bit in (0..254).rev() {
        inverse = times(inverse, inverse);
        if bit != 2 && bit != 4 {
            inverse = times(inverse, z2);
        }
    }
    packed(times(x2, inverse))
}

/// The public key of a private one.
pub fn public_key(private: &Hash) -> Hash {
    let mut base = [0; 32];
    base[0] = 9;
    x25519(private, &base)
}

/// A block of ChaCha20's stream.
fn chacha20(key: &Hash, counter: u32, nonce: &[u8; 12]) -> [u8; 64] {
    let words = |bytes: &[u8]| -> Vec<u32> {
        bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    };
    let start = [words(b"expand 32-byte k"), words(key), vec![counter], words(nonce)].concat();
    let mut s = start.clone();
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        for (a, b, d, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            s[a] = s[a].wrapping_add(s[b]);
            s[d] = (s[d] ^ s[a]).rotate_left(by);
        }
    };
    for _ in 0..10 {
        for i in 0..4 {
            quarter(i, 4 + i, 8 + i, 12 + i);
        }
        for i in 0..4 {
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    std::array::from_fn(|at| s[at / 4].wrapping_add(start[at / 4]).to_le_bytes()[at % 4])
}

/// Encrypts or decrypts.
fn apply(key: &Hash, nonce: &[u8; 12], text: &mut [u8]) {
    for (counter, piece) in (1..).zip(text.chunks_mut(64)) {
        for (byte, stream) in piece.iter_mut().zip(chacha20(key, counter, nonce)) {
            *byte ^= stream;
        }
    }
}

/// The tag of an encrypted text and its additional data: Poly1305, with digits of 44, 44 and 42 bits.
fn tag(key: &Hash, nonce: &[u8; 12], additional: &[u8], text: &[u8]) -> [u8; 16] {
    const MASK: u128 = (1 << 44) - 1;
    let once = chacha20(key, 0, nonce);
    let number = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().unwrap());
    let digits = |n: u128| [n & MASK, n >> 44 & MASK, n >> 88];
    let r = digits(number(&once[..16]) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff);
    let padded =
        |part: &[u8]| [part, &vec![0; part.len().next_multiple_of(16) - part.len()]].concat();
    let lengths = [additional, text].map(|part| (part.len() as u64).to_le_bytes());
    let mut h = [0_u128; 3];
    for block in [padded(additional), padded(text), lengths.concat()].concat().chunks(16) {
        let block = digits(number(block));
        let a = [h[0] + block[0], h[1] + block[1], h[2] + block[2] + (1 << 40)];
        // 2^132 is 2^2 * 2^130, and 2^130 is 5.
        let d0 = a[0] * r[0] + 20 * (a[1] * r[2] + a[2] * r[1]);
        let d1 = a[0] * r[1] + a[1] * r[0] + 20 * a[2] * r[2] + (d0 >> 44);
        let d2 = a[0] * r[2] + a[1] * r[1] + a[2] * r[0] + (d1 >> 44);
        h = [(d0 & MASK) + 5 * (d2 >> 42), d1 & MASK, d2 & (MASK >> 2)];
    }
    for i in [0, 1, 2, 0, 1] {
        let bits = if i == 2 { 42 } else { 44 };
        let carry = h[i] >> bits;
        h[i] &= (1 << bits) - 1;
        h[(i + 1) % 3] += if i == 2 { 5 * carry } else { carry };
    }
    // h is below 2^130 now: less p, if it is not below p.
    let over = h[2] == MASK >> 2 && h[1] == MASK && h[0] >= MASK - 4;
    let h = if over { [h[0] - (MASK - 4), 0, 0] } else { h };
    let sum = h[0] | h[1] << 44 | h[2] << 88;
    sum.wrapping_add(number(&once[16..32])).to_le_bytes()
}

/// Encrypts a text, and puts its tag behind it.
pub fn seal(key: &Hash, nonce: &[u8; 12], additional: &[u8], text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    apply(key, nonce, &mut text);
    let tag = tag(key, nonce, additional, &text);
    text.extend(tag);
    text
}

/// Decrypts a text with its tag, if that is right.
pub fn open(key: &Hash, nonce: &[u8; 12], additional: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, sent) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    let is_right = tag(key, nonce, additional, text) == sent;
    let mut text = text.to_vec();
    apply(key, nonce, &mut text);
    is_right.then_some(text)
}

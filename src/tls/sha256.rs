//! SHA-256 (RFC 6234, sections 4.1, 5.1, 6.1 and 6.2), and HMAC with it (RFC 2104, section 2).
//!
//! A hash turns any number of bytes into 32 that nobody can foresee or aim at. HMAC is a hash with a key: who does not
//! have the key can neither make nor change a message together with its 32 bytes.
//!
//! The steps depend on the length of the message and never on its bytes, so the time that they take tells nothing of
//! a secret.

/// The bytes of a hash.
pub const HASH: usize = 32;
/// The bytes that are mixed in at once.
const BLOCK: usize = 64;
/// The bytes of the last block before the length of the message.
const BEFORE_LENGTH: usize = BLOCK - 8;

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
#[rustfmt::skip]
const START: [u32; 8] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
];

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// A hash under way: bytes come in pieces of any length.
///
/// ```
/// use p2p_chat::tls::sha256::Sha256;
///
/// let mut hash = Sha256::new();
/// hash.update(b"Hello, ");
/// hash.update(b"everyone!");
/// assert_eq!(hash.finish(), Sha256::of(b"Hello, everyone!"));
/// ```
#[derive(Clone)]
pub struct Sha256 {
    /// What all whole blocks so far have been mixed into.
    state: [u32; 8],
    /// The block that is not whole yet: its first `length % BLOCK` bytes count.
    block: [u8; BLOCK],
    /// How many bytes have come in.
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Sha256 {
        Sha256::new()
    }
}

impl Sha256 {
    /// Begins a hash: of no byte so far.
    pub fn new() -> Sha256 {
        Sha256 { state: START, block: [0; BLOCK], length: 0 }
    }

    /// Hashes bytes that are all there.
    pub fn of(data: &[u8]) -> [u8; HASH] {
        let mut hash = Sha256::new();
        hash.update(data);
        hash.finish()
    }

    /// Adds the next bytes of the message.
    pub fn update(&mut self, data: &[u8]) {
        let filled = self.filled();
        self.length = self.length.wrapping_add(data.len() as u64);
        let (first, rest) = data.split_at(data.len().min(BLOCK - filled));
        self.block[filled..filled + first.len()].copy_from_slice(first);
        if filled + first.len() < BLOCK {
            return;
        }
        compress(&mut self.state, &self.block);
        let (blocks, rest) = rest.as_chunks();
        for block in blocks {
            compress(&mut self.state, block);
        }
        self.block[..rest.len()].copy_from_slice(rest);
    }

    /// Ends the message: adds a one bit, zeros, and the length in bits, so that the last block is whole.
    pub fn finish(mut self) -> [u8; HASH] {
        let bits = self.length.wrapping_mul(8);
        self.update(&[0x80]);
        let zeros = (BLOCK + BEFORE_LENGTH - self.filled()) % BLOCK;
        self.update(&[0; BLOCK][..zeros]);
        self.update(&bits.to_be_bytes());
        std::array::from_fn(|i| self.state[i / 4].to_be_bytes()[i % 4])
    }

    /// How many bytes of the block that is not whole yet are there.
    fn filled(&self) -> usize {
        usize::try_from(self.length % BLOCK as u64).unwrap_or(0)
    }
}

/// Mixes one block into the state (RFC 6234, 6.2): first its 16 words become 64, then each of these turns the eight
/// words of the state over once. The names are those of the RFC.
#[allow(clippy::many_single_char_names, reason = "a reader compares it with the RFC")]
fn compress(state: &mut [u32; 8], block: &[u8; BLOCK]) {
    let mut w = [0; 64];
    for (word, bytes) in w.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for t in 16..64 {
        let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ (w[t - 15] >> 3);
        let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ (w[t - 2] >> 10);
        w[t] = s1.wrapping_add(w[t - 7]).wrapping_add(s0).wrapping_add(w[t - 16]);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (k, w) in K.iter().zip(w) {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(*k).wrapping_add(w);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(s0).wrapping_add(majority));
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

/// HMAC-SHA-256 (RFC 2104, 2): the hash of the message with the key mixed in, before it and around it.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; HASH] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..HASH].copy_from_slice(&Sha256::of(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let (mut inner, mut outer) = (Sha256::new(), Sha256::new());
    inner.update(&block.map(|byte| byte ^ 0x36));
    inner.update(message);
    outer.update(&block.map(|byte| byte ^ 0x5c));
    outer.update(&inner.finish());
    outer.finish()
}

/// Whether two secrets of the same length are equal. It looks at all bytes, so that the time it takes does not tell
/// where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |found, (a, b)| found | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differences) == 0
}

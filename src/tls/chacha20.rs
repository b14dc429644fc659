//! ChaCha20 (RFC 8439, sections 2.1 to 2.4): a key and a number make a stream of bytes that looks random.
//!
//! Mixed with the stream, a text becomes unreadable; mixed once more, it is the text again. The same stream must never
//! be used twice, so each record has a number of its own, the *nonce*.
//!
//! It adds, shifts and mixes whole words. No branch and no index depends on the key or the text. Four blocks are made
//! side by side, one in each *lane* of an array, so that the compiler can use the processor's wide registers.

use std::array;

/// One word of four blocks.
type Lanes = [u32; 4];

/// The bytes of one block.
const BLOCK: usize = 64;
/// "expand 32-byte k", as four words.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Makes the four blocks that begin at `counter`. A block begins as sixteen words:
///
/// ```text
/// expa  nd 3  2-by  te k
/// key   key   key   key
/// key   key   key   key
/// count nonce nonce nonce
/// ```
///
/// Twenty rounds mix them. At the end the words of the beginning are added, so that nobody can go the way back.
///
/// Returns the blocks one after another (RFC 8439, 2.3).
pub fn blocks(key: &[u8; 32], counter: u32, nonce: &[u8; 12]) -> [u8; 4 * BLOCK] {
    let words = key.as_chunks().0.iter().chain(nonce.as_chunks().0).map(|b| u32::from_le_bytes(*b));
    let mut start = [[0; 4]; 16];
    let places = (0..4).chain(4..12).chain(13..16);
    for (place, word) in places.zip(CONSTANTS.into_iter().chain(words)) {
        start[place] = [word; 4];
    }
    start[12] = [0, 1, 2, 3].map(|lane| counter.wrapping_add(lane));
    let mut state = start;
    for _ in 0..10 {
        double_round(&mut state);
    }
    let mut bytes = [0; 4 * BLOCK];
    for (number, piece) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
        let (lane, word) = (number / 16, number % 16);
        *piece = state[word][lane].wrapping_add(start[word][lane]).to_le_bytes();
    }
    bytes
}

/// Mixes the stream from block `counter` on into the data: encrypts or decrypts them (RFC 8439, 2.4).
pub fn apply(key: &[u8; 32], counter: u32, nonce: &[u8; 12], data: &mut [u8]) {
    for (piece, number) in data.chunks_mut(4 * BLOCK).zip(0..) {
        let stream = blocks(key, counter.wrapping_add(4 * number), nonce);
        for (byte, mask) in piece.iter_mut().zip(stream) {
            *byte ^= mask;
        }
    }
}

/// Mixes the words of each lane with each other: four columns, then four diagonals (RFC 8439, 2.3).
///
/// Not inlined, so that the words stay in memory lane beside lane: then the compiler takes the lanes at once.
#[inline(never)]
fn double_round(state: &mut [Lanes; 16]) {
    for lane in 0..4 {
        let mut words = array::from_fn(|i| state[i][lane]);
        quarter_round(&mut words, [0, 4, 8, 12]);
        quarter_round(&mut words, [1, 5, 9, 13]);
        quarter_round(&mut words, [2, 6, 10, 14]);
        quarter_round(&mut words, [3, 7, 11, 15]);
        quarter_round(&mut words, [0, 5, 10, 15]);
        quarter_round(&mut words, [1, 6, 11, 12]);
        quarter_round(&mut words, [2, 7, 8, 13]);
        quarter_round(&mut words, [3, 4, 9, 14]);
        for (word, mixed) in state.iter_mut().zip(words) {
            word[lane] = mixed;
        }
    }
}

/// Mixes four words with each other (RFC 8439, 2.1). Additions carry bits to the left, rotations bring them round, and
/// the exclusive or mixes what both have done: none of these alone would be hard to undo.
#[allow(clippy::inline_always, reason = "as a call it would keep the lanes apart")]
#[inline(always)]
fn quarter_round(words: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    words[a] = words[a].wrapping_add(words[b]);
    words[d] = (words[d] ^ words[a]).rotate_left(16);
    words[c] = words[c].wrapping_add(words[d]);
    words[b] = (words[b] ^ words[c]).rotate_left(12);
    words[a] = words[a].wrapping_add(words[b]);
    words[d] = (words[d] ^ words[a]).rotate_left(8);
    words[c] = words[c].wrapping_add(words[d]);
    words[b] = (words[b] ^ words[c]).rotate_left(7);
}

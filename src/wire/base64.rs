//! Base64 (RFC 4648, section 4): bytes as letters, digits, `+` and `/`, so that they fit into lines of text.
//!
//! ```
//! use p2p_chat::wire::base64::{decode, encode};
//!
//! assert_eq!(encode(b"fooba"), "Zm9vYmE=");
//! assert_eq!(decode("Zm9vYmE="), Some(b"fooba".to_vec()));
//! assert_eq!([decode("Zm9vYmF="), decode("Zm9v Yg="), decode("Zm9")], [None, None, None]);
//! ```

/// The 64 digits, and the one that fills the last four up.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FILL: u8 = b'=';
/// What [`VALUES`] holds for a byte that is no digit.
const NONE: u8 = 64;
/// The value of each byte as a digit.
const VALUES: [u8; 256] = {
    let (mut values, mut digit) = ([NONE; 256], 0);
    while digit < 64 {
        values[DIGITS[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

/// Encodes bytes: four digits for each three of them.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(char::from(if place <= three.len() { digit } else { FILL }));
        }
    }
    text
}

/// Decodes what [`encode`] makes, and nothing else: each sequence of bytes has one form.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let (fours, rest) = text.as_bytes().as_chunks::<4>();
    let mut bytes = Vec::with_capacity(fours.len() * 3);
    for (index, four) in fours.iter().enumerate() {
        let is_last = index + 1 == fours.len();
        let filled = four.iter().rev().take_while(|digit| **digit == FILL).count();
        let mut bits = 0;
        for digit in &four[..4 - filled] {
            bits = bits << 6
                | Some(VALUES[usize::from(*digit)]).filter(|value| *value < NONE).map(u32::from)?;
        }
        bits <<= 6 * filled;
        let [_, three @ ..] = bits.to_be_bytes();
        let has_more = three[3 - filled.min(2)..].iter().any(|byte| *byte != 0);
        if filled > 2 || has_more || (filled > 0 && !is_last) {
            return None;
        }
        bytes.extend_from_slice(&three[..3 - filled]);
    }
    rest.is_empty().then_some(bytes)
}

//! Turns the bytes that a terminal sends into keys. A terminal sends UTF-8 for characters and sequences that
//! begin with ESC for other keys (ECMA-48, and xterm's for pasting).
//!
//! A key that types a character is that character. A key that types none is the control character that does
//! the same: Left is Ctrl-B, Right Ctrl-F, Home Ctrl-A, End Ctrl-E, Up Ctrl-P, Down Ctrl-N. Delete is DEL,
//! and Backspace is BS, although most terminals send DEL for it. [`PASTE`] stands around what is pasted.
//!
//! ```
//! use p2p_chat::client::ui::terminal::keys::Keys;
//!
//! let mut keys = Keys::default();
//! let typed: String = "é\x1b[D".bytes().filter_map(|byte| keys.take(byte)).collect();
//! assert_eq!(typed, "é\x02"); // a character of two bytes, and Left
//! ```

use std::mem::take;

/// The key Tab. It is not a TAB, because a pasted TAB is a character of the text.
pub const COMPLETE: char = '\x1B';

/// The beginning of what is pasted, and its end.
pub const PASTE: (char, char) = ('\x1C', '\x1D');

/// The byte with which a sequence begins.
const ESCAPE: u8 = 0x1B;
/// The byte that may end a terminal's answer. Most end with `ESC \`.
const BELL: u8 = 0x07;
/// The length of the longest sequence with a meaning here. The rest of a longer one is skipped.
const LONGEST: usize = 8;

/// The parser of keys, which may stand in the middle of one.
#[derive(Debug, Default)]
pub struct Keys {
    /// The bytes of an unfinished sequence or character.
    begun: Vec<u8>,
    /// Whether the terminal marked the next bytes as pasted (`ESC [ 200 ~`).
    pasting: bool,
    /// Whether the terminal answers a program's question: with a text that nobody typed, up to a control character.
    answering: bool,
}

impl Keys {
    /// Handles the next byte. Returns a key when it is complete. Bytes that are no UTF-8, and keys without a
    /// meaning here, give nothing. Each CR or LF gives a CR, whatever stands before it.
    pub fn take(&mut self, byte: u8) -> Option<char> {
        if !byte.is_ascii_control() {
            if self.answering {
                return None;
            }
            let in_sequence = self.begun.first() == Some(&ESCAPE);
            return if in_sequence { self.sequence(byte) } else { self.character(byte) };
        }
        // A control character ends what was begun: no sequence and no character contains one.
        self.begun.clear();
        if std::mem::take(&mut self.answering) && byte == BELL {
            return None;
        }
        match byte {
            b'\r' | b'\n' => Some('\r'),
            ESCAPE => {
                self.begun.push(byte);
                None
            }
            _ if self.pasting => (byte == b'\t').then_some('\t'), // a pasted Ctrl-C is no command
            b'\t' => Some(COMPLETE),
            0x7F => Some('\x08'),
            0x1C | 0x1D => None, // Ctrl-\ and Ctrl-] are no marks of pastes
            _ => Some(char::from(byte)),
        }
    }

    /// Handles the next byte of a character in UTF-8 (RFC 3629).
    fn character(&mut self, byte: u8) -> Option<char> {
        self.begun.push(byte);
        match str::from_utf8(&self.begun).map(|text| text.chars().next()) {
            Ok(found) => {
                self.begun.clear();
                found
            }
            Err(error) if error.error_len().is_none() => None, // the rest is still to come
            Err(_) => match take(&mut self.begun).len() {
                1 => None,
                _ => self.character(byte), // the byte that does not fit may begin the next one
            },
        }
    }

    /// Handles the byte after the beginning of a string of ECMA-48 (OSC, DCS, APC). Terminals answer questions so:
    /// about colours `ESC ] 1 0 ; …`, about themselves `ESC P > | …` or `ESC P 1 $ r …`, about pictures `ESC _ G …`.
    /// Before anything else it was Alt and a letter.
    fn answer(&mut self, begins: u8, byte: u8) -> Option<char> {
        self.begun.clear();
        self.answering = match begins {
            b']' => byte.is_ascii_digit() || byte == b'L' || byte == b'l',
            b'P' => byte.is_ascii_digit() || b">!=?$+".contains(&byte),
            _ => byte == b'G',
        };
        if self.answering { None } else { self.character(byte) }
    }

    /// Handles the next byte after ESC. Keys with Shift or Ctrl (`ESC [ 1 ; 5 C`) count as the keys without.
    fn sequence(&mut self, byte: u8) -> Option<char> {
        let ends = match self.begun[1..] {
            [] => !b"[O]P_".contains(&byte), // Alt and a letter
            [begins @ (b']' | b'P' | b'_')] => return self.answer(begins, byte),
            [b'['] if byte == b'[' => false, // F1 to F5 on a Linux console
            [b'[', ..] => matches!(byte, 0x40..=0x7E),
            _ => true,
        };
        if self.begun.len() < LONGEST {
            self.begun.push(byte);
        }
        if !ends {
            return None;
        }
        let key = match take(&mut self.begun)[1..] {
            [b'[', b'2', b'0', edge @ (b'0' | b'1'), b'~'] => {
                self.pasting = edge == b'0';
                return Some(if self.pasting { PASTE.0 } else { PASTE.1 });
            }
            [b'[', b'[', ..] => return None,
            [b'[', b'1' | b'7', b'~'] | [b'[' | b'O', .., b'H'] => '\x01',
            [b'[', b'4' | b'8', b'~'] | [b'[' | b'O', .., b'F'] => '\x05',
            [b'[', b'3', b'~'] => '\x7F',
            [b'[' | b'O', .., b'A'] => '\x10',
            [b'[' | b'O', .., b'B'] => '\x0E',
            [b'[' | b'O', .., b'C'] => '\x06',
            [b'[' | b'O', .., b'D'] => '\x02',
            _ => return None,
        };
        (!self.pasting).then_some(key)
    }
}

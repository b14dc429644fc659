//! Keys, out of the bytes that a terminal sends. A key is the character it types. One that types none is the
//! control character that does the same: Left is Ctrl-B, Right Ctrl-F, Home Ctrl-A, End Ctrl-E, Up Ctrl-P,
//! Down Ctrl-N; Delete is DEL, and Backspace BS, though most terminals send DEL for it.

use std::mem::take;

/// The key that completes, Tab: a TAB that was pasted is a character of the text.
pub const COMPLETE: char = '\x1B';

const ESCAPE: u8 = 0x1B;
/// No sequence that means something here is longer. The rest of a longer one is passed over.
const LONGEST: usize = 8;

/// What has come of a key so far.
#[derive(Debug, Default)]
pub struct Keys {
    /// The beginning of a sequence that starts with ESC, or of a character.
    begun: Vec<u8>,
    /// The terminal has said that what comes now is pasted (`ESC [ 200 ~`).
    pasting: bool,
}

impl Keys {
    /// Takes the next byte. Bytes that are no UTF-8, and keys that have no meaning here, give nothing. Each
    /// CR or LF gives a CR, whatever came before it.
    pub fn take(&mut self, byte: u8) -> Option<char> {
        if !byte.is_ascii_control() {
            let in_sequence = self.begun.first() == Some(&ESCAPE);
            return if in_sequence { self.sequence(byte) } else { self.character(byte) };
        }
        self.begun.clear(); // a lone ESC was a key; what it might have begun has ended
        match byte {
            b'\r' | b'\n' => Some('\r'),
            ESCAPE => {
                self.begun.push(byte);
                None
            }
            _ if self.pasting => Some('\t').filter(|_| byte == b'\t'), // a pasted Ctrl-C is no wish
            b'\t' => Some(COMPLETE),
            0x7F => Some('\x08'),
            _ => Some(char::from(byte)),
        }
    }

    fn character(&mut self, byte: u8) -> Option<char> {
        self.begun.push(byte);
        match str::from_utf8(&self.begun).map(|text| text.chars().next()) {
            Ok(found) => {
                self.begun.clear();
                found
            }
            Err(error) if error.error_len().is_none() => None, // there is more of it to come
            Err(_) => match take(&mut self.begun).len() {
                1 => None,
                _ => self.character(byte), // the byte that does not fit may begin another
            },
        }
    }

    /// The next byte after ESC. Keys with Shift or Ctrl (`ESC [ 1 ; 5 C`) are the keys without.
    fn sequence(&mut self, byte: u8) -> Option<char> {
        let ends = match self.begun[1..] {
            [] => byte != b'[' && byte != b'O', // Alt and a outgoing
            [b'['] if byte == b'[' => false,    // F1 to F5 on a Linux console
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
                return None;
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

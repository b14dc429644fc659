//! How messages are written (RFC 8446, sections 3.3, 3.4 and 4): numbers of fixed size, and vectors with their lengths.

use super::alert::Alert;

/// A vector of bytes, with its length in one byte before it.
pub fn vector8(bytes: &[u8]) -> Vec<u8> {
    let [.., length] = bytes.len().to_be_bytes();
    [&[length], bytes].concat()
}

/// A vector of bytes, with its length in two bytes before it.
pub fn vector16(bytes: &[u8]) -> Vec<u8> {
    let [.., high, low] = bytes.len().to_be_bytes();
    [&[high, low], bytes].concat()
}

/// A handshake message: its type, its length in three bytes, its body.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [.., high, middle, low] = body.len().to_be_bytes();
    [&[kind, high, middle, low], body].concat()
}

/// An extension: its number, and its body as a vector.
pub fn extension(number: u16, body: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &vector16(body)[..]].concat()
}

/// Reads a message from its front. What is too short is a `decode_error`.
#[derive(Debug, Clone, Copy)]
pub struct Parser<'a>(&'a [u8]);

impl<'a> Parser<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Parser<'a> {
        Parser(bytes)
    }

    /// Reads the body of a handshake message.
    pub fn of_message(message: &'a [u8]) -> Parser<'a> {
        Parser(message.get(4..).unwrap_or_default())
    }

    /// Whether everything is read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything must be read.
    pub fn end(&self) -> Result<(), Alert> {
        if self.is_empty() { Ok(()) } else { Err(Alert::DECODE_ERROR) }
    }

    /// The next bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Alert> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Alert::DECODE_ERROR)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next bytes, as many as the type says.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Alert> {
        self.bytes(N)?.try_into().map_err(|_| Alert::DECODE_ERROR)
    }

    /// The next two bytes, as a number.
    pub fn number(&mut self) -> Result<u16, Alert> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next vector with its length in one byte.
    pub fn vector8(&mut self) -> Result<&'a [u8], Alert> {
        let [length] = self.array()?;
        self.bytes(length.into())
    }

    /// The next vector with its length in two bytes.
    pub fn vector16(&mut self) -> Result<&'a [u8], Alert> {
        let length = self.number()?;
        self.bytes(length.into())
    }

    /// The vector with its length in one byte that is all the rest.
    pub fn last8(mut self) -> Result<&'a [u8], Alert> {
        let vector = self.vector8()?;
        self.end().map(|()| vector)
    }

    /// The vector with its length in two bytes that is all the rest.
    pub fn last16(mut self) -> Result<&'a [u8], Alert> {
        let vector = self.vector16()?;
        self.end().map(|()| vector)
    }

    /// The next extension: its number, and its body. The numbers of those before are in `seen`: none may come twice.
    pub fn extension(&mut self, seen: &mut Vec<u16>) -> Result<(u16, &'a [u8]), Alert> {
        let (number, body) = (self.number()?, self.vector16()?);
        if seen.contains(&number) {
            return Err(Alert::ILLEGAL_PARAMETER);
        }
        seen.push(number);
        Ok((number, body))
    }
}

/// Reads a vector of numbers. There must be one at least.
pub fn numbers(bytes: &[u8]) -> Result<impl Iterator<Item = u16>, Alert> {
    let (pairs, rest) = bytes.as_chunks();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(Alert::DECODE_ERROR);
    }
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)))
}

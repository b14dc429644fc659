//! Blocks found in a stream: [`BlockParser`] is the rule, fed line by line; [`BlockReader`] feeds it.
//!
//! Several blocks may come in one read, and one block in many. Nothing is executed before its blank
//! line; a bad block is skipped up to its blank line, and the next one is read as if it had never been.

use std::borrow::Cow;
use std::io::{self, BufRead};

use super::block::{Block, is_kind};
use super::http::is_http;
use super::line::{Line, MAX_LINE, read_line};

/// The most bytes that are skipped for one bad block, or of blank lines before a TYPE. Who sends more
/// is hung up on (PROTOCOL, limits).
pub const MAX_SKIPPED: usize = 1 << 20;
/// The most bytes of a block: no request comes near it, nor any answer of our server.
const MAX_BLOCK: usize = 4 << 20;
/// The bytes of an end of line.
const EOL: usize = 2;
/// How much is kept of a line that is too long: enough to know an HTTP request by its end.
const TAIL: usize = 16;

/// Why there is no block. The first two carry its TYPE, empty if it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FramingError {
    /// A line, or the number of lines, is over its limit.
    TooLong(String),
    /// It breaks the grammar.
    Malformed(String),
    /// It is an HTTP request: a browser was sent here by somebody. The connection must be closed and
    /// nothing that follows executed.
    Http,
}

/// A block in the making.
#[derive(Debug)]
pub struct BlockParser {
    max_lines: usize,
    state: ParserState,
    text: String,
    lines: usize,
    skipped: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParserState {
    /// The next line that is not blank is a TYPE.
    Before,
    Inside,
    /// Inside a block that breaks the grammar, which is told at its end.
    Malformed,
    /// Inside a block whose flaw has been told.
    Skipping,
}

impl BlockParser {
    /// For blocks of at most `max_lines` lines between TYPE and blank line.
    pub fn new(max_lines: usize) -> BlockParser {
        BlockParser {
            max_lines,
            state: ParserState::Before,
            text: String::new(),
            lines: 0,
            skipped: 0,
        }
    }

    /// Takes the next line, without its end. Gives the block when it is whole, or its flaw.
    ///
    /// Blank lines before a TYPE, and the lines of a block whose flaw has been told, are skipped and
    /// counted (with their `EOL`). More than `max_lines` lines, or more than `MAX_BLOCK` bytes, are
    /// too long.
    ///
    /// # Errors
    /// `InvalidData` when more than [`MAX_SKIPPED`] bytes had to be skipped.
    // LAB 1: put lines together to blocks, and skip what is none
    pub fn push(&mut self, line: &[u8]) -> io::Result<Option<Result<Block, FramingError>>> {
        match self.state {
            ParserState::Before if line.is_empty() => self.skip(EOL)?,
            ParserState::Before => return Ok(self.begin(line).map(Err)),
            ParserState::Skipping if !line.is_empty() => self.skip(line.len() + EOL)?,
            _ if line.is_empty() => return Ok(self.finish()),
            _ if self.lines == self.max_lines || self.text.len() > MAX_BLOCK => {
                return Ok(self.too_long().map(Err));
            }
            _ => self.add(line),
        }
        Ok(None)
    }

    /// The line that is being read, or the number of lines, is over its limit. That is told once.
    fn too_long(&mut self) -> Option<FramingError> {
        let told = self.state == ParserState::Skipping;
        self.state = ParserState::Skipping;
        (!told).then(|| FramingError::TooLong(self.kind()))
    }

    /// The first line of a block, unless it is that of an HTTP request.
    fn begin(&mut self, line: &[u8]) -> Option<FramingError> {
        if is_http(line) {
            return Some(FramingError::Http);
        }
        self.state = ParserState::Inside;
        match std::str::from_utf8(line) {
            Ok(kind) if is_kind(kind) => self.append(kind),
            _ => {
                self.append(""); // a TYPE that cannot be read
                self.state = ParserState::Malformed;
            }
        }
        None
    }

    fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        match decode(line) {
            Some(line) => self.append(&line),
            None => self.state = ParserState::Malformed,
        }
    }

    fn append(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str("\r\n");
    }

    fn finish(&mut self) -> Option<Result<Block, FramingError>> {
        let found = match self.state {
            ParserState::Inside => Some(Ok(Block::from_checked(self.text.clone()))),
            ParserState::Malformed => Some(Err(FramingError::Malformed(self.kind()))),
            ParserState::Before | ParserState::Skipping => None,
        };
        self.state = ParserState::Before;
        self.text.clear();
        (self.lines, self.skipped) = (0, 0);
        found
    }

    fn skip(&mut self, bytes: usize) -> io::Result<()> {
        self.skipped += bytes;
        if self.skipped > MAX_SKIPPED {
            let message = format!("more than {MAX_SKIPPED} bytes of one block were skipped");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }

    fn kind(&self) -> String {
        self.text.lines().next().unwrap_or("").to_owned()
    }
}

/// A line's text, or `None` if it breaks the grammar. What is wrong with the value of a `Text` header
/// has an error of its own, which [`Text`](super::text::Text) finds: so such a line may hold control
/// characters here, and one that is no UTF-8 is given one.
fn decode(line: &[u8]) -> Option<Cow<'_, str>> {
    let is_text = line.len() >= 5 && line[..5].eq_ignore_ascii_case(b"text:");
    match std::str::from_utf8(line) {
        Ok(line) if is_text || !line.contains(['\0', '\r']) => Some(line.into()),
        Err(_) if is_text => Some("Text: \0".into()),
        _ => None,
    }
}

/// Reads blocks from a stream. After an error that comes from waiting (`WouldBlock`, `TimedOut`) the
/// next call goes on where this one stopped.
#[derive(Debug)]
pub struct BlockReader<R> {
    reader: R,
    line: Vec<u8>,
    /// The beginning of the line has been dropped, because it is too long.
    beheaded: bool,
    parser: BlockParser,
}

impl<R: BufRead> BlockReader<R> {
    /// Reads blocks of at most `max_lines` lines from `reader`.
    pub fn new(reader: R, max_lines: usize) -> Self {
        let parser = BlockParser::new(max_lines);
        BlockReader { reader, line: Vec::new(), beheaded: false, parser }
    }

    /// The stream behind.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The stream behind.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The next block, or what is wrong with it; `None` when the stream has ended. A block that the
    /// end cuts short is no block.
    ///
    /// # Errors
    /// Whatever the stream gives; `InvalidData` when more than [`MAX_SKIPPED`] bytes were skipped.
    // LAB 1: read lines until they make a block
    pub fn read(&mut self) -> io::Result<Option<Result<Block, FramingError>>> {
        loop {
            let found = match read_line(&mut self.reader, &mut self.line)? {
                Line::End => return Ok(None),
                Line::TooLong => self.behead()?.map(Err),
                Line::Whole => self.end_line()?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Drops the line as far as it has come. It has no business to be that long: what it is part of is
    /// skipped.
    fn behead(&mut self) -> io::Result<Option<FramingError>> {
        self.beheaded = true;
        self.line.drain(..MAX_LINE - TAIL);
        self.parser.skip(MAX_LINE - TAIL)?;
        Ok(self.parser.too_long())
    }

    fn end_line(&mut self) -> io::Result<Option<Result<Block, FramingError>>> {
        let found = if std::mem::take(&mut self.beheaded) {
            // Without a TYPE before it, it was the first line of its block.
            let first = self.parser.text.is_empty();
            (first && is_http(&self.line)).then_some(Err(FramingError::Http))
        } else {
            self.parser.push(&self.line)?
        };
        self.line.clear();
        Ok(found)
    }

    /// Whether the next [`BlockReader::read`] will give something without waiting, when `buffered` has
    /// been read from the stream already.
    pub fn holds_block(&self, buffered: &[u8]) -> bool {
        let fresh = self.parser.state == ParserState::Before && self.line.is_empty();
        let mut rest = buffered.trim_ascii_start();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            rest = &rest[end + 1..];
            if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
                return fresh;
            }
        }
        false
    }
}

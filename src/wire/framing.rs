//! Framing: finds the blocks in a stream of bytes. [`BlockParser`] is the rule, and [`BlockReader`] feeds it with
//! lines.
//!
//! TCP carries bytes, not messages: one read may return several blocks, or a part of one. A block counts only when
//! its blank line is there. A bad block is skipped up to its blank line, and the next one is read as if the bad one
//! had never been.
//!
//! ```
//! use p2p_chat::wire::block::MAX_REQUEST_LINES;
//! use p2p_chat::wire::framing::{BlockReader, FramingError};
//!
//! let bytes = b"SAY\r\nText: hello\r\n\r\nno TYPE\r\n\r\nQUIT\n\nPIN";
//! let mut reader = BlockReader::new(&bytes[..], MAX_REQUEST_LINES);
//!
//! let block = reader.read()?.unwrap().unwrap();
//! assert_eq!((block.kind(), block.header("text")), ("SAY", Some("hello")));
//! assert_eq!(reader.read()?, Some(Err(FramingError::Malformed(String::new()))));
//! assert_eq!(reader.read()?.unwrap().unwrap().kind(), "QUIT");
//! assert_eq!(reader.read()?, None); // the end of the stream cuts the last block short
//! # Ok::<(), std::io::Error>(())
//! ```

use std::borrow::Cow;
use std::io::{self, BufRead};

use super::block::{Block, is_kind};
use super::http::is_http;
use super::line::{Line, MAX_LINE, read_line};

/// The most bytes that are skipped for one bad block, or of blank lines before a TYPE. After more the connection is
/// closed (PROTOCOL, limits).
pub const MAX_SKIPPED: usize = 1 << 20;
/// The most bytes of a block. No request comes near it, nor any answer of this server.
const MAX_BLOCK: usize = 4 << 20;
/// The bytes of an end of line.
const EOL: usize = 2;
/// How many bytes of a line that is too long are kept: enough to know an HTTP request by its end.
const TAIL: usize = 16;

/// Why something is no block. The first two errors hold its TYPE, which is empty if it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FramingError {
    /// A line, or the number of lines, is over its limit.
    TooLong(String),
    /// It breaks the grammar.
    Malformed(String),
    /// It is an HTTP request: a web page has made a browser connect. The connection must be closed, and nothing that
    /// follows may be executed.
    Http,
}

/// The state machine that puts lines together to blocks.
#[derive(Debug)]
pub struct BlockParser {
    /// The most lines between TYPE and blank line.
    max_lines: usize,
    state: ParserState,
    /// The lines of the block so far, each with its end; its TYPE first.
    text: String,
    /// How many lines there are after the TYPE.
    lines: usize,
    /// How many bytes were skipped since the last block.
    skipped: usize,
}

/// Where in a block the parser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParserState {
    /// Between two blocks: the next line that is not blank is a TYPE.
    Before,
    /// Inside a block that is good so far.
    Inside,
    /// Inside a block that breaks the grammar. The error is returned at its end.
    Malformed,
    /// Inside a block whose error was returned already.
    Skipping,
}

impl BlockParser {
    /// Makes a parser for blocks of at most `max_lines` lines between TYPE and blank line.
    pub fn new(max_lines: usize) -> BlockParser {
        BlockParser {
            max_lines,
            state: ParserState::Before,
            text: String::new(),
            lines: 0,
            skipped: 0,
        }
    }

    /// Takes the next line, without its end. Returns the block when it is whole, or its error.
    ///
    /// Blank lines before a TYPE, and the lines of a block whose error was returned, are skipped and counted (with
    /// their `EOL`). More than `max_lines` lines, or more than `MAX_BLOCK` bytes, are too long.
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

    /// Skips the rest of a block that is over a limit. Returns the error only once for each block.
    fn too_long(&mut self) -> Option<FramingError> {
        let returned = self.state == ParserState::Skipping;
        self.state = ParserState::Skipping;
        (!returned).then(|| FramingError::TooLong(self.kind()))
    }

    /// Takes the first line of a block.
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

    /// Takes a line after the TYPE.
    fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        match decode(line) {
            Some(line) => self.append(&line),
            None => self.state = ParserState::Malformed,
        }
    }

    /// Keeps a line.
    fn append(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str("\r\n");
    }

    /// Takes the blank line: returns the block or its error, and begins anew.
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

    /// Counts bytes that are skipped. A client that sends garbage for ever must not keep a thread busy for ever.
    fn skip(&mut self, bytes: usize) -> io::Result<()> {
        self.skipped += bytes;
        if self.skipped > MAX_SKIPPED {
            let message = format!("more than {MAX_SKIPPED} bytes of one block were skipped");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }

    /// The TYPE of the block so far; empty if it could not be read.
    fn kind(&self) -> String {
        self.text.lines().next().unwrap_or("").to_owned()
    }
}

/// Decodes a line. Returns `None` if it breaks the grammar.
///
/// A bad value of a `Text` header has an error code of its own, which [`Text`](super::text::Text) finds later. So
/// such a line passes with control characters in it, and one that is no UTF-8 gets a value with a control
/// character.
fn decode(line: &[u8]) -> Option<Cow<'_, str>> {
    let is_text = line.len() >= 5 && line[..5].eq_ignore_ascii_case(b"text:");
    match std::str::from_utf8(line) {
        Ok(line) if is_text || !line.contains(['\0', '\r']) => Some(line.into()),
        Err(_) if is_text => Some("Text: \0".into()),
        _ => None,
    }
}

/// Reads blocks from a stream. After an error that comes from waiting (`WouldBlock`, `TimedOut`) the next call goes
/// on where this one stopped, so a caller may look at the clock in between.
#[derive(Debug)]
pub struct BlockReader<R> {
    reader: R,
    /// The part of the next line that was read already.
    line: Vec<u8>,
    /// Whether the beginning of the line was dropped, because the line is too long.
    truncated: bool,
    parser: BlockParser,
}

impl<R: BufRead> BlockReader<R> {
    /// Makes a reader of blocks of at most `max_lines` lines.
    pub fn new(reader: R, max_lines: usize) -> Self {
        let parser = BlockParser::new(max_lines);
        BlockReader { reader, line: Vec::new(), truncated: false, parser }
    }

    /// The stream, to change its settings.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The stream, to look at its buffer.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Reads the next block, or its error; `None` at the end of the stream. A block that the end cuts short is no
    /// block.
    ///
    /// # Errors
    /// Any error of the stream; `InvalidData` when more than [`MAX_SKIPPED`] bytes were skipped.
    // LAB 1: read lines until they make a block
    pub fn read(&mut self) -> io::Result<Option<Result<Block, FramingError>>> {
        loop {
            let found = match read_line(&mut self.reader, &mut self.line)? {
                Line::End => return Ok(None),
                Line::TooLong => self.truncate()?.map(Err),
                Line::Whole => self.end_line()?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// The block that the end of the stream has cut short, as if its blank line had come. It is for servers that
    /// close the connection instead (see [`compat`](super::compat)).
    pub fn cut_short(&mut self) -> Option<Block> {
        let last = std::mem::take(&mut self.line);
        let found = self.parser.push(&last).ok()?;
        found.or_else(|| self.parser.push(b"").ok()?)?.ok()
    }

    /// Drops all of the line but its last bytes. Its block is skipped, but the line's end may still show that it is
    /// the first one of an HTTP request.
    fn truncate(&mut self) -> io::Result<Option<FramingError>> {
        self.truncated = true;
        self.line.drain(..MAX_LINE - TAIL);
        self.parser.skip(MAX_LINE - TAIL)?;
        Ok(self.parser.too_long())
    }

    /// Hands a whole line to the parser, unless its beginning was dropped.
    fn end_line(&mut self) -> io::Result<Option<Result<Block, FramingError>>> {
        let found = if std::mem::take(&mut self.truncated) {
            // The parser holds no TYPE, so this was the first line of its block.
            let first = self.parser.text.is_empty();
            (first && is_http(&self.line)).then_some(Err(FramingError::Http))
        } else {
            self.parser.push(&self.line)?
        };
        self.line.clear();
        Ok(found)
    }

    /// Whether the next [`BlockReader::read`] returns something without waiting for more than the `buffered` bytes,
    /// which were read from the stream already.
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

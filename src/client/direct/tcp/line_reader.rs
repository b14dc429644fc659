//! Reads what a peer sends over TCP: its opening (a CHAT, an HTTP request, or neither), then line after line.
//!
//! The first bytes decide how long a pause may be:
//!
//! - Nothing arrives: a caller may be silent for [`SILENCE`]. Then it is a caller without a name.
//! - `CHAT` and its headers: each read may wait as long again, because a TCP read is not a message.
//! - Anything else is text. Its first line may already be whole, or may stop without an end of line.
//!
//! Programs of other courses may send no CHAT, and text without an end of line. Code that serves only them is
//! called `compat`; skip it at the first reading. Between two lines of a chat there is no limit.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::mem::take;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::direct::tcp::peer::{PeerLine, parse_line};
use crate::client::event::{Events, PeerEvent};
use crate::client::net::{ConnectionId, Direction};
use crate::io_error::is_waiting;
use crate::net::Reader;
use crate::tls::Opener;
use crate::tls::record::HANDSHAKE;
use crate::wire::greeting;
use crate::wire::http::is_http;
use crate::wire::line::read_line;
use crate::wire::{
    BlockParser, FileBlock, Greeting, Line, MAX_LINE, MAX_REQUEST_LINES, Secret, compat,
};

/// The most lines of a CHAT.
const MAX_CHAT_LINES: usize = 16;
/// A caller that sends nothing for this long is a caller without a name, even in the middle of its CHAT.
pub const SILENCE: Duration = Duration::from_secs(1);
/// The longest time that an opening may take, however many bytes arrive meanwhile.
const OPENING: Duration = Duration::from_secs(60);
/// Compat: text without an end of line counts as a line when nothing follows for this long.
const PAUSE: Duration = Duration::from_millis(200);
/// The line that ends a chat.
const QUIT: &[u8] = b"QUIT";

/// How a connection begins.
pub enum Opening {
    /// With a CHAT.
    Chat(Greeting),
    /// With an HTTP request: a browser was sent here.
    Http,
    /// With a record of TLS. These are the bytes so far.
    Tls(Vec<u8>),
    /// The connection ends before anything arrives.
    End,
    /// Nothing arrives within the limit.
    Silence,
    /// With anything else. [`LineReader::follow`] gives it as text.
    Other,
}

/// Reads the lines of one peer.
pub struct LineReader<'a> {
    /// The connection, for its addresses.
    stream: &'a TcpStream,
    id: ConnectionId,
    events: &'a Events,
    /// The buffer over the connection. Its deadline bounds the whole opening.
    reader: Reader<'a>,
    /// The line that is being read.
    line: Vec<u8>,
    /// Whole lines that turned out not to be a CHAT: they are text.
    read: VecDeque<Vec<u8>>,
    /// Whether the peer may be a program of another course.
    pub compat: bool,
    /// Whether blocks about files may stand between the lines.
    pub files: bool,
}

impl LineReader<'_> {
    /// A reader for a fresh connection.
    pub fn new<'a>(stream: &'a TcpStream, id: ConnectionId, events: &'a Events) -> LineReader<'a> {
        let reader = Reader::new(stream).recorded(Arc::clone(events.tracing()));
        let (line, read, compat, files) = (Vec::new(), VecDeque::new(), true, false);
        LineReader { stream, id, events, reader, line, read, compat, files }
    }

    /// Finds out how the connection begins. The peer may be silent for `limit`, or for ever.
    ///
    /// # Errors
    /// When the connection breaks, or its first line is too long.
    pub fn opening(&mut self, limit: Option<Duration>) -> io::Result<Opening> {
        self.reader.deadline = limit.map(|_| Instant::now() + OPENING);
        let opening = self.first_words(limit);
        self.capture();
        self.reader.deadline = None;
        opening
    }

    /// Looks at the first bytes without consuming them: they tell how long a pause may be.
    fn first_words(&mut self, limit: Option<Duration>) -> io::Result<Opening> {
        self.reader.set_limit(limit);
        let is_chat = match self.reader.fill_buf() {
            Ok([]) => return Ok(Opening::End),
            Ok([HANDSHAKE, ..]) => return Ok(self.hello()),
            Ok(bytes) => [b"CHAT\r", b"CHAT\n"].iter().any(|chat| begins_like(bytes, *chat)),
            Err(error) if is_waiting(&error) => return Ok(Opening::Silence),
            Err(error) => return Err(error),
        };
        if is_chat {
            // The rest of a CHAT may come in further reads.
            self.reader.set_limit(limit.or(Some(SILENCE)));
            return self.chat();
        }
        let Some(line) = self.next_line(true)? else { return Ok(Opening::End) };
        let opening = if is_http(&line) { Opening::Http } else { Opening::Other };
        self.read.push_front(line);
        Ok(opening)
    }

    /// Takes what was read of a ClientHello. It is not text, and is not captured as text.
    fn hello(&mut self) -> Opening {
        let hello = self.reader.buffered().to_vec();
        self.reader.consume(hello.len());
        self.reader.take_record();
        Opening::Tls(hello)
    }

    /// From here on the connection gives records.
    pub fn secure(&mut self, opener: Opener) {
        self.reader.secure(opener);
    }

    /// Reads the caller's nonce, which must come before anything else.
    ///
    /// # Errors
    /// When something else comes, or nothing any more.
    pub fn nonce(&mut self) -> io::Result<Secret> {
        let mut parser = BlockParser::new(MAX_CHAT_LINES);
        loop {
            let line = self.next_line(false)?.ok_or_else(|| io::Error::other("it hung up"))?;
            if let Some(block) = parser.push(&line)? {
                self.capture();
                let nonce = block.ok().and_then(|block| greeting::parse_nonce(&block));
                return nonce.ok_or_else(|| io::Error::other("it tells no nonce"));
            }
        }
    }

    /// Reads a CHAT to its blank line. If it turns out to be none, its lines are text.
    fn chat(&mut self) -> io::Result<Opening> {
        let mut parser = BlockParser::new(MAX_CHAT_LINES);
        loop {
            match read_line(&mut self.reader, &mut self.line) {
                Ok(Line::Whole) => {}
                Err(error) if !is_waiting(&error) => return Err(error),
                // `self.line` keeps the bytes of an unfinished line: `next_line` goes on with them.
                _ => return Ok(Opening::Other),
            }
            let line = take(&mut self.line);
            let found = parser.push(&line)?;
            self.read.push_back(line);
            if found.is_some() || self.read[0] != b"CHAT" {
                let Some(block) = found.and_then(Result::ok) else { return Ok(Opening::Other) };
                let Some(chat) = Greeting::parse(&block) else { return Ok(Opening::Other) };
                self.read = compat::texts(&block).map(Vec::from).collect();
                return Ok(Opening::Chat(chat));
            }
        }
    }

    /// Gives each line to `tell`, until the peer ends the chat or `tell` wants no more.
    ///
    /// # Errors
    /// When the connection breaks or a line is too long.
    pub fn follow(&mut self, tell: impl Fn(PeerEvent) -> bool) -> io::Result<()> {
        let mut goes_on = true;
        while goes_on {
            let found = self.next_line(self.compat);
            if let Ok(Some(line)) = &found
                && self.files
                && FileBlock::begins_with(line)
            {
                let block = self.block(line);
                self.capture();
                goes_on = block?.is_none_or(|block| tell(PeerEvent::File(block)));
                continue;
            }
            self.capture();
            goes_on = match found?.map_or(PeerLine::Quit, |line| parse_line(&line, self.compat)) {
                PeerLine::Nothing => true,
                PeerLine::Quit => false,
                PeerLine::Text(text) => tell(PeerEvent::Said(text)),
            };
        }
        Ok(())
    }

    /// Reads the rest of a block about a file, to its blank line; `None` if it breaks a rule or the stream ends.
    fn block(&mut self, first: &[u8]) -> io::Result<Option<FileBlock>> {
        let mut parser = BlockParser::new(MAX_REQUEST_LINES);
        let mut found = parser.push(first)?;
        // After an error the parser skips the rest of the block, and then finds nothing.
        let mut line = first.to_vec();
        while !line.is_empty() {
            let Some(next) = self.next_line(false)? else { return Ok(None) };
            line = next;
            found = parser.push(&line)?.or(found);
        }
        Ok(found.and_then(Result::ok).and_then(|block| FileBlock::parse(&block)))
    }

    /// Reads the next line; `None` at the end. `may_pause`: text that stops counts as a line (compat).
    fn next_line(&mut self, may_pause: bool) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.read.pop_front() {
            return Ok(Some(line));
        }
        loop {
            if self.line.is_empty() {
                // Between two lines a peer may be silent for ever.
                self.reader.set_limit(None);
                self.reader.fill_buf()?;
            }
            if may_pause {
                self.reader.set_limit(Some(PAUSE));
            }
            match read_line(&mut self.reader, &mut self.line) {
                Ok(Line::TooLong) => {
                    let message = format!("a line had more than {MAX_LINE} bytes");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                Ok(Line::End) if self.line.is_empty() => return Ok(None),
                Ok(found) => {
                    if self.compat {
                        self.unglue(found);
                    }
                    return Ok(Some(take(&mut self.line)));
                }
                Err(error) if is_waiting(&error) => {
                    let text = self.compat_text();
                    // Past the deadline no read waits: without this, half a character would spin here.
                    if text.is_some()
                        || self.reader.deadline.is_some_and(|end| end <= Instant::now())
                    {
                        return Ok(text);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Compat: a QUIT with its blank line, or at the end of the stream, may follow a text that has no end of its own.
    /// Then it is a line by itself, the next one.
    fn unglue(&mut self, found: Line) {
        let is_last = found == Line::End
            || [&b"\r\n"[..], b"\n"].iter().any(|end| self.reader.buffered().starts_with(end));
        let text = self.line.strip_suffix(QUIT).map(<[u8]>::len).filter(|text| *text > 0);
        if let Some(text) = text.filter(|_| is_last) {
            self.read.push_back(self.line.split_off(text));
        }
    }

    /// Compat: takes the text that stopped without an end of line. A character that is cut off stays behind.
    fn compat_text(&mut self) -> Option<Vec<u8>> {
        let whole = match std::str::from_utf8(&self.line) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.line.len(),
        };
        let rest = self.line.split_off(whole);
        Some(std::mem::replace(&mut self.line, rest)).filter(|text| !text.is_empty())
    }

    /// Reports the bytes read since the last call, for tracing: a line, a CHAT, or the start of text.
    fn capture(&mut self) {
        let bytes = self.reader.take_record();
        self.events.capture(self.id, self.stream, Direction::In, bytes);
    }
}

/// Whether `bytes` are the beginning of `word`, or begin with it.
fn begins_like(bytes: &[u8], word: &[u8]) -> bool {
    bytes.iter().zip(word).all(|(one, other)| one == other)
}

//! Hearing what a peer says: lines from a connection, also from programs that end none.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::direct::tcp::peer::{PeerLine, parse_line};
use crate::client::event::{Events, PeerEvent};
use crate::client::net::capture::Direction;
use crate::client::net::writer::ConnectionId;
use crate::io_error::is_waiting;
use crate::net::Reader;
use crate::wire::framing::BlockParser;
use crate::wire::greeting::Greeting;
use crate::wire::http::is_http;
use crate::wire::line::{Line, MAX_LINE, read_line};

/// The most lines of a CHAT.
const MAX_CHAT_LINES: usize = 16;
/// A peer that says nothing for this long, in the middle of its CHAT too, is one without a name.
pub const SILENCE: Duration = Duration::from_secs(1);
/// And it may take this long for its CHAT, however much it says meanwhile.
const OPENING: Duration = Duration::from_secs(60);
/// Some of the assignments' programs end no line: text that stops for this long is one.
const STOP: Duration = Duration::from_millis(200);

/// How a connection begins.
pub enum Opening {
    /// With a CHAT.
    Chat(Greeting),
    /// As a browser does.
    Http,
    /// It has ended before it began.
    End,
    /// It was silent for as long as it may be.
    Silence,
    /// With text, or not at all.
    Other,
}

/// Hears what a peer says.
pub struct LineReader<'a> {
    stream: &'a TcpStream,
    id: ConnectionId,
    events: &'a Events,
    reader: Reader<'a>,
    line: Vec<u8>,
    /// Lines that were read to see whether they are a CHAT, and are none.
    read: VecDeque<Vec<u8>>,
    /// The other side is none of ours, perhaps.
    pub compat: bool,
    /// It has ended a line with EOL after its CHAT, so it can.
    ends_lines: bool,
    /// How long a read waits. A fresh socket's waits for ever.
    waits: Option<Duration>,
}

impl LineReader<'_> {
    /// For a fresh connection.
    pub fn new<'a>(stream: &'a TcpStream, id: ConnectionId, events: &'a Events) -> LineReader<'a> {
        let reader = Reader::new(stream).recorded(Arc::clone(events.tracing()));
        let (line, read) = (Vec::new(), VecDeque::new());
        LineReader {
            stream,
            id,
            events,
            reader,
            line,
            read,
            compat: true,
            ends_lines: false,
            waits: None,
        }
    }

    /// What has been read is a line, or a CHAT, or the beginning of what will be none.
    fn tell_traffic(&mut self) {
        let bytes = self.reader.take_record();
        self.events.capture(self.id, self.stream, Direction::In, bytes);
    }

    /// Finds out how the other side begins. It may be silent for `limit`.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn opening(&mut self, limit: Option<Duration>) -> io::Result<Opening> {
        self.reader.deadline = limit.map(|_| Instant::now() + OPENING);
        let opening = self.first_words(limit);
        self.tell_traffic();
        self.reader.deadline = None;
        opening
    }

    fn first_words(&mut self, limit: Option<Duration>) -> io::Result<Opening> {
        self.wait_at_most(limit)?;
        let greets = match self.reader.fill_buf() {
            Ok(bytes) => {
                let head = &bytes[..bytes.len().min(5)];
                !head.is_empty() && (b"CHAT\r".starts_with(head) || b"CHAT\n".starts_with(head))
            }
            Err(error) if is_waiting(&error) => return Ok(Opening::Silence),
            Err(error) => return Err(error),
        };
        if !greets {
            let line = self.next_line()?;
            self.read.extend(line);
            let http = self.read.front().is_some_and(|line| is_http(line));
            return Ok(match self.read.is_empty() {
                true => Opening::End,
                false if http => Opening::Http,
                false => Opening::Other,
            });
        }
        self.wait_at_most(limit.or(Some(SILENCE)))?;
        self.chat()
    }

    /// Reads a CHAT to its blank line. If it turns out to be none, its lines are what the peer says.
    fn chat(&mut self) -> io::Result<Opening> {
        let mut assembly = BlockParser::new(MAX_CHAT_LINES);
        loop {
            match read_line(&mut self.reader, &mut self.line) {
                Ok(Line::Whole) => {}
                Err(error) if !is_waiting(&error) => return Err(error),
                // What has come of a line is taken up by `next_line`.
                _ => return Ok(Opening::Other),
            }
            let line = std::mem::take(&mut self.line);
            let found = assembly.push(&line)?;
            self.read.push_back(line);
            if self.read.len() == 1 && self.read[0] != b"CHAT" {
                return Ok(Opening::Other);
            }
            if let Some(found) = found {
                let greeting = found.ok().and_then(|block| Greeting::parse(&block));
                if greeting.is_some() {
                    self.read.clear();
                }
                return Ok(greeting.map_or(Opening::Other, Opening::Chat));
            }
        }
    }

    /// Tells of each line, to the end of the chat.
    ///
    /// # Errors
    /// When the connection breaks or a line is too long.
    pub fn follow(&mut self, tell: impl Fn(PeerEvent) -> bool) -> io::Result<()> {
        loop {
            let line = match self.read.pop_front() {
                Some(line) => Some(line),
                None => self.next_line()?,
            };
            let heard = line.map_or(PeerLine::Quit, |line| parse_line(&line, self.compat));
            let goes_on = match heard {
                PeerLine::Nothing => true,
                PeerLine::Quit => false,
                PeerLine::Text(text) => tell(PeerEvent::Said(text)),
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// The next line; `None` at the end.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let found = self.wait_for_line();
        self.tell_traffic();
        found
    }

    /// Has the next reads wait for so long. Most lines find it as it is, and cost no system call.
    fn wait_at_most(&mut self, time: Option<Duration>) -> io::Result<()> {
        if self.waits != time {
            self.stream.set_read_timeout(time)?;
            self.waits = time;
        }
        Ok(())
    }

    fn wait_for_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if self.line.is_empty() {
                self.wait_at_most(None)?;
                self.reader.fill_buf()?;
            }
            let unsure = self.compat && !self.ends_lines;
            self.wait_at_most(unsure.then_some(STOP))?;
            match read_line(&mut self.reader, &mut self.line) {
                Ok(Line::Whole) => {
                    self.ends_lines = true;
                    return Ok(Some(std::mem::take(&mut self.line)));
                }
                Ok(Line::End) if self.line.is_empty() => return Ok(None),
                Ok(Line::End) => return Ok(Some(std::mem::take(&mut self.line))),
                Ok(Line::TooLong) => {
                    let message = format!("a line had more than {MAX_LINE} bytes");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                Err(error) if is_waiting(&error) => {
                    let rest = self.line.split_off(whole_characters(&self.line));
                    let text = std::mem::replace(&mut self.line, rest);
                    if !text.is_empty() {
                        return Ok(Some(text));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How many bytes there are before a character that the end cuts off.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

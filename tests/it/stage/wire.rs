//! A connection to one of our programs, in blocks or in bytes, that tells its story when it fails.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Instant;

use super::{Block, DEADLINE};

/// How much of what went over a connection a failure shows.
const STORY: usize = 24;

/// A connection that speaks in blocks and remembers what was said.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
    story: VecDeque<String>,
}

impl Wire {
    /// Connects.
    #[track_caller]
    pub fn connect(address: impl Into<SocketAddr>) -> Self {
        let address = address.into();
        let stream = TcpStream::connect_timeout(&address, DEADLINE);
        Self::over(stream.unwrap_or_else(|error| panic!("cannot connect to {address}: {error}")))
    }

    /// Connects, registers and joins; what follows JOINACK is still to be read.
    #[track_caller]
    pub fn joined(address: impl Into<SocketAddr>, name: &str, port: u16) -> Self {
        let mut wire = Self::connect(address);
        wire.register(name, port);
        wire.join(name);
        wire
    }

    /// Speaks over a connection that is there already.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self { stream, unread: Vec::new(), story: VecDeque::new() }
    }

    /// Sends these bytes as they are.
    #[track_caller]
    pub fn sends(&mut self, text: &str) -> &mut Self {
        self.sends_bytes(text.as_bytes())
    }

    /// Sends these bytes as they are, also if they are no text.
    #[track_caller]
    pub fn sends_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.remember("->", bytes);
        if let Err(error) = self.stream.write_all(bytes) {
            self.fail(&format!("cannot send: {error}"));
        }
        self
    }

    /// Sends a block of this type with these headers.
    #[track_caller]
    pub fn asks(&mut self, kind: &str, headers: &[(&str, &str)]) -> &mut Self {
        let mut text = format!("{kind}\r\n");
        for (name, value) in headers {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        self.sends(&(text + "\r\n"))
    }

    /// Says something in the room.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> &mut Self {
        self.asks("SAY", &[("Text", text)])
    }

    /// Waits for the next block, whatever it is.
    #[track_caller]
    pub fn block(&mut self) -> Block {
        self.next("a block")
    }

    /// Waits for the next block, which must be of this type.
    #[track_caller]
    pub fn gets(&mut self, kind: &str) -> Block {
        let block = self.next(kind);
        if block.kind != kind {
            self.fail(&format!("expected {kind}, got\n{block}"));
        }
        block
    }

    /// Waits for a block of this type, skipping others.
    #[track_caller]
    pub fn skips_to(&mut self, kind: &str) -> Block {
        loop {
            let block = self.next(kind);
            if block.kind == kind {
                return block;
            }
        }
    }

    /// Waits for an ERROR with this code in answer to this type of request.
    #[track_caller]
    pub fn refuses(&mut self, request: &str, code: &str) -> Block {
        let block = self.gets("ERROR");
        let expected = [("For", request), ("Code", code), ("Message", "*")];
        block.has_exactly(&expected);
        block
    }

    /// Waits for exactly these bytes.
    #[track_caller]
    pub fn gets_bytes(&mut self, expected: &str) {
        while self.unread.len() < expected.len() {
            if let Err(reason) = self.reads() {
                let have = String::from_utf8_lossy(&self.unread).into_owned();
                self.fail(&format!("expected {expected:?}, got {have:?}, and then {reason}"));
            }
        }
        let bytes: Vec<u8> = self.unread.drain(..expected.len()).collect();
        self.remember("<-", &bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text != expected {
            self.fail(&format!("expected {expected:?}, got {text:?}"));
        }
    }

    /// Waits for a line of plain text, as peers send after CHAT, and gives it without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.until(b"\n") {
            Ok(bytes) => {
                self.remember("<-", &bytes);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            Err(reason) => self.fail(&format!("expected a line, but {reason}")),
        }
    }

    /// Waits for the other side to hang up, with nothing more said before.
    #[track_caller]
    pub fn is_closed(&mut self) {
        while self.unread.is_empty() {
            match self.reads() {
                Ok(()) => {}
                Err(reason) if reason.starts_with("it hung up") => return,
                Err(reason) => {
                    self.fail(&format!("expected the end of the connection, but {reason}"))
                }
            }
        }
        let more = String::from_utf8_lossy(&self.unread).into_owned();
        self.fail(&format!("expected the end of the connection, got {more:?}"));
    }

    /// Registers under this name and port, and gives back REGACK.
    #[track_caller]
    pub fn register(&mut self, name: &str, port: u16) -> Block {
        let port = port.to_string();
        self.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
        self.gets("REGACK")
    }

    /// Joins under this name, and gives back JOINACK.
    #[track_caller]
    pub fn join(&mut self, name: &str) -> Block {
        self.asks("JOIN", &[("clientID", name)]);
        self.gets("JOINACK")
    }

    /// Sends a PING and demands that its PONG is the very next thing: so nothing else was on its way.
    #[track_caller]
    pub fn hears_nothing(&mut self) -> &mut Self {
        self.asks("PING", &[("Token", "nothing-else")]);
        self.gets("PONG").has_exactly(&[("Token", "nothing-else")]);
        self
    }

    /// Ends what this side has to say; the other may still speak.
    pub fn ends(&mut self) {
        self.remember("->", b"(end of the stream)");
        // The other side may be gone, and then this direction has ended too.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// This side's address.
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// The connection itself, for what has no word here.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Fails the test with the last of what went over this connection.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let story: Vec<&str> = self.story.iter().map(String::as_str).collect();
        panic!(
            "{what}\n--- the connection's last blocks, -> to the program\n{}\n---",
            story.join("\n")
        );
    }

    /// Waits for the next block, which may be none that the grammar does not allow.
    #[track_caller]
    fn next(&mut self, what: &str) -> Block {
        let bytes = match self.until(b"\r\n\r\n") {
            Ok(bytes) => bytes,
            Err(reason) => self.fail(&format!("expected {what}, but {reason}")),
        };
        let bytes = &bytes[..bytes.len() - 4];
        self.remember("<-", bytes);
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.fail("got a block that is not UTF-8")
        };
        if text.replace("\r\n", "").contains(['\r', '\n']) {
            self.fail("got a line that does not end in CRLF");
        }
        let block = Block::parse(text);
        if !block.is_well_formed() {
            self.fail("got a block that the grammar does not allow");
        }
        block
    }

    /// Reads up to and with the first `end`.
    fn until(&mut self, end: &[u8]) -> Result<Vec<u8>, String> {
        let (since, mut looked) = (Instant::now(), 0);
        loop {
            let found = self.unread[looked..].windows(end.len()).position(|window| window == end);
            if let Some(found) = found {
                return Ok(self.unread.drain(..looked + found + end.len()).collect());
            }
            if since.elapsed() > DEADLINE {
                return Err("it did not end in time".to_owned());
            }
            looked = self.unread.len().saturating_sub(end.len() - 1);
            self.reads()?;
        }
    }

    /// Reads some more.
    fn reads(&mut self) -> Result<(), String> {
        let mut piece = [0; 16 * 1024];
        loop {
            return match self.stream.read(&mut piece) {
                Ok(0) => Err(format!("it hung up{}", self.rest())),
                Ok(count) => {
                    self.unread.extend_from_slice(&piece[..count]);
                    Ok(())
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // A program that ends with bytes unread resets the connection: that, too, is hanging up.
                Err(error)
                    if [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted]
                        .contains(&error.kind()) =>
                {
                    Err(format!("it hung up with a reset{}", self.rest()))
                }
                Err(error) => Err(format!("nothing came: {error}{}", self.rest())),
            };
        }
    }

    /// What came and was not asked for yet, for a failure.
    fn rest(&self) -> String {
        if self.unread.is_empty() {
            return String::new();
        }
        format!(" after {:?}", String::from_utf8_lossy(&self.unread))
    }

    /// Notes what went over the connection, the long shortened.
    fn remember(&mut self, arrow: &str, bytes: &[u8]) {
        if self.story.len() == STORY {
            self.story.pop_front();
        }
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]);
        self.story.push_back(format!("{arrow} {}", text.escape_debug()));
    }
}

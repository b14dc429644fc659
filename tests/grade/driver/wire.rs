//! A connection to one of your programs, in blocks or in bytes.

use std::fmt::Display;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::by_hand::{self, How};
use crate::driver::dice::Dice;
use crate::driver::farewell;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::program::SLICE;
use crate::driver::story;

/// How many of the pieces of something are sent alone, on average; others may arrive together.
const PAUSES: usize = 300;
/// The pause before writing again to a connection that takes nothing.
const FULL: Duration = Duration::from_millis(1);
/// The most bytes that may come without an end of what is waited for.
const MOST: usize = 8 << 20;

/// A connection that speaks in blocks. It is known in the story by a name.
#[derive(Debug)]
pub struct Wire {
    who: String,
    /// Its number in the play by hand.
    hand: usize,
    stream: TcpStream,
    unread: Vec<u8>,
    /// How much of it has been searched for the end of a block.
    searched: usize,
    /// It is to be closed without a word.
    vanishes: bool,
}

impl Wire {
    /// Connects.
    #[track_caller]
    pub fn connect(who: &str, address: SocketAddr) -> Self {
        let until = story::deadline();
        match TcpStream::connect_timeout(&address, story::left(until).max(SLICE)) {
            Ok(stream) => {
                let hand = by_hand::enters(who, format!("\"$raw\" --raw '{address}'"));
                Self::over(who, stream, hand)
            }
            Err(error) => {
                let told = format!("{who} cannot connect to {address}: {error}");
                if is_waiting(&error) { story::time_out(told) } else { story::fail(told) }
            }
        }
    }

    /// Speaks over a connection that is there already, and by hand is played by this number.
    pub fn over(who: &str, stream: TcpStream, hand: usize) -> Self {
        for set in [stream.set_nodelay(true), stream.set_nonblocking(false)] {
            unless_over(set);
        }
        Self { who: who.to_owned(), hand, stream, unread: Vec::new(), searched: 0, vanishes: false }
    }

    /// Who speaks here.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// This side's address.
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// The connection itself, for what has no word here. It waits as long as a step may take.
    pub fn stream(&self) -> &TcpStream {
        let time = Some(story::step_time());
        unless_over(self.stream.set_read_timeout(time));
        unless_over(self.stream.set_write_timeout(time));
        &self.stream
    }

    /// Sends these bytes as they are.
    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.notes(bytes, How::Whole);
        self.write(bytes);
        self
    }

    /// Sends these bytes, of which the story tells in another way.
    #[track_caller]
    pub fn passes(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    /// The same, if the other side has not hung up by now; gives whether it has not.
    pub fn passes_if_open(&mut self, bytes: &[u8]) -> bool {
        unless_over(self.stream.set_nonblocking(false));
        self.stream.write_all(bytes).is_ok()
    }

    /// Waits for so many bytes, of which the story tells in another way; nothing if the other side hangs up before.
    #[track_caller]
    pub fn takes(&mut self, count: usize, what: &str) -> Option<Vec<u8>> {
        let mut until = story::deadline();
        while self.unread.len() < count {
            if !self.reads(what, &mut until) {
                return None;
            }
        }
        self.searched = 0;
        Some(self.unread.drain(..count).collect())
    }

    /// Sends these bytes in pieces of random length, most of which arrive alone.
    pub fn sends_in_pieces(&mut self, bytes: impl AsRef<[u8]>, dice: &mut Dice, longest: usize) {
        let bytes = bytes.as_ref();
        self.notes(bytes, How::InPieces);
        let pieces = dice.cuts(bytes, longest);
        for piece in &pieces {
            self.write(piece);
            if dice.below(pieces.len()) < PAUSES {
                thread::sleep(Duration::from_micros(300));
            }
        }
    }

    fn notes(&self, bytes: &[u8], how: How) {
        story::told(&self.who, "->", bytes);
        by_hand::says(self.hand, bytes, how);
    }

    /// Writes, but not for ever to somebody who does not read. It never lets a write time out: on Windows nobody knows
    /// how much such a write has sent.
    #[track_caller]
    fn write(&mut self, mut bytes: &[u8]) {
        let mut until = story::deadline();
        unless_over(self.stream.set_nonblocking(true));
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    until = story::deadline().max(until); // it counts from the last progress
                }
                Err(error) if is_waiting(&error) => {
                    fail_if_one_has_failed();
                    if story::left(until).is_zero() {
                        let who = &self.who;
                        story::time_out(format!("nobody reads what {who} sends"));
                    }
                    thread::sleep(FULL);
                }
                Err(error) => story::fail(format!("{} cannot send: {error}", self.who)),
            }
        }
        unless_over(self.stream.set_nonblocking(false));
    }

    /// Waits for the next block.
    #[track_caller]
    pub fn block(&mut self, what: &str) -> Block {
        let until = story::deadline();
        let bytes = self.until(b"\r\n\r\n", what, until);
        let bytes = &bytes[..bytes.len() - 4];
        story::told(&self.who, "<-", bytes);
        match Block::parse(bytes) {
            Ok(block) => block,
            Err(why) => {
                let came = format!("{:?}, and {why}", String::from_utf8_lossy(bytes));
                self.gets_instead(format!("a block, {what}"), came)
            }
        }
    }

    /// Waits for exactly these bytes.
    #[track_caller]
    pub fn gets_bytes(&mut self, expected: &str) -> &mut Self {
        let mut until = story::deadline();
        let what = format!("{expected:?}");
        while self.unread.len() < expected.len() && self.reads(&what, &mut until) {}
        let count = self.unread.len().min(expected.len());
        let bytes: Vec<u8> = self.unread.drain(..count).collect();
        self.searched = 0;
        story::told(&self.who, "<-", &bytes);
        if bytes != expected.as_bytes() {
            self.gets_instead(what, format!("{:?}", String::from_utf8_lossy(&bytes)));
        }
        self
    }

    /// Waits for a line of plain text, as peers send after CHAT, and gives it without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let until = story::deadline();
        let bytes = self.until(b"\n", "a line", until);
        story::told(&self.who, "<-", &bytes);
        String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()
    }

    /// Waits for the other side to hang up, with nothing more said before.
    #[track_caller]
    pub fn is_closed(&mut self) {
        let mut until = story::deadline();
        while self.unread.is_empty() {
            if !self.reads("the end of the connection", &mut until) {
                return;
            }
        }
        let came = format!("{:?}", String::from_utf8_lossy(&self.unread));
        self.gets_instead("the end of the connection", came);
    }

    /// Reads on, up to the next block or the end; `true` at the end.
    pub fn is_over(&mut self) -> bool {
        let mut until = story::deadline();
        loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n", 0) {
                self.unread.drain(..end);
                return false;
            }
            if !self.reads("the end of the connection", &mut until) {
                return true;
            }
        }
    }

    /// All whole blocks that come up to the end of the connection.
    pub fn rest(&mut self) -> Vec<Block> {
        let mut until = story::deadline();
        while self.reads("the end of the connection", &mut until) {}
        let mut blocks = Vec::new();
        while let Some(end) = find(&self.unread, b"\r\n\r\n", 0) {
            let bytes: Vec<u8> = self.unread.drain(..end).collect();
            blocks.extend(Block::parse(&bytes[..end - 4]));
        }
        blocks
    }

    /// Sends these bytes, unless the other side has hung up by now: then it gives `false`.
    pub fn drips(&mut self, bytes: &[u8]) -> bool {
        let gone = self.hears_within(Duration::from_millis(1))
            && !self.reads("something, or the end of the connection", &mut story::deadline());
        by_hand::says(self.hand, bytes, How::Whole);
        !gone && self.stream.write_all(bytes).is_ok()
    }

    /// Whether a byte waits to be read, or the end, within so long.
    pub fn hears_within(&mut self, time: Duration) -> bool {
        if !self.unread.is_empty() {
            return true;
        }
        unless_over(self.stream.set_read_timeout(Some(time)));
        self.stream.peek(&mut [0]).is_ok()
    }

    /// Ends what this side has to say; the other may still speak.
    pub fn ends(&mut self) {
        story::told(&self.who, "->", b"(end of the stream)");
        by_hand::leaves(self.hand, false);
        // The other side may be gone, and then this direction has ended too.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// From here on nobody reads what comes.
    pub fn reads_no_more(&self) {
        by_hand::is_deaf(self.hand);
    }

    /// Hangs up without a word.
    pub fn vanishes(mut self) {
        self.vanishes = true;
        story::told(&self.who, "->", b"(hangs up)");
    }

    /// Takes the bytes up to and with the first `end`.
    #[track_caller]
    fn until(&mut self, end: &[u8], what: &str, mut until: Instant) -> Vec<u8> {
        loop {
            if let Some(whole) = find(&self.unread, end, self.searched) {
                self.searched = 0;
                return self.unread.drain(..whole).collect();
            }
            self.searched = self.unread.len();
            if !self.reads(what, &mut until) {
                let end = "the end of the connection";
                self.gets_instead(what, self.leftover(end, end));
            }
        }
    }

    /// Reads some more; `false` when the other side has hung up. The deadline counts from the last progress, so what
    /// comes moves it, up to the end of the check.
    #[track_caller]
    fn reads(&mut self, what: &str, until: &mut Instant) -> bool {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let slice = story::left(*until).min(SLICE).max(Duration::from_millis(1));
            unless_over(self.stream.set_read_timeout(Some(slice)));
            match self.stream.read(&mut piece) {
                Ok(count) => {
                    by_hand::reads(b""); // the bytes are told when they are used
                    self.unread.extend_from_slice(&piece[..count]);
                    if self.unread.len() > MOST || story::left(*until).is_zero() {
                        let came = "other things, again and again";
                        story::time_out(self.what_comes(what, came));
                    }
                    *until = story::deadline().max(*until);
                    return count > 0;
                }
                Err(error) if is_waiting(&error) => {
                    fail_if_one_has_failed();
                    if story::left(*until).is_zero() {
                        let came = self.leftover("nothing", "nothing more") + &story::in_time();
                        story::time_out(self.what_comes(what, came));
                    }
                }
                // A program that ends with bytes unread resets the connection: that, too, is hanging up.
                Err(_) => return false,
            }
        }
    }

    /// What came and is no answer, and that `more` came after it; or that there was `nothing`.
    fn leftover(&self, nothing: &str, more: &str) -> String {
        let shown = &self.unread[..self.unread.len().min(200)];
        if shown.is_empty() {
            return nothing.to_owned();
        }
        format!("{:?}, and {more}", String::from_utf8_lossy(shown))
    }

    /// What was expected here, and what came instead.
    fn what_comes(&self, expected: impl Display, came: impl Display) -> String {
        format!("to {}\n{}", self.who, story::instead(expected, came))
    }

    /// Ends the check: this was expected here, and that came.
    #[track_caller]
    pub fn gets_instead(&self, expected: impl Display, came: impl Display) -> ! {
        story::fail(self.what_comes(expected, came))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if thread::panicking() {
            return; // the story ends here, and nobody leaves
        }
        by_hand::leaves(self.hand, false);
        if self.vanishes {
            return;
        }
        if let Ok(stream) = self.stream.try_clone() {
            farewell::hang_up(stream);
        }
    }
}

/// Where the first `end` ends, if what was searched before has none. All ends have an LF at last, and std
/// looks for that much faster than a test without optimization can.
fn find(bytes: &[u8], end: &[u8], searched: usize) -> Option<usize> {
    let mut at = searched;
    loop {
        at += (&bytes[at..]).skip_until(b'\n').unwrap_or(0);
        if at == 0 || bytes[at - 1] != b'\n' {
            return None;
        }
        if bytes[..at].ends_with(end) {
            return Some(at);
        }
        if at == bytes.len() {
            return None;
        }
    }
}

/// Sets an option of a connection, unless it is over in both directions: macOS refuses it then, and the next read or
/// write tells.
fn unless_over(set: io::Result<()>) {
    if let Err(error) = set
        && error.kind() != ErrorKind::InvalidInput
    {
        story::fail(format!("the grader cannot set up its connection: {error}"));
    }
}

/// Whether a read or a write has only run out of time.
pub fn is_waiting(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

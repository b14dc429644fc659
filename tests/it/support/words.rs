//! What the grader's driver has no word for: lines that contain something, prompts, stderr, quick connections.

use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::block::Block;
use crate::driver::cast::{Client, Server};
use crate::driver::datagrams::Datagrams;
use crate::driver::dice::Dice;
use crate::driver::folder::Folder;
use crate::driver::heard::{Output, Side};
use crate::driver::program::Program;
use crate::driver::settings::settings;
use crate::driver::story;
use crate::driver::wire::Wire;

impl Program {
    /// Waits for a line on stdout that contains `text`, skipping those before it, and gives it back.
    #[track_caller]
    pub fn sees(&self, text: &str) -> String {
        self.sees_all(&[text])
    }

    /// Types a line, and waits for one on stdout that contains `answer`.
    #[track_caller]
    pub fn asks(&self, line: &str, answer: &str) -> String {
        self.types(line);
        self.sees(answer)
    }

    /// Types a line, and waits for one on stdout that is exactly this.
    #[track_caller]
    pub fn asks_line(&self, line: &str, answer: &str) {
        self.types(line);
        self.sees_line(answer);
    }

    /// Waits for the next line on stdout, whatever it is.
    #[track_caller]
    pub fn sees_next(&self) -> String {
        self.waits("a line", |line| Some(line.to_owned()))
    }

    /// Waits for `text` on stdout in a line that need not be finished: a question, a prompt.
    #[track_caller]
    pub fn sees_prompt(&self, text: &str) {
        let passes = |output: &mut Output| {
            let rest = String::from_utf8_lossy(&output.bytes[output.seen..]).into_owned();
            let end = output.seen + rest.find(text)? + text.len();
            output.seen = end.min(output.bytes.len());
            Some(text.to_owned())
        };
        self.waits_for(Side::Output, &format!("{text:?}"), passes, |_| Some(()));
    }

    /// Waits until all that it has written to stdout so far is `done`.
    #[track_caller]
    pub fn has_written(&self, what: &str, done: impl Fn(&[u8]) -> bool) {
        let all = |output: &mut Output| done(&output.bytes).then(String::new);
        self.waits_for(Side::Output, what, all, |_| Some(()));
    }

    /// Waits for a line with `text` as [`Program::sees`] does, and fails if one with `unwanted` comes first.
    ///
    /// This is how to show that something is not said: make it say something else afterwards.
    #[track_caller]
    pub fn sees_without(&self, unwanted: &str, text: &str) -> String {
        let what = format!("a line with {text:?}, and none with {unwanted:?} before it");
        let line = self.waits(&what, |line| {
            (line.contains(unwanted) || line.contains(text)).then(|| line.to_owned())
        });
        if line.contains(unwanted) {
            self.shows_instead(what, line);
        }
        line
    }

    /// Shows that a client answers its user.
    #[track_caller]
    pub fn answers(&self) {
        self.asks("/id", "you are ");
    }

    /// Ends by /quit.
    #[track_caller]
    pub fn quits(&self) {
        self.types("/quit");
        self.exits(0);
    }

    /// Waits for a line on stderr that contains `text`, skipping those before it, and gives it back.
    #[track_caller]
    pub fn complains(&self, text: &str) -> String {
        let what = format!("a line on stderr with {text:?}");
        let has = |line: &str| line.contains(text).then(|| line.to_owned());
        self.waits_for(Side::Errors, &what, Output::line, has)
    }
}

/// Whether a text begins like a pattern, in which 0 stands for any digit.
pub fn begins_like(text: &str, pattern: &str) -> bool {
    let fits = |(have, want): (u8, u8)| have == want || (want == b'0' && have.is_ascii_digit());
    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

/// Lets two query each other.
#[track_caller]
pub fn query_each_other(alice: &Program, bob: &Program) {
    for (client, peer, who) in [(alice, bob, "bob"), (bob, alice, "alice")] {
        client.asks(&format!("/query {who}"), &format!("conversation with {who} "));
        peer.sees("Incoming query from ");
    }
}

/// Waits until both have a line that contains `text`.
#[track_caller]
pub fn all_see(programs: [&Program; 2], text: &str) {
    for program in programs {
        program.sees(text);
    }
}

impl Server {
    /// The text of its log.
    #[track_caller]
    pub fn log_text(&self) -> String {
        self.folder().text("server.log")
    }
}

impl Client {
    /// Starts a client with these flags, and waits until it is in the room of a server.
    #[track_caller]
    pub fn joined_with(name: &str, server: &Server, flags: &[&str]) -> Self {
        let client = Self::start_with(name, server.address(), flags);
        client.sees("Other clients' IDs: ");
        client
    }

    /// Its name, if it was started with one.
    fn name(&self) -> &str {
        self.title().trim_end_matches("'s client")
    }

    /// Says something in the room, which another sees.
    #[track_caller]
    pub fn says(&self, other: &Program, text: &str) {
        self.types(text);
        other.sees(&format!(" {}: {text}", self.name()));
    }

    /// Says something to its current peer, by TCP, who sees it.
    #[track_caller]
    pub fn tells(&self, peer: &Program, text: &str) {
        self.types(&format!("/msg {text}"));
        peer.sees_line(&format!("{} (direct): {text}", self.name()));
    }

    /// Starts a client with these arguments, which it must refuse with such a sentence and exit code.
    #[track_caller]
    pub fn refuses(arguments: &[&str], sentence: &str, code: i32) -> Program {
        let client = Self::with_args(arguments);
        client.complains(sentence);
        client.exits(code);
        client
    }

    /// Starts clients with these command lines, which must all be answered with the usage and nothing else.
    #[track_caller]
    pub fn show_usage<L: AsRef<str>>(command_lines: &[L]) {
        for line in command_lines {
            let arguments: Vec<&str> = line.as_ref().split(' ').collect();
            let output = Self::refuses(&arguments, "usage: client", 2).output();
            assert_eq!(output, "", "client {}", line.as_ref());
        }
    }

    /// Starts a client with exactly these arguments and waits for nothing.
    #[track_caller]
    pub fn with_args(arguments: &[&str]) -> Program {
        let title = format!("client {}", arguments.join(" "));
        Program::start(&title, "client", arguments, &Folder::fresh())
    }
}

impl Wire {
    /// Connects, registers and joins; what follows JOINACK is still to be read.
    #[track_caller]
    pub fn joined(address: SocketAddr, name: &str, port: u16) -> Self {
        let mut wire = Self::connect(name, address);
        wire.registers(name, port);
        wire.joins(name);
        wire
    }

    /// Says `message 1` and so on, up to this number.
    #[track_caller]
    pub fn speaks_often(&mut self, count: u64) {
        for number in 1..=count {
            self.speaks(&format!("message {number}"));
        }
    }

    /// Sends this so many times, or until the other side has had enough of it. Gives how often.
    pub fn floods(&self, piece: &str, times: usize) -> usize {
        (0..times).take_while(|_| self.stream().write_all(piece.as_bytes()).is_ok()).count()
    }

    /// The lines that INFO lists.
    #[track_caller]
    pub fn lists(&mut self) -> Vec<String> {
        self.obtains("INFO", &[]).lines
    }

    /// Shows with a PING that nothing is on its way.
    #[track_caller]
    pub fn hears_nothing(&mut self) -> &mut Self {
        self.hears_nothing_before("nothing-else")
    }
}

impl Datagrams {
    /// Waits for the next datagram, whatever it is.
    #[track_caller]
    pub fn next(&self) -> (Block, SocketAddr) {
        self.gets_until(story::deadline()).expect("nothing came by UDP")
    }

    /// Waits for the next datagram, but only for so long: for who plays a peer and has a clock of its own.
    #[track_caller]
    pub fn within(&self, time: Duration) -> Option<(Block, SocketAddr)> {
        self.gets_until(Instant::now() + time)
    }

    /// Waits for the next datagram of this type, skipping others (a MSG comes again until it is acknowledged).
    #[track_caller]
    pub fn gets(&self, kind: &str) -> (Block, SocketAddr) {
        let mut came = self.next();
        while came.0.kind != kind {
            came = self.next();
        }
        came
    }
}

impl Dice {
    /// The dice of this test. The seed is `LAB_SEED` or a new one; libtest shows it when the test fails.
    pub fn thrown() -> Self {
        println!("LAB_SEED={}", settings().seed);
        Self::of(thread::current().name().unwrap_or_default())
    }
}

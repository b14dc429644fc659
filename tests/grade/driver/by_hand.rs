//! Who has said what in the story, and when: enough to play it once more by hand, as a shell script.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::driver::program::Around;
use crate::driver::story::{lock, scene};

/// A pause that is kept.
const PAUSE: Duration = Duration::from_millis(100);
/// How much is kept of what is said.
const KEPT: usize = 16 << 20;
/// What cannot be the same.
const SENT_BACK: &str =
    "a secret that your program gave in the story is sent back: it gives another now";
/// The digits of a secret.
const SECRET: usize = 32;

/// A place in the story: when it was, and after how many turns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// How long after the beginning.
    pub time: Duration,
    /// An actor that says something after somebody has read something has a turn of its own: it may be an answer.
    pub turn: u32,
}

/// Somebody in the story: a connection, or a program.
#[derive(Debug)]
pub struct Actor {
    /// Its name in the story.
    pub who: String,
    /// A command that does the same.
    pub command: String,
    /// When it comes.
    pub from: Moment,
    /// What it says.
    pub said: Vec<Said>,
    /// When it ends before the others.
    pub ends: Option<End>,
    /// It does not read what comes.
    pub is_deaf: bool,
}

/// Something that is said in one go.
#[derive(Debug)]
pub struct Said {
    /// When.
    pub at: Moment,
    /// What.
    pub bytes: Vec<u8>,
    /// How.
    pub how: How,
}

/// How something is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// As a stream.
    Whole,
    /// As a stream, in small pieces.
    InPieces,
    /// As a datagram.
    Datagram,
}

/// The end of somebody's part.
#[derive(Debug)]
pub struct End {
    /// When.
    pub at: Moment,
    /// It is a program, and killed without a word.
    pub is_killed: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Play {
    begun: Option<Instant>,
    turn: u32,
    /// Somebody has read something since the last turn.
    was_read: bool,
    /// Who has spoken last, and when.
    last: Option<(usize, Instant)>,
    /// Everybody, in the order of coming.
    pub actors: Vec<Actor>,
    folders: Vec<PathBuf>,
    /// What the programs have given that they will not give again, and what the grader has given.
    secrets: Vec<String>,
    ours: Vec<String>,
    /// What is not quite the same when it is played.
    pub notes: Vec<String>,
    /// Why it cannot be played again, and what is next best.
    pub instead: Option<String>,
    /// When it has failed.
    pub failed: Moment,
}

impl Play {
    /// The beginning. What has not begun, as in the authors' tests, will not be played again.
    pub fn begun() -> Self {
        Self { begun: Some(Instant::now()), ..Self::default() }
    }

    /// This moment, in which somebody does something.
    fn now(&mut self) -> Moment {
        self.turn += u32::from(std::mem::take(&mut self.was_read));
        let time = self.begun.map(|begun| begun.elapsed()).unwrap_or_default();
        Moment { time, turn: self.turn }
    }

    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|each| each == note) {
            self.notes.push(note.to_owned());
        }
    }
}

/// A part of a story begins that needs nothing of what was before.
pub fn begin() {
    *lock(&scene().play) = Play::begun();
}

/// This moment of the story.
pub fn now() -> Moment {
    lock(&scene().play).now()
}

/// Somebody comes who can be played by this command. Gives its number.
pub fn enters(who: &str, command: String) -> usize {
    let now = now();
    enters_at(now, who, command)
}

/// The same at a moment that is over.
pub fn enters_at(from: Moment, who: &str, command: String) -> usize {
    let scene = scene();
    let mut play = lock(&scene.play);
    let (said, ends, is_deaf) = Default::default();
    play.actors.push(Actor { who: who.to_owned(), command, from, said, ends, is_deaf });
    play.actors.len() - 1
}

/// Somebody sends datagrams from here to there: a program that is not ours can do it.
pub fn posts(who: &str, from: SocketAddr, to: SocketAddr) -> usize {
    lock(&scene().play).note("the datagrams are sent by netcat: `nc -u` must be there");
    let (port, ip, there) = (from.port(), to.ip(), to.port());
    enters(who, format!("nc -u -p {port} {ip} {there}"))
}

/// A program starts, with these arguments, in this folder.
pub fn starts(
    who: &str,
    program: &str,
    arguments: &[&str],
    around: Around,
    folder: &Path,
) -> usize {
    let scene = scene();
    let mut play = lock(&scene.play);
    let number = number_of(&mut play.folders, folder);
    play.was_read = true;
    drop(play);
    if program == "load" {
        cannot(&instead_of_load(arguments));
    }
    let variables = around.variables.iter();
    let mut command: String =
        variables.map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
    if let Some(script) = around.shell {
        let _ = write!(command, "sh -c {} ", quoted(script));
    }
    let _ = write!(command, "\"${program}\"");
    for argument in arguments {
        let log = format!("server-{number}.log");
        let argument = if *argument == "server.log" { log.as_str() } else { argument };
        let _ = write!(command, " {}", quoted(argument));
    }
    enters(who, command)
}

/// The grader itself writes into the log in this folder.
pub fn writes(folder: &Path, bytes: &[u8]) {
    let number = number_of(&mut lock(&scene().play).folders, folder);
    let hand = enters("the log", format!("cat >> server-{number}.log"));
    says(hand, bytes, How::Whole);
    leaves(hand, false);
}

/// The number of a folder among those of the story.
fn number_of(folders: &mut Vec<PathBuf>, folder: &Path) -> usize {
    let known = folders.iter().position(|each| each == folder);
    known.unwrap_or_else(|| {
        folders.push(folder.to_owned());
        folders.len() - 1
    }) + 1
}

/// What the server that is played says depends on what `load` says.
fn instead_of_load(arguments: &[&str]) -> String {
    let rest = arguments.iter().skip_while(|argument| **argument != "--members");
    let rest: String = rest.flat_map(|argument| [" ", argument]).collect();
    format!(
        "this server, which loses and delays on purpose, cannot be played by hand.\n\
         With labs 1, 2 and 4 you can try a true one:\n\
         cargo run --bin server -- --port 5555 --rate 0   and in another terminal\n\
         cargo run --bin load -- --server 127.0.0.1:5555{rest}"
    )
}

/// The program that was to listen on any free port has this one.
pub fn listens(hand: usize, address: SocketAddr) {
    if let Some(actor) = lock(&scene().play).actors.get_mut(hand) {
        for any in ["--port 0", "\"$parts\" echo 0"] {
            let chosen = format!("{}{}", any.trim_end_matches('0'), address.port());
            actor.command = actor.command.replace(any, &chosen);
        }
    }
}

/// Somebody says something.
pub fn says(hand: usize, bytes: &[u8], how: How) {
    let scene = scene();
    let mut play = lock(&scene.play);
    if play.begun.is_none() {
        return;
    }
    let kept: usize = play.actors.iter().flat_map(|actor| &actor.said).map(|s| s.bytes.len()).sum();
    if kept + bytes.len() > KEPT {
        return play.note("more was said than is kept");
    }
    for secret in secrets(bytes) {
        if play.secrets.contains(&secret) {
            play.note(SENT_BACK);
        } else {
            play.ours.push(secret);
        }
    }
    let at_once = |(last, at): (usize, Instant)| last == hand && at.elapsed() < PAUSE;
    let goes_on = play.last.is_some_and(at_once) && how != How::Datagram;
    play.last = Some((hand, Instant::now()));
    let at = if goes_on { Moment::default() } else { play.now() };
    let Some(actor) = play.actors.get_mut(hand) else { return };
    match actor.said.last_mut() {
        Some(said) if goes_on && said.how == how => said.bytes.extend_from_slice(bytes),
        Some(said) if goes_on => {
            let at = said.at;
            actor.said.push(Said { at, bytes: bytes.to_vec(), how });
        }
        _ => actor.said.push(Said { at, bytes: bytes.to_vec(), how }),
    }
}

/// Something has come from a program.
pub fn reads(bytes: &[u8]) {
    let scene = scene();
    let mut play = lock(&scene.play);
    play.was_read = true;
    if play.begun.is_none() {
        return;
    }
    let theirs: Vec<String> = secrets(bytes).filter(|one| !play.ours.contains(one)).collect();
    play.secrets.extend(theirs);
}

/// Somebody ends what it has to say; a program may be killed.
pub fn leaves(hand: usize, is_killed: bool) {
    let scene = scene();
    let mut play = lock(&scene.play);
    // A crash comes in the middle of something.
    play.was_read &= !is_killed;
    let at = play.now();
    play.was_read = true;
    if let Some(actor) = play.actors.get_mut(hand) {
        actor.ends.get_or_insert(End { at, is_killed });
    }
}

/// Somebody does not read what comes.
pub fn is_deaf(hand: usize) {
    if let Some(actor) = lock(&scene().play).actors.get_mut(hand) {
        actor.is_deaf = true;
    }
}

/// This story cannot be played again; but something else can be done.
pub fn cannot(instead: &str) {
    lock(&scene().play).instead = Some(instead.to_owned());
}

/// Something that is not quite the same when it is played.
pub fn note(note: &str) {
    lock(&scene().play).note(note);
}

/// What there is when a story has failed.
pub fn play() -> Play {
    let scene = scene();
    let mut play = lock(&scene.play);
    play.failed = play.now();
    std::mem::take(&mut *play)
}

/// Words of so many hex digits.
fn secrets(bytes: &[u8]) -> impl Iterator<Item = String> {
    let words = bytes.split(|byte| !byte.is_ascii_hexdigit());
    words.filter(|word| word.len() == SECRET).map(|word| String::from_utf8_lossy(word).into_owned())
}

/// An argument as a shell reads it.
pub fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

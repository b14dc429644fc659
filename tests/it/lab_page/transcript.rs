//! LAB.md's transcripts, played.
//!
//! A transcript is a block that begins with ```` ```text after ```` or ```` ```text before ````. The first seven
//! columns of a line say whose terminal it is, the next one what the rest of the line is:
//!
//! ```text
//! bob    $ a command, run in the transcript's own folder; `cargo run --bin NAME --` stands for the program.
//!          One with `|`, `<` or `>` goes through a shell. `Ctrl-C` kills bob's program, `Ctrl-D` ends its input,
//!          `Ctrl-Z` stops it; a new command takes the place of an old one.
//! bob    > what bob types
//! bob      a line that the program prints, on stdout or stderr, whole: `…` stands for anything, and so does the
//!          clock, 12:35. Lines in between may be left out. The test waits for it.
//! ```
//!
//! Ports from 5555 to 5559 are replaced by free ones. `after` is played on these programs, the solution.
//! `before` is what a student sees who comes to that page: it is played, by an ignored test, on programs in which that
//! lab and all later ones are open, see [`trees`](super::trees).

use std::collections::HashMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use super::{fenced, labs};
use crate::driver::heard::{Heard, Output, Side, collect};
use crate::driver::story::lock;
use crate::support::workshop::schema::WRONG;
use crate::support::{DEADLINE, Folder};

#[test]
fn the_transcripts_of_finished_labs_go_as_they_say() {
    let programs = Programs {
        server: PathBuf::from(env!("CARGO_BIN_EXE_server")),
        client: PathBuf::from(env!("CARGO_BIN_EXE_client")),
        load: PathBuf::from(env!("CARGO_BIN_EXE_load")),
        parts: PathBuf::from(env!("CARGO_BIN_EXE_parts")),
        ..Programs::default()
    };
    let mut count = 0;
    for (number, text) in labs() {
        for transcript in fenced(&text, "text after") {
            count += 1;
            play(&format!("lab {number}, after"), &transcript, &programs);
        }
    }
    assert!(count >= 10, "only {count} transcripts");
}

/// The programs that are played.
#[derive(Clone, Default)]
pub struct Programs {
    pub server: PathBuf,
    pub client: PathBuf,
    pub load: PathBuf,
    pub parts: PathBuf,
    /// Which of many programs they are: see `support/workshop/schema.rs`.
    pub chosen: String,
    /// Where the server is to listen.
    pub port: String,
}

impl Programs {
    /// The command with the programs' paths.
    fn named_in(&self, command: &str) -> String {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let server = format!("{} {}", path(&self.server), self.port);
        let all = [
            ("server", server),
            ("client", path(&self.client)),
            ("load", path(&self.load)),
            ("parts", path(&self.parts)),
        ];
        all.iter().fold(command.to_owned(), |line, (name, path)| {
            let line = line.replace(&format!("cargo run --bin {name} --"), path);
            line.replace(&format!("cargo run --bin {name}"), path)
        })
    }
}

/// Does what a transcript says, and waits for what it shows.
pub fn play(title: &str, transcript: &str, programs: &Programs) {
    let needs_unix = ["Ctrl-Z", "$ env "].iter().any(|word| transcript.contains(word));
    if cfg!(windows) && (transcript.contains(['|', '<', '\'']) || needs_unix) {
        return; // a shell and signals of Unix are needed there
    }
    let folder = Folder::fresh();
    let mut terminals: HashMap<String, Terminal> = HashMap::new();
    let (transcript, port) = with_free_ports(transcript);
    let programs = &Programs { port, ..programs.clone() };
    for line in transcript.lines() {
        let title = format!("{title}: {line}");
        let (who, rest) = line.split_at(7.min(line.len()));
        let text = rest.get(2..).unwrap_or("");
        let terminal = terminals.get_mut(who).ok_or("nobody has started a program there");
        match (rest.chars().next(), text) {
            (Some('$'), "Ctrl-C") => terminal.expect(&title).kill(),
            (Some('$'), "Ctrl-D") => terminal.expect(&title).input = None,
            (Some('$'), "Ctrl-Z") => terminal.expect(&title).stop(),
            (Some('$'), command) => {
                let mut started = Terminal::run(command, programs, &folder);
                if command.contains(" > ") || command.contains(" >> ") {
                    started.waits(&title); // it writes a file for those that follow
                }
                terminals.insert(who.to_owned(), started);
            }
            (Some('>'), _) => terminal.expect(&title).types(text),
            _ => terminal.expect(&title).shows(text, &title),
        }
    }
}

/// The transcript with ports that nobody uses, and the one in place of the server's.
fn with_free_ports(transcript: &str) -> (String, String) {
    let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let free = listeners.map(|listener| listener.local_addr().unwrap().port().to_string());
    // In two steps, for a free port may have the digits of one that is still to be replaced.
    let mark = |number: usize| format!("\u{1}{number}\u{1}");
    let marked = (0..5).fold(transcript.to_owned(), |text, number| {
        text.replace(&(5555 + number).to_string(), &mark(number))
    });
    let text = (0..5).fold(marked, |text, number| text.replace(&mark(number), &free[number]));
    (text, free[0].clone())
}

/// A program in somebody's terminal.
struct Terminal {
    child: Child,
    input: Option<ChildStdin>,
    heard: Arc<Heard>,
    readers: Vec<JoinHandle<()>>,
}

impl Terminal {
    fn run(command: &str, programs: &Programs, folder: &Folder) -> Terminal {
        let line = programs.named_in(command);
        let mut child = if line.contains(['|', '<', '\'']) || line.starts_with("cat ") {
            let mut shell = Command::new("sh");
            shell.args(["-c", &line]);
            shell
        } else {
            let mut words = line.split(' ');
            let mut program = Command::new(words.next().unwrap());
            program.args(words);
            program
        };
        child.current_dir(folder.path()).env_remove("RUST_BACKTRACE");
        child.env(WRONG, &programs.chosen);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut child, 0);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let heard = Heard::new(command);
        let readers = vec![
            collect(child.stdout.take().unwrap(), &heard, Side::Output),
            collect(child.stderr.take().unwrap(), &heard, Side::Errors),
        ];
        let input = child.stdin.take();
        Terminal { child, input, heard, readers }
    }

    fn types(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input was ended before");
        // If the program has ended, what it was to print next is missing, and that is told.
        let _ = input.write_all(format!("{text}\n").as_bytes());
    }

    /// Waits for a line on either side.
    fn shows(&self, pattern: &str, title: &str) {
        let until = Instant::now() + DEADLINE;
        let mut told = lock(&self.heard.told);
        loop {
            let ended = told.output.ended && told.errors.ended;
            if passes(&mut told.output, pattern) || passes(&mut told.errors, pattern) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if ended || left.is_zero() {
                let (output, errors) = (told.output.text(), told.errors.text());
                drop(told);
                panic!("{title}\n--- not shown; stdout\n{output}\n--- stderr\n{errors}\n---");
            }
            told = self.heard.more.wait_timeout(told, left).unwrap().0;
        }
    }

    /// Waits for its end.
    fn waits(&mut self, title: &str) {
        self.input = None;
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{title}\n--- ended with {status}");
    }

    /// Ends it and whatever it has started itself: a shell's programs, the server of `load`.
    fn kill(&mut self) {
        if cfg!(unix) {
            self.signal("KILL");
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn stop(&mut self) {
        self.signal("STOP");
    }

    /// As a terminal does it: to all programs that were started together.
    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        // Nobody may be left to hear it, and on Windows there is no such command.
        let _ =
            Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill();
        for reader in self.readers.drain(..) {
            // What it might say has no listener any more.
            let _ = reader.join();
        }
    }
}

/// Moves past the first line that fits, if there is one.
fn passes(heard: &mut Output, pattern: &str) -> bool {
    let (mut at, rest) = (heard.seen, heard.bytes[heard.seen..].to_vec());
    for line in rest.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let text = String::from_utf8_lossy(line);
        if text.ends_with('\n') && fits(text.trim_end_matches(['\r', '\n']), pattern) {
            heard.seen = at;
            return true;
        }
    }
    false
}

/// Whether a line is what a transcript says.
fn fits(line: &str, pattern: &str) -> bool {
    let pattern = pattern.replace("12:35 ", "… ");
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

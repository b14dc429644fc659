//! Your programs as processes: typed to, listened to, and killed at the end whatever happens.
//!
//! Two threads for each collect what it writes. A program that ends early, panics or writes without end
//! fails the step that waits, at once and with what it said.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::by_hand::{self, How};
use crate::farewell;
use crate::folder::Folder;
use crate::heard::{self, Heard, Told, collect, fail_if_one_has_failed};
use crate::run::seconds;
use crate::settings::settings;
use crate::story::{self, End, lock};

/// A child process with all three of its streams piped.
#[derive(Debug)]
pub struct Program {
    child: Mutex<Child>,
    input: Mutex<Option<ChildStdin>>,
    /// Its number in the play by hand.
    hand: usize,
    heard: Arc<Heard>,
}

/// What a program is started in, if that is not the usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// Some variables of its own.
    pub variables: &'a [(&'a str, String)],
    /// A script for `/bin/sh` that ends in `exec "$0" "$@"`, which is the program.
    pub shell: Option<&'a str>,
}

impl Around<'_> {
    fn command(&self, program: &Path) -> Command {
        let Some(script) = self.shell else { return Command::new(program) };
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]).arg(program);
        shell
    }
}

impl Program {
    /// Starts `server`, `client` or `load` in a folder. It sees none of the grader's variables.
    pub fn start(title: &str, name: &str, arguments: &[&str], folder: &Folder) -> Self {
        Self::start_within(title, name, arguments, folder, Around::default())
    }

    /// The same in surroundings of its own.
    pub fn start_within(
        title: &str,
        name: &str,
        arguments: &[&str],
        folder: &Folder,
        around: Around,
    ) -> Self {
        let path = settings().program(name);
        let mut command = around.command(&path);
        command.args(arguments).current_dir(folder.path()).env_remove("RUST_BACKTRACE");
        for (variable, _) in env::vars_os() {
            let ours =
                ["LAB_", "CHAT_"].iter().any(|start| variable.to_string_lossy().starts_with(start));
            if ours {
                command.env_remove(variable);
            }
        }
        command.envs(around.variables.iter().map(|(name, value)| (*name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let hand = by_hand::starts(title, name, arguments, around, folder.path());
        let mut child = spawn(command, &path);
        let heard = Heard::new(title);
        collect(child.stdout.take().unwrap(), &heard, false);
        collect(child.stderr.take().unwrap(), &heard, true);
        let input = Mutex::new(child.stdin.take());
        Self { child: Mutex::new(child), input, hand, heard }
    }

    /// What it is called in the story.
    pub fn title(&self) -> &str {
        &self.heard.title
    }

    /// It listens on a port of its own choice, which is this one.
    pub fn listens(&self, address: SocketAddr) {
        by_hand::listens(self.hand, address);
    }

    /// Types a line.
    pub fn types(&self, line: &str) {
        let bytes = format!("{line}\n").into_bytes();
        story::told(self.title(), "->", &bytes);
        by_hand::says(self.hand, &bytes, How::Whole);
        let mut input = lock(&self.input);
        let done = input.as_mut().map(|input| input.write_all(&bytes));
        drop(input);
        if !matches!(done, Some(Ok(()))) {
            story::fail(format!("{} does not read what is typed", self.title()));
        }
    }

    /// Waits for a line that is exactly this one, skipping those before it.
    pub fn sees(&self, line: &str) {
        self.waits(&format!("the line {line:?}"), |next| (next == line).then_some(()));
    }

    /// Waits for a line with all of these parts, skipping those before it, and gives it back.
    pub fn sees_all(&self, parts: &[&str]) -> String {
        self.waits(&format!("a line with {parts:?}"), |line| {
            parts.iter().all(|part| line.contains(part)).then(|| line.to_owned())
        })
    }

    /// Waits for exactly this line, and fails if one with any of these parts comes before it.
    pub fn sees_without(&self, unwanted: &[&str], line: &str) {
        self.waits(&format!("the line {line:?}"), |next| {
            if next == line {
                return Some(());
            }
            if let Some(part) = unwanted.iter().find(|part| next.contains(*part)) {
                let expected = format!("the line {line:?}, and none with {part:?} before it");
                story::fail(self.what_it_shows(expected, format!("the line {next:?}")));
            }
            None
        });
    }

    /// Waits for the first of its next lines in which `found` finds something.
    pub fn waits<T>(&self, what: &str, mut found: impl FnMut(&str) -> Option<T>) -> T {
        let until = story::deadline();
        let mut last = None;
        let mut told = lock(&self.heard.told);
        loop {
            while let Some(line) = told.next_line() {
                drop(told);
                story::told(self.title(), "<-", line.as_bytes());
                if let Some(found) = found(&line) {
                    return found;
                }
                last = Some(line);
                told = lock(&self.heard.told);
            }
            let (left, ended) = (story::left(until), told.ended());
            drop(told);
            fail_if_one_has_failed();
            if ended {
                story::fail(self.what_it_shows(what, "its end"));
            }
            if left.is_zero() {
                let came = last.map_or_else(
                    || "nothing".to_owned(),
                    |last| format!("other lines, and after {last:?} nothing more"),
                );
                story::time_out(self.what_it_shows(what, came + &story::in_time()));
            }
            told = lock(&self.heard.told);
            if told.output[told.seen..].contains(&b'\n') {
                continue;
            }
            told = self.heard.more.wait_timeout(told, left.min(SLICE)).unwrap().0;
        }
    }

    /// What it was expected to show, and what came instead.
    fn what_it_shows(&self, expected: impl Display, came: impl Display) -> String {
        format!("from {}\n{}", self.title(), story::instead(expected, came))
    }

    /// All that it has shown from here on, up to its end, and its exit code.
    pub fn ends(&self) -> (Vec<String>, i32) {
        lock(&self.heard.told).may_end = true;
        let until = Instant::now() + 3 * settings().step();
        let mut told = lock(&self.heard.told);
        while !told.ended() {
            if story::left(until).is_zero() {
                drop(told);
                let came = format!("it runs on, {} later", seconds(3 * settings().step()));
                story::time_out(self.what_it_shows("it ends", came));
            }
            told = self.heard.more.wait_timeout(told, SLICE).unwrap().0;
        }
        let lines: Vec<String> = std::iter::from_fn(|| told.next_line()).collect();
        drop(told);
        let status = lock(&self.child).wait().unwrap();
        for line in &lines {
            story::told(self.title(), "<-", line.as_bytes());
        }
        story::told(self.title(), "<-", format!("({status})").as_bytes());
        (lines, status.code().unwrap_or(-1))
    }

    /// What it has written to stderr.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&lock(&self.heard.told).errors).into_owned()
    }

    /// From now on it may end. Whoever has ended before has ended by itself.
    fn may_end(&self) {
        if !matches!(lock(&self.child).try_wait(), Ok(Some(_))) {
            lock(&self.heard.told).may_end = true;
        }
    }

    /// Kills it without asking (SIGKILL on Unix), and waits until it is gone and all is read that it has
    /// written.
    pub fn kill(&self) {
        self.may_end();
        let mut child = lock(&self.child);
        // It may have ended by itself, and then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
        self.says_no_more(LAST_WORDS);
    }

    /// Asks a server to end, at its console: so it finishes what it is about. One that does not know how is
    /// not asked again.
    pub fn is_asked_to_end(&self) {
        static OBEYS: AtomicBool = AtomicBool::new(true);
        if heard::one_has_failed().is_some() || !OBEYS.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut input) = lock(&self.input).take() else { return };
        self.may_end();
        // It may be gone already.
        let _ = input.write_all(b"/quit\n");
        OBEYS.store(self.says_no_more(LAST_WORDS.mul_f64(settings().slow)), Ordering::Relaxed);
    }

    /// Waits until it has closed its stdout and stderr; gives whether it has, within so long.
    fn says_no_more(&self, time: Duration) -> bool {
        let goes_on = |told: &mut Told| !told.ended();
        let told = lock(&self.heard.told);
        let (told, _) = self.heard.more.wait_timeout_while(told, time, goes_on).unwrap();
        told.ended()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !thread::panicking() {
            by_hand::leaves(self.hand, true);
            farewell::settle();
        }
        self.kill();
    }
}

/// How long it may take until all is read that a program has written, or until it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long nobody looks whether something is wrong elsewhere.
pub const SLICE: Duration = Duration::from_millis(50);

/// Starts a program. One that was written a moment ago may still be open in a process that another thread
/// is just starting; that passes.
fn spawn(mut command: Command, path: &Path) -> Child {
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        match command.spawn() {
            Ok(child) => return child,
            Err(error)
                if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < until =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => {
                story::end(End::Failed(format!("cannot start {}: {error}", path.display())))
            }
        }
    }
}

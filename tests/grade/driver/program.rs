//! Your programs as processes: typed to, listened to, and killed at the end whatever happens.
//!
//! Two threads for each collect what it writes. A program that ends early, panics or writes without end
//! fails the step that waits, at once and with what it said.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::driver::by_hand::{self, How};
use crate::driver::farewell;
use crate::driver::folder::Folder;
use crate::driver::heard::{
    self, Heard, Output, OutputMode, Side, Told, collect, fail_if_one_has_failed,
};
use crate::driver::settings::{Apart, settings};
use crate::driver::story::{self, lock, seconds};

/// A child process with all three of its streams piped.
#[derive(Debug)]
pub struct Program {
    child: Mutex<Child>,
    input: Mutex<Option<ChildStdin>>,
    /// Its number in the play by hand.
    hand: usize,
    heard: Arc<Heard>,
    /// Where it runs: the folder stays as long as the program does.
    _folder: Folder,
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
        let mut words: Vec<&OsStr> = match settings().apart {
            Apart::Namespace => NAMESPACE.iter().map(OsStr::new).collect(),
            Apart::Not | Apart::User(_) => Vec::new(),
        };
        if let Some(script) = self.shell {
            words.extend(["/bin/sh", "-c", script].map(OsStr::new));
        }
        words.push(program.as_os_str());
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command
    }
}

/// Starts a program in namespaces of its own, in which it ends as soon as its starter is killed.
const NAMESPACE: [&str; 4] = ["unshare", "-Urpf", "--mount-proc", "--kill-child"];

impl Program {
    /// Starts `server`, `client`, `load` or `parts` in a folder. It sees none of the grader's variables.
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
            let ours = ["LAB_", "CHAT_", "SSLKEYLOG"]
                .iter()
                .any(|start| variable.to_string_lossy().starts_with(start));
            if ours {
                command.env_remove(variable);
            }
        }
        // Ours ends with its input, so it ends with us, too, even if we are killed. Others need not know that.
        command.env("CHAT_UNTIL_EOF", "1");
        command.envs(around.variables.iter().map(|(name, value)| (*name, value)));
        folder.is_given_away(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let hand = by_hand::starts(title, name, arguments, around, folder.path());
        let mut child = spawn(command, &path);
        let heard = Heard::new(title);
        collect(child.stdout.take().unwrap(), &heard, Side::Output);
        collect(child.stderr.take().unwrap(), &heard, Side::Errors);
        let input = Mutex::new(child.stdin.take());
        Self { child: Mutex::new(child), input, hand, heard, _folder: folder.clone() }
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
    #[track_caller]
    pub fn types(&self, line: &str) {
        self.types_bytes(format!("{line}\n").as_bytes());
    }

    /// Types these bytes, whatever they are.
    #[track_caller]
    pub fn types_bytes(&self, bytes: &[u8]) {
        story::told(self.title(), "->", bytes);
        by_hand::says(self.hand, bytes, How::Whole);
        let mut input = lock(&self.input);
        let done = input.as_mut().map(|input| input.write_all(bytes));
        drop(input);
        if !matches!(done, Some(Ok(()))) {
            story::fail(format!("{} does not read what is typed", self.title()));
        }
    }

    /// Ends its input, as Ctrl-D does.
    pub fn ends_input(&self) {
        drop(lock(&self.input).take());
    }

    /// Waits for a line that is exactly this one, skipping those before it.
    #[track_caller]
    pub fn sees_line(&self, line: &str) {
        self.waits(&format!("the line {line:?}"), |next| (next == line).then_some(()));
    }

    /// Waits for a line with all of these parts, skipping those before it, and gives it back.
    #[track_caller]
    pub fn sees_all(&self, parts: &[&str]) -> String {
        self.waits(&format!("a line with {parts:?}"), |line| {
            parts.iter().all(|part| line.contains(part)).then(|| line.to_owned())
        })
    }

    /// Waits for exactly this line, and fails if one with any of these parts comes before it.
    pub fn sees_line_without(&self, unwanted: &[&str], line: &str) {
        let found = self.waits(&format!("the line {line:?}"), |next| {
            let part = unwanted.iter().find(|part| next.contains(*part));
            (next == line || part.is_some()).then(|| (next.to_owned(), part))
        });
        if let (next, Some(part)) = found
            && next != line
        {
            let expected = format!("the line {line:?}, and none with {part:?} before it");
            self.shows_instead(expected, format!("the line {next:?}"));
        }
    }

    /// Waits for the first of its next lines in which `found` finds something.
    #[track_caller]
    pub fn waits<T>(&self, what: &str, found: impl FnMut(&str) -> Option<T>) -> T {
        self.waits_for(Side::Output, what, Output::line, found)
    }

    /// The same for what `next` takes from one of its outputs.
    #[track_caller]
    pub fn waits_for<T>(
        &self,
        side: Side,
        what: &str,
        next: impl Fn(&mut Output) -> Option<String>,
        mut found: impl FnMut(&str) -> Option<T>,
    ) -> T {
        let mut until = story::deadline();
        let mut last = None;
        loop {
            let mut told = lock(&self.heard.told);
            if let Some(text) = next(told.side(side)) {
                drop(told);
                story::told(self.title(), "<-", text.as_bytes());
                if let Some(found) = found(&text) {
                    return found;
                }
                last = Some(text);
                if !story::left(until).is_zero() {
                    until = story::deadline().max(until); // it counts from the last progress
                }
                continue;
            }
            let (left, ended, known) = (story::left(until), told.ended(), told.size());
            drop(told);
            fail_if_one_has_failed();
            if ended {
                self.shows_instead(what, "its end");
            }
            if left.is_zero() {
                let came = last.map_or_else(
                    || "nothing".to_owned(),
                    |last| format!("other lines, and after {last:?} nothing more"),
                );
                story::time_out(self.what_it_shows(what, came + &story::in_time()));
            }
            let told = lock(&self.heard.told);
            if told.size() == known {
                drop(self.heard.more.wait_timeout(told, left.min(SLICE)).unwrap());
            }
        }
    }

    /// Ends the check: this was expected here, and that came.
    #[track_caller]
    pub fn shows_instead(&self, expected: impl Display, came: impl Display) -> ! {
        story::fail(self.what_it_shows(expected, came))
    }

    /// What it was expected to show, and what came instead.
    fn what_it_shows(&self, expected: impl Display, came: impl Display) -> String {
        format!("from {}\n{}", self.title(), story::instead(expected, came))
    }

    /// Waits for its end, which must have this exit code. What it has written need not be read.
    #[track_caller]
    pub fn exits(&self, code: i32) {
        let until = story::deadline();
        lock(&self.heard.told).may_end = true;
        loop {
            let status = lock(&self.child).try_wait().unwrap();
            match status {
                Some(status) if status.code() == Some(code) => return,
                Some(status) => self.shows_instead(format!("exit code {code}"), status),
                None if story::left(until).is_zero() => {
                    story::time_out(self.what_it_shows(format!("exit code {code}"), "no end"))
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// All that it has shown from here on, up to its end, and its exit code.
    pub fn ends(&self) -> (Vec<String>, i32) {
        lock(&self.heard.told).may_end = true;
        let until = Instant::now() + 3 * story::step_time();
        let mut told = lock(&self.heard.told);
        while !told.ended() {
            if story::left(until).is_zero() {
                drop(told);
                let came = format!("it runs on, {} later", seconds(3 * story::step_time()));
                story::time_out(self.what_it_shows("it ends", came));
            }
            told = self.heard.more.wait_timeout(told, SLICE).unwrap().0;
        }
        let lines: Vec<String> = std::iter::from_fn(|| told.output.line()).collect();
        drop(told);
        let status = lock(&self.child).wait().unwrap();
        for line in &lines {
            story::told(self.title(), "<-", line.as_bytes());
        }
        story::told(self.title(), "<-", format!("({status})").as_bytes());
        (lines, status.code().unwrap_or(-1))
    }

    /// What it has written to stdout, seen or not.
    pub fn output(&self) -> String {
        lock(&self.heard.told).output.text()
    }

    /// What it has written to stderr, seen or not.
    pub fn errors(&self) -> String {
        lock(&self.heard.told).errors.text()
    }

    /// From what it writes next on, its stdout is read, or is not, or is closed.
    pub fn has_output(&self, mode: OutputMode) {
        lock(&self.heard.told).output.mode = mode;
        self.heard.more.notify_all();
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        lock(&self.child).id()
    }

    /// From now on it may end. If it has ended before, it has ended by itself.
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
        self.has_output(OutputMode::Read);
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
        OBEYS.store(self.says_no_more(LAST_WORDS.mul_f64(settings().slow())), Ordering::Relaxed);
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
        if !thread::panicking() && !story::is_graded() {
            fail_if_one_has_failed(); // the grader asks at the end of the check
        }
    }
}

/// How long it may take until all is read that a program has written, or until it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long nobody looks whether something is wrong elsewhere.
pub const SLICE: Duration = Duration::from_millis(50);

/// Starts a program. One that was written a moment ago may still be open in a process that another thread
/// is just starting, and a machine may be full for a moment; that passes.
fn spawn(mut command: Command, path: &Path) -> Child {
    let may_pass =
        |error: &io::Error| error.kind() == ErrorKind::ExecutableFileBusy || story::is_full(error);
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        match command.spawn() {
            Ok(child) => return child,
            Err(error) if may_pass(&error) && Instant::now() < until => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => story::cannot_start(path.display(), &error),
        }
    }
}

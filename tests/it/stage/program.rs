//! Our programs as processes: typed to, listened to, and killed at the end whatever happens.
//!
//! Two reader threads per program collect what it writes; the tests wait on a condition variable for a line to come.
//! A program that ends early or panics fails whoever waits for it, at once and with everything it said.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::story::{Ear, Heard, Side, Story, Told, collect, lock};
use super::{DEADLINE, Folder};

/// A child process with all three of its streams piped.
#[derive(Debug)]
pub struct Program {
    title: String,
    child: Mutex<Child>,
    input: Mutex<Option<ChildStdin>>,
    story: Arc<Story>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts one of this package's programs in `folder`, with the settings of the person who tests out of its way.
    #[track_caller]
    pub fn start(title: &str, path: &str, arguments: &[&str], folder: &Folder) -> Self {
        let mut command = Command::new(path);
        command.args(arguments).current_dir(folder.path()).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {path}: {error}"));
        let story = Arc::new(Story::default());
        let readers = vec![
            collect(child.stdout.take().unwrap(), Arc::clone(&story), Side::Output),
            collect(child.stderr.take().unwrap(), Arc::clone(&story), Side::Errors),
        ];
        let input = Mutex::new(child.stdin.take());
        Self { title: title.to_owned(), child: Mutex::new(child), input, story, readers }
    }

    /// Types a line.
    #[track_caller]
    pub fn types(&self, line: &str) {
        self.types_bytes(format!("{line}\n").as_bytes());
    }

    /// Types these bytes, whatever they are.
    #[track_caller]
    pub fn types_bytes(&self, bytes: &[u8]) {
        let mut input = lock(&self.input);
        let done = input.as_mut().expect("the input was ended before").write_all(bytes);
        drop(input);
        if let Err(error) = done {
            self.fail(&format!("does not read what is typed: {error}"));
        }
    }

    /// Ends its input, as Ctrl-D does.
    pub fn ends_input(&self) {
        drop(lock(&self.input).take());
    }

    /// Waits for a line on stdout that contains `text`, skipping those before it, and gives it back.
    #[track_caller]
    pub fn sees(&self, text: &str) -> String {
        self.wait(Side::Output, &format!("a line with {text:?}"), |heard| {
            std::iter::from_fn(|| heard.line()).find(|line| line.contains(text))
        })
    }

    /// Waits for a line on stdout that is `line` and nothing more, skipping those before it.
    #[track_caller]
    pub fn sees_line(&self, line: &str) {
        self.wait(Side::Output, &format!("the line {line:?}"), |heard| {
            std::iter::from_fn(|| heard.line()).find(|next| next == line)
        });
    }

    /// Waits for `text` on stdout in a line that need not be finished: a question, a prompt.
    #[track_caller]
    pub fn sees_prompt(&self, text: &str) {
        self.wait(Side::Output, &format!("{text:?}"), |heard| heard.passes(text));
    }

    /// Waits until all that it has written to stdout so far is `done`.
    #[track_caller]
    pub fn has_written(&self, what: &str, done: impl Fn(&[u8]) -> bool) {
        self.wait(Side::Output, what, |heard| done(&heard.bytes).then_some(()));
    }

    /// Waits for the next line on stdout, whatever it is.
    #[track_caller]
    pub fn sees_next(&self) -> String {
        self.wait(Side::Output, "a line", Heard::line)
    }

    /// Waits for a line with `text` as [`Program::sees`] does, and fails if one with `unwanted` comes first.
    ///
    /// This is how to show that something is not said: make it say something else afterwards.
    #[track_caller]
    pub fn sees_without(&self, unwanted: &str, text: &str) -> String {
        loop {
            let line = self.wait(Side::Output, &format!("a line with {text:?}"), Heard::line);
            if line.contains(unwanted) {
                self.fail(&format!("said {line:?} before a line with {text:?}"));
            }
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line on stderr that contains `text`, skipping those before it, and gives it back.
    #[track_caller]
    pub fn complains(&self, text: &str) -> String {
        self.wait(Side::Errors, &format!("a line on stderr with {text:?}"), |heard| {
            std::iter::from_fn(|| heard.line()).find(|line| line.contains(text))
        })
    }

    /// Waits for its end, which must have this exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = lock(&self.child).try_wait().unwrap() {
                if status.code() != Some(code) {
                    self.fail(&format!("ended with {status} instead of exit code {code}"));
                }
                return;
            }
            if Instant::now() > until {
                self.fail(&format!("goes on instead of ending with exit code {code}"));
            }
            self.rests(until);
        }
    }

    /// From what it writes next on, nobody reads its stdout (a paused terminal), closes it, or reads on.
    pub fn is_heard(&self, ear: Ear) {
        lock(&self.story.told).output.ear = ear;
        self.story.more.notify_all();
    }

    /// Ends it without asking (SIGKILL on Unix) and waits until it is gone.
    pub fn kill(&self) {
        let mut child = lock(&self.child);
        // It may have ended by itself, and then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Everything that it wrote to stdout until now, seen or not.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&lock(&self.story.told).output.bytes).into_owned()
    }

    /// Everything that it wrote to stderr until now, seen or not.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&lock(&self.story.told).errors.bytes).into_owned()
    }

    /// Fails the test with everything that this program said.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let told = lock(&self.story.told);
        let (output, errors) = (told.output.tail(), told.errors.tail());
        drop(told);
        panic!("{} {what}\n--- its stdout\n{output}\n--- its stderr\n{errors}\n---", self.title);
    }

    /// Waits until `found` finds something on that side, for as long as the deadline allows.
    #[track_caller]
    fn wait<T>(&self, side: Side, what: &str, found: impl Fn(&mut Heard) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        let mut told = lock(&self.story.told);
        let reason = loop {
            let all_told = told.output.ended && told.errors.ended;
            if told.panicked() {
                break "panicked";
            }
            if let Some(found) = found(told.side(side)) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            if all_told {
                break "ended";
            }
            if left.is_zero() {
                break "went on";
            }
            told = self.story.more.wait_timeout(told, left).unwrap().0;
        };
        drop(told);
        self.fail(&format!("{reason} without {what}"));
    }

    /// Waits for the ends of both outputs, which come just before the end of the process.
    fn rests(&self, until: Instant) {
        let told = lock(&self.story.told);
        let left = until.saturating_duration_since(Instant::now());
        let open = |told: &mut Told| !(told.output.ended && told.errors.ended);
        drop(self.story.more.wait_timeout_while(told, left, open).unwrap());
        thread::park_timeout(Duration::from_millis(1));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        self.is_heard(Ear::Open);
        for reader in self.readers.drain(..) {
            // A reader that panicked has nothing to add to a test that is over.
            let _ = reader.join();
        }
        if !thread::panicking() && lock(&self.story.told).panicked() {
            self.fail("panicked");
        }
    }
}

//! Keeps hand-ins apart from everything else while they are built and run.
//!
//! A hand-in is a program of a stranger. It must not read other hand-ins or the solution, and must not write where
//! scores are made. How well it can be kept apart depends on the machine:
//!
//! | on | the hand-in is built and run |
//! | --- | --- |
//! | Linux with namespaces | where there are programs and an empty `/tmp` that alone can be written, without a network and a terminal, and where no process outside can be seen; as root also as another user |
//! | Unix as root without namespaces (a container) | as another user; on Linux without a terminal |
//! | other systems | as you: use a container |
//!
//! In both, a user has few processes, so a hand-in cannot use up what the others need. Without a terminal there is no
//! Ctrl-C: a program ends when this process does.
//!
//! The grader runs there, too, but not as the hand-in's user, and its results leave through a pipe that only the
//! grader holds.

use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::users::{become_user, end_all, give, is_root};
use crate::io_error::cause;

/// The user of the first worker as which hand-ins run, where root grades. Each worker has a user of its own.
const FIRST_USER: u32 = 59_000;
/// The most that is kept of one output, in bytes.
const MOST: usize = 8 << 20;
/// How long the end of an output is waited for, once the process has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Where the folders of a run are in namespaces.
const STAGE: &str = "/mnt";
/// The most processes and threads of a user of their own. The check with 200 members needs a few hundred.
const MOST_PROCESSES: &str = "1024";
/// The same where hand-ins have the user of the instructor. Old kernels count the instructor's own processes, too.
const MOST_WITH_OURS: &str = "8192";
/// Prepares the namespaces, and becomes the program in them. `$1` is the most processes that one user may have, and
/// `$2` is the user to become, or nothing. Then come folders to be shown as `/mnt/1`, `/mnt/2` and so on (with `rw:`
/// before those that can be written), `--`, folders to be hidden, `--`, and the command.
const PREPARE: &str = concat!(include_str!("isolation.sh"), include_str!("limits.sh"));
/// Becomes the program without namespaces. `$1` is the most processes that one user may have; then comes the command.
const LIMIT: &str = concat!("most=$1; shift\n", include_str!("limits.sh"));

/// How hand-ins are kept apart on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// In namespaces; as root as another user, too.
    Namespaces {
        /// Whether this process is root.
        root: bool,
    },
    /// As another user.
    User,
    /// Not at all.
    Nothing,
}

/// A folder that a run needs.
#[derive(Debug, Clone, Copy)]
pub enum Grant<'a> {
    /// It can be read.
    Read(&'a Path),
    /// It can be written, and belongs to the hand-in's user.
    Write(&'a Path),
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` if the process was killed, by us or by somebody else.
    pub code: Option<i32>,
    /// Whether it ran out of time.
    pub is_late: bool,
    /// Its stdout.
    pub output: String,
    /// Its stderr.
    pub errors: String,
}

/// A command to be run apart.
#[derive(Debug)]
pub struct Apart<'a> {
    /// How.
    pub isolation: Isolation,
    /// The number of the worker that runs it.
    pub worker: u32,
    /// The folders that it needs, in the order of their [places](Isolation::place).
    pub shares: &'a [Grant<'a>],
    /// The folders that it must not see.
    pub hidden: &'a [&'a Path],
    /// Whether the command is of the hand-in. Else it is the grader, which keeps its own user.
    pub is_theirs: bool,
    /// How long it may take.
    pub limit: Duration,
}

impl Isolation {
    /// Finds out what this machine can do.
    pub fn find() -> Isolation {
        let root = is_root();
        let isolation = Isolation::Namespaces { root };
        // Without a shell, or without the right, this fails and says so by its exit code.
        // A grader that is not root needs namespaces in these ones, too, for each program of its own.
        let own: &[&str] =
            if root { &["true"] } else { &["unshare", "-Urpf", "--mount-proc", "true"] };
        match root {
            _ if isolation.can(own) => isolation,
            true => Isolation::User,
            false => Isolation::Nothing,
        }
    }

    /// Whether a hand-in that runs so can run this command: its exit code is 0.
    pub fn can(self, words: &[&str]) -> bool {
        let limit = Duration::from_secs(20);
        let probe =
            Apart { isolation: self, worker: 0, shares: &[], hidden: &[], is_theirs: true, limit };
        probe.run(words, &[]).is_ok_and(|outcome| outcome.code == Some(0))
    }

    /// What is said to the instructor.
    pub fn says(self) -> &'static str {
        match self {
            Isolation::Namespaces { .. } => "hand-ins run in namespaces of their own",
            Isolation::User => "hand-ins run as other users, but not in namespaces",
            Isolation::Nothing => {
                "CAUTION: this machine cannot keep hand-ins apart from their scores; use a container"
            }
        }
    }

    /// The path under which a command sees the share of this number, from 1.
    ///
    /// ```
    /// use p2p_chat::tools::handout::isolation::Isolation;
    /// use std::path::Path;
    ///
    /// let share = Path::new("/home/anna");
    /// assert_eq!(Isolation::Namespaces { root: true }.place(2, share), Path::new("/mnt/2"));
    /// assert_eq!(Isolation::User.place(2, share), share);
    /// ```
    pub fn place(self, number: usize, share: &Path) -> PathBuf {
        match self {
            Isolation::Namespaces { .. } => PathBuf::from(format!("{STAGE}/{number}")),
            Isolation::User | Isolation::Nothing => share.to_owned(),
        }
    }

    /// The user of a worker's hand-ins, if they have one.
    pub fn user(self, worker: u32) -> Option<u32> {
        match self {
            Isolation::Namespaces { root: true } | Isolation::User => Some(FIRST_USER + worker),
            Isolation::Namespaces { root: false } | Isolation::Nothing => None,
        }
    }

    /// What the grader is told of how to start programs, in `LAB_APART`. It is the number of a user, the command for
    /// namespaces, or nothing.
    ///
    /// ```
    /// use p2p_chat::tools::handout::isolation::Isolation;
    ///
    /// assert_eq!(Isolation::User.told(2), "59002");
    /// assert_eq!(Isolation::Namespaces { root: false }.told(2), "unshare");
    /// assert_eq!(Isolation::Nothing.told(2), "");
    /// ```
    pub fn told(self, worker: u32) -> String {
        match (self, self.user(worker)) {
            (_, Some(user)) => user.to_string(),
            (Isolation::Namespaces { .. }, None) => "unshare".to_owned(),
            _ => String::new(),
        }
    }
}

impl Apart<'_> {
    /// Runs the command with these variables and no others but `PATH`, and waits for its end.
    ///
    /// # Errors
    /// A sentence: it cannot be started.
    pub fn run(&self, words: &[&str], variables: &[(&str, String)]) -> Result<Outcome, String> {
        self.run_while(words, variables, &|| true)
    }

    /// The same, but the command is killed as late as soon as it may not go on.
    ///
    /// # Errors
    /// As for [`run`](Apart::run).
    pub fn run_while(
        &self,
        words: &[&str],
        variables: &[(&str, String)],
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Outcome, String> {
        let user = self.isolation.user(self.worker).filter(|_| self.is_theirs);
        for share in self.shares {
            if let (Grant::Write(folder), Some(user)) = (share, user) {
                give(folder, user);
            }
        }
        let mut command = self.command(words, user);
        command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.current_dir("/"); // a hand-in may lie around, with settings of the compiler
        let started = command.spawn();
        let child =
            started.map_err(|error| format!("cannot start {}: {}", words[0], cause(&error)));
        let outcome = wait(child?, self.limit, may_go_on);
        if self.isolation == Isolation::User {
            end_all(FIRST_USER + self.worker)?;
        }
        outcome.map_err(|error| format!("cannot wait for {}: {}", words[0], cause(&error)))
    }

    /// The command that runs these words, in namespaces or not.
    fn command(&self, words: &[&str], user: Option<u32>) -> Command {
        let mut command = Command::new(words[0]);
        let root = match self.isolation {
            Isolation::Nothing => {
                command.args(&words[1..]);
                return command;
            }
            Isolation::User => {
                command = Command::new("sh");
                command.args(["-c", LIMIT, "sh", MOST_PROCESSES]).args(words);
                become_user(&mut command, user);
                return command;
            }
            Isolation::Namespaces { root } => root,
        };
        // It ends with this process, even if it blocks the signal of Ctrl-C, as it does while it waits.
        command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "unshare", if root { "-mipfn" } else { "-Urmipfn" }]);
        command.args(["--mount-proc", "--kill-child", "sh", "-c", PREPARE, "sh"]);
        command.arg(if root { MOST_PROCESSES } else { MOST_WITH_OURS });
        command.arg(user.map(|user| user.to_string()).unwrap_or_default());
        for share in self.shares {
            let (Grant::Read(folder) | Grant::Write(folder)) = share;
            let before = if matches!(share, Grant::Write(_)) { "rw:" } else { "" };
            command.arg(format!("{before}{}", folder.display()));
        }
        command.arg("--").args(self.hidden).arg("--").args(words);
        command
    }
}

/// Waits for the end of a process, and kills it when its time is over, or it may not go on.
fn wait(mut child: Child, limit: Duration, may_go_on: &dyn Fn() -> bool) -> io::Result<Outcome> {
    let output = child.stdout.take().map(collect).transpose()?;
    let errors = child.stderr.take().map(collect).transpose()?;
    let until = Instant::now() + limit;
    let (status, is_late) = loop {
        if let Some(status) = child.try_wait()? {
            break (status, false);
        }
        if Instant::now() > until || !may_go_on() {
            child.kill()?;
            break (child.wait()?, true);
        }
        thread::sleep(Duration::from_millis(20));
    };
    // Somebody else may still hold a pipe, and then its end is not waited for.
    let until = Instant::now() + LAST_WORDS;
    let text = |collected: Option<(Collected, thread::JoinHandle<()>)>| {
        let Some((bytes, thread)) = collected else { return String::new() };
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Outcome { code: status.code(), is_late, output: text(output), errors: text(errors) })
}

/// What was read so far.
type Collected = Arc<Mutex<Vec<u8>>>;

/// Reads a pipe in a thread, up to its end. What is too much is thrown away.
fn collect(
    mut pipe: impl Read + Send + 'static,
) -> io::Result<(Collected, thread::JoinHandle<()>)> {
    let bytes = Collected::default();
    let kept = Arc::clone(&bytes);
    let read = move || {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = pipe.read(&mut piece) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST.saturating_sub(kept.len()).min(count);
            kept.extend_from_slice(&piece[..room]);
        }
    };
    let thread = thread::Builder::new().name("output".to_owned()).spawn(read)?;
    Ok((bytes, thread))
}
